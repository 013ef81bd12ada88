"""The commands ssh add and update, rsa add and update."""

import shlex
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, peers
from tests.ssh_maker import PASSPHRASE, SshMaker


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> SshMaker:
    """Return a maker that keeps what it made for this file."""
    return SshMaker(tmp_path_factory.mktemp("ssh"))


def _next(run: commands.Run) -> list[str]:
    (advice,) = (line for line in run.stdout.splitlines() if line.startswith("Next: "))
    return shlex.split(advice.removeprefix("Next: keysteward"))


@pytest.mark.parametrize(
    ("alias", "words"),
    [("id_shop", ["id_shop", "--as", "pub"]), ("-dash", ["--as", "pub", "--", "-dash"])],
)
def test_added_ssh_key_leads_to_its_public_key(
    settings: Settings, maker: SshMaker, alias: str, words: list[str]
) -> None:
    """It is said what was added, and the command that gives its public key out."""
    file = str(maker.openssh("ecdsa-256"))
    run = commands.inside(settings.data, "ssh", "add", "--cn", "shop", "--", alias, file)
    assert (0, "") == (run.status, run.stderr)
    assert f"Added '{alias}': EC secp256r1, CN=shop, version 1." in run.stdout
    assert ["export", *words] == _next(run)


def test_ed448_leads_to_the_form_that_putty_reads(settings: Settings, maker: SshMaker) -> None:
    """OpenSSH's form has no name for it."""
    file = str(maker.putty("ed448"))
    run = commands.inside(settings.data, "ssh", "add", "edwards", file, "--cn", "x")
    assert ["export", "edwards", "--as", "ssh2"] == _next(run)


def test_passphrase_is_read_from_standard_input(settings: Settings, maker: SshMaker) -> None:
    """Its first line; a wrong one is a problem, and is not repeated."""
    file = str(maker.putty("ed25519", encrypted=True))
    words = ("ssh", "add", "putty", file, "--cn", "x", "--password-stdin")
    wrong = commands.inside(settings.data, *words, stdin=b"wrong one\n")
    assert (5, False) == (wrong.status, "wrong one" in wrong.stderr)
    right = commands.inside(settings.data, *words, stdin=f"{PASSPHRASE}\n".encode())
    assert (0, "") == (right.status, right.stderr)


def test_encrypted_key_without_a_passphrase_says_how_to_give_it(
    settings: Settings, maker: SshMaker
) -> None:
    """Nobody sits there to be asked."""
    file = str(maker.encrypted("ed25519"))
    run = commands.inside(settings.data, "ssh", "add", "x", file, "--cn", "x")
    assert (5, True) == (run.status, "--password-stdin" in run.stderr)


def test_update_with_an_ssh_key_keeps_the_alias(settings: Settings, maker: SshMaker) -> None:
    """It is a new version, and JSON says the same."""
    old, new = str(maker.openssh("ed25519")), str(maker.openssh("ecdsa-384"))
    assert 0 == commands.inside(settings.data, "ssh", "add", "k", old, "--cn", "x").status
    run = commands.inside(settings.data, "ssh", "update", "k", new, "--cn", "y")
    assert "Updated 'k': EC secp384r1, CN=y, version 2." in run.stdout
    again = commands.inside(settings.data, "ssh", "update", "k", old, "--cn", "z", "--json")
    assert ("k", 3) == (again.json["alias"], again.json["version"])


def test_rsa_key_gets_its_alias_from_the_file_name(settings: Settings, tmp_path: Path) -> None:
    """Unless one is given; an update names it first, as everywhere."""
    file = tmp_path / "shop key.pem"
    file.write_bytes(peers.run("openssl", "genrsa", "-traditional", "2048"))
    run = commands.inside(settings.data, "rsa", "add", str(file), "--cn", "x")
    assert "Added 'shop key': RSA 2048, CN=x, version 1." in run.stdout
    run = commands.inside(settings.data, "rsa", "add", str(file), "--cn", "x", "--alias", "other")
    assert "Added 'other'" in run.stdout
    assert "key-held-twice" in run.stdout
    assert ["csr", "other", "-o", "other.csr"] == _next(run)
    update = ("rsa", "update", "other", str(file), "--cn")
    run = commands.inside(settings.data, *update, "x")
    assert "'other' has this key with this subject already (version 1).\n" == run.stdout
    assert "Updated 'other'" in commands.inside(settings.data, *update, "y").stdout


def test_rsa_add_refuses_an_openssh_key_and_names_its_command(
    settings: Settings, maker: SshMaker
) -> None:
    """One line tells what the file is and what takes it."""
    run = commands.inside(settings.data, "rsa", "add", str(maker.openssh("rsa")), "--cn", "x")
    assert (5, True) == (run.status, "'keysteward ssh add' adds an SSH key." in run.stderr)
