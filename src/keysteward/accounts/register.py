"""What is done alike with users and API clients: look up, add, change, remove."""

from collections.abc import Callable
from dataclasses import replace

from keysteward.accounts import rules
from keysteward.entries import Action, Caller
from keysteward.keystore.steward import Steward, require_administrator
from keysteward.problems import AccountNotFound, NameTaken
from keysteward.rights import Role
from keysteward.storage.account_records import Account, AccountKind, NewAccount
from keysteward.storage.accounts import AccountChanges
from keysteward.storage.audit import DONE

_ADDED = {AccountKind.USER: Action.USER_ADDED, AccountKind.CLIENT: Action.CLIENT_ADDED}
_CHANGED = {AccountKind.USER: Action.USER_CHANGED, AccountKind.CLIENT: Action.CLIENT_CHANGED}
_REMOVED = {AccountKind.USER: Action.USER_REMOVED, AccountKind.CLIENT: Action.CLIENT_REMOVED}


def get(steward: Steward, kind: AccountKind, name: str) -> Account:
    """Return an account by its name. Raises AccountNotFound."""
    found = steward.store.accounts.find(kind, name) if rules.is_name(name) else None
    if found is None:
        raise AccountNotFound(rules.WORDS[kind], name)
    return found


def add(
    steward: Steward,
    caller: Caller,
    make: Callable[[], NewAccount],
    kind: AccountKind,
    name: str,
    more: Callable[[AccountChanges, int], None] = lambda changes, account_id: None,
) -> Account:
    """Make an account, once its name and roles are found right; ``make`` may take its time.

    ``more`` is done in the same transaction. Raises InstallationOwnedByTenant, NameInvalid,
    NameTaken, RolesInvalid, KeystoreUnknown.
    """
    with rules.recording_refusals(steward, caller, _ADDED[kind], name):
        require_administrator(caller)
        rules.require_name(name)
        new = make()
        rules.require_roles(new.roles)
        with steward.store.accounts.writing(
            caller.name, steward.clock(), steward.receipt
        ) as changes:
            if changes.find(kind, name) is not None:
                raise NameTaken(rules.WORDS[kind], name)
            account_id = changes.add(new)
            account = found(changes, kind, name)
            changes.audit(_ADDED[kind], DONE, {"account": name, **rules.described(account)})
            more(changes, account_id)
    return account


def change(
    steward: Steward,
    caller: Caller,
    kind: AccountKind,
    name: str,
    *,
    roles: frozenset[Role] | None,
    keystores: frozenset[str] | None,
    all_keystores: bool,
    disabled: bool | None,
) -> Account:
    """Give an account other roles or keystores, or shut it out; what is None stays.

    Raises InstallationOwnedByTenant, AccountNotFound, RolesInvalid, KeystoreUnknown,
    LastAdministrator.
    """
    with rules.recording_refusals(steward, caller, _CHANGED[kind], name):
        require_administrator(caller)
        if roles is not None:
            rules.require_roles(roles)
        at = steward.clock()
        with steward.store.accounts.writing(caller.name, at) as changes:
            before = after = found(changes, kind, name)
            if roles is not None:
                after = replace(after, roles=roles)
            if all_keystores or keystores is not None:
                after = replace(after, keystores=None if all_keystores else keystores)
            if disabled is not None and disabled != (before.disabled_at is not None):
                after = replace(after, disabled_at=at if disabled else None)
            if after == before:
                return before
            rules.require_administrator_left(changes, before, after)
            changes.change(after)
            if after.disabled_at is not None:
                changes.sign_out(after)
            said = {"from": rules.described(before), "to": rules.described(after)}
            changes.audit(_CHANGED[kind], DONE, {"account": name, **said})
            return found(changes, kind, name)


def remove(steward: Steward, caller: Caller, kind: AccountKind, name: str) -> None:
    """Delete an account with all that it signs in with.

    Raises InstallationOwnedByTenant, AccountNotFound, LastAdministrator.
    """
    with rules.recording_refusals(steward, caller, _REMOVED[kind], name):
        require_administrator(caller)
        with steward.store.accounts.writing(caller.name, steward.clock()) as changes:
            account = found(changes, kind, name)
            rules.require_administrator_left(changes, account, None)
            changes.remove(account)
            changes.audit(_REMOVED[kind], DONE, {"account": name, **rules.described(account)})


def found(changes: AccountChanges, kind: AccountKind, name: str) -> Account:
    """Return an account inside a transaction. Raises AccountNotFound."""
    account = changes.find(kind, name) if rules.is_name(name) else None
    if account is None:
        raise AccountNotFound(rules.WORDS[kind], name)
    return account
