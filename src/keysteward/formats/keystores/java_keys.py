"""The two ways in which Java's own providers protect a private key in a keystore.

Both lie in an EncryptedPrivateKeyInfo (RFC 5958 section 3) under an object identifier of Sun's:
JKS has a keystream of chained SHA-1, JCEKS has PBEWithMD5AndTripleDES with a derivation of its own.
Both are weak by today's measure, and are only ever opened here.
"""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

from keysteward.formats import der
from keysteward.formats.der import Element

_MASKED = bytes.fromhex("2b060104012a02110101")  # 1.3.6.1.4.1.42.2.17.1.1
_ENCRYPTED = bytes.fromhex("2b060104012a021301")  # 1.3.6.1.4.1.42.2.19.1

_DIGEST = 20
"""Bytes of a SHA-1."""

_SALT = 8
"""Bytes of the salt in JCEKS."""


_ITERATIONS_END = 1 << 64
"""Iterations of JCEKS are below this; Java itself counts to 2^31 - 1."""


class Password:
    """A password in the forms that these files take."""

    __slots__ = ("_ascii", "_started")

    def __init__(self, text: str) -> None:
        self._started = hashlib.sha1(text.encode("utf-16-be"), usedforsecurity=False)
        # Java's PBEKey refuses everything else, so no key in JCEKS has any other password.
        self._ascii = text.encode() if text.isascii() and text.isprintable() else None

    def digest(self, *contents: bytes | memoryview) -> bytes:
        """Return SHA-1 over the password and these contents."""
        state = self._started.copy()
        for content in contents:
            state.update(content)
        return state.digest()

    def keystream(self, salt: bytes, length: int) -> bytes:
        """Return JKS's keystream: each block is SHA-1 over the password and the block before."""
        start, block, blocks = self._started.copy, salt, []
        for _ in range(0, length, _DIGEST):
            state = start()
            state.update(block)
            block = state.digest()
            blocks.append(block)
        return b"".join(blocks)[:length]

    def cipher_key(self, salt: bytes, iterations: int) -> bytes | None:
        """Return JCEKS's key of 24 bytes and the IV of 8; None if it cannot be such a password.

        Each half of the salt goes through MD5 with the password behind it that many times; were
        both halves the same, the first is turned round.
        """
        if self._ascii is None:
            return None
        left, right = salt[:4], salt[4:]
        return b"".join(
            self._chain(half, iterations) for half in (left[::-1] if left == right else left, right)
        )

    def _chain(self, block: bytes, iterations: int) -> bytes:
        md5, password = hashlib.md5, self._ascii or b""
        for _ in range(iterations):
            block = md5(block + password, usedforsecurity=False).digest()
        return block


@dataclass(frozen=True, slots=True)
class Masked:
    """A key in JKS's protection: 20 bytes of salt, the key XOR the keystream, a SHA-1."""

    content: bytes
    rounds: ClassVar[int] = 0

    def opened(self, password: Password) -> bytes | None:
        """Return the clear PKCS#8; None if it is another password's."""
        content = self.content
        salt, masked, digest = content[:_DIGEST], content[_DIGEST:-_DIGEST], content[-_DIGEST:]
        length = len(masked)
        stream = int.from_bytes(password.keystream(salt, length))
        clear = (int.from_bytes(masked) ^ stream).to_bytes(length)
        return clear if password.digest(clear) == digest else None


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A key in JCEKS's protection: DES-EDE3 in CBC mode."""

    content: bytes
    salt: bytes
    iterations: int

    @property
    def rounds(self) -> int:
        """Hashes that it takes to try one password."""
        return 2 * self.iterations

    def opened(self, password: Password) -> bytes | None:
        """Return the clear PKCS#8; None if it is another password's."""
        derived = password.cipher_key(self.salt, self.iterations)
        if derived is None:
            return None
        decryptor = Cipher(TripleDES(derived[:24]), CBC(derived[24:])).decryptor()
        unpadder = padding.PKCS7(_SALT * 8).unpadder()
        try:
            padded = decryptor.update(self.content) + decryptor.finalize()
            clear = unpadder.update(padded) + unpadder.finalize()
        except ValueError:  # no whole blocks, or no padding behind them
            return None
        return clear if _is_pkcs8(clear) else None


def read(info: bytes) -> Masked | Encrypted | None:
    """Return the protected key of an EncryptedPrivateKeyInfo; None for an unknown protection.

    Raises der.Damaged for anything else.
    """
    outer = _whole(info)
    algorithm = der.element(info, outer.content, outer.stop)
    content = der.element(info, algorithm.end, outer.stop)
    if (
        algorithm.tag != der.SEQUENCE
        or content.tag != der.OCTET_STRING
        or content.end != outer.stop
    ):
        raise der.Damaged
    name = der.element(info, algorithm.content, algorithm.stop)
    oid, protected = _content(info, name), _content(info, content)
    if oid == _MASKED:
        if len(protected) < 2 * _DIGEST:
            raise der.Damaged
        return Masked(protected)
    if oid == _ENCRYPTED:
        return _encrypted(info, protected, der.element(info, name.end, algorithm.stop))
    return None


def _encrypted(info: bytes, protected: bytes, parameters: Element) -> Encrypted:
    """Read the PBEParameter (RFC 8018 appendix A.3)."""
    salt, count = _children(info, parameters, der.OCTET_STRING, der.INTEGER)
    iterations = int.from_bytes(_content(info, count), signed=True)
    # Longer numbers, of thousands of digits, could not even be named in a refusal.
    if salt.stop - salt.content != _SALT or not 1 <= iterations < _ITERATIONS_END:
        raise der.Damaged
    return Encrypted(protected, _content(info, salt), iterations)


def _is_pkcs8(clear: bytes) -> bool:
    """Tell a key from what a wrong password makes, one time in 256 with the right padding."""
    try:
        kinds = [part.tag for part in der.children(clear, _whole(clear))]
    except der.Damaged:
        return False
    return kinds[:3] == [der.INTEGER, der.SEQUENCE, der.OCTET_STRING]


def _whole(data: bytes) -> Element:
    outer = der.element(data, 0)
    if outer.tag != der.SEQUENCE or outer.end != len(data):
        raise der.Damaged
    return outer


def _children(data: bytes, parent: Element, *tags: int) -> list[Element]:
    found = list(der.children(data, parent))
    if tuple(part.tag for part in found) != tags:
        raise der.Damaged
    return found


def _content(data: bytes, part: Element) -> bytes:
    return data[part.content : part.stop]
