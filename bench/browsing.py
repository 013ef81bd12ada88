"""The page with the size of the keystore, over HTTP and in a browser: ``python -m bench.browsing``.

A server serves an empty keystore and large ones. Over HTTP somebody with a session asks for the
first page and for what a filter finds; in a browser somebody goes to the list and waits until it
can be used: rows are shown, and the filter takes what is typed.
"""

import argparse
import http.client
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from bench import authority, filling, measure, service, tables, update
from bench.arena import Say
from bench.authority import Authority
from bench.measure import Once, Ratio, Samples
from bench.tables import Table
from keysteward import app
from keysteward.accounts import users
from keysteward.rights import Role
from keysteward.ui import static_files
from keysteward.values import Secret

SIZES = (0, 10_000, 100_000)
FIRST, FILTER_FEW, FILTER_MANY = "first page", "filter with few hits", "filter with many hits"
BROWSER = "usable list in the browser"
HTTP_GROWTH_BUDGET = 1.5
"""The first page and the filter with few hits, of 100,000 entries over 10,000."""
BROWSER_BUDGET = 1.5
"""Any size over an empty keystore."""

_RARE, _RARE_EVERY = "Xylophon", 7
_PAGES: Mapping[str, str] = {
    FIRST: "",
    FILTER_FEW: f"?text={_RARE}",
    FILTER_MANY: "?text=partner-",
}
_LIST = "/keystores/default/entries"
_NAME, _PASSWORD = "bench", "a password of this benchmark"
_BROWSER_REPEATS = 3
_IDLE_SECONDS = 2
_PATIENCE_MS = 60_000
_USABLE = """() => {
  const filter = document.querySelector("[data-list] ui5-input[data-list-text]");
  const region = document.querySelector("[data-list-region]");
  const shown = region?.querySelector("tbody tr, .empty");
  return Boolean(filter?.shadowRoot?.querySelector("input:enabled") && shown?.checkVisibility());
}"""
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")


@dataclass(slots=True)
class Visitor:
    """Somebody with a session, and one connection to the server."""

    port: int
    cookie: str
    _connection: http.client.HTTPConnection = field(init=False)
    _used_at: float = -_IDLE_SECONDS

    def get_ready(self) -> None:
        """Connect anew if the server may have closed the connection, which nobody used."""
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            self._connection.connect()

    def get(self, path: str) -> bytes:
        """Return a page. Raises RuntimeError for another answer."""
        self._used_at = time.monotonic()
        self._connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:500]!r}")
        return content


def absent() -> list[str]:
    """Return what cannot be measured here, and why."""
    if static_files.load() is None:
        return ["the page (not built: make page)"]
    if shutil.which("chromium") is None:
        return ["the page in a browser (chromium is not installed)"]
    return []


def measure_all(
    folder: Path, issuer: Authority, rounds: int, repeats: int, say: Say
) -> dict[str, Samples]:
    """Make keystores in an empty folder, serve them, and look at each; nothing if not built."""
    if static_files.load() is None:
        return {}
    update.make(folder / "one", issuer)
    with ExitStack() as stack:
        visitors = {}
        for size in SIZES:
            say(f"The page of a keystore with {size:,} entries ...")
            visitors[size] = stack.enter_context(_visiting(folder, size))
        asking = {
            name(what, size): _timing(visitor, _LIST + query)
            for size, visitor in visitors.items()
            for what, query in _PAGES.items()
        }
        measure.alternate(asking, 1, repeats)
        found = measure.alternate(asking, rounds, repeats)
        chromium = shutil.which("chromium")
        if chromium is not None:
            say("The page in a browser ...")
            found |= _looked_at(chromium, visitors, rounds)
        return found


def name(what: str, size: int) -> str:
    """Return the name of a contestant."""
    return f"{what}, {size}"


def tables_of(found: Mapping[str, Samples]) -> list[Table]:
    """Return the table for people; none if nothing was measured."""
    rows = []
    for what in (*_PAGES, BROWSER):
        if name(what, SIZES[0]) in found:
            cells = [tables.milliseconds(found[name(what, size)]) for size in SIZES]
            ratio, budget = _growth(found, what), _budget(what)
            verdict = "" if budget is None else tables.verdict(within=ratio.of_medians <= budget)
            rows.append((what, *cells, tables.ratio(ratio), verdict))
    if not rows:
        return []
    sizes = ["empty" if size == 0 else f"{size:,} entries" for size in SIZES]
    columns = ("", *sizes, "times", f"budget {HTTP_GROWTH_BUDGET}")
    title = "The page: over HTTP 100,000 entries against 10,000, in the browser against none"
    return [Table(title, columns, rows)]


def content(found: Mapping[str, Samples]) -> dict[str, object]:
    """Return everything for programs."""
    measured = [what for what in (*_PAGES, BROWSER) if name(what, SIZES[0]) in found]
    return {
        "browsing": {one: tables.numbers(samples) for one, samples in found.items()},
        "browsing_growth": {what: asdict(_growth(found, what)) for what in measured},
    }


def _budget(what: str) -> float | None:
    return {FIRST: HTTP_GROWTH_BUDGET, FILTER_FEW: HTTP_GROWTH_BUDGET, BROWSER: BROWSER_BUDGET}.get(
        what
    )


def _growth(found: Mapping[str, Samples], what: str) -> Ratio:
    against = SIZES[0] if what == BROWSER else SIZES[1]
    return measure.ratio(found[name(what, SIZES[-1])], found[name(what, against)])


@contextmanager
def _visiting(folder: Path, size: int) -> Iterator[Visitor]:
    place = folder / str(size)
    if size:
        shutil.copytree(folder / "one", place)
        filling.fill(update.database(place), size, rare=(_RARE, _RARE_EVERY))
    else:
        app.create(update.settings(place))
    with app.opened(update.settings(place)) as steward:
        roles, password = frozenset({Role.ADMINISTRATOR}), Secret(_PASSWORD.encode())
        users.add_user(steward, update.CALLER, _NAME, password, roles, None)
    with service.serving(place) as peer:
        yield Visitor(peer.port, _signed_in(peer.port))


def _signed_in(port: int) -> str:
    """Return the cookie of a new session."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"name": _NAME, "password": _PASSWORD})
    connection.request("POST", "/rest/v1/session", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"sign-in: {answer.status} {told[:500]!r}")
    return answer.headers["Set-Cookie"].partition(";")[0]


def _timing(visitor: Visitor, path: str) -> Once:
    def ask() -> float:
        visitor.get_ready()
        return measure.timed(lambda: visitor.get(path))

    return ask


def _looked_at(chromium: str, visitors: Mapping[int, Visitor], rounds: int) -> dict[str, Samples]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        looking = {
            name(BROWSER, size): _going(_page(browser, visitor))
            for size, visitor in visitors.items()
        }
        measure.alternate(looking, 1, 1)
        return measure.alternate(looking, rounds, _BROWSER_REPEATS)


def _page(browser: Browser, visitor: Visitor) -> Page:
    """Return a page of a profile of its own, in which the session is known."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{visitor.port}")
    key, _, value = visitor.cookie.partition("=")
    url = f"http://127.0.0.1:{visitor.port}"
    context.add_cookies([{"name": key, "value": value, "url": url}])
    context.set_default_timeout(_PATIENCE_MS)
    return context.new_page()


def _going(page: Page) -> Once:
    def go() -> float:
        page.goto("about:blank")
        start = time.perf_counter()
        page.goto(_LIST, wait_until="commit")
        page.wait_for_function(_USABLE)
        return time.perf_counter() - start

    return go


def main() -> None:
    """Measure this part alone and print its table."""
    parser = argparse.ArgumentParser(prog="bench.browsing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    out = Path("out")
    out.mkdir(exist_ok=True)
    say: Callable[..., None] = Console(stderr=True).print
    with tempfile.TemporaryDirectory(dir=out, prefix="bench-") as folder:
        found = measure_all(
            Path(folder), authority.found(), arguments.rounds, arguments.repeats, say
        )
    for table in tables_of(found):
        print(tables.markdown(table))


if __name__ == "__main__":
    main()
