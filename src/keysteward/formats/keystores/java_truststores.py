"""Writing truststores as JKS and JCEKS, which differ in their magic alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from keysteward.formats.keystores import java_stream, java_text
from keysteward.formats.keystores.java_keys import Password

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = 2


def write(magic: bytes, certificates: Sequence[tuple[str, bytes, datetime]]) -> bytes:
    """Return a truststore under that magic; ``jks.write_truststore`` says what is in it."""
    parts = [magic, _number(_VERSION), _number(len(certificates))]
    names = _distinct([alias for alias, _, _ in certificates])
    for name, (_, der, created_at) in zip(names, certificates, strict=True):
        milliseconds = (created_at - _EPOCH) // timedelta(milliseconds=1)
        parts += [_number(java_stream.CERTIFICATE), _text(name)]
        parts += [milliseconds.to_bytes(8, signed=True), _text(java_stream.X509)]
        parts += [_number(len(der)), der]
    body = b"".join(parts)
    return body + Password("").digest(java_stream.WHITENER, body)


def _distinct(aliases: Sequence[str]) -> list[str]:
    """Return the names to write: in lower case, and none twice."""
    lowered = [alias.lower() for alias in aliases]
    given, taken = set(lowered), set[str]()
    names = []
    for lower in lowered:
        name = lower
        while name in taken or (name != lower and name in given):
            name += "_"
        taken.add(name)
        names.append(name)
    return names


def _number(number: int) -> bytes:
    return number.to_bytes(4)


def _text(text: str) -> bytes:
    written = java_text.write(text)
    return len(written).to_bytes(2) + written
