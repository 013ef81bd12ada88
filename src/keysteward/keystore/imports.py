"""Importing a whole keystore file: what it holds becomes entries, planned before it is written.

1. Read the file; what has no place here is listed as skipped.
2. Load each private key and choose its certificate by the public key.
3. Prove the numbers of a key with a certificate, and build its chain from all certificates of the
   file.
4. Give every key and every certificate that stands alone an alias; roots of a PKCS#12 file's chains
   become certificate entries of their own, as they do in SAP's.
5. Plan what becomes of each (``intake``), and show it to the caller.
6. Write all of it in one transaction.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, pairwise

from keysteward import entries
from keysteward.entries import Action, Caller, EntryType, Reason
from keysteward.formats import keystores
from keysteward.formats.keystores.contract import FileKey, KeystoreFile, LockedKey, Opening, Skipped
from keysteward.keystore import intake, naming
from keysteward.keystore.intake import Arrival, Intake, Mode
from keysteward.keystore.naming import Naming
from keysteward.keystore.steward import Steward
from keysteward.pki import chains, private_keys, public_keys
from keysteward.pki.certificates import Certificate, failure_of_signature, read_certificate
from keysteward.pki.chains import MOST_VERIFICATIONS, Verifier
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import (
    CertificateOfAnotherKey,
    CertificateUnreadable,
    PasswordWrong,
    Problem,
    UploadTooLarge,
)
from keysteward.values import Fingerprint, Secret

_LONGEST_CHAIN = 20
"""Certificates of one chain that are taken as they are or looked up; a public one has four."""

_MOST_ALIKE = MOST_VERIFICATIONS + 1
"""Certificates of one name or key that are looked at: with more, no chain gets built anyway."""

_VERIFICATIONS_OF_A_KEY = 10
"""Signatures to verify for each key on average; an honest chain needs one per certificate."""

_MOST_RELATED = 10 * MOST_VERIFICATIONS
"""Certificates besides a key's own that may be in its chain. Each key of a file could be related to
all of them, so without a bound the work would grow with the square of the file."""

Progress = Callable[[int, int], None]
"""Told how many of how many keys are done."""

_Key = FileKey | LockedKey

_Proven = tuple[_Key, tuple[Certificate, ...], tuple[Certificate, ...] | Problem]
"""A key, the certificates that the file gives it, and its chain (none: empty) or what is wrong."""

_LOCKED = (
    "The password of the file does not open this key. Give the password of its keys along with it."
)

_LOCKED_BY_A_THIRD = (
    "Neither the password of the file nor the one given for its keys opens this key. Import "
    "the file again with this key's own as the password of its keys: each import takes the keys in "
    "that it can open."
)


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
    proven: bool
    """Whether a password has shown that nothing was altered after the file was written."""

    @property
    def digest(self) -> Fingerprint:
        """SHA-256 over all members: what to name when the plan is carried out."""
        left = [(one.name, one.reason) for one in self.skipped]
        members = (self.format, self.file_sha256, self.intake.digest, left, self.proven)
        return entries.digest(members)


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
    reading = _Reading(steward, caller, file, upload)
    arrivals = list(reading.arrivals(progress))
    return ImportPlan(
        format=file.format,
        file_sha256=Fingerprint(hashlib.sha256(upload.data).hexdigest()),
        intake=intake.plan(steward, caller, arrivals, upload.mode, spared=reading.spared),
        skipped=reading.skipped,
        proven=file.proven,
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
    with steward.recording_refusals(caller, Action.IMPORTED, None):
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

    def __init__(
        self, steward: Steward, caller: Caller, file: KeystoreFile, upload: Upload
    ) -> None:
        self._skipped: list[Skipped] = []
        self._steward = steward
        self._now = steward.clock()
        self._caller = caller
        self._file = file
        self._keys = file.all_keys
        self._upload = upload
        self._in_chains: set[Certificate] = set()
        self._given_alone: dict[tuple[str, Certificate], bool] = {}
        self._verifications_left = _VERIFICATIONS_OF_A_KEY * len(self._keys) + MOST_VERIFICATIONS
        self._own = [tuple(self._readable(key.name, key.certificates)) for key in self._keys]
        for entry in file.certificates:
            for certificate in self._readable(entry.name, (entry.der,)):
                named = entry.name, certificate
                self._given_alone[named] = entry.trusted or self._given_alone.get(named, False)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What does not become an entry; complete once all have arrived."""
        return (*self._file.skipped, *self._skipped)

    @property
    def spared(self) -> frozenset[str]:
        """The aliases of what is in the file, though it does not become an entry."""
        return frozenset(naming.normal(one.name) for one in self.skipped)

    def arrivals(self, progress: Progress) -> Iterator[Arrival]:
        """Yield the key pairs in the order of the file, then certificates, then roots."""
        proven = list(self._proven(progress))
        alone = dict(self._standing_alone())
        given = [*(key.name for key in self._keys), *(one.name for one in self.skipped)]
        names = Naming(self._caller, [*given, *(name for name, _ in alone)])
        yield from _key_pairs(proven, names)
        for (name, certificate), trusted in alone.items():
            marked = trusted or certificate.self_signed
            yield _certificate(names.alias(name, certificate), certificate, marked)
        if self._file.format == "PKCS#12" and self._upload.roots:
            there = {certificate for _, certificate in alone}
            for root in dict.fromkeys(_roots(found for _, _, found in proven)):
                if root not in there and not self._is_known(root):
                    yield _certificate(names.proposed(root, self._is_free), root, trusted=True)

    def _proven(self, progress: Progress) -> Iterator[_Proven]:
        """Yield each key with its own certificates and its chain; list those without one."""
        for number, (key, own) in enumerate(zip(self._keys, self._own, strict=True), start=1):
            try:
                chain = self._chain(key, own)
            except Problem as problem:
                if not problem.refuses:
                    raise
                # What would have been its chain is no entry of its own either.
                for certificate in own:
                    self._in_chains.update(self._related(certificate, own))
                yield key, own, problem
            else:
                self._in_chains.update(chain)
                if not chain:
                    self._skipped.append(Skipped(key.name, "a private key without a certificate"))
                yield key, own, chain
            progress(number, len(self._keys))

    def _standing_alone(self) -> Iterator[tuple[tuple[str, Certificate], bool]]:
        """Yield the certificates that are entries by themselves: trusted, or in no chain.

        What is called like a key that does not open is left out with its chain: as an entry it
        would stand in the key's way when that comes with its password.
        """
        outside = {key.name for key in self._file.locked} | {s.name for s in self._file.skipped}
        for (name, certificate), trusted in self._given_alone.items():
            if name and name in outside and not trusted:
                self._in_chains.update(self._related(certificate, (certificate,)))
                self._skipped.append(Skipped(name, "the certificate of a key that stays outside"))
        for (name, certificate), trusted in self._given_alone.items():
            if trusted or certificate not in self._in_chains:
                yield (name, certificate), trusted

    def _readable(self, name: str, ders: Iterable[bytes]) -> Iterator[Certificate]:
        for der in ders:
            try:
                yield read_certificate(der)
            except CertificateUnreadable:
                self._skipped.append(Skipped(name, "a certificate that cannot be read"))

    # Most files give each key its whole chain, and then nobody asks for these two.

    @cached_property
    def _by_subject(self) -> Mapping[bytes, Iterable[Certificate]]:
        return self._indexed(lambda certificate: certificate.subject_name)

    @cached_property
    def _by_key(self) -> Mapping[bytes, Iterable[Certificate]]:
        return self._indexed(lambda certificate: certificate.spki)

    def _indexed(
        self, key: Callable[[Certificate], bytes]
    ) -> Mapping[bytes, Iterable[Certificate]]:
        """Return all certificates of the file by something of theirs, in the file's order."""
        found: dict[bytes, dict[Certificate, None]] = {}
        of_keys = (certificate for own in self._own for certificate in own)
        for certificate in (*of_keys, *(alone for _, alone in self._given_alone)):
            found.setdefault(key(certificate), {})[certificate] = None
        return found

    def _chain(self, key: _Key, own: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
        """Return the chain of a key and prove the key; empty if it has no certificate."""
        if isinstance(key, LockedKey):
            third = self._upload.key_password is not None
            raise PasswordWrong(_LOCKED_BY_A_THIRD if third else _LOCKED)
        loaded = private_keys.load_pkcs8(key.pkcs8)  # 2
        spent = max(0, MOST_VERIFICATIONS - self._verifications_left)
        verifier = Verifier(spent)
        try:
            return self._proven_chain(loaded, own, verifier)
        finally:
            self._verifications_left -= verifier.count - spent

    def _proven_chain(
        self, key: PrivateKey, own: tuple[Certificate, ...], verifier: Verifier
    ) -> tuple[Certificate, ...]:
        spki = public_keys.spki(key.public_key())
        candidates = own or tuple(islice(self._by_key.get(spki, ()), _MOST_ALIKE))
        chosen = chains.choose_certificate(candidates, frozenset({spki}), self._now, verifier)
        if chosen is None:
            if own:
                raise CertificateOfAnotherKey(own[0].subject)
            return ()
        private_keys.require_numbers(key)  # 3
        if _is_chain(own) and chosen is own[0]:
            return own
        related = self._related(chosen, own)
        return chains.build_chain(chosen, related, self._now, verifier).certificates

    def _related(
        self, chosen: Certificate, own: tuple[Certificate, ...]
    ) -> tuple[Certificate, ...]:
        """Return what can be in the chain: what names lead to, from one certificate to the next."""
        found = dict.fromkeys(own)
        wanted = dict.fromkeys((chosen.issuer_name, *(c.issuer_name for c in own)))
        asked: set[bytes] = set()
        for _ in range(_LONGEST_CHAIN):
            fresh = dict.fromkeys(
                certificate
                for name in wanted
                for certificate in islice(self._by_subject.get(name, ()), _MOST_ALIKE)
                if certificate not in found
            )
            if not fresh or len(found) + len(fresh) > len(own) + _MOST_RELATED:
                break
            found.update(fresh)
            asked.update(wanted)
            wanted = dict.fromkeys(c.issuer_name for c in fresh if c.issuer_name not in asked)
        return tuple(found)

    def _is_known(self, root: Certificate) -> bool:
        """Tell whether the keystore has a root already, and keeps it."""
        store, keystore_id = self._steward.store, self._steward.keystore_id
        return self._upload.mode is not Mode.REPLACE and root in store.find_certificate_entries(
            keystore_id, root.subject_name
        )

    def _is_free(self, alias: str) -> bool:
        """Tell whether an alias that nobody chose would meet no other entry."""
        store, keystore_id = self._steward.store, self._steward.keystore_id
        replaced = self._upload.mode is Mode.REPLACE
        return replaced or store.find_state(keystore_id, alias) is None


def _is_chain(given: tuple[Certificate, ...]) -> bool:
    """Tell whether a file gives a whole chain in order: proven links up to a self-signed root."""
    linked = (
        not child.self_issued
        and child.issuer_name == issuer.subject_name
        and failure_of_signature(child, issuer) is None
        for child, issuer in pairwise(given)
    )
    return 0 < len(given) <= _LONGEST_CHAIN and given[-1].self_signed and all(linked)


def _key_pairs(proven: Iterable[_Proven], names: Naming) -> Iterator[Arrival]:
    for number, (key, own, found) in enumerate(proven, start=1):
        if isinstance(found, Problem):
            alias = names.alias(key.name, own[0]) if own else names.of_a_key(key.name, number)
            yield Arrival(alias, (), EntryType.KEY_PAIR, problem=found)
        elif found and isinstance(key, FileKey):
            alias = names.alias(key.name, found[0])
            yield Arrival(alias, found, EntryType.KEY_PAIR, pkcs8=key.pkcs8)


def _roots(found: Iterable[tuple[Certificate, ...] | Problem]) -> Iterator[Certificate]:
    """Yield the roots of chains; a self-signed certificate by itself is none."""
    for chain in found:
        if not isinstance(chain, Problem) and len(chain) > 1 and chain[-1].self_signed:
            yield chain[-1]


def _certificate(alias: str, certificate: Certificate, trusted: bool) -> Arrival:  # noqa: FBT001
    return Arrival(alias, (certificate,), EntryType.CERTIFICATE, trusted=trusted)
