"""What holds for every page that there is, for every role, in light and in dark.

The pages are those that the routes name; a new one is looked at without a change here, unless its
address has a part of a new kind.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from playwright.sync_api import expect

from keysteward import app
from keysteward.keystore import key_pairs, provider_keys
from keysteward.rights import PERMISSIONS, Permission, Role
from keysteward.settings import Settings
from keysteward.ui import application, entry_changes, entry_places, shell
from keysteward.ui.routing import Route
from keysteward.web.access import SESSION_COOKIE, Access
from tests import installations, key_uploads, providers
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.pki_maker import issue
from tests.steward import PROVIDER

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
_FILE_PASSWORD = "the password of one file"
_KEPT = """() => JSON.stringify(
  [{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state])"""
_OTHERS = [None, *(role for role in Role if role != Role.ADMINISTRATOR)]
"""Who sees some of what the administrator sees."""
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")


@pytest.fixture(scope="module", autouse=True)
def something_of_everything(settings: Settings) -> None:
    """Fill the module's installation, so that no page is empty."""
    with app.opened(settings) as steward:
        installations.furnish(steward)
        # The server would activate it at once: its day is past.
        provider_keys.hold(steward, PROVIDER, providers.ALIAS)


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


def _schemes() -> Iterator[pages.ColorScheme]:
    while True:
        yield "light"
        yield "dark"


def test_every_part_of_an_address_is_known() -> None:
    """No page is left out because its address has a part that nothing here stands for."""
    parts = {part for route in _pages() for part in _PART.findall(route.path)}
    assert set() == parts - set(_IN_PLACE_OF)


def test_every_page_is_without_barriers(visitors: Visitors) -> None:
    """No page has a barrier that axe-core takes for serious, and none does what none may do.

    The administrator's pages have what those of others have. Every other one is loaded in the dark.
    """
    page = visitors.open(Role.ADMINISTRATOR)
    found, shown = {}, {}
    for address, scheme in zip(_addresses(Role.ADMINISTRATOR), _schemes(), strict=False):
        page.emulate_media(color_scheme=scheme)
        answer = page.goto(address)
        shown[address] = answer.status if answer else None
        found[address] = pages.barriers_in_light_and_dark(page, scheme)
    assert found
    assert dict.fromkeys(found, 200) == shown
    assert {} == {address: barriers for address, barriers in found.items() if barriers}


@pytest.mark.parametrize("role", _OTHERS, ids=lambda role: role or "stranger")
def test_every_page_is_shown_to_whoever_may_see_it(visitors: Visitors, role: Role | None) -> None:
    """Each role sees the pages that its permissions open, and none does what none may do."""
    page = visitors.open(role)
    shown = {}
    for address in _addresses(role):
        answer = page.goto(address)
        shown[address] = answer.status if answer else None
    expected = dict.fromkeys(shown, 200)
    if role is Role.PROVIDER:
        # Its role may look, and the entry is the tenant's.
        request = next(address for address in shown if address.endswith("/signing-request"))
        expected[request] = 403
    assert shown
    assert expected == shown


def test_no_page_address_or_storage_holds_a_secret(
    visitors: Visitors, settings: Settings, tmp_path: Path
) -> None:
    """After signing in and adding a locked key, its bytes, passwords and session are nowhere."""
    page = visitors.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/sign-in")
    pages.sign_in(page, Role.ADMINISTRATOR)
    page.goto("/keystores/default/add/key-pair")
    pages.ready(page)
    root = issue("secret root", ca=True)
    leaf = issue("secret leaf", issuer=root)
    file = key_uploads.openssl_pkcs12(tmp_path, leaf, root, password=_FILE_PASSWORD)
    with page.expect_file_chooser() as choosing:
        page.locator("[data-file=file]").get_by_role("button").click()
    choosing.value.set_files({"name": "one.p12", "mimeType": "", "buffer": file})
    expect(page.locator("#announcements")).to_contain_text("The file is locked.")
    pages.field(page, "password").fill(_FILE_PASSWORD)
    pages.field(page, "password").press("Tab")
    page.get_by_role("checkbox", name="I have compared the fingerprint").click()
    pages.field(page, "alias").fill("secret")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("ui5-toast")).to_contain_text("secret is in the keystore now.")
    kept = [page.content(), page.evaluate(_KEPT)]
    page.goto("/keystores/default/entries")
    pages.ready(page)
    kept += [page.content(), page.evaluate(_KEPT), *asked]
    own = [address.replace("shop%20client", "secret") for address in _addresses(Role.ADMINISTRATOR)]
    kept += [page.request.get(address).text() for address in own]
    session = next(c["value"] for c in page.context.cookies() if c["name"] == SESSION_COOKIE)
    with app.opened(settings) as steward:
        entry = steward.store.get_entry(steward.keystore_id, "secret")
        key = key_pairs.unseal_private_key(steward, entry.version).reveal()
    secrets = [pages.PASSWORD, _FILE_PASSWORD, session, "PRIVATE KEY-----", *_writings(key)]
    assert [] == [secret for secret in secrets for text in kept if secret in text]


def _writings(pkcs8: bytes) -> Iterator[str]:
    """Yield what would stand in a text that had the private number of a key in it."""
    key = load_der_private_key(pkcs8, None)
    assert isinstance(key, EllipticCurvePrivateKey)
    number = key.private_numbers().private_value
    octets = number.to_bytes((key.key_size + 7) // 8)
    yield from (str(number), octets.hex(), octets.hex(":").upper())
    for start in range(3):  # base64 looks different at each of three places
        whole = octets[start : start + (len(octets) - start) // 3 * 3]
        yield base64.b64encode(whole).decode()
