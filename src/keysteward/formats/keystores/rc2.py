"""RC2 in CBC mode, decryption alone (RFC 2268): what Java 8 and old exports hide certificates with.

The library has RC2 with 128 effective bits only, and PKCS#12's usual form has 40. All blocks of a
message are worked on at once: in CBC each depends on nothing but ciphertext, so equal words of all
blocks lie side by side in one large integer, 32 bits for each word of 16.
"""

BLOCK_BYTES = 8

_PI = bytes.fromhex(
    # RFC 2268 section 2: a permutation of the bytes, from the digits of pi.
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2"
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82"
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7"
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec"
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)

_ROUNDS, _ROUNDS_PER_KIB = 300, 300
"""Rounds of SHA-1 in Python that take as long as one message and each 1,024 bytes of it: measured
with Python 3.11 from eight bytes to two megabytes."""

_SHIFTS = (1, 2, 3, 5)
_MIXING_BEFORE_MASHING = (5, 6, 5)


def decrypt_cbc(key: bytes, effective_bits: int, iv: bytes, ciphertext: bytes) -> bytes:
    """Return the plaintext with its padding.

    The key has 1 to 128 bytes, the IV 8, and the ciphertext a multiple of 8.
    """
    count = len(ciphertext) // BLOCK_BYTES
    if not count:
        return b""
    words = _expand(key, effective_bits)
    rows = _decrypt(words, [_gather(ciphertext, word) for word in range(4)], count)
    blocks = bytearray(len(ciphertext))
    for word, row in enumerate(rows):
        lanes = row.to_bytes(4 * count, "little")
        blocks[2 * word :: 8], blocks[2 * word + 1 :: 8] = lanes[::4], lanes[1::4]
    before = int.from_bytes(iv + ciphertext[:-BLOCK_BYTES], "little")
    return (int.from_bytes(blocks, "little") ^ before).to_bytes(len(ciphertext), "little")


def rounds(length: int) -> int:
    """Return how many rounds of key derivation take as long as decrypting so many bytes."""
    return _ROUNDS + length * _ROUNDS_PER_KIB // 1024


def _expand(key: bytes, effective_bits: int) -> tuple[int, ...]:
    """Return the 64 words of the expanded key (RFC 2268 section 2)."""
    expanded = bytearray(key)
    for position in range(len(key), 128):
        expanded.append(_PI[(expanded[-1] + expanded[position - len(key)]) & 0xFF])
    effective_bytes = (effective_bits + 7) // 8
    mask = 0xFF >> (8 * effective_bytes - effective_bits)
    first = 128 - effective_bytes
    expanded[first] = _PI[expanded[first] & mask]
    for position in range(first - 1, -1, -1):
        expanded[position] = _PI[expanded[position + 1] ^ expanded[position + effective_bytes]]
    return tuple(
        int.from_bytes(expanded[place : place + 2], "little") for place in range(0, 128, 2)
    )


def _gather(ciphertext: bytes, word: int) -> int:
    """Return one of the four words of every block, each in a lane of 32 bits."""
    lanes = bytearray(len(ciphertext) // 2)
    lanes[::4], lanes[1::4] = ciphertext[2 * word :: 8], ciphertext[2 * word + 1 :: 8]
    return int.from_bytes(lanes, "little")


def _decrypt(words: tuple[int, ...], rows: list[int], count: int) -> list[int]:
    """Undo the rounds (RFC 2268 section 4), on all blocks at once."""
    ones = int.from_bytes(b"\1\0\0\0" * count, "little")
    low = ones * 0xFFFF
    next_word = len(words) - 1
    for mixing in _MIXING_BEFORE_MASHING:
        for _ in range(mixing):
            for place in (3, 2, 1, 0):
                row, shift = rows[place], _SHIFTS[place]
                row = (row >> shift | row << (16 - shift)) & low
                one, two, three = rows[place - 1], rows[place - 2], rows[place - 3]
                chosen = (one & two) | ((one ^ low) & three)
                # 0x20000 in each lane keeps a negative difference from borrowing next door.
                rows[place] = (row + ones * (0x20000 - words[next_word]) - chosen) & low
                next_word -= 1
        if next_word > 0:
            _unmash(words, rows, count, ones * 0x10000, low)
    return rows


def _unmash(words: tuple[int, ...], rows: list[int], count: int, borrow: int, low: int) -> None:
    table = [words[byte & 63] for byte in range(256)]
    lower, upper = bytes(word & 0xFF for word in table), bytes(word >> 8 for word in table)
    for place in (3, 2, 1, 0):
        chosen = rows[place - 1].to_bytes(4 * count, "little")[::4]
        lanes = bytearray(4 * count)
        lanes[::4], lanes[1::4] = chosen.translate(lower), chosen.translate(upper)
        rows[place] = (rows[place] + borrow - int.from_bytes(lanes, "little")) & low
