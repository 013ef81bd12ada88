"""docs/remote.md and docs/client.md: what they show is what happens, over a real server."""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from keysteward.cli import servers
from keysteward.rights import Role
from tests import commands
from tests import steward as steward_
from tests.architecture import consoles
from tests.architecture.documents import DOCS
from tests.command import both_ways
from tests.command.authority import CA, ROOT
from tests.command.both_ways import Place
from tests.pki_maker import issue

_PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Return a keystore behind a server."""
    folder = tmp_path_factory.mktemp("guides")
    settings = steward_.copy_template(keystore_template, folder / "data")
    with both_ways.served(settings, folder / "output", Role.ADMINISTRATOR) as found:
        assert 0 == found[Role.ADMINISTRATOR].run("keystore", "create", "other").status
        yield found[Role.ADMINISTRATOR]


def test_remote_guide_shows_what_the_commands_say(place: Place) -> None:
    """Every example of the page, run in its order on a server."""
    steps = consoles.steps(DOCS / "remote.md")
    assert 5 == len(steps)
    for words, shown in steps:
        run = commands.inside(
            None, *words.split(), stdin=b"", **place.environment, KEYSTEWARD_KEYSTORE="other"
        )
        assert (0, "") == (run.status, run.stderr), words
        said = run.stdout.replace("client:administrator", "client:pipeline")
        assert consoles.lasting(shown) == consoles.lasting(said), words


def test_remote_guide_names_every_variable() -> None:
    """What the command reads of the environment for a server stands in the page's table."""
    text = (DOCS / "remote.md").read_text()
    names = {value for value in vars(servers).values() if str(value).startswith("KEYSTEWARD_")}
    assert 8 == len(names)
    assert all(f"`{name}`" in text for name in names)


def ca_signs(pem: bytes) -> bytes:
    """Return what a CA answers to a signing request: certificate, its issuer and the root."""
    request = x509.load_pem_x509_csr(pem)
    key = request.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    san = ("DNS:shop.example.test",)
    signed = issue("CN=shop.example.test", None, CA, eku=("clientAuth",), san=san, public_key=key)
    return signed.pem + CA.pem + ROOT.pem


def test_client_guide_runs_as_it_stands(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's examples are one program; it does the main job and meets the refusals."""
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    program = "".join(_PYTHON.findall((DOCS / "client.md").read_text()))
    names: dict[str, object] = {"ca_signs": ca_signs}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "client.md", "exec"), names)  # noqa: S102  # our own page
    names["client"].close()  # type: ignore[attr-defined]  # the page's Client
    lines = printed.getvalue().splitlines()
    assert lines[0].startswith("shop CN=shop.example.test 20")
    assert ["shop 2", "nobody is not in default", "not-a-signing-response"] == lines[-3:]
