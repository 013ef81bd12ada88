"""Private keys: PEM and DER, OpenSSH's and PuTTY's files, and beneath PuTTY's MAC."""

import warnings
from collections.abc import Iterator
from functools import cache
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from fuzz.contract import PASSWORD, Target, with_and_without_password
from keysteward.formats import ssh
from keysteward.formats.ssh import openssh, putty
from keysteward.formats.ssh.wire import Cursor
from keysteward.pki import encrypted_keys, private_keys
from keysteward.values import Secret
from tests import pki_maker, ssh_maker

_ROUNDS = 30_000
"""What a file may ask for: bounds the time of one input, and is one round of OpenSSH's bcrypt."""

_NAMED_BY_OPENSSH = (rsa.RSAPrivateKey, dsa.DSAPrivateKey, ed25519.Ed25519PrivateKey)

_CONTAINER_HEAD = 15 + 8 + 8 + 4 + 4
"""Bytes before the public part of a clear container: magic, cipher, derivation, options, count."""

_ALGORITHMS = (
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed25519",
    "ssh-ed448",
    "sk-ssh-ed25519@openssh.com",
)

_FIELDS = {
    "ssh-rsa": 6,  # n, e, d, the inverse of q, p, q
    "ssh-dss": 5,  # p, q, g, y, x
    "ecdsa-sha2-nistp256": 3,  # curve, point, number
    "ecdsa-sha2-nistp521": 3,
    "ssh-ed25519": 2,  # point, secret and point
}
"""How many values follow the name in OpenSSH's private part."""

_SECRET_FIELDS = {
    "ssh-rsa": (2, 4, 5, 3),
    "ssh-dss": (4,),
    "ecdsa-sha2-nistp256": (2,),
    "ecdsa-sha2-nistp521": (2,),
    "ssh-ed25519": (1,),
}
"""Which of these are in PuTTY's private part, in its order."""

_ARGON2 = (
    b"Key-Derivation: Argon2id\nArgon2-Memory: 8\nArgon2-Passes: 1\nArgon2-Parallelism: 1\n"
    b"Argon2-Salt: 00112233445566778899aabbccddeeff\nPrivate-Lines"
)


def _private_keys(data: bytes) -> object:
    with patch.object(encrypted_keys, "ROUNDS_LIMIT", _ROUNDS):
        return with_and_without_password(
            lambda password: private_keys.read_private_key(data, password)
        )


def _pkcs8(data: bytes) -> object:
    key = private_keys.load_pkcs8(Secret(data))
    private_keys.require_numbers(key)
    return key


def _ssh(data: bytes) -> object:
    ssh.is_encrypted(data)
    with patch.object(encrypted_keys, "ROUNDS_LIMIT", _ROUNDS):
        return with_and_without_password(
            lambda password: ssh.read_private_key(data, password, _ROUNDS)
        )


def _openssh(data: bytes) -> object:
    return with_and_without_password(lambda password: openssh.read(data, password, _ROUNDS))


def _openssh_parts(data: bytes) -> object:
    public, private = _halves(data)
    file = ssh_maker.bare(ssh_maker.forge_openssh(public, private))
    return openssh.read(file, None, _ROUNDS)


def _putty(data: bytes) -> object:
    return with_and_without_password(lambda password: putty.read(data, password, _ROUNDS))


def _putty_parts(data: bytes) -> object:
    public, private = _halves(data[1:])
    algorithm = _ALGORITHMS[(data[0] if data else 0) % len(_ALGORITHMS)]
    return putty.read(ssh_maker.forge_putty(algorithm, public, private), None, _ROUNDS)


def _halves(data: bytes) -> tuple[bytes, bytes]:
    """Return public and private part; two bytes say how long the first one is."""
    length = int.from_bytes(data[:2])
    return data[2 : 2 + length], data[2 + length :]


# ---- seeds


@cache
def _made() -> tuple[CertificateIssuerPrivateKeyTypes, ...]:
    kinds = ("rsa1024", "dsa1024", "p256", "p521", "brainpoolp256r1", "ed25519", "ed448", "mldsa44")
    return tuple(pki_maker.make_key(kind) for kind in kinds)


def _ders() -> Iterator[bytes]:
    for key in _made():
        yield pki_maker.key_bytes(key, Encoding.DER)


def _pems_and_ders() -> Iterator[bytes]:
    yield from _ders()
    for key in _made():
        clear = pki_maker.key_bytes(key)
        yield clear
        if isinstance(key, rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey):
            yield pki_maker.key_bytes(key, Encoding.DER, PrivateFormat.TraditionalOpenSSL)
            yield pki_maker.key_bytes(key, form=PrivateFormat.TraditionalOpenSSL)
            yield pki_maker.key_bytes(
                key, form=PrivateFormat.TraditionalOpenSSL, password=PASSWORD.encode()
            )
    key = _made()[2]
    yield pki_maker.key_bytes(key, password=PASSWORD.encode())
    yield pki_maker.key_bytes(key, Encoding.DER, password=PASSWORD.encode())
    yield pki_maker.issue("key and certificate", key).pem + pki_maker.key_bytes(key)


def _containers() -> Iterator[bytes]:
    yield from _clear_containers()
    few = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1).build(PASSWORD.encode())
    yield from (_container(key, few) for key in _of_ssh())


def _clear_containers() -> Iterator[bytes]:
    return (_container(key, NoEncryption()) for key in _of_ssh())


def _of_ssh() -> Iterator[CertificateIssuerPrivateKeyTypes]:
    """Yield the keys that OpenSSH has a name for."""
    for key in _made():
        if isinstance(key, ec.EllipticCurvePrivateKey):
            if key.curve.name.startswith("secp"):
                yield key
        elif isinstance(key, _NAMED_BY_OPENSSH):
            yield key


def _container(
    key: CertificateIssuerPrivateKeyTypes, encryption: KeySerializationEncryption
) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The library is about to give up DSA in this form.
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption)
    return ssh_maker.bare(pem)


def _parts() -> Iterator[tuple[bytes, bytes]]:
    """Yield the public part of clear containers, and the private one between check and padding."""
    for container in _clear_containers():
        cursor = Cursor(container[_CONTAINER_HEAD:])
        public, private = cursor.string(), cursor.string()
        yield public, private[8:].rstrip(bytes(range(1, 8)))


def _of_openssh() -> Iterator[bytes]:
    return (_joined(public, private) for public, private in _parts())


def _of_putty() -> Iterator[bytes]:
    """Yield the same keys as PuTTY orders their numbers."""
    for public, private in _parts():
        cursor = Cursor(private)
        name = cursor.string().decode()
        fields = [cursor.string() for _ in range(_FIELDS[name])]
        chosen = b"".join(ssh_maker.string(fields[place]) for place in _SECRET_FIELDS[name])
        if name == "ssh-ed25519":
            chosen = ssh_maker.string(fields[1][:32].rstrip(b"\0"))
        yield bytes([_ALGORITHMS.index(name)]) + _joined(public, chosen)
    yield bytes([_ALGORITHMS.index("ssh-ed448")]) + _joined(*_ed448())


def _ed448() -> tuple[bytes, bytes]:
    key = ed448.Ed448PrivateKey.generate()
    point = ssh_maker.string(key.public_key().public_bytes_raw())
    secret = key.private_bytes_raw().rstrip(b"\0")
    return ssh_maker.string(b"ssh-ed448") + point, ssh_maker.string(secret)


def _joined(public: bytes, private: bytes) -> bytes:
    return len(public).to_bytes(2) + public + private


def _putty_files() -> Iterator[bytes]:
    for seed in _of_putty():
        public, private = _halves(seed[1:])
        clear = ssh_maker.forge_putty(_ALGORITHMS[seed[0]], public, private)
        yield clear
        yield clear.replace(b"-3:", b"-2:").replace(b": none", b": aes256-cbc")
        yield clear.replace(b": none", b": aes256-cbc").replace(b"Private-Lines", _ARGON2)


def _any_ssh() -> Iterator[bytes]:
    yield from map(ssh_maker.armour, _containers())
    yield from _putty_files()
    yield from _pems_and_ders()
    yield b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 comment"
    yield b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"


TARGETS = (
    Target("private-keys", _private_keys, _pems_and_ders, der=True),
    Target("pkcs8", _pkcs8, _ders, der=True),
    Target("ssh", _ssh, _any_ssh),
    Target("openssh", _openssh, _containers),
    Target("openssh-parts", _openssh_parts, _of_openssh),
    Target("putty", _putty, _putty_files),
    Target("putty-parts", _putty_parts, _of_putty),
)
