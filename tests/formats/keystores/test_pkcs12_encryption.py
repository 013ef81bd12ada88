import pytest

from keysteward.formats import der
from keysteward.formats.keystores import pkcs12, pkcs12_encryption
from keysteward.formats.keystores.contract import Skipped
from keysteward.formats.keystores.pkcs12_derivation import Pbkdf2
from keysteward.formats.keystores.pkcs12_encryption import UnknownAlgorithmError
from tests import pkcs12_files as files
from tests.formats.keystores.conftest import opening
from tests.keystore_files import tlv

_THREE_DES = "1.2.840.113549.1.12.1.3"
_PBES2, _PBKDF2, _SCRYPT = (
    "1.2.840.113549.1.5.13",
    "1.2.840.113549.1.5.12",
    "1.3.6.1.4.1.11591.4.11",
)
_AES_256 = tlv(0x30, files.oid("2.16.840.1.101.3.4.1.42"), tlv(4, bytes(16)))


def _algorithm(kind: str, *parameters: bytes) -> bytes:
    return tlv(0x30, files.oid(kind), *parameters)


def _pbes2(derivation: bytes, encryption: bytes = _AES_256) -> bytes:
    return _algorithm(_PBES2, tlv(0x30, derivation, encryption))


def _scrypt(*numbers: int) -> bytes:
    values = (files.integer(number) for number in numbers)
    return _pbes2(_algorithm(_SCRYPT, tlv(0x30, tlv(4, b"salt"), *values)))


_MALFORMED = {
    "no sequence": tlv(0x31),
    "no parameters": _algorithm(_THREE_DES),
    "parameters that are none": _algorithm(_THREE_DES, tlv(5)),
    "one parameter": _algorithm(_THREE_DES, tlv(0x30, tlv(4, b"salt"))),
    "salt that is a number": _algorithm(_THREE_DES, tlv(0x30, files.integer(1), files.integer(1))),
    "PBKDF2 without rounds": _pbes2(_algorithm(_PBKDF2, tlv(0x30, tlv(4, b"salt")))),
    "PBKDF2 with a key of another length": _pbes2(files.pbkdf2(1, 16)),
    "PBKDF2 with a very long key": _pbes2(files.pbkdf2(1, 1_025)),
    "IV of another length": _pbes2(
        files.pbkdf2(1), tlv(0x30, files.oid("2.16.840.1.101.3.4.1.42"), tlv(4, bytes(8)))
    ),
    "scrypt without p": _scrypt(16, 1),
    "scrypt with N that is no power of two": _scrypt(17, 1, 1),
    "scrypt with N of one": _scrypt(1, 1, 1),
    "scrypt with r and p too large": _scrypt(16, 2**15, 2**15),
    "scrypt with a key of another length": _scrypt(16, 1, 1, 16),
}


@pytest.mark.parametrize("algorithm", _MALFORMED.values(), ids=_MALFORMED)
def test_malformed_algorithm_is_damage(algorithm: bytes) -> None:
    """What the standards do not allow is not guessed at."""
    with pytest.raises(der.Damaged):
        pkcs12_encryption.read_sealed(algorithm, der.element(algorithm, 0), b"")


_UNKNOWN = {
    "1.2.840.113549.1.5.3": _algorithm("1.2.840.113549.1.5.3"),
    "1.2.3": _pbes2(_algorithm("1.2.3")),
    "1.2.4": _pbes2(files.pbkdf2(1), _algorithm("1.2.4")),
    "1.2.5": _pbes2(_algorithm(_PBKDF2, tlv(0x30, tlv(4), files.integer(1), _algorithm("1.2.5")))),
}


@pytest.mark.parametrize(("name", "algorithm"), _UNKNOWN.items(), ids=_UNKNOWN)
def test_unknown_algorithm_is_named(name: str, algorithm: bytes) -> None:
    """Scheme, derivation, cipher and PRF alike."""
    with pytest.raises(UnknownAlgorithmError) as unknown:
        pkcs12_encryption.read_sealed(algorithm, der.element(algorithm, 0), b"")
    assert name == unknown.value.name


def test_key_in_unknown_encryption_is_skipped_by_its_name() -> None:
    """The rest of the file is read."""
    unknown = files.shrouded_key((_algorithm("1.2.3"), b""), files.name("odd"))

    found = pkcs12.read(files.pfx([files.data(files.contents(unknown))]), opening(None))

    reason = "a private key in an encryption that is not known here (1.2.3)"
    assert (Skipped("odd", reason),) == found.skipped


def test_length_of_the_key_and_sha1_are_the_defaults() -> None:
    """RFC 8018 appendix A.2: without a length the cipher's, without a PRF HMAC with SHA-1."""
    algorithm = _pbes2(_algorithm(_PBKDF2, tlv(0x30, tlv(4, b"salt"), files.integer(5))))

    sealed = pkcs12_encryption.read_sealed(algorithm, der.element(algorithm, 0), b"")

    assert (Pbkdf2("sha1", b"salt", 5, 32),) == sealed.derivations


@pytest.mark.parametrize("ciphertext", [b"", bytes(15), bytes(16)])
def test_ciphertext_that_gives_no_sequence_is_not_opened(ciphertext: bytes) -> None:
    """Nothing, a piece of a block, and a block under another key."""
    algorithm = _pbes2(files.pbkdf2(1))
    sealed = pkcs12_encryption.read_sealed(algorithm, der.element(algorithm, 0), ciphertext)

    assert sealed.opened([bytes(32)]) is None
