"""Each sort of refusal has its exit status, one line on standard error, and nothing else."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import keysteward
from keysteward.cli import output
from keysteward.problems import Kind
from keysteward.settings import Settings
from keysteward.storage.engines import sqlite
from tests import commands
from tests import steward as steward_


@pytest.fixture
def client(settings: Settings, files: Path) -> Settings:
    """Add the key pair "client" with a placeholder, and one of the provider's."""
    key, certificate = str(files / "key.pem"), str(files / "placeholder.pem")
    for arguments in (
        ("keypair", "add", "client", key, "--certificate", certificate),
        ("keypair", "add", "sap_client", key, "--as", "provider"),
    ):
        assert 0 == commands.inside(settings.data, *arguments).status
    return settings


_VERIFIED = "--fingerprint-verified"

REFUSALS: dict[str, tuple[int, tuple[str, ...]]] = {
    "alias-not-found": (4, ("show", "nobody")),
    "nothing-deleted": (4, ("undelete", "client")),
    "version-not-found": (4, ("rollback", "client", "9")),
    "keystore-unknown": (4, ("list", "--keystore", "production")),
    "setting-invalid": (5, ("list", "--keystore", "\udcff")),
    "alias-invalid": (5, ("rename", "client", "x" * 251)),
    "not-a-signing-response": (5, ("response", "upload", "client", "text.txt")),
    "public-key-mismatch": (5, ("response", "upload", "client", "other.pem")),
    "certificate-expired": (5, ("response", "upload", "client", "expired.pem")),
    "override-invalid": (5, ("response", "upload", "client", "good.pem", "--override", "x")),
    "file-unreadable": (5, ("response", "upload", "client", "missing.pem")),
    "reference-unreadable": (5, ("response", "check", "good.pem", "--for", "text.txt")),
    "private-key-unreadable": (5, ("keypair", "add", "new", "text.txt")),
    "certificate-unreadable": (5, ("certificate", "add", "new", "good.pem")),
    "key-type-unsupported": (5, ("keypair", "generate", "new", "--cn", "x", "--size", "1024")),
    "subject-invalid": (5, ("keypair", "generate", "new", "--cn", "x", "--country", "Germany")),
    "address-invalid": (5, ("connect", "nowhere:x:y")),
    "confirmation-required": (6, ("delete", "client", "--purge")),
    "root-not-trusted": (6, ("response", "upload", "client", "good.pem")),
    "entry-changed": (
        6,
        ("response", "upload", "client", "good.pem", "--expect-version", "7", _VERIFIED),
    ),
    "alias-exists": (6, ("rename", "client", "client")),
    "file-exists": (6, ("csr", "client", "--out", "text.txt")),
    "keystore-exists": (6, ("init",)),
    "entry-owned-by-provider": (
        7,
        ("response", "upload", "sap_client", "good.pem", _VERIFIED),
    ),
    "not-the-provider": (7, ("provider", "supply", "sap_new", "key.pem")),
    "installation-owned-by-tenant": (7, ("keystore", "create", "new", "--as", "provider")),
    "entry-owned-by-tenant": (7, ("delete", "client", "--as", "provider")),
    "alias-reserved": (7, ("rename", "client", "SAP_client")),
}


@pytest.mark.parametrize("slug", REFUSALS)
def test_refusal_has_its_status_and_one_line(
    client: Settings, files: Path, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    """Standard output stays empty, and no row but the audit log's is different."""
    status, arguments = REFUSALS[slug]
    monkeypatch.chdir(files)
    before = steward_.rows(client)
    run = commands.inside(client.data, *arguments)
    assert (status, "") == (run.status, run.stdout)
    assert run.stderr.startswith("keysteward: ")
    assert run.stderr.endswith(f"[{slug}]\n")
    assert 1 == run.stderr.count("\n")
    assert before == steward_.rows(client)


def test_keystore_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """Nothing is made on the way."""
    run = commands.inside(tmp_path / "none", "list")
    assert (4, "") == (run.status, run.stdout)
    assert "[keystore-not-initialised]" in run.stderr
    assert not (tmp_path / "none").exists()


def test_keystore_that_is_not_there_is_looked_for_by_name(client: Settings, tmp_path: Path) -> None:
    """The message names the folder, or the keystores that there are."""
    assert f"'{tmp_path / 'none'}'" in commands.inside(tmp_path / "none", "list").stderr
    elsewhere = f"sqlite:///{tmp_path}/none.db"
    told = commands.inside(client.data, "list", "--database", elsewhere).stderr
    assert (True, True) == (elsewhere in told, "--database names the one" in told)
    assert "'default'" in commands.inside(client.data, "list", "--keystore", "prod").stderr


@pytest.mark.parametrize("words", [("init",), ("list",), ("database", "upgrade")])
@pytest.mark.parametrize("below", ["", "/data"])
def test_data_folder_that_cannot_be_used_is_explained(
    files: Path, words: tuple[str, ...], below: str
) -> None:
    """By its path and the system's reason, in one line."""
    folder = f"{files / 'text.txt'}{below}"
    run = commands.inside(None, *words, "--data", folder)
    assert (5, "", 1) == (run.status, run.stdout, run.stderr.count("\n"))
    assert folder in run.stderr
    assert ": not a directory." in run.stderr or ": file exists." in run.stderr
    assert "[data-folder-unusable]" in run.stderr


def test_data_folder_of_others_is_explained(client: Settings) -> None:
    """What this user may not enter holds no traceback."""
    client.data.chmod(0)
    drop = ("capsh", "--drop=cap_dac_override,cap_dac_read_search", "--", "-c", 'exec "$@"', "run")
    if os.getuid() == 0 and shutil.which("capsh") is None:
        pytest.skip("root needs capsh to be refused; Debian package libcap2-bin")
    try:
        done = subprocess.run(
            (*(drop if os.getuid() == 0 else ()), *commands.COMMAND, "list"),
            env=commands.environment(client.data),
            capture_output=True,
            check=False,
        )
    finally:
        client.data.chmod(0o700)
    assert (5, b"") == (done.returncode, done.stdout)
    assert f"'{client.data}".encode() in done.stderr
    assert b": permission denied." in done.stderr


def test_wrong_setting_is_named_as_it_can_be_given(settings: Settings, tmp_path: Path) -> None:
    """The database by variable and option; the trust bundle with its file and the reason."""
    run = commands.inside(settings.data, "list", "--database", "foo")
    assert "KEYSTEWARD_DATABASE: " in run.stderr
    assert "--database says it, too." in run.stderr
    missing = str(tmp_path / "roots.pem")
    run = commands.inside(settings.data, "list", KEYSTEWARD_TRUST_BUNDLE=missing)
    assert f"'{missing}': no such file or directory." in run.stderr


def test_response_over_the_limit_is_too_large(client: Settings, files: Path) -> None:
    """Counted while reading, from a file and from standard input."""
    data = (files / "good.pem").read_bytes().ljust(30_721, b"\n")
    (files / "large.pem").write_bytes(data)
    for name, stdin in ((str(files / "large.pem"), b""), ("-", data)):
        run = commands.inside(client.data, "response", "upload", "client", name, stdin=stdin)
        assert 5 == run.status
        assert "[signing-response-too-large]" in run.stderr


def test_busy_keystore_says_so(client: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another writer holds the database for longer than the timeout."""
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", (50, 50))
    connection = steward_.connect(client, writing=True)
    try:
        connection.execute("BEGIN IMMEDIATE")
        run = commands.inside(client.data, "delete", "client")
    finally:
        connection.close()
    assert 8 == run.status
    assert "[keystore-busy]" in run.stderr


def test_connection_that_fails_is_upstream(client: Settings) -> None:
    """Nobody listens there."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        run = commands.inside(client.data, "connect", f"127.0.0.1:{unused.getsockname()[1]}")
    assert (9, "") == (run.status, run.stdout)
    assert "[connection-failed]" in run.stderr


@pytest.mark.parametrize(
    ("days", "status"),
    [
        (("--expiring", "10000"), 10),
        (("--expiring", "10"), 0),
        ((), 0),
        (("--expiring", "9" * 9), 10),
    ],
)
def test_list_of_what_expires_answers_by_its_status(
    client: Settings, days: tuple[str, ...], status: int
) -> None:
    """10 if there is any, for cron; 0 if there is none, or if nothing was asked."""
    run = commands.inside(client.data, "list", *days)
    assert (status, "") == (run.status, run.stderr)
    assert ("client" in run.stdout) == (days != ("--expiring", "10"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("list", "--nonsense"),
        ("show",),
        ("list", "--expiring", "soon"),
        # What Python makes of an argument that is no UTF-8.
        ("show", "\udcff"),
        ("rollback", "client", "1", "--reason", "\udcff"),
    ],
)
def test_misspelt_command_is_explained(arguments: tuple[str, ...]) -> None:
    """With status 2 and on standard error, as commands do."""
    run = commands.inside(None, *arguments)
    assert (2, "") == (run.status, run.stdout)
    assert "Usage: keysteward" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "--expiring", "abc"), "'abc' is no whole number."),
        (("list", "--expiring", "-1"), "-1 is too small; the least is 0."),
        (("rollback", "client", "two"), "'two' is no whole number."),
        (("connect", "localhost", "--timeout", "601"), "the most is 600"),
        (("keypair", "generate", "x", "--cn", "x", "--usage", "client"), "': 'client' is not one"),
        (("audit", "verify", "--expect", "nonsense"), "a head looks like 138:4eb2…"),
    ],
)
def test_wrong_value_is_explained_in_words(
    settings: Settings, arguments: tuple[str, ...], words: str
) -> None:
    """It is wrong usage, and no validator's jargon."""
    run = commands.inside(settings.data, *arguments)
    assert (2, "") == (run.status, run.stdout)
    assert words in run.stderr


def test_version_is_printed(tmp_path: Path) -> None:
    """Without a keystore."""
    run = commands.inside(tmp_path / "none", "--version")
    assert (0, f"keysteward {keysteward.__version__}\n") == (run.status, run.stdout)


def test_every_kind_of_problem_has_a_status() -> None:
    """As the table of the house says."""
    expected = {
        Kind.MISSING: 4,
        Kind.INVALID: 5,
        Kind.UNSUPPORTED: 5,
        Kind.TOO_LARGE: 5,
        Kind.CONFLICT: 6,
        Kind.FORBIDDEN: 7,
        Kind.BUSY: 8,
        Kind.UPSTREAM: 9,
        Kind.SIGNED_OUT: 7,
        Kind.TOO_MANY: 8,
    }
    assert expected == output.EXIT_STATUS
    assert set(Kind) == expected.keys()


def test_audit_log_that_was_altered_is_reported(client: Settings) -> None:
    """With the row, and status 5."""
    connection = steward_.connect(client, writing=True)
    connection.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 2")
    connection.commit()
    connection.close()
    run = commands.inside(client.data, "audit", "verify", "--json")
    assert (5, False, [2]) == (run.status, run.json["clean"], run.json["broken"])
    assert "[audit-chain-broken]" in run.stderr


def test_missing_extra_is_named(tmp_path: Path) -> None:
    """Who asks for PostgreSQL without its driver is told what to install."""
    (tmp_path / "psycopg.py").write_text("raise ModuleNotFoundError(name='psycopg')")
    path = os.pathsep.join((str(tmp_path), *sys.path))
    url = "postgresql+psycopg://keysteward@127.0.0.1:1/keysteward"
    run = commands.run(tmp_path, "list", KEYSTEWARD_DATABASE=url, PYTHONPATH=path)
    assert (5, "") == (run.status, run.stdout)
    assert "pip install 'keysteward[postgres]'" in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr
