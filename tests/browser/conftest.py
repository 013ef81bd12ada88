"""A real browser before the real server: Debian's chromium, driven by playwright.

One browser serves all tests of this folder (of one process), one server those of a module, and each
test has a profile of its own. Whatever a page does that none may do ends the test (``watching``).
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.ui import static_files
from tests import servers
from tests import steward as steward_
from tests.browser import pages
from tests.browser.watching import Watch
from tests.servers import Server

_FLAGS = (
    "--no-sandbox",  # root has no sandbox; what is looked at here is ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(slots=True)
class Visitors:
    """Opens pages of the server, each for a visitor of its own."""

    browser: Browser
    server: Server
    states: dict[Role, Any]
    """What browsers keep of those who have signed in once, for all tests of the module."""
    visits: list[tuple[BrowserContext, Watch]] = field(default_factory=list)

    def open(self, role: Role | None = None, **options: Any) -> Page:  # noqa: ANN401
        """Return an empty page of a new visitor, signed in if a role is given.

        ``options`` are those of a context (``color_scheme="dark"``). Whoever signs out ends the
        session of the role for all tests of the module: sign in by ``pages.sign_in`` before that.
        """
        if role is not None:
            if role not in self.states:
                self.states[role] = self._state(role)
            options = {"storage_state": self.states[role], **options}
        context = self.browser.new_context(
            base_url=self.server.url, **{"locale": "en-GB", **options}
        )
        context.set_default_timeout(pages.PATIENCE_MS)
        watch = Watch(f"{self.server.host}:{self.server.port}")
        watch.follow(context)
        self.visits.append((context, watch))
        return context.new_page()

    def close(self) -> None:
        """End all visits. Fails if a page did what none may do."""
        misdeeds = []
        for context, watch in self.visits:
            context.close()
            misdeeds += watch.misdeeds
        self.visits.clear()
        assert [] == misdeeds

    def _state(self, role: Role) -> Any:  # noqa: ANN401
        page = self.open()
        page.goto("/sign-in")
        pages.sign_in(page, role)
        state = page.context.storage_state()
        page.close()
        return state


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return the browser.

    It ends with the last test of this folder: while playwright runs, a process has an event loop,
    and tests elsewhere run loops of their own.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium (Debian package chromium)")
    if static_files.load() is None:
        pytest.skip("needs the built page (make page, with the Debian packages nodejs and npm)")
    expect.set_options(timeout=pages.PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))


@pytest.fixture(scope="package")
def furnished(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of a fresh installation that has a user of each role."""
    settings = steward_.copy_template(keystore_template, tmp_path_factory.mktemp("people") / "data")
    for role in Role:
        servers.add_user(settings, role, pages.PASSWORD, role)
    return settings.data


@pytest.fixture(scope="module")
def settings(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of the module's own installation; what it holds is seen by all tests."""
    return steward_.copy_template(furnished, tmp_path_factory.mktemp("page") / "data")


@pytest.fixture(scope="module")
def server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return the module's server, which may connect to this machine."""
    folder = tmp_path_factory.mktemp("server")
    networks = {"KEYSTEWARD_CONNECT_NETWORKS": "127.0.0.0/8,::1/128"}
    with servers.served(settings, folder, **networks) as running:
        yield running


@pytest.fixture(scope="module")
def states() -> dict[Role, Any]:
    """Return where the sessions of the module are kept."""
    return {}


@pytest.fixture
def visitors(browser: Browser, server: Server, states: dict[Role, Any]) -> Iterator[Visitors]:
    """Return what opens pages, for tests with several people or screens."""
    opened = Visitors(browser, server, states)
    yield opened
    opened.close()


@pytest.fixture
def stranger(visitors: Visitors) -> Page:
    """Return a page of somebody who has not signed in."""
    return visitors.open()


@pytest.fixture
def page(visitors: Visitors) -> Page:
    """Return a page of the administrator, who is signed in."""
    return visitors.open(Role.ADMINISTRATOR)
