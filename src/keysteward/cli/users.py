"""user add, list, change, password and remove."""

from keysteward.cli import account_options, account_views, options, output
from keysteward.cli.session import Session


def add(
    session: Session,
    name: account_options.UserName,
    *,
    role: account_options.Role,
    access: account_options.Access = None,
    password_stdin: options.PasswordStdin = False,
    as_json: options.Json = False,
) -> None:
    """Make a user, with a password for the first sign-in unless one is given."""
    password = account_options.password(from_stdin=password_stdin)
    with session.desk() as desk:
        user, one_time = desk.users.add(
            name, password, frozenset(role), account_options.keystores(access)
        )
    if as_json:
        output.say_json(account_views.user_json(user, one_time))
        return
    account_views.say_users([user])
    if one_time is not None:
        account_views.say_one_time(name, one_time)


def list_(session: Session, *, as_json: options.Json = False) -> None:
    """List the users of this installation."""
    with session.desk() as desk:
        found = desk.users.list_()
    if as_json:
        output.say_json([account_views.user_json(user) for user in found])
    else:
        account_views.say_users(found)


def change(
    session: Session,
    name: account_options.UserName,
    *,
    role: account_options.OtherRole = None,
    access: account_options.OtherAccess = None,
    all_keystores: account_options.AllKeystores = False,
    disabled: account_options.Disabled = None,
    as_json: options.Json = False,
) -> None:
    """Give a user other roles or keystores, or shut it out; it acts at once."""
    wanted = account_options.change(role, access, disabled, all_keystores=all_keystores)
    with session.desk() as desk:
        user = desk.users.change(name, wanted)
    if as_json:
        output.say_json(account_views.user_json(user))
    else:
        account_views.say_users([user])


def password(
    session: Session,
    name: account_options.UserName,
    *,
    password_stdin: options.PasswordStdin = False,
    as_json: options.Json = False,
) -> None:
    """Give a user another password: one for the first sign-in unless it is given."""
    given = account_options.password(from_stdin=password_stdin)
    with session.desk() as desk:
        user, one_time = desk.users.set_password(name, given)
    if as_json:
        output.say_json(account_views.user_json(user, one_time))
        return
    output.say(f"'{name}' has another password, and its sessions have ended.")
    if one_time is not None:
        account_views.say_one_time(name, one_time)


def remove(session: Session, name: account_options.UserName) -> None:
    """Remove a user; its sessions end at once, the audit log keeps its name."""
    with session.desk() as desk:
        desk.users.remove(name)
    output.say(f"The user '{name}' is gone.")
