"""The page of an entry: its chain, its attributes, its downloads and its past."""

import shutil
import subprocess

import pytest
from playwright.sync_api import Page, expect

from keysteward import app
from keysteward.entries import Reason, Version
from keysteward.keystore import lifecycle
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import steward as steward_
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.pki_maker import issue
from tests.steward import TENANT

ROOT = issue("CN=Trust Root,O=Trust Ltd", ca=True)
CA = issue("CN=Trust CA,O=Trust Ltd", issuer=ROOT, ca=True)
CLIENT = issue("shop", issuer=CA, eku=("clientAuth",), san=("DNS:shop.example",))
RENEWED = issue("shop", CLIENT.key, CA, eku=("clientAuth",), san=("DNS:shop.example",))
SHOP = "/keystores/default/entries/a%2Fb%20shop"


@pytest.fixture(scope="module", autouse=True)
def furnished(settings: Settings) -> None:
    """Fill the module's installation: a key pair with three versions, and a deleted one."""
    with app.opened(settings) as steward:
        steward_.add_anchor(steward, "trust root", ROOT)
        steward_.add(steward, "a/b shop", issue("shop", CLIENT.key))
        steward_.ask(steward, "a/b shop")
        steward_.upload(steward, "a/b shop", CLIENT, CA)
        steward_.upload(steward, "a/b shop", RENEWED, CA, ROOT)
        steward_.add(steward, "gone", issue("gone"))
        lifecycle.delete_entry(steward, TENANT, "gone")


def _versions(settings: Settings) -> tuple[Version, ...]:
    with app.opened(settings) as steward:
        entry = steward.store.get_entry(steward.keystore_id, "a/b shop")
        return steward.store.list_versions(entry)


def _openssl(data: bytes, *options: str) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl (Debian package openssl)")
    return subprocess.run(
        ("openssl", *options), input=data, check=True, capture_output=True
    ).stdout.decode()


def _choose(page: Page, menu: str, *items: str) -> None:
    # A menu that is not closed yet would be closed by the button.
    expect(page.locator("ui5-menu[open]")).to_have_count(0)
    page.get_by_role("button", name=menu, exact=True).click()
    for item in items:
        page.locator(f"ui5-menu-item[text='{item}']").click()


def test_chain_is_walked_by_mouse_and_by_keyboard(visitors: Visitors) -> None:
    """The attributes follow the selection without a new page, and the address says which it is."""
    page = visitors.open(Role.ADMINISTRATOR, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/keystores/default/entries/trust%20root")
    page.goto(SHOP)
    pages.ready(page)
    element = page.get_by_role("region", name="Attributes of the selected certificate")
    expect(element.get_by_role("heading", level=2)).to_have_text("shop")
    page.evaluate("window.stayed = true")

    page.get_by_role("treeitem").filter(has_text="Trust CA").last.click()
    expect(element.get_by_role("heading", level=2)).to_have_text("Trust CA")
    expect(page).to_have_url(f"{visitors.server.url}{SHOP}?element=2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(element.get_by_role("heading", level=2)).to_have_text("Trust Root")
    expect(page).to_have_url(f"{visitors.server.url}{SHOP}?element=3")
    assert page.evaluate("window.stayed")

    element.get_by_role("button", name="Copy SHA-256", exact=True).click()
    expect(page.locator("#announcements")).to_have_text("Copied")
    said = _openssl(ROOT.pem, "x509", "-noout", "-fingerprint", "-sha256").strip()
    assert said.partition("=")[2] == page.evaluate("navigator.clipboard.readText()")
    element.get_by_role("button", name="Copy SHA-256 without colons").click()
    plain = said.partition("=")[2].replace(":", "").lower()
    page.wait_for_function(
        "async (said) => await navigator.clipboard.readText() === said", arg=plain
    )

    element.get_by_role("button", name="PEM", exact=True).click()
    expect(element.locator("pre")).to_be_visible()
    expect(element.locator("pre")).to_have_text(ROOT.pem.decode())
    element.get_by_role("button", name="Copy PEM").click()
    page.wait_for_function(
        "async (said) => await navigator.clipboard.readText() === said", arg=ROOT.pem.decode()
    )

    element.get_by_role("link", name="trust root").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("trust root")
    page.go_back()
    expect(element.get_by_role("heading", level=2)).to_have_text("Trust Root")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("trust root")


def test_downloads_hold_what_they_say(page: Page) -> None:
    """Certificate, chain, root and public key, each read by openssl."""
    page.goto(SHOP)
    pages.ready(page)
    name, data = pages.download(page, lambda: _choose(page, "Download", "Certificate"))
    assert ("a_b shop.cer", RENEWED.pem) == (name, data)
    name, data = pages.download(page, lambda: _choose(page, "Download", "Certificate Chain"))
    assert "a_b shop.p7b" == name
    listed = _openssl(data, "pkcs7", "-print_certs")
    assert 3 == listed.count("-----BEGIN CERTIFICATE-----")
    name, data = pages.download(page, lambda: _choose(page, "Download", "Root Certificate"))
    assert ("a_b shop_rootCA.cer", ROOT.pem) == (name, data)
    name, data = pages.download(page, lambda: _choose(page, "Download", "Public OpenSSH Key"))
    assert "a_b shop.pub" == name
    assert data.startswith(b"ecdsa-sha2-nistp256 ")
    name, data = pages.download(
        page, lambda: _choose(page, "Download", "Other Formats", "Certificate Chain as PEM")
    )
    assert ("a_b shop.pem", RENEWED.pem + CA.pem + ROOT.pem) == (name, data)


def test_versions_are_compared_and_one_is_current_again(page: Page, settings: Settings) -> None:
    """Two are looked at side by side; the way back shows its plan, and then it is so."""
    page.goto(SHOP)
    pages.ready(page)
    page.get_by_role("radio", name="Compare version 1", exact=True).check()
    page.get_by_role("button", name="Compare Versions").click()
    compared = page.locator("ui5-dialog")
    expect(compared.get_by_role("columnheader", name="Version 1")).to_be_visible()
    expect(compared.get_by_role("columnheader", name="Version 3 (current)")).to_be_visible()
    expect(compared.get_by_role("row", name="Issuer DN")).to_contain_text("changed")
    expect(compared.get_by_role("row", name="Subject DN")).not_to_contain_text("changed")
    page.go_back()
    expect(compared).not_to_be_visible()
    assert page.url.endswith(SHOP)

    page.get_by_role("button", name="Roll back to version 2").click()
    dialog = page.locator("ui5-dialog")
    expect(dialog.get_by_role("columnheader", name="Until now")).to_be_visible()
    pages.field(page, "note").fill("the receiver knows the old one")
    dialog.get_by_role("button", name="Roll Back", exact=True).click()
    expect(page.locator("#announcements")).to_contain_text("has the content of version 2 again")
    expect(page.get_by_role("rowheader", name="current")).to_contain_text("4")
    last, second = _versions(settings)[3], _versions(settings)[1]
    assert (Reason.ROLLED_BACK, "the receiver knows the old one") == (last.reason, last.note)
    assert second.chain == last.chain


def test_deleted_entry_comes_back_from_its_page(page: Page, settings: Settings) -> None:
    """Restore leads to the living entry."""
    page.goto("/keystores/default/entries/gone?deleted=yes")
    pages.ready(page)
    expect(page.locator("ui5-tag", has_text="deleted")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#announcements")).to_have_text("gone is restored.")
    expect(page.get_by_role("heading", level=1)).to_have_text("gone")
    with app.opened(settings) as steward:
        assert steward.store.find_entry(steward.keystore_id, "gone") is not None
