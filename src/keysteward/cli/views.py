"""How entries and their versions look: rows of tables for people, members of JSON for scripts."""

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from keysteward.cli import output
from keysteward.entries import Entry, EntryType, ListedEntry, SigningRequest, Version, View

TYPES = {EntryType.KEY_PAIR: "Key Pair", EntryType.CERTIFICATE: "Certificate"}
"""Types of entries as users know them."""


def listed_row(entry: ListedEntry, now: datetime, provider: str) -> tuple[str | Text, ...]:
    """Return a line of a list: alias, owner, type, version, end, state, subject and issuer."""
    if entry.deleted_at is None:
        state = _state(
            entry.pending, entry.waiting_since, entry.self_signed, entry.type, trusted=entry.trusted
        )
    else:
        state = f"deleted {entry.deleted_at:%Y-%m-%d}"
    return (
        entry.alias,
        output.owner(entry.owner, provider),
        TYPES[entry.type],
        str(entry.version),
        output.ends(entry.not_after, now),
        state,
        entry.subject,
        entry.issuer,
    )


def entry_rows(
    entry: Entry, requests: Sequence[SigningRequest], provider: str, now: datetime
) -> list[tuple[str, str | Text]]:
    """Return all that is shown of an entry, a label and a text each."""
    certificate = entry.version.certificate
    rows: list[tuple[str, str | Text]] = [
        ("Alias", entry.alias),
        ("Type", TYPES[entry.type]),
        ("Owner", output.owner(entry.owner, provider)),
        ("Version", f"{entry.version.number} ({entry.version.reason})"),
        ("State", _state_in_view(entry)),
        ("Usage", entry.usage.value),
        ("Key", str(certificate.key)),
        ("Signature", certificate.signature_algorithm),
        ("Subject", certificate.subject or "(none yet)"),
        ("Issuer", certificate.issuer or "(none yet)"),
        ("Serial number", f"{certificate.serial_number:X}"),
        ("Valid from", f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"),
        ("Valid until", output.ends(certificate.not_after, now)),
        ("Alternative names", ", ".join(certificate.extensions.san) or "none"),
        ("SHA-256", certificate.fingerprint),
        ("SHA-1", certificate.fingerprint_sha1),
        ("Public key SHA-256", certificate.public_key_sha256),
        *(("Signing request", _request(r)) for r in requests),
        ("Changed", f"{entry.modified_at:%Y-%m-%d %H:%M} UTC by {entry.modified_by}"),
    ]
    if entry.type is EntryType.CERTIFICATE:
        rows = [row for row in rows if row[0] != "Usage"]
    return rows


def _state_in_view(entry: Entry) -> str:
    if entry.view is View.NEW:
        return "waiting to be activated"
    if entry.view is View.HISTORY:
        return "replaced"
    return _state(
        entry.pending.number if entry.pending else None,
        entry.waiting_since,
        entry.version.certificate.self_signed,
        entry.type,
        trusted=entry.trusted,
    )


def _state(
    pending: int | None,
    waiting_since: datetime | None,
    self_signed: bool,
    type_: EntryType,
    *,
    trusted: bool,
) -> str:
    if type_ is EntryType.CERTIFICATE:
        return "trusted" if trusted else "completes chains"
    states = []
    if pending is not None:
        states.append(f"pending key (version {pending})")
    if waiting_since is not None:
        states.append(f"waiting for response since {waiting_since:%Y-%m-%d}")
    if self_signed and waiting_since is None:
        states.append("self-signed")
    return ", ".join(states) or "in use"


def numbered(entry: Entry, version: Version) -> Text:
    """Return a version's number, and what it is to its entry: current, pending, or neither."""
    if version.number == entry.version.number:
        return Text(f"{version.number} current", style="bold green")
    if entry.pending and version.number == entry.pending.number:
        return Text(f"{version.number} pending", style="yellow")
    return Text(str(version.number))


def listed_json(entry: ListedEntry, now: datetime) -> dict[str, object]:
    """Return a line of a list as scripts get it."""
    return {
        "alias": entry.alias,
        "type": entry.type.value,
        "owner": entry.owner.value,
        "usage": entry.usage.value,
        "trusted": entry.trusted,
        "version": entry.version,
        "pending": entry.pending,
        "waiting_since": entry.waiting_since,
        "subject": entry.subject,
        "issuer": entry.issuer,
        "not_before": entry.not_before,
        "not_after": entry.not_after,
        "days_left": (entry.not_after - now).days,
        "key": str(entry.key),
        "signature_algorithm": entry.signature_algorithm,
        "sha256": entry.fingerprint,
        "modified_at": entry.modified_at,
        "deleted_at": entry.deleted_at,
    }


def version_json(entry: Entry, version: Version) -> dict[str, object]:
    """Return a version as scripts get it."""
    return {
        "version": version.number,
        "current": version.number == entry.version.number,
        "pending": entry.pending is not None and version.number == entry.pending.number,
        "reason": version.reason.value,
        "note": version.note,
        "created_at": version.created_at,
        "created_by": version.created_by,
        "file_sha256": version.file_sha256,
        "chain": [
            {
                "sha256": c.fingerprint,
                "subject": c.subject,
                "issuer": c.issuer,
                "not_after": c.not_after,
            }
            for c in version.chain
        ],
    }


def _request(request: SigningRequest) -> str:
    written = f"{request.created_at:%Y-%m-%d %H:%M} UTC by {request.created_by}"
    answered = request.answered_at
    return (
        f"{written}, answered {answered:%Y-%m-%d}" if answered else f"{written}, not answered yet"
    )


def entry_json(entry: Entry, requests: Sequence[SigningRequest] = ()) -> dict[str, object]:
    """Return an entry with its current chain as scripts get it; a new one has no requests."""
    certificate = entry.version.certificate
    return {
        "alias": entry.alias,
        "view": entry.view.value,
        "type": entry.type.value,
        "owner": entry.owner.value,
        "usage": entry.usage.value,
        "trusted": entry.trusted,
        "waiting_since": entry.waiting_since,
        "created_at": entry.created_at,
        "created_by": entry.created_by,
        "modified_at": entry.modified_at,
        "modified_by": entry.modified_by,
        "key": str(certificate.key),
        "public_key_sha256": certificate.public_key_sha256,
        "subject_alternative_names": list(certificate.extensions.san),
        "not_before": certificate.not_before,
        **version_json(entry, entry.version),
        "pending": entry.pending.number if entry.pending else None,
        "signing_requests": [
            {
                "created_at": r.created_at,
                "created_by": r.created_by,
                "answered_at": r.answered_at,
                "public_key_sha256": r.public_key_sha256,
            }
            for r in requests
        ],
    }
