"""TLS Connectivity Tests, against a real server that demands a client certificate."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from keysteward import app
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.values import Fingerprint
from tests import receivers
from tests import steward as steward_
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.pki_maker import issue
from tests.receivers import Receiver

ROOT = issue("CN=Client Root,O=Shop Ltd", ca=True)
OTHER = issue("CN=Other Root,O=Shop Ltd", ca=True)
SHOP = issue("shop", issuer=ROOT, eku=("clientAuth",))
WRONG = issue("wrong", issuer=OTHER, eku=("clientAuth",))
SERVER, SERVER_ROOT = receivers.server_chain()
TESTS = "/keystores/default/connectivity"


@pytest.fixture(scope="module", autouse=True)
def furnished(settings: Settings) -> None:
    """Fill the module's installation: a key pair that the server takes, and one that it refuses."""
    with app.opened(settings) as steward:
        steward_.add(steward, "shop client", SHOP, ROOT)
        steward_.add(steward, "wrong client", WRONG, OTHER)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """Return a server that sends its root, too, and takes certificates of one root alone."""
    # The last one of the chain is not sent.
    sent = (SERVER, SERVER_ROOT, SERVER_ROOT)
    folder = tmp_path_factory.mktemp("receiver")
    with receivers.openssl_receiver(folder, sent, (ROOT,), ("-tls1_2",)) as running:
        yield running


def _send(page: Page, button: str = "Send") -> Locator:
    """Send the form and return its new result."""
    page.evaluate("document.querySelector('#test-result').replaceChildren()")
    page.get_by_role("button", name=button, exact=True).click()
    result = page.locator(".test-result")
    expect(result).to_be_visible(timeout=20_000)
    return result


def test_receiver_is_trusted_and_takes_the_key_pair(
    page: Page, receiver: Receiver, settings: Settings
) -> None:
    """From a pasted URL over the server's root, confirmed and added, to a green result."""
    page.goto(TESTS)
    pages.ready(page)
    pages.field(page, "host").fill(f"https://user:secret@localhost:{receiver.port}/shop?q=1")
    page.keyboard.press("Tab")
    expect(page.locator("#cut-note")).to_contain_text("The rest was left out.")
    expect(pages.field(page, "host")).to_have_value("localhost")
    expect(pages.field(page, "port")).to_have_value(str(receiver.port))

    page.get_by_role("checkbox", name="Authenticate with Client Certificate").click()
    page.locator("#f-alias input").press_sequentially("shop")
    page.locator("ui5-suggestion-item[text='shop client']").click()
    expect(page.locator("#f-alias input")).to_have_value("shop client")

    result = _send(page)
    expect(result).to_contain_text("The connection does not work.")
    trusted = result.locator("[data-step=server-certificate]")
    expect(trusted).to_contain_text("Server certificate trusted: failed")
    expect(trusted).to_contain_text("What to do: Get the root from the server's administrators")
    expect(result.locator("[data-step=answer]")).to_contain_text("not done")
    expect(result).not_to_contain_text("not the authorisation")
    assert [] == pages.barriers(page)

    root = result.locator(".of-server").first
    name, data = pages.download(page, lambda: root.get_by_role("button", name="Download").click())
    assert (SERVER_ROOT.pem, True) == (data, name.endswith(".cer"))
    panel = root.locator("ui5-panel")
    panel.get_by_role("button").first.click()
    expect(panel.locator("ui5-input")).to_have_attribute("value", "Receiver Root")
    panel.locator("ui5-button").click()
    expect(panel.locator(".problem")).to_contain_text("Compare the fingerprint first")
    fingerprint = steward_.read(SERVER_ROOT)[0].fingerprint
    expect(panel).to_contain_text(":".join(_pairs(fingerprint)).upper())
    panel.get_by_role("checkbox").click()
    panel.locator("ui5-input input").fill("receiver root")
    panel.locator("ui5-button").click()
    expect(panel).to_contain_text("Added to the keystore as receiver root, trusted.")
    with app.opened(settings) as steward:
        entry = steward.store.get_entry(steward.keystore_id, "receiver root")
        assert (True, fingerprint) == (entry.trusted, entry.version.certificate.fingerprint)

    result = _send(page)
    expect(result).to_contain_text("The connection works.")
    expect(result).to_contain_text("This proves the handshake, not the authorisation")
    expect(result.locator("[data-step=client-certificate]")).to_contain_text(": passed")
    expect(result.locator("[data-step=handshake]")).to_contain_text("TLSv1.2 with ECDHE")
    expect(result.locator("dl.facts")).to_contain_text("Client certificate sentyes")
    expect(result.locator("dl.facts")).to_contain_text("Client certificate acceptedyes")
    expect(result.locator(".chain").first).to_contain_text("trusted in this keystore")
    assert [] == pages.barriers(page)


def test_failures_are_said_with_their_remedies(
    visitors: Visitors, receiver: Receiver, settings: Settings
) -> None:
    """A certificate that the server refuses, none at all, nobody there; in German, on a phone."""
    with app.opened(settings) as steward:
        known = steward.store.find_entry(steward.keystore_id, "receiver root")
        if known is None:
            steward_.add_anchor(steward, "receiver root", SERVER_ROOT)
    page = visitors.open(Role.ADMINISTRATOR, locale="de-DE", viewport={"width": 390, "height": 844})
    page.goto(f"{TESTS}?alias=wrong%20client")
    pages.ready(page)
    expect(page.locator("#f-alias input")).to_have_value("wrong client")
    pages.field(page, "host").fill(f"localhost:{receiver.port}")
    page.keyboard.press("Tab")
    result = _send(page, "Senden")
    check = result.locator("[data-step=client-certificate]")
    expect(check).to_contain_text("Client-Zertifikat angenommen: fehlgeschlagen")
    expect(check).to_contain_text("vertraut dem Aussteller des Client-Zertifikats nicht")
    expect(check).to_contain_text("Was zu tun ist: Senden Sie seinen Administratoren")
    expect(result).to_contain_text("CN=Client Root,O=Shop Ltd")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390

    page.get_by_role("checkbox", name="Mit Client-Zertifikat authentifizieren").click()
    expect(page.locator("#f-alias")).to_be_hidden()
    result = _send(page, "Senden")
    expect(result).to_contain_text("Der Server verlangt ein Client-Zertifikat")

    pages.field(page, "port").fill(str(receivers.free_port()))
    result = _send(page, "Senden")
    expect(result.locator("[data-step=connect]")).to_contain_text("An diesem Port ist kein Dienst.")
    pages.field(page, "port").fill("70000")
    page.get_by_role("button", name="Senden", exact=True).click()
    expect(page.locator(".problem-at-field")).to_contain_text("keine ganze Zahl von 1 bis 65.535")


def _pairs(digits: Fingerprint) -> list[str]:
    return [digits[i : i + 2] for i in range(0, len(digits), 2)]
