"""The main job in a browser: a key pair takes its signing response.

The CA and its files are openssl's, wherever it can write them. Every key made here is for tests
alone.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import FilePayload, Locator, Page, expect

from keysteward import app
from keysteward.accounts import sessions
from keysteward.entries import Entry
from keysteward.formats import downloads
from keysteward.keystore import certificates
from keysteward.pki.certificates import read_certificate
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.values import Secret
from keysteward.web import access
from tests import peers, pki_maker
from tests import steward as steward_
from tests.browser import pages
from tests.browser.conftest import Visitors
from tests.pki_maker import issue
from tests.steward import TENANT, VERIFIED

ENTRIES = "/keystores/default/entries"
FORMATS = (
    "pkcs7-binary",
    "pkcs7-pem",
    "pkcs7-base64",
    "pem-certificates",
    "der-certificate",
    "pkipath",
)
"""Those of SAP's help page."""
EVIL = '<img src=x onerror="alert(1)"> \u05d0\u05d1'
OTHERS = ("by row", "by page", "by keys", "dropped", "misfit", EVIL, "two", "away", "apart")
STRANGE = issue('Strange Root "<b>"', ca=True)
ASKED = pki_maker.make_key()
"""Of the entry that is answered by a CA that the keystore does not know."""

_ACTIVE = """() => {
  const active = document.activeElement;
  return [active.accessibleName, active.getAttribute("name"), active.getAttribute("text"),
    active.textContent]
    .filter(Boolean).map((text) => text.trim()).find(Boolean) ?? "";
}"""
# By then what a key does to the focus is done.
_NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
_DROP = """([selector, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  for (const type of ["dragover", "drop"]) {
    document.querySelector(selector).dispatchEvent(
      new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""
_PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.body.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA with an intermediate one, made and run by openssl; the keystore knows both."""

    folder: Path
    settings: Settings

    def sign(self, alias: str) -> Path:
        """Have the entry's signing request signed, and return the certificate in PEM."""
        with app.opened(self.settings) as steward:
            (self.folder / "csr.pem").write_bytes(steward_.ask(steward, alias))
        leaf = self.folder / "leaf.pem"
        _openssl(
            *("x509", "-req", "-in", f"{self.folder}/csr.pem", "-days", "400"),
            *("-CA", f"{self.folder}/ca.pem", "-CAkey", f"{self.folder}/ca.key"),
            *("-extfile", f"{self.folder}/leaf.cnf", "-out", str(leaf)),
        )
        return leaf

    def write(self, leaf: Path, form: str) -> bytes:
        """Return certificate, intermediate and root in one of the formats."""
        chain = self.folder / "chain.pem"
        names = ("ca.pem", "root.pem")
        pem = leaf.read_bytes() + b"".join((self.folder / n).read_bytes() for n in names)
        chain.write_bytes(pem)
        if form == "pem-certificates":
            return pem
        if form == "der-certificate":
            return _openssl("x509", "-in", str(leaf), "-outform", "DER")
        if form == "pkipath":
            ders = [c.public_bytes(Encoding.DER) for c in x509.load_pem_x509_certificates(pem)]
            return downloads.chain_pkipath(tuple(map(read_certificate, ders)))
        wanted = ("crl2pkcs7", "-nocrl", "-certfile", str(chain), "-outform")
        if form == "pkcs7-pem":
            return _openssl(*wanted, "PEM")
        binary = _openssl(*wanted, "DER")
        return base64.encodebytes(binary) if form == "pkcs7-base64" else binary

    def answer(self, alias: str, form: str = "pem-certificates") -> FilePayload:
        """Return the CA's answer to the entry's signing request as a file to choose."""
        return _file(self.write(self.sign(alias), form), f"answer.{form}")


@pytest.fixture(scope="module", autouse=True)
def authority(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make the CA and the entries that ask it."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "ca.cnf").write_text("basicConstraints=critical,CA:true\nkeyUsage=keyCertSign\n")
    (folder / "leaf.cnf").write_text("extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl(
        *("req", "-x509", *key, "-keyout", f"{folder}/root.key", "-subj", "/CN=Openssl Root"),
        *("-days", "4000", "-out", f"{folder}/root.pem"),
    )
    _openssl(
        *("req", "-new", *key, "-keyout", f"{folder}/ca.key", "-subj", "/CN=Openssl CA"),
        *("-out", f"{folder}/ca.csr"),
    )
    _openssl(
        *("x509", "-req", "-in", f"{folder}/ca.csr", "-days", "3000", "-out", f"{folder}/ca.pem"),
        *("-CA", f"{folder}/root.pem", "-CAkey", f"{folder}/root.key"),
        *("-extfile", f"{folder}/ca.cnf"),
    )
    with app.opened(settings) as steward:
        for name, trusted in (("root", True), ("ca", False)):
            certificates.add_certificate(
                *(steward, TENANT, f"openssl {name}", (folder / f"{name}.pem").read_bytes()),
                trusted=trusted,
                consent=VERIFIED,
            )
        for alias in (*FORMATS, *OTHERS):
            steward_.add(steward, alias, issue("CN=client,O=Partner"))
        steward_.add(steward, "strange", issue("CN=client,O=Partner", ASKED))
    return Authority(folder, settings)


def _openssl(*arguments: str) -> bytes:
    return peers.run("openssl", *arguments)


def _file(data: bytes, name: str = "answer") -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def _dialog(alias: str) -> str:
    return f"{ENTRIES}/{quote(alias, safe='')}/signing-response"


def _entry(settings: Settings, alias: str) -> Entry:
    with app.opened(settings) as steward:
        return steward.store.get_entry(steward.keystore_id, alias)


def _choose(page: Page, file: FilePayload) -> None:
    """Press Browse and choose a file."""
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Browse").click()
    choosing.value.set_files(file)


def _update(page: Page) -> None:
    page.get_by_role("button", name="Update", exact=True).click()


def _strip(page: Page, text: str) -> Locator:
    return page.locator("ui5-message-strip").filter(has_text=text)


def _expect_fit(page: Page) -> None:
    expect(_strip(page, "The file fits.")).to_be_visible()
    expect(page.get_by_role("table", name="Old and new certificate")).to_be_visible()


def _expect_done(page: Page, alias: str) -> None:
    expect(_strip(page, f"Signing response for key pair {alias} updated.")).to_be_visible()


def test_main_job_by_the_row(page: Page, authority: Authority) -> None:
    """From the row's actions it takes Browse and Update, and the list shows the new state."""
    file = authority.answer("by row")
    page.goto(ENTRIES)
    page.get_by_role("button", name="Actions of by row", exact=True).click()
    page.get_by_role("menuitem", name="Update Signing Response").click()
    expect(page).to_have_url(f"{_dialog('by row')}")
    _choose(page, file)
    _expect_fit(page)
    expect(page.get_by_text("from the file")).to_have_count(3)
    assert 1 == _entry(authority.settings, "by row").version.number
    _update(page)
    _expect_done(page, "by row")
    entry = _entry(authority.settings, "by row")
    assert (2, None, "CN=Openssl CA") == (
        *(entry.version.number, entry.waiting_since),
        entry.version.certificate.issuer,
    )
    name, chain = pages.download(
        page, page.get_by_role("button", name="Download Certificate Chain").click
    )
    assert name.endswith(".p7b")
    assert b"PKCS7" in chain
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page).to_have_url(f"{ENTRIES}")
    expect(page.get_by_role("row").filter(has_text="by row")).to_contain_text("Openssl CA")


def test_main_job_by_the_detail_page(page: Page, authority: Authority) -> None:
    """Under Update > Signing Response it is the same, and the details show what came."""
    file = authority.answer("by page", "pkcs7-binary")
    page.goto(f"{ENTRIES}/by%20page")
    page.get_by_role("button", name="Update", exact=True).click()
    page.get_by_role("menuitem", name="Signing Response").click()
    _choose(page, file)
    _expect_fit(page)
    page.locator("ui5-dialog").get_by_role("button", name="Update", exact=True).click()
    _expect_done(page, "by page")
    assert 3 == len(_entry(authority.settings, "by page").version.chain)
    page.get_by_role("button", name="View Details").click()
    expect(page).to_have_url(f"{ENTRIES}/by%20page")
    expect(page.get_by_role("treeitem").filter(has_text="Openssl Root").first).to_be_visible()


def test_each_format_of_the_help_page_is_taken(page: Page, authority: Authority) -> None:
    """PKCS#7 as binary, PEM and base64, certificates in PEM and DER, PkiPath."""
    for form in FORMATS:
        file = authority.answer(form, form)
        pages.visit(page, _dialog(form))
        page.locator("input[type=file]").set_input_files(file)
        expect(page.get_by_text("Kind of file")).to_be_visible()
        _update(page)
        _expect_done(page, form)
        chain = _entry(authority.settings, form).version.chain
        assert ["CN=Openssl CA", "CN=Openssl Root"] == [c.subject for c in chain[1:]], form


def test_main_job_by_the_keyboard_alone(page: Page, authority: Authority) -> None:
    """Every step can be reached and done without a mouse, and is told in words."""
    file = authority.answer("by keys")
    page.goto(f"{ENTRIES}?filter=by+keys")
    pages.ready(page)
    _tab_to(page, "Actions of by keys")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.tagName === 'UI5-MENU-ITEM'")
    _press_until(page, "ArrowDown", "Update Signing Response")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Browse")).to_be_visible()
    # A window that opens moves the focus into itself.
    page.wait_for_function("() => document.activeElement.closest('ui5-dialog') !== null")
    pages.ready(page)
    _tab_to(page, "Browse: File")
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Enter")
    choosing.value.set_files(file)
    expect(page.locator("#announcements")).to_contain_text("The file fits.")
    _tab_to(page, "Update")
    page.keyboard.press("Enter")
    expect(page.locator("#announcements")).to_contain_text("Signing response for key pair by keys")
    assert 2 == _entry(authority.settings, "by keys").version.number
    _tab_to(page, "View Details")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{ENTRIES}/by%20keys")


def test_unknown_root_is_compared_and_an_expired_certificate_is_accepted_with_a_reason(
    page: Page, authority: Authority
) -> None:
    """Each question is a tick of its own; what was typed stays while others are answered."""
    ended = datetime(2025, 1, 1, tzinfo=UTC)
    old = issue("CN=client,O=Partner", ASKED, STRANGE, eku=("clientAuth",), not_after=ended)
    pages.visit(page, _dialog("strange"))
    page.locator("input[type=file]").set_input_files(_file(old.pem + STRANGE.pem))
    expect(_strip(page, "The certificate has expired")).to_be_visible()
    page.get_by_role("checkbox", name="I accept a certificate that has expired").click()
    page.locator("ui5-textarea[name=note] textarea").fill("the new one comes on Monday")
    digest = steward_.read(STRANGE)[0].fingerprint.upper()
    expect(page.get_by_text(":".join(digest[i : i + 2] for i in range(0, 64, 2)))).to_be_visible()
    page.get_by_role("checkbox", name="I have compared the fingerprint").click()
    expect(page.locator("input[name=digest]")).to_have_count(1)
    page.get_by_role("checkbox", name="Add to keystore as trusted certificate").click()
    alias = page.locator("ui5-input[name=alias] input")
    expect(alias).to_have_value('Strange Root "<b>"')
    alias.fill("openssl root")
    _update(page)
    expect(page.locator(".problem-at-field")).to_contain_text("openssl root")
    assert 1 == _entry(authority.settings, "strange").version.number
    alias.fill("strange root")
    _update(page)
    _expect_done(page, "strange")
    version = _entry(authority.settings, "strange").version
    assert (2, "the new one comes on Monday") == (version.number, version.note)
    root = _entry(authority.settings, "strange root")
    assert (True, steward_.read(STRANGE)) == (root.trusted, root.version.chain)


def test_misfit_is_carried_over_to_its_alias(page: Page, authority: Authority) -> None:
    """The link opens the right dialog with the file in it, and its plan is there at once."""
    file = authority.answer(EVIL)
    pages.visit(page, _dialog("misfit"))
    page.locator("input[type=file]").set_input_files(file)
    expect(_strip(page, "The certificate belongs to another key")).to_be_visible()
    page.get_by_role("button", name="Use this file for").click()
    expect(page).to_have_url(f"{_dialog(EVIL)}")
    window = page.locator("ui5-dialog")
    expect(window.locator(".chosen")).to_have_text(str(file["name"]))
    expect(window.locator("ui5-message-strip")).to_contain_text("The file fits.")
    window.get_by_role("button", name="Update", exact=True).click()
    expect(window.locator("ui5-message-strip")).to_contain_text(f"{EVIL} updated.")
    assert (1, 2) == (
        _entry(authority.settings, "misfit").version.number,
        _entry(authority.settings, EVIL).version.number,
    )


def test_file_is_dropped_or_pasted_and_one_that_is_too_large_stays_here(
    page: Page, authority: Authority
) -> None:
    """Whatever way it comes; what is too large is said without asking the server."""
    text = bytes(authority.answer("dropped")["buffer"]).decode()
    pages.visit(page, _dialog("dropped"))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.locator("input[type=file]").set_input_files(_file(b" " * 30_721, "large.p7b"))
    expect(page.locator(".chosen")).to_contain_text("30,721")
    assert "POST" not in sent
    page.evaluate(_DROP, ["[data-file]", "dropped.pem", text])
    expect(page.locator(".chosen")).to_have_text("dropped.pem")
    _expect_fit(page)
    page.locator("input[type=file]").set_input_files(_file(b" " * 30_721, "large.p7b"))
    expect(_strip(page, "The file fits.")).to_have_count(0)
    page.evaluate(_PASTE, text)
    expect(page.locator(".chosen")).to_have_text("pasted.txt")
    _expect_fit(page)
    _update(page)
    _expect_done(page, "dropped")
    assert 2 == _entry(authority.settings, "dropped").version.number


def test_two_people_at_the_same_entry_see_what_the_other_did(
    visitors: Visitors, authority: Authority
) -> None:
    """Who comes second is shown who was first, and decides on the plan of now."""
    first, second = visitors.open(Role.ADMINISTRATOR), visitors.open(Role.OPERATOR)
    for person in (first, second):
        pages.visit(person, _dialog("two"))
        person.locator("input[type=file]").set_input_files(authority.answer("two"))
        _expect_fit(person)
    _update(first)
    _expect_done(first, "two")
    _update(second)
    expect(_strip(second, "The entry was changed after you opened this.")).to_be_visible()
    changes = second.get_by_role("table", name="Changed meanwhile")
    expect(changes).to_contain_text(str(Role.ADMINISTRATOR))
    expect(changes.get_by_role("row")).to_have_count(3)
    assert 2 == _entry(authority.settings, "two").version.number
    _update(second)
    _expect_done(second, "two")
    entry = _entry(authority.settings, "two")
    assert (3, str(Role.OPERATOR)) == (entry.version.number, entry.version.created_by)


def test_session_that_ends_amid_the_form_loses_nothing(
    visitors: Visitors, authority: Authority
) -> None:
    """Name and password are asked for beside the form, which then goes on."""
    page = visitors.open()
    page.goto(_dialog("away"))
    pages.sign_in(page, Role.OPERATOR)
    page.locator("input[type=file]").set_input_files(authority.answer("away"))
    _expect_fit(page)
    cookie = next(c for c in page.context.cookies() if c.get("name") == access.SESSION_COOKIE)
    with app.opened(authority.settings) as steward:
        sessions.close_session(steward, Secret(str(cookie.get("value")).encode()))
    _update(page)
    asked = page.locator("ui5-dialog[data-signing-in]")
    expect(asked).to_be_visible()
    assert 1 == _entry(authority.settings, "away").version.number
    pages.field(page, "name").fill(Role.OPERATOR)
    pages.field(page, "password").fill(pages.PASSWORD)
    asked.get_by_role("button", name="Sign In", exact=True).click()
    _expect_done(page, "away")
    assert 2 == _entry(authority.settings, "away").version.number


def test_server_out_of_reach_is_said_and_nothing_is_lost(page: Page, authority: Authority) -> None:
    """The form says so and works when the server is there again; so do windows and the list."""
    page.goto(ENTRIES)
    pages.ready(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Refresh").click()
    expect(_strip(page, "The server cannot be reached")).to_be_visible()
    page.get_by_role("button", name="Back Up", exact=True).click()
    window = page.locator("ui5-dialog[open]")
    expect(window).to_have_js_property("headerText", "The server cannot be reached")
    window.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("ui5-dialog")).to_have_count(0)
    page.context.set_offline(False)
    expect(page).to_have_url(f"{ENTRIES}")
    pages.visit(page, _dialog("apart"))
    page.locator("input[type=file]").set_input_files(authority.answer("apart"))
    _expect_fit(page)
    page.context.set_offline(True)
    _update(page)
    expect(_strip(page, "The server cannot be reached")).to_be_visible()
    assert 1 == _entry(authority.settings, "apart").version.number
    page.context.set_offline(False)
    _update(page)
    _expect_done(page, "apart")
    assert 2 == _entry(authority.settings, "apart").version.number


def test_nothing_that_the_dialog_shows_has_barriers(page: Page, settings: Settings) -> None:
    """Refusals, questions, plans, changes of others and results: none has a serious one."""
    alias, placeholder = "seen", issue("CN=client")
    root, other = issue("root", ca=True), issue("other", ca=True)
    ended = datetime(2025, 1, 1, tzinfo=UTC)
    old = issue("CN=client", placeholder.key, root, eku=("clientAuth",), not_after=ended)
    with app.opened(settings) as steward:
        steward_.add(steward, alias, placeholder)
        pages.visit(page, _dialog(alias))
        steward_.upload(steward, alias, issue("CN=client", placeholder.key, other), other)
    page.locator("input[type=file]").set_input_files(_file(issue("nobody").pem))
    expect(_strip(page, "The certificate belongs to another key")).to_be_visible()
    found = {"refusal": pages.barriers_in_light_and_dark(page)}
    page.locator("input[type=file]").set_input_files(_file(old.pem + root.pem))
    page.get_by_role("checkbox", name="I accept a certificate that has expired").click()
    page.get_by_role("checkbox", name="Add to keystore as trusted certificate").click()
    expect(page.locator("ui5-input[name=alias]")).to_be_visible()
    found["question"] = pages.barriers_in_light_and_dark(page)
    page.get_by_role("checkbox", name="I have compared the fingerprint").click()
    expect(page.get_by_role("table", name="Old and new certificate")).to_be_visible()
    expect(page.get_by_role("table", name="Changed meanwhile")).to_be_visible()
    found["plan"] = pages.barriers_in_light_and_dark(page)
    pages.field(page, "note").fill("seen")
    _update(page)
    _expect_done(page, alias)
    found["done"] = pages.barriers_in_light_and_dark(page)
    assert {} == {shown: barriers for shown, barriers in found.items() if barriers}


def _tab_to(page: Page, name: str) -> None:
    _press_until(page, "Tab", name)


def _press_until(page: Page, key: str, name: str) -> None:
    """Press a key until what has the focus bears a name."""
    met: list[str] = []
    for _ in range(60):
        met.append(page.evaluate(_ACTIVE))
        if met[-1] == name:
            return
        page.keyboard.press(key)
        page.evaluate(_NEXT_FRAME)
    pytest.fail(f"{name} was not met: {met}")
