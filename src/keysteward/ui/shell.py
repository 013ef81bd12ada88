"""What surrounds every page: who is signed in, the keystores, the choices of the browser."""

from urllib.parse import quote

from keysteward.ui.routing import Visit
from keysteward.ui.static_files import StaticFiles
from keysteward.web.service import Service

_FOLDERS = (".", "..")
_NO_FOLDER = "\N{WORD JOINER}"
"""Is invisible, so no name has it."""

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
    """Return a name as one segment of an address; ``name_of`` takes it back.

    Browsers take a segment of one or two dots for a folder, also if they are percent-encoded, and
    would go to another address (URL Standard, section 4.4).
    """
    return quote(f"{text}{_NO_FOLDER}" if text in _FOLDERS else text, safe="")


def name_of(text: str) -> str:
    """Return the name that a decoded segment of an address stands for."""
    name = text.removesuffix(_NO_FOLDER)
    return name if name in _FOLDERS else text


def keystore_address(keystore: str) -> str:
    """Return the address of a keystore's overview."""
    return f"/keystores/{segment(keystore)}"


def entry_address(keystore: str, alias: str) -> str:
    """Return the address of a current entry."""
    return f"{keystore_address(keystore)}/entries/{segment(alias)}"
