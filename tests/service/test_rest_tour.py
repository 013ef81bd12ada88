"""The tour of docs/rest.md, as it is printed, against a real server."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests import servers
from tests import steward as steward_
from tests.architecture.documents import DOCS
from tests.pki_maker import issue
from tests.servers import Server

pytestmark = pytest.mark.sqlite_alone
"""What a page prints is the same on either engine, and what it does is tested on both."""

PASSWORD = "correct horse battery staple"
_STEP = re.compile(r"^\$ (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def server(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with an administrator."""
    settings = steward_.copy_template(keystore_template, tmp_path_factory.mktemp("tour") / "data")
    servers.add_user(settings, "admin", PASSWORD)
    with servers.served(settings, tmp_path_factory.mktemp("server")) as running:
        yield running


def _steps() -> list[tuple[str, str]]:
    """Return each command of the page with what it prints."""
    text = (DOCS / "rest.md").read_text()
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    parts = [_STEP.split(block)[1:] for block in blocks]
    return [(c, p.strip()) for part in parts for c, p in zip(part[::2], part[1::2], strict=True)]


def _answer(folder: Path) -> None:
    """Answer the signing request as a CA does."""
    request = x509.load_pem_x509_csr((folder / "shop.csr").read_bytes())
    root = issue("Example Root", ca=True)
    public_key = request.public_key()
    issued = issue(request.subject, issuer=root, public_key=public_key, eku=["clientAuth"])
    (folder / "answer.pem").write_bytes(issued.pem + root.pem)


def test_tour_runs_as_printed(server: Server, tmp_path: Path) -> None:
    """Every command of the page does what the page says, in its order."""
    if shutil.which("curl") is None:
        pytest.skip("needs Debian's package curl")
    variables = {"CREDENTIALS": f"admin:{PASSWORD}", "SERVER": server.url}
    steps = _steps()
    assert 8 <= len(steps)
    for command, printed in steps:
        if "answer.pem" in command and not (tmp_path / "answer.pem").exists():
            _answer(tmp_path)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={**os.environ, **variables},
            capture_output=True,
            check=False,
            text=True,
        )
        assert printed == done.stdout.strip(), (command, done.stderr)
