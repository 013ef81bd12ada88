"""list, show, versions, rollback, rename, delete and undelete."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from keysteward.cli import output
from keysteward.cli.session import AliasArgument, Session, as_text
from keysteward.entries import (
    ChainLink,
    Entry,
    EntryType,
    ListedEntry,
    SigningRequest,
    Source,
    Version,
)
from keysteward.keystore import lifecycle, signing_responses, versions
from keysteward.keystore.signing_responses import Consent

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
_PAGE = 1000
_MOST_DAYS = 1_000_000
"""Of ``--expiring``: more than 2,700 years, and still a date that Python has."""


def list_(
    session: Session,
    *,
    as_json: Json = False,
    expiring: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            min=0,
            help="Only what ends within DAYS or has ended; exit status 10 if there is any.",
            show_default=False,
        ),
    ] = None,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only what waits for a signing response.")
    ] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="Only what was deleted.")] = False,
) -> None:
    """List the entries of the keystore, by alias."""
    now = datetime.now(UTC)
    before = None if expiring is None else now + timedelta(days=min(expiring, _MOST_DAYS))
    found: list[ListedEntry] = []
    with session.opened() as steward:
        while True:
            page = steward.store.list_entries(
                steward.keystore_id,
                after=found[-1] if found else None,
                limit=_PAGE,
                expiring_before=before,
                waiting=waiting,
                deleted=deleted,
            )
            found.extend(page)
            if len(page) < _PAGE:
                break
    if as_json:
        output.say_json([_listed_json(e, now) for e in found])
    elif found:
        columns = ("Alias", "Type", "Owner", "Version", "Valid until", "State", "Subject", "Issuer")
        output.table(columns, [_row(e, now, session.settings.provider) for e in found])
    else:
        output.say("No entries.")
    if expiring is not None and found:
        raise typer.Exit(output.EXIT_YES)


def show(session: Session, alias: AliasArgument, *, as_json: Json = False) -> None:
    """Show an entry with its chain and fingerprints."""
    now = datetime.now(UTC)
    with session.opened() as steward:
        entry = steward.store.get_entry(steward.keystore_id, alias)
        requests = steward.store.list_requests(entry.id)
    if as_json:
        output.say_json(_entry_json(entry, requests))
        return
    certificate = entry.version.certificate
    rows: list[tuple[str, str | Text]] = [
        ("Alias", entry.alias),
        ("Type", _TYPES[entry.type]),
        ("Owner", output.owner(entry.owner, session.settings.provider)),
        ("Version", f"{entry.version.number} ({entry.version.reason})"),
        (
            "State",
            _state(
                entry.pending.number if entry.pending else None,
                entry.waiting_since,
                certificate.self_signed,
                entry.type,
                trusted=entry.trusted,
            ),
        ),
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
    output.table(("", ""), rows)
    if len(entry.version.chain) > 1:
        output.say("")
        links = [ChainLink(c, Source.KEYSTORE) for c in entry.version.chain]
        output.chain_table(links, now)


def versions_(session: Session, alias: AliasArgument, *, as_json: Json = False) -> None:
    """List every version of an entry, newest first."""
    now = datetime.now(UTC)
    with session.opened() as steward:
        entry = steward.store.get_entry(steward.keystore_id, alias)
        found = steward.store.list_versions(entry)[::-1]
    if as_json:
        output.say_json([_version_json(entry, v) for v in found])
        return
    columns = ("Version", "", "Why", "When (UTC)", "Who", "Valid until", "Issuer", "SHA-256")
    rows = [
        (
            str(v.number),
            _mark(entry, v),
            v.reason.value + (f": {v.note}" if v.note else ""),
            f"{v.created_at:%Y-%m-%d %H:%M:%S}",
            v.created_by,
            output.ends(v.certificate.not_after, now),
            v.certificate.issuer,
            f"{v.certificate.fingerprint[:16]}…",
        )
        for v in found
    ]
    output.table(columns, rows)


def rollback(
    session: Session,
    alias: AliasArgument,
    number: Annotated[int, typer.Argument(metavar="VERSION", help="The version to bring back.")],
    *,
    reason: Annotated[
        str | None,
        typer.Option(help="Why; kept with the version.", show_default=False, callback=as_text),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="Accept this problem.", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and store nothing.")
    ] = False,
) -> None:
    """Make an older version current again; this is itself a new version."""
    consent = Consent(frozenset(override or ()))
    with session.opened() as steward:
        if dry_run:
            plan = versions.plan_rollback(steward, session.caller, alias, number, consent)
            output.say(f"This would bring version {number} of {plan.alias!r} back.")
        else:
            done = versions.roll_back(
                steward,
                session.caller,
                alias,
                number,
                consent,
                note=reason,
                accept=signing_responses.expect(None, None),
            )
            plan = done.plan
            output.say(f"{plan.alias!r} is now version {done.version}, with the chain of {number}.")
    output.comparison(plan.replaced, plan.certificates[0])
    output.notices_table(plan.notices)


def rename(
    session: Session,
    alias: AliasArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new alias.")],
) -> None:
    """Give an entry another alias; content, keys and versions stay."""
    with session.opened() as steward:
        entry = lifecycle.rename_entry(steward, session.caller, alias, new)
    output.say(f"{alias!r} is now {entry.alias!r}.")


def delete(
    session: Session,
    alias: AliasArgument,
    *,
    purge: Annotated[
        bool,
        typer.Option("--purge", help="Destroy its private keys for good, after typing the alias."),
    ] = False,
) -> None:
    """Hide an entry; 'undelete' brings it back."""
    with session.opened() as steward:
        if purge:
            typed = _typed_alias(session, alias)
            destroyed = lifecycle.purge_entry(steward, session.caller, alias, typed)
            output.say(f"{alias!r} is destroyed, with {destroyed} private keys.")
        else:
            lifecycle.delete_entry(steward, session.caller, alias)
            output.say(f"{alias!r} is deleted. 'keysteward undelete' brings it back.")


def _typed_alias(session: Session, alias: str) -> str:
    if not session.interactive:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt(
        f"This destroys the private keys of {alias!r} for good. Type the alias to confirm",
        default="",
        show_default=False,
        err=True,
    )
    return typed


def undelete(session: Session, alias: AliasArgument) -> None:
    """Bring the entry back that was deleted last under this alias."""
    with session.opened() as steward:
        entry = lifecycle.undelete_entry(steward, session.caller, alias)
    output.say(f"{entry.alias!r} is back, in version {entry.version.number}.")


_TYPES = {EntryType.KEY_PAIR: "Key Pair", EntryType.CERTIFICATE: "Certificate"}


def _row(entry: ListedEntry, now: datetime, provider: str) -> tuple[str | Text, ...]:
    state = _state(
        entry.pending, entry.waiting_since, entry.self_signed, entry.type, trusted=entry.trusted
    )
    return (
        entry.alias,
        _TYPES[entry.type],
        output.owner(entry.owner, provider),
        str(entry.version),
        output.ends(entry.not_after, now),
        state,
        entry.subject,
        entry.issuer,
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


def _mark(entry: Entry, version: Version) -> Text:
    if version.number == entry.version.number:
        return Text("current", style="bold green")
    if entry.pending and version.number == entry.pending.number:
        return Text("pending", style="yellow")
    return Text("")


def _listed_json(entry: ListedEntry, now: datetime) -> dict[str, object]:
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


def _version_json(entry: Entry, version: Version) -> dict[str, object]:
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


def _entry_json(entry: Entry, requests: Sequence[SigningRequest]) -> dict[str, object]:
    certificate = entry.version.certificate
    return {
        "alias": entry.alias,
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
        **_version_json(entry, entry.version),
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
