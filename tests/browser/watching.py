"""What no page may do, whatever a test does with it: it is written down, and ends the test.

Requests to other servers, errors on the console, exceptions that nobody catches, violations of the
Content Security Policy, and answers that say that something is missing or broken. A refusal of what
somebody typed (a 4xx to a page or a form) is none of these.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
)

_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`securitypolicyviolation: ${event.violatedDirective} by ${event.blockedURI}`);
});
"""
_OF_PEOPLE = frozenset({"document", "fetch", "xhr"})
"""Kinds of requests that may be refused; the others are the page's own parts."""
_TOLD = (
    "Failed to load resource: the server responded with a status of ",  # looked at by its answer
    "Failed to load resource: net::ERR_INTERNET_DISCONNECTED",  # what a test does on purpose
)
_INSIDE = frozenset({"data", "blob", "about"})
"""Schemes of addresses that ask no server."""


@dataclass  # playwright marks the object whose methods it calls: no slots
class Watch:
    """The misdeeds of all pages of one context."""

    host: str
    """Host and port of the server."""
    misdeeds: list[str] = field(default_factory=list)
    loading: set[Request] = field(default_factory=set)
    """What was asked for and has not come."""

    def follow(self, context: BrowserContext) -> None:
        """Watch every page that the context has or will have."""
        _WATCHES[context] = self
        context.add_init_script(_VIOLATIONS)
        context.on("request", self._request)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", self._error)

    def _request(self, request: Request) -> None:
        self.loading.add(request)
        parts = urlsplit(request.url)
        if parts.scheme not in _INSIDE and parts.netloc != self.host:
            self.misdeeds.append(f"asked elsewhere: {request.url}")

    def _ended(self, request: Request) -> None:
        self.loading.discard(request)

    def _response(self, response: Response) -> None:
        refusable = response.request.resource_type in _OF_PEOPLE
        if response.status >= (500 if refusable else 400):
            self.misdeeds.append(f"was answered {response.status}: {response.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_TOLD):
            self.misdeeds.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.misdeeds.append(f"uncaught: {error.error}")


_WATCHES: WeakKeyDictionary[BrowserContext, Watch] = WeakKeyDictionary()


def is_loading(page: Page) -> bool:
    """Tell whether something that the page's visitor asked for has not come yet."""
    return bool(_WATCHES[page.context].loading)
