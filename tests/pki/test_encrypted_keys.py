import secrets
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keysteward.pki import (
    encrypted_keys,
    key_pairs,
    pem_blocks,
    private_keys,
    public_keys,
    subjects,
)
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import PrivateKeyUnreadable
from keysteward.values import Secret
from tests import peers


def test_key_for_tls_opens_in_openssl(any_key: PrivateKey, tmp_path: Path) -> None:
    """The openssl command reads the encrypted key and finds the same public key."""
    if public_keys.kind(any_key.public_key()).type.startswith("ML-DSA"):
        peers.require_openssl_with_ml_dsa()
    password = secrets.token_hex(32).encode()
    file = tmp_path / "key.pem"
    file.write_bytes(
        encrypted_keys.encrypt_for_tls(private_keys.to_pkcs8(any_key), Secret(password))
    )
    public = peers.run(
        *("openssl", "pkey", "-in", str(file), "-passin", "stdin", "-pubout", "-outform", "DER"),
        data=password + b"\n",
    )
    assert public_keys.spki(any_key.public_key()) == public


def test_key_for_tls_opens_in_pythons_tls(ec_key: PrivateKey, tmp_path: Path) -> None:
    """Python's ssl takes the key with its certificate, and only with the password."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    content = Content(subjects.build_name(Subject("a")), None, Usage.TLS_CLIENT)
    der = key_pairs.build_placeholder(ec_key, content, key_pairs.build_validity(now))
    password = secrets.token_hex(32)
    key = encrypted_keys.encrypt_for_tls(private_keys.to_pkcs8(ec_key), Secret(password.encode()))
    file = tmp_path / "both.pem"
    file.write_bytes(key + ssl.DER_cert_to_PEM_cert(der).encode())
    ssl.create_default_context().load_cert_chain(file, password=password)
    with pytest.raises(ssl.SSLError):
        ssl.create_default_context().load_cert_chain(file, password="another")


def test_key_for_tls_differs_each_time(ec_key: PrivateKey) -> None:
    """Salt and vector are new for each writing, under the same password too."""
    pkcs8, password = private_keys.to_pkcs8(ec_key), Secret(b"x" * 32)
    assert encrypted_keys.encrypt_for_tls(pkcs8, password) != encrypted_keys.encrypt_for_tls(
        pkcs8, password
    )


@pytest.mark.parametrize(
    "options",
    [
        ("-v2", "aes-256-cbc", "-iter", "2048"),
        ("-v2", "aes-256-cbc", "-iter", "600000"),
        ("-v1", "PBE-SHA1-3DES", "-iter", "2048"),
        ("-scrypt",),
    ],
)
def test_usual_encryptions_are_not_too_much(ec_key: PrivateKey, options: tuple[str, ...]) -> None:
    """What people and their tools choose today stays below the limit."""
    der = _encrypted(ec_key, *options)
    assert encrypted_keys.is_encrypted(der)
    assert not encrypted_keys.asks_too_much(der)


def test_key_with_excessive_rounds_is_refused_at_once(ec_key: PrivateKey) -> None:
    """A file cannot keep this process busy for hours by asking for two thousand million rounds."""
    der = _encrypted(ec_key, "-v2", "aes-256-cbc", "-iter", "65536")
    hostile = der.replace(b"\x02\x03\x01\x00\x00", b"\x02\x03\x7f\xff\xff")
    four = _with_rounds(der, b"\x02\x04\x7f\xff\xff\xff")
    assert hostile != der
    assert not encrypted_keys.asks_too_much(hostile)
    started = time.monotonic()
    with pytest.raises(PrivateKeyUnreadable, match="more rounds"):
        private_keys.read_private_key(
            pem_blocks.write("ENCRYPTED PRIVATE KEY", four), Secret(b"abcd")
        )
    assert time.monotonic() - started < 1


def test_scrypt_with_excessive_memory_is_refused(ec_key: PrivateKey) -> None:
    """N, r and p of scrypt are multiplied before any of the work is done."""
    der = _encrypted(ec_key, "-scrypt")
    hostile = der.replace(b"\x02\x02\x40\x00\x02\x01\x08", b"\x02\x02\x40\x00\x02\x01\x7f")
    assert hostile != der
    assert encrypted_keys.asks_too_much(hostile)


def test_bytes_of_any_kind_are_walked_to_an_end(ec_key: PrivateKey) -> None:
    """Cut-off and altered bytes are answered, not looped over."""
    der = _encrypted(ec_key, "-scrypt")
    for size in range(len(der)):
        assert encrypted_keys.asks_too_much(der[:size]) in (True, False)
        altered = der[:size] + b"\xff" + der[size + 1 :]
        assert encrypted_keys.asks_too_much(altered) in (True, False)


def _encrypted(key: PrivateKey, *options: str) -> bytes:
    command = ("openssl", "pkcs8", "-topk8", "-inform", "DER", "-outform", "DER")
    clear = private_keys.to_pkcs8(key).reveal()
    return peers.run(*command, *options, "-passout", "pass:abcd", data=clear)


def _with_rounds(der: bytes, rounds: bytes) -> bytes:
    """Replace the three octets of rounds by four, and correct the five lengths around them."""
    place = der.index(b"\x02\x03\x01\x00\x00")
    grown = bytearray(der[:place] + rounds + der[place + 5 :])
    # The whole, its algorithm, the parameters of PBES2, the derivation, the parameters of PBKDF2.
    position = 0
    for skipped in (0, 0, 11, 0, 11):
        position += skipped
        if grown[position + 1] & 0x80:
            grown[position + 1 + (grown[position + 1] & 0x7F)] += 1
            position += 2 + (grown[position + 1] & 0x7F)
        else:
            grown[position + 1] += 1
            position += 2
    return bytes(grown)
