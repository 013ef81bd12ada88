"""The README's commands are run as they stand there: the main job, and the whole keystore."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.cli.demo import openssl
from tests import commands, keystore_files, pki_maker
from tests.architecture.documents import ROOT

_BLOCK = re.compile(r"in six commands.*?```\n(.*?)```", re.DOTALL)
_DOZEN = re.compile(r"in a dozen lines\n+```\n(.*?)```", re.DOTALL)
_ANSWERS = {
    "import": ("--password-stdin", "--yes"),
    "backup restore": ("--yes",),
    "provider activate": ("--yes",),
    "recovery export": ("--password-stdin",),
}
"""What a script adds to commands that ask a person."""

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


def test_readme_commands_show_the_whole_keystore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dozen lines work in their order, on a keystore that has something of everything."""
    found = _DOZEN.search((ROOT / "README.md").read_text())
    assert found is not None
    lines = [shlex.split(line, comments=True)[1:] for line in found[1].splitlines()]
    assert 12 == len(lines)
    monkeypatch.chdir(tmp_path)
    data = Path("data")
    _prepare(data)
    for words in lines:
        answers = _ANSWERS.get(" ".join(words[:2]), _ANSWERS.get(words[0], ()))
        run = commands.inside(data, *words, *answers, stdin=b"test-only passphrase\n")
        assert (0, "") == _ended(run), words
    written = {"PublicContentKeystore.jks", "installation.recovery", "shop-client.zip"}
    assert written <= {file.name for file in tmp_path.iterdir()}


def _prepare(data: Path) -> None:
    """Make the files that the lines name, an entry of the tenant and two keys of the provider."""
    clear = Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    Path("id_ed25519").write_bytes(pki_maker.make_key("ed25519").private_bytes(*clear))
    old = pki_maker.issue("old.example.test", pki_maker.make_key("p256"))
    pkcs8 = old.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    entry = keystore_files.KeyEntry("old", pkcs8, (old.der,))
    Path("old.jks").write_bytes(keystore_files.write_jks([entry], "test-only passphrase"))
    for words in (
        ("init",),
        ("keystore", "create", "production"),
        ("keypair", "generate", "shop-client", "--type", "ec", "--cn", "shop.example.test"),
    ):
        assert 0 == commands.inside(data, *words).status
    for view in (("--current",), ()):
        key = pki_maker.make_key("p256")
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        supply = ("--as", "provider", "provider", "supply", "sap_cloud", "-", *view)
        certified = pem + pki_maker.issue("cloud.example.test", key).pem
        assert 0 == commands.inside(data, *supply, stdin=certified).status


def _ended(run: commands.Run) -> tuple[int, str]:
    return run.status, run.stderr
