"""Subjects and alternative names as people type them, checked and turned into X.509 names."""

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from keysteward.problems import SubjectInvalid

_PREFIXES = "DNS:, IP:, email: or URI:"

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")  # RFC 5321 section 4.1.2, unquoted
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")  # RFC 3986

_DNS_NAME_LIMIT = 253
_EMAIL_LIMIT = 255
_URI_LIMIT = 2048


@dataclass(frozen=True, slots=True)
class Subject:
    """The parts of a distinguished name; None for a part that the name leaves out.

    Limits in characters are the upper bounds of RFC 5280 appendix A.1; the country is an ISO 3166
    code of two letters.
    """

    common_name: str | None = None
    organizational_unit: str | None = None
    organization: str | None = None
    locality: str | None = None
    state: str | None = None
    country: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    label: str
    oid: ObjectIdentifier
    limit: int
    of: Callable[[Subject], str | None]


# The conventional order of encoding, most general first. RFC 4514 shows a name backwards, so lists
# begin with the e-mail address or CN and end in C, as SAP's do: "CN=shop.example.test, C=DE".
_PARTS = (
    _Part("country (C)", NameOID.COUNTRY_NAME, 2, lambda s: s.country),
    _Part("state (ST)", NameOID.STATE_OR_PROVINCE_NAME, 128, lambda s: s.state),
    _Part("locality (L)", NameOID.LOCALITY_NAME, 128, lambda s: s.locality),
    _Part("organization (O)", NameOID.ORGANIZATION_NAME, 64, lambda s: s.organization),
    _Part(
        "organizational unit (OU)",
        NameOID.ORGANIZATIONAL_UNIT_NAME,
        64,
        lambda s: s.organizational_unit,
    ),
    _Part("common name (CN)", NameOID.COMMON_NAME, 64, lambda s: s.common_name),
    _Part("e-mail (E)", NameOID.EMAIL_ADDRESS, _EMAIL_LIMIT, lambda s: s.email),
)


def build_name(subject: Subject) -> x509.Name:
    """Return the distinguished name, encoded in the order C, ST, L, O, OU, CN, E.

    Raises SubjectInvalid naming the part that is empty, too long or cannot be written.
    """
    attributes = []
    for part in _PARTS:
        text = part.of(subject)
        if text is not None:
            attributes.append(x509.NameAttribute(part.oid, _checked(part, text)))
    return x509.Name(attributes)


def change_name(name: x509.Name, changes: Subject) -> x509.Name:
    """Return the name with the parts that ``changes`` gives, all others as they are.

    A part that the name does not have yet takes its conventional place. Raises SubjectInvalid.
    """
    ranks = {part.oid: rank for rank, part in enumerate(_PARTS)}
    attributes = [attribute for rdn in name.rdns for attribute in rdn]
    for rank, part in enumerate(_PARTS):
        text = part.of(changes)
        if text is None:
            continue
        replaced = [i for i, attribute in enumerate(attributes) if attribute.oid == part.oid]
        later = [i for i, a in enumerate(attributes) if ranks.get(a.oid, rank) > rank]
        place = (replaced or later or [len(attributes)])[0]
        attributes = [a for a in attributes if a.oid != part.oid]
        attributes.insert(place, x509.NameAttribute(part.oid, _checked(part, text)))
    return x509.Name(attributes)


def leave_out(name: x509.Name, parts: Collection[str]) -> x509.Name:
    """Return the name without some parts, called as ``Subject`` calls them; all others stay."""
    asked = Subject(**dict.fromkeys(parts, ""))
    gone = {part.oid for part in _PARTS if part.of(asked) is not None}
    attributes = [attribute for rdn in name.rdns for attribute in rdn]
    return x509.Name([attribute for attribute in attributes if attribute.oid not in gone])


def read_subject(name: x509.Name) -> Subject:
    """Return the parts of a name that people type; of a part that is there twice the first."""
    found: dict[ObjectIdentifier, str] = {}
    for rdn in name.rdns:
        for attribute in rdn:
            if isinstance(attribute.value, str):
                found.setdefault(attribute.oid, attribute.value)
    return Subject(
        common_name=found.get(NameOID.COMMON_NAME),
        organizational_unit=found.get(NameOID.ORGANIZATIONAL_UNIT_NAME),
        organization=found.get(NameOID.ORGANIZATION_NAME),
        locality=found.get(NameOID.LOCALITY_NAME),
        state=found.get(NameOID.STATE_OR_PROVINCE_NAME),
        country=found.get(NameOID.COUNTRY_NAME),
        email=found.get(NameOID.EMAIL_ADDRESS),
    )


def _checked(part: _Part, text: str) -> str:
    if part.oid == NameOID.COUNTRY_NAME:
        if len(text) != 2 or not text.isascii() or not text.isalpha():
            raise SubjectInvalid(part.label, f"{_quoted(text)} is no code of two letters like DE.")
        return text.upper()
    if not text:
        raise SubjectInvalid(
            part.label, "It is empty. Give a text, or leave it out where it is optional."
        )
    if len(text) > part.limit:
        raise SubjectInvalid(
            part.label, f"It has {len(text)} characters; X.509 allows {part.limit} (RFC 5280)."
        )
    if not text.isprintable() or text != text.strip():
        raise SubjectInvalid(
            part.label,
            f"{_quoted(text)} holds control characters, or blanks at its start or end.",
        )
    return _email(text, part.label) if part.oid == NameOID.EMAIL_ADDRESS else text


def build_san(texts: Sequence[str]) -> x509.SubjectAlternativeName | None:
    """Return the alternative names of texts like ``DNS:shop.example.test``; None for no texts.

    Without one of the prefixes ``DNS:``, ``IP:``, ``email:`` and ``URI:`` (in any case), an IP
    address is one, a text with ``://`` is a URI, one with ``@`` an e-mail address, and anything
    else a DNS name. The order is kept, a repeated name is dropped.

    Raises SubjectInvalid naming the text that cannot be written.
    """
    names = dict.fromkeys(_general_name(text) for text in texts)
    return x509.SubjectAlternativeName(names) if names else None


def _general_name(text: str) -> x509.GeneralName:
    part = f"alternative name {_quoted(text)}"
    prefix, _, rest = text.partition(":")
    kind = prefix.lower()
    if kind not in ("dns", "ip", "email", "uri"):
        kind, rest = _guessed(text), text
    if kind == "ip":
        return x509.IPAddress(_ip(rest, part))
    if kind == "uri":
        return x509.UniformResourceIdentifier(_uri(rest, part))
    if kind == "email":
        return x509.RFC822Name(_email(rest, part))
    return x509.DNSName(_dns(rest, part, wildcard=True))


def _guessed(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        if "://" in text:
            return "uri"
        return "email" if "@" in text else "dns"
    return "ip"


def _ip(text: str, part: str) -> IPv4Address | IPv6Address:
    if "%" in text:
        raise SubjectInvalid(part, "A zone like %eth0 has no place in a certificate.")
    try:
        return ip_address(text)
    except ValueError as error:
        raise SubjectInvalid(part, "It is no IPv4 or IPv6 address.") from error


def _uri(text: str, part: str) -> str:
    """RFC 5280 section 4.2.1.6: an absolute URI in ASCII, with a scheme and what follows it."""
    if len(text) > _URI_LIMIT or not _URI.fullmatch(text):
        raise SubjectInvalid(
            part,
            "It is no absolute URI in ASCII, like https://shop.example.test/ or urn:example:shop.",
        )
    return text


def _email(text: str, part: str) -> str:
    """RFC 5280 section 4.2.1.6: Local-part "@" Domain, the domain in its ASCII form."""
    mailbox, _, host = text.rpartition("@")
    if not _MAILBOX.fullmatch(mailbox):
        raise SubjectInvalid(part, "It is no e-mail address like keys@example.test.")
    address = f"{mailbox}@{_dns(host, part, wildcard=False)}"
    if len(address) > _EMAIL_LIMIT:
        raise SubjectInvalid(part, f"An e-mail address has at most {_EMAIL_LIMIT} characters.")
    return address


def _dns(text: str, part: str, *, wildcard: bool) -> str:
    """RFC 5280 section 4.2.1.6: the preferred name syntax of RFC 1034, letters and digits first.

    A wildcard is the whole leftmost label (RFC 9525 section 6.3).
    """
    if len(text) > _DNS_NAME_LIMIT:
        raise SubjectInvalid(part, f"A host name has at most {_DNS_NAME_LIMIT} characters.")
    host = text[2:] if wildcard and text.startswith("*.") else text
    labels = [label if label.isascii() else _a_label(label, part) for label in host.split(".")]
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise SubjectInvalid(
            part,
            "It is no host name: labels of letters, digits and hyphens between dots"
            + (", the first one may be *. " if wildcard else ". ")
            + f"For another kind of name put {_PREFIXES} in front.",
        )
    name = text[: len(text) - len(host)] + ".".join(labels)
    if len(name) > _DNS_NAME_LIMIT:
        raise SubjectInvalid(part, f"A host name has at most {_DNS_NAME_LIMIT} characters.")
    return name


def _a_label(label: str, part: str) -> str:
    """Return the label's ASCII form ("xn--…") where old and new IDNA rules agree on it.

    Python has IDNA 2003 alone, which turns some letters into others (``ß`` into ``ss``) and so may
    name a foreign host; a label that does not come back the same is refused.
    """
    wanted = unicodedata.normalize("NFC", label).lower()
    try:
        encoded = wanted.encode("idna")
        agreed = encoded.decode("idna") == wanted
    except UnicodeError:
        agreed = False
    if not agreed:
        raise SubjectInvalid(
            part, f"{_quoted(label)} has no certain ASCII form; give the host name as xn--…"
        )
    return encoded.decode("ascii")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
