"""Manage Keystore, tab Backup: what a backup holds; making, comparing, restoring, deleting one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from keysteward.entries import Action
from keysteward.keystore import backups, readings
from keysteward.keystore.intake import Decision, Intake, Mode, Status
from keysteward.problems import EntryChanged, FieldInvalid
from keysteward.rights import Permission
from keysteward.storage.page_sql import Sort
from keysteward.storage.pages import Position
from keysteward.storage.records import Backup
from keysteward.ui import entry_lines, intakes, shell
from keysteward.ui.intakes import Told
from keysteward.ui.routing import KEYSTORE, Leave, Page, Part, Routes, Visit

LIST = f"{KEYSTORE}/backup"
BACKUP = f"{LIST}/{{name}}"
RESTORE = f"{BACKUP}/restore"

LIMIT = 50
"""Lines of a page."""

_EDIT = Permission.SECURITY_MATERIAL_EDIT
_READ = Permission.MONITORING_DATA_READ
_MOST_TEXT = 1_000

routes = Routes()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the tab asks for; it is sorted by alias alone."""

    backup: str
    text: str
    after: str
    sort: Sort = Sort.ALIAS
    descending: bool = False

    @property
    def query(self) -> str:
        """The query that asks for this, with its question mark."""
        given = {"backup": self.backup, "text": self.text, "after": self.after}
        return f"?{urlencode({name: value for name, value in given.items() if value})}"


@routes.get(LIST, _READ)
def show_backup(visit: Visit) -> Page:
    """Show a page of a backup's entries; the newest backup's, if none is named."""
    steward, query = visit.steward, visit.query
    every = steward.store.list_backups(steward.keystore_id)
    if not every and "backup" not in query:
        return Page("backup_none.html", {"tab": "backup"})
    backup = steward.store.get_backup(steward.keystore_id, query.get("backup"))
    text = query.get("text", "").strip()[:_MOST_TEXT]
    asked = Asked(backup.name, text, query.get("after", ""))
    if not (asked.text or asked.after):
        # Further pages, and what is typed into the filter, belong to the same look.
        told = {"backup": backup.name, "form": "list"}
        readings.record(steward, visit.caller, Action.READ_BACKUP, told)
    after = Position("", asked.after, 0) if asked.after else None
    listed = steward.store.pages
    found = listed.list_backup(steward.keystore_id, backup, text, limit=LIMIT, after=after)
    base = f"{shell.keystore_address(visit.keystore)}/backup"
    values = {
        "tab": "backup",
        "backup": backup,
        "backups": every,
        "asked": asked,
        "count": entry_lines.counted(visit, listed.count_backup(steward.keystore_id, backup, text)),
        "columns": tuple(replace(column, sort=None) for column in entry_lines.COLUMNS),
        "listed": entry_lines.lines_of(visit, found.lines, None, backup),
        "list": base,
        "there": f"{base}/{shell.segment(backup.name)}",
        "here": f"{base}/{shell.segment(backup.name)}/entries",
        "first": replace(asked, after="").query if after else None,
        "next": replace(asked, after=found.next.alias).query if found.next else None,
    }
    return Page("backup_entries.html", values, {"list": "backup_list.html"})


@routes.get(f"{KEYSTORE}/create-backup", _EDIT)
def create_dialog(visit: Visit) -> Page:
    """Propose a name."""
    steward = visit.steward
    kept = steward.settings.backups_kept
    every = steward.store.list_backups(steward.keystore_id)
    values = {
        "proposal": _proposal(visit, {backup.name for backup in every}),
        "kept": kept,
        "gone": every[kept - 1 :] if kept is not None else (),
    }
    return Page("create_backup.html", values)


@routes.post(f"{KEYSTORE}/create-backup", _EDIT)
def create_backup(visit: Visit) -> Leave:
    """Make a snapshot."""
    made = backups.create_backup(visit.steward, visit.caller, visit.form.required("name"))
    said = visit.texts(
        "The backup {name} has one entry.",
        "The backup {name} has {n} entries.",
        made.size,
        name=made.name,
    )
    return Leave(_address(visit, made.name), said)


@routes.get(f"{BACKUP}/delete", _EDIT)
def delete_dialog(visit: Visit) -> Page:
    """Say what is lost."""
    return Page("delete_backup.html", {"backup": _backup(visit)})


@routes.post(f"{BACKUP}/delete", _EDIT)
def delete_backup(visit: Visit) -> Leave:
    """Delete a backup."""
    if not visit.form.ticked("confirm"):
        raise FieldInvalid("confirm", "Confirm that the backup is deleted for good.")
    name = visit.path["name"]
    destroyed = backups.delete_backup(visit.steward, visit.caller, name)
    said = visit.text("The backup {name} is deleted.", name=name)
    if destroyed:
        said += " " + visit.texts(
            "A private key that it was the last to hold is destroyed.",
            "{n} private keys that it was the last to hold are destroyed.",
            destroyed,
        )
    # With a query, because without one the browser stays where the deleted one is asked for.
    return Leave(_address(visit, ""), said)


@routes.get(f"{BACKUP}/compare", _READ)
def compare_backup(visit: Visit) -> Page:
    """Show what is not now as the backup holds it; that is recorded."""
    found = readings.comparison(visit.steward, visit.caller, visit.path["name"])
    return Page("compare_backup.html", {"found": found, "backup": found.backup})


@routes.get(RESTORE, _EDIT)
def restore_dialog(visit: Visit) -> Page:
    """Ask what is to be restored; the plan is asked for at once."""
    return Page("restore.html", {"backup": _backup(visit)})


@routes.post(f"{RESTORE}/plan", _EDIT, slow=True)
def plan_restore(visit: Visit) -> Part:
    """Show what a restore would do."""
    return _planned(visit)


@routes.post(RESTORE, _EDIT, slow=True)
def restore_backup(visit: Visit) -> Part:
    """Bring entries back as it was shown; show the plan again if it is another one now."""
    digest, aliases, mode = visit.form.optional("digest"), _aliases(visit), _mode(visit)
    if digest is None:
        return _planned(visit)
    if aliases is not None and not aliases:
        raise FieldInvalid("scope", "Choose at least one entry.")
    if mode is Mode.REPLACE and visit.form.raw("confirm") != digest:
        raise FieldInvalid("confirm", "Confirm that entries which the backup does not have vanish.")

    def accept(plan: Intake) -> None:
        if plan.digest != digest:
            raise EntryChanged(visit.keystore, "what would be done is no longer what was shown.")

    name = visit.path["name"]
    try:
        done = backups.restore(visit.steward, visit.caller, name, aliases, mode, accept=accept)
    except EntryChanged:
        return _planned(visit, changed=True)
    values = {
        "name": name,
        "done": done,
        "groups": intakes.groups(visit, done),
        "base": shell.keystore_address(visit.keystore),
    }
    return Part("restore_done.html", values)


def _planned(visit: Visit, *, changed: bool = False) -> Part:
    backup, aliases = _backup(visit), _aliases(visit)
    # Whoever chooses sees everything that is not as it was; the plan is about what is chosen.
    whole = backups.plan_restore(visit.steward, visit.caller, backup.name, None, _mode(visit))
    plan = whole
    if aliases is not None:
        plan = backups.plan_restore(
            visit.steward, visit.caller, backup.name, aliases, Mode.OVERWRITE
        )
    renamed = _renamed(visit, backup)
    values = {
        "plan": plan,
        "groups": intakes.groups(visit, whole, renamed=renamed),
        "choices": tuple(_choices(visit, whole, renamed)) if aliases is not None else None,
        "chosen": frozenset(aliases or ()),
        "changed": changed,
    }
    return Part("restore_plan.html", values)


def _choices(visit: Visit, whole: Intake, renamed: Mapping[str, str]) -> list[Told]:
    return [intakes.tell(visit, one, renamed) for one in whole.decisions if _comes(one)]


def _comes(decision: Decision) -> bool:
    return decision.status in (Status.NEW, Status.CHANGED)


def _renamed(visit: Visit, backup: Backup) -> Mapping[str, str]:
    found = backups.compare(visit.steward, backup).differences
    return {one.alias: one.renamed for one in found if one.renamed is not None}


def _aliases(visit: Visit) -> tuple[str, ...] | None:
    """Return the chosen aliases; None if everything is to be replaced."""
    if visit.form.text("scope") != "selected":
        return None
    return tuple(dict.fromkeys(visit.form.all("alias")))


def _mode(visit: Visit) -> Mode:
    return Mode.OVERWRITE if visit.form.text("scope") == "selected" else Mode.REPLACE


def _backup(visit: Visit) -> Backup:
    return visit.steward.store.get_backup(visit.steward.keystore_id, visit.path["name"])


def _address(visit: Visit, name: str) -> str:
    """Return where a backup is looked at; the newest one without a name."""
    return f"{shell.keystore_address(visit.keystore)}/backup?{urlencode({'backup': name})}"


def _proposal(visit: Visit, taken: set[str]) -> str:
    wanted = name = f"{visit.steward.clock():%Y-%m-%dT%H:%M:%SZ}"
    number = 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name
