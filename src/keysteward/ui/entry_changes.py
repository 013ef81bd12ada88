"""Delete, destroy, copy to another keystore: what is done with an entry as a whole."""

from dataclasses import replace
from functools import partial

from keysteward.entries import EntryType
from keysteward.keystore import aliases, keystores, lifecycle
from keysteward.keystore.intake import Intake
from keysteward.keystore.steward import Steward
from keysteward.problems import AliasExists, EntryChanged, FieldInvalid
from keysteward.rights import Permission
from keysteward.ui import dependents, shell
from keysteward.ui.routing import ENTRY, Leave, Page, Part, Routes, Visit
from keysteward.ui.wording import problem_texts

DELETION = f"{ENTRY}/delete"
PURGE = f"{ENTRY}/purge"
COPY = f"{ENTRY}/copy"

routes = Routes()

_EDIT = Permission.SECURITY_MATERIAL_EDIT


@routes.get(DELETION, _EDIT)
def deletion_dialog(visit: Visit) -> Page:
    """Say what depends on the entry. Raises for what is not the caller's to delete."""
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    visit.steward.require_right(entry, visit.caller)
    remarks = (*dependents.before_deleting(visit, entry), *dependents.of_chains(visit, entry))
    address = f"{shell.entry_address(visit.keystore, entry.alias)}/delete"
    return Page("delete.html", {"entry": entry, "remarks": remarks, "address": address})


@routes.post(DELETION, _EDIT)
def delete(visit: Visit) -> Leave:
    """Delete an entry, which can be restored."""
    gone = lifecycle.delete_entry(visit.steward, visit.caller, visit.alias)
    said = visit.text("{alias} is deleted. It can be restored.", alias=gone.alias)
    return Leave(_entries(visit), said)


@routes.get(PURGE, _EDIT)
def purge_dialog(visit: Visit) -> Page:
    """Ask for the alias of a deleted entry that shall be destroyed."""
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    entry = store.find_deleted(keystore_id, visit.alias)
    if entry is None or store.find_entry(keystore_id, visit.alias) is not None:
        raise FieldInvalid("alias", "Only a deleted entry is destroyed, and none has this alias.")
    visit.steward.require_right(entry, visit.caller)
    values = {
        "entry": entry,
        "backups": store.list_backups_of_entry(entry.id),
        "address": f"{shell.entry_address(visit.keystore, entry.alias)}/purge",
        "is_key_pair": entry.type is EntryType.KEY_PAIR,
    }
    return Page("purge.html", values)


@routes.post(PURGE, _EDIT)
def purge(visit: Visit) -> Leave:
    """Destroy a deleted entry, once its alias was typed; a current one has to be deleted before."""
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    if store.find_entry(keystore_id, visit.alias) is not None:
        raise EntryChanged(visit.alias, "it was restored.")
    typed = visit.form.raw("confirm")
    lifecycle.purge_entry(visit.steward, visit.caller, visit.alias, typed)
    return Leave(_entries(visit), visit.text("{alias} is destroyed.", alias=visit.alias))


@routes.get(COPY, _EDIT)
def copy_dialog(visit: Visit) -> Page:
    """Ask where the copy shall come to, and show what would be made of it there."""
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    visit.steward.require_right(entry, visit.caller)
    others = tuple(name for name in visit.keystores if name != visit.keystore)
    if not others:
        raise FieldInvalid("target", "There is no other keystore.")
    values = {
        "entry": entry,
        "others": others,
        "longest": aliases.MOST_CHARACTERS,
        "address": f"{shell.entry_address(visit.keystore, entry.alias)}/copy",
    }
    return Page("copy.html", {**values, **_planned(visit, others[0], entry.alias)})


@routes.post(f"{COPY}/plan", _EDIT)
def plan_copy(visit: Visit) -> Part:
    """Show what would be made of the entry in the keystore that was chosen."""
    target, alias = visit.form.required("target"), visit.form.required("new_alias")
    values = _planned(visit, target, alias, overwrite=visit.form.ticked("overwrite"))
    return Part("copy_plan.html", values)


@routes.post(COPY, _EDIT, slow=True)
def copy(visit: Visit) -> Leave | Part:
    """Carry out the plan that was shown; show another one if it would be another one now."""
    form = visit.form
    target, alias = form.required("target"), form.required("new_alias")
    overwrite = form.ticked("overwrite")
    try:
        keystores.copy_entries(
            *(visit.steward, visit.caller, {visit.alias: alias}, _target(visit, target)),
            overwrite=overwrite,
            accept=partial(_require, form.text("digest")),
        )
    except EntryChanged:
        values = _planned(visit, target, alias, overwrite=overwrite)
        return Part("copy_plan.html", {**values, "overtaken": True})
    said = visit.text(
        "{alias} is copied to {keystore} as {new}.", alias=visit.alias, keystore=target, new=alias
    )
    return Leave(shell.entry_address(visit.keystore, visit.alias), said)


def _planned(
    visit: Visit, target: str, alias: str, *, overwrite: bool = False
) -> dict[str, object]:
    """Return what a page shows of what a copy would do."""
    plan = keystores.plan_copy(
        *(visit.steward, visit.caller, {visit.alias: alias}, _target(visit, target)),
        overwrite=overwrite,
    )
    (decision,) = plan.decisions
    problem = decision.problem
    language = visit.language.code
    return {
        "plan": plan,
        "decision": decision,
        "target": target,
        "overtaken": False,
        "taken": isinstance(problem, AliasExists),
        "refused": None if problem is None else problem_texts.detail(problem, language),
    }


def _target(visit: Visit, name: str) -> Steward:
    """Return another keystore that the account may see. Raises KeystoreUnknown."""
    found = visit.service.steward_of(visit.principal, name)
    return replace(found, receipt=visit.steward.receipt)


def _require(digest: str, plan: Intake) -> None:
    if plan.digest != digest:
        raise EntryChanged("copy", "what would be done is no longer what was shown.")


def _entries(visit: Visit) -> str:
    return f"{shell.keystore_address(visit.keystore)}/entries"
