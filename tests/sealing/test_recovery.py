import hashlib
import hmac
import io
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from keysteward.problems import (
    KeyDerivationTooCostly,
    PassphraseTooShort,
    PasswordWrong,
    RecoveryUnreadable,
)
from keysteward.sealing import recovery
from keysteward.sealing.recovery import Cost
from keysteward.values import Secret

PASSPHRASE = Secret(b"six random words of a test only")
CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
HEADER_BYTES, CHUNK, BLOCK = 88, 65_536, 65_552


def _encrypted(clear: bytes, cost: Cost = CHEAP, passphrase: Secret = PASSPHRASE) -> bytes:
    file = io.BytesIO()
    with recovery.encrypting(file, passphrase, cost) as writer:
        writer.write(clear)
    return file.getvalue()


def _decrypted(data: bytes, passphrase: Secret = PASSPHRASE) -> bytes:
    return recovery.decrypting(io.BytesIO(data), passphrase).read()


def _clear(length: int) -> bytes:
    """Return bytes of which no two chunks are alike."""
    return hashlib.shake_128(b"a recovery file").digest(length)


@pytest.fixture(scope="module")
def three_chunks() -> bytes:
    """Return a file of two full chunks and a short one."""
    return _encrypted(_clear(2 * CHUNK + 100))


def _opened_as_described(data: bytes, passphrase: str) -> bytes:
    """Open a file as docs/adr/0012 says, with nothing of the module under test."""
    header, body = data[:88], data[88:]
    assert b"keysteward recovery\n\x01" == header[:21]
    passes, memory, lanes = struct.unpack(">III", header[21:33])
    salt, prefix, check = header[33:49], header[49:56], header[56:88]
    argon2 = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory)
    secret = argon2.derive(passphrase.encode())
    extracted = hmac.digest(bytes(32), secret, "sha256")
    info = b"keysteward recovery v1"
    key = hmac.digest(extracted, info + b"\x01", "sha256")
    check_key = hmac.digest(extracted, key + info + b"\x02", "sha256")
    assert check == hmac.digest(check_key, header[:56], "sha256")
    clear = b""
    count = -(-len(body) // 65_552)
    for number in range(count):
        block = body[number * 65_552 : (number + 1) * 65_552]
        last = b"\x01" if number == count - 1 else b"\x00"
        nonce = prefix + struct.pack(">I", number) + last
        opening = Cipher(algorithms.AES(key), modes.GCM(nonce, block[-16:])).decryptor()
        opening.authenticate_additional_data(header)
        clear += opening.update(block[:-16]) + opening.finalize()
    return clear


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 100])
def test_file_opens_as_its_description_says(length: int) -> None:
    """Who has the description and the passphrase needs no Keysteward, whatever the length."""
    clear = _clear(length)
    data = _encrypted(clear)
    assert HEADER_BYTES + length + 16 * max(1, -(-length // CHUNK)) == len(data)
    assert clear == _opened_as_described(data, PASSPHRASE.reveal().decode())
    assert clear == _decrypted(data)


def test_description_refuses_what_was_altered(three_chunks: bytes) -> None:
    """The description's own steps notice a flipped bit, so they are the whole check."""
    altered = three_chunks[:-20] + bytes([three_chunks[-20] ^ 1]) + three_chunks[-19:]
    with pytest.raises(InvalidTag):
        _opened_as_described(altered, PASSPHRASE.reveal().decode())


@given(st.lists(st.binary(max_size=100).map(lambda piece: piece * 1000), max_size=6), st.data())
def test_content_comes_back_however_it_is_written_and_read(
    pieces: list[bytes], data: st.DataObject
) -> None:
    """The sizes of writes and reads make no difference."""
    file = io.BytesIO()
    with recovery.encrypting(file, PASSPHRASE, CHEAP) as writer:
        assert writer.writable()
        for piece in pieces:
            assert len(piece) == writer.write(piece)
    file.seek(0)
    reader = recovery.decrypting(file, PASSPHRASE)
    size = data.draw(st.sampled_from([997, CHUNK, CHUNK + 1, -1]))
    found = b""
    while piece := reader.read(size):
        found += piece
    assert b"".join(pieces) == found


def test_file_is_read_from_a_pipe_that_gives_it_in_pieces(three_chunks: bytes) -> None:
    """A read that brings fewer bytes than asked for is no end."""

    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1000))

    reader = recovery.decrypting(Pipe(three_chunks), PASSPHRASE)
    assert _clear(2 * CHUNK + 100) == reader.read()


def test_archive_is_written_and_read_as_a_stream() -> None:
    """The writer and the reader are files to tarfile, neither of which can seek."""
    file = io.BytesIO()
    with (
        recovery.encrypting(file, PASSPHRASE, CHEAP) as writer,
        tarfile.open(fileobj=writer, mode="w|") as archive,
    ):
        member = tarfile.TarInfo("keyring")
        member.size = 200_000
        archive.addfile(member, io.BytesIO(_clear(200_000)))
    file.seek(0)
    with tarfile.open(fileobj=recovery.decrypting(file, PASSPHRASE), mode="r|") as archive:
        first = archive.next()
        content = first and archive.extractfile(first)
        assert content
        assert _clear(200_000) == content.read()


@pytest.mark.parametrize(
    "length",
    sorted(
        {0, 1, 19, 20, 21, 55, 56, 87, 88, 89, 103, 104, 105}
        | {HEADER_BYTES + n * BLOCK + d for n in (1, 2) for d in (-17, -16, -1, 0, 1, 15, 16, 17)}
        | {HEADER_BYTES + 2 * BLOCK + 115}
    ),
)
def test_file_that_is_cut_off_is_refused(three_chunks: bytes, length: int) -> None:
    """No prefix of a file opens to its end, be it cut between chunks or within one."""
    assert length < len(three_chunks)
    with pytest.raises(RecoveryUnreadable):
        _decrypted(three_chunks[:length])


@pytest.mark.parametrize("position", [*range(HEADER_BYTES), 89, 88 + BLOCK - 1, 88 + BLOCK, -1])
def test_file_with_a_flipped_bit_is_refused(three_chunks: bytes, position: int) -> None:
    """Every bit of the header and of the chunks is authenticated."""
    altered = bytearray(three_chunks)
    altered[position] ^= 1
    with pytest.raises((RecoveryUnreadable, PasswordWrong, KeyDerivationTooCostly)):
        _decrypted(bytes(altered))


def _blocks(data: bytes) -> list[bytes]:
    return [data[i : i + BLOCK] for i in range(HEADER_BYTES, len(data), BLOCK)]


@pytest.mark.parametrize(
    "change",
    [
        lambda b: [b[1], b[0], b[2]],
        lambda b: [b[0], b[0], b[2]],
        lambda b: [b[0], b[2]],
        lambda b: [b[1], b[2]],
        lambda b: [*b, b[2]],
        lambda b: [*b, b"\x00"],
        lambda b: [*b, bytes(16)],
        lambda b: [b[0], b[1][:-1] + b[2]],
        lambda b: [b[0], b[2], b[1]],
    ],
    ids=["swapped", "twice", "left-out", "first-gone", "again", "byte", "tag", "joined", "turned"],
)
def test_file_with_its_chunks_rearranged_is_refused(
    three_chunks: bytes, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    """Chunks open in their own place alone, and the last one at the end alone."""
    changed = three_chunks[:HEADER_BYTES] + b"".join(change(_blocks(three_chunks)))
    with pytest.raises(RecoveryUnreadable):
        _decrypted(changed)


def test_chunk_of_another_file_is_refused(three_chunks: bytes) -> None:
    """Two files with the same content and passphrase share no chunk."""
    other = _encrypted(_clear(2 * CHUNK + 100))
    first = three_chunks[: HEADER_BYTES + BLOCK]
    with pytest.raises(RecoveryUnreadable):
        _decrypted(first + other[len(first) :])


def test_nothing_is_given_out_of_a_damaged_chunk(three_chunks: bytes) -> None:
    """The chunks before the damage come out whole, then nothing but the problem, however often."""
    altered = bytearray(three_chunks)
    altered[HEADER_BYTES + BLOCK + 5] ^= 1
    reader = recovery.decrypting(io.BytesIO(bytes(altered)), PASSPHRASE)
    assert _clear(CHUNK) == reader.read(CHUNK)
    for _ in range(3):
        with pytest.raises(RecoveryUnreadable, match=f"{HEADER_BYTES + BLOCK:,}"):
            reader.read(1)


def test_wrong_passphrase_is_told_before_anything_is_read(three_chunks: bytes) -> None:
    """The passphrase is checked at once, and the message names damage as the other cause."""
    with pytest.raises(PasswordWrong, match=r"another one .* or the first 88 bytes .* altered"):
        recovery.decrypting(io.BytesIO(three_chunks), Secret(b"six other words of a test"))


def test_passphrase_of_another_keyboard_opens_the_file() -> None:
    """Composed and decomposed letters are the same passphrase."""
    data = _encrypted(b"x", passphrase=Secret("Schlüsselübergabe".encode()))
    assert b"x" == _decrypted(data, Secret("Schlu\u0308sselu\u0308bergabe".encode()))


def test_passphrase_that_is_no_text_opens_the_file() -> None:
    """Bytes that are no UTF-8 are taken as they are."""
    passphrase = Secret(b"\xff" * 12)
    assert b"x" == _decrypted(_encrypted(b"x", passphrase=passphrase), passphrase)


@pytest.mark.parametrize("passphrase", ["", "eleven char", "Schlüsselü", "u\u0308" * 11])
def test_short_passphrase_is_refused(passphrase: str) -> None:
    """Characters are counted, not bytes, and nothing is written with too few."""
    file = io.BytesIO()
    with (
        pytest.raises(PassphraseTooShort),
        recovery.encrypting(file, Secret(passphrase.encode()), CHEAP),
    ):
        pytest.fail("no writer is lent")
    assert b"" == file.getvalue()


def test_file_of_a_block_that_failed_is_refused() -> None:
    """A file whose writing was interrupted between two chunks does not pass for a whole one."""
    file = io.BytesIO()

    def interrupted() -> None:
        with recovery.encrypting(file, PASSPHRASE, CHEAP) as writer:
            writer.write(_clear(2 * CHUNK))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert HEADER_BYTES + BLOCK == len(file.getvalue())
    with pytest.raises(RecoveryUnreadable):
        _decrypted(file.getvalue())


def test_writer_takes_nothing_after_the_last_chunk() -> None:
    """What comes too late is an error of the program, not a damaged file."""
    file = io.BytesIO()
    with recovery.encrypting(file, PASSPHRASE, CHEAP) as writer:
        writer.write(b"x")
    with pytest.raises(ValueError, match="last chunk"):
        writer.write(b"y")
    assert b"x" == _decrypted(file.getvalue())


def test_file_asks_for_the_work_that_the_standard_recommends() -> None:
    """Without being told otherwise a file has the second option of RFC 9106 section 4."""
    file = io.BytesIO()
    with recovery.encrypting(file, PASSPHRASE):
        pass
    assert (3, 65_536, 4) == struct.unpack(">III", file.getvalue()[21:33])
    file.seek(0)
    assert b"" == recovery.decrypting(file, PASSPHRASE).read()


@pytest.mark.parametrize(
    "cost",
    [
        Cost(1, 2**32 - 1, 1),
        Cost(2**32 - 1, 8, 1),
        Cost(1, (1 << 20) + 1, 1),
        Cost(5, 1 << 20, 4),
        Cost(1, 1 << 16, 65),
        Cost(2**32 - 1, 2**32 - 1, 2**28),
    ],
)
def test_costly_file_is_refused_before_any_work(three_chunks: bytes, cost: Cost) -> None:
    """A header cannot make the machine work, and the refusal names what it asked for."""
    numbers = struct.pack(">III", cost.passes, cost.memory_kib, cost.lanes)
    with pytest.raises(KeyDerivationTooCostly, match=f"{cost.memory_kib:,} KiB"):
        _decrypted(three_chunks[:21] + numbers + three_chunks[33:])


@pytest.mark.parametrize("cost", [Cost(0, 8, 1), Cost(1, 8, 0), Cost(1, 7, 1), Cost(1, 15, 2)])
def test_impossible_key_derivation_is_refused(three_chunks: bytes, cost: Cost) -> None:
    """Parameters that Argon2 does not have are damage."""
    numbers = struct.pack(">III", cost.passes, cost.memory_kib, cost.lanes)
    with pytest.raises(RecoveryUnreadable, match="impossible"):
        _decrypted(three_chunks[:21] + numbers + three_chunks[33:])


def test_form_of_a_later_version_is_named(three_chunks: bytes) -> None:
    """A file of a newer Keysteward is no damaged one."""
    with pytest.raises(RecoveryUnreadable, match=r"form 2, .* reads form 1"):
        _decrypted(three_chunks[:20] + b"\x02" + three_chunks[21:])


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    """Whatever is no recovery file ends in one problem."""
    with pytest.raises(RecoveryUnreadable):
        _decrypted(data)


_NUMBERS = st.sampled_from([0, 1, 7, 8, 9, 64, 65, (1 << 20) + 1, 2**31, 2**32 - 1])


@given(st.tuples(_NUMBERS, _NUMBERS, _NUMBERS), st.binary(max_size=200))
def test_any_header_is_refused_or_does_not_open(cost: tuple[int, int, int], rest: bytes) -> None:
    """Whatever follows the first bytes of a recovery file ends in a problem, soon."""
    data = b"keysteward recovery\n\x01" + struct.pack(">III", *cost) + rest
    with pytest.raises((RecoveryUnreadable, PasswordWrong, KeyDerivationTooCostly)):
        _decrypted(data)


_IN_LITTLE_MEMORY = """
import resource, sys
from keysteward.problems import KeyDerivationTooCostly
from keysteward.sealing import recovery
from keysteward.values import Secret
import io
data = sys.stdin.buffer.read()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (100 << 20),) * 2)
try:
    recovery.decrypting(io.BytesIO(data), Secret(b"six random words"))
except KeyDerivationTooCostly as problem:
    print(problem.detail)
"""


def test_file_that_needs_more_memory_than_there_is_is_refused(three_chunks: bytes) -> None:
    """A machine that is too small says so."""
    numbers = struct.pack(">III", 1, 1 << 20, 4)
    done = subprocess.run(
        [sys.executable, "-c", _IN_LITTLE_MEMORY],
        input=three_chunks[:21] + numbers + three_chunks[33:],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert b"the memory that this system has left" in done.stdout
