"""Distinguished names: compared as RFC 5280 section 7.1 says, shown as RFC 4514 says."""

import unicodedata

from cryptography import x509
from cryptography.x509.oid import NameOID

_SHOWN = {NameOID.EMAIL_ADDRESS: "E"}


def comparable(name: x509.Name) -> bytes:
    """Return bytes that are equal for names that match.

    String type, letter case, and leading, trailing and repeated blanks make no difference
    (RFC 5280 section 7.1, RFC 4518); the order of attributes within one RDN makes none either.
    """
    parts = []
    for rdn in name.rdns:
        attributes = []
        for attribute in rdn:
            value = attribute.value
            if isinstance(value, bytes):
                folded = value.hex()
            elif value.isascii():
                folded = " ".join(value.lower().split())
            else:
                folded = " ".join(unicodedata.normalize("NFKC", value.casefold()).split())
            attributes.append(f"{attribute.oid.dotted_string}={folded}")
        attributes.sort()
        parts.append("\x01".join(attributes))
    return "\x00".join(parts).encode("utf-8", "surrogatepass")


def shown(name: x509.Name) -> str:
    """Return the RFC 4514 text, most specific attribute first, without control characters.

    Names come from outside: a control or direction character could move the cursor of the
    administrator's terminal, so each is written as the escaped bytes that RFC 4514 allows.
    """
    text = name.rfc4514_string(attr_name_overrides=_SHOWN)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
