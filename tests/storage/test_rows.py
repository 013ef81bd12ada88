import hashlib
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pytest

from keysteward.pki.certificates import read_certificate
from keysteward.storage import rows
from tests import pki_maker
from tests.storage.conftest import Pki


@pytest.mark.parametrize(
    "time",
    [
        datetime(1950, 1, 1, tzinfo=UTC),
        datetime(2030, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_time_comes_back_exactly(time: datetime) -> None:
    """From the first date of a certificate to the last one, to the microsecond."""
    assert time == rows.to_time(rows.to_microseconds(time))


def test_time_of_another_zone_is_the_same_moment() -> None:
    """What is kept is UTC, whatever zone the time was given in."""
    zone = timezone(timedelta(hours=2))
    assert 0 == rows.to_microseconds(datetime(1970, 1, 1, 2, tzinfo=zone))


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_fingerprints_are_those_of_openssl(pki: Pki, digest: str) -> None:
    """The stored fingerprints are what the openssl command prints."""
    certificate = pki.chains[0][0]
    command = ["openssl", "x509", "-inform", "DER", "-noout", "-fingerprint", f"-{digest}"]
    printed = subprocess.run(command, input=certificate.der, capture_output=True, check=True).stdout
    expected = printed.decode().strip().partition("=")[2].replace(":", "").lower()
    stored = rows.certificate_row(certificate)[digest]
    assert isinstance(stored, bytes)
    assert expected == stored.hex()


def test_columns_are_those_of_openssl() -> None:
    """Serial number, dates and public key are what the openssl command prints."""
    issued = pki_maker.issue(
        "x", serial=0xAB_CDEF_0123_4567_89AB, not_after=datetime(2099, 1, 1, tzinfo=UTC)
    )
    command = ["openssl", "x509", "-inform", "DER", "-noout", "-serial", "-enddate", "-pubkey"]
    printed = subprocess.run(command, input=issued.der, capture_output=True, check=True).stdout
    serial, end, *pem = printed.decode().splitlines()
    if not serial.startswith("serial"):
        pem, (serial, end) = [serial, end, *pem][:-2], pem[-2:]
    row = rows.certificate_row(read_certificate(issued.der))
    ends = datetime.strptime(end, "notAfter=%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    to_der = ["openssl", "pkey", "-pubin", "-outform", "DER"]
    spki = subprocess.run(
        to_der, input="\n".join(pem).encode(), capture_output=True, check=True
    ).stdout
    assert serial.partition("=")[2].lower() == row["serial_number"]
    assert (ends - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) == row[
        "not_after"
    ]
    assert hashlib.sha256(spki).digest() == row["public_key_sha256"]
