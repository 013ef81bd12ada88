"""The page in this process, as browsers ask for it; nothing of the build is needed."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from httpx2 import Response
from starlette.testclient import TestClient

from keysteward.accounts import users
from keysteward.entries import Entry
from keysteward.keystore import key_pairs, keystores
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.steward import Steward
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.ui import application as ui
from keysteward.ui.static_files import StaticFile, StaticFiles
from keysteward.values import Secret
from keysteward.web import application, csrf
from keysteward.web.rates import Rates
from keysteward.web.service import Service
from tests import steward as steward_
from tests.steward import TENANT, Clock

PASSWORD = "correct horse battery staple"
KEYSTORE = "/keystores/default"
ENTRIES = f"{KEYSTORE}/entries"

_PART = "Keysteward-Part"
_CSRF = re.compile(r'name="csrf" value="([^"]*)"')

_P256 = parse_key_spec("ec", None, "P-256")

Files = Mapping[str, tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Face:
    """An opened installation with two keystores and a user of each role, seen by browsers."""

    steward: Steward
    client: TestClient
    clock: Clock
    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The session's cookie and the CSRF token of those who have signed in."""

    def get(
        self, path: str, who: str = "administrator", part: str = "", **headers: str
    ) -> Response:
        """Go to an address, or ask for a part of what is there; nobody does for ``""``."""
        sent = {**headers, **self._signed_in(who), **({_PART: part} if part else {})}
        self.client.cookies.clear()
        return self.client.get(path, headers=sent)

    def post(
        self,
        path: str,
        fields: Mapping[str, str | list[str]] | None = None,
        who: str = "administrator",
        files: Files | None = None,
        part: str = "form",
        token: str | None = None,
    ) -> Response:
        """Send a form in the background, as the page's own script does."""
        sent = {**self._signed_in(who), _PART: part}
        self.client.cookies.clear()
        own = self.sessions[who][1] if who else ""
        content = {"csrf": own if token is None else token, **(fields or {})}
        # What makes the client write multipart/form-data where there is no file.
        nothing = {"nothing": ("", b"")}
        return self.client.post(path, data=content, files=files or nothing, headers=sent)

    def generate(self, alias: str, keystore: Steward | None = None) -> Entry:
        """Make a key pair that waits for its first response."""
        wish = PlaceholderWish(Subject("example.org"))
        return key_pairs.generate_key_pair(keystore or self.steward, TENANT, alias, _P256, wish)

    def _signed_in(self, who: str) -> dict[str, str]:
        if not who:
            return {}
        if who not in self.sessions:
            form = {"name": who, "password": PASSWORD, "next": "/"}
            answer = self.post("/sign-in", form, who="")
            assert 200 == answer.status_code, answer.text
            cookie = answer.headers["set-cookie"].partition(";")[0]
            page = self.client.get("/password", headers={"Cookie": cookie})
            found = _CSRF.findall(page.text)
            self.sessions[who] = (cookie, found[0])
        return {"Cookie": self.sessions[who][0]}


@contextmanager
def opened(settings: Settings) -> Iterator[Face]:
    """Open a fresh installation, with an account for each role and one restricted."""
    clock = Clock()
    with steward_.opened(settings, clock) as steward:
        keystores.create_keystore(steward, TENANT, "production")
        for role in Role:
            _add(steward, role.value, role)
        _add(steward, "restricted", Role.ADMINISTRATOR, frozenset({"production"}))
        tokens = csrf.CsrfTokens(steward.sealer.derive_key("csrf"), steward.clock)
        service = Service(steward, tokens, Rates())
        static = StaticFiles({"a.js": StaticFile(b"// a")}, "/static/a.js", "/static/a.css")
        app = application.build(service, ui.pages(service, static))
        with TestClient(
            app,
            base_url="http://localhost",
            follow_redirects=False,
            raise_server_exceptions=False,
        ) as client:
            yield Face(steward, client, clock)


def _add(steward: Steward, name: str, role: Role, keystores_: frozenset[str] | None = None) -> None:
    password = Secret(PASSWORD.encode())
    users.add_user(steward, TENANT, name, password, frozenset({role}), keystores_)
