"""Clients of Node.js: a process for each, which is told every step and answers with its result."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.clients.contract import Place, RefusedError, Shown

FOLDER = Path(__file__).parent / "node"
_STEP_SECONDS = 60
_OLDEST_NODE = 20

_FIRST_NUMBER = re.compile(r"v(\d+)\.")


@cache
def require_packages() -> None:
    """Skip the test if Node.js is missing or too old for the clients, or they are not installed."""
    for tool, package in (("node", "nodejs"), ("npm", "npm")):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool} (Debian package {package})")
    version = subprocess.run(("node", "--version"), capture_output=True, check=True, text=True)
    found = _FIRST_NUMBER.match(version.stdout)
    if found is None or int(found[1]) < _OLDEST_NODE:
        pytest.skip(f"needs Node.js {_OLDEST_NODE} or newer; found {version.stdout.strip()}")
    installed, wanted = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        pytest.skip("needs the packages of tests/clients/node (npm ci, as make test runs it)")


@dataclass(frozen=True, slots=True)
class NodeClient:
    """The pipes to a process that holds the client."""

    process: "subprocess.Popen[str]"

    def aliases(self) -> list[str]:
        """Return all aliases."""
        found: list[str] = self._ask("aliases")
        return found

    def generate(self, alias: str, common_name: str) -> None:
        """Make a key pair."""
        self._ask("generate", alias, common_name)

    def show(self, alias: str) -> Shown:
        """Read an entry."""
        return Shown(**self._ask("show", alias))

    def signing_request(self, alias: str) -> bytes:
        """Fetch a signing request."""
        text: str = self._ask("signingRequest", alias)
        return text.encode()

    def upload(self, alias: str, response: bytes, *, verified: bool) -> None:
        """Send a signing response."""
        self._ask("upload", alias, base64.b64encode(response).decode(), verified)

    def chain(self, alias: str) -> list[str]:
        """Read the chain's subjects."""
        found: list[str] = self._ask("chain", alias)
        return found

    def rename(self, alias: str, new: str) -> None:
        """Give an entry another alias."""
        self._ask("rename", alias, new)

    def delete(self, alias: str) -> None:
        """Delete an entry."""
        self._ask("remove", alias)

    def _ask(self, step: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the step gives
        pipes = self.process.stdin, self.process.stdout
        assert pipes[0] is not None
        assert pipes[1] is not None
        pipes[0].write(json.dumps({"step": step, "arguments": arguments}) + "\n")
        pipes[0].flush()
        line = pipes[1].readline()
        assert line, f"The client ended during {step!r}."
        answer = json.loads(line)
        if "error" in answer:
            status = answer.get("status")
            if status is None:
                raise AssertionError(f"{step}: {answer['error']}")
            raise RefusedError(status, answer["error"])
        return answer["result"]


@contextmanager
def connected(module: Path, place: Place, cwd: Path, **more: str) -> Iterator[NodeClient]:
    """Run a client for the time of a context; the test fails if it ends with an error."""
    settings = {
        "KEYSTEWARD_URL": place.url,
        "CLIENT_ID": place.client_id,
        "CLIENT_SECRET": place.client_secret,
        **more,
    }
    process = subprocess.Popen(
        ("node", str(FOLDER / "steps.mjs"), str(module)),
        cwd=cwd,
        env=_environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield NodeClient(process)
        assert process.stdin is not None
        process.stdin.close()
        assert 0 == process.wait(_STEP_SECONDS)
    finally:
        process.kill()
        process.wait(_STEP_SECONDS)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    kept = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    return {**kept, **more}
