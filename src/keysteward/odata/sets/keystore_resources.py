"""KeystoreResources: whole keystores are exported, imported, backed up, restored and emptied."""

from keysteward.keystore import backups, imports, lifecycle, readings
from keysteward.keystore.downloads import KeystoreForm
from keysteward.keystore.imports import ImportPlan, Upload
from keysteward.keystore.intake import Intake, Mode
from keysteward.odata import errors, model
from keysteward.odata.changing import alias_lists, answers, documents, fates
from keysteward.odata.changing.documents import Document
from keysteward.odata.contract import Answer, BodyLimit, Call
from keysteward.odata.entities import Entity
from keysteward.odata.paths import Key
from keysteward.odata.reading import sources
from keysteward.problems import BodyTooLarge, PasswordWrong, RequestInvalid
from keysteward.settings import Settings

_SETTING = "KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES"

_IMPORT_MODES = {"merge": Mode.ADD, "overwrite": Mode.OVERWRITE, "replace": Mode.REPLACE}
_RESTORE_MODES = {"overwrite": Mode.OVERWRITE, "replace": Mode.REPLACE}

_ALIASES_BYTES = 4 * 2_097_152 + 65_536
"""Of a body with a list of aliases: four bytes for each of the characters that it may have."""


def find(call: Call, key: Key) -> Entity:
    """Return the public content of the keystore or its backup as a JCEKS truststore.

    Who asked for it is told in the audit log. Raises RequestInvalid, BackupNotFound.
    """
    name = str(key[0])
    if name not in (sources.SYSTEM, sources.BACKUP):
        raise errors.keystore_name_invalid(name)
    if name == sources.SYSTEM:
        found = readings.keystore(call.steward, call.caller, KeystoreForm.JCEKS)
    else:
        found = readings.backup_keystore(
            call.steward, call.caller, sources.BACKUP, KeystoreForm.JCEKS
        )
    return Entity(model.KEYSTORE_RESOURCE, {"Name": name, "Resource": found.content})


def post_limit(settings: Settings, _media_type: str) -> BodyLimit:
    """Return the limit of a body with a keystore file."""
    return documents.with_file("a keystore", settings.keystore_file_limit_bytes, _SETTING)


def put_limit(_settings: Settings, _media_type: str) -> BodyLimit:
    """Return the limit of a body with a list of aliases."""
    return BodyLimit(_ALIASES_BYTES, BodyTooLarge(_ALIASES_BYTES))


def post(call: Call) -> Answer:
    """Import a file into the keystore, or make its backup, as the property Name says.

    Raises RequestInvalid for another name, and what ``import_keystore`` does.
    """
    document = documents.read(call, model.KEYSTORE_RESOURCE)
    name = document.text("Name") or ""
    if name == sources.SYSTEM:
        return _import(call, document)
    if name != sources.BACKUP:
        raise errors.keystore_name_unsupported(name)
    if call.options.import_option is not None:
        raise RequestInvalid("A backup takes no importOption.")
    backups.create_backup(call.steward, call.caller, sources.BACKUP, replace_same=True)
    return answers.changed(call, entries_by_default=True)


def put(call: Call) -> Answer:
    """Restore the backup, or delete the entries that the property Aliases lists.

    Raises RequestInvalid unless the options say which.
    """
    name = str((call.resource.key or ("",))[0])
    if name != sources.SYSTEM:
        raise errors.keystore_name_invalid(name)
    document = documents.read(call, model.KEYSTORE_RESOURCE)
    options = call.options
    if options.delete_entries == (options.retrieve_backup is not None):
        raise RequestInvalid(
            f"Say what to do: retrieveBackup={sources.BACKUP}, or deleteEntries=true."
        )
    if options.delete_entries:
        return _delete(call, document)
    return _restore(call)


def _import(call: Call, document: Document) -> Answer:
    mode = _mode(call, _IMPORT_MODES)
    quiet = call.options.return_keystore_entries is False

    def accept(plan: ImportPlan) -> None:
        for decision in plan.intake.decisions:
            if decision.problem is None:
                continue
            if isinstance(decision.problem, PasswordWrong):
                raise decision.problem
            if quiet:
                what = errors.not_imported(decision.problem)
                raise RequestInvalid(f"Nothing is imported. {decision.alias!r}: {what}")

    upload = Upload(document.file("Resource"), document.password(), mode=mode)
    plan = answers.tried(
        call,
        lambda: imports.import_keystore(call.steward, call.caller, upload, accept=accept),
    )
    return _told(call, plan.intake)


def _restore(call: Call) -> Answer:
    if call.options.retrieve_backup != sources.BACKUP:
        raise errors.keystore_name_invalid(call.options.retrieve_backup or "")
    mode = _mode(call, _RESTORE_MODES)
    quiet = call.options.return_keystore_entries is False

    def accept(plan: Intake) -> None:
        for decision in plan.decisions:
            if quiet and decision.problem is not None:
                what = errors.not_imported(decision.problem)
                raise RequestInvalid(f"Nothing is restored. {decision.alias!r}: {what}")

    plan = answers.tried(
        call,
        lambda: backups.restore(
            call.steward, call.caller, sources.BACKUP, None, mode, accept=accept
        ),
    )
    return _told(call, plan)


def _delete(call: Call, document: Document) -> Answer:
    listed = alias_lists.read(document.text("Aliases") or "")
    answers.tried(call, lambda: lifecycle.delete_entries(call.steward, call.caller, listed))
    return answers.changed(call, entries_by_default=True)


def _mode(call: Call, modes: dict[str, Mode]) -> Mode:
    option = call.options.import_option or "overwrite"
    if option not in modes:
        raise RequestInvalid(f"importOption is one of {', '.join(modes)}, not {option[:40]!r}.")
    return modes[option]


def _told(call: Call, plan: Intake) -> Answer:
    """Return the entries, each with what became of it, unless the caller wants none."""
    if call.options.return_keystore_entries is False:
        return answers.changed(call)
    return fates.feed(call, plan)
