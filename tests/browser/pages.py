"""What tests do with pages: sign in, wait, download, look for barriers, take pictures."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from keysteward.rights import Role
from tests.browser import watching

FOLDER = Path(__file__).parent
SCREENS = FOLDER.parents[1] / "out" / "screens"
PASSWORD = "a password of browser tests"
"""Of every user; each is called as its only role is."""

_AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = frozenset({"serious", "critical"})
_RUN_AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, impact, help, nodes }) => (
    { id, impact, help, targets: nodes.map(({ target, failureSummary }) =>
      [target.flat().join(" "), failureSummary]) }));
}"""
# Elements are defined once their theme and texts are loaded, and drawn more than once: some of what
# they say is put together later. UI5 announces changes in an element that it never defines.
_READY = """() => {
  if (document.readyState !== "complete"
    || document.querySelector(":not(:defined):not(ui5-announcement-area)")) return false;
  const shadows = [...document.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
  const drawn = [document.body, ...shadows].map(({ innerHTML }) => innerHTML);
  const before = globalThis.drawnBefore;
  globalThis.drawnBefore = drawn;
  return before?.length === drawn.length && drawn.every((html, at) => html && html === before[at]);
}"""
_LOOK_EVERY_MS = 200  # after which UI5 itself takes a page for drawn


def sign_in(page: Page, role: Role, password: str = PASSWORD) -> None:
    """Sign in as the user of a role, by the form, on whatever page asks for it."""
    field(page, "name").fill(role)
    field(page, "password").fill(password)
    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page).not_to_have_url("**/sign-in*")
    ready(page)


def field(page: Page, name: str) -> Any:  # noqa: ANN401
    """Return the place of a field to type into, inside its element."""
    return page.locator(f"[name={json.dumps(name)}]").locator("input, textarea")


def ready(page: Page) -> None:
    """Wait until all is loaded, and every element is defined and drawn and stays as it is."""
    page.wait_for_function(_READY, polling=_LOOK_EVERY_MS)
    while watching.is_loading(page):
        page.wait_for_timeout(_LOOK_EVERY_MS)
        page.wait_for_function(_READY, polling=_LOOK_EVERY_MS)


def download(page: Page, action: Callable[[], None]) -> tuple[str, bytes]:
    """Return name and bytes of the file that the browser saves when something is done."""
    with page.expect_download() as saving:
        action()
    return saving.value.suggested_filename, saving.value.path().read_bytes()


def barriers(page: Page) -> list[str]:
    """Return what axe-core finds to be serious or critical, each with where it is."""
    ready(page)
    page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(_RUN_AXE)
    return [
        f"{each['impact']} {each['id']} ({each['help']}): {target}: {why}"
        for each in found
        if each["impact"] in _GRAVE
        for target, why in each["targets"]
    ]


def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page as ``out/screens/NAME.png``."""
    ready(page)
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


@cache
def _axe() -> str:
    if not _AXE.exists():
        pytest.skip("needs axe-core (npm ci in tests/browser, as make test runs it)")
    return _AXE.read_text(encoding="utf-8")
