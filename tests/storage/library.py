"""A keystore of odd entries, for lists, and what SAP's API shows of each; test keys only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes

from keysteward.entries import EntryType, Owner, Reason, View
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.usages import Usage
from keysteward.storage import sap_texts
from keysteward.storage.catalogue import CatalogueEntry, Source
from keysteward.storage.records import Activation, Backup, NewEntry, NewVersion
from keysteward.values import Alias
from tests import pki_maker
from tests.corpus import forge
from tests.fresh import Fresh
from tests.storage.conftest import NOW, Bench, Pki

Value = str | int | datetime | None

_DAY = timedelta(days=1)
_NAMES = (
    "CN=a,O=Firm\\, Inc.,C=DE",
    "CN=A,O=firm\\, inc.,C=DE",
    'CN=The \\"Firm\\",OU=back\\\\slash,C=AT',
    "CN=100%,OU=under_score,C=DE",
    "CN=it's,C=FR",
    "CN=Straße,L=Köln,C=DE",
    "CN=株式会社😀,C=JP",
    "CN=\\ blank  blank\\ ,C=DE",
)
_ALIASES = ("%", "_", "it's", '"', "A", "aa", "b a", "ß", "😀", "\ue000", "İ", "z%_z", "*", "0x1")
_KINDS = ("p256", "p384", "rsa2048", "ed25519", "brainpoolp256r1")
_DIGESTS = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512(), hashes.SHA3_256())
_SERIALS = (1, 0x7F, 0xABC, (1 << 159) - 1, 0x33AF1)


@dataclass(frozen=True, slots=True)
class Library:
    """The keystore, with the backup that is in it."""

    bench: Bench
    backup: Backup

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every list that there is."""
        return (*View, self.backup)

    def all(self, source: Source) -> tuple[CatalogueEntry, ...]:
        """Return everything in a list, by alias."""
        return self.bench.store.catalogue.list(self.bench.keystore_id, source, limit=1000)

    def shown(self, source: Source) -> list[dict[str, Value]]:
        """Return what SAP's API shows of every entry, by alias."""
        return [shown(entry) for entry in self.all(source)]


@contextmanager
def made(fresh: Fresh, folder: Path, pki: Pki) -> Iterator[Library]:
    """Lend a new keystore with entries in every view, of both owners, and a backup."""
    with fresh.keystore(folder / "data") as settings:
        yield from _filled(Bench(settings, pki))


def _filled(bench: Bench) -> Iterator[Library]:
    try:
        for number, alias in enumerate(_ALIASES):
            _add(bench, alias, number, _certificate(number))
        _add(bench, "version 1", 0, _version_1())
        _change(bench)
        with bench.store.writing(bench.keystore_id, "ann", NOW + _DAY) as writing:
            backup = writing.create_backup("first")
        _change_after_the_backup(bench)
        for number in range(6):
            _of_provider(bench, number)
        yield Library(bench, backup)
    finally:
        bench.store.close()


def _certificate(number: int) -> Certificate:
    kind = _KINDS[number % len(_KINDS)]
    issued = pki_maker.issue(
        _NAMES[number % len(_NAMES)],
        pki_maker.make_key(kind),
        hash=None if kind == "ed25519" else _DIGESTS[number % len(_DIGESTS)],
        serial=_SERIALS[number % len(_SERIALS)],
        not_before=datetime(1955 + 5 * number, 2, 1 + number, number, 59, 58, tzinfo=UTC),
        not_after=NOW.replace(microsecond=0) + (number - 4) * 9 * _DAY,
    )
    return read_certificate(issued.der)


def _version_1() -> Certificate:
    plain = pki_maker.issue("old", ca=None, key_usage=(), key_ids=False)
    return read_certificate(forge.resigned(plain, plain, forge.as_version_1).der)


def _add(
    bench: Bench,
    alias: str,
    number: int,
    certificate: Certificate,
    owner: Owner = Owner.TENANT,
    view: View = View.CURRENT,
) -> int:
    at = NOW + number * timedelta(hours=7, microseconds=1234567)
    new = NewEntry(
        alias=Alias(alias),
        type=list(EntryType)[number % 2],
        owner=owner,
        usage=list(Usage)[number % len(Usage)],
        trusted=number % 3 == 0,
        view=view,
    )
    with bench.store.writing(bench.keystore_id, f"user {number % 3}", at) as writing:
        return writing.create_entry(new, NewVersion(Reason.UPLOADED, (certificate,), None))


def _change(bench: Bench) -> None:
    """Let one entry wait, give one a pending key, and rename, delete and keep others."""
    bench.request("A", at=NOW + _DAY)
    with bench.store.writing(bench.keystore_id, "%", NOW + 2 * _DAY) as writing:
        writing.set_pending(bench.base("aa"), NewVersion(Reason.RENEWAL, bench.pki.other, None))
        writing.rename(bench.base("*"), Alias("**"))
        writing.delete(bench.base("0x1"))


def _change_after_the_backup(bench: Bench) -> None:
    with bench.store.writing(bench.keystore_id, "later", NOW + 3 * _DAY) as writing:
        writing.replace_chain(
            bench.base("b a"), NewVersion(Reason.UPLOADED, bench.pki.chains[0], None), {}
        )
        writing.rename(bench.base("_"), Alias("renamed"))
        writing.delete(bench.base("%"))


def _of_provider(bench: Bench, number: int) -> None:
    view = list(View)[number % 3]
    alias = f"[{number}]_sap_{number % 2}" if view is View.HISTORY else f"sap_{number}"
    entry = _add(bench, alias, number, _certificate(number), Owner.PROVIDER, view)
    if view is not View.HISTORY:
        return
    until = NOW + number * timedelta(microseconds=777)
    activation = Activation(
        entry, Alias(f"sap_{number % 2}"), number, NOW - _DAY, "operator", until, f"user {number}"
    )
    with bench.store.writing(bench.keystore_id, "operator", NOW) as writing:
        writing.add_activation(activation)


def shown(entry: CatalogueEntry) -> dict[str, Value]:
    """Return the properties of an entry by name, as the contract of the OData face has them."""
    values: dict[str, Value] = {
        "Hexalias": sap_texts.hexalias(entry.alias),
        "Alias": entry.alias,
        "KeyType": entry.key.type,
        "KeySize": entry.key.size,
        "ValidNotBefore": entry.not_before,
        "ValidNotAfter": entry.not_after,
        "SerialNumber": sap_texts.serial_number(entry.serial_number),
        "SignatureAlgorithm": entry.signature_algorithm,
        "EllipticCurve": entry.key.curve,
        "Validity": None,
        "SubjectDN": sap_texts.distinguished_name(entry.subject),
        "IssuerDN": sap_texts.distinguished_name(entry.issuer),
        "Version": entry.x509_version,
        "FingerprintSha1": sap_texts.fingerprint(entry.sha1),
        "FingerprintSha256": sap_texts.fingerprint(entry.sha256),
        "FingerprintSha512": sap_texts.fingerprint(entry.sha512),
        "Type": sap_texts.TYPES[entry.type],
        "Owner": sap_texts.OWNERS[entry.owner],
        "LastModifiedBy": sap_texts.person(entry.owner, entry.modified_by),
        "LastModifiedTime": sap_texts.instant(entry.modified_at),
        "CreatedBy": sap_texts.person(entry.owner, entry.created_by),
        "CreatedTime": sap_texts.instant(entry.created_at),
        "Status": "unchanged",
    }
    activation = entry.activation
    if activation is not None:
        values |= {
            "ActivatedBy": activation.activated_by,
            "ActiveFrom": sap_texts.instant(activation.active_from),
            "DeactivatedBy": activation.deactivated_by,
            "ActiveUntil": sap_texts.instant(activation.active_until),
            "ActivationSequenceNumber": activation.sequence,
            "OriginalAlias": activation.original_alias,
        }
    return values
