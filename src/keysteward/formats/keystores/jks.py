"""JKS, Java's first keystore format (OpenJDK, ``sun.security.provider.JavaKeyStore``)."""

from collections.abc import Sequence
from datetime import datetime

from keysteward.formats.keystores import java_keystores, java_truststores
from keysteward.formats.keystores.contract import KeystoreFile, Opening
from keysteward.formats.keystores.java_keys import Masked
from keysteward.formats.keystores.java_keystores import Layout

_LAYOUT = Layout("JKS", b"\xfe\xed\xfe\xed", secret_keys=False, protections=(Masked,))


def recognises(data: bytes) -> bool:
    """Tell by the first bytes whether the file is of this format."""
    return data.startswith(_LAYOUT.magic)


def read(data: bytes, opening: Opening) -> KeystoreFile:
    """Return what the file holds, in its order; when entries were made is left out.

    Without a password a file is read if it holds certificates alone, and then nothing proves that
    it was not altered. The names are the file's, in whichever case.

    Raises KeystoreUnreadable, PasswordWrong.
    """
    return java_keystores.read(data, opening, _LAYOUT)


def write_truststore(certificates: Sequence[tuple[str, bytes, datetime]]) -> bytes:
    """Return a truststore of these certificates: alias, DER, when it was made; in their order.

    The file is without a password, as Java understands it: its digest is that of the empty
    password. It opens by ``KeyStore.load(stream, null)``, which skips the digest (as keytool does
    if nothing is typed at its prompt), by ``load(stream, new char[0])``, which checks it, and by no
    other password.

    Aliases are written in lower case, because Java looks entries up by the lower-case alias alone
    and finds no other. An alias that then equals one before it gets underscores until it equals no
    other of the file: ``A``, ``a``, ``a_`` become ``a``, ``a__``, ``a_``. An alias may take 65,535
    bytes of UTF-8.
    """
    return java_truststores.write(_LAYOUT.magic, certificates)
