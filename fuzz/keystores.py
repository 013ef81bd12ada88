"""Keystore files: as they are, and beneath their digests, MACs and encryption."""

from collections.abc import Iterator
from functools import cache

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    pkcs12,
)

from fuzz.contract import (
    PASSWORD,
    SECRET,
    WRONG,
    Target,
    require,
    with_and_without_password,
)
from keysteward.formats import keystores
from keysteward.formats.keystores import java_keys
from keysteward.formats.keystores.contract import KeystoreFile, Opening
from keysteward.values import Secret
from tests import keystore_files, pki_maker
from tests import pkcs12_files as parts
from tests.keystore_files import KeyEntry, tlv

_ROUNDS = 20_000
"""What a file may ask for; bounds the time of one input."""

_SALT = bytes(range(8))


def _any(data: bytes) -> object:
    return with_and_without_password(lambda password: _read(data, password))


def _read(data: bytes, password: Secret | None = SECRET) -> KeystoreFile:
    file = keystores.read(data, Opening(password, WRONG, _ROUNDS))
    count = len(file.all_keys) + len(file.certificates) + len(file.skipped)
    require(fact=count <= len(data), words="more entries than bytes")
    return file


def _jks(data: bytes) -> object:
    return _read(keystore_files.sealed(keystore_files.JKS + data, PASSWORD))


def _jceks(data: bytes) -> object:
    return _read(keystore_files.sealed(keystore_files.JCEKS + data, PASSWORD))


def _pkcs12_safes(data: bytes) -> object:
    return _read(_under_mac(data))


def _pkcs12_bags(data: bytes) -> object:
    scheme = parts.by_pbkdf2(parts.contents(data), PASSWORD.encode(), rounds=1)
    return _read(_under_mac(parts.encrypted(scheme)))


def _under_mac(safes: bytes) -> bytes:
    return parts.pfx([safes], mac=parts.pbmac1(PASSWORD.encode(), rounds=1))


# ---- seeds


@cache
def _entries() -> tuple[KeyEntry, ...]:
    found = []
    for kind in ("rsa1024", "p256", "ed25519"):
        chain = pki_maker.make_chain(kind)
        key = pki_maker.key_bytes(chain[0].key, Encoding.DER)
        found.append(KeyEntry(kind, key, tuple(one.der for one in chain)))
    return tuple(found)


def _bodies() -> Iterator[bytes]:
    """Yield JKS files between magic and digest."""
    first, second, third = _entries()
    trusted = [("ca", first.chain[-1])]
    for file in (
        keystore_files.write_jks([first], PASSWORD, trusted),
        keystore_files.write_jks([second, third], PASSWORD),
        keystore_files.write_jks([third], PASSWORD, key_password="no such"),
        keystore_files.write_jks([], PASSWORD, trusted),
        keystore_files.java_store(
            keystore_files.JKS,
            [keystore_files.java_certificate("old", third.chain[0], kind="")],
            PASSWORD,
            version=1,
        ),
    ):
        yield file[4:-20]


def _jceks_bodies() -> Iterator[bytes]:
    yield from _bodies()
    entry = _entries()[1]
    encrypted = keystore_files.java_key("key", _encrypted(entry.pkcs8, 10), entry.chain)
    secrets = [keystore_files.java_secret("secret", stream) for stream in _serialized()]
    yield keystore_files.java_store(keystore_files.JCEKS, [encrypted], PASSWORD)[4:-20]
    yield keystore_files.java_store(keystore_files.JCEKS, [*secrets, encrypted], PASSWORD)[4:-20]


def _encrypted(pkcs8: bytes, iterations: int) -> bytes:
    derived = java_keys.Password(PASSWORD).cipher_key(_SALT, iterations) or b""
    padder = padding.PKCS7(64).padder()
    encryptor = Cipher(TripleDES(derived[:24]), CBC(derived[24:])).encryptor()
    hidden = encryptor.update(padder.update(pkcs8) + padder.finalize()) + encryptor.finalize()
    return keystore_files.encrypted_jceks(hidden, _SALT, iterations)


def _serialized() -> Iterator[bytes]:
    """Yield small objects in the grammar of the Java Object Serialization Specification."""
    start, block = b"\xac\xed\0\5", b"\x72\0\2[B" + bytes(8) + b"\2\0\0\x78\x70"
    yield start + b"\x73\x72\0\1A" + bytes(8) + b"\2\0\1I\0\1n\x78\x70" + bytes(4)
    yield start + b"\x75" + block + b"\0\0\0\3abc"
    field = b"L\0\1s\x74\0\1S"
    yield start + b"\x73\x72\0\1B" + bytes(8) + b"\3\0\1" + field + b"\x78\x70\x74\0\2hi\x77\1x\x78"


def _whole_pkcs12() -> Iterator[bytes]:
    first, second, third = _entries()
    yield keystore_files.write_pkcs12([second, third], PASSWORD, rounds=1)
    yield keystore_files.write_pkcs12([first], PASSWORD, rounds=1)
    yield keystore_files.write_pkcs12([third], "no such", rounds=1)
    chain = pki_maker.make_chain("rsa1024")
    key = chain[0].key
    if isinstance(key, rsa.RSAPrivateKey):
        old = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(5)
        old = old.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        yield pkcs12.serialize_key_and_certificates(
            b"old", key, chain[0].certificate, None, old.build(PASSWORD.encode())
        )
    yield from (_under_mac(safes) for safes in _safes())
    yield from (parts.pfx([safes]) for safes in _safes())


def _safes() -> Iterator[bytes]:
    for bags in _bags():
        yield parts.data(parts.contents(bags))
        yield parts.encrypted(parts.by_pbkdf2(parts.contents(bags), PASSWORD.encode(), rounds=1))
        scrypt = parts.pbes2(parts.contents(bags), bytes(32), parts.scrypt(16, 1, 1))
        yield parts.encrypted(scrypt) + parts.data(parts.contents(bags))
    yield parts.content_info(parts.ENVELOPED, parts.integer(0))
    for last in range(1, 7):  # RC4, Triple-DES and RC2 (RFC 7292 appendix C)
        scheme = parts.oid(f"1.2.840.113549.1.12.1.{last}")
        parameters = tlv(0x30, tlv(4, _SALT), parts.integer(1))
        yield parts.encrypted((tlv(0x30, scheme, parameters), bytes(16)))


def _bags() -> Iterator[bytes]:
    first, second, third = _entries()
    names = parts.name("ä name"), parts.key_id(b"id")
    for entry in (first, second, third):
        held = [parts.certificate(der) for der in entry.chain]
        yield parts.clear_key(entry.pkcs8, *names) + parts.certificate(entry.chain[0], *names)
        yield b"".join([parts.clear_key(entry.pkcs8), *held])
    scheme = parts.by_pbkdf2(third.pkcs8, PASSWORD.encode(), rounds=1)
    shut = parts.by_pbkdf2(third.pkcs8, b"no such", rounds=1)
    yield parts.shrouded_key(scheme, *names) + parts.shrouded_key(shut)
    nested = parts.bag(parts.NESTED, parts.contents(parts.certificate(third.chain[-1])))
    trusted = parts.attribute("2.16.840.1.113894.746875.1.1", parts.oid("2.5.29.37.0"))
    yield nested + parts.certificate(third.chain[0], trusted, *names)
    yield parts.bag(parts.SECRET, parts.contents()) + parts.bag(parts.CRL, parts.contents())
    yield parts.certificate(b"sdsi", sdsi=True)


def _any_format() -> Iterator[bytes]:
    yield from _whole_pkcs12()
    for magic, bodies in (
        (keystore_files.JKS, _bodies()),
        (keystore_files.JCEKS, _jceks_bodies()),
    ):
        yield from (keystore_files.sealed(magic + body, PASSWORD) for body in bodies)
    key = pki_maker.make_key("p256")
    yield pki_maker.key_bytes(key, Encoding.PEM, password=b"x")


TARGETS = (
    Target("keystores", _any, _any_format),
    Target("jks", _jks, _bodies),
    Target("jceks", _jceks, _jceks_bodies),
    Target("pkcs12", _read, _whole_pkcs12, der=True),
    Target("pkcs12-safes", _pkcs12_safes, _safes, der=True),
    Target("pkcs12-bags", _pkcs12_bags, _bags, der=True),
)
