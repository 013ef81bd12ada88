"""curl, by a script of requests in the shape of SAP's documentation."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import peers
from tests.clients.contract import Place, RefusedError, Shown

SCRIPT = Path(__file__).parent / "curl" / "keystore.sh"

_ALIAS = "{http://schemas.microsoft.com/ado/2007/08/dataservices}Alias"
_REFUSED = 22
"""How curl ends when the status is an error."""


@dataclass(frozen=True, slots=True)
class CurlClient:
    """The script's folder for token and cookies."""

    place: Place
    state: Path

    def aliases(self) -> list[str]:
        """Read them from the Atom document."""
        document = ET.fromstring(self._run("list"))  # noqa: S314 - our own server's
        return [element.text or "" for element in document.iter(_ALIAS)]

    def generate(self, alias: str, common_name: str) -> None:
        """Make a key pair."""
        assert b"" == self._run("generate", alias, common_name)

    def show(self, alias: str) -> Shown:
        """Read an entry."""
        d = self._json("show", alias)
        return Shown(d["Alias"], d["Type"], d["SubjectDN"], d["IssuerDN"], d["KeySize"])

    def signing_request(self, alias: str) -> bytes:
        """Fetch a signing request."""
        return self._run("signing_request", alias)

    def upload(self, alias: str, response: bytes, *, verified: bool) -> None:
        """Send a signing response."""
        file = self.state / "response"
        file.write_bytes(response)
        self._run("upload", alias, str(file), str(verified).lower())

    def chain(self, alias: str) -> list[str]:
        """Read the chain's subjects."""
        found = self._json("chain", alias)["results"]
        return [one["SubjectDN"] for one in sorted(found, key=lambda one: int(one["Index"]))]

    def rename(self, alias: str, new: str) -> None:
        """Give an entry another alias."""
        assert b"" == self._run("rename", alias, new)

    def delete(self, alias: str) -> None:
        """Delete an entry."""
        assert b"" == self._run("delete", alias)

    def _json(self, *command: str) -> Any:  # noqa: ANN401 - as the server has it
        return json.loads(self._run(*command))["d"]

    def _run(self, *command: str) -> bytes:
        variables = {
            "HOST": self.place.url,
            "CLIENT_ID": self.place.client_id,
            "CLIENT_SECRET": self.place.client_secret,
            "STATE": str(self.state),
        }
        done = subprocess.run(
            ("bash", str(SCRIPT), *command),
            env={**os.environ, "NO_PROXY": "*", **variables},
            capture_output=True,
            check=False,
            timeout=60,
        )
        said = done.stderr.decode()
        if done.returncode == _REFUSED:
            status = next(line for line in reversed(said.splitlines()) if line.isdigit())
            raise RefusedError(int(status), done.stdout.decode())
        assert 0 == done.returncode, said
        return done.stdout


def connect(place: Place, state: Path) -> CurlClient:
    """Sign in and fetch a CSRF token."""
    peers.require("curl")
    state.mkdir()
    client = CurlClient(place, state)
    client._run("sign_in")
    return client
