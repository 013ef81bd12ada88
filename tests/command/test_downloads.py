"""export and export-keystore, and every other command that writes a new file."""

from pathlib import Path

import pytest
from cryptography import x509

from keysteward.settings import Settings
from tests import commands


@pytest.fixture
def bare(settings: Settings, files: Path) -> Settings:
    """A keystore with a key pair that has a name, and one that was added without a certificate."""
    key, certificate = str(files / "key.pem"), str(files / "placeholder.pem")
    named = ("keypair", "add", "client", key, "--certificate", certificate)
    for words in (named, ("keypair", "add", "empty", key)):
        assert 0 == commands.inside(settings.data, *words).status
    return settings


def _waits(settings: Settings) -> bool:
    shown = commands.inside(settings.data, "show", "client", "--json").json
    return shown["waiting_since"] is not None


def test_truststore_says_what_was_left_out(bare: Settings, tmp_path: Path) -> None:
    """On standard error, with the alias, also of a single entry."""
    run = commands.inside(bare.data, "export-keystore", "-o", str(tmp_path / "trust.jks"))
    assert f"Written to {tmp_path}/trust.jks.\n" == run.stdout
    assert "unreadable-for-java: Left out" in run.stderr
    assert "'empty'; " in run.stderr
    assert "'client'" not in run.stderr
    run = commands.inside(bare.data, "export", "empty")
    assert "-----BEGIN CERTIFICATE-----" in run.stdout
    assert "unreadable-for-java: Java refuses" in run.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("export", "client", "-o"),
        ("export", "client", "--as", "csr", "-o"),
        ("export-keystore", "-o"),
        ("csr", "client", "-o"),
        ("database", "backup"),
        ("recovery", "export", "--password-stdin"),
    ],
    ids=" ".join,
)
def test_folder_that_is_not_there_is_no_file_name(
    bare: Settings, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Nothing is written under the name without the separator, and nothing is recorded."""
    folder = tmp_path / "out"
    run = commands.inside(bare.data, *words, f"{folder}/", stdin=b"six words of a long phrase\n")
    assert (5, True) == (run.status, "[file-unreadable]" in run.stderr)
    assert f"there is no folder '{folder}'." in run.stderr
    assert not folder.exists()
    assert not _waits(bare)


def test_folder_that_is_there_gets_the_file(bare: Settings, tmp_path: Path) -> None:
    """With or without the separator at its end."""
    for end, form in (("", "cer"), ("/", "p7b")):
        run = commands.inside(bare.data, "export", "client", "--as", form, "-o", f"{tmp_path}{end}")
        assert f"Written to {tmp_path}/client.{form}.\n" == run.stdout
        assert (tmp_path / f"client.{form}").is_file()


def test_exported_request_says_that_the_entry_waits(bare: Settings, tmp_path: Path) -> None:
    """On standard error if the request itself is on standard output."""
    waits = "'client' now waits for the CA's response.\n"
    piped = commands.inside(bare.data, "export", "client", "--as", "csr")
    assert waits == piped.stderr
    assert x509.load_pem_x509_csr(piped.stdout.encode()).is_signature_valid
    filed = commands.inside(bare.data, "export", "client", "--as", "csr", "-o", str(tmp_path))
    assert f"Written to {tmp_path}/client.csr.\n{waits}" == filed.stdout
    assert _waits(bare)


def test_exported_request_that_cannot_be_written_is_not_recorded(
    bare: Settings, tmp_path: Path
) -> None:
    """A file that exists stays as it is, and the entry does not wait."""
    file = tmp_path / "client.csr"
    file.write_text("mine")
    run = commands.inside(bare.data, "export", "client", "--as", "csr", "-o", str(file))
    assert (6, "mine", False) == (run.status, file.read_text(), _waits(bare))
