"""What tests do with pages: sign in, wait, download, look for barriers, take pictures."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
from playwright.sync_api import Page, expect

from keysteward.rights import Role
from tests.browser import watching

ColorScheme: TypeAlias = Literal["light", "dark"]

FOLDER = Path(__file__).parent
SCREENS = FOLDER.parents[1] / "out" / "screens"
PASSWORD = "a password of browser tests"
"""Of every user; each is called as its only role is."""
PATIENCE_MS = 30_000
"""How long what has to come is waited for; it costs nothing where it comes."""

_AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = frozenset({"serious", "critical"})
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose verdict may be another one in another theme."""
_RUN_AXE = """async (rules) => {
  const options = rules ? { runOnly: rules } : {};
  const { violations } = await axe.run(document, { ...options, resultTypes: ["violations"] });
  return violations.map(({ id, impact, help, nodes }) => (
    { id, impact, help, targets: nodes.map(({ target, failureSummary }) =>
      [target.flat().join(" "), failureSummary]) }));
}"""
_BACKGROUND = """() =>
  getComputedStyle(document.documentElement).getPropertyValue("--sapBackgroundColor")"""
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
    signed_in(page)


def signed_in(page: Page) -> None:
    """Wait until the form that asks for name and password has led to another page."""
    expect(page).not_to_have_url(re.compile(r"/sign-in(\?|$)"))
    ready(page)


def field(page: Page, name: str) -> Any:  # noqa: ANN401
    """Return the place of a field to type into, inside its element."""
    return page.locator(f"[name={json.dumps(name)}]").locator("input, textarea")


def visit(page: Page, address: str) -> None:
    """Go to an address and wait until its page is ready.

    A page is loaded before its scripts have run, and takes no file and no key until then.
    """
    page.goto(address)
    ready(page)


def ready(page: Page) -> None:
    """Wait until all is loaded, and every element is defined and drawn and stays as it is.

    This is so before a press has an effect, too: first expect what only the effect shows.
    """
    page.wait_for_function(_READY, polling=_LOOK_EVERY_MS)
    end = time.monotonic() + PATIENCE_MS / 1000
    while watching.is_loading(page):
        assert time.monotonic() < end, "Something that the page asked for does not come."
        page.wait_for_timeout(_LOOK_EVERY_MS)
        page.wait_for_function(_READY, polling=_LOOK_EVERY_MS)


@contextmanager
def renewing(page: Page) -> Iterator[None]:
    """Wait until what is done in a context has loaded a page anew, and that is ready.

    For pages that come again with the address and most of the words that they had before.
    """
    with page.expect_event("load"):
        yield
    ready(page)


def download(page: Page, action: Callable[[], None]) -> tuple[str, bytes]:
    """Return name and bytes of the file that the browser saves when something is done."""
    with page.expect_download() as saving:
        action()
    return saving.value.suggested_filename, saving.value.path().read_bytes()


def barriers(page: Page) -> list[str]:
    """Return what axe-core finds to be serious or critical, each with where it is."""
    return _barriers(page, None)


def barriers_in_light_and_dark(page: Page, first: ColorScheme = "light") -> list[str]:
    """Return the same for both themes; the page has to be in the ``first`` one, and is so again.

    What does not depend on colours is looked at once.
    """
    found = _barriers(page, None)
    _turn(page, "dark" if first == "light" else "light")
    found += _barriers(page, _OF_COLOURS)
    _turn(page, first)
    return found


def _turn(page: Page, scheme: ColorScheme) -> None:
    """Have the system prefer another scheme, which the page follows."""
    before = page.evaluate(_BACKGROUND)
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(f"(before) => ({_BACKGROUND})() !== before", arg=before)


def _barriers(page: Page, rules: list[str] | None) -> list[str]:
    ready(page)
    if not page.evaluate("() => Boolean(globalThis.axe)"):
        page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(_RUN_AXE, rules)
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
