"""Manage Keystore, tabs New SAP Keys and SAP Key History: what waits, and what was replaced."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from keysteward.entries import View
from keysteward.keystore import activations, aliases, provider_keys
from keysteward.keystore.activations import ActivationPlan
from keysteward.keystore.provider_keys import NewProviderKey
from keysteward.problems import EntryChanged
from keysteward.rights import Permission
from keysteward.storage.pages import Wanted
from keysteward.ui import current_entries, entry_lines, entry_places, plans, shell
from keysteward.ui.current_entries import Asked
from keysteward.ui.entry_lines import Column
from keysteward.ui.entry_places import IN_HISTORY, IN_NEW
from keysteward.ui.language import later
from keysteward.ui.routing import KEYSTORE, Leave, Page, Routes, Visit
from keysteward.values import Fingerprint

NEW = f"{KEYSTORE}/new"
HISTORY = f"{KEYSTORE}/history"

_READ, _EDIT = Permission.MONITORING_DATA_READ, Permission.SECURITY_MATERIAL_EDIT
_LIMIT = 50
"""Lines of a page."""
_OF_NEW = (Column("activation", later("Becomes Active")),)
_OF_HISTORY = (
    Column("original", later("Original Alias")),
    Column("active-from", later("Active From")),
    Column("active-until", later("Active Until")),
    Column("activated-by", later("Activated By")),
    Column("deactivated-by", later("Deactivated By")),
)
_HIDDEN = frozenset({"state"})
"""Nothing of it is said of a key that is not the active one."""

routes = Routes()


@routes.get(NEW, _READ)
def show_new(visit: Visit) -> Page:
    """Show the keys that wait to be activated."""
    waiting = {key.entry.alias: key for key in provider_keys.list_new(visit.steward)}
    held = {alias for alias, key in waiting.items() if key.held}
    return _listed(visit, View.NEW, _OF_NEW, {"waiting": waiting}, held)


@routes.get(HISTORY, _READ)
def show_history(visit: Visit) -> Page:
    """Show the keys that were replaced, and when they were active."""
    return _listed(visit, View.HISTORY, _OF_HISTORY, {"waiting": {}})


@routes.get(f"{IN_NEW}/activate", _EDIT)
def activate_dialog(visit: Visit) -> Page:
    """Show what an activation would do."""
    plan = activations.plan_activation(visit.steward, visit.alias)
    chain = plan.waiting.version.chain
    old = plan.current.version.chain if plan.current else ()
    return Page(
        "activate_key.html",
        {
            "plan": plan,
            "address": _address(visit, View.NEW, plan.alias),
            "chain": plans.show_chain(chain, visit.steward.clock()),
            "rows": plans.compare(old, chain),
            "notices": plans.show_notices(plan.notices, visit.language.code),
        },
    )


@routes.post(f"{IN_NEW}/activate", _EDIT)
def activate(visit: Visit) -> Leave:
    """Make a new key the active one, exactly as its plan was shown."""
    digest = Fingerprint(visit.form.required("digest"))

    def accept(plan: ActivationPlan) -> None:
        if plan.digest != digest:
            raise EntryChanged(plan.alias, "what would be done is no longer what was shown.")

    done = activations.activate(visit.steward, visit.caller, visit.alias, accept=accept)
    said = visit.text("{alias} is active now.", alias=done.plan.alias)
    if done.history_alias is not None:
        before = done.history_alias
        said += " " + visit.text("The key before is in the history as {alias}.", alias=before)
    return Leave(f"{shell.keystore_address(visit.keystore)}/new", said)


def _hold_dialog(visit: Visit, *, held: bool) -> Page:
    """Ask whether a new key shall wait for a person, or for its day again."""
    key = _waiting(visit, visit.alias)
    day = None
    if key is not None:
        day = replace(key, held=False).activates_at
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias, View.NEW)
    address = _address(visit, View.NEW, entry.alias)
    return Page("hold_key.html", {"entry": entry, "address": address, "held": held, "day": day})


def _hold(visit: Visit, *, held: bool) -> Leave:
    """Let a new key wait for a person, or for its day again."""
    entry = provider_keys.hold(visit.steward, visit.caller, visit.alias, held=held)
    said = later("{alias} is released.")
    if held:
        said = later("{alias} is held: it does not become active by itself.")
    address = f"{shell.keystore_address(visit.keystore)}/new"
    return Leave(address, visit.text(said, alias=entry.alias))


@routes.get(f"{IN_NEW}/hold", _EDIT)
def hold_dialog(visit: Visit) -> Page:
    """Say what it means to hold a key."""
    return _hold_dialog(visit, held=True)


@routes.post(f"{IN_NEW}/hold", _EDIT)
def hold(visit: Visit) -> Leave:
    """Let a new key wait for a person."""
    return _hold(visit, held=True)


@routes.get(f"{IN_NEW}/release", _EDIT)
def release_dialog(visit: Visit) -> Page:
    """Say what it means to release a key."""
    return _hold_dialog(visit, held=False)


@routes.post(f"{IN_NEW}/release", _EDIT)
def release(visit: Visit) -> Leave:
    """Let a new key wait for its day again."""
    return _hold(visit, held=False)


@routes.get(f"{IN_HISTORY}/restore", _EDIT)
def restore_dialog(visit: Visit) -> Page:
    """Ask for the alias among the new keys; propose the old one."""
    place = entry_places.find(visit, "history")
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    original = _original(place.entry.alias)
    values = {
        "place": place,
        "original": original,
        "active": store.find_entry(keystore_id, original) is not None,
        "waits": _waiting(visit, original) is not None,
        "other": _free_alias(visit, original),
    }
    return Page("restore_key.html", values)


@routes.post(f"{IN_HISTORY}/restore", _EDIT)
def restore(visit: Visit) -> Leave:
    """Copy a replaced key to the new ones."""
    alias = visit.form.required("alias")
    entry = provider_keys.restore(visit.steward, visit.caller, visit.alias, destination=alias)
    provider = visit.steward.settings.provider
    said = visit.text(
        "{alias} waits among the new {provider} keys now.", alias=entry.alias, provider=provider
    )
    return Leave(f"{shell.keystore_address(visit.keystore)}/new", said)


def _listed(
    visit: Visit,
    view: View,
    more: Iterable[Column],
    values: Mapping[str, object],
    held: Iterable[str] = (),
) -> Page:
    asked = replace(Asked.of(visit.query), shown="")
    steward, listed = visit.steward, visit.steward.store.pages
    wanted = Wanted(view=view, text=asked.text, sort=asked.sort, descending=asked.descending)
    after = current_entries.position_of(asked.after) if asked.after else None
    found = listed.list_page(steward.keystore_id, wanted, limit=_LIMIT, after=after)
    columns = tuple(c for c in entry_lines.COLUMNS if c.name not in _HIDDEN)
    return Page(
        "provider_keys.html",
        {
            **values,
            "tab": view.value,
            "asked": asked,
            "count": entry_lines.counted(visit, listed.count(steward.keystore_id, wanted)),
            "columns": columns,
            "more": tuple(more),
            "listed": entry_lines.lines_of(visit, found.lines, view, held=frozenset(held)),
            "here": f"{shell.keystore_address(visit.keystore)}/{view.value}",
            "first": replace(asked, after="").query if after else None,
            "next": current_entries.next_query(asked, found.next),
        },
        {"list": "provider_key_list.html"},
    )


def _waiting(visit: Visit, alias: str) -> NewProviderKey | None:
    found = provider_keys.list_new(visit.steward)
    return next((key for key in found if key.entry.alias == alias), None)


def _original(history_alias: str) -> str:
    """Return the alias that a key had while it was active: what follows its number."""
    return history_alias.partition("]_")[2]


def _free_alias(visit: Visit, original: str) -> str:
    """Return an alias of the provider that neither a current entry nor a new key has."""
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    stem = original if original.startswith(aliases.RESERVED_PREFIX) else f"sap_{original}"
    stem = stem[: aliases.MOST_CHARACTERS - 8]
    number = 2
    while any(
        store.find_entry(keystore_id, f"{stem}_{number}", view) for view in (View.CURRENT, View.NEW)
    ):
        number += 1
    return f"{stem}_{number}"


def _address(visit: Visit, view: View, alias: str) -> str:
    return f"{shell.keystore_address(visit.keystore)}/{view.value}/{shell.segment(alias)}"
