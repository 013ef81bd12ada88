"""Keys from passwords as PKCS#12 files ask for it: what it costs, and the work on all cores."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt as LibraryScrypt

from keysteward.formats.keystores.pkcs12_passwords import Phrase
from keysteward.problems import KeyDerivationTooCostly

MOST_ROUNDS = 2**31 - 1
"""Most rounds of one file, whatever the setting says: OpenSSL and Java count no further either."""

MOST_SCRYPT_BYTES = 256 * 1024 * 1024
"""Most memory of one scrypt; sixteen times what openssl pkcs8 -scrypt asks for."""


_ROUNDS_AROUND_SCRYPT = 8
"""Blocks of SHA-256 that PBKDF2 takes for 128 bytes: four to write them, four to read them."""


@dataclass(frozen=True, slots=True)
class _Hash:
    function: Callable[[bytes], "hashlib._Hash"]
    library: hashes.HashAlgorithm
    block_bytes: int


_HASHES = {
    # SHA-1 is what the files have; nothing new is protected with it.
    "sha1": _Hash(hashlib.sha1, hashes.SHA1(), 64),  # noqa: S303
    "sha224": _Hash(hashlib.sha224, hashes.SHA224(), 64),
    "sha256": _Hash(hashlib.sha256, hashes.SHA256(), 64),
    "sha384": _Hash(hashlib.sha384, hashes.SHA384(), 128),
    "sha512": _Hash(hashlib.sha512, hashes.SHA512(), 128),
}


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """PBKDF2 with HMAC (RFC 8018 section 5.2); ``length`` in bytes."""

    hash_name: str
    salt: bytes
    rounds: int
    length: int

    @property
    def cost(self) -> int:
        """Each block of output is derived with all the rounds."""
        return self.rounds * _blocks(self.length, self.hash_name)

    def derive(self, password: bytes) -> bytes:
        """Return the key; other threads go on meanwhile."""
        kdf = PBKDF2HMAC(_HASHES[self.hash_name].library, self.length, self.salt, self.rounds)
        return kdf.derive(password)


@dataclass(frozen=True, slots=True)
class Scrypt:
    """scrypt (RFC 7914); ``length`` in bytes."""

    salt: bytes
    n: int
    r: int
    p: int
    length: int

    @property
    def cost(self) -> int:
        """Mixing 128 bytes takes about as long as a round of PBKDF2 with SHA-256.

        Before and behind the mixing, PBKDF2 writes and reads 128·r·p bytes (RFC 7914 section 6).
        """
        return (self.n + _ROUNDS_AROUND_SCRYPT) * self.r * self.p

    @property
    def memory_bytes(self) -> int:
        """What the derivation holds at once (RFC 7914 section 5); its PBKDF2 copies the blocks."""
        return 128 * self.r * (self.n + 2 * self.p)

    def derive(self, password: bytes) -> bytes:
        """Return the key."""
        return LibraryScrypt(self.salt, self.length, self.n, self.r, self.p).derive(password)


@dataclass(frozen=True, slots=True)
class Pkcs12Kdf:
    """The derivation of PKCS#12's own (RFC 7292 appendix B.2); ``length`` in bytes."""

    hash_name: str
    purpose: int
    """1 for a key, 2 for an initialisation vector, 3 for a MAC (appendix B.3)."""
    salt: bytes
    rounds: int
    length: int

    @property
    def cost(self) -> int:
        """Each block of output is derived with all the rounds."""
        return self.rounds * _blocks(self.length, self.hash_name)

    def derive(self, password: bytes) -> bytes:
        """Return the key. The letters are those of appendix B.2."""
        hash_, v = _HASHES[self.hash_name].function, _HASHES[self.hash_name].block_bytes
        blocks = _filled(self.salt, v) + _filled(password, v)  # I
        modulus, result = 1 << 8 * v, b""
        while True:
            digest = hash_(bytes([self.purpose]) * v + blocks).digest()
            for _ in range(self.rounds - 1):
                digest = hash_(digest).digest()
            result += digest  # A
            if len(result) >= self.length:
                return result[: self.length]
            addend = int.from_bytes(_filled(digest, v)) + 1  # B + 1
            sums = (
                (int.from_bytes(blocks[place : place + v]) + addend) % modulus
                for place in range(0, len(blocks), v)
            )
            blocks = b"".join(number.to_bytes(v) for number in sums)


Derivation = Pbkdf2 | Scrypt | Pkcs12Kdf


class Deriver:
    """Derives keys for one file, each once, and counts the rounds before it does the work."""

    def __init__(self, limit_rounds: int) -> None:
        self._limit = min(limit_rounds, MOST_ROUNDS)
        self._rounds = 0
        self._foreseen: set[Derivation] = set()
        self._tried: set[Derivation] = set()
        self._keys: dict[tuple[Derivation, bytes], bytes] = {}

    def foresee(self, derivations: Iterable[Derivation]) -> None:
        """Count what opening the file takes with one password, before any of it is done.

        Raises KeyDerivationTooCostly if that and all that was counted before is above the limit.
        """
        new = set(derivations) - self._foreseen
        for derivation in new:
            if isinstance(derivation, Scrypt) and derivation.memory_bytes > MOST_SCRYPT_BYTES:
                raise KeyDerivationTooCostly(
                    f"{_words(derivation.memory_bytes)} bytes of memory for scrypt",
                    f"{MOST_SCRYPT_BYTES:,} bytes",
                    "Encrypt it anew with a smaller N or r.",
                )
        self._foreseen |= new
        self._count(new)

    def keys(self, derivations: Sequence[Derivation], phrase: Phrase) -> list[bytes]:
        """Return one key for each derivation, which was foreseen, in their order.

        Only another password than the first counts anew. Raises KeyDerivationTooCostly.
        """
        asked = [(derivation, _spelled(derivation, phrase)) for derivation in derivations]
        new = [pair for pair in dict.fromkeys(asked) if pair not in self._keys]
        self._count(derivation for derivation, _ in new if derivation in self._tried)
        self._tried.update(derivation for derivation, _ in new)
        for pair, key in zip(new, _derived(new), strict=True):
            self._keys[pair] = key
        return [self._keys[pair] for pair in asked]

    def _count(self, derivations: Iterable[Derivation]) -> None:
        self.count(sum(derivation.cost for derivation in derivations))

    def count(self, rounds: int) -> None:
        """Count other work before it is done. Raises KeyDerivationTooCostly."""
        self._rounds += rounds
        if self._rounds > self._limit:
            raise KeyDerivationTooCostly(
                f"{_words(self._rounds)} rounds of key derivation", f"{self._limit:,}"
            )


def _spelled(derivation: Derivation, phrase: Phrase) -> bytes:
    return phrase.wide if isinstance(derivation, Pkcs12Kdf) else phrase.plain


def _derived(pairs: Sequence[tuple[Derivation, bytes]]) -> Iterator[bytes]:
    """Yield the keys in order, those of PBKDF2 from all cores.

    PBKDF2 lets other threads go on. The derivation of PKCS#12 is Python, which does not, and
    scrypt's memory is bounded for one at a time.
    """
    shared = [pair for pair in pairs if isinstance(pair[0], Pbkdf2)]
    ready = iter(_on_all_cores(shared))
    for derivation, password in pairs:
        if isinstance(derivation, Pbkdf2):
            yield next(ready)
        else:
            yield derivation.derive(password)


def _on_all_cores(pairs: Sequence[tuple[Derivation, bytes]]) -> list[bytes]:
    if len(pairs) < 2:
        return [derivation.derive(password) for derivation, password in pairs]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(lambda pair: pair[0].derive(pair[1]), pairs))


def digest_bytes(hash_name: str) -> int:
    """Return the length of a hash of ``sha1``, ``sha224``, ``sha256``, ``sha384``, ``sha512``."""
    return _HASHES[hash_name].library.digest_size


def _blocks(length: int, hash_name: str) -> int:
    return -(-length // digest_bytes(hash_name))


def _filled(data: bytes, block_bytes: int) -> bytes:
    """Repeat the data up to a multiple of the block; nothing stays nothing."""
    if not data:
        return b""
    length = -(-len(data) // block_bytes) * block_bytes
    return (data * (length // len(data) + 1))[:length]


def _words(number: int) -> str:
    """A number of the file may have thousands of digits; nobody needs more than twenty of them."""
    return f"{number:,}" if number < 1 << 64 else f"more than {1 << 64:,}"
