"""API clients: what they may, and their secrets, each of which is shown once."""

from keysteward.accounts import clients
from keysteward.accounts.clients import LIFETIME_DAYS, LIVE, LONGEST_DAYS, ClientSecret
from keysteward.entries import Action
from keysteward.problems import FieldInvalid
from keysteward.rights import Permission
from keysteward.ui import account_forms
from keysteward.ui.forms import Form
from keysteward.ui.routing import Leave, Page, Part, Routes, Visit

routes = Routes()

_MANAGE = Permission.USERS_EDIT
_LIST = "/clients"
_CLIENT = "/clients/{name}"
_SECRET = f"{_CLIENT}/secrets/{{number}}"
_DIGITS = 20
"""Fewer ones are a number of 64 bits."""


@routes.get(_LIST, _MANAGE)
def show_clients(visit: Visit) -> Page:
    """Show all API clients with the ends of their secrets, and what the roles permit."""
    shown = {
        "clients": clients.list_clients(visit.steward),
        "seen": account_forms.last_seen(visit, Action.TOKEN_ISSUED),
        "now": visit.steward.clock(),
        "role_lines": account_forms.ROLES,
        "live": LIVE,
    }
    return Page("clients.html", shown)


@routes.get(f"{_LIST}/add", _MANAGE)
def add_dialog(visit: Visit) -> Page:
    """Ask for name, roles, keystores, and how long the secret lives."""
    return Page("client_add.html", {"days": LIFETIME_DAYS, **account_forms.values(visit)})


@routes.post(f"{_LIST}/add", _MANAGE)
def add_client(visit: Visit) -> Part:
    """Make an API client; its secret is shown in this answer alone."""
    form, name = visit.form, visit.form.required("name")
    chosen = account_forms.roles(form), account_forms.keystores(form)
    days = _days(form)
    account, made = clients.add_client(visit.steward, visit.caller, name, *chosen, days)
    return _shown(account.name, made, added=True)


@routes.get(f"{_CLIENT}/change", _MANAGE)
def change_dialog(visit: Visit) -> Page:
    """Ask for other roles and keystores."""
    account = clients.get_client(visit.steward, visit.path["name"]).account
    return Page("account_change.html", {"back": _LIST, **account_forms.values(visit, account)})


@routes.post(f"{_CLIENT}/change", _MANAGE)
def change_client(visit: Visit) -> Leave:
    """Give an API client other roles and keystores."""
    name, chosen = visit.path["name"], account_forms.keystores(visit.form)
    clients.change_client(
        *(visit.steward, visit.caller, name),
        roles=account_forms.roles(visit.form),
        keystores=chosen,
        all_keystores=chosen is None,
    )
    return Leave(_LIST, visit.text("{name} is changed.", name=name))


@routes.get(f"{_CLIENT}/disable", _MANAGE)
def disable_dialog(visit: Visit) -> Page:
    """Ask whether an API client is to be shut out."""
    return _confirmation(visit, "disable")


@routes.post(f"{_CLIENT}/disable", _MANAGE)
def disable_client(visit: Visit) -> Leave:
    """Shut an API client out, and end its tokens."""
    name = visit.path["name"]
    clients.change_client(visit.steward, visit.caller, name, disabled=True)
    return Leave(_LIST, visit.text("{name} is disabled.", name=name))


@routes.get(f"{_CLIENT}/enable", _MANAGE)
def enable_dialog(visit: Visit) -> Page:
    """Ask whether an API client may get tokens again."""
    return _confirmation(visit, "enable")


@routes.post(f"{_CLIENT}/enable", _MANAGE)
def enable_client(visit: Visit) -> Leave:
    """Let an API client get tokens again."""
    name = visit.path["name"]
    clients.change_client(visit.steward, visit.caller, name, disabled=False)
    return Leave(_LIST, visit.text("{name} is enabled.", name=name))


@routes.get(f"{_CLIENT}/remove", _MANAGE)
def remove_dialog(visit: Visit) -> Page:
    """Ask whether an API client is to be removed."""
    return _confirmation(visit, "remove")


@routes.post(f"{_CLIENT}/remove", _MANAGE)
def remove_client(visit: Visit) -> Leave:
    """Remove an API client with its secrets and tokens."""
    name = visit.path["name"]
    clients.remove_client(visit.steward, visit.caller, name)
    return Leave(_LIST, visit.text("{name} is removed.", name=name))


@routes.get(f"{_CLIENT}/add-secret", _MANAGE)
def secret_dialog(visit: Visit) -> Page:
    """Ask how long another secret lives."""
    client = clients.get_client(visit.steward, visit.path["name"])
    return Page("client_secret.html", {"client": client, "days": LIFETIME_DAYS})


@routes.post(f"{_CLIENT}/add-secret", _MANAGE)
def add_secret(visit: Visit) -> Part:
    """Make another secret, which is shown in this answer alone."""
    name = visit.path["name"]
    made = clients.add_secret(visit.steward, visit.caller, name, _days(visit.form))
    return _shown(name, made, added=False)


@routes.get(f"{_SECRET}/remove", _MANAGE)
def remove_secret_dialog(visit: Visit) -> Page:
    """Ask whether a secret is to end now."""
    client = clients.get_client(visit.steward, visit.path["name"])
    number = visit.path["number"]
    found = next((one for one in client.secrets if str(one.id) == number), None)
    return Page("client_secret_remove.html", {"client": client, "secret": found, "number": number})


@routes.post(f"{_SECRET}/remove", _MANAGE)
def remove_secret(visit: Visit) -> Leave:
    """End a secret now."""
    name, number = visit.path["name"], visit.path["number"]
    known = number.isascii() and number.isdigit() and len(number) < _DIGITS
    clients.remove_secret(visit.steward, visit.caller, name, int(number) if known else 0)
    return Leave(_LIST, visit.text("The secret {number} is removed.", number=number))


def _confirmation(visit: Visit, wish: str) -> Page:
    account = clients.get_client(visit.steward, visit.path["name"]).account
    return Page("account_confirm.html", {"account_shown": account, "back": _LIST, "wish": wish})


def _days(form: Form) -> int:
    days = form.whole("days")
    if days is None or not 1 <= days <= LONGEST_DAYS:
        raise FieldInvalid("days", "A secret lives for 1 to 3,650 days.")
    return days


def _shown(name: str, made: ClientSecret, *, added: bool) -> Part:
    shown = {"name": name, "secret": made.secret.reveal().decode(), "ends": made.expires_at}
    return Part("client_secret_shown.html", {**shown, "added": added})
