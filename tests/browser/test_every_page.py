"""What holds for every page that there is, for every role, in light and in dark.

The pages are those that the routes name; a new one is looked at without a change here, unless its
address has a part of a new kind.
"""

import re
from collections.abc import Iterator

import pytest

from keysteward import app
from keysteward.rights import PERMISSIONS, Permission, Role
from keysteward.settings import Settings
from keysteward.ui import application, entry_changes, entry_places, shell
from keysteward.ui.routing import Route
from keysteward.web.access import Access
from tests import installations, providers
from tests.browser import pages
from tests.browser.conftest import Visitors

_IN_PLACE_OF = {
    "keystore": "default",
    "alias": "shop client",
    "name": "later",
    "number": "1",
}
"""What stands in addresses for the parts of their paths."""
_OTHER_ALIASES = {
    entry_places.IN_NEW: providers.ALIAS,
    entry_places.IN_HISTORY: f"[1]_{providers.ALIAS}",
    entry_changes.PURGE: "deleted",
}
"""Where the aliases are others: by the beginning of the path."""
_OTHER_NAMES = {"/users": "ann", "/clients": "pipeline"}
"""Where names are those of accounts: by the beginning of the path."""
_QUERIES = {"/compare": "?a=1&b=1"}
"""What an address cannot do without: by the end of the path."""
_FILE = "/download/{kind}"
"""The end of paths that lead to no page."""
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")


@pytest.fixture(scope="module", autouse=True)
def something_of_everything(settings: Settings) -> None:
    """Fill the module's installation, so that no page is empty."""
    with app.opened(settings) as steward:
        installations.furnish(steward)


def _addresses(role: Role | None) -> Iterator[str]:
    for route in _pages():
        parts = set(_PART.findall(route.path))
        if parts <= set(_IN_PLACE_OF) and _open_to(role, route):
            yield _address(route.path)


def _pages() -> Iterator[Route]:
    for route in application.all_routes():
        if route.method == "GET" and not route.path.endswith(_FILE):
            yield route


def _address(path: str) -> str:
    aliases = (alias for start, alias in _OTHER_ALIASES.items() if path.startswith(start))
    names = (name for start, name in _OTHER_NAMES.items() if path.startswith(start))
    values = {
        **_IN_PLACE_OF,
        "alias": next(aliases, _IN_PLACE_OF["alias"]),
        "name": next(names, _IN_PLACE_OF["name"]),
    }
    queries = (query for end, query in _QUERIES.items() if path.endswith(end))
    return _PART.sub(lambda part: shell.segment(values[part[1]]), path) + next(queries, "")


def _open_to(role: Role | None, route: Route) -> bool:
    needed = route.permission
    if isinstance(needed, Permission):
        return role is not None and needed in PERMISSIONS[role]
    return role is not None or needed is Access.EVERYBODY


def test_every_part_of_an_address_is_known() -> None:
    """No page is left out because its address has a part that nothing here stands for."""
    parts = {part for route in _pages() for part in _PART.findall(route.path)}
    assert set() == parts - set(_IN_PLACE_OF)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", [None, Role.ADMINISTRATOR], ids=lambda role: role or "stranger")
def test_every_page_is_without_barriers(visitors: Visitors, role: Role | None, scheme: str) -> None:
    """No page has a barrier that axe-core takes for serious, and none does what none may do.

    The administrator's pages have what those of others have.
    """
    page = visitors.open(role, color_scheme=scheme)
    found = {}
    for address in _addresses(role):
        page.goto(address)
        found[address] = pages.barriers(page)
    assert found
    assert {} == {address: barriers for address, barriers in found.items() if barriers}


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "stranger")
def test_every_page_is_shown_to_whoever_may_see_it(visitors: Visitors, role: Role | None) -> None:
    """Each role sees the pages that its permissions open, and none does what none may do."""
    page = visitors.open(role)
    shown = {}
    for address in _addresses(role):
        answer = page.goto(address)
        shown[address] = answer.status if answer else None
    assert shown
    assert dict.fromkeys(shown, 200) == shown
