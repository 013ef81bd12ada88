import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from keysteward.pki import pem_blocks
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.problems import SettingInvalid
from keysteward.settings import Settings
from keysteward.web import tls
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens here
SERVER = issue("server.example.test", eku=("serverAuth",))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of a data folder in which there is nothing yet."""
    return steward_.settings_for(tmp_path / "data")


def _made(settings: Settings) -> Certificate:
    (block,) = pem_blocks.find((settings.data / "tls" / "certificate.pem").read_bytes())
    assert block.der is not None
    return read_certificate(block.der)


def _own(settings: Settings, certificate: bytes, key: bytes) -> Settings:
    settings.data.mkdir()
    files = settings.data / "own.crt", settings.data / "own.key"
    for file, content in zip(files, (certificate, key), strict=True):
        file.write_bytes(content)
    return replace(settings, tls_certificate=files[0], tls_key=files[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST"])
def test_loopback_has_plain_http(settings: Settings, host: str) -> None:
    """On this machine alone nothing needs to be kept from a listener on the way."""
    assert tls.choose(replace(settings, host=host), START) is None
    assert not settings.data.exists()


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.0.2.1", "server.example.test"])
def test_everywhere_else_has_tls(settings: Settings, host: str) -> None:
    """No setting brings plain HTTP to another address."""
    chosen = tls.choose(replace(settings, host=host), START)

    assert chosen is not None
    assert chosen.self_signed
    assert _made(settings).fingerprint == chosen.fingerprint


def test_loopback_has_tls_if_it_is_asked_for(settings: Settings) -> None:
    """The setting brings TLS where it is not needed."""
    assert tls.choose(replace(settings, tls=True), START) is not None


def test_self_signed_certificate_is_made_once(settings: Settings) -> None:
    """The fingerprint that somebody has compared is the same at each start."""
    asked = replace(settings, host=EVERYWHERE)
    first = tls.choose(asked, START)
    later = tls.choose(asked, START + tls.LIFE - tls.RENEWED_BEFORE - timedelta(seconds=1))

    assert first is not None
    assert later is not None
    assert first.fingerprint == later.fingerprint


def test_self_signed_certificate_is_renewed_before_it_ends(settings: Settings) -> None:
    """A start within 30 days of the end makes a new one, for 397 days."""
    asked = replace(settings, host=EVERYWHERE)
    first = tls.choose(asked, START)
    later = START + tls.LIFE - tls.RENEWED_BEFORE
    renewed = tls.choose(asked, later)

    assert first is not None
    assert renewed is not None
    assert first.fingerprint != renewed.fingerprint
    assert later + timedelta(days=397) == _made(settings).not_after


def test_self_signed_certificate_is_made_for_servers_and_names_the_host(settings: Settings) -> None:
    """Clients find the name or address that they use, and the purpose that they ask for."""
    tls.choose(replace(settings, host="192.0.2.1"), START)
    made = _made(settings)

    assert {"DNS:localhost", "IP:127.0.0.1", "IP:::1", "IP:192.0.2.1"} <= set(made.extensions.san)
    assert ("EC", "secp256r1") == (made.key.type, made.key.curve)
    assert not made.extensions.is_ca


def test_self_signed_certificate_is_made_anew_for_another_host(settings: Settings) -> None:
    """A certificate that does not name the host is of no use to its clients."""
    first = tls.choose(replace(settings, host="192.0.2.1"), START)
    second = tls.choose(replace(settings, host="192.0.2.2"), START)

    assert first is not None
    assert second is not None
    assert first.fingerprint != second.fingerprint


def test_key_of_the_self_signed_certificate_is_for_its_owner_alone(settings: Settings) -> None:
    """No other user of the machine can read the key, whatever the mask of the process."""
    before = os.umask(0)
    try:
        tls.choose(replace(settings, host=EVERYWHERE), START)
    finally:
        os.umask(before)
    folder = settings.data / "tls"

    assert 0o600 == stat.S_IMODE((folder / "key.pem").stat().st_mode)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert ["certificate.pem", "key.pem"] == sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("name", ["certificate.pem", "key.pem"])
def test_half_of_a_self_signed_certificate_is_replaced(settings: Settings, name: str) -> None:
    """A start that was interrupted, or a file that got lost, needs nobody to clean up."""
    asked = replace(settings, host=EVERYWHERE)
    tls.choose(asked, START)
    (settings.data / "tls" / name).unlink()

    assert tls.choose(asked, START) is not None


def test_own_certificate_is_taken(settings: Settings) -> None:
    """A certificate with its key is used as it is, on any address."""
    asked = _own(settings, SERVER.pem, SERVER.key_pem())
    chosen = tls.choose(asked, START)

    assert chosen is not None
    assert not chosen.self_signed
    assert not (settings.data / "tls").exists()


def _encrypted() -> bytes:
    return SERVER.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )


@pytest.mark.parametrize(
    ("certificate", "key", "expected"),
    [
        (SERVER.pem, issue("other").key_pem(), "is the key of another certificate"),
        (SERVER.pem, _encrypted(), "cannot be used as an unencrypted private key"),
        (SERVER.pem, b"no key", "cannot be used as an unencrypted private key"),
        (b"no certificate", SERVER.key_pem(), "holds no certificate"),
        (SERVER.pem.replace(b"MII", b"AAA", 1), SERVER.key_pem(), "damaged certificate"),
        (SERVER.key_pem(), SERVER.key_pem(), "holds no certificate"),
    ],
    ids=["mismatch", "encrypted", "no key", "no certificate", "damaged", "key instead"],
)
def test_files_that_cannot_be_used_are_refused(
    settings: Settings, certificate: bytes, key: bytes, expected: str
) -> None:
    """Whatever is wrong with the files is said before anything listens."""
    with pytest.raises(SettingInvalid, match=expected):
        tls.choose(_own(settings, certificate, key), START)


@pytest.mark.parametrize("missing", ["tls_certificate", "tls_key"])
def test_certificate_without_its_key_is_refused(settings: Settings, missing: str) -> None:
    """One of the two files is a mistake, not a wish for a self-signed certificate."""
    asked = _own(settings, SERVER.pem, SERVER.key_pem())
    without = (
        replace(asked, tls_certificate=None)
        if missing == "tls_certificate"
        else replace(asked, tls_key=None)
    )

    with pytest.raises(SettingInvalid, match="go together"):
        tls.choose(without, START)


def test_file_that_is_not_there_is_named(settings: Settings) -> None:
    """The message names the file and the reason of the operating system."""
    asked = _own(settings, SERVER.pem, SERVER.key_pem())
    gone = settings.data / "gone.pem"

    with pytest.raises(SettingInvalid, match=r"gone\.pem': no such file"):
        tls.choose(replace(asked, tls_certificate=gone), START)
    with pytest.raises(SettingInvalid, match=r"gone\.pem': no such file"):
        tls.choose(replace(asked, tls_key=gone), START)


def test_name_that_means_another_address_has_no_plain_http() -> None:
    """Whatever "localhost" means here, plain HTTP stays on loopback addresses."""
    tls.require_loopback(["127.0.0.1", "::1"])
    with pytest.raises(SettingInvalid, match=r"192\.0\.2\.1, which needs TLS"):
        tls.require_loopback(["127.0.0.1", "192.0.2.1"])
