"""A new key of the provider, tried with a real receiver before anybody relies on it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import commands, providers, receivers
from tests.commands import Run
from tests.pki_maker import Issued
from tests.providers import ALIAS, ROOT
from tests.receivers import Receiver

NOW = datetime.now(UTC)
ACTIVE = providers.leaf("active", not_after=NOW + timedelta(days=20))
NEXT = providers.leaf("next", not_after=NOW + timedelta(days=400))


def _run(data: Path, *arguments: str) -> Run:
    done = commands.inside(data, *arguments)
    assert 0 == done.status, done.stderr
    return done


def _supply(data: Path, issued: Issued, *options: str) -> None:
    file = data.parent / "delivery.pem"
    file.write_bytes(providers.delivery(issued).data)
    _run(data, "provider", "supply", ALIAS, str(file), "--as", "provider", *options)


@pytest.fixture(scope="module")
def server() -> tuple[Issued, ...]:
    """The receiver's certificate for localhost, and its root."""
    return receivers.server_chain()


@pytest.fixture
def data(tmp_path: Path, server: tuple[Issued, ...]) -> Path:
    """A keystore with a key of the provider in use, and the next one waiting."""
    data = tmp_path / "data"
    _run(data, "init")
    root = tmp_path / "receiver-root.pem"
    root.write_bytes(server[-1].pem)
    _run(data, "certificate", "add", "receiver root", str(root), "--fingerprint-verified")
    _supply(data, ACTIVE, "--current")
    _supply(data, NEXT)
    return data


@pytest.fixture
def receiver(tmp_path: Path, server: tuple[Issued, ...]) -> Iterator[Receiver]:
    """A receiver that demands a certificate under the platform's root."""
    with receivers.openssl_receiver(tmp_path / "receiver", server, (ROOT,)) as running:
        yield running


def test_new_key_is_tried_activated_and_taken_back(data: Path, receiver: Receiver) -> None:
    """The receiver sees the waiting key before its activation, and the old one after a restore."""

    def presented(*options: str) -> str:
        address = f"localhost:{receiver.port}"
        told = commands.inside(data, "connect", address, "--alias", *options, "--json")
        assert 0 == told.status, told.stderr
        assert told.json["certificate_sent"]
        assert "went on" in told.json["remark"]
        return str(told.json["certificate"]["subject"])

    active, following = "CN=platform.example,OU=active", "CN=platform.example,OU=next"
    assert active == presented(ALIAS)
    assert following == presented(ALIAS, "--view", "new")
    assert "next" in receiver.wait_for("next")
    assert active == presented(ALIAS), "trying the new key changes nothing"

    _run(data, "provider", "activate", ALIAS, "--yes")
    assert following == presented(ALIAS)
    assert active == presented(f"[1]_{ALIAS}", "--view", "history")

    _run(data, "provider", "restore", f"[1]_{ALIAS}")
    _run(data, "provider", "activate", ALIAS, "--yes")
    assert active == presented(ALIAS)
    assert following == presented(f"[2]_{ALIAS}", "--view", "history")


def test_public_parts_of_a_new_key_go_out_before_it_is_active(data: Path, tmp_path: Path) -> None:
    """So that receivers can be told of the certificate in time."""
    file = tmp_path / "next.cer"
    _run(data, "export", ALIAS, "--view", "new", "--as", "cer", "--out", str(file))
    assert NEXT.pem == file.read_bytes()
