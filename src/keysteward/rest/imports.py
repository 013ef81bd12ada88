"""Whole keystore files, planned before they are written."""

from functools import partial

from keysteward.entries import Plan
from keysteward.keystore import imports
from keysteward.keystore.imports import ImportPlan, Upload
from keysteward.keystore.intake import Intake
from keysteward.problems import EntryChanged, UploadTooLarge
from keysteward.rest import models, representations
from keysteward.rest.entries import EDIT
from keysteward.rest.routing import KEYSTORE, Answer, Call, File, Limit, Routes
from keysteward.rest.wishes import Importing

routes = Routes("Imports", "Whole keystores: JKS, JCEKS and PKCS#12.")

_LIMIT = Limit(
    lambda settings: settings.keystore_file_limit_bytes,
    lambda limit: UploadTooLarge("a keystore", limit, "KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES"),
)


def expected(digest: str | None, what: str, plan: Plan | Intake | ImportPlan) -> None:
    """Refuse a plan with another digest than the one that was looked at. Raises EntryChanged."""
    if digest is not None and plan.digest != digest:
        raise EntryChanged(what, "what would be done is no longer what was shown.")


def _upload(call: Call[Importing, File]) -> Upload:
    file, asked = call.body, call.query
    return Upload(file.data, file.password, file.key_password, asked.mode, asked.roots)


def _again(call: Call[Importing, File]) -> Answer[models.ImportProspect]:
    """Return a plan of what there is still to do: nothing, unless somebody changed it."""
    plan = imports.plan_import(call.steward, call.caller, _upload(call))
    return Answer(representations.import_prospect(plan, committed=True))


@routes.on("POST", f"{KEYSTORE}/import", EDIT, limit=_LIMIT, slow=True, again=_again)
def import_keystore(call: Call[Importing, File]) -> Answer[models.ImportProspect]:
    """Import a keystore file: everything that its plan says, or nothing.

    Its password comes in the header Keysteward-Password, that of its keys, where it is another, in
    Keysteward-Key-Password. With `dry_run` nothing is stored; name the plan's digest to carry out
    exactly what you have seen.
    """
    if call.query.dry_run:
        plan = imports.plan_import(call.steward, call.caller, _upload(call))
        return Answer(representations.import_prospect(plan, committed=False))
    accept = partial(expected, call.query.digest, "keystore")
    plan = imports.import_keystore(call.steward, call.caller, _upload(call), accept=accept)
    return Answer(representations.import_prospect(plan, committed=True))
