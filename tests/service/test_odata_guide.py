"""docs/odata.md: its session with curl runs as printed, against a real server."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from keysteward import app
from keysteward.accounts import clients
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import peers, servers
from tests.steward import TENANT

pytestmark = pytest.mark.sqlite_alone
"""What a page prints is the same on either engine, and what it does is tested on both."""

GUIDE = Path(__file__).parents[2] / "docs" / "odata.md"

_BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_session_with_curl_runs_as_printed(settings: Settings, tmp_path: Path) -> None:
    """From a key pair to its new chain, with nothing but the page's commands."""
    for tool in ("curl", "openssl"):
        peers.require(tool)
    with app.opened(settings) as steward:
        _, made = clients.add_client(
            steward, TENANT, "shop-flows", frozenset({Role.OPERATOR}), None
        )
    script = "set -euo pipefail\n" + "\n".join(_BLOCK.findall(GUIDE.read_text("utf-8")))
    folder = tmp_path / "session"
    folder.mkdir()
    with servers.served(settings, tmp_path / "server") as server:
        secret = made.secret.reveal().decode()
        address = {"HOST": server.url, "CLIENT_ID": "shop-flows", "CLIENT_SECRET": secret}
        done = subprocess.run(
            ("bash", "-c", script),
            cwd=folder,
            env={**os.environ, **address},
            capture_output=True,
            check=False,
            timeout=60,
        )
    asked = b"curl: (22) The requested URL returned error: 409\n"
    assert (0, asked) == (done.returncode, done.stderr), done.stdout.decode()
    told = done.stdout.decode()
    shown, *_ = re.findall(r"^([0-9A-F:]{95})$", told, re.MULTILINE)
    assert f"Fingerprint={shown}" in told
    assert '"SubjectDN":"CN=shop.example.test, C=DE","IssuerDN":"CN=Example CA, C=DE"' in told
    assert re.search(r"issuer=C ?= ?DE, CN ?= ?Example CA", told)
    assert "\n1\n" in told
    *_, listed, after = told.splitlines()
    assert '"Alias":"shop/client","ValidNotAfter":' in listed
    assert ["old", "shop-2027"] == re.findall(r'"Alias":"([^"]+)"', after)
    assert b"\xce\xce\xce\xce" == (folder / "all.jceks").read_bytes()[:4]
