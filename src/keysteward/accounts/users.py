"""Users: people with a password. Each change acts at the next request of whom it is about."""

from keysteward.accounts import attempts, passwords, register, rules
from keysteward.accounts.principals import Principal
from keysteward.entries import Action, Caller
from keysteward.keystore.steward import Steward, require_administrator
from keysteward.problems import AccountNotFound, OldPasswordWrong, PasswordTooWeak
from keysteward.rights import Role
from keysteward.storage.account_records import Account, AccountKind, NewAccount
from keysteward.storage.audit import DONE
from keysteward.values import Secret

_OWN_PASSWORD = "change of password"  # noqa: S105  # in the place of an address, which none can be
"""Where wrong old passwords are counted: whoever stole a session has no guesses for free."""


def require_addable(name: str, password: Secret | None, roles: frozenset[Role]) -> None:
    """Refuse what ``add_user`` would refuse wherever it is. Raises as that does."""
    rules.require_name(name)
    rules.require_roles(roles)
    if password is not None:
        passwords.require_strong(password, name)


def add_user(
    steward: Steward,
    caller: Caller,
    name: str,
    password: Secret | None,
    roles: frozenset[Role],
    keystores: frozenset[str] | None,
) -> tuple[Account, Secret | None]:
    """Make a user; return it with a one-time password if none was given.

    Whoever signs in with a one-time password can do nothing but choose another one.

    Args:
        steward: the installation's.
        caller: who makes it; the tenant administrator.
        name: 1 to 100 characters, no colon, unique among the users.
        password: None to have one made.
        roles: one or more; the provider's alone.
        keystores: names of those that the user may see; None for all, also those to come.

    Raises InstallationOwnedByTenant, NameInvalid, NameTaken, PasswordTooWeak, RolesInvalid,
    KeystoreUnknown, ServerBusy.
    """
    one_time = passwords.make_one_time() if password is None else None

    def make() -> NewAccount:
        require_addable(name, password, roles)
        with passwords.working():
            hashed = passwords.hash_password(password or one_time or Secret(b""))
        return NewAccount(AccountKind.USER, name, hashed, password is None, roles, keystores)

    return register.add(steward, caller, make, AccountKind.USER, name), one_time


def list_users(steward: Steward) -> tuple[Account, ...]:
    """Return all users, by name; disabled ones, too."""
    return steward.store.accounts.list(AccountKind.USER)


def get_user(steward: Steward, name: str) -> Account:
    """Return a user. Raises AccountNotFound."""
    return register.get(steward, AccountKind.USER, name)


def change_user(
    steward: Steward,
    caller: Caller,
    name: str,
    *,
    roles: frozenset[Role] | None = None,
    keystores: frozenset[str] | None = None,
    all_keystores: bool = False,
    disabled: bool | None = None,
) -> Account:
    """Give a user other roles or keystores, or shut it out; what is None stays as it is.

    ``all_keystores`` comes before ``keystores``. Disabling ends the user's sessions.

    Raises InstallationOwnedByTenant, AccountNotFound, RolesInvalid, KeystoreUnknown, and
    LastAdministrator for the last enabled administrator of all keystores.
    """
    return register.change(
        *(steward, caller, AccountKind.USER, name),
        roles=roles,
        keystores=keystores,
        all_keystores=all_keystores,
        disabled=disabled,
    )


def remove_user(steward: Steward, caller: Caller, name: str) -> None:
    """Delete a user and its sessions; the audit log keeps the name.

    Raises InstallationOwnedByTenant, AccountNotFound, LastAdministrator.
    """
    register.remove(steward, caller, AccountKind.USER, name)


def set_password(
    steward: Steward, caller: Caller, name: str, password: Secret | None
) -> Secret | None:
    """Give a user another password, or a one-time password, which is returned, if it is None.

    Ends the user's sessions. Raises InstallationOwnedByTenant, AccountNotFound, PasswordTooWeak,
    ServerBusy.
    """
    one_time = passwords.make_one_time() if password is None else None
    with rules.recording_refusals(steward, caller, Action.PASSWORD_CHANGED, name):
        require_administrator(caller)
        get_user(steward, name)
        if password is not None:
            passwords.require_strong(password, name)
        with passwords.working():
            hashed = passwords.hash_password(password or one_time or Secret(b""))
        _store(steward, caller, name, hashed, must_change=password is None)
    return one_time


def change_own_password(steward: Steward, principal: Principal, old: Secret, new: Secret) -> None:
    """Give the user that is signed in another password. Ends all of its sessions, this one, too.

    Raises OldPasswordWrong, TooManyRequests after some wrong ones,
    PasswordTooWeak, ServerBusy, and AccountNotFound for an API client, which has none.
    """
    name = principal.name
    with rules.recording_refusals(steward, principal.caller, Action.PASSWORD_CHANGED, name):
        if principal.kind is not AccountKind.USER:
            raise AccountNotFound(rules.WORDS[AccountKind.USER], name)
        attempt = attempts.make(AccountKind.USER, name, _OWN_PASSWORD)
        counted = attempts.require_no_wait(steward, attempt)
        account = get_user(steward, name)
        passwords.require_strong(new, name)
        with passwords.working():
            right = passwords.verify(account.password_hash, old)
            same = right and passwords.verify(account.password_hash, new)
            hashed = passwords.hash_password(new) if right and not same else ""
        if not right:
            attempts.count(steward, attempt, account)
            raise OldPasswordWrong
        if same:
            raise PasswordTooWeak("It is the one that you have.")
        _store(steward, principal.caller, name, hashed, must_change=False)
        if counted:
            attempts.forget(steward, attempt)


def _store(
    steward: Steward, caller: Caller, name: str, password_hash: str, *, must_change: bool
) -> None:
    with steward.store.accounts.writing(caller.name, steward.clock(), steward.receipt) as changes:
        account = register.found(changes, AccountKind.USER, name)
        changes.set_password(account, password_hash, must_change=must_change)
        changes.sign_out(account)
        detail = {"account": name, "one_time": must_change}
        changes.audit(Action.PASSWORD_CHANGED, DONE, detail)
