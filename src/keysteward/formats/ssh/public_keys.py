"""Public keys for SSH: OpenSSH's one line, and the block of RFC 4716."""

import binascii
import unicodedata

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448

from keysteward.formats.ssh import keys
from keysteward.pki.public_keys import KeyKind
from keysteward.problems import KeyTypeUnsupported

_MOST_LINE_BYTES = 72
"""RFC 4716 section 3.1."""


def is_for_openssh(kind: KeyKind) -> bool:
    """Tell whether OpenSSH has a name for keys of a kind."""
    if kind.type == "EC":
        return keys.has_curve(kind.curve)
    return kind.type in ("RSA", "DSA", "Ed25519")


def openssh_line(spki: bytes, comment: str) -> str:
    """Return ``ssh-rsa AAAA… comment`` with its line break, as it stands in authorized_keys.

    Args:
        spki: SubjectPublicKeyInfo in DER, as ``Certificate.spki`` has it.
        comment: any text; characters that are not for printing become blanks.

    Raises KeyTypeUnsupported for keys that SSH has no name for, and for Ed448, which OpenSSH does
    not know.
    """
    key = _load(spki)
    if isinstance(key, ed448.Ed448PublicKey):
        raise KeyTypeUnsupported(
            "OpenSSH does not take Ed448 keys.", "PuTTY does, in the form of RFC 4716 (ssh2)."
        )
    blob = keys.public_blob(key)
    name = blob[4 : 4 + int.from_bytes(blob[:4])].decode()
    encoded = binascii.b2a_base64(blob, newline=False).decode()
    return f"{name} {encoded} {_printable(comment)}".rstrip() + "\n"


def ssh2_block(spki: bytes, comment: str) -> str:
    """Return the key between ``BEGIN`` and ``END SSH2 PUBLIC KEY`` (RFC 4716), ending in a break.

    Lines have 72 bytes of UTF-8 at most; a longer comment is cut.

    Raises KeyTypeUnsupported for keys that SSH has no name for.
    """
    encoded = binascii.b2a_base64(keys.public_blob(_load(spki)), newline=False).decode()
    return "\n".join(
        (
            "---- BEGIN SSH2 PUBLIC KEY ----",
            _quoted(_printable(comment)),
            *(encoded[i : i + 70] for i in range(0, len(encoded), 70)),
            "---- END SSH2 PUBLIC KEY ----",
            "",
        )
    )


def _load(spki: bytes) -> object:
    try:
        return serialization.load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyTypeUnsupported(
            "The public key is of a kind that is not known here.", "SSH does not take it."
        ) from error


def _printable(text: str) -> str:
    return "".join(
        " " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text
    ).strip()


def _quoted(comment: str) -> str:
    """Return the header with as much of the comment as one line has room for.

    A longer one could be continued (section 3.3.1), but PuTTY refuses files with continued lines.
    """
    room = _MOST_LINE_BYTES - len('Comment: ""')
    content = comment.encode()
    if len(content) > room:
        content = content[: room - len("…".encode())]
        comment = content.decode(errors="ignore") + "…"
    return f'Comment: "{comment}"'
