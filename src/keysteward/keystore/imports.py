"""Importing a whole keystore file: what it holds becomes entries, planned before it is written.

1. Read the file; what has no place here is listed as skipped.
2. Load each private key and prove its numbers.
3. Choose its certificate by the public key, and build its chain from all certificates of the file.
4. Give every key and every certificate that stands alone an alias; roots of a PKCS#12 file's chains
   become certificate entries of their own, as they do in SAP's.
5. Plan what becomes of each (``intake``), and show it to the caller.
6. Write all of it in one transaction.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cryptography.x509.oid import NameOID

from keysteward.entries import Caller, EntryType, Reason
from keysteward.formats import keystores
from keysteward.formats.keystores.contract import FileKey, KeystoreFile, Opening, Skipped
from keysteward.keystore import intake
from keysteward.keystore.intake import Arrival, Intake, Mode
from keysteward.keystore.steward import Steward
from keysteward.pki import chains, private_keys, public_keys
from keysteward.pki.certificates import Certificate, failure_of_signature, read_certificate
from keysteward.pki.chains import Verifier
from keysteward.problems import (
    CertificateOfAnotherKey,
    CertificateUnreadable,
    Problem,
    UploadTooLarge,
)
from keysteward.values import Fingerprint, Secret

_LONGEST_CHAIN = 20
"""Certificates that are looked up for one chain; a public chain has at most four."""
_LONGEST_PROPOSAL = 200
"""Characters of an alias made from a common name; leaves room for a number behind it."""

Progress = Callable[[int, int], None]
"""Told how many of how many keys are proven."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A keystore file and what opens it."""

    data: bytes = field(repr=False)
    password: Secret | None = None
    key_password: Secret | None = None
    """Of the keys, where it is another than the store's."""
    mode: Mode = Mode.ADD
    roots: bool = True
    """Whether the roots of a PKCS#12 file's chains become entries of their own."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do: the fate of each entry, and what has no place here."""

    format: str
    file_sha256: Fingerprint
    intake: Intake
    skipped: tuple[Skipped, ...]


def plan_import(
    steward: Steward, caller: Caller, upload: Upload, progress: Progress = lambda done, all_: None
) -> ImportPlan:
    """Return what importing a file would do; nothing is stored.

    Raises UploadTooLarge, NotAKeystore, KeystoreUnreadable, PasswordWrong and
    KeyDerivationTooCostly. What is wrong with a single entry is its own ``problem`` in the plan.
    """
    settings = steward.settings
    if len(upload.data) > settings.keystore_file_limit_bytes:
        raise UploadTooLarge(
            "a keystore",
            settings.keystore_file_limit_bytes,
            "KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES",
        )
    opening = Opening(upload.password, upload.key_password, settings.derivation_limit_rounds)
    file = keystores.read(upload.data, opening)  # 1
    reading = _Reading(steward, file, upload)
    arrivals = [*reading.key_pairs(progress), *reading.certificates()]
    return ImportPlan(
        format=file.format,
        file_sha256=Fingerprint(hashlib.sha256(upload.data).hexdigest()),
        intake=intake.plan(steward, caller, arrivals, upload.mode),
        skipped=(*file.skipped, *reading.skipped),
    )


def import_keystore(
    steward: Steward,
    caller: Caller,
    upload: Upload,
    *,
    accept: Callable[[ImportPlan], None] = lambda plan: None,
    progress: Progress = lambda done, all_: None,
) -> ImportPlan:
    """Import a keystore file as planned: everything that the plan says, or nothing.

    The plan is made outside any transaction and handed to ``accept``, which may raise to refuse
    it. Raises what ``plan_import`` does, and EntryChanged or AliasExists if another writer was
    faster.
    """
    with steward.recording_refusals(caller, "import", None):
        plan = plan_import(steward, caller, upload, progress)
        accept(plan)
        if plan.intake.changes_anything:
            detail = {
                "format": plan.format,
                "file_sha256": plan.file_sha256,
                "skipped": len(plan.skipped),
            }
            with steward.writing(caller) as writing:
                intake.carry_out(
                    steward,
                    writing,
                    plan.intake,
                    Reason.IMPORTED,
                    detail,
                    owner=caller.owner,
                    file_sha256=plan.file_sha256,
                )
    return plan


class _Reading:
    """From what a file holds to the entries that it brings."""

    def __init__(self, steward: Steward, file: KeystoreFile, upload: Upload) -> None:
        self.skipped: list[Skipped] = []
        self._steward = steward
        self._now = steward.clock()
        self._file = file
        self._upload = upload
        self._taken: set[str] = set()
        self._in_chains: set[Certificate] = set()
        self._roots: dict[Certificate, None] = {}
        self._by_subject: dict[bytes, dict[Certificate, None]] = {}
        self._alone: dict[tuple[str, Certificate], bool] = {}
        for name, ders, trusted in self._all():
            for certificate in self._readable(name, ders):
                self._by_subject.setdefault(certificate.subject_name, {})[certificate] = None
                if trusted is not None:
                    self._alone.setdefault((name, certificate), trusted)

    def key_pairs(self, progress: Progress) -> Iterator[Arrival]:
        """Return the key pairs, in the order of the file."""
        for number, key in enumerate(self._file.keys, start=1):
            arrival = self._key_pair(key)
            if arrival is not None:
                yield arrival
            progress(number, len(self._file.keys))

    def certificates(self) -> Iterator[Arrival]:
        """Return the certificates that stand alone, then the roots; after the key pairs."""
        for (name, certificate), trusted in self._alone.items():
            if trusted or certificate not in self._in_chains:
                self._roots.pop(certificate, None)
                marked = trusted or certificate.self_signed
                yield _certificate(self._alias(name or _proposed(certificate)), certificate, marked)
        for certificate in self._roots if self._upload.roots else ():
            if not self._is_known(certificate):
                alias = self._alias(_proposed(certificate), steps_aside=True)
                yield _certificate(alias, certificate, trusted=True)

    def _all(self) -> Iterator[tuple[str, Sequence[bytes], bool | None]]:
        for key in self._file.keys:
            yield key.name, key.certificates, None
        for entry in self._file.certificates:
            yield entry.name, (entry.der,), entry.trusted

    def _readable(self, name: str, ders: Iterable[bytes]) -> Iterator[Certificate]:
        for der in ders:
            try:
                yield read_certificate(der)
            except CertificateUnreadable:
                self.skipped.append(Skipped(name, "a certificate that cannot be read"))

    def _key_pair(self, key: FileKey) -> Arrival | None:
        try:
            chain = self._chain(key)
        except Problem as problem:
            alias = self._alias(
                key.name or f"key-{hashlib.sha256(key.pkcs8.reveal()).hexdigest()[:8]}"
            )
            return Arrival(alias, (), EntryType.KEY_PAIR, problem=problem)
        if not chain:
            self.skipped.append(Skipped(key.name, "a private key without a certificate"))
            return None
        self._in_chains.update(chain)
        if self._file.format == "PKCS#12" and chain[-1].self_signed and len(chain) > 1:
            self._roots[chain[-1]] = None
        alias = self._alias(key.name or _proposed(chain[0]))
        return Arrival(alias, chain, EntryType.KEY_PAIR, pkcs8=key.pkcs8)

    def _chain(self, key: FileKey) -> tuple[Certificate, ...]:
        """Return the chain of a proven key, end-entity first; empty if it has no certificate."""
        loaded = private_keys.read_pkcs8(key.pkcs8)  # 2
        spki = public_keys.spki(loaded.public_key())
        own = tuple(self._readable(key.name, key.certificates))
        verifier = Verifier()
        chosen = chains.choose_certificate(own, frozenset({spki}), self._now, verifier)  # 3
        if chosen is None:
            if own:
                raise CertificateOfAnotherKey(own[0].subject)
            return ()
        if _is_chain(own) and chosen is own[0]:
            return own
        related = self._related(chosen, own)
        return chains.build_chain(chosen, related, self._now, verifier).certificates

    def _related(
        self, chosen: Certificate, own: tuple[Certificate, ...]
    ) -> tuple[Certificate, ...]:
        """Return what can be in the chain: what names lead to, from one certificate to the next."""
        found = dict.fromkeys(own)
        wanted = [chosen.issuer_name, *(c.issuer_name for c in own)]
        for _ in range(_LONGEST_CHAIN):
            fresh = [c for name in wanted for c in self._by_subject.get(name, ()) if c not in found]
            if not fresh:
                break
            found.update(dict.fromkeys(fresh))
            wanted = [c.issuer_name for c in fresh]
        return tuple(found)

    def _is_known(self, root: Certificate) -> bool:
        """Tell whether the keystore has a root already, and keeps it."""
        store, keystore_id = self._steward.store, self._steward.keystore_id
        return self._upload.mode is not Mode.REPLACE and root in store.find_certificate_entries(
            keystore_id, root.subject_name
        )

    def _alias(self, name: str, *, steps_aside: bool = False) -> str:
        """Return a name as an alias that nothing else of the file has.

        One that nobody chose steps aside for what the keystore has under it, too.
        """
        wanted = unicodedata.normalize("NFC", name).strip()
        alias, number = wanted, 1
        while alias in self._taken or (steps_aside and self._is_others(alias)):
            number += 1
            alias = f"{wanted}_{number}"
        self._taken.add(alias)
        return alias

    def _is_others(self, alias: str) -> bool:
        store, keystore_id = self._steward.store, self._steward.keystore_id
        return store.find_state(keystore_id, alias) is not None


def _is_chain(given: tuple[Certificate, ...]) -> bool:
    """Tell whether a file gives a whole chain in order: proven links up to a self-signed root."""
    return given[-1].self_signed and all(
        child.issuer_name == issuer.subject_name and failure_of_signature(child, issuer) is None
        for child, issuer in pairwise(given)
    )


def _certificate(alias: str, certificate: Certificate, trusted: bool) -> Arrival:  # noqa: FBT001
    return Arrival(alias, (certificate,), EntryType.CERTIFICATE, trusted=trusted)


def _proposed(certificate: Certificate) -> str:
    """Return an alias for what has no name in the file: the common name, else a fingerprint."""
    common = [
        str(attribute.value)
        for attribute in certificate.subject_dn.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    shown = "".join(c for c in (common or [""])[0] if c.isprintable()).strip()
    return shown[:_LONGEST_PROPOSAL] or f"certificate-{certificate.fingerprint[:8]}"
