"""The first page: the tiles of Manage Security, for one keystore."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from keysteward.rights import Permission
from keysteward.storage.pages import Count
from keysteward.ui import entry_lines, shell
from keysteward.ui.routing import KEYSTORE, Leave, Page, Routes, Visit
from keysteward.web.access import Access

routes = Routes()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it counts, and where that is listed."""

    number: str
    text: str
    address: str
    level: str = ""
    """``ended``, ``soon`` or empty, as in lists."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of Manage Security: where it is, what it is for, and its figures."""

    title: str
    icon: str
    address: str
    hint: str = ""
    figures: tuple[Figure, ...] = ()
    at: datetime | None = None
    """Of its last event, which ``at_text`` says."""
    at_text: str = ""


@routes.get("/", Access.SIGNED_IN)
def start(visit: Visit) -> Leave:
    """Lead to the overview of the first keystore."""
    return Leave(shell.keystore_address(visit.keystore))


@routes.get(KEYSTORE, Permission.MONITORING_DATA_READ)
def show_overview(visit: Visit) -> Page:
    """Show the tiles."""
    return Page("overview.html", {"tiles": tuple(_tiles(visit))})


def _tiles(visit: Visit) -> Iterator[Tile]:
    base = shell.keystore_address(visit.keystore)
    keystore = visit.text("Keystore")
    yield Tile(keystore, "key", f"{base}/entries", figures=tuple(_figures(visit, base)))
    yield Tile(
        visit.text("Connectivity Tests"),
        "connected",
        f"{base}/connectivity",
        visit.text("Try a TLS connection with the keys of this keystore."),
    )
    if visit.may(Permission.AUDIT_LOG_READ):
        yield Tile(
            visit.text("Audit Log"),
            "document",
            f"{base}/audit",
            visit.text("See who did what, and when."),
        )
    yield _backups(visit, base)
    if visit.may(Permission.USERS_EDIT):
        users = visit.text("Manage users, their roles, and API clients.")
        yield Tile(visit.text("Users"), "group", "/users", users)


def _figures(visit: Visit, base: str) -> Iterator[Figure]:
    steward, entries = visit.steward, f"{base}/entries"
    found = steward.store.pages.overview(steward.keystore_id, steward.clock())

    ending = f"{entries}?show=ending&sort=valid-until"
    number = found.entries.number
    yield _figure(visit, found.entries, visit.texts("entry", "entries", number), entries)
    ended, soon = found.ended, found.ending
    said = visit.texts("has ended", "have ended", ended.number)
    yield _figure(visit, ended, said, ending, "ended")
    said = visit.texts("ends soon", "end soon", soon.number)
    yield _figure(visit, soon, said, ending, "soon")
    said = visit.texts("waits for a response", "wait for a response", found.waiting.number)
    yield _figure(visit, found.waiting, said, f"{entries}?show=waiting")
    if waiting := len(steward.store.catalogue.list_waiting_keys(steward.keystore_id)):
        text = visit.texts(
            "new {provider} key", "new {provider} keys", waiting, provider=steward.settings.provider
        )
        yield Figure(str(waiting), text, f"{base}/new")


def _figure(visit: Visit, count: Count, text: str, address: str, level: str = "") -> Figure:
    shown = entry_lines.counted(visit, count)
    return Figure(shown, text, address, level if count.number else "")


def _backups(visit: Visit, base: str) -> Tile:
    backups = visit.steward.store.list_backups(visit.steward.keystore_id)
    text = visit.texts("backup", "backups", len(backups))
    return Tile(
        visit.text("Backups"),
        "history",
        f"{base}/backup",
        figures=(Figure(str(len(backups)), text, f"{base}/backup"),),
        at=max((backup.created_at for backup in backups), default=None),
        at_text=visit.text("Last one made:"),
    )
