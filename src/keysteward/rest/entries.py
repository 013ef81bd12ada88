"""Entries: listed, looked at, renamed, deleted, brought back, destroyed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from keysteward.entries import Entry, View
from keysteward.keystore import lifecycle, readings
from keysteward.problems import AliasNotFound, RequestInvalid
from keysteward.rest import models, paging, representations
from keysteward.rest.routing import ENTRIES, ENTRY, Answer, Call, Routes
from keysteward.rest.wishes import Deleting, EntriesWanted, Looking, NewAlias
from keysteward.rights import Permission
from keysteward.storage.entry_lists import EntryFilter, Position
from keysteward.web import conditions

READ = Permission.MONITORING_DATA_READ
EDIT = Permission.SECURITY_MATERIAL_EDIT

routes = Routes("Entries", "Key pairs and certificates, each under its alias.")


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where a page ended; the moment from which days are counted stays while pages are turned."""

    before: datetime | None
    position: Position


def shown(
    call: Call[object, object], entry: Entry, status: int | None = None
) -> Answer[models.Entry]:
    """Return the answer that an entry is, with its entity tag."""
    tag = conditions.etag_of(entry)
    return Answer(representations.entry(call.steward, entry), status, {"ETag": tag})


@routes.on("GET", ENTRIES, READ)
def list_entries(call: Call[EntriesWanted, None]) -> Answer[models.Page[models.ListedEntry]]:
    """The entries of a keystore, by alias.

    With `expiring_days` they come by the end of their validity instead.
    """
    wanted, days, key = call.query, call.query.expiring_days, call.service.csrf.key
    if wanted.view is not View.CURRENT and (wanted.waiting or wanted.deleted or days is not None):
        raise RequestInvalid("expiring_days, waiting and deleted are of the current entries.")
    # What a page depends on besides where the last one ended.
    of = (
        *("entries", call.steward.keystore_id, wanted.view, days, wanted.waiting),
        *(wanted.deleted, wanted.type, wanted.owner, wanted.prefix),
    )
    turn = None if wanted.cursor is None else paging.read(key, of, wanted.cursor, _Turn)
    before = turn.before if turn else _end(call.steward.clock(), days)
    filters = EntryFilter(
        view=wanted.view,
        expiring_before=before,
        waiting=wanted.waiting,
        deleted=wanted.deleted,
        type=wanted.type,
        owner=wanted.owner,
        prefix=wanted.prefix,
    )
    found = call.steward.store.catalogue.list_lines(
        call.steward.keystore_id,
        filters,
        limit=wanted.limit + 1,
        after=turn.position if turn else None,
    )
    page, following = found[: wanted.limit], None
    if len(found) > len(page):
        following = paging.write(key, of, _Turn(before, Position.of(page[-1])))
    return Answer(models.Page(items=tuple(map(representations.listed, page)), next=following))


def _end(now: datetime, days: int | None) -> datetime | None:
    try:
        return None if days is None else now + timedelta(days=days)
    except OverflowError as error:
        raise RequestInvalid("So many days from now the calendar has ended.") from error


@routes.on("GET", ENTRY, READ)
def show_entry(call: Call[Looking, None]) -> Answer[models.Entry]:
    """One entry with its current version and its pending one."""
    store, keystore_id = call.steward.store, call.steward.keystore_id
    try:
        found = store.get_entry(keystore_id, call.alias, call.query.view)
    except AliasNotFound:
        hidden = store.find_deleted(keystore_id, call.alias) if call.query.deleted else None
        if hidden is None:
            raise
        found = hidden
    return shown(call, found)


@routes.on("DELETE", ENTRY, EDIT)
def delete_entry(call: Call[Deleting, None]) -> Answer[models.Entry | models.Destroyed]:
    """Hide an entry, or destroy it.

    A hidden entry can be listed and brought back, and its keys stay sealed. With `purge` it goes
    for good, with every private key that nothing else uses; `confirm` has to be the alias.
    """
    if not call.query.purge:
        return shown(call, lifecycle.delete_entry(call.steward, call.caller, call.alias))
    typed = call.query.confirm or ""
    return Answer(
        models.Destroyed(
            keys_destroyed=lifecycle.purge_entry(call.steward, call.caller, call.alias, typed)
        )
    )


def _again(call: Call[object, object]) -> Answer[models.Entry]:
    return shown(call, call.steward.store.get_entry(call.steward.keystore_id, call.alias))


def _renamed(call: Call[None, NewAlias]) -> Answer[models.Entry]:
    return shown(call, call.steward.store.get_entry(call.steward.keystore_id, call.body.alias))


@routes.on("POST", f"{ENTRY}/undelete", EDIT, again=_again)
def undelete_entry(call: Call[None, None]) -> Answer[models.Entry]:
    """Bring the entry back that was deleted last under this alias."""
    return shown(call, lifecycle.undelete_entry(call.steward, call.caller, call.alias))


@routes.on("POST", f"{ENTRY}/rename", EDIT, again=_renamed)
def rename_entry(call: Call[None, NewAlias]) -> Answer[models.Entry]:
    """Give an entry another alias, as a new version with the same content and key."""
    return shown(
        call, lifecycle.rename_entry(call.steward, call.caller, call.alias, call.body.alias)
    )


@routes.on("GET", f"{ENTRY}/signing-requests", READ)
def list_signing_requests(call: Call[None, None]) -> Answer[models.Page[models.SigningRequest]]:
    """The signing requests that were written for an entry, the first one first.

    That they are read is written to the audit log.
    """
    entry = call.steward.store.get_entry(call.steward.keystore_id, call.alias)
    found = readings.signing_requests(call.steward, call.caller, entry)
    return Answer(models.Page(items=tuple(map(representations.signing_request, found))))
