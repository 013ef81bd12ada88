"""What forms and lists of users and of API clients have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from keysteward import rights
from keysteward.entries import Action
from keysteward.problems import FieldInvalid
from keysteward.rights import Permission, Role
from keysteward.storage.account_records import Account
from keysteward.storage.audit import DONE
from keysteward.storage.records import AuditFilter
from keysteward.ui.forms import Form
from keysteward.ui.routing import Visit

_NEWEST = 1_000
"""Rows of the audit log that are looked at for who came last, and when."""


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role with what it permits."""

    role: Role
    permissions: tuple[Permission, ...]


ROLES = tuple(
    RoleLine(role, tuple(one for one in Permission if one in rights.PERMISSIONS[role]))
    for role in Role
)
"""All roles, the one that permits most first."""


def values(visit: Visit, account: Account | None = None) -> dict[str, object]:
    """Return what the fields for roles and keystores are filled with."""
    return {
        "account_shown": account,
        "role_lines": ROLES,
        "chosen_roles": account.roles if account else frozenset(),
        "chosen_keystores": account.keystores if account else None,
        "all_keystores": visit.keystores,
    }


def roles(form: Form) -> frozenset[Role]:
    """Return the roles that are ticked. Raises FieldInvalid."""
    given = form.all("roles")
    if not given:
        raise FieldInvalid("roles", "Choose at least one role.")
    if not set(given) <= set(Role):
        raise FieldInvalid("roles", "Choose among the roles.")
    return frozenset(map(Role, given))


def keystores(form: Form) -> frozenset[str] | None:
    """Return the keystores that are ticked; None for all. Raises FieldInvalid if none is."""
    if form.text("which_keystores") != "some":
        return None
    chosen = frozenset(form.all("keystores"))
    if not chosen:
        raise FieldInvalid("keystores", "Choose at least one keystore.")
    return chosen


def last_seen(visit: Visit, action: Action) -> Mapping[str, datetime]:
    """Return when accounts signed in last, by the name in the audit log, as far as it is recent."""
    wanted = AuditFilter(action=action, outcome=DONE)
    found = visit.steward.store.audit_log.read(None, wanted, last=_NEWEST)
    return {row.actor: row.at for row in found}
