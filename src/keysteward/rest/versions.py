"""Versions of an entry, and the way back to one of them."""

from keysteward.keystore import signing_responses, versions
from keysteward.rest import models, representations
from keysteward.rest.entries import EDIT, READ
from keysteward.rest.routing import ENTRY, Answer, Call, Routes
from keysteward.rest.wishes import InView, PlanConsenting, Rollback

routes = Routes("Versions", "Every earlier state of an entry; none is ever lost.")


@routes.on("GET", f"{ENTRY}/versions", READ)
def list_versions(call: Call[InView, None]) -> Answer[models.Page[models.Version]]:
    """All versions of an entry, the first one first."""
    store = call.steward.store
    entry = store.get_entry(call.steward.keystore_id, call.alias, call.query.view)
    found = store.list_versions(entry)
    return Answer(models.Page(items=tuple(map(representations.version, found))))


def _again(call: Call[PlanConsenting, Rollback]) -> Answer[models.Plan]:
    """Return a plan of what is current by now."""
    plan = versions.plan_rollback(
        *(call.steward, call.caller, call.alias, call.body.version, call.query.consent)
    )
    done = signing_responses.Uploaded(plan, plan.base_version)
    return Answer(representations.plan(plan, done))


@routes.on("POST", f"{ENTRY}/rollback", EDIT, again=_again)
def roll_back(call: Call[PlanConsenting, Rollback]) -> Answer[models.Plan]:
    """Make an earlier version current again, as a new version.

    Planned like an upload: the plan says whether key, issuer or root change. With `dry_run` nothing
    is stored; name the plan's digest to carry out exactly what you have seen.
    """
    asked = call.query
    wanted = (call.steward, call.caller, call.alias, call.body.version, asked.consent)
    if asked.dry_run:
        return Answer(representations.plan(versions.plan_rollback(*wanted), None))
    accept = signing_responses.expect(asked.expect_version, asked.digest)
    done = versions.roll_back(*wanted, note=call.body.note, accept=accept)
    return Answer(representations.plan(done.plan, done))
