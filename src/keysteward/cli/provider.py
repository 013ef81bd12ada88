"""provider supply, new, hold, withdraw, history and restore; list --new."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from keysteward.cli import key_uploads, options, output, provider_views, questions, views
from keysteward.cli.desk_values import Stored
from keysteward.cli.provider_views import More
from keysteward.cli.session import Session, as_text, complete_history, complete_new
from keysteward.entries import EntryType, View
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.pki.usages import Usage
from keysteward.problems import SeveralKeys

_NewAlias = Annotated[
    str,
    typer.Argument(
        metavar="ALIAS",
        help="Alias of a new key.",
        autocompletion=complete_new,
        callback=as_text,
    ),
]


def supply(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    certificate: options.CertificateFile = None,
    key: options.Key = None,
    current: Annotated[
        bool,
        typer.Option("--current", help="Bring it to the current entries instead of the new keys."),
    ] = False,
    usage: Annotated[
        Usage | None,
        typer.Option(
            "--usage",
            help="What the key pair is for; by default as that of the key before it.",
            show_default=False,
        ),
    ] = None,
    trusted: Annotated[
        bool,
        typer.Option(
            "--trusted/--not-trusted",
            help="Of a certificate: accept connections and uploads under it, or only complete "
            "chains with it.",
        ),
    ] = True,
    password_stdin: options.PasswordStdin = False,
    as_json: options.Json = False,
) -> None:
    """Bring a key pair or a certificate as the provider (--as provider)."""
    upload = key_uploads.read_upload(session, file, certificate, key, password_stdin=password_stdin)
    view = View.CURRENT if current else View.NEW
    with session.desk() as desk:

        def run(chosen: KeyUpload) -> Stored:
            return desk.provider_keys.supply(alias, chosen, view, usage, trusted=trusted)

        try:
            supplied = run(upload)
        except SeveralKeys as problem:
            if not session.interactive or file == "-":
                raise
            supplied = run(replace(upload, choose=questions.chosen_key(problem)))
        details = desk.provider_keys.details(supplied.entry)
    more = provider_views.more_of(details, datetime.now(UTC))
    if as_json:
        notices = output.notices_json(supplied.notices)
        output.say_json({**views.entry_json(supplied.entry), **more.members, "notices": notices})
    else:
        _say_supplied(session, supplied, more)


def new(session: Session, *, as_json: options.Json = False) -> None:
    """List the provider's new keys, when they came, and when they are activated by themselves."""
    now = datetime.now(UTC)
    with session.desk() as desk:
        found = desk.provider_keys.list_new()
    if as_json:
        output.say_json(
            [{**views.listed_json(k.entry, now), **provider_views.members(k)} for k in found]
        )
        return
    name = session.settings.provider
    if not found:
        output.say(f"No new {name} keys.")
        return
    output.say(f"New {name} keys:")
    columns = ("Alias", "Arrived", "Activation", "Valid until", "Subject", "Issuer")
    rows = [
        (
            *(k.entry.alias, f"{k.arrived_at:%Y-%m-%d}", provider_views.activation(k, now)),
            *(output.ends(k.entry.not_after, now), k.entry.subject, k.entry.issuer),
        )
        for k in found
    ]
    folding = ("Activation", "Subject", "Issuer")
    output.table(columns, rows, folding=folding, spare=("Issuer", "Subject"))


def hold(
    session: Session,
    alias: _NewAlias,
    *,
    release: Annotated[
        bool, typer.Option("--release", help="Let it be activated by itself again.")
    ] = False,
) -> None:
    """Let a new key wait for a person instead of its day."""
    with session.desk() as desk:
        entry = desk.provider_keys.hold(alias, held=not release)
        details = desk.provider_keys.details(entry)
    more = provider_views.more_of(details, datetime.now(UTC))
    output.say(f"'{entry.alias}' is {'released' if release else 'held'}.")
    output.table(("", ""), more.rows)


def withdraw(session: Session, alias: _NewAlias) -> None:
    """Take a new key away as the provider (--as provider), and destroy it."""
    with session.desk() as desk:
        destroyed = desk.provider_keys.withdraw(alias)
    fate = "is destroyed" if destroyed else "stays with the entry that has it, too"
    output.say(f"'{alias}' does not wait any more; its private key {fate}.")


def history(session: Session, *, as_json: options.Json = False) -> None:
    """List the keys of the provider that were replaced, and when each was active."""
    now = datetime.now(UTC)
    with session.desk() as desk:
        found = desk.provider_keys.list_history()
    if as_json:
        output.say_json(
            [{**views.listed_json(k.entry, now), **provider_views.past_members(k)} for k in found]
        )
        return
    name = session.settings.provider
    if not found:
        output.say(f"The {name} key history is empty.")
        return
    output.say(f"{name} key history:")
    columns = ("Alias", "Active from", "Active until", "Deactivated by", "Valid until", "Subject")
    rows = [
        (
            k.entry.alias,
            f"{k.activation.active_from:%Y-%m-%d %H:%M}",
            f"{k.activation.active_until:%Y-%m-%d %H:%M}",
            k.activation.deactivated_by,
            output.ends(k.entry.not_after, now),
            k.entry.subject,
        )
        for k in found
    ]
    spare = ("Subject", "Valid until", "Deactivated by")
    output.table(columns, rows, folding=("Subject",), spare=spare)


def restore(
    session: Session,
    alias: Annotated[
        str,
        typer.Argument(
            metavar="ALIAS",
            help="Alias in the history, like [1]_ALIAS.",
            autocompletion=complete_history,
            callback=as_text,
        ),
    ],
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="ALIAS",
            help="Another alias of the provider's; by default the original one.",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Copy a key from the history to the new keys; there it waits to be activated."""
    with session.desk() as desk:
        entry = desk.provider_keys.restore(alias, to)
        details = desk.provider_keys.details(entry)
    more = provider_views.more_of(details, datetime.now(UTC))
    if as_json:
        output.say_json({**views.entry_json(entry), **more.members})
        return
    name = session.settings.provider
    output.say(f"'{alias}' waits as '{entry.alias}' among the new {name} keys.")
    output.table(("", ""), more.rows)
    output.say_next("keysteward", "provider", "activate", entry.alias)


def _say_supplied(session: Session, supplied: Stored, more: More) -> None:
    entry, name = supplied.entry, session.settings.provider
    where = f"the new {name} keys" if entry.view is View.NEW else "the current entries"
    certificate = entry.version.certificate
    what = certificate.subject
    if entry.type is EntryType.KEY_PAIR:
        what = f"{certificate.key}, {what}"
    there = "is" if supplied.changed else "was already"
    output.say(f"'{entry.alias}' {there} among {where}: {what}, version {entry.version.number}.")
    output.table(("", ""), more.rows)
    output.notices_table(supplied.notices)
