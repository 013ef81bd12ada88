"""The layout that JKS and JCEKS share: entries one after the other, all lengths big-endian.

    magic (4 bytes), version (4), number of entries (4), entries, SHA-1 (20)
    entry:       kind (4), alias (modified UTF-8), milliseconds since 1970 (8), then
      key:         protected key (counted by 4), number of certificates (4), certificates
      certificate: one certificate
      secret key:  a serialized Java object (JCEKS alone)
    certificate: its type (modified UTF-8; from version 2 on), DER (counted by 4)

Source: the comments and the code of OpenJDK's ``sun.security.provider.JavaKeyStore`` and
``com.sun.crypto.provider.JceKeyStore``, of which the files of keytool are the proof.
"""

from typing import NamedTuple

from keysteward.formats.keystores import java_objects, java_text

KEY, CERTIFICATE, SECRET_KEY = 1, 2, 3

DIGEST_BYTES = 20
"""Of the SHA-1 at the end."""

WHITENER = b"Mighty Aphrodite"
"""What stands between the password and the file in what the SHA-1 is taken of."""

MOST_ELEMENTS = 20_000
"""Most entries and certificates of chains together: nearly three times the 7,200 of 1,800 key
pairs with chains of three, and reading as many takes less than a second."""

X509 = "X.509"

_X509_COUNTED = b"\0\5X.509"


class Damaged(ValueError):
    """The bytes are no such file; the message is a clause that says why, after "The file"."""


class TypedCertificate(NamedTuple):
    """A certificate and what Java calls its type, in practice always ``X.509``."""

    type: str
    content: bytes


class KeyEntry(NamedTuple):
    """A protected private key and its chain, end-entity first."""

    alias: str
    protected: bytes
    chain: tuple[TypedCertificate, ...]


class CertificateEntry(NamedTuple):
    """A trusted certificate."""

    alias: str
    certificate: TypedCertificate


class SecretEntry(NamedTuple):
    """A secret key that was stepped over."""

    alias: str


RawEntry = KeyEntry | CertificateEntry | SecretEntry


def read(data: bytes, *, secret_keys: bool) -> tuple[RawEntry, ...]:
    """Return the entries of a file whose magic is known, in its order; the digest is not looked at.

    Raises Damaged, also if the file goes on behind its digest: without a password the end is all
    that shows whether the walk went right.
    """
    walk = _Walk(data)
    version, count = walk.number(), walk.number()
    if version not in (1, 2):
        raise Damaged(f"has the version {version}; known are 1 and 2.")
    walk.typed = version == 2
    walk.count(count, "entries")
    entries = tuple(walk.entry(secret_keys=secret_keys) for _ in range(count))
    behind = len(data) - walk.position - DIGEST_BYTES
    if behind < 0:
        raise Damaged("is cut off.")
    if behind:
        raise Damaged(f"goes on for {behind:,} bytes behind its end.")
    return entries


class _Walk:
    """A position in the file that never leaves it."""

    __slots__ = ("_data", "_end", "_left", "position", "typed")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._end = len(data)
        self._left = MOST_ELEMENTS
        self.position = 4
        self.typed = True

    def number(self, width: int = 4) -> int:
        return int.from_bytes(self._bytes(width))

    def count(self, count: int, what: str) -> None:
        self._left -= count
        if self._left < 0:
            raise Damaged(
                f"says that it holds {count:,} {what}; with all its certificates it may hold "
                f"{MOST_ELEMENTS:,}."
            )

    def entry(self, *, secret_keys: bool) -> RawEntry:
        kind = self.number()
        alias = self._text()
        self._bytes(8)  # when the entry was made
        if kind == CERTIFICATE:
            return CertificateEntry(alias, self._certificate())
        if kind == KEY:
            protected = self._counted()
            length = self.number()
            self.count(length, "certificates in one chain")
            return KeyEntry(alias, protected, tuple([self._certificate() for _ in range(length)]))
        if kind == SECRET_KEY and secret_keys:
            self._step_over_object(alias)
            return SecretEntry(alias)
        raise Damaged(f"holds an entry of the kind {kind}, which is none.")

    def _certificate(self) -> TypedCertificate:
        if not self.typed:
            type_ = X509
        elif self._data.startswith(_X509_COUNTED, self.position):
            self.position += len(_X509_COUNTED)
            type_ = X509
        else:
            type_ = self._text()
        return TypedCertificate(type_, self._counted())

    def _text(self) -> str:
        try:
            return java_text.read(self._bytes(self.number(2)))
        except UnicodeError as error:
            raise Damaged("holds a name that is no text.") from error

    def _step_over_object(self, alias: str) -> None:
        try:
            self.position = java_objects.end_of_object(self._data, self.position)
        except java_objects.Endless as error:
            raise Damaged(
                f"holds a secret key, {alias[:60]!r}, whose end cannot be found, so that nothing "
                "behind it can be read."
            ) from error

    def _counted(self) -> bytes:
        """Return the bytes whose number stands in the four before them."""
        start = self.position + 4
        count = int.from_bytes(self._data[start - 4 : start])
        self.position = stop = start + count
        if stop > self._end:  # as it is if the number itself is cut off
            raise Damaged("is cut off.")
        return self._data[start:stop]

    def _bytes(self, count: int) -> bytes:
        start = self.position
        self.position = stop = start + count
        if stop > self._end:
            raise Damaged("is cut off.")
        return self._data[start:stop]
