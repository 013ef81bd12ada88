"""Add and Update with files of openssl, keytool, ssh-keygen and puttygen, by clicking and typing.

Every key made here is for tests alone.
"""

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from keysteward import app
from keysteward.entries import Entry
from keysteward.keystore import certificates
from keysteward.pki.usages import Usage
from keysteward.settings import Settings
from tests import key_uploads, peers
from tests import steward as steward_
from tests.browser import pages
from tests.pki_maker import issue
from tests.ssh_maker import PASSPHRASE, SshMaker
from tests.steward import TENANT

KEYSTORE = "/keystores/default"
ENTRIES = f"{KEYSTORE}/entries"
WORD = "sesame-open-4711"
"""Opens the PKCS#12 files."""
FINGERPRINT = "I have compared the fingerprint"

_DROP = """([selector, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  for (const type of ["dragover", "drop"]) {
    document.querySelector(selector).dispatchEvent(
      new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""
_KEPT = """() => [location.href, document.documentElement.outerHTML,
  JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })].join(" ")"""


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> SshMaker:
    """Return a maker of SSH keys for the module."""
    return SshMaker(tmp_path_factory.mktemp("ssh"))


def _file(data: bytes, name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def _entry(settings: Settings, alias: str) -> Entry:
    with app.opened(settings) as steward:
        return steward.store.get_entry(steward.keystore_id, alias)


def _choose(page: Page, file: FilePayload, field: str = "file") -> None:
    """Press Browse and choose a file."""
    with page.expect_file_chooser() as choosing:
        page.locator(f"[data-file={field}]").get_by_role("button").click()
    choosing.value.set_files(file)


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _pick(page: Page, item: str) -> None:
    page.locator(f"ui5-menu[open] ui5-menu-item[text='{item}']").click()


def _tick(page: Page, name: str) -> None:
    page.get_by_role("checkbox", name=name).click()


def _strip(page: Page, text: str) -> Locator:
    return page.locator("ui5-message-strip").filter(has_text=text)


def _add_from_list(page: Page, kind: str) -> None:
    """Open the dialog from the toolbar of the list."""
    page.goto(ENTRIES)
    pages.ready(page)
    _press(page, "Add")
    _pick(page, kind)
    expect(page.locator("ui5-dialog[open]")).to_be_visible()


def _type_password(page: Page, word: str) -> None:
    pages.field(page, "password").fill(word)
    pages.field(page, "password").press("Tab")


def _expect_no_password(page: Page, word: str) -> None:
    assert word not in str(page.evaluate(_KEPT))


def test_certificate_is_added_trusted_and_updated_by_two_people(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    """The alias is proposed until one is typed; an update that comes too late shows both."""
    made, keys = {}, ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for name in ("First", "Second", "Third"):
        made[name] = _file(
            peers.run(
                *("openssl", "req", "-x509", *keys, "-keyout", f"{tmp_path}/key"),
                *("-subj", f"/CN={name} Root", "-days", "3000"),
            ),
            f"{name}.pem",
        )
    _add_from_list(page, "Certificate")
    _choose(page, made["First"])
    alias = pages.field(page, "alias")
    expect(alias).to_have_value("First Root")
    _choose(page, made["Second"])
    expect(alias).to_have_value("Second Root")
    alias.fill("our root")
    _choose(page, made["First"])
    expect(page.locator(".upload-found")).to_contain_text("CN=First Root")
    expect(alias).to_have_value("our root")
    page.locator("ui5-dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".problems .problem")).to_contain_text("not trusted yet")
    _tick(page, FINGERPRINT)
    page.locator("ui5-dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("ui5-toast")).to_contain_text("our root is in the keystore now.")
    entry = _entry(settings, "our root")
    assert (True, "CN=First Root") == (entry.trusted, entry.version.certificate.subject)
    page.goto(f"{ENTRIES}/our%20root")
    pages.ready(page)
    _press(page, "Update")
    dialog = page.locator("ui5-dialog")
    _choose(page, made["Second"])
    expect(dialog.get_by_role("table", name="Old and new certificate")).to_contain_text(
        "CN=Second Root"
    )
    with app.opened(settings) as steward:
        third = bytes(made["Third"]["buffer"])
        certificates.update_certificate(steward, TENANT, "our root", third, trusted=False)
    _tick(page, FINGERPRINT)
    dialog.get_by_role("button", name="Update", exact=True).click()
    expect(_strip(page, "The entry was changed after you opened this.")).to_be_visible()
    expect(dialog.get_by_role("table", name="Changed meanwhile")).to_contain_text("tester")
    assert "CN=Third Root" == _entry(settings, "our root").version.certificate.subject
    dialog.get_by_role("button", name="Update", exact=True).click()
    expect(page.locator("ui5-toast")).to_contain_text("our root is updated.")
    assert "CN=Second Root" == _entry(settings, "our root").version.certificate.subject


def test_one_of_several_keys_is_added_and_its_key_pair_updated(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    """PKCS#12 with its password, the key chosen by name; then openssl's file in its place."""
    _add_from_list(page, "Key Pair")
    _choose(page, _file(key_uploads.keytool_pkcs12("one", "two", password=WORD), "two.p12"))
    expect(_strip(page, "The file is locked.")).to_be_visible()
    _type_password(page, "no")
    expect(page.locator(".problem-at-field")).to_contain_text("The password does not open the file")
    _type_password(page, WORD)
    expect(_strip(page, "The file holds 2 keys.")).to_be_visible()
    page.locator("ui5-select[name=key]").click()
    page.locator("ui5-option").filter(has_text="two").click()
    expect(_strip(page, "The certificate is self-signed")).to_be_visible()
    expect(pages.field(page, "alias")).to_have_value("two")
    _tick(page, FINGERPRINT)
    page.locator("ui5-dialog").get_by_role("button", name="Add", exact=True).click()
    expect(_strip(page, "two is in the keystore now.")).to_be_visible()
    expect(_strip(page, "More lay in the file than was taken")).to_be_visible()
    _expect_no_password(page, WORD)
    assert "CN=two" == _entry(settings, "two").version.certificate.subject
    _press(page, "View Details")
    expect(page).to_have_url(f"{ENTRIES}/two")
    pages.ready(page)
    _press(page, "Update")
    _pick(page, "Key Pair")
    root = issue("P12 Root", ca=True)
    leaf = issue("next two", issuer=root, eku=("clientAuth",))
    file = key_uploads.openssl_pkcs12(tmp_path, leaf, root, password=WORD)
    _choose(page, _file(file, "next.p12"))
    _type_password(page, WORD)
    dialog = page.locator("ui5-dialog")
    expect(dialog.get_by_role("table", name="Old and new certificate")).to_contain_text("next two")
    expect(_strip(page, "The private key changes")).to_be_visible()
    expect(dialog.locator(".chain").first).to_contain_text("P12 Root")
    _tick(page, FINGERPRINT)
    dialog.get_by_role("button", name="Update", exact=True).click()
    expect(_strip(page, "two is updated.")).to_be_visible()
    assert steward_.read(leaf, root) == _entry(settings, "two").version.chain
    _expect_no_password(page, WORD)


def test_ssh_and_rsa_keys_are_added_and_updated(
    page: Page, settings: Settings, ssh: SshMaker
) -> None:
    """With a passphrase; a file that was chosen as another kind is carried over."""
    _add_from_list(page, "SSH Key")
    _choose(page, _file(ssh.encrypted("ed25519").read_bytes(), "id_partner.key"))
    expect(_strip(page, "The file is locked.")).to_be_visible()
    _type_password(page, PASSPHRASE)
    expect(_strip(page, "The file can be taken.")).to_be_visible()
    expect(pages.field(page, "alias")).to_have_value("id_partner")
    dialog = page.locator("ui5-dialog")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".problem-at-field")).to_contain_text("must not be empty")
    pages.field(page, "cn").fill("sftp.example.test")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("ui5-toast")).to_contain_text("id_partner is in the keystore now.")
    _expect_no_password(page, PASSPHRASE)
    added = _entry(settings, "id_partner")
    assert (Usage.SSH, "Ed25519") == (added.usage, str(added.version.certificate.key))
    page.goto(f"{ENTRIES}/id_partner/update")
    pages.ready(page)
    expect(pages.field(page, "cn")).to_have_value("sftp.example.test")
    putty = ssh.putty("rsa", encrypted=True).read_bytes()
    page.evaluate(_DROP, ["[data-file]", "partner.ppk", putty.decode()])
    expect(page.locator(".chosen")).to_have_text("partner.ppk")
    _type_password(page, PASSPHRASE)
    expect(page.get_by_role("table", name="Old and new certificate")).to_contain_text("RSA 2048")
    _press(page, "Update")
    expect(page.locator("ui5-toast")).to_contain_text("id_partner is updated.")
    assert "RSA 2048" == str(_entry(settings, "id_partner").version.certificate.key)

    first, second = (peers.run("openssl", "genrsa", "-traditional", "2048") for _ in range(2))
    _add_from_list(page, "RSA Key")
    _choose(page, _file(first, "our_rsa.pem"))
    expect(pages.field(page, "alias")).to_have_value("our_rsa")
    pages.field(page, "cn").fill("rsa.example.test")
    page.locator("ui5-dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("ui5-toast")).to_contain_text("our_rsa is in the keystore now.")
    page.goto(f"{ENTRIES}/our_rsa")
    pages.ready(page)
    _press(page, "Update")
    _pick(page, "Key Pair")
    _choose(page, _file(second, "second.pem"))
    expect(page.locator(".problem-at-field")).to_be_visible()
    page.locator("ui5-dialog").get_by_role("button", name="RSA Key", exact=True).click()
    window = page.locator("ui5-dialog")
    expect(window.locator("[data-file=file] .chosen")).to_have_text("second.pem")
    expect(window.get_by_role("table", name="Old and new certificate")).to_be_visible()
    window.get_by_role("button", name="Update", exact=True).click()
    expect(page.locator("ui5-toast")).to_contain_text("our_rsa is updated.")
    assert 2 == _entry(settings, "our_rsa").version.number


def test_what_is_shown_of_files_has_no_barriers(page: Page, settings: Settings) -> None:
    """Questions, choices, comparisons and refusals: none has a serious one."""
    alias = "seen"
    with app.opened(settings) as steward:
        steward_.add(steward, alias, issue("seen"))
    found = {}
    root = issue("Barrier Root", ca=True)
    pages.visit(page, f"{KEYSTORE}/add/certificate")
    page.locator("input[type=file]").set_input_files(_file(root.pem, "root.pem"))
    expect(page.get_by_role("checkbox", name=FINGERPRINT)).to_be_visible()
    found["question"] = pages.barriers_in_light_and_dark(page)
    page.locator("input[type=file]").set_input_files(_file(root.key_pem(), "key.pem"))
    expect(page.locator(".problem-at-field")).to_be_visible()
    expect(page.locator(".upload-found")).to_be_empty()
    found["refusal"] = pages.barriers_in_light_and_dark(page)
    pages.visit(page, f"{ENTRIES}/{quote(alias)}/update")
    _type_password(page, WORD)
    keys = _file(key_uploads.keytool_pkcs12("one", "two", password=WORD), "two.p12")
    page.locator("[data-file=file] input[type=file]").set_input_files(keys)
    expect(page.locator("ui5-select[name=key]")).to_be_visible()
    found["choice"] = pages.barriers_in_light_and_dark(page)
    leaf = issue("seen", issuer=root)
    pem = _file(leaf.key_pem() + leaf.pem + root.pem, "new.pem")
    page.locator("[data-file=file] input[type=file]").set_input_files(pem)
    _type_password(page, "")
    expect(page.get_by_role("table", name="Old and new certificate")).to_be_visible()
    found["comparison"] = pages.barriers_in_light_and_dark(page)
    assert {} == {shown: barriers for shown, barriers in found.items() if barriers}
