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
from keysteward.ui import application
from keysteward.ui.routing import Route
from keysteward.web.access import Access
from tests import installations
from tests.browser import pages
from tests.browser.conftest import Visitors

_IN_PLACE_OF = {
    "keystore": "default",
    "alias": "root",
}
"""What stands in addresses for the parts of their paths."""
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")


@pytest.fixture(scope="module", autouse=True)
def something_of_everything(settings: Settings) -> None:
    """Fill the module's installation, so that no page is empty."""
    with app.opened(settings) as steward:
        installations.furnish(steward)


def _addresses(role: Role | None) -> Iterator[str]:
    for route in application.all_routes():
        parts = set(_PART.findall(route.path))
        if route.method == "GET" and parts <= set(_IN_PLACE_OF) and _open_to(role, route):
            yield _PART.sub(lambda part: _IN_PLACE_OF[part[1]], route.path)


def _open_to(role: Role | None, route: Route) -> bool:
    needed = route.permission
    if isinstance(needed, Permission):
        return role is not None and needed in PERMISSIONS[role]
    return role is not None or needed is Access.EVERYBODY


def test_every_part_of_an_address_is_known() -> None:
    """No page is left out because its address has a part that nothing here stands for."""
    paths = [route.path for route in application.all_routes() if route.method == "GET"]
    assert set() == {part for path in paths for part in _PART.findall(path)} - set(_IN_PLACE_OF)


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
