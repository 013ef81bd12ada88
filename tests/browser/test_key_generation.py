"""What is done with key pairs by clicking: created, requested, renewed, copied, deleted.

Every key made here is for tests alone.
"""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from keysteward import app
from keysteward.entries import Entry
from keysteward.keystore import keystores
from keysteward.pki.requests import read_request
from keysteward.pki.usages import Usage
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import peers
from tests import steward as steward_
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.pki_maker import issue
from tests.steward import TENANT

KEYSTORE = "/keystores/default"
ENTRIES = f"{KEYSTORE}/entries"


@pytest.fixture(scope="module", autouse=True)
def two_keystores(settings: Settings) -> None:
    """Give the module's installation another keystore to copy to."""
    with app.opened(settings) as steward:
        keystores.create_keystore(steward, TENANT, "production")


@pytest.fixture
def listed(visitors: Visitors) -> Page:
    """Return the administrator's page with the list; it may use the clipboard."""
    page = visitors.open(Role.ADMINISTRATOR, permissions=["clipboard-read", "clipboard-write"])
    page.goto(ENTRIES)
    pages.ready(page)
    return page


def _entry(settings: Settings, alias: str, keystore: str = "default") -> Entry:
    with app.opened(settings) as steward:
        there = keystores.steward_of(steward, keystore)
        return there.store.get_entry(there.keystore_id, alias)


def _window(page: Page, title: str) -> Locator:
    window = page.locator(f".dialog[data-title='{title}']")
    expect(window).to_be_visible()
    pages.ready(page)
    return window


def _create(page: Page, what: str) -> Locator:
    page.goto(ENTRIES)
    pages.ready(page)
    page.get_by_role("button", name="Create", exact=True).click()
    page.locator(f"#create-menu ui5-menu-item[text='{what}']").click()
    return _window(page, f"Create {what}")


def _type(page: Page, **typed: str) -> None:
    for name, text in typed.items():
        pages.field(page, name).fill(text)


def _choose(page: Page, name: str, value: str) -> None:
    page.locator(f"[name='{name}']").click()
    page.locator(f"[name='{name}'] ui5-option[value='{value}']").click()


def _press(window: Locator, label: str) -> None:
    window.get_by_role("button", name=label, exact=True).click()


def _told(page: Page, message: str) -> None:
    expect(page.locator("#announcements")).to_have_text(message)


def _made(page: Page, settings: Settings, alias: str) -> Entry:
    expect(page).to_have_url(re.compile(rf"{ENTRIES}/{alias}$"))
    pages.ready(page)
    return _entry(settings, alias)


def test_key_pairs_of_each_kind_are_created(listed: Page, settings: Settings) -> None:
    """Fields follow the type; what is wrong stands beside its field, and what was typed stays."""
    page = listed
    window = _create(page, "Key Pair")
    expect(page.locator("[name=size_rsa]")).to_be_visible()
    expect(page.locator("[name=curve]")).to_be_hidden()
    _choose(page, "type", "ec")
    expect(page.locator("[name=size_rsa]")).to_be_hidden()
    _choose(page, "curve", "secp384r1")
    _choose(page, "hash_ec", "sha256")
    _type(page, alias="shop", cn="shop.example.test", o="Example")
    _press(window, "Create")
    problem = window.locator(".problem-at-field")
    expect(problem).to_contain_text("This field must not be empty.")
    expect(pages.field(page, "c")).to_be_focused()
    expect(pages.field(page, "cn")).to_have_value("shop.example.test")
    assert [] == pages.barriers(page)
    _type(page, c="de", not_after="2035-12-31")
    window.get_by_role("button", name="Advanced").click()
    _type(page, san="shop.example.test\n192.0.2.7")
    _choose(page, "usage", "tls-server")
    _press(window, "Create")
    entry = _made(page, settings, "shop")
    certificate = entry.version.certificate
    assert ("EC secp384r1", "sha256") == (str(certificate.key), certificate.signature_hash)
    assert "CN=shop.example.test,O=Example,C=DE" == certificate.subject
    assert ("DNS:shop.example.test", "IP:192.0.2.7") == certificate.extensions.san
    assert (Usage.TLS_SERVER, "2035-12-31") == (
        entry.usage,
        certificate.not_after.date().isoformat(),
    )
    _told(page, "Key pair shop is created.")
    expect(page.get_by_role("heading", name="shop", exact=True)).to_be_visible()

    _create(page, "Key Pair")
    _type(page, alias="rsa", cn="rsa", c="DE")
    _choose(page, "size_rsa", "2048")
    page.keyboard.press("Tab")
    _press(window, "Create")
    assert "RSA 2048" == str(_made(page, settings, "rsa").version.certificate.key)

    for type_, kind in (("ed25519", "Ed25519"), ("ml-dsa", "ML-DSA-65")):
        _create(page, "Key Pair")
        _type(page, alias=type_, cn=type_, c="DE")
        window.get_by_role("button", name="Advanced").click()
        _choose(page, "other_type", type_)
        expect(page.locator("[name=size_rsa]")).to_be_hidden()
        _press(window, "Create")
        assert kind == _made(page, settings, type_).version.certificate.key.type


def test_ssh_keys_are_created(listed: Page, settings: Settings) -> None:
    """Under the alias of their type where SAP looks for them; the next one of it is refused."""
    page = listed
    window = _create(page, "SSH Key")
    _choose(page, "type", "ec")
    _type(page, cn="sftp", c="DE")
    _press(window, "Create")
    entry = _made(page, settings, "id_ec")
    assert (Usage.SSH, "EC secp256r1") == (entry.usage, str(entry.version.certificate.key))
    expect(page.get_by_role("button", name="Download Signing Request")).to_be_hidden()
    _create(page, "SSH Key")
    _choose(page, "type", "ec")
    _type(page, cn="sftp", c="DE")
    _press(window, "Create")
    expect(window.locator(".field .problem-at-field")).to_contain_text("id_ec")


def test_signing_request_is_saved_and_copied(listed: Page, settings: Settings) -> None:
    """Subject and names are as they were changed, and both ways are recorded."""
    page = listed
    window = _create(page, "Key Pair")
    _choose(page, "type", "ec")
    _type(page, alias="asked", cn="asked.example.test", ou="IT", c="DE")
    _press(window, "Create")
    entry = _made(page, settings, "asked")
    page.get_by_role("button", name="Download Signing Request").click()
    window = _window(page, "Download Signing Request")
    key = entry.version.certificate.public_key_sha256
    expect(window.locator(f"[data-copy='{key}']")).to_be_visible()
    expect(pages.field(page, "cn")).to_have_value("asked.example.test")
    assert [] == pages.barriers(page)
    _type(page, email="nobody")
    _press(window, "Copy as text")
    expect(window.locator(".problem-at-field")).to_be_visible()
    _type(page, email="", ou="", o="Example & Co", c="AT", san="www.example.test")
    name, data = pages.download(page, lambda: _press(window, "Download"))
    assert "asked.csr" == name
    peers.run("openssl", "req", "-verify", "-noout", data=data)
    request = read_request(data)
    assert "CN=asked.example.test,O=Example & Co,C=AT" == request.subject
    assert (("DNS:www.example.test",), key) == (request.san, request.public_key_sha256)
    expect(window.get_by_role("button", name="Update Signing Response")).to_be_focused()
    assert [] == pages.barriers(page)
    page.keyboard.press("Escape")
    expect(page.get_by_text("A signing request was written.")).to_be_visible()
    assert _entry(settings, "asked").waiting_since is not None

    page.get_by_role("button", name="Download", exact=True).click()
    page.locator("#download-menu ui5-menu-item[text='Signing Request']").click()
    window = _window(page, "Download Signing Request")
    _press(window, "Copy as text")
    text = window.locator("pre")
    expect(text).to_contain_text("-----END CERTIFICATE REQUEST-----")
    _told(page, "Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert text.text_content() == copied
    assert key == read_request(copied.encode()).public_key_sha256
    assert [] == pages.barriers(page)
    with app.opened(settings) as steward:
        assert 2 == len(steward.store.list_requests(entry.id))
    _press(window, "Update Signing Response")
    _window(page, "Update Signing Response")


def test_key_pair_is_renewed_and_copied(listed: Page, settings: Settings) -> None:
    """The new key waits beside the current one, which alone goes to another keystore."""
    page = listed
    window = _create(page, "Key Pair")
    _choose(page, "type", "ec")
    _type(page, alias="whole", cn="whole", c="DE")
    _press(window, "Create")
    made = _made(page, settings, "whole")

    page.get_by_role("button", name="Renew With New Key Pair").click()
    window = _window(page, "Renew With New Key Pair")
    assert [] == pages.barriers(page)
    _choose(page, "type", "rsa")
    _choose(page, "size_rsa", "2048")
    page.keyboard.press("Tab")
    _press(window, "Renew")
    expect(page.get_by_text("The new key is not certified yet.")).to_be_visible()
    renewed = _entry(settings, "whole")
    assert renewed.pending is not None
    assert (made.version.number, "RSA 2048") == (
        renewed.version.number,
        str(renewed.pending.certificate.key),
    )
    page.get_by_role("button", name="Download Signing Request").click()
    window = _window(page, "Download Signing Request")
    expect(window.get_by_text("new key, waiting for its response")).to_be_visible()
    _press(window, "Take the Current Key")
    expect(window.get_by_role("button", name="Take the New Key")).to_be_visible()
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()

    page.get_by_role("button", name="Copy to Keystore").click()
    window = _window(page, "Copy to Keystore")
    expect(window.get_by_text("gets this entry as")).to_be_visible()
    assert [] == pages.barriers(page)
    _press(window, "Copy")
    _told(page, "whole is copied to production as whole.")
    copied = _entry(settings, "whole", "production")
    assert made.version.certificate == copied.version.certificate
    pages.ready(page)
    page.get_by_role("button", name="Copy to Keystore").click()
    window = _window(page, "Copy to Keystore")
    expect(window.get_by_text("has this content already")).to_be_visible()
    expect(window.get_by_role("button", name="Copy", exact=True)).to_be_disabled()
    _type(page, new_alias="another")
    page.keyboard.press("Tab")
    expect(window.get_by_text("gets this entry as another.")).to_be_visible()
    _press(window, "Copy")
    _told(page, "whole is copied to production as another.")
    assert (
        copied.version.certificate == _entry(settings, "another", "production").version.certificate
    )


def test_entry_is_renamed_deleted_and_restored(listed: Page, settings: Settings) -> None:
    """Each window says first what depends on the entry."""
    page = listed
    with app.opened(settings) as steward:
        made = steward_.add(steward, "named", issue("named"))
        steward_.ask(steward, "named")
    page.goto(f"{ENTRIES}/named")
    pages.ready(page)
    page.get_by_role("button", name="Rename").click()
    window = _window(page, "Rename")
    expect(window.get_by_text("has to use the new one from then on")).to_be_visible()
    assert [] == pages.barriers(page)
    _type(page, new_alias="renamed")
    _press(window, "Rename")
    assert made.id == _made(page, settings, "renamed").id

    page.get_by_role("button", name="Delete").click()
    window = _window(page, "Delete")
    expect(window.get_by_text("It can be restored")).to_be_visible()
    expect(window.get_by_text("A signing response is awaited.")).to_be_visible()
    assert [] == pages.barriers(page)
    _press(window, "Delete")
    expect(page).to_have_url(re.compile(f"{ENTRIES}$"))
    with app.opened(settings) as steward:
        assert steward.store.find_entry(steward.keystore_id, "renamed") is None
    page.goto(f"{ENTRIES}/renamed?deleted=yes")
    pages.ready(page)
    page.get_by_role("button", name="Destroy").click()
    window = _window(page, "Destroy Entry")
    _press(window, "Destroy")
    expect(window.locator(".problem-at-field")).to_contain_text("Not confirmed")
    assert [] == pages.barriers(page)
    _press(window, "Cancel")
    expect(window).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/renamed\?deleted=yes$"))
    page.get_by_role("button", name="Restore").click()
    _told(page, "renamed is restored.")
    assert made.id == _entry(settings, "renamed").id


def test_windows_fit_narrow_screens_and_dark(visitors: Visitors, settings: Settings) -> None:
    """Nothing is wider than the screen, and nothing is a barrier, in German too."""
    page = visitors.open(
        Role.ADMINISTRATOR,
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
        locale="de-DE",
    )
    with app.opened(settings) as steward:
        steward_.add(steward, "narrow", issue("narrow"))
    for address in (
        f"{KEYSTORE}/create/key-pair",
        f"{KEYSTORE}/create/ssh-key",
        *(f"{ENTRIES}/narrow/{path}" for path in ("signing-request", "renew", "copy", "delete")),
    ):
        page.goto(address)
        assert [] == pages.barriers(page), address
        assert 390 == page.evaluate("document.documentElement.scrollWidth"), address
