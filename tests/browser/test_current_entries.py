"""The list of current entries as people use it, in a keystore of 10,000 of them."""

import io
import re
import zipfile

import pytest
from playwright.sync_api import Locator, Page, expect

from keysteward import app
from keysteward.keystore import activations
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import many_entries, peers, providers
from tests import steward as steward_
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.pki_maker import NOT_AFTER, issue
from tests.steward import TENANT

ENTRIES = "/keystores/default/entries"
SIZE = 10_000
KEY_PAIRS = ("aa one", "aa/two", "aa <b>three</b> אב")
_TYPE_AT_ONCE = """(texts) => {
  const field = document.querySelector("[data-list-text]");
  for (const text of texts) {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""


@pytest.fixture(scope="module", autouse=True)
def furnished(settings: Settings) -> None:
    """Fill the module's installation: very many certificates, some key pairs, one SSH key."""
    with app.opened(settings) as steward:
        many_entries.fill(steward, SIZE)
        for alias in KEY_PAIRS:
            steward_.add(steward, alias, issue("key pair of lists"))
        steward_.add(steward, "id_rsa", issue("key of lists for SSH"))
        providers.supply(steward, providers.leaf("one", not_after=NOT_AFTER))
        activations.activate(steward, TENANT, providers.ALIAS)


@pytest.fixture
def listed(page: Page) -> Page:
    """Return the administrator's page with the whole list."""
    page.goto(ENTRIES)
    pages.ready(page)
    return page


def _count(page: Page) -> Locator:
    return page.locator("[data-list-count]")


def _row(page: Page, alias: str) -> Locator:
    return page.locator("tbody tr").filter(has=page.get_by_role("link", name=alias, exact=True))


def _first(page: Page) -> Locator:
    return page.locator("tbody tr").first.get_by_role("link")


def _type(page: Page, text: str) -> None:
    page.locator("[data-list-text] input").press_sequentially(text)


def _menu(page: Page, alias: str) -> Locator:
    page.get_by_role("button", name=f"Actions of {alias}", exact=True).click()
    menu = page.locator("#row-menu")
    expect(menu.locator("ui5-menu-item").first).to_be_focused()
    return menu


def _window(page: Page, title: str) -> Locator:
    return page.locator(f".dialog[data-title='{title}']")


def _deleted(settings: Settings, alias: str) -> bool:
    connection = steward_.connect(settings)
    try:
        found = connection.execute("SELECT deleted_at FROM entries WHERE alias = ?", (alias,))
        return bool(found.fetchone()[0] is not None)
    finally:
        connection.close()


def test_list_of_very_many_is_filtered_sorted_and_walked(listed: Page) -> None:
    """Typing narrows it at once, Next and Back walk, and the address says all of it."""
    page = listed
    visited = page.url
    expect(_count(page)).to_have_text("Entries (10,000+)")
    expect(_first(page)).to_have_text(KEY_PAIRS[2])
    _type(page, "R-0999")
    expect(_count(page)).to_have_text("Entries (10)")
    expect(page.locator("#announcements")).to_have_text("Entries (10)")
    expect(_first(page)).to_have_text("partner-09990")
    expect(page).to_have_url(re.compile(rf"^{re.escape(visited)}\?text=R-0999$"))
    expect(page.locator("[data-list-text]").locator("input")).to_be_focused()
    pages.ready(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(_TYPE_AT_ONCE, ["R-099", "R-09", "R-099", "R-0999", "R-099"])
    expect(_count(page)).to_have_text("Entries (100)")
    assert [f"{visited}?text=R-099"] == asked
    page.locator("[data-list-text] input").fill("R-0999")
    expect(_count(page)).to_have_text("Entries (10)")

    page.get_by_role("link", name="Alias", exact=True).click()
    expect(_first(page)).to_have_text("partner-09999")
    expect(page.get_by_role("columnheader", name="Alias")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(page.get_by_role("link", name="Alias", exact=True)).to_be_focused()
    page.go_back()
    expect(_first(page)).to_have_text("partner-09990")

    page.goto(f"{ENTRIES}?text=firm+07&sort=-alias")
    pages.ready(page)
    expect(page.locator("[data-list-text]").locator("input")).to_have_value("firm 07")
    expect(_count(page)).to_have_text("Entries (500)")
    expect(_first(page)).to_have_text("partner-09987")
    page.get_by_role("link", name="Next Page").click()
    expect(_first(page)).to_have_text("partner-08987")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.reload()
    expect(_first(page)).to_have_text("partner-08987")
    page.get_by_role("link", name="Next Page").click()
    expect(_first(page)).to_have_text("partner-07987")
    page.go_back()
    expect(_first(page)).to_have_text("partner-08987")
    page.go_back()
    expect(_first(page)).to_have_text("partner-09987")
    page.locator("[data-list-text] input").fill("nobody has this")
    expect(page.get_by_text("No entry fits the filter.")).to_be_visible()
    expect(_count(page)).to_have_text("Entries (0)")


def test_choice_and_tiles_lead_to_the_same_list(listed: Page) -> None:
    """What a number of the overview counts is what its link shows; Back returns to it."""
    page = listed
    page.locator("[data-list-show]").click()
    page.locator("ui5-option[value='provider']").click()
    expect(_count(page)).to_have_text("Entries (1)")
    lock = _row(page, providers.ALIAS).locator("ui5-icon[name=locked]")
    expect(lock).to_have_attribute("accessible-name", "Owned by SAP")
    page.goto("/keystores/default")
    pages.ready(page)
    page.get_by_role("link", name="0 wait for a response").click()
    pages.ready(page)
    expect(page.get_by_text("No entry fits the filter.")).to_be_visible()
    expect(page.locator("[data-list-show]")).to_have_js_property("value", "waiting")
    page.go_back()
    expect(page.get_by_role("heading", name="Manage Security")).to_be_visible()


def test_columns_that_were_hidden_stay_hidden(listed: Page) -> None:
    """The choice is kept by the browser, and nothing else is."""
    page = listed
    expect(page.get_by_role("columnheader", name="Issuer DN")).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.locator("ui5-checkbox[data-column=issuer]").click()
    page.locator("ui5-checkbox[data-column=days-left]").click()
    expect(page.get_by_role("columnheader", name="Issuer DN")).to_be_hidden()
    page.reload()
    pages.ready(page)
    expect(page.get_by_role("columnheader", name="Subject DN")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Issuer DN")).to_be_hidden()
    expect(page.get_by_role("columnheader", name="Days Left")).to_be_hidden()
    kept = page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert '{"keysteward-hidden-columns":"days-left issuer"}' == kept
    page.get_by_role("button", name="Columns").click()
    page.locator("ui5-checkbox[data-column=issuer]").click()
    expect(page.get_by_role("columnheader", name="Issuer DN")).to_be_visible()


def test_menu_of_a_row_opens_what_it_says(listed: Page) -> None:
    """Windows and downloads are those of the row; what is not available says why."""
    page = listed
    for alias in (KEY_PAIRS[2], KEY_PAIRS[1]):
        _menu(page, alias).locator("ui5-menu-item[text='Rename']").click()
        window = _window(page, "Rename")
        expect(window.get_by_text(alias, exact=True)).to_be_visible()
        page.keyboard.press("Escape")
        expect(window).to_be_hidden()
        expect(page).to_have_url(re.compile(f"{ENTRIES}$"))
    certificate = _menu(page, KEY_PAIRS[0]).locator("ui5-menu-item[text='Download Certificate']")
    name, data = pages.download(page, certificate.click)
    assert "aa one.cer" == name
    told = peers.run("openssl", "x509", "-noout", "-subject", data=data)
    assert b"key pair of lists" in told
    _type(page, "id_rsa")
    expect(_count(page)).to_have_text("Entries (1)")
    request = _menu(page, "id_rsa").locator("ui5-menu-item[text='Download Signing Request']")
    expect(request).to_have_js_property("disabled", value=True)
    expect(request.get_by_text("This is an SSH key")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#row-menu")).not_to_have_attribute("open", "")
    for menu, label, address in (
        ("Create", "Key Pair", "create/key-pair"),
        ("Add", "Keystore", "add/keystore"),
    ):
        page.get_by_role("button", name=menu, exact=True).click()
        page.locator(f"ui5-menu[open] ui5-menu-item[text='{label}']").click()
        expect(page).to_have_url(re.compile(rf"/keystores/default/{address}$"))
        # The address is there before the window, which listens once it is seen.
        expect(page.locator(".dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile(rf"{ENTRIES}\?text=id_rsa$"))


def test_signing_requests_of_marked_entries_come_as_zip(listed: Page, settings: Settings) -> None:
    """What is left out is said before; the list shows then who waits."""
    page = listed
    page.get_by_role("checkbox", name="Mark all on this page").check()
    expect(page.get_by_text("50 entries are marked.")).to_be_visible()
    page.get_by_role("checkbox", name="Mark all on this page").uncheck()
    _type(page, "of lists")
    expect(_count(page)).to_have_text("Entries (4)")
    expect(page.get_by_role("button", name="Download Signing Requests")).to_be_disabled()
    for alias in (*KEY_PAIRS[:2], "id_rsa"):
        page.get_by_role("checkbox", name=f"Mark {alias}", exact=True).check()
    page.get_by_role("button", name="Download Signing Requests").click()
    window = _window(page, "Download Signing Requests")
    expect(window.get_by_text("2 signing requests are written")).to_be_visible()
    expect(window.get_by_text("This is an SSH key")).to_be_visible()
    assert [] == pages.barriers(page)
    saved = window.get_by_role("button", name="Download", exact=True)
    name, data = pages.download(page, saved.click)
    assert "signing-requests.zip" == name
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert ["aa one.csr", "aa_two.csr"] == sorted(archive.namelist())
        for member in archive.namelist():
            read = ("openssl", "req", "-verify", "-noout", "-subject")
            assert b"key pair of lists" in peers.run(*read, data=archive.read(member))
    expect(window).to_be_hidden()
    expect(_row(page, "aa/two").get_by_text("Waiting for response since")).to_be_visible()
    expect(_row(page, "id_rsa").get_by_text("Waiting for response since")).to_be_hidden()
    with app.opened(settings) as steward:
        waiting = steward.store.find_entry(steward.keystore_id, "aa one")
    assert waiting is not None
    assert waiting.waiting_since is not None


def test_marked_entries_are_deleted_and_restored(listed: Page, settings: Settings) -> None:
    """Marks stay while the filter changes; what was deleted comes back from the deleted ones."""
    page = listed
    page.get_by_role("checkbox", name="Mark all on this page").check()
    page.get_by_role("button", name="Unmark All").click()
    expect(page.get_by_text("No entry is marked.")).to_be_visible()
    for number in (5000, 5001):
        alias = many_entries.alias(number)
        page.locator("[data-list-text] input").fill(alias)
        expect(_count(page)).to_have_text("Entries (1)")
        page.get_by_role("checkbox", name=f"Mark {alias}", exact=True).check()
    page.locator("[data-list-text] input").fill("partner-0500")
    expect(_count(page)).to_have_text("Entries (10)")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    expect(page.get_by_text("2 entries are marked.")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    window = _window(page, "Delete Entries")
    expect(window.get_by_text(many_entries.alias(5001), exact=True)).to_be_visible()
    assert [] == pages.barriers(page)
    page.go_back()
    expect(window).to_be_hidden()
    expect(_count(page)).to_have_text("Entries (10)")
    assert not _deleted(settings, many_entries.alias(5000))

    page.get_by_role("button", name="Delete", exact=True).click()
    window.get_by_role("button", name="Delete", exact=True).click()
    expect(_count(page)).to_have_text("Entries (8)")
    pages.ready(page)
    assert _deleted(settings, many_entries.alias(5000))

    page.locator("[data-list-show]").click()
    page.locator("ui5-option[value='deleted']").click()
    expect(_count(page)).to_have_text("Entries (2)")
    page.get_by_role("button", name=f"Restore {many_entries.alias(5000)}").click()
    told = page.locator("#announcements")
    expect(told).to_have_text(f"{many_entries.alias(5000)} is restored.")
    expect(page).to_have_url(re.compile(rf"{ENTRIES}/{many_entries.alias(5000)}(\?|$)"))
    assert not _deleted(settings, many_entries.alias(5000))
    assert _deleted(settings, many_entries.alias(5001))


def test_toolbar_and_rows_are_used_by_keyboard_alone(listed: Page) -> None:
    """Everything is reached with Tab, opened with Enter, and left with Escape."""
    page = listed
    page.locator("[data-list-text] input").focus()
    page.keyboard.type("aa one")
    expect(_count(page)).to_have_text("Entries (1)")
    _tab_to(page, page.get_by_role("button", name="Create", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("#create-menu ui5-menu-item").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#create-menu")).not_to_have_attribute("open", "")
    expect(page.get_by_role("button", name="Create", exact=True)).to_be_focused()
    _tab_to(page, page.get_by_role("link", name="Valid Until"))
    page.keyboard.press("Enter")
    header = page.get_by_role("columnheader", name="Valid Until")
    expect(header).to_have_attribute("aria-sort", "ascending")
    _tab_to(page, page.get_by_role("checkbox", name="Mark aa one"))
    page.keyboard.press("Space")
    expect(page.get_by_text("1 entry is marked.")).to_be_visible()
    _tab_to(page, page.get_by_role("button", name="Actions of aa one"))
    page.keyboard.press("Enter")
    menu = page.locator("#row-menu")
    expect(menu.locator("ui5-menu-item[text='Rename']")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu.locator("ui5-menu-item[text='Update']")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    window = _window(page, "Rename")
    expect(window.locator("[name=new_alias] input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()


def _tab_to(page: Page, place: Locator) -> None:
    """Press Tab until something is focused; fails if that takes too long."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if place.evaluate("element => element.matches(':focus, :focus-within')"):
            return
    expect(place).to_be_focused()


def test_list_is_used_on_a_narrow_screen(visitors: Visitors) -> None:
    """Lines are cards, and nothing is wider than the screen."""
    page = visitors.open(Role.ADMINISTRATOR, viewport={"width": 390, "height": 844})
    page.goto(f"{ENTRIES}?text=of+lists")
    pages.ready(page)
    expect(_row(page, "aa one").get_by_text("CN=key pair of lists").first).to_be_visible()
    assert 390 == page.evaluate("document.documentElement.scrollWidth")
    _menu(page, "aa one").locator("ui5-menu-item[text='Rename']").click()
    expect(_window(page, "Rename")).to_be_visible()
    page.go_back()
    assert [] == pages.barriers(page)
