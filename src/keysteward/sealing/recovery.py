"""Recovery files: a stream of bytes of any length, encrypted under a passphrase.

ADR 12 describes the form byte by byte, so that a file can be opened without this program: Argon2id
(RFC 9106) makes a key of the passphrase, and chunks of AES-256-GCM follow in the STREAM
construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance", CRYPTO 2015), so a chunk that was moved, cut or added is noticed.
"""

import hmac
import io
import secrets
import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keysteward.problems import (
    KeyDerivationTooCostly,
    PassphraseTooShort,
    PasswordWrong,
    RecoveryUnreadable,
)
from keysteward.values import Secret

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"keysteward recovery\n"
VERSION = 1

CHUNK_BYTES = 65_536
"""Clear bytes of every chunk but the last one, which may have fewer."""

LEAST_CHARACTERS = 12
"""Of a passphrase: with Argon2id, beyond what can be tried out unless it is in a dictionary."""

MOST_MEMORY_KIB = 1 << 20
"""Most memory that a file may ask for: 1 GiB, sixteen times what is written here."""

MOST_WORK_KIB = 1 << 22
"""Most passes times memory, twenty times what is written here: some seconds."""

MOST_LANES = 64

_START = struct.Struct(">20sBIII16s7s")
_CHECK_BYTES = 32
_BLOCK_BYTES = CHUNK_BYTES + 16
_INFO = b"keysteward recovery v1"


@dataclass(frozen=True, slots=True)
class Cost:
    """What Argon2id takes (RFC 9106 section 3.1): passes t, memory m in KiB, lanes p."""

    passes: int
    memory_kib: int
    lanes: int


SECOND_RECOMMENDED = Cost(passes=3, memory_kib=65_536, lanes=4)
"""RFC 9106 section 4, second option: 64 MiB, so that a small machine can restore, too."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """The key of one file, and what goes into the encryption of each of its chunks."""

    key: AESGCM = field(repr=False)
    prefix: bytes
    header: bytes

    def encrypt(self, number: int, chunk: bytes, *, last: bool) -> bytes:
        return self.key.encrypt(self._nonce(number, last=last), chunk, self.header)

    def decrypt(self, number: int, block: bytes, *, last: bool) -> bytes:
        return self.key.decrypt(self._nonce(number, last=last), block, self.header)

    def _nonce(self, number: int, *, last: bool) -> bytes:
        return self.prefix + number.to_bytes(4, "big") + bytes([last])


class Writer(io.RawIOBase):
    """Takes clear bytes; made by ``encrypting``, which writes the last chunk."""

    def __init__(self, file: BinaryIO, stream: _Stream) -> None:
        self._file = file
        self._stream = stream
        self._number = 0
        self._held = bytearray()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        """Take all of the bytes; whole chunks go on to the file."""
        if self.closed:
            raise ValueError("the last chunk has been written")
        length = memoryview(data).nbytes
        self._held += data
        # A chunk that may be the last one waits for what follows.
        while len(self._held) > CHUNK_BYTES:
            self._put(bytes(self._held[:CHUNK_BYTES]), last=False)
            del self._held[:CHUNK_BYTES]
        return length

    def finish(self) -> None:
        """Write the last chunk; without it the file is refused as cut off."""
        self._put(bytes(self._held), last=True)
        self.close()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._stream.encrypt(self._number, chunk, last=last))
        self._number += 1


class _Reader(io.RawIOBase):
    def __init__(self, file: BinaryIO, stream: _Stream) -> None:
        self._file = file
        self._stream = stream
        self._number = 0
        self._ahead = _read(file, _BLOCK_BYTES)
        self._clear = memoryview(b"")
        self._ended = False
        self._problem: RecoveryUnreadable | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        if not self._clear and not self._ended:
            self._clear = memoryview(self._next())
        target = memoryview(buffer).cast("B")
        length = min(len(target), len(self._clear))
        target[:length] = self._clear[:length]
        self._clear = self._clear[length:]
        return length

    def _next(self) -> bytes:
        if self._problem is not None:
            # What follows the damage may open, and a piece would be missing before it.
            raise self._problem
        block, self._ahead = self._ahead, _read(self._file, _BLOCK_BYTES)
        last = not self._ahead
        try:
            chunk = self._stream.decrypt(self._number, block, last=last)
        except InvalidTag as error:
            start = len(self._stream.header) + self._number * _BLOCK_BYTES
            self._problem = RecoveryUnreadable(
                f"The file is cut off, or was altered, at byte {start:,} or after it."
            )
            raise self._problem from error
        self._number, self._ended = self._number + 1, last
        return chunk


@contextmanager
def encrypting(
    file: BinaryIO, passphrase: Secret, cost: Cost = SECOND_RECOMMENDED
) -> Iterator[Writer]:
    """Lend a writer whose bytes go encrypted into ``file``, which is neither flushed nor closed.

    The file is whole when the block has ended well; if it does not, nothing opens the rest of it.

    Args:
        file: takes every byte of a write, as buffered files do.
        passphrase: UTF-8, at least LEAST_CHARACTERS characters.
        cost: of trying a passphrase.

    Raises PassphraseTooShort before anything is written.
    """
    text = _normalised(passphrase)
    if len(text.reveal().decode(errors="replace")) < LEAST_CHARACTERS:
        raise PassphraseTooShort(LEAST_CHARACTERS)
    salt, prefix = secrets.token_bytes(16), secrets.token_bytes(7)
    start = _START.pack(MAGIC, VERSION, cost.passes, cost.memory_kib, cost.lanes, salt, prefix)
    key, check = _derive(text, salt, cost, start)
    file.write(start + check)
    writer = Writer(file, _Stream(key, prefix, start + check))
    yield writer
    writer.finish()


def decrypting(file: BinaryIO, passphrase: Secret) -> io.BufferedReader:
    """Return a reader of the clear bytes; the passphrase has been checked when this returns.

    No byte is given out before the tag over its chunk was verified. Only its end, an empty read,
    says that the file is whole: until then it may still turn out to be cut off.

    Raises RecoveryUnreadable, which reading may raise as well, PasswordWrong,
    KeyDerivationTooCostly.
    """
    start, check = _read(file, _START.size), _read(file, _CHECK_BYTES)
    cost, salt, prefix = _parse(start, check)
    try:
        key, expected = _derive(_normalised(passphrase), salt, cost, start)
    except MemoryError as error:
        raise _too_costly(cost, "the memory that this system has left") from error
    if not hmac.compare_digest(expected, check):
        raise PasswordWrong(
            "The passphrase is another one than the file was written with, or the first "
            f"{len(start + check)} bytes of the file were altered. Nothing was restored."
        )
    reader = _Reader(file, _Stream(key, prefix, start + check))
    return io.BufferedReader(reader, CHUNK_BYTES)


def _parse(start: bytes, check: bytes) -> tuple[Cost, bytes, bytes]:
    if not start or not start.startswith(MAGIC[: len(start)]):
        raise RecoveryUnreadable("The file is no recovery file of Keysteward.")
    if len(check) < _CHECK_BYTES:
        raise RecoveryUnreadable("The file is cut off within its header.")
    _, version, passes, memory_kib, lanes, salt, prefix = _START.unpack(start)
    if version != VERSION:
        raise RecoveryUnreadable(
            f"The file has form {version}, and this version of Keysteward reads form {VERSION}. "
            "Take the version that wrote it."
        )
    cost = Cost(passes, memory_kib, lanes)
    # RFC 9106 section 3.1.
    if not passes or not lanes or memory_kib < 8 * lanes:
        raise RecoveryUnreadable("The file's header asks for an impossible key derivation.")
    if memory_kib > MOST_MEMORY_KIB or passes * memory_kib > MOST_WORK_KIB or lanes > MOST_LANES:
        limit = (
            f"{MOST_MEMORY_KIB:,} KiB, {MOST_WORK_KIB:,} KiB in all passes together, and "
            f"{MOST_LANES} lanes"
        )
        raise _too_costly(cost, limit)
    return cost, salt, prefix


def _too_costly(cost: Cost, limit: str) -> KeyDerivationTooCostly:
    asked = (
        f"Argon2id over {cost.memory_kib:,} KiB of memory (passes: {cost.passes:,}, lanes: "
        f"{cost.lanes:,})"
    )
    remedy = "If the file is yours, it was altered: fetch another copy, or take a larger machine."
    return KeyDerivationTooCostly(asked, limit, remedy)


def _derive(passphrase: Secret, salt: bytes, cost: Cost, start: bytes) -> tuple[AESGCM, bytes]:
    """Return the key of the chunks, and the check over the header's start."""
    argon2 = Argon2id(
        salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    # Two keys of one (RFC 5869), since no key is for two purposes.
    hkdf = HKDF(algorithm=hashes.SHA256(), length=64, salt=None, info=_INFO)
    keys = hkdf.derive(argon2.derive(passphrase.reveal()))
    return AESGCM(keys[:32]), hmac.digest(keys[32:], start, "sha256")


def _normalised(passphrase: Secret) -> Secret:
    """Return the passphrase as every keyboard gives it: NFC (RFC 8265 section 4.2.2)."""
    try:
        text = passphrase.reveal().decode()
    except UnicodeDecodeError:
        return passphrase
    return Secret(unicodedata.normalize("NFC", text).encode())


def _read(file: BinaryIO, length: int) -> bytes:
    """Return that many bytes, fewer only at the end of the file; pipes give them in pieces."""
    content = b""
    while len(content) < length and (piece := file.read(length - len(content))):
        content += piece
    return content
