"""The encryption of PKCS#12: PBES2 (RFC 8018 section 6.2), and that of RFC 7292 appendix C."""

from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers import algorithms as old
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from keysteward.formats import der
from keysteward.formats.der import Element
from keysteward.formats.keystores import pkcs12_structure as structure
from keysteward.formats.keystores import rc2
from keysteward.formats.keystores.pkcs12_derivation import (
    Derivation,
    Pbkdf2,
    Pkcs12Kdf,
    Scrypt,
)

MOST_KEY_BYTES = 1024
"""Longest key that may be asked for; no cipher has one above 32 bytes, no HMAC gains above 128."""

PBKDF2 = bytes.fromhex("2a864886f70d01050c")  # 1.2.840.113549.1.5.12
_PBES2 = bytes.fromhex("2a864886f70d01050d")  # 1.2.840.113549.1.5.13
_SCRYPT = bytes.fromhex("2b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11

_HMACS = {
    # 1.2.840.113549.2.7 to .11 (RFC 8018 appendix B.1)
    bytes.fromhex("2a864886f70d0207"): "sha1",
    bytes.fromhex("2a864886f70d0208"): "sha224",
    bytes.fromhex("2a864886f70d0209"): "sha256",
    bytes.fromhex("2a864886f70d020a"): "sha384",
    bytes.fromhex("2a864886f70d020b"): "sha512",
}

_PURPOSE_KEY, _PURPOSE_IV = 1, 2

_Algorithm = type[algorithms.AES | old.TripleDES | old.Camellia | old.ARC4]


@dataclass(frozen=True, slots=True)
class _Cipher:
    """A cipher in CBC mode with padding (RFC 8018 section 6.1.1), or RC4, which has neither."""

    algorithm: _Algorithm | None
    """None: RC2, whose effective bits are those of its key."""
    key_bytes: int
    block_bytes: int


_CBC = {
    # 2.16.840.1.101.3.4.1.2, .22 and .42; 1.2.840.113549.3.7; 1.2.392.200011.61.1.1.1.2 to .4
    bytes.fromhex("608648016503040102"): _Cipher(algorithms.AES, 16, 16),
    bytes.fromhex("608648016503040116"): _Cipher(algorithms.AES, 24, 16),
    bytes.fromhex("60864801650304012a"): _Cipher(algorithms.AES, 32, 16),
    bytes.fromhex("2a864886f70d0307"): _Cipher(old.TripleDES, 24, 8),
    bytes.fromhex("2a83088c9a4b3d01010102"): _Cipher(old.Camellia, 16, 16),
    bytes.fromhex("2a83088c9a4b3d01010103"): _Cipher(old.Camellia, 24, 16),
    bytes.fromhex("2a83088c9a4b3d01010104"): _Cipher(old.Camellia, 32, 16),
}

_OF_PKCS12 = {
    # 1.2.840.113549.1.12.1.1 to .6 (RFC 7292 appendix C)
    bytes.fromhex("2a864886f70d010c0101"): _Cipher(old.ARC4, 16, 0),
    bytes.fromhex("2a864886f70d010c0102"): _Cipher(old.ARC4, 5, 0),
    bytes.fromhex("2a864886f70d010c0103"): _Cipher(old.TripleDES, 24, 8),
    bytes.fromhex("2a864886f70d010c0104"): _Cipher(old.TripleDES, 16, 8),
    bytes.fromhex("2a864886f70d010c0105"): _Cipher(None, 16, 8),
    bytes.fromhex("2a864886f70d010c0106"): _Cipher(None, 5, 8),
}


class UnknownAlgorithmError(ValueError):
    """An algorithm that is not read here; ``name`` is its object identifier with dots."""

    def __init__(self, identifier: bytes) -> None:
        self.name = structure.dotted(identifier)
        super().__init__(self.name)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Encrypted bytes, and what has to be derived to open them."""

    cipher: _Cipher
    key: Derivation
    iv: Pkcs12Kdf | bytes
    ciphertext: bytes

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """What ``opened`` wants the results of, in this order."""
        return (self.key,) if isinstance(self.iv, bytes) else (self.key, self.iv)

    @property
    def decryption_rounds(self) -> int:
        """What decrypting takes, in rounds of key derivation; that of the library takes nothing."""
        return rc2.rounds(len(self.ciphertext)) if self.cipher.algorithm is None else 0

    def opened(self, derived: list[bytes]) -> bytes | None:
        """Return the plaintext if it is one ASN.1 SEQUENCE, else None: another password.

        Padding comes out right by chance once in 256 times; a whole SEQUENCE does not.
        """
        iv = self.iv if isinstance(self.iv, bytes) else derived[1]
        if self.cipher.block_bytes and len(self.ciphertext) % self.cipher.block_bytes:
            return None
        padded = _decrypted(self.cipher, derived[0], iv, self.ciphertext)
        plain = _without_padding(padded, self.cipher.block_bytes)
        return plain if structure.is_one_sequence(plain) else None


def read_sealed(data: bytes, algorithm: Element, ciphertext: bytes) -> Sealed:
    """Return what an AlgorithmIdentifier and its ciphertext ask for.

    Raises Damaged, and UnknownAlgorithmError.
    """
    identifier, parameters = read_algorithm(data, algorithm)
    if identifier == _PBES2:
        return _pbes2(data, parameters, ciphertext)
    if identifier not in _OF_PKCS12:
        raise UnknownAlgorithmError(identifier)
    cipher = _OF_PKCS12[identifier]
    parts = structure.fields(data, _given(parameters))
    if len(parts) != 2:
        raise der.Damaged
    salt = structure.octet_string(data, parts[0])
    rounds = structure.positive(data, parts[1])
    key = Pkcs12Kdf("sha1", _PURPOSE_KEY, salt, rounds, cipher.key_bytes)
    if not cipher.block_bytes:
        return Sealed(cipher, key, b"", ciphertext)
    iv = Pkcs12Kdf("sha1", _PURPOSE_IV, salt, rounds, cipher.block_bytes)
    return Sealed(cipher, key, iv, ciphertext)


def read_algorithm(data: bytes, algorithm: Element) -> tuple[bytes, Element | None]:
    """Return the object identifier and the parameters of an AlgorithmIdentifier."""
    if algorithm.tag != der.SEQUENCE:
        raise der.Damaged
    parts = structure.leading(data, algorithm, der.OBJECT_IDENTIFIER)
    return structure.content(data, parts[0]), parts[1] if len(parts) > 1 else None


def read_pbkdf2(data: bytes, parameters: Element | None) -> tuple[Pbkdf2, bool]:
    """Return PBKDF2-params (RFC 8018 appendix A.2), and whether they say how long the key is.

    If they do not, the length is 0. Raises Damaged, and UnknownAlgorithmError for another PRF.
    """
    parts = structure.fields(data, _given(parameters))
    if len(parts) < 2:
        raise der.Damaged
    salt, rounds = structure.octet_string(data, parts[0]), structure.positive(data, parts[1])
    length, hash_name = 0, "sha1"
    for part in parts[2:]:
        if part.tag == der.INTEGER:
            length = structure.positive(data, part)
        else:
            hash_name = read_hmac(data, part)
    if length > MOST_KEY_BYTES:
        raise der.Damaged
    return Pbkdf2(hash_name, salt, rounds, length), length > 0


def read_hmac(data: bytes, algorithm: Element) -> str:
    """Return the name of the hash of an HMAC. Raises Damaged, and UnknownAlgorithmError."""
    identifier, _ = read_algorithm(data, algorithm)
    if identifier not in _HMACS:
        raise UnknownAlgorithmError(identifier)
    return _HMACS[identifier]


def _pbes2(data: bytes, parameters: Element | None, ciphertext: bytes) -> Sealed:
    derivation, encryption = structure.leading(
        data, _given(parameters), der.SEQUENCE, der.SEQUENCE
    )[:2]
    identifier, iv_part = read_algorithm(data, encryption)
    if identifier not in _CBC:
        raise UnknownAlgorithmError(identifier)
    cipher = _CBC[identifier]
    iv = structure.octet_string(data, _given(iv_part))
    if len(iv) != cipher.block_bytes:
        raise der.Damaged
    return Sealed(cipher, _derivation(data, derivation, cipher.key_bytes), iv, ciphertext)


def _derivation(data: bytes, algorithm: Element, key_bytes: int) -> Derivation:
    identifier, parameters = read_algorithm(data, algorithm)
    if identifier == PBKDF2:
        derivation, sized = read_pbkdf2(data, parameters)
        if sized and derivation.length != key_bytes:
            raise der.Damaged
        return Pbkdf2(derivation.hash_name, derivation.salt, derivation.rounds, key_bytes)
    if identifier != _SCRYPT:
        raise UnknownAlgorithmError(identifier)
    parts = structure.fields(data, _given(parameters))  # RFC 7914 section 7.1
    if len(parts) not in (4, 5):
        raise der.Damaged
    n, r, p, *length = (structure.positive(data, part) for part in parts[1:])
    # RFC 7914 section 2: N is a power of two above 1, and r·p below 2^30.
    if n < 2 or n & (n - 1) or r * p >= 1 << 30 or length not in ([], [key_bytes]):
        raise der.Damaged
    return Scrypt(structure.octet_string(data, parts[0]), n, r, p, key_bytes)


def _given(part: Element | None) -> Element:
    if part is None:
        raise der.Damaged
    return part


def _decrypted(cipher: _Cipher, key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    if cipher.algorithm is None:
        return rc2.decrypt_cbc(key, 8 * len(key), iv, ciphertext)
    if not cipher.block_bytes:
        return Cipher(cipher.algorithm(key), None).decryptor().update(ciphertext)
    if cipher.algorithm is old.TripleDES:
        key = (key + key[:8])[:24]  # the third of two keys is the first (RFC 7292 appendix C)
    decryptor = Cipher(cipher.algorithm(key), modes.CBC(iv)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def _without_padding(padded: bytes, block_bytes: int) -> bytes:
    """Return the bytes without RFC 8018's padding, or nothing if it is none."""
    if not block_bytes:
        return padded
    count = padded[-1] if padded else 0
    if not 1 <= count <= block_bytes or padded[-count:] != bytes([count]) * count:
        return b""
    return padded[:-count]
