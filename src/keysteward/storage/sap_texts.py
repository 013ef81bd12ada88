"""How SAP's API writes what an entry has: the one place, for what is shown and what is filtered.

Each function makes the text of one property of the entity types KeystoreEntry and ChainCertificate.
The database calls the same functions, so a filter finds exactly the rows that show its text.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from keysteward.entries import EntryType, Owner

STATUS = "unchanged"
"""The property Status of every entry that is read."""

TYPES: Mapping[EntryType, str] = MappingProxyType(
    {EntryType.KEY_PAIR: "Key Pair", EntryType.CERTIFICATE: "Certificate"}
)
"""The property Type."""

PROVIDER = "SAP"
"""The property Owner of the provider's entries, and who created and modified them."""

OWNERS: Mapping[Owner, str] = MappingProxyType(
    {Owner.TENANT: "Tenant Administrator", Owner.PROVIDER: PROVIDER}
)
"""The property Owner."""

_MICROSECOND = timedelta(microseconds=1)

KEYWORDS: Mapping[str, str] = MappingProxyType(
    {
        # What Java's X500Name.toString writes for attribute types that RFC 4514 has no name for.
        "E": "EMAILADDRESS",
        "2.5.4.4": "SURNAME",
        "2.5.4.5": "SERIALNUMBER",
        "2.5.4.12": "T",
        "2.5.4.42": "GIVENNAME",
        "2.5.4.43": "INITIALS",
        "2.5.4.44": "GENERATION",
        "2.5.4.46": "DNQ",
        "1.3.6.1.4.1.42.2.11.2.1": "IP",
    }
)
"""How attribute types are called that a name has by another name or by number alone."""

# RFC 4514 section 3: a value has no plain comma or plus; a backslash takes the next character, or
# the two digits of a byte.
_ATTRIBUTE = re.compile(r"([^=]*+)=((?:[^\\,+]|\\.)*+)([,+]?)", re.DOTALL)
_NEEDLESSLY_ESCAPED = re.compile(r"\\([^0-9A-Fa-f\"\\])|(\\.)", re.DOTALL)
_NEEDS_QUOTES = re.compile(r'[,+=<>#;\\"]|^ | $|  ')
ODD = re.compile(r"[\\+#]|  |=[^,=]*=|(?:^|,)[E0-9]")
"""A name without these is written like RFC 4514 does, but for the blanks.

Nothing is escaped, has several attributes in one RDN, needs quotes, or is of a type that is called
differently.
"""
_SEPARATORS: Mapping[str, str] = MappingProxyType({",": ", ", "+": " + ", "": ""})


def hexalias(alias: str) -> str:
    """Return the key of an entry: the alias in UTF-8, in upper-case hexadecimal."""
    return alias.encode().hex().upper()


@lru_cache(maxsize=1024)
def distinguished_name(name: str) -> str:
    """Return a name as Java's ``X500Name.toString`` writes it, made of what ``names.shown`` says.

    Most specific attribute first, a comma and a blank between; a value with a character that means
    something is in double quotes, with a backslash before quotes and backslashes. What cannot be
    shown stays written as bytes in hexadecimal, for which Java has the character itself.
    """
    if ODD.search(name) is None:
        return name.replace(",", ", ")
    return "".join(
        KEYWORDS.get(type_, f"OID.{type_}" if type_[:1].isdigit() else type_)
        + "="
        + _value(value)
        + _SEPARATORS[separator]
        for type_, value, separator in _attributes(name)
    )


def serial_number(digits: str) -> str:
    """Return a serial number from its lower-case hexadecimal digits."""
    return f"0x{digits.upper()}"


def fingerprint(digest: bytes) -> str:
    """Return a fingerprint: upper-case pairs with colons."""
    return digest.hex(":").upper()


def person(owner: Owner, name: str) -> str:
    """Return who created or modified an entry; the provider's people have no names."""
    return PROVIDER if owner is Owner.PROVIDER else name


def instant(time: datetime) -> datetime:
    """Return a time as it is shown: to the millisecond, rounded down, as all that JSON has."""
    return time - time.microsecond % 1000 * _MICROSECOND


def _attributes(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield type, value and separator of each; a search would begin anew at every character."""
    position = 0
    while found := _ATTRIBUTE.match(name, position):
        yield found[1], found[2], found[3]
        position = found.end()


def _value(escaped: str) -> str:
    if escaped.startswith("#"):
        return escaped  # bytes that are no text, in hexadecimal
    value = _NEEDLESSLY_ESCAPED.sub(r"\1\2", escaped)
    return f'"{value}"' if _NEEDS_QUOTES.search(value) else value
