"""Users and API clients: made, used in another browser, changed, shut out; and high contrast."""

from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, expect

from keysteward import app
from keysteward.accounts import clients, users
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.values import Secret
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.servers import Server
from tests.steward import TENANT

_OWN = "a password of her own"
_STORED = "() => JSON.stringify([localStorage, sessionStorage, location.href, history.state])"


def _once(page: Page) -> str:
    """Return what a window shows once; it is in the clipboard after a press, and kept nowhere."""
    expect(page.get_by_text("This will not be shown again. Copy it now.")).to_be_visible()
    shown: str = page.locator(".once code").inner_text()
    page.locator(".once").get_by_role("button").click()
    expect(page.locator("#announcements")).to_have_text("Copied")
    assert shown == page.evaluate("() => navigator.clipboard.readText()")
    assert shown not in page.evaluate(_STORED)
    with pages.renewing(page):
        page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("ui5-dialog")).to_have_count(0)
    assert shown not in page.content()
    return shown


def _row(page: Page, name: str) -> str:
    return page.get_by_role("row").filter(has_text=name).first.inner_text()


def _menu(page: Page, name: str, item: str) -> None:
    page.get_by_role("button", name=f"Actions of {name}", exact=True).click()
    page.get_by_role("menuitem", name=item).click()
    expect(page.locator("ui5-dialog[open]")).to_be_visible()
    pages.ready(page)


def _press(page: Page, name: str) -> None:
    page.locator("ui5-dialog").get_by_role("button", name=name, exact=True).click()


def _sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/sign-in")
    pages.field(page, "name").fill(name)
    pages.field(page, "password").fill(password)
    page.get_by_role("button", name="Sign In", exact=True).click()
    pages.signed_in(page)


def test_user_is_added_comes_with_the_one_time_password_and_is_shut_out(
    visitors: Visitors,
) -> None:
    """From the dialog to the user's own browser, and back: disabled, enabled, removed."""
    clipboard = ["clipboard-read", "clipboard-write"]
    admin = visitors.open(Role.ADMINISTRATOR, permissions=clipboard)
    admin.goto("/users")
    admin.get_by_role("button", name="Add User").click()
    pages.ready(admin)
    pages.field(admin, "name").fill("carol")
    _press(admin, "Add User")
    expect(admin.get_by_text("Choose at least one role.").first).to_be_visible()
    expect(pages.field(admin, "name")).to_have_value("carol")
    admin.get_by_role("checkbox", name="Operator").click()
    admin.get_by_role("radio", name="Only these:").click()
    admin.get_by_role("checkbox", name="default").click()
    assert [] == pages.barriers(admin)
    _press(admin, "Add User")
    password = _once(admin)
    assert "Operator" in _row(admin, "carol")
    assert "One-time password" in _row(admin, "carol")

    carol = visitors.open()
    _come_and_choose_a_password(carol, password)

    admin.reload()
    pages.ready(admin)
    _menu(admin, "carol", "Disable")
    with pages.renewing(admin):
        _press(admin, "Disable")
    expect(admin.get_by_role("row").filter(has_text="carol")).to_contain_text("Disabled")
    carol.goto("/keystores/default/entries")
    expect(carol.get_by_role("heading", name="Sign In")).to_be_visible()

    _menu(admin, "carol", "Enable")
    with pages.renewing(admin):
        _press(admin, "Enable")
    expect(admin.get_by_role("row").filter(has_text="carol")).to_contain_text("Enabled")
    _menu(admin, "carol", "Remove")
    with pages.renewing(admin):
        _press(admin, "Remove")
    expect(admin.get_by_role("row").filter(has_text="carol")).to_have_count(0)
    _menu(admin, "administrator", "Remove")
    _press(admin, "Remove")
    expect(admin.locator(".problem")).to_contain_text("This is the last administrator")


def _come_and_choose_a_password(carol: Page, password: str) -> None:
    """Sign in with the one-time password, choose another one, sign out, and in again."""
    _sign_in(carol, "carol", password)
    expect(carol.get_by_role("heading", name="Change Password")).to_be_visible()
    expect(carol.get_by_text("At least 12 characters")).to_be_visible()
    pages.field(carol, "old_password").fill(password)
    pages.field(carol, "new_password").fill("short")
    pages.field(carol, "new_password_again").fill("short")
    carol.get_by_role("button", name="Change Password", exact=True).click()
    expect(carol.locator(".problem")).to_contain_text("fewer than 12 characters")
    for name in ("new_password", "new_password_again"):
        pages.field(carol, name).fill(_OWN)
    carol.get_by_role("button", name="Change Password", exact=True).click()
    expect(carol.get_by_role("heading", name="Manage Security")).to_be_visible()
    pages.ready(carol)
    carol.get_by_role("button", name="carol").click()
    expect(carol.get_by_role("menuitem", name="Signed in as Operator")).to_be_visible()
    carol.get_by_role("menuitem", name="Sign Out").click()
    expect(carol.get_by_role("heading", name="Sign In")).to_be_visible()
    _sign_in(carol, "carol", _OWN)


def test_client_gets_tokens_with_the_secret_that_was_shown(
    visitors: Visitors, server: Server
) -> None:
    """A secret works at /oauth/token, and so does the second one; a removed one does not."""
    admin = visitors.open(Role.ADMINISTRATOR, permissions=["clipboard-read", "clipboard-write"])

    def status(secret: str) -> int:
        form = {"grant_type": "client_credentials"}
        address, credentials = f"{server.url}/oauth/token", ("robot", secret)
        return httpx2.post(address, data=form, auth=credentials).status_code

    admin.goto("/clients")
    admin.get_by_role("button", name="Add API Client").click()
    pages.ready(admin)
    pages.field(admin, "name").fill("robot")
    admin.get_by_role("checkbox", name="Viewer").click()
    _press(admin, "Add API Client")
    first = _once(admin)
    assert 200 == status(first)
    _menu(admin, "robot", "Add Secret")
    pages.field(admin, "days").fill("30")
    _press(admin, "Add Secret")
    second = _once(admin)
    assert [200, 200, 401] == [status(secret) for secret in (first, second, first + "x")]
    admin.get_by_role("button", name="Remove secret").first.click()
    with pages.renewing(admin):
        _press(admin, "Remove Secret")
    expect(admin.get_by_role("button", name="Remove secret")).to_have_count(1)
    assert [401, 200] == [status(secret) for secret in (first, second)]


@pytest.mark.parametrize("theme", ["contrast-black", "contrast-white"])
def test_high_contrast_themes_have_no_barriers(
    theme: str, visitors: Visitors, settings: Settings
) -> None:
    """Users, API clients, the audit log, preferences and the own password, in high contrast."""
    with app.opened(settings) as steward:
        if not clients.list_clients(steward):
            clients.add_client(steward, TENANT, "other", frozenset({Role.VIEWER}), None)
        name = f"waits-{theme}"
        users.add_user(steward, TENANT, name, None, frozenset({Role.VIEWER}), None)
        users.change_user(steward, TENANT, name, disabled=True)
    page = visitors.open(Role.ADMINISTRATOR)
    parts = urlsplit(visitors.server.url)
    page.context.add_cookies(
        [{"name": "keysteward_theme", "value": theme, "domain": str(parts.hostname), "path": "/"}]
    )
    addresses = ("/users", "/clients", "/audit", "/users/add", "/password", "/preferences")
    found = {}
    for address in addresses:
        page.goto(address)
        expect(page.locator(f"html[data-theme={theme}]")).to_be_attached()
        found[address] = pages.barriers(page)
    assert {} == {address: barriers for address, barriers in found.items() if barriers}


def test_who_failed_too_often_is_told_how_long_to_wait(stranger: Page, settings: Settings) -> None:
    """The wait stands beside the form, and the name stays in it."""
    with app.opened(settings) as steward:
        roles = frozenset({Role.VIEWER})
        users.add_user(steward, TENANT, "hasty", Secret(_OWN.encode()), roles, None)
    stranger.goto("/sign-in")
    pages.field(stranger, "name").fill("hasty")
    said = stranger.locator(".problem")
    for number in range(20):
        pages.field(stranger, "password").fill(f"wrong password {number}")
        with stranger.expect_response("**/sign-in") as answered:
            stranger.get_by_role("button", name="Sign In", exact=True).click()
        # A form that is being sent is not sent again.
        expect(stranger.locator("form[aria-busy]")).to_have_count(0)
        if answered.value.status == 429:
            break
    expect(said).to_contain_text("Try again in")
    expect(pages.field(stranger, "name")).to_have_value("hasty")
