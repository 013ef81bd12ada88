"""Keystore files for tests, written by a code path of their own; every key made here is test-only.

    keys = keystore_files.distinct_rsa_keys(1800)
    entries = keystore_files.key_entries(keys)
    keystore_files.write_jks(entries, "test-only")
    keystore_files.write_pkcs12(entries, "test-only", rounds=10_000)

1,800 keys and their chains take about three seconds, so share them at session scope. Nothing of the
package under test is used.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import isqrt

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests import pki_maker

_MILLISECONDS = 1_700_000_000_000
"""The creation time of every entry, since 1970."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A private key with its chain, end-entity first."""

    alias: str
    pkcs8: bytes
    chain: tuple[bytes, ...]


def distinct_rsa_keys(count: int) -> list[rsa.RSAPrivateKey]:
    """Return RSA-2048 keys with distinct moduli, in seconds: for tests alone.

    Each is the product of another pair out of a small pool of primes, so whoever knows two of them
    knows the factors of both. As keys they are valid in every other respect: OpenSSL draws 1,024
    bit primes from the upper part of their range, where any two make 2,048 bits (FIPS 186-4).
    """
    needed = (1 + isqrt(8 * count + 1)) // 2 + 1  # primes, to have that many pairs of them
    primes: list[int] = []
    while len(primes) < needed:
        numbers = rsa.generate_private_key(65537, 2048).private_numbers()
        primes += [numbers.p, numbers.q]
    return [_rsa_key(p, q) for p, q in islice(combinations(primes, 2), count)]


def _rsa_key(p: int, q: int) -> rsa.RSAPrivateKey:
    exponent = 65537
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def chains_for(keys: Sequence[rsa.RSAPrivateKey]) -> list[tuple[bytes, bytes, bytes]]:
    """Return a chain in DER for each key: its certificate, one intermediate, one root."""
    root = pki_maker.issue("Many Root", pki_maker.make_key("p256"), ca=True)
    ca = pki_maker.issue("Many CA", pki_maker.make_key("p256"), root, ca=True, path_length=0)
    signer = ca.key
    issuer = ca.certificate.subject
    chains = []
    for number, key in enumerate(keys):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"partner {number}")])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        built = x509.CertificateBuilder(
            issuer, name, key.public_key(), number + 1, pki_maker.NOT_BEFORE, pki_maker.NOT_AFTER
        ).add_extension(usage, critical=False)
        leaf = built.sign(signer, hashes.SHA256())
        chains.append((leaf.public_bytes(Encoding.DER), ca.der, root.der))
    return chains


def key_entries(keys: Sequence[rsa.RSAPrivateKey]) -> list[KeyEntry]:
    """Return the keys with their chains as ``partner-0000``, ``partner-0001`` and so on."""
    clear = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return [
        KeyEntry(f"partner-{number:04}", key.private_bytes(*clear), chain)
        for number, (key, chain) in enumerate(zip(keys, chains_for(keys), strict=True))
    ]


# ---- JKS and JCEKS

JKS, JCEKS = b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"
"""How files of the two formats start."""


def write_jks(
    entries: Sequence[KeyEntry],
    password: str,
    trusted: Sequence[tuple[str, bytes]] = (),
    key_password: str | None = None,
) -> bytes:
    """Return a JKS of these keys and trusted certificates; aliases are ASCII."""
    secret = (key_password or password).encode("utf-16-be")
    parts = [java_key(e.alias, protected_jks(e.pkcs8, secret), e.chain) for e in entries]
    parts += [java_certificate(alias, certificate) for alias, certificate in trusted]
    return java_store(JKS, parts, password)


def java_store(magic: bytes, entries: Sequence[bytes], password: str, version: int = 2) -> bytes:
    """Return a JKS or JCEKS of these entries with its digest."""
    return sealed(b"".join([magic, _u4(version), _u4(len(entries)), *entries]), password)


def java_key(alias: str, protected: bytes, chain: Sequence[bytes], kind: str = "X.509") -> bytes:
    """Return the entry of a protected key; an empty ``kind`` is that of version 1."""
    certificates = [_typed(certificate, kind) for certificate in chain]
    count = _u4(len(certificates))
    return b"".join([_named(1, alias), _counted(protected), count, *certificates])


def java_certificate(alias: str, certificate: bytes, kind: str = "X.509") -> bytes:
    """Return the entry of a trusted certificate; an empty ``kind`` is that of version 1."""
    return _named(2, alias) + _typed(certificate, kind)


def java_secret(alias: str, serialized: bytes) -> bytes:
    """Return the entry of a secret key in JCEKS."""
    return _named(3, alias) + serialized


def sealed(body: bytes, password: str) -> bytes:
    """Return the body of a JKS or JCEKS followed by its digest."""
    text = password.encode("utf-16-be") + b"Mighty Aphrodite"
    return body + hashlib.sha1(text + body, usedforsecurity=False).digest()


def protected_jks(pkcs8: bytes, secret: bytes) -> bytes:
    """Return a key in the protection of Sun's JKS provider: a keystream of chained SHA-1."""
    salt = block = os.urandom(20)
    stream = bytearray()
    while len(stream) < len(pkcs8):
        block = hashlib.sha1(secret + block, usedforsecurity=False).digest()
        stream += block
    hidden = bytes(a ^ b for a, b in zip(pkcs8, stream, strict=False))
    check = hashlib.sha1(secret + pkcs8, usedforsecurity=False).digest()
    algorithm = tlv(0x30, _oid("2b060104012a02110101"), tlv(5))
    return tlv(0x30, algorithm, tlv(4, salt, hidden, check))


def protected_jceks(pkcs8: bytes, password: str, iterations: int) -> bytes:
    """Return a key in the protection of JCEKS: each half of the salt hashed with the password."""
    halves = [os.urandom(4), os.urandom(4)]
    secret = b""
    for half in halves:
        block = half
        for _ in range(iterations):
            block = hashlib.md5(block + password.encode(), usedforsecurity=False).digest()
        secret += block
    padder = padding.PKCS7(64).padder()
    cipher = Cipher(TripleDES(secret[:24]), modes.CBC(secret[24:])).encryptor()
    hidden = cipher.update(padder.update(pkcs8) + padder.finalize()) + cipher.finalize()
    return encrypted_jceks(hidden, b"".join(halves), iterations)


def encrypted_jceks(encrypted: bytes, salt: bytes, iterations: int) -> bytes:
    """Return what JCEKS puts around a key that was encrypted with PBEWithMD5AndTripleDES."""
    parameters = tlv(0x30, tlv(4, salt), _integer(iterations))
    return tlv(0x30, tlv(0x30, _oid("2b060104012a021301"), parameters), tlv(4, encrypted))


def _named(kind: int, alias: str) -> bytes:
    return _u4(kind) + _utf(alias) + _MILLISECONDS.to_bytes(8)


def _typed(certificate: bytes, kind: str) -> bytes:
    return (_utf(kind) if kind else b"") + _counted(certificate)


def _u4(number: int) -> bytes:
    return number.to_bytes(4)


def _counted(content: bytes) -> bytes:
    return len(content).to_bytes(4) + content


def _utf(text: str) -> bytes:
    return len(text).to_bytes(2) + text.encode("ascii")


# ---- PKCS#12 (RFC 7292)

_DATA = "2a864886f70d010701"
_SHA256 = "608648016503040201"
_BAG = "2a864886f70d010c0a01"
_ATTRIBUTE = "2a864886f70d0109"


def write_pkcs12(entries: Sequence[KeyEntry], password: str, rounds: int) -> bytes:
    """Return a PKCS#12 of these keys, laid out as Java and OpenSSL 3 do by default.

    Keys and certificates are encrypted by PBES2 with AES-256 and PBKDF2 over SHA-256, each key for
    itself and the certificates together; a certificate that occurs twice is written once.
    """
    keys, certificates, seen = [], [], set()
    for number, entry in enumerate(entries):
        names = _attributes(entry.alias, number)
        shrouded = _encrypted(entry.pkcs8, password, rounds)
        keys.append(tlv(0x30, _oid(_BAG + "02"), tlv(0xA0, tlv(0x30, *shrouded)), names))
        for place, certificate in enumerate(entry.chain):
            if certificate not in seen:
                seen.add(certificate)
                certificates.append(_certificate_bag(certificate, b"" if place else names))
    algorithm, content = _encrypted(tlv(0x30, *certificates), password, rounds)
    inner = tlv(0x30, _oid(_DATA), algorithm, b"\x80" + content[1:])  # [0] IMPLICIT OCTET STRING
    encrypted = tlv(0x30, tlv(2, b"\0"), inner)
    safes = tlv(
        0x30,
        _content_info(_DATA, tlv(4, tlv(0x30, *keys))),
        _content_info("2a864886f70d010706", encrypted),
    )
    return tlv(
        0x30, tlv(2, b"\3"), _content_info(_DATA, tlv(4, safes)), _mac(safes, password, rounds)
    )


def _content_info(oid: str, content: bytes) -> bytes:
    return tlv(0x30, _oid(oid), tlv(0xA0, content))


def _certificate_bag(certificate: bytes, attributes: bytes) -> bytes:
    held = tlv(0x30, _oid("2a864886f70d01091601"), tlv(0xA0, tlv(4, certificate)))
    return tlv(0x30, _oid(_BAG + "03"), tlv(0xA0, held), attributes)


def _attributes(name: str, number: int) -> bytes:
    friendly = tlv(0x30, _oid(_ATTRIBUTE + "14"), tlv(0x31, tlv(0x1E, name.encode("utf-16-be"))))
    local = tlv(0x30, _oid(_ATTRIBUTE + "15"), tlv(0x31, tlv(4, _u4(number))))
    return tlv(0x31, friendly, local)


def _encrypted(clear: bytes, password: str, rounds: int) -> tuple[bytes, bytes]:
    """Return the algorithm identifier and the OCTET STRING (RFC 8018 section 6.2)."""
    salt, iv = os.urandom(16), os.urandom(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, rounds).derive(password.encode())
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    hidden = encryptor.update(padder.update(clear) + padder.finalize()) + encryptor.finalize()
    prf = tlv(0x30, _oid("2a864886f70d0209"), tlv(5))
    derivation = tlv(0x30, tlv(4, salt), _integer(rounds), prf)
    scheme = tlv(
        0x30,
        tlv(0x30, _oid("2a864886f70d01050c"), derivation),
        tlv(0x30, _oid("60864801650304012a"), tlv(4, iv)),
    )
    return tlv(0x30, _oid("2a864886f70d01050d"), scheme), tlv(4, hidden)


def _mac(safes: bytes, password: str, rounds: int) -> bytes:
    salt = os.urandom(20)
    key = _mac_key(password, salt, rounds)
    digest = hmac.digest(key, safes, "sha256")
    return tlv(
        0x30,
        tlv(0x30, tlv(0x30, _oid(_SHA256), tlv(5)), tlv(4, digest)),
        tlv(4, salt),
        _integer(rounds),
    )


def _mac_key(password: str, salt: bytes, rounds: int) -> bytes:
    """Return 32 bytes for the purpose 3, one block of SHA-256 (RFC 7292 appendix B.2)."""
    secret = password.encode("utf-16-be") + b"\0\0"
    block = b"\3" * 64 + _repeated(salt) + _repeated(secret)
    for _ in range(rounds):
        block = hashlib.sha256(block).digest()
    return block


def _repeated(content: bytes) -> bytes:
    length = -(-len(content) // 64) * 64
    return (content * length)[:length]


# ---- DER


def tlv(tag: int, *contents: bytes) -> bytes:
    """Return one DER element with these contents."""
    content = b"".join(contents)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    count = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | count]) + length.to_bytes(count) + content


def _oid(content: str) -> bytes:
    return tlv(6, bytes.fromhex(content))


def _integer(number: int) -> bytes:
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, signed=True))
