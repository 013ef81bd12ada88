"""The README's six commands are the main job, so they are run as they stand there."""

import re
import shutil
from pathlib import Path

import pytest

from keysteward.cli.demo import openssl
from tests import commands
from tests.architecture.documents import ROOT

_BLOCK = re.compile(r"in six commands.*?```\n(.*?)```", re.DOTALL)
_CHECK = re.compile(r"`keysteward (response check [^`]*)`")


def test_readme_commands_do_the_main_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The six commands lead from nothing to a receiver that takes the new certificate."""
    text = (ROOT / "README.md").read_text()
    found = _BLOCK.search(text)
    assert found is not None
    init, generate, csr, upload, add, connect = (line.split()[1:] for line in found[1].splitlines())
    monkeypatch.chdir(tmp_path)
    data, ca = Path("data"), openssl.make_ca(tmp_path / "ca")
    for command in (init, generate, csr):
        assert (0, "") == _ended(commands.inside(data, *command))
    request = Path("shop-client.csr").read_bytes()
    Path("answer.p7b").write_bytes(openssl.as_pkcs7(ca.sign(request)))
    (check,) = _CHECK.findall(text)
    assert (0, "") == _ended(commands.inside(data, *check.split()))
    assert 6 == commands.inside(data, *upload).status
    assert (0, "") == _ended(commands.inside(data, *upload, "--fingerprint-verified"))
    with openssl.receiver(tmp_path / "receiver", ca.folder / "root.pem") as (port, root):
        shutil.copy(root, "partner-root.pem")
        assert 6 == commands.inside(data, *add).status
        assert (0, "") == _ended(commands.inside(data, *add, "--fingerprint-verified"))
        address = f"localhost:{port}"
        words = [address if "partner" in word else word for word in connect]
        run = commands.inside(data, *words)
    assert (0, "") == _ended(run)
    assert "sent: CN=shop.example.test,C=DE" in run.stdout


def _ended(run: commands.Run) -> tuple[int, str]:
    return run.status, run.stderr
