"""New SAP Keys and SAP Key History: what the provider supplied becomes active, and comes back."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from keysteward import app
from keysteward.entries import Entry, View
from keysteward.settings import Settings
from tests import providers
from tests.browser import pages
from tests.steward import read

FIRST = providers.leaf("one", not_after=datetime(2042, 1, 1, tzinfo=UTC))
SECOND = providers.leaf("two", not_after=datetime(2043, 1, 1, tzinfo=UTC))
NEW = "/keystores/default/new"
HISTORY = "/keystores/default/history"


@pytest.fixture(scope="module", autouse=True)
def supplied(settings: Settings) -> None:
    """Have the provider supply an active key pair, and a new one for it."""
    with app.opened(settings) as steward:
        providers.supply(steward, FIRST, view=View.CURRENT)
        providers.supply(steward, SECOND)


def _find(settings: Settings, alias: str, view: View) -> Entry | None:
    with app.opened(settings) as steward:
        return steward.store.find_entry(steward.keystore_id, alias, view)


def _choose(page: Page, alias: str, item: str) -> None:
    page.get_by_role("button", name=f"Actions of {alias}").click()
    page.get_by_role("menuitem", name=item).click()


def test_new_key_is_held_activated_and_the_old_one_comes_back(
    page: Page, settings: Settings
) -> None:
    """Each step is said, and is so in the database."""
    page.goto(NEW)
    pages.ready(page)
    row = page.get_by_role("row").filter(has_text=providers.ALIAS)
    expect(row).to_contain_text("by itself from")
    _choose(page, providers.ALIAS, "Hold")
    page.locator("ui5-dialog").get_by_role("button", name="Hold").click()
    expect(page.locator("#announcements")).to_contain_text("is held")
    expect(row).to_contain_text("held: when somebody activates it")
    pages.ready(page)
    _choose(page, providers.ALIAS, "Release")
    page.locator("ui5-dialog").get_by_role("button", name="Release").click()
    expect(row).to_contain_text("by itself from")
    pages.ready(page)
    name, data = pages.download(
        page, lambda: _choose(page, providers.ALIAS, "Download Certificate Chain")
    )
    assert (f"{providers.ALIAS}.p7b", b"-----BEGIN PKCS7-----") == (name, data[:21])

    _choose(page, providers.ALIAS, "Activate")
    dialog = page.locator("ui5-dialog")
    expect(dialog.get_by_role("row", name="Subject DN")).to_contain_text("OU=two")
    expect(dialog).to_contain_text("The private key changes")
    dialog.get_by_role("button", name="Activate", exact=True).click()
    expect(page.locator("#announcements")).to_contain_text(
        f"The key before is in the history as [1]_{providers.ALIAS}."
    )
    expect(page.get_by_text("No new key of SAP waits.")).to_be_visible()
    current = _find(settings, providers.ALIAS, View.CURRENT)
    assert current is not None
    assert read(SECOND)[0] == current.version.certificate

    page.get_by_role("link", name="SAP Key History").click()
    pages.ready(page)
    row = page.get_by_role("row").filter(has_text=f"[1]_{providers.ALIAS}")
    expect(row.get_by_role("cell").nth(0)).to_have_text(providers.ALIAS)
    expect(row.get_by_role("cell").nth(4)).to_have_text("administrator")
    _choose(page, f"[1]_{providers.ALIAS}", "Add to New SAP Keys")
    dialog = page.locator("ui5-dialog")
    expect(pages.field(page, "alias")).to_have_value(providers.ALIAS)
    expect(dialog).to_contain_text(f"{providers.ALIAS} is active.")
    expect(dialog).to_contain_text(f"such as {providers.ALIAS}_2")
    pages.field(page, "alias").fill("mine")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.locator(".problem-at-field")).to_contain_text("mine")
    pages.field(page, "alias").fill(f"{providers.ALIAS}_2")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#announcements")).to_contain_text("waits among the new SAP keys now")
    expect(page.get_by_role("link", name="New SAP Keys")).to_have_attribute("aria-current", "page")
    added = _find(settings, f"{providers.ALIAS}_2", View.NEW)
    assert added is not None
    assert read(FIRST)[0] == added.version.certificate

    page.get_by_role("link", name=f"{providers.ALIAS}_2").click()
    expect(page.get_by_role("button", name="Activate", exact=True)).to_be_visible()
