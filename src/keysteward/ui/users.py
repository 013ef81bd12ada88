"""Users: who there is, what they may, and one-time passwords, each of which is shown once."""

from keysteward.accounts import users
from keysteward.entries import Action
from keysteward.problems import FieldInvalid
from keysteward.rights import Permission
from keysteward.ui import account_forms
from keysteward.ui.forms import Form
from keysteward.ui.routing import Leave, Page, Part, Routes, Visit
from keysteward.values import Secret

routes = Routes()

_MANAGE = Permission.USERS_EDIT
_LIST = "/users"
_USER = "/users/{name}"


@routes.get(_LIST, _MANAGE)
def show_users(visit: Visit) -> Page:
    """Show all users, and what the roles permit."""
    listed = users.list_users(visit.steward)
    seen = account_forms.last_seen(visit, Action.SESSION_OPENED)
    return Page("users.html", {"users": listed, "seen": seen, "role_lines": account_forms.ROLES})


@routes.get(f"{_LIST}/add", _MANAGE)
def add_dialog(visit: Visit) -> Page:
    """Ask for name, roles, keystores and password."""
    return Page("user_add.html", account_forms.values(visit))


@routes.post(f"{_LIST}/add", _MANAGE, hashes=True)
def add_user(visit: Visit) -> Part | Leave:
    """Make a user; a one-time password is shown in this answer alone."""
    form = visit.form
    name, password = form.required("name"), _password(form)
    chosen = account_forms.roles(form), account_forms.keystores(form)
    account, one_time = users.add_user(visit.steward, visit.caller, name, password, *chosen)
    if one_time is None:
        return Leave(_LIST, visit.text("The user {name} is added.", name=account.name))
    return _shown(account.name, one_time, added=True)


@routes.get(f"{_USER}/change", _MANAGE)
def change_dialog(visit: Visit) -> Page:
    """Ask for other roles and keystores."""
    account = users.get_user(visit.steward, visit.path["name"])
    return Page("account_change.html", {"back": _LIST, **account_forms.values(visit, account)})


@routes.post(f"{_USER}/change", _MANAGE)
def change_user(visit: Visit) -> Leave:
    """Give a user other roles and keystores."""
    name, chosen = visit.path["name"], account_forms.keystores(visit.form)
    users.change_user(
        *(visit.steward, visit.caller, name),
        roles=account_forms.roles(visit.form),
        keystores=chosen,
        all_keystores=chosen is None,
    )
    return Leave(_LIST, visit.text("{name} is changed.", name=name))


@routes.get(f"{_USER}/disable", _MANAGE)
def disable_dialog(visit: Visit) -> Page:
    """Ask whether a user is to be shut out."""
    return _confirmation(visit, "disable")


@routes.post(f"{_USER}/disable", _MANAGE)
def disable_user(visit: Visit) -> Leave:
    """Shut a user out, and end its sessions."""
    name = visit.path["name"]
    users.change_user(visit.steward, visit.caller, name, disabled=True)
    return Leave(_LIST, visit.text("{name} is disabled.", name=name))


@routes.get(f"{_USER}/enable", _MANAGE)
def enable_dialog(visit: Visit) -> Page:
    """Ask whether a user may sign in again."""
    return _confirmation(visit, "enable")


@routes.post(f"{_USER}/enable", _MANAGE)
def enable_user(visit: Visit) -> Leave:
    """Let a user sign in again."""
    name = visit.path["name"]
    users.change_user(visit.steward, visit.caller, name, disabled=False)
    return Leave(_LIST, visit.text("{name} is enabled.", name=name))


@routes.get(f"{_USER}/remove", _MANAGE)
def remove_dialog(visit: Visit) -> Page:
    """Ask whether a user is to be removed."""
    return _confirmation(visit, "remove")


@routes.post(f"{_USER}/remove", _MANAGE)
def remove_user(visit: Visit) -> Leave:
    """Remove a user and its sessions."""
    name = visit.path["name"]
    users.remove_user(visit.steward, visit.caller, name)
    return Leave(_LIST, visit.text("{name} is removed.", name=name))


@routes.get(f"{_USER}/password", _MANAGE)
def password_dialog(visit: Visit) -> Page:
    """Ask for another password of a user."""
    account = users.get_user(visit.steward, visit.path["name"])
    return Page("user_password.html", {"user": account})


@routes.post(f"{_USER}/password", _MANAGE, hashes=True)
def set_password(visit: Visit) -> Part | Leave:
    """Give a user another password; a one-time password is shown in this answer alone."""
    name, password = visit.path["name"], _password(visit.form)
    one_time = users.set_password(visit.steward, visit.caller, name, password)
    if one_time is None:
        return Leave(_LIST, visit.text("{name} has another password.", name=name))
    return _shown(name, one_time, added=False)


def _confirmation(visit: Visit, wish: str) -> Page:
    account = users.get_user(visit.steward, visit.path["name"])
    return Page("account_confirm.html", {"account_shown": account, "back": _LIST, "wish": wish})


def _password(form: Form) -> Secret | None:
    """Return the password that was given; None to have one made. Raises FieldInvalid."""
    if form.text("which_password") != "given":
        return None
    if form.raw("password") != form.raw("password_again"):
        raise FieldInvalid("password_again", "The two new passwords are different.")
    return form.required_secret("password")


def _shown(name: str, one_time: Secret, *, added: bool) -> Part:
    said = one_time.reveal().decode()
    return Part("user_password_shown.html", {"name": name, "one_time": said, "added": added})
