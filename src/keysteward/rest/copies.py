"""Entries copied from one keystore to another."""

from functools import partial

from keysteward.keystore import keystores
from keysteward.rest import models, representations
from keysteward.rest.entries import EDIT
from keysteward.rest.imports import expected
from keysteward.rest.routing import KEYSTORE, Answer, Call, Routes
from keysteward.rest.wishes import Copying, Planning

routes = Routes("Copies", "Entries from one keystore to another of the same installation.")


def _again(call: Call[Planning, Copying]) -> Answer[models.Prospect]:
    return _planned(call, committed=True)


def _planned(call: Call[Planning, Copying], *, committed: bool) -> Answer[models.Prospect]:
    wanted = call.body
    plan = keystores.plan_copy(
        *(call.steward, call.caller, wanted.aliases, call.other_keystore(wanted.target)),
        overwrite=wanted.overwrite,
    )
    return Answer(representations.prospect(plan, committed=committed))


@routes.on("POST", f"{KEYSTORE}/copy", EDIT, slow=True, again=_again)
def copy_entries(call: Call[Planning, Copying]) -> Answer[models.Prospect]:
    """Copy current entries to another keystore: all of them, or none.

    With `dry_run` nothing is stored; name the plan's digest to carry out exactly what you have
    seen.
    """
    if call.query.dry_run:
        return _planned(call, committed=False)
    wanted = call.body
    plan = keystores.copy_entries(
        *(call.steward, call.caller, wanted.aliases, call.other_keystore(wanted.target)),
        overwrite=wanted.overwrite,
        accept=partial(expected, call.query.digest, "copy"),
    )
    return Answer(representations.prospect(plan, committed=True))
