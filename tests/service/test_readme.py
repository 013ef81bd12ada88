"""The README's session with curl is run as it stands there, against a real server."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from keysteward.cli.demo import openssl
from keysteward.settings import Settings
from tests import commands, peers, servers
from tests.architecture.documents import ROOT

pytestmark = pytest.mark.sqlite_alone
"""What a page prints is the same on either engine, and what it does is tested on both."""

_SECTION = re.compile(r"## As a service, with curl\n(.*?)\n## ", re.DOTALL)
_BLOCK = re.compile(r"```\n(.*?)```", re.DOTALL)
_ADDRESS = "http://127.0.0.1:8470"


def test_readme_session_does_the_main_job_over_http(settings: Settings, tmp_path: Path) -> None:
    """From an API client to the chain in a file, with nothing but what the README says."""
    peers.require("curl")
    found = _SECTION.search((ROOT / "README.md").read_text())
    assert found is not None
    serve, account, ask, answer, odata = _BLOCK.findall(found[1])
    assert "make serve\n" == serve
    made = commands.inside(settings.data, *account.split()[3:])
    assert (0, "") == (made.status, made.stderr)
    secret = re.findall(r"ks_\S+", made.stdout)[0]
    definitions = ask[: ask.index("\n\n")]
    with servers.served(settings, tmp_path / "server") as server:

        def run(script: str) -> str:
            return _run(script.replace(_ADDRESS, server.url), tmp_path, secret)

        run(ask)
        ca = openssl.make_ca(tmp_path / "ca")
        request = (tmp_path / "shop-client.csr").read_bytes()
        (tmp_path / "answer.p7b").write_bytes(openssl.as_pkcs7(ca.sign(request)))
        planned_and_done = run(f"{definitions}\n{answer}")
        shown = run(f"{definitions}\n{odata}")
    assert ["false", "true"] == re.findall(r'"committed":(\w+)', planned_and_done)
    assert 3 == (tmp_path / "chain.pem").read_text().count("BEGIN CERTIFICATE")
    assert '"Alias":"shop-client"' in shown
    assert '"SubjectDN":"CN=shop.example.test, C=DE"' in shown


def _run(script: str, folder: Path, secret: str) -> str:
    ended = subprocess.run(
        ("bash", "-eu", "-o", "pipefail", "-c", script),
        cwd=folder,
        env={**os.environ, "SECRET": secret},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (0, "") == (ended.returncode, ended.stderr), ended.stdout
    return ended.stdout
