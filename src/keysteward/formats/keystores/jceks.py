"""JCEKS, the keystore format of Java's cryptography extension (``JceKeyStore`` in OpenJDK)."""

from collections.abc import Sequence
from datetime import datetime

from keysteward.formats.keystores import java_keystores, java_truststores
from keysteward.formats.keystores.contract import KeystoreFile, Opening
from keysteward.formats.keystores.java_keys import Encrypted, Masked
from keysteward.formats.keystores.java_keystores import Layout

# Java takes keys in the protection of JKS here as well, which its first versions wrote.
_LAYOUT = Layout("JCEKS", b"\xce\xce\xce\xce", secret_keys=True, protections=(Encrypted, Masked))


def recognises(data: bytes) -> bool:
    """Tell by the first bytes whether the file is of this format."""
    return data.startswith(_LAYOUT.magic)


def read(data: bytes, opening: Opening) -> KeystoreFile:
    """Return what the file holds, in its order, like ``jks.read``.

    Secret keys are serialized Java objects: they are stepped over, never deserialized, and listed
    as skipped. One whose end cannot be found makes the file unreadable, for what follows is lost.

    A private key takes two rounds of MD5 for each of the iterations that it asks for (200,000 in
    Java 17), so many keys take long; the rounds of all of them are counted before the first one.

    Raises KeystoreUnreadable, PasswordWrong, KeyDerivationTooCostly.
    """
    return java_keystores.read(data, opening, _LAYOUT)


def write_truststore(certificates: Sequence[tuple[str, bytes, datetime]]) -> bytes:
    """Return a truststore of these certificates without a password, like ``jks.write_truststore``.

    Aliases, their order and the digest are the same; the magic is all that differs.
    """
    return java_truststores.write(_LAYOUT.magic, certificates)
