"""The pictures of the README, taken of the real page: ``python -m tests.browser.screenshots``.

A lively keystore is made in a throw-away folder, openssl answers a signing request, and the browser
shows both. Every key made here is for the pictures alone.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect, sync_playwright

from keysteward import app
from keysteward.entries import View
from keysteward.keystore import backups, key_pairs, keystores, lifecycle
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.steward import Steward
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import peers, providers, servers
from tests import steward as steward_
from tests.browser import pages
from tests.browser.watching import Watch
from tests.pki_maker import Issued, issue
from tests.steward import TENANT

FOLDER = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 150_000

_ENTRIES = "/keystores/default/entries"
_SIZE: ViewportSize = {"width": 1280, "height": 720}
_TALL: ViewportSize = {"width": 1060, "height": 960}
_PARTNERS = {
    "bank-payments": 21,
    "carrier-tracking": 340,
    "customs-declarations": 55,
    "erp-orders": 290,
    "invoices-archive": -3,
    "logistics-hub": 180,
    "shop-client": 12,
    "tax-office": 610,
}
"""Aliases, and in how many days their certificates end."""

NOW = datetime.now(UTC)
ROOT = issue(
    "CN=Example Trust Root R1,O=Example Trust,C=DE",
    ca=True,
    not_after=NOW + timedelta(days=5000),
)
CA = issue(
    "CN=Example Trust TLS Client CA 3,O=Example Trust,C=DE",
    issuer=ROOT,
    ca=True,
    path_length=0,
    not_after=NOW + timedelta(days=2500),
)


def main() -> None:
    """Take the pictures and write them to ``docs/images``, or to another folder."""
    parser = argparse.ArgumentParser(prog="screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.exit(1, "needs chromium (Debian package chromium)\n")
    with (
        tempfile.TemporaryDirectory() as folder,
        _serving(Path(folder)) as (url, answer),
        sync_playwright() as playwright,
    ):
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        _take(browser, url, answer, out)


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Serve the keystore; give the address, and the answer to shop-client's request."""
    settings = steward_.settings_for(folder / "data")
    app.create(settings)
    servers.add_user(settings, Role.ADMINISTRATOR, pages.PASSWORD, Role.ADMINISTRATOR)
    answer = _furnish(settings, folder)
    with servers.served(settings, folder) as server:
        yield server.url, answer


def _furnish(settings: Settings, folder: Path) -> bytes:
    with app.opened(settings) as steward:
        steward_.add_anchor(steward, "example-trust-root-r1", ROOT)
        steward_.add_anchor(steward, "example-trust-client-ca-3", CA, trusted=False)
        for alias, days in _PARTNERS.items():
            steward_.add(steward, alias, _certificate(alias, days), CA, ROOT)
        _wait_for_answer(steward, "edi-gateway")
        _wait_for_answer(steward, "marketplace")
        key_pairs.renew_key_pair(steward, TENANT, "logistics-hub")
        lifecycle.rename_entry(steward, TENANT, "tax-office", "tax-office-2026")
        platform = providers.leaf("prod", not_after=NOW + timedelta(days=200))
        providers.supply(steward, platform, view=View.CURRENT)
        backups.create_backup(steward, TENANT, "before-renewals")
        keystores.create_keystore(steward, TENANT, "production")
        return _answer(steward_.ask(steward, "shop-client"), folder)


def _certificate(alias: str, days: int) -> Issued:
    return issue(
        f"CN={alias}.example,O=Example GmbH,C=DE",
        issuer=CA,
        eku=("clientAuth",),
        san=(f"DNS:{alias}.example",),
        not_before=NOW - timedelta(days=370),
        not_after=NOW + timedelta(days=days, hours=1),
    )


def _wait_for_answer(steward: Steward, alias: str) -> None:
    wish = PlaceholderWish(Subject(f"{alias}.example", organization="Example GmbH"))
    key_pairs.generate_key_pair(steward, TENANT, alias, parse_key_spec("ec", None, "P-256"), wish)
    steward_.ask(steward, alias)


def _answer(request: bytes, folder: Path) -> bytes:
    """Return what openssl issues for a request, with the CA, as PKCS#7."""
    (folder / "request.csr").write_bytes(request)
    (folder / "ca.key").write_bytes(CA.key_pem())
    (folder / "ca.pem").write_bytes(CA.pem)
    names = "subjectAltName=DNS:shop-client.example,DNS:shop.example"
    usage = "extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature"
    (folder / "leaf.cnf").write_text(f"{usage}\n{names}\n")
    leaf = peers.run(
        *("openssl", "x509", "-req", "-in", f"{folder}/request.csr", "-days", "397"),
        *("-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key"),
        *("-extfile", f"{folder}/leaf.cnf"),
    )
    (folder / "chain.pem").write_bytes(leaf + CA.pem)
    return peers.run("openssl", "crl2pkcs7", "-nocrl", "-certfile", f"{folder}/chain.pem")


def _take(browser: Browser, url: str, answer: bytes, out: Path) -> None:
    page = _visitor(browser, url)
    page.goto("/sign-in")
    pages.sign_in(page, Role.ADMINISTRATOR)
    _picture(page, "/", out / "overview.png")
    _picture(page, _ENTRIES, out / "entries.png")
    _picture(page, f"{_ENTRIES}/erp-orders", out / "entry.png")
    page.set_viewport_size(_TALL)
    page.goto(f"{_ENTRIES}/shop-client")
    pages.ready(page)
    page.get_by_role("button", name="Update", exact=True).click()
    page.get_by_role("menuitem", name="Signing Response").click()
    _choose(page, {"name": "answer.p7b", "mimeType": "application/x-pkcs7", "buffer": answer})
    _shoot(page, out / "signing-response.png")
    dark = _visitor(browser, url, color_scheme="dark", storage_state=page.context.storage_state())
    _picture(dark, f"{_ENTRIES}?show=ending&sort=valid-until", out / "dark.png")


def _visitor(browser: Browser, url: str, **options: object) -> Page:
    chosen: dict[str, object] = {"viewport": _SIZE, "locale": "en-GB", **options}
    context = browser.new_context(base_url=url, **chosen)  # type: ignore[arg-type]  # of a context
    context.set_default_timeout(30_000)
    Watch(url.removeprefix("http://")).follow(context)
    return context.new_page()


def _choose(page: Page, file: FilePayload) -> None:
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Browse").click()
    choosing.value.set_files(file)
    expect(page.locator(".response-plan")).to_contain_text("Example Trust Root R1")


def _picture(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    _shoot(page, file)


def _shoot(page: Page, file: Path) -> None:
    pages.ready(page)
    page.screenshot(path=file)
    if file.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{file.name} is larger than {MOST_BYTES / 1000:.0f} kB.")


if __name__ == "__main__":
    main()
