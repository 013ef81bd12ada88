"""How commands get to a server: its certificate, credentials, and what stays in the data folder."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, servers
from tests import steward as steward_
from tests.commands import Run
from tests.servers import Server

_PASSWORD = "test only, and long enough"


@dataclass(frozen=True, slots=True)
class Secured:
    """A server that speaks TLS with a certificate that it made itself."""

    server: Server
    fingerprint: str
    certificate: Path

    def run(self, *words: str, **environment: str) -> Run:
        """Run a command on the server, as the user eva unless told otherwise."""
        who = {"KEYSTEWARD_USER": "eva", "KEYSTEWARD_PASSWORD": _PASSWORD}
        given = {"KEYSTEWARD_SERVER": self.server.url, **who, **environment}
        return commands.inside(None, *words, stdin=b"", **given)


@pytest.fixture(scope="module")
def secured(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Return a server with TLS, and a user who may do everything."""
    folder = tmp_path_factory.mktemp("secured")
    settings = steward_.copy_template(keystore_template, folder / "data")
    servers.add_user(settings, "eva", _PASSWORD)
    with servers.served(settings, folder / "output", KEYSTEWARD_TLS="true") as server:
        found = re.search(r"([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}|\b[0-9a-f]{64}\b", server.said)
        assert found is not None
        (certificate,) = (
            f for f in settings.data.rglob("*.pem") if b"CERTIFICATE" in f.read_bytes()
        )
        yield Secured(server, found[0], certificate)


def test_server_is_known_by_the_fingerprint_that_it_printed(secured: Secured) -> None:
    """A self-signed certificate is enough where its fingerprint is known."""
    run = secured.run("list", KEYSTEWARD_SERVER_FINGERPRINT=secured.fingerprint)
    assert (0, "No entries.\n") == (run.status, run.stdout)


def test_server_is_known_by_its_certificate(secured: Secured) -> None:
    """The file of roots comes from the option or from the environment."""
    file = str(secured.certificate)
    assert 0 == secured.run("list", "--ca", file).status
    assert 0 == secured.run("--ca", file, "list").status
    assert 0 == secured.run("list", KEYSTEWARD_SERVER_CA=file).status


def test_server_that_nobody_vouches_for_gets_no_password(secured: Secured) -> None:
    """Without certificate or fingerprint the command stops at the handshake."""
    for environment in ({}, {"KEYSTEWARD_SERVER_FINGERPRINT": "0" * 64}):
        run = secured.run("list", **environment)
        assert 9 == run.status
        assert "[connection-failed]" in run.stderr


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_file_of_roots_has_to_be_one(
    secured: Secured, tmp_path: Path, content: bytes | None
) -> None:
    """A file that is not there, or holds no certificate, is named."""
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_bytes(content)
    run = secured.run("list", "--ca", str(file))
    assert (5, True) == (run.status, str(file) in run.stderr)


def test_password_that_is_wrong_is_refused(secured: Secured) -> None:
    """Exit status 7, and nothing of the password in what is printed."""
    run = secured.run(
        "list",
        KEYSTEWARD_SERVER_FINGERPRINT=secured.fingerprint,
        KEYSTEWARD_PASSWORD="a wrong one",
    )
    assert (7, True) == (run.status, "[not-signed-in]" in run.stderr)
    assert "a wrong one" not in run.stderr


def test_token_is_taken_as_it_is(secured: Secured) -> None:
    """A token goes before all other credentials, and one that is none is refused."""
    run = secured.run(
        "list", KEYSTEWARD_SERVER_FINGERPRINT=secured.fingerprint, KEYSTEWARD_TOKEN="none"
    )
    assert (7, True) == (run.status, "[not-signed-in]" in run.stderr)


def _wrong_usage(run: Run) -> str:
    assert 2 == run.status
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", run.stderr).split())


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"KEYSTEWARD_USER": ""}, "credentials for the server are missing"),
        ({"KEYSTEWARD_PASSWORD": ""}, "the password of 'eva' is missing"),
        ({"KEYSTEWARD_SERVER": "http://keysteward.example"}, "is not encrypted"),
        ({"KEYSTEWARD_SERVER_FINGERPRINT": "ab"}, "64 hexadecimal digits"),
    ],
)
def test_access_that_cannot_be_meant_is_wrong_usage(
    secured: Secured, environment: dict[str, str], said: str
) -> None:
    """What is missing or malformed is said before anything is sent."""
    assert said in _wrong_usage(secured.run("list", **environment))


@pytest.mark.parametrize(
    "words",
    [
        ("init",),
        ("demo",),
        ("serve",),
        ("recovery", "export", "file"),
        ("recovery", "restore", "file"),
        ("database", "backup", "file"),
        ("database", "upgrade"),
    ],
)
def test_command_of_the_data_folder_says_so(words: tuple[str, ...]) -> None:
    """What needs the data folder refuses a server instead of working on the wrong keystore."""
    run = commands.inside(None, "--server", "https://keysteward.example", *words)
    assert "needs the data folder" in _wrong_usage(run)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--data", "folder"), "--server is one place"),
        (("--database", "sqlite:///x"), "--server is one place"),
        (("--as", "provider"), "leave --as out"),
    ],
)
def test_options_of_two_places_are_wrong_usage(options: tuple[str, ...], said: str) -> None:
    """A command works in one place, and a server knows by itself who acts."""
    run = commands.inside(None, "list", "--server", "https://keysteward.example", *options)
    assert said in _wrong_usage(run)


def test_response_check_needs_no_server(settings: Settings, files: Path) -> None:
    """What needs no keystore works beside a server that is not there."""
    words = ("response", "check", str(files / "good.pem"), "--for", str(files / "request.pem"))
    run = commands.inside(settings.data, *words, KEYSTEWARD_SERVER="https://keysteward.invalid")
    assert 0 == run.status
