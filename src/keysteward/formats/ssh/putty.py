"""PuTTY's private keys, PPK versions 2 and 3 (PuTTY manual, appendix "PPK file format").

A text of header lines with the public key in clear and the private numbers in base64, clear or
under AES-256-CBC. A MAC stands over all of it, in clear files under a key that everybody knows.
"""

import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2d, Argon2i, Argon2id

from keysteward.formats.ssh import keys, wire
from keysteward.formats.ssh.wire import Cursor, Damaged
from keysteward.pki import pem_blocks
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import KeyDerivationTooCostly, PasswordWrong, PrivateKeyUnreadable
from keysteward.values import Secret

MOST_MEMORY_KIB = 262_144
"""Most memory for Argon2: 256 MiB, 32 times what puttygen asks for. Memory is gone for all others
while it is used, so no setting raises this."""

MOST_LANES = 64
"""Most lanes of Argon2; each may become a thread. puttygen asks for one."""

ROUNDS_OF_A_BLOCK = 4
"""What Argon2 takes for filling one KiB once, in rounds of PBKDF2: 1.3 µs to 0.3 µs, measured."""

_START = b"PuTTY-User-Key-File-"

_NONE, _AES = b"none", b"aes256-cbc"

_FLAVOURS: dict[bytes, type[Argon2d | Argon2i | Argon2id]] = {
    b"Argon2d": Argon2d,
    b"Argon2i": Argon2i,
    b"Argon2id": Argon2id,
}

_KEY_BYTES, _BLOCK_BYTES, _MAC_KEY_BYTES = 32, 16, 32

_EDWARDS_BYTES = {keys.ED25519: 32, keys.ED448: 57}

_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class _Derivation:
    flavour: type[Argon2d | Argon2i | Argon2id]
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class _File:
    version: int
    algorithm: bytes
    encryption: bytes
    comment: bytes
    public: bytes
    derivation: _Derivation | None
    """How the key of version 3 is made of the passphrase; None in version 2 and for a clear key."""
    private: bytes = field(repr=False)
    mac: bytes


@dataclass(frozen=True, slots=True)
class _Keys:
    cipher: bytes = field(repr=False)
    vector: bytes = field(repr=False)
    mac: bytes = field(repr=False)


def recognises(data: bytes) -> bool:
    """Tell by the first bytes whether the file is a PuTTY key."""
    return data.startswith(_START)


def is_encrypted(data: bytes) -> bool:
    """Return whether the header says that the key is encrypted."""
    return any(
        line.startswith(b"Encryption: ") and line != b"Encryption: none"
        for line in data.splitlines()[:2]
    )


def read(data: bytes, passphrase: Secret | None, limit_rounds: int) -> PrivateKey:
    """Return the private key of a PPK file, its MAC verified and the key proven.

    1. read the lines, 2. find out whether the work is bearable, 3. derive the keys, 4. decrypt,
    5. verify the MAC, 6. read the numbers and prove them.

    Raises:
        PrivateKeyUnreadable: damaged, of a version that is not read, or several keys.
        PasswordWrong: no passphrase, a wrong one, or one for a clear key.
        KeyDerivationTooCostly: Argon2 would take more memory or work than allowed.
        KeyTypeUnsupported: a kind of key that has no place here.
    """
    try:
        file = _read_lines(_Lines(data))  # 1
        if file.derivation is not None:
            _require_bearable(file.derivation, limit_rounds)  # 2
        derived = _derive(file, _opened(file, passphrase))  # 3
        private = _decrypt(file, derived)  # 4
        _verify(file, derived, private)  # 5
        algorithm = keys.name_of(file.algorithm)
        return keys.require_fit(_build(algorithm, file.public, private), file.public)  # 6
    except Damaged as error:
        raise PrivateKeyUnreadable(
            f"The PuTTY key is damaged: {error}. Copy the file again from where it was made."
        ) from error


class _Lines:
    """The lines of the file one after another; any of the three line ends of PuTTY will do."""

    def __init__(self, data: bytes) -> None:
        self._lines = data.splitlines()
        self._position = 0

    def value(self, name: bytes) -> bytes:
        """Return what the next line says under a name."""
        found, _, value = self.next().partition(b": ")
        if found != name:
            raise Damaged(f"a line {name.decode()!r} is missing")
        return value

    def number(self, name: bytes) -> int:
        """Return the next line's number."""
        digits = self.value(name)
        if not digits.isdigit() or len(digits) > _MOST_DIGITS:
            raise Damaged(f"its {name.decode()!r} is no number")
        return int(digits)

    def hexadecimal(self, name: bytes) -> bytes:
        """Return the next line's bytes."""
        try:
            return binascii.unhexlify(self.value(name))
        except binascii.Error as error:
            raise Damaged(f"its {name.decode()!r} is not hexadecimal") from error

    def blob(self, name: bytes) -> bytes:
        """Return the bytes of as many lines of base64 as the next line says."""
        count = self.number(name)
        lines = self._lines[self._position : self._position + count]
        decoded = pem_blocks.decode_base64(b"".join(lines))
        if len(lines) < count or decoded is None:
            raise Damaged(f"what follows {name.decode()!r} is cut off or no base64")
        self._position += count
        return decoded

    def next(self) -> bytes:
        """Return the next line."""
        if self._position == len(self._lines):
            raise Damaged("it is cut off")
        self._position += 1
        return self._lines[self._position - 1]

    def require_end(self) -> None:
        """Raise if anything but blank lines follows."""
        rest = [line for line in self._lines[self._position :] if line.strip()]
        if any(line.startswith(_START) for line in rest):
            raise PrivateKeyUnreadable(
                "The file holds several PuTTY keys. Give a file with one of them."
            )
        if rest:
            raise Damaged("something follows its last line")


def _read_lines(lines: _Lines) -> _File:
    version, _, algorithm = lines.next().removeprefix(_START).partition(b": ")
    if version == b"1":
        raise PrivateKeyUnreadable(
            "The file is a PuTTY key of version 1, from before 2002, which protects the key badly. "
            "Open it in PuTTYgen and save it anew."
        )
    if version not in (b"2", b"3"):
        raise PrivateKeyUnreadable(
            f"The file is a PuTTY key of version {keys.name_of(version)[:10]!r}; known are 2 and "
            "3. Save it anew with 'puttygen FILE --ppk-param version=3 -O private -o NEW'."
        )
    encryption = lines.value(b"Encryption")
    if encryption not in (_NONE, _AES):
        raise Damaged(f"there is no encryption {keys.name_of(encryption)[:30]!r}")
    comment = lines.value(b"Comment")
    public = lines.blob(b"Public-Lines")
    derives = version == b"3" and encryption == _AES
    file = _File(
        version=int(version),
        algorithm=algorithm,
        encryption=encryption,
        comment=comment,
        public=public,
        derivation=_read_derivation(lines) if derives else None,
        private=lines.blob(b"Private-Lines"),
        mac=lines.hexadecimal(b"Private-MAC"),
    )
    lines.require_end()
    return file


def _read_derivation(lines: _Lines) -> _Derivation:
    flavour = _FLAVOURS.get(lines.value(b"Key-Derivation"))
    if flavour is None:
        raise Damaged("its key derivation is not one of Argon2's")
    return _Derivation(
        flavour,
        lines.number(b"Argon2-Memory"),
        lines.number(b"Argon2-Passes"),
        lines.number(b"Argon2-Parallelism"),
        lines.hexadecimal(b"Argon2-Salt"),
    )


def _require_bearable(derivation: _Derivation, limit_rounds: int) -> None:
    memory, passes, lanes = derivation.memory_kib, derivation.passes, derivation.lanes
    if memory > MOST_MEMORY_KIB or lanes > MOST_LANES:
        raise KeyDerivationTooCostly(
            f"{memory:,} KiB of memory and {lanes:,} lanes (Argon2)",
            f"{MOST_MEMORY_KIB:,} KiB and {MOST_LANES} lanes",
            "Save it anew in PuTTYgen with its default parameters.",
        )
    rounds = memory * passes * ROUNDS_OF_A_BLOCK
    if rounds > limit_rounds:
        raise KeyDerivationTooCostly(
            f"{passes:,} passes over {memory:,} KiB (Argon2), as much work as {rounds:,} rounds of "
            "key derivation",
            f"{limit_rounds:,} rounds",
        )


def _opened(file: _File, passphrase: Secret | None) -> bytes:
    given = b"" if passphrase is None else passphrase.reveal()
    if file.encryption == _NONE and passphrase is not None:
        raise PasswordWrong(
            "A passphrase was given, but the PuTTY key is not encrypted. Repeat without it; if you "
            "expected an encrypted key, check that this is the right file."
        )
    if file.encryption != _NONE and not given:
        raise PasswordWrong("The PuTTY key is encrypted. Give its passphrase.")
    return given


def _derive(file: _File, passphrase: bytes) -> _Keys:
    if file.version == 2:
        digests = (hashlib.sha1(bytes((0, 0, 0, i)) + passphrase).digest() for i in (0, 1))  # noqa: S324  # the format's
        mac = hashlib.sha1(b"putty-private-key-file-mac-key" + passphrase).digest()  # noqa: S324  # the format's
        return _Keys(b"".join(digests)[:_KEY_BYTES], bytes(_BLOCK_BYTES), mac)
    if file.derivation is None:
        return _Keys(b"", b"", b"")
    asked = file.derivation
    try:
        derived = asked.flavour(
            salt=asked.salt,
            length=_KEY_BYTES + _BLOCK_BYTES + _MAC_KEY_BYTES,
            iterations=asked.passes,
            lanes=asked.lanes,
            memory_cost=asked.memory_kib,
        ).derive(passphrase)
    except ValueError as error:
        raise Damaged("Argon2 cannot work with its parameters") from error
    return _Keys(
        derived[:_KEY_BYTES],
        derived[_KEY_BYTES:-_MAC_KEY_BYTES],
        derived[-_MAC_KEY_BYTES:],
    )


def _decrypt(file: _File, derived: _Keys) -> bytes:
    if file.encryption == _NONE:
        return file.private
    if len(file.private) % _BLOCK_BYTES:
        raise Damaged("its private part does not end with a whole block")
    decryptor = Cipher(algorithms.AES(derived.cipher), modes.CBC(derived.vector)).decryptor()
    return decryptor.update(file.private) + decryptor.finalize()


def _verify(file: _File, derived: _Keys, private: bytes) -> None:
    fields = (file.algorithm, file.encryption, file.comment, file.public, private)
    covered = b"".join(wire.string(content) for content in fields)
    expected = hmac.digest(derived.mac, covered, "sha1" if file.version == 2 else "sha256")
    if hmac.compare_digest(expected, file.mac):
        return
    if file.encryption == _NONE:
        raise Damaged("its checksum (Private-MAC) does not fit, something in it was altered")
    raise PasswordWrong(
        "The passphrase is wrong, or the PuTTY key was altered. Check the passphrase in PuTTYgen."
    )


def _build(algorithm: str, public: bytes, private: bytes) -> PrivateKeyTypes:
    """Return the key of the private numbers; those of its public part that it needs come along.

    The numbers of Ed25519 and Ed448 are written with the least significant byte first, without
    the zero bytes at their end. What follows the numbers pads them to whole blocks.
    """
    known, secret = Cursor(public), Cursor(private)
    known.string()
    if algorithm == keys.RSA:
        e, n = known.mpint(), known.mpint()
        d, primes = secret.mpint(), (secret.mpint(), secret.mpint(), secret.mpint())
        return keys.build_rsa(keys.rsa_numbers(n, e, d, primes))
    if algorithm == keys.DSA:
        group, y = (known.mpint(), known.mpint(), known.mpint()), known.mpint()
        return keys.build_dsa(group, y, secret.mpint())
    if algorithm.startswith(keys.ECDSA):
        return keys.build_ec(algorithm, secret.mpint())
    if algorithm in _EDWARDS_BYTES:
        return keys.build_edwards(
            algorithm, secret.string().ljust(_EDWARDS_BYTES[algorithm], b"\0")
        )
    raise keys.unsupported(algorithm)
