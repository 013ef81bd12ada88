import time

import pytest

from keysteward.pki import (
    encrypted_keys,
    pem_blocks,
    private_keys,
)
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import PrivateKeyUnreadable
from keysteward.values import Secret
from tests import peers


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
