"""OpenSSH's own private keys, ``BEGIN OPENSSH PRIVATE KEY`` (OpenSSH, PROTOCOL.key).

A container in the data types of SSH: cipher, key derivation, the public key, and the private part,
which begins with one random number written twice, so that a wrong passphrase is noticed.
"""

from dataclasses import dataclass, field

import bcrypt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from keysteward.formats.ssh import keys
from keysteward.formats.ssh.wire import Cursor, Damaged
from keysteward.pki import pem_blocks
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import KeyDerivationTooCostly, PasswordWrong, PrivateKeyUnreadable
from keysteward.values import Secret

LABEL = "OPENSSH PRIVATE KEY"

ROUNDS_OF_A_BCRYPT_ROUND = 30_000
"""What one round of bcrypt's derivation takes, in rounds of PBKDF2: 9 ms to 0.3 µs, measured."""

_MAGIC = b"openssh-key-v1\0"

_NONE, _BCRYPT = b"none", b"bcrypt"

_MOST_SALT_BYTES = 1024

_BLOCK_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Cipher:
    mode: type[modes.CBC | modes.CTR | modes.GCM]
    key_bytes: int
    vector_bytes: int = 16
    tag_bytes: int = 0


_CIPHERS = {
    **{f"aes{bits}-ctr".encode(): _Cipher(modes.CTR, bits // 8) for bits in (128, 192, 256)},
    **{f"aes{bits}-cbc".encode(): _Cipher(modes.CBC, bits // 8) for bits in (128, 192, 256)},
    **{
        f"aes{bits}-gcm@openssh.com".encode(): _Cipher(modes.GCM, bits // 8, 12, 16)
        for bits in (128, 256)
    },
}


@dataclass(frozen=True, slots=True)
class _File:
    cipher: bytes
    derivation: bytes
    options: bytes
    public: bytes
    private: bytes = field(repr=False)
    tag: bytes = field(repr=False)


def is_encrypted(data: bytes) -> bool:
    """Return whether the container names a cipher; damaged ones do not."""
    for block in pem_blocks.find(data):
        if block.label == LABEL:
            try:
                return _container(block.der).cipher != _NONE
            except (Damaged, PrivateKeyUnreadable):
                return False
    return False


def read(der: bytes | None, passphrase: Secret | None, limit_rounds: int) -> PrivateKey:
    """Return the private key of a container, proven to fit the public key in it.

    Args:
        der: the decoded body of the PEM block; None if it is no base64.
        passphrase: None for a key that is not encrypted.
        limit_rounds: most rounds of key derivation, counted as PBKDF2 takes them.

    Raises:
        PrivateKeyUnreadable: damaged, several keys, or under a cipher that is not known here.
        PasswordWrong: no passphrase, a wrong one, or one for a clear key.
        KeyDerivationTooCostly: more rounds than allowed.
        KeyTypeUnsupported: a kind of key that has no place here.
    """
    try:
        file = _container(der)
        return _private_key(_open(file, passphrase, limit_rounds), file.public)
    except Damaged as error:
        raise PrivateKeyUnreadable(
            f"The OpenSSH key is damaged: {error}. Copy the file again from where it was made."
        ) from error


def _container(der: bytes | None) -> _File:
    if der is None:
        raise Damaged("its text is no base64")
    if not der.startswith(_MAGIC):
        raise Damaged("it does not begin as such keys do")
    cursor = Cursor(der[len(_MAGIC) :])
    cipher, derivation, options = cursor.string(), cursor.string(), cursor.string()
    count = cursor.uint32()
    if count != 1:
        raise PrivateKeyUnreadable(
            f"The file announces {count:,} keys. Give a file with one of them."
        )
    return _File(
        cipher, derivation, options, cursor.string(), private=cursor.string(), tag=cursor.rest()
    )


def _open(file: _File, passphrase: Secret | None, limit_rounds: int) -> bytes:
    """Return the private part in clear; its length is that of whole blocks."""
    if file.cipher == _NONE:
        if passphrase is not None:
            raise PasswordWrong(
                "A passphrase was given, but the OpenSSH key is not encrypted. Repeat without it; "
                "if you expected an encrypted key, check that this is the right file."
            )
        if file.tag:
            raise Damaged("something follows its private part")
        return file.private
    cipher = _CIPHERS.get(file.cipher)
    if cipher is None or file.derivation != _BCRYPT:
        name = keys.name_of(file.cipher if cipher is None else file.derivation)[:60]
        raise PrivateKeyUnreadable(
            f"The OpenSSH key is encrypted with {name!r}, which is not known here. Encrypt a copy "
            "of the file anew with 'ssh-keygen -p -Z aes256-ctr -f COPY' and give that."
        )
    if len(file.tag) != cipher.tag_bytes or len(file.private) % _BLOCK_BYTES:
        raise Damaged("its encrypted part has a wrong length")
    seed = _derive(file, cipher.key_bytes + cipher.vector_bytes, passphrase, limit_rounds)
    key, vector = seed[: cipher.key_bytes], seed[cipher.key_bytes :]
    mode = modes.GCM(vector, file.tag) if cipher.mode is modes.GCM else cipher.mode(vector)
    decryptor = Cipher(algorithms.AES(key), mode).decryptor()
    try:
        return decryptor.update(file.private) + decryptor.finalize()
    except InvalidTag as error:
        raise _wrong() from error


def _derive(file: _File, length: int, passphrase: Secret | None, limit_rounds: int) -> bytes:
    options = Cursor(file.options)
    salt, asked = options.string(), options.uint32()
    if not 0 < len(salt) <= _MOST_SALT_BYTES or not asked or options.rest():
        raise Damaged("the parameters of its encryption are none")
    rounds = asked * ROUNDS_OF_A_BCRYPT_ROUND
    if rounds > limit_rounds:
        raise KeyDerivationTooCostly(
            f"{asked:,} rounds of bcrypt, as much work as {rounds:,} rounds of key derivation",
            f"{limit_rounds:,} rounds",
        )
    given = b"" if passphrase is None else passphrase.reveal()
    if not given:
        raise PasswordWrong("The OpenSSH key is encrypted. Give its passphrase.")
    return bcrypt.kdf(given, salt, length, asked, ignore_few_rounds=True)


def _wrong() -> PasswordWrong:
    return PasswordWrong(
        "The passphrase is wrong, or the OpenSSH key was altered. Check the passphrase with "
        "'ssh-keygen -y -f FILE'."
    )


def _private_key(clear: bytes, public: bytes) -> PrivateKey:
    cursor = Cursor(clear)
    if cursor.uint32() != cursor.uint32():
        raise _wrong()
    algorithm = keys.name_of(cursor.string())
    key = _build(algorithm, cursor)
    cursor.string()  # the comment
    padding = cursor.rest()
    # PuTTY adds a whole block where nothing has to be filled up.
    if len(padding) > _BLOCK_BYTES or padding != bytes(range(1, len(padding) + 1)):
        raise Damaged("its private part does not end as it should")
    return keys.require_fit(key, public)


def _build(algorithm: str, cursor: Cursor) -> PrivateKeyTypes:
    if algorithm == keys.RSA:
        n, e, d, inverse = (cursor.mpint() for _ in range(4))
        return keys.build_rsa(keys.rsa_numbers(n, e, d, (cursor.mpint(), cursor.mpint(), inverse)))
    if algorithm == keys.DSA:
        group = (cursor.mpint(), cursor.mpint(), cursor.mpint())
        return keys.build_dsa(group, cursor.mpint(), cursor.mpint())
    if algorithm.startswith(keys.ECDSA):
        cursor.string(), cursor.string()  # curve and point, as in the public part
        return keys.build_ec(algorithm, cursor.mpint())
    if algorithm == keys.ED25519:
        point, both = cursor.string(), cursor.string()
        if both[32:] != point:
            raise Damaged("its public key stands there in two forms")
        return keys.build_edwards(algorithm, both[:32])
    raise keys.unsupported(algorithm)
