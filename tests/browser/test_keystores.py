"""Whole keystores in the browser: files taken in and given out, and backups."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from keysteward import app
from keysteward.keystore import backups, lifecycle
from keysteward.settings import Settings
from tests import keystore_files, peers
from tests import steward as steward_
from tests.browser import pages
from tests.pki_maker import issue
from tests.steward import TENANT

ENTRIES = "/keystores/default/entries"
SECOND, THIRD = "/keystores/second", "/keystores/third"
PASSWORD = "test-only"
OF_A_KEY = "of one key"
MANY, ROUNDS = 300, 30_000
"""Keys of a large file, and what it costs to open each: together far longer than a page waits."""


@pytest.fixture(scope="module", autouse=True)
def furnished(settings: Settings) -> None:
    """Fill the module's installation: one entry that files meet, and two keystores more."""
    with app.opened(settings) as steward:
        steward_.add(steward, "shared", issue("shared"))
        for name in ("second", "third"):
            steward.store.create_keystore(name, TENANT.name, steward.clock())


@pytest.fixture(scope="module")
def jks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a JKS by keytool: ``of-file``, ``shared``, and ``shut`` with a password of its own."""
    path = tmp_path_factory.mktemp("jks") / "java <b>.jks"
    for alias, of_key in (("of-file", PASSWORD), ("shared", PASSWORD), ("shut", OF_A_KEY)):
        peers.run(
            *("keytool", "-genkeypair", "-alias", alias, "-dname", f"CN={alias}"),
            *("-keyalg", "EC", "-groupname", "secp256r1", "-storetype", "JKS"),
            *("-keystore", str(path), "-storepass", PASSWORD, "-keypass", of_key),
        )
    return path


@pytest.fixture(scope="module")
def pkcs12(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PKCS#12 by openssl with one key, ``shared``."""
    folder = tmp_path_factory.mktemp("pkcs12")
    made = issue("CN=from openssl")
    key, certificate, path = folder / "key.pem", folder / "certificate.pem", folder / "one.p12"
    key.write_bytes(made.key_pem())
    certificate.write_bytes(made.pem)
    peers.run(
        *("openssl", "pkcs12", "-export", "-inkey", str(key), "-in", str(certificate)),
        *("-name", "shared", "-out", str(path), "-passout", f"pass:{PASSWORD}"),
    )
    return path


def _subjects(settings: Settings, keystore: str = "default") -> dict[str, str]:
    """Return aliases and subjects of what is current in the database."""
    with app.opened(replace(settings, keystore=keystore)) as steward:
        states = steward.store.list_states(steward.keystore_id)
        found = (steward.store.get_entry(steward.keystore_id, state.alias) for state in states)
        return {one.alias: one.version.certificate.subject for one in found}


def _window(page: Page) -> Locator:
    return page.locator("ui5-dialog .dialog")


def _open(page: Page, path: Path, password: str) -> None:
    """Go from the list to Add > Keystore, and give file and password."""
    page.goto(ENTRIES)
    pages.ready(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("#add-menu ui5-menu-item[text='Keystore']").click()
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Browse: File").click()
    choosing.value.set_files(path)
    expect(page.locator(".chosen")).to_have_text(path.name)
    _type(page, "password", password)


def _type(page: Page, name: str, text: str) -> None:
    pages.field(page, name).fill(text)
    page.keyboard.press("Tab")


def _choose(page: Page, name: str, value: str) -> None:
    page.locator(f"ui5-select[name={name}]").click()
    page.locator(f"ui5-option[value={value}]").click()


def _group(page: Page, name: str) -> Locator:
    return page.locator(f".group-{name} .told")


def _press(page: Page, name: str) -> None:
    _window(page).get_by_role("button", name=name, exact=True).click()


def test_keystores_of_java_and_openssl_are_added_overwritten_and_replaced(
    page: Page, settings: Settings, jks: Path, pkcs12: Path
) -> None:
    """What would become of each entry is shown before, and is what becomes of it."""
    _open(page, jks, "wrong")
    problem = page.locator(".problem-at-field")
    expect(problem).to_have_attribute("data-slug", "password-wrong")
    expect(page.locator(".plan")).to_have_count(0)
    _type(page, "password", PASSWORD)
    expect(_group(page, "added")).to_have_text(["of-file"])
    expect(_group(page, "preserved")).to_have_text(["shared"])
    expect(_group(page, "left-out")).to_have_text(["shut"])
    expect(page.locator(".group-left-out")).to_contain_text("Give the password of its keys")
    expect(problem).to_have_count(0)
    _type(page, "key_password", OF_A_KEY)
    expect(_group(page, "added")).to_have_text(["of-file", "shut"])
    assert [] == pages.barriers(page)
    _press(page, "Deploy")
    expect(_window(page)).to_contain_text("The keystore is deployed.")
    expect(_group(page, "added")).to_have_text(["of-file", "shut"])
    expect(_group(page, "preserved")).to_have_text(["shared"])
    assert {"of-file": "CN=of-file", "shared": "CN=shared", "shut": "CN=shut"} == _subjects(
        settings
    )
    _press(page, "Close")
    expect(page.locator("[data-list-count]")).to_have_text("Entries (3)")

    _open(page, pkcs12, PASSWORD)
    expect(_group(page, "preserved")).to_have_text(["shared"])
    page.get_by_role("checkbox", name="Overwrite existing entries").click()
    expect(_group(page, "overwritten")).to_have_text(["shared"])
    expect(page.locator(".group-overwritten")).to_contain_text("It gets another private key.")
    _press(page, "Deploy")
    expect(_window(page)).to_contain_text("The keystore is deployed.")
    assert "CN=from openssl" == _subjects(settings)["shared"]

    _open(page, pkcs12, PASSWORD)
    _choose(page, "action", "replace")
    expect(_group(page, "removed")).to_have_text(["of-file", "shut"])
    expect(page.get_by_role("checkbox", name="Overwrite existing entries")).to_be_hidden()
    _press(page, "Deploy")
    expect(problem).to_contain_text("Confirm that entries which the file does not have vanish.")
    assert 3 == len(_subjects(settings))
    page.get_by_role("checkbox", name="2 entries are deleted.").click()
    _press(page, "Deploy")
    expect(_window(page)).to_contain_text("The keystore is deployed.")
    expect(_group(page, "removed")).to_have_text(["of-file", "shut"])
    assert {"shared": "CN=from openssl"} == _subjects(settings)


def test_import_of_very_many_goes_on_when_it_is_left(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    """Whoever left finds it in the header, and then its summary: all keys, and their root."""
    entries = keystore_files.key_entries(keystore_files.distinct_rsa_keys(MANY))
    path = tmp_path / "many.p12"
    path.write_bytes(keystore_files.write_pkcs12(entries, PASSWORD, ROUNDS))
    _open(page, path, PASSWORD)
    expect(page.locator(".group-added summary")).to_have_text(f"New ({MANY + 1})", timeout=60_000)
    _press(page, "Deploy")
    expect(page.locator(".job")).to_be_visible()
    page.goto("/keystores/default")
    pages.ready(page)
    page.get_by_role("button", name="Work in progress").click()
    page.get_by_role("link", name="Add a keystore to default").first.click()
    expect(page.locator("[data-done]")).to_contain_text("The keystore is deployed.", timeout=60_000)
    expect(page.locator(".group-added summary")).to_have_text(f"Added ({MANY + 1})")
    page.get_by_role("button", name="Close").click()
    expect(page).to_have_url(re.compile(f"{ENTRIES}$"))
    assert {entry.alias for entry in entries} <= set(_subjects(settings))


@pytest.mark.parametrize("form", ["JKS", "JCEKS", "PKCS#12"])
def test_public_content_is_read_by_java(page: Page, tmp_path: Path, form: str) -> None:
    """The file has SAP's name, no password, and the certificate of every entry."""
    page.goto(ENTRIES)
    pages.ready(page)
    page.get_by_role("button", name="Download", exact=True).click()
    item = page.locator(f"#download-menu ui5-menu-item[text='Public Content ({form})']")
    name, data = pages.download(page, item.click)
    suffix = {"JKS": "jks", "JCEKS": "jceks", "PKCS#12": "p12"}[form]
    assert f"PublicContentKeystore.{suffix}" == name
    path = tmp_path / name
    path.write_bytes(data)
    kind = form.replace("#", "S").replace("PKCSS", "PKCS")
    listed = peers.run("keytool", "-list", "-keystore", str(path), "-storetype", kind, data=b"\n")
    assert b"shared" in listed


def test_backup_is_made_looked_into_and_deleted(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    """The chosen one of several is listed, filtered, downloaded, and gone once confirmed."""
    with app.opened(replace(settings, keystore="second")) as steward:
        steward_.add(steward, "kept", issue("kept"))
        steward_.add(steward, "lost", issue("lost"))
    page.goto(f"{SECOND}/backup")
    expect(page.locator(".empty").first).to_have_text("There is no backup of this keystore yet.")
    page.get_by_role("button", name="Back Up", exact=True).click()
    pages.field(page, "name").fill("first <b>")
    _press(page, "Back Up")
    expect(page.locator("[data-list-count]")).to_have_text("Entries (2)")
    with app.opened(replace(settings, keystore="second")) as steward:
        lifecycle.delete_entry(steward, TENANT, "lost")
    page.goto(f"{SECOND}/create-backup")
    page.get_by_role("button", name="Back Up", exact=True).click()
    expect(page.locator("[data-list-count]")).to_have_text("Entries (1)")
    pages.ready(page)

    page.locator("ui5-select.backup").click()
    page.locator("ui5-option").filter(has_text="first <b>").click()
    expect(page).to_have_url(re.compile(r"/backup\?backup=first%20%3Cb%3E$"))
    pages.ready(page)
    page.locator("[data-list-text] input").press_sequentially("CN=LOST")
    expect(page.locator("[data-list-count]")).to_have_text("Entries (1)")
    page.get_by_role("link", name="lost", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("lost")
    page.get_by_role("link", name="Backup first <b>").click()
    expect(page.get_by_role("link", name="kept", exact=True)).to_be_visible()
    pages.ready(page)
    page.get_by_role("button", name="Download", exact=True).click()
    item = page.locator("#download-menu ui5-menu-item[text='Public Content (JKS)']")
    name, data = pages.download(page, item.click)
    assert "PublicContentBackupKeystore.jks" == name
    path = tmp_path / name
    path.write_bytes(data)
    listed = peers.run("keytool", "-list", "-keystore", str(path), data=b"\n")
    assert b"kept" in listed
    assert b"lost" in listed

    page.get_by_role("button", name="Delete Backup").click()
    page.get_by_role("checkbox", name="Delete this backup for good").click()
    _press(page, "Delete")
    expect(page.locator("[data-list-count]")).to_have_text("Entries (1)")
    expect(page.locator("ui5-select.backup")).to_have_count(0)
    with app.opened(replace(settings, keystore="second")) as steward:
        (left,) = steward.store.list_backups(steward.keystore_id)
    assert "first <b>" != left.name


def test_backup_is_compared_and_restored_in_part_and_as_a_whole(
    page: Page, settings: Settings
) -> None:
    """What is not as it was is said before, entry by entry; what was shown is done."""
    with app.opened(replace(settings, keystore="third")) as steward:
        steward_.add(steward, "kept", issue("kept"))
        steward_.add(steward, "lost", issue("lost"))
        backups.create_backup(steward, TENANT, "first <b>")
        lifecycle.delete_entry(steward, TENANT, "lost")
        steward_.add(steward, "later", issue("later"))
        lifecycle.rename_entry(steward, TENANT, "kept", "renamed")
    page.goto(f"{THIRD}/backup")
    pages.ready(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(_window(page).locator("tbody tr")).to_have_text(
        [
            "kept Renamed since Now it is called renamed.",
            "later Added since",
            "lost Deleted since",
            "renamed Renamed since In the backup it is called kept.",
        ]
    )
    assert [] == pages.barriers(page)

    _press(page, "Restore")
    expect(_group(page, "removed")).to_have_text(["later", "renamed"])
    _choose(page, "scope", "selected")
    _window(page).get_by_role("checkbox", name="lost").check()
    expect(_window(page).get_by_role("checkbox", name="kept")).not_to_be_checked()
    assert [] == pages.barriers(page)
    _press(page, "Restore")
    expect(_window(page)).to_contain_text("The backup first <b> is restored.")
    expect(_group(page, "added")).to_have_text(["lost"])
    assert {"later", "lost", "renamed"} == set(_subjects(settings, "third"))
    with pages.renewing(page):
        _press(page, "Close")

    page.get_by_role("button", name="Restore", exact=True).click()
    expect(_group(page, "removed")).to_have_text(["later", "renamed"])
    page.get_by_role("checkbox", name="2 entries are deleted.").click()
    _press(page, "Restore")
    expect(_window(page)).to_contain_text("The backup first <b> is restored.")
    assert {"kept": "CN=kept", "lost": "CN=lost"} == _subjects(settings, "third")
