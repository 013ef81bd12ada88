"""What holds for every account: its name, its roles, and that somebody can manage users."""

from collections.abc import Iterator
from contextlib import contextmanager

from keysteward.entries import Action, Caller
from keysteward.keystore import names
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    LastAdministrator,
    NameInvalid,
    Problem,
    RolesInvalid,
)
from keysteward.rights import Role
from keysteward.storage.account_records import Account, AccountKind
from keysteward.storage.accounts import AccountChanges
from keysteward.storage.audit import REFUSED

_LONGEST_TEXT = 1000
"""Characters that a row of a refusal keeps of what was sent; no name is longer."""

WORDS = {AccountKind.USER: "user", AccountKind.CLIENT: "API client"}
"""What people call an account of each kind."""


def is_name(name: str) -> bool:
    """Tell whether an account can have this name; whatever was sent can be asked for."""
    return ":" not in name and names.fault(name, names.MOST_CHARACTERS) is None


def require_name(name: str) -> None:
    """Raise NameInvalid for a name that cannot be shown, told apart, or signed in with."""
    names.require_name(name)
    if ":" in name:
        # RFC 7617 section 2. The audit log's "local:ann" and "client:ann" are no users either.
        raise NameInvalid(name, "it holds a colon, which ends the name where one signs in.")


def require_roles(roles: frozenset[Role]) -> None:
    """Raise RolesInvalid for none, and for the provider's with another one."""
    if not roles:
        raise RolesInvalid("An account has at least one role.")
    if Role.PROVIDER in roles and len(roles) > 1:
        raise RolesInvalid("The provider acts on its own entries alone, so its role stands alone.")


def require_administrator_left(
    changes: AccountChanges, before: Account, after: Account | None
) -> None:
    """Raise LastAdministrator if a change leaves no user who can manage users; None is a removal.

    It must run in the transaction of the change: two of them could each count on the other.
    """
    if not before.administers or (after is not None and after.administers):
        return
    others = (one for one in changes.list(AccountKind.USER) if one.id != before.id)
    if not any(other.administers for other in others):
        raise LastAdministrator(before.name)


@contextmanager
def recording_refusals(
    steward: Steward, caller: Caller, action: Action, name: str
) -> Iterator[None]:
    """Write a refusal of the enclosed operation to the installation's audit log, then let it go.

    A database that is busy or cannot be used refuses nobody; see ``Steward.recording_refusals``.
    """
    try:
        yield
    except Problem as problem:
        if problem.refuses:
            said = {"problem": problem.slug, "detail": problem.detail[:_LONGEST_TEXT]}
            with steward.store.accounts.writing(caller.name, steward.clock()) as changes:
                changes.audit(action, REFUSED, {"account": name[:_LONGEST_TEXT], **said})
        raise


def described(account: Account) -> dict[str, object]:
    """Return what the audit log says of an account."""
    keystores = account.keystores
    return {
        "roles": sorted(account.roles),
        "keystores": None if keystores is None else sorted(keystores),
        "disabled": account.disabled_at is not None,
    }
