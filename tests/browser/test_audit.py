"""The audit log in a browser: filtered, exported, asked about the past, verified."""

import httpx2
import pytest
from playwright.sync_api import Page, expect

from keysteward import app
from keysteward.keystore import lifecycle
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import steward as steward_
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.pki_maker import issue
from tests.servers import Server
from tests.steward import TENANT

LOG = "/keystores/default/audit"


@pytest.fixture(scope="module", autouse=True)
def history(settings: Settings) -> None:
    """Have enough happen for two pages."""
    with app.opened(settings) as steward:
        for alias in ("pay", "shop"):
            steward_.add(steward, alias, issue("example.org"))
        lifecycle.rename_entry(steward, TENANT, "pay", "payment")
        for _ in range(55):
            steward_.ask(steward, "shop")


def _rest(server: Server, **query: str) -> bytes:
    credentials = (Role.ADMINISTRATOR.value, pages.PASSWORD)
    address = f"{server.url}/rest/v1/keystores/default/audit"
    answer = httpx2.get(address, params=query, auth=credentials)
    assert 200 == answer.status_code
    return answer.content


def _export(page: Page, item: str) -> tuple[str, bytes]:
    page.get_by_role("button", name="Export").click()
    return pages.download(page, lambda: page.get_by_role("menuitem", name=item).click())


def test_log_is_paged_filtered_and_exported(visitors: Visitors, server: Server) -> None:
    """What is filtered is what is shown, and what the files hold, as the REST API sends it."""
    page = visitors.open(Role.ADMINISTRATOR, timezone_id="Asia/Tokyo")
    page.goto(LOG)
    rows = page.get_by_role("row")
    expect(rows).to_have_count(51)
    page.get_by_role("link", name="Older Rows").click()
    expect(page.get_by_role("link", name="Newer Rows")).to_be_visible()
    expect(rows.filter(has_text="Rename an entry")).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("link", name="Older Rows")).to_be_visible()
    pages.ready(page)

    pages.field(page, "alias").fill("pay")
    page.locator("ui5-datetime-picker[name=since]").locator("input").fill("2020-01-01 00:00")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/audit?*alias=pay*")
    assert "since=2019-12-31T15" in page.url
    assert "actor" not in page.url
    pages.ready(page)
    expect(page.locator("ui5-datetime-picker[name=since]").locator("input")).to_have_value(
        "2020-01-01 00:00"
    )
    expect(rows).to_have_count(3)
    renamed = rows.filter(has_text="Rename an entry")
    renamed.get_by_text("Details").click()
    expect(renamed.get_by_text("payment")).to_be_visible()
    assert [] == pages.barriers(page)
    name, lines = _export(page, "Lines of JSON")
    assert "audit-default.jsonl" == name
    assert _rest(server, alias="pay", format="lines") == lines
    name, events = _export(page, "Events as SAP writes them")
    assert "audit-default-sap.jsonl" == name
    assert _rest(server, alias="pay", format="sap") == events
    assert 2 == lines.count(b"\n")

    page.get_by_role("button", name="Show All").click()
    expect(rows).to_have_count(51)
    expect(rows.nth(1)).to_contain_text("Read the audit log")


def test_past_is_told_and_the_chain_verified(page: Page) -> None:
    """Which certificate an alias stood for, and whether the log is whole, in windows."""
    page.goto(LOG)
    page.get_by_role("button", name="What Was Active").click()
    pages.ready(page)
    window = page.locator("ui5-dialog")
    alias = window.locator("[name=alias]").locator("input")
    alias.fill("payment")
    window.get_by_role("button", name="Show", exact=True).click()
    expect(window.get_by_role("heading", name="Active at this time")).to_be_visible()
    expect(window).to_contain_text("example.org")
    assert [] == pages.barriers(page)
    alias.fill("nothing")
    window.get_by_role("button", name="Show", exact=True).click()
    expect(window.locator(".problem")).to_contain_text("nothing")
    window.get_by_role("button", name="Close", exact=True).click()
    expect(window).to_have_count(0)

    page.get_by_role("button", name="Verify").click()
    pages.ready(page)
    window.get_by_role("button", name="Verify", exact=True).click()
    expect(window).to_contain_text("The audit log is whole and in order")
    expect(window.get_by_role("button", name="Copy head")).to_be_visible()
    assert [] == pages.barriers(page)


def test_log_tells_of_accounts_to_who_manages_them(page: Page) -> None:
    """The installation's log is a tab away, and says who signed in."""
    page.goto(LOG)
    page.get_by_role("link", name="Installation").click()
    expect(page.get_by_role("row").filter(has_text="Sign in").first).to_contain_text(
        "administrator"
    )
    assert [] == pages.barriers(page)
