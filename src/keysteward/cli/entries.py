"""list, show, versions, rollback, rename, delete and undelete."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from keysteward.cli import options, output, plans, provider, provider_views, views
from keysteward.cli.session import Session, as_text
from keysteward.entries import ChainLink, Source, View
from keysteward.keystore.trust import Consent
from keysteward.problems import Problem

_MOST_DAYS = 1_000_000
"""Of ``--expiring``: more than 2,700 years, and still a date that Python has."""


def list_(
    session: Session,
    *,
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
    new: Annotated[
        bool,
        typer.Option("--new", help="Only the provider's new keys, which wait to be activated."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """List the entries of the keystore, by alias."""
    if new:
        if deleted or waiting or expiring is not None:
            raise typer.BadParameter("--new is another list; leave the other conditions out.")
        provider.new(session, as_json=as_json)
        return
    now = datetime.now(UTC)
    days = None if expiring is None else min(expiring, _MOST_DAYS)
    with session.desk() as desk:
        found = desk.entries.list_(expiring_days=days, waiting=waiting, deleted=deleted)
    if as_json:
        output.say_json([views.listed_json(e, now) for e in found])
    elif found:
        rows = [views.listed_row(e, now, session.settings.provider) for e in found]
        columns = ("Alias", "Owner", "Type", "Version", "Valid until", "State", "Subject", "Issuer")
        mixed = len({e.owner for e in found}) > 1
        more = ("Type", "Version", "Subject", "Issuer")
        spare = (*more, "Owner") if mixed else ("Owner", *more)
        output.table(columns, rows, folding=("Subject", "Issuer"), spare=spare)
    else:
        output.say("No entries.")
    if expiring is not None and found:
        raise typer.Exit(output.EXIT_YES)


def show(
    session: Session,
    alias: options.Alias,
    *,
    view: options.View = View.CURRENT,
    as_json: options.Json = False,
) -> None:
    """Show an entry with its chain and fingerprints."""
    now = datetime.now(UTC)
    with session.desk() as desk:
        shown = desk.entries.show(alias, view)
    entry, more = shown.entry, provider_views.more_of(shown.provided, now)
    if as_json:
        output.say_json({**views.entry_json(entry, shown.requests), **more.members})
        return
    rows = views.entry_rows(entry, shown.requests, session.settings.provider, now)
    output.table(("", ""), [*rows, *more.rows])
    if len(entry.version.chain) > 1:
        output.say("")
        links = [ChainLink(c, Source.KEYSTORE) for c in entry.version.chain]
        output.chain_table(links, now)


def versions_(
    session: Session,
    alias: options.Alias,
    *,
    view: options.View = View.CURRENT,
    as_json: options.Json = False,
) -> None:
    """List every version of an entry, newest first."""
    now = datetime.now(UTC)
    with session.desk() as desk:
        entry, oldest_first = desk.entries.versions(alias, view)
    found = oldest_first[::-1]
    if as_json:
        output.say_json([views.version_json(entry, v) for v in found])
        return
    columns = ("Version", "Why", "When (UTC)", "Who", "Valid until", "Issuer", "SHA-256")
    rows = [
        (
            views.numbered(entry, v),
            v.reason.value + (f": {v.note}" if v.note else ""),
            f"{v.created_at:%Y-%m-%d %H:%M}",
            v.created_by,
            output.ends(v.certificate.not_after, now),
            v.certificate.issuer,
            f"{v.certificate.fingerprint[:16]}…",
        )
        for v in found
    ]
    output.table(columns, rows, folding=("Why", "Issuer"), spare=("SHA-256", "Issuer", "Who"))


def rollback(
    session: Session,
    alias: options.Alias,
    number: Annotated[int, typer.Argument(metavar="VERSION", help="The version to bring back.")],
    *,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            help="The reason, kept with the version.",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    override: options.Override = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Make an older version current again; this is itself a new version."""
    try:
        consent = Consent(frozenset(override or ()))
        with session.desk() as desk:
            planned = desk.entries.roll_back(alias, number, consent, note=reason, dry_run=dry_run)
    except Problem as problem:
        if as_json:
            output.say_json(plans.refused_json(alias, problem))
        raise
    if as_json:
        output.say_json(plans.plan_json(planned, dry_run=dry_run))
        return
    plan = planned.plan
    if plan.reason is None:
        output.say(f"'{plan.alias}' has the chain and key of version {number} already.")
        return
    if dry_run:
        output.say(f"This would bring version {number} of '{plan.alias}' back.")
    else:
        output.say(
            f"'{plan.alias}' is now version {planned.version}, with the chain of version {number}."
        )
    output.comparison(plan.replaced, plan.certificates[0])
    output.notices_table(plan.notices)


def rename(
    session: Session,
    alias: options.Alias,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new alias.")],
) -> None:
    """Give an entry another alias; content and keys stay, and the versions get one more."""
    with session.desk() as desk:
        entry = desk.entries.rename(alias, new)
    output.say(f"'{alias}' is now '{entry.alias}'.")


def delete(
    session: Session,
    alias: options.Alias,
    *,
    purge: Annotated[
        bool,
        typer.Option("--purge", help="Destroy its private keys for good, after typing the alias."),
    ] = False,
) -> None:
    """Hide an entry; 'undelete' brings it back."""
    with session.desk() as desk:
        if purge:
            held = desk.entries.holders(alias)
            # What is not there, or another's, is refused without a question.
            typed = "" if held is None else _typed_alias(session, alias, held)
            destroyed = desk.entries.purge(alias, typed)
            output.say(_destroyed(alias, destroyed, held or ()))
        else:
            desk.entries.delete(alias)
            output.say(f"'{alias}' is deleted. 'keysteward undelete' brings it back.")


def _destroyed(alias: str, keys: int, held: Sequence[str]) -> str:
    if held:
        return f"'{alias}' is in no list any more. {_kept(held)}"
    if keys == 0:
        return f"'{alias}' is destroyed for good."
    what = "private key" if keys == 1 else f"{keys} private keys"
    return f"'{alias}' and its {what} are destroyed for good."


def _kept(held: Sequence[str]) -> str:
    if len(held) == 1:
        which, whose = f"The backup '{held[0]}' holds", "that backup"
    else:
        which, whose = f"{len(held)} backups hold", "the last of them"
    return f"{which} versions of it: they stay, sealed, and are destroyed with {whose}."


def _typed_alias(session: Session, alias: str, held: Sequence[str]) -> str:
    if not session.interactive:
        return sys.stdin.readline().rstrip("\r\n")
    output.say(f"This destroys the private keys of '{alias}' for good.")
    if held:
        output.say(f"Not all of them yet. {_kept(held)}")
    typed: str = typer.prompt("Type the alias to confirm", default="", show_default=False, err=True)
    return typed


def undelete(session: Session, alias: options.Alias) -> None:
    """Bring the entry back that was deleted last under this alias."""
    with session.desk() as desk:
        entry = desk.entries.undelete(alias)
    output.say(f"'{entry.alias}' is back, in version {entry.version.number}.")
