"""Whole keystores as files: Add > Keystore, and the public content as a download.

The dialog sends file and password to be planned as soon as they are there. Deploy names the plan
that was shown by its digest; if another one would be carried out now, that is shown first.
"""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.keystore import imports, readings
from keysteward.keystore.downloads import Download, KeystoreForm
from keysteward.keystore.imports import ImportPlan, Upload
from keysteward.keystore.intake import Mode
from keysteward.problems import EntryChanged, FieldInvalid, PasswordWrong, ResourceUnknown
from keysteward.rights import Permission
from keysteward.settings import Settings
from keysteward.ui import intakes, shell
from keysteward.ui.routing import KEYSTORE, File, Page, Part, Routes, Visit

ADD = f"{KEYSTORE}/add/keystore"

_EDIT = Permission.SECURITY_MATERIAL_EDIT
_DOWNLOAD = Permission.SECURITY_MATERIAL_DOWNLOAD

_NO_PLAN: Mapping[str, object] = MappingProxyType(
    {"plan": None, "groups": MappingProxyType({}), "asks": False, "changed": False}
)
"""What is shown below the file as long as there is no plan."""

routes = Routes()


def _limit(settings: Settings) -> int:
    return settings.keystore_file_limit_bytes


@routes.get(ADD, _EDIT)
def add_dialog(visit: Visit) -> Page:
    """Ask for the file, its password, and what happens to entries that are there."""
    return Page("add_keystore.html", {"limit": _limit(visit.steward.settings)})


@routes.post(f"{ADD}/plan", _EDIT, limit=_limit, slow=True)
def plan_keystore(visit: Visit) -> Part:
    """Show what would become of each entry; nothing without a file, or its password."""
    if visit.form.find_file("file") is None:
        return Part("import_plan.html", _NO_PLAN)
    try:
        return _planned(visit)
    except PasswordWrong:
        if visit.form.secret("password") is not None:
            raise
        return Part("import_plan.html", {**_NO_PLAN, "asks": True})


@routes.post(ADD, _EDIT, limit=_limit, slow=True)
def add_keystore(visit: Visit) -> Part:
    """Take the file in as it was shown; show the plan if it was not, or is another one now."""
    upload, digest = _upload(visit), visit.form.optional("digest")
    if digest is None:
        return _planned(visit)
    if upload.mode is Mode.REPLACE and visit.form.raw("confirm") != digest:
        raise FieldInvalid("confirm", "Confirm that entries which the file does not have vanish.")

    def accept(plan: ImportPlan) -> None:
        if plan.digest != digest:
            raise EntryChanged(visit.keystore, "what would be done is no longer what was shown.")

    try:
        done = imports.import_keystore(
            visit.steward, visit.caller, upload, accept=accept, progress=visit.progress
        )
    except EntryChanged:
        return _planned(visit, changed=True)
    values = {
        "plan": done,
        "groups": intakes.groups(visit, done.intake, done.skipped),
        # Whoever comes back to the work later is in no keystore.
        "base": shell.keystore_address(visit.keystore),
    }
    return Part("import_done.html", values)


@routes.get(f"{KEYSTORE}/download/{{kind}}", _DOWNLOAD, slow=True)
def download_keystore(visit: Visit) -> File:
    """Give out the certificates of all entries; that is recorded."""
    return _file(readings.keystore(visit.steward, visit.caller, _form(visit)))


@routes.get(f"{KEYSTORE}/backup/{{name}}/download/{{kind}}", _DOWNLOAD, slow=True)
def download_backup(visit: Visit) -> File:
    """Give out the certificates of a backup; that is recorded."""
    form = _form(visit)
    return _file(readings.backup_keystore(visit.steward, visit.caller, visit.path["name"], form))


def _planned(visit: Visit, *, changed: bool = False) -> Part:
    plan = imports.plan_import(visit.steward, visit.caller, _upload(visit), visit.progress)
    values = {
        **_NO_PLAN,
        "plan": plan,
        "replacing": plan.intake.mode is Mode.REPLACE,
        "groups": intakes.groups(visit, plan.intake, plan.skipped),
        "changed": changed,
    }
    return Part("import_plan.html", values)


def _upload(visit: Visit) -> Upload:
    form = visit.form
    mode = Mode.OVERWRITE if form.ticked("overwrite") else Mode.ADD
    return Upload(
        form.file().data,
        form.secret("password"),
        form.secret("key_password"),
        Mode.REPLACE if form.text("action") == "replace" else mode,
        form.ticked("roots"),
    )


def _form(visit: Visit) -> KeystoreForm:
    """Return the format that the address names. Raises ResourceUnknown."""
    kind = visit.path["kind"]
    if kind not in list(KeystoreForm):
        raise ResourceUnknown(f"download/{kind[:40]}")
    return KeystoreForm(kind)


def _file(found: Download) -> File:
    return File(found.file_name, found.media_type, found.content)
