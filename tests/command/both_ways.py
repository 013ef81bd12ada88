"""The same commands on a keystore in the data folder and on one behind a server.

Both keystores begin empty and get the same commands; what is printed has to be the same but for who
did it, when, and what is new with every key.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from keysteward import app
from keysteward.accounts import clients
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import commands, servers
from tests.commands import Run
from tests.steward import TENANT

_MASKS = (
    (re.compile(r"client:\w+|local:\w+"), "WHO"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?"), "TIME"),
    (re.compile(r"  +"), "  "),  # columns are as wide as what stands in them
)
_SECRETS = (
    (re.compile(r"ks_\w[\w-]+"), "SECRET"),
    (re.compile(r"\b[a-z0-9]{20}\b"), "PASSWORD"),
    (re.compile(r"\b[0-9a-fA-F]{38,64}\b|\b[0-9a-f]{16}…"), "DIGITS"),
)
"""What is random wherever it is made."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where commands work, and as whom: what leads there."""

    data: Path | None
    environment: dict[str, str]
    options: tuple[str, ...] = ()

    def run(self, *words: str, stdin: bytes = b"") -> Run:
        """Run a command there, inside this process."""
        return commands.inside(self.data, *words, *self.options, stdin=stdin, **self.environment)


@dataclass(frozen=True, slots=True)
class BothWays:
    """A keystore here and one behind a server, which stay alike."""

    here: Place
    there: Place
    random: bool = False
    """Whether keys are made, so that their numbers differ."""

    def run(self, *words: str, status: int = 0, stdin: bytes = b"") -> Run:
        """Run a command in both places; fail unless both say the same. Returns the server's."""
        here, there = (p.run(*words, stdin=stdin) for p in (self.here, self.there))
        assert self._masked(here) == self._masked(there)
        assert status == there.status, there.stderr
        return there

    def among_secrets(self) -> "BothWays":
        """Return the same for commands that make keys or secrets."""
        return replace(self, random=True)

    def _masked(self, run: Run) -> Run:
        return Run(run.status, self._text(run.stdout), self._text(run.stderr))

    def _text(self, text: str) -> str:
        for pattern, word in (*(_SECRETS if self.random else ()), *_MASKS):
            text = pattern.sub(word, text)
        return text


@contextmanager
def served(settings: Settings, folder: Path, *roles: Role) -> Iterator[dict[Role, Place]]:
    """Lend a place behind a real server for an API client of each role."""
    made = {}
    with app.opened(settings) as steward:
        for role in roles:
            _, secret = clients.add_client(steward, TENANT, role.value, frozenset({role}), None)
            made[role] = secret.secret.reveal().decode()
    with servers.served(settings, folder) as server:
        yield {
            role: Place(
                None,
                {
                    "KEYSTEWARD_SERVER": server.url,
                    "KEYSTEWARD_CLIENT_ID": role.value,
                    "KEYSTEWARD_CLIENT_SECRET": secret,
                },
            )
            for role, secret in made.items()
        }
