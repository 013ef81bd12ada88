"""Rows to values and back: the order of columns is that of ``statements``."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from keysteward.entries import (
    Entry,
    EntryType,
    ListedEntry,
    Owner,
    Reason,
    SigningRequest,
    Version,
    View,
)
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.public_keys import KeyKind
from keysteward.pki.usages import Usage
from keysteward.storage.links import Row
from keysteward.storage.records import Activation, Backup, Content, EntryState
from keysteward.values import Alias, Fingerprint

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENTRY_COLUMNS = 16


def to_microseconds(time: datetime) -> int:
    """Return an aware time as the database keeps it; exact, unlike a float of seconds."""
    return (time - _EPOCH) // _MICROSECOND


def to_time(microseconds: int) -> datetime:
    """Return a time in UTC from what the database keeps."""
    return _EPOCH + microseconds * _MICROSECOND


def to_optional_time(microseconds: int | None) -> datetime | None:
    """Return a time in UTC, or None."""
    return None if microseconds is None else to_time(microseconds)


def to_digest(fingerprint: Fingerprint) -> bytes:
    """Return the raw bytes of a fingerprint."""
    return bytes.fromhex(fingerprint)


def name_digest(name: bytes) -> bytes:
    """Return what a comparable name is found by."""
    return hashlib.sha256(name).digest()


def certificate_row(certificate: Certificate) -> dict[str, object]:
    """Return all columns of a certificate, derived from its DER: the one place that does."""
    der, key = certificate.der, certificate.key
    return {
        "sha256": to_digest(certificate.fingerprint),
        "sha1": hashlib.sha1(der, usedforsecurity=False).digest(),
        "sha512": hashlib.sha512(der).digest(),
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "subject_name_sha256": name_digest(certificate.subject_name),
        "issuer_name_sha256": name_digest(certificate.issuer_name),
        "serial_number": format(certificate.serial_number, "x"),
        "not_before": to_microseconds(certificate.not_before),
        "not_after": to_microseconds(certificate.not_after),
        "key_type": key.type,
        "key_size": key.size,
        "key_curve": key.curve,
        "public_key_sha256": to_digest(certificate.public_key_sha256),
        "signature_algorithm": certificate.signature_algorithm,
        "self_signed": certificate.self_signed,
        "der": der,
    }


def entry(rows: Sequence[Row]) -> Entry:
    """Return an entry from one row per certificate of its current and pending version."""
    first = rows[0]
    found = {v.number: v for v in versions([row[_ENTRY_COLUMNS:] for row in rows])}
    current, pending = first[7], first[8]
    return Entry(
        id=first[0],
        keystore_id=first[1],
        alias=Alias(first[2]),
        type=EntryType(first[3]),
        owner=Owner(first[4]),
        usage=Usage(first[5]),
        trusted=bool(first[6]),
        version=found[current],
        pending=None if pending is None else found[pending],
        waiting_since=to_optional_time(first[9]),
        created_at=to_time(first[10]),
        created_by=first[11],
        modified_at=to_time(first[12]),
        modified_by=first[13],
        deleted_at=to_optional_time(first[14]),
        view=View(first[15]),
    )


def versions(rows: Sequence[Row]) -> tuple[Version, ...]:
    """Return versions from one row per certificate, in the order of the rows."""
    found = []
    for number, group in groupby(rows, key=lambda row: row[0]):
        members = list(group)
        _, reason, created_at, created_by, private_key_id, file_sha256, note, _ = members[0]
        found.append(
            Version(
                number=number,
                reason=Reason(reason),
                created_at=to_time(created_at),
                created_by=created_by,
                chain=tuple(read_certificate(member[7]) for member in members),
                private_key_id=private_key_id,
                file_sha256=None if file_sha256 is None else Fingerprint(file_sha256.hex()),
                note=note,
            )
        )
    return tuple(found)


def request(row: Row) -> SigningRequest:
    """Return a recorded signing request."""
    return SigningRequest(
        id=row[0],
        der=row[1],
        public_key_sha256=Fingerprint(row[2].hex()),
        created_at=to_time(row[3]),
        created_by=row[4],
        answered_at=to_optional_time(row[5]),
    )


def listed(row: Row) -> ListedEntry:
    """Return one line of a list."""
    return ListedEntry(
        id=row[0],
        alias=Alias(row[1]),
        type=EntryType(row[2]),
        owner=Owner(row[3]),
        usage=Usage(row[4]),
        trusted=bool(row[5]),
        version=row[6],
        pending=row[7],
        waiting_since=to_optional_time(row[8]),
        modified_at=to_time(row[9]),
        deleted_at=to_optional_time(row[10]),
        subject=row[11],
        issuer=row[12],
        not_before=to_time(row[13]),
        not_after=to_time(row[14]),
        key=KeyKind(row[15], row[16], row[17]),
        signature_algorithm=row[18],
        fingerprint=Fingerprint(row[19].hex()),
        self_signed=bool(row[20]),
    )


def backup(row: Row) -> Backup:
    """Return a backup from its row."""
    return Backup(row[0], row[1], row[2], to_time(row[3]), row[4])


def activation(row: Row) -> Activation:
    """Return what the history says of one replaced key."""
    return Activation(
        entry_id=row[0],
        original_alias=Alias(row[1]),
        sequence=row[2],
        active_from=to_time(row[3]),
        activated_by=row[4],
        active_until=to_time(row[5]),
        deactivated_by=row[6],
    )


def activation_row(keystore_id: int, activation: Activation) -> dict[str, object]:
    """Return all columns of what the history says of one replaced key."""
    return {
        "entry_id": activation.entry_id,
        "keystore_id": keystore_id,
        "original_alias": activation.original_alias,
        "sequence": activation.sequence,
        "active_from": to_microseconds(activation.active_from),
        "activated_by": activation.activated_by,
        "active_until": to_microseconds(activation.active_until),
        "deactivated_by": activation.deactivated_by,
    }


def states(found: Sequence[Row]) -> tuple[EntryState, ...]:
    """Return states from one row per certificate of a current or pending version, by entry."""
    result = []
    for _, group in groupby(found, key=lambda row: row[1]):
        members = list(group)
        entry_id, alias, type_, owner, usage, trusted, current, pending = members[0][:8]
        contents = {
            number: _content([row[9:] for row in version])
            for number, version in groupby(members, key=lambda row: row[8])
        }
        result.append(
            EntryState(
                entry_id=entry_id,
                alias=Alias(alias),
                type=EntryType(type_),
                owner=Owner(owner),
                usage=Usage(usage),
                trusted=bool(trusted),
                version=current,
                pending=pending,
                content=contents[current],
                pending_content=None if pending is None else contents[pending],
            )
        )
    return tuple(result)


def _content(found: Sequence[Row]) -> Content:
    private_key_id, public_key, _ = found[0]
    return Content(
        chain=tuple(Fingerprint(row[2].hex()) for row in found),
        public_key_sha256=None if public_key is None else Fingerprint(public_key.hex()),
        private_key_id=private_key_id,
    )
