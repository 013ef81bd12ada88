"""What surrounds every page: who is signed in, the keystores, the choices of the browser."""

from urllib.parse import quote

from keysteward.ui.routing import Visit
from keysteward.ui.static_files import StaticFiles
from keysteward.web.service import Service

THEMES = ("auto", "light", "dark", "contrast-black", "contrast-white")


def values(service: Service, static: StaticFiles, visit: Visit) -> dict[str, object]:
    """Return what the templates that surround a page are filled with."""
    principal = visit.signed_in
    theme = visit.preferences.get("theme", THEMES[0])
    return {
        "visit": visit,
        "static": static,
        "theme": theme if theme in THEMES else THEMES[0],
        "account": principal.name if principal else None,
        "account_roles": sorted(principal.roles) if principal else (),
        "keystore": visit.keystore,
        "keystores": visit.keystores,
        "csrf_token": service.csrf.issue(principal) if principal else "",
        "may": {str(permission) for permission in principal.permissions} if principal else set(),
        "base": keystore_address(visit.keystore),
        "provider": visit.steward.settings.provider,
    }


def segment(text: str) -> str:
    """Return a name as one segment of an address."""
    return quote(text, safe="")


def keystore_address(keystore: str) -> str:
    """Return the address of a keystore's overview."""
    return f"/keystores/{segment(keystore)}"


def entry_address(keystore: str, alias: str) -> str:
    """Return the address of a current entry."""
    return f"{keystore_address(keystore)}/entries/{segment(alias)}"
