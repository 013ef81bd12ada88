"""The alias of an entry: renaming."""

from keysteward.keystore import lifecycle
from keysteward.rights import Permission
from keysteward.ui import dependents, shell
from keysteward.ui.routing import ENTRY, Leave, Page, Routes, Visit

routes = Routes()


@routes.get(f"{ENTRY}/rename", Permission.SECURITY_MATERIAL_EDIT)
def rename_dialog(visit: Visit) -> Page:
    """Ask for the new alias. Raises for what is not the caller's to rename."""
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    visit.steward.require_right(entry, visit.caller)
    remarks = tuple(dependents.before_renaming(visit, entry))
    return Page("rename.html", {"entry": entry, "remarks": remarks})


@routes.post(f"{ENTRY}/rename", Permission.SECURITY_MATERIAL_EDIT)
def rename(visit: Visit) -> Leave:
    """Give an entry another alias."""
    new = visit.form.required("new_alias")
    entry = lifecycle.rename_entry(visit.steward, visit.caller, visit.alias, new)
    said = visit.text("{old} is now called {new}.", old=visit.alias, new=entry.alias)
    return Leave(shell.entry_address(visit.keystore, entry.alias), said)
