"""Name constraints: which names a CA and all below it may certify (RFC 5280 section 4.2.1.10).

cryptography 50 does not process those on directory names and URIs, refuses DNS names with a leading
dot, and leaves out the names in the subject. Where RFC 5280 says nothing, OpenSSL is followed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import NameOID

from keysteward.pki import names
from keysteward.pki.certificates import Certificate

_MOST_COMPARISONS = 1 << 15
"""Of a name with a subtree, in one chain: about a fifth of a second. A real chain needs a few
hundred; two certificates made for the purpose could ask for millions."""

_MOST_SHOWN = 3

_LONGEST = 255
"""Characters of a name that are shown; a host's name has at most 253."""

_Uri = x509.UniformResourceIdentifier

_Extension = TypeVar("_Extension", x509.NameConstraints, x509.SubjectAlternativeName)

_KINDS: dict[type[x509.GeneralName], str] = {
    x509.DNSName: "DNS names",
    x509.RFC822Name: "e-mail addresses",
    _Uri: "URIs",
    x509.IPAddress: "IP addresses",
    x509.DirectoryName: "directory names",
    x509.RegisteredID: "registered identifiers",
    x509.OtherName: "names of other kinds",
}

_HOST = re.compile(r"(?:\w(?:[\w-]*\w)?\.)+\w(?:[\w-]*\w)?", re.ASCII)
"""A common name that OpenSSL takes for a DNS name: two or more labels."""

_AUTHORITY = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([\w.-]+)(?::\d*)?(?:[/?#].*)?", re.ASCII | re.DOTALL
)
"""In lower case, a URI whose authority has a host name (RFC 3986 section 3)."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name, or the base of a subtree: as it is compared, and as it is shown."""

    kind: type[x509.GeneralName]
    value: object
    text: str


@dataclass(frozen=True, slots=True)
class _Subtrees:
    """What one issuer permits and excludes."""

    permitted: tuple[_Name, ...]
    excluded: tuple[_Name, ...]
    plain: bool
    """Whether there is no minimum and no maximum, which the library drops."""


def constrains(certificate: Certificate) -> bool:
    """Tell whether a certificate has name constraints at all."""
    return _extension(certificate, x509.NameConstraints) is not None


def violation(chain: tuple[Certificate, ...]) -> str | None:
    """Return which issuer does not allow which name of a certificate below it, or None.

    Each issuer's subtrees are looked at by themselves, which amounts to the intersection and union
    of section 6.1.4 step (g); the chain's top counts as an issuer. Self-issued intermediates are
    exempt (section 6.1.3 steps (b) and (c)). A name that cannot be compared is refused, too.
    """
    comparisons = 0
    for position, issuer in enumerate(chain[1:], start=1):
        subtrees = _subtrees(issuer)
        if subtrees is None:
            continue
        if not subtrees.plain:
            return f"{issuer.subject!r} limits names in a form that RFC 5280 does not allow"
        for number, certificate in enumerate(chain[:position]):
            if number and certificate.self_issued:
                continue
            for name in _names(certificate, is_end_entity=number == 0):
                comparisons += len(subtrees.permitted) + len(subtrees.excluded)
                if comparisons > _MOST_COMPARISONS:
                    return f"{issuer.subject!r} limits more names than can be compared"
                rule = _broken_rule(name, subtrees)
                if rule is not None:
                    return f"{issuer.subject!r} {rule}, and {certificate.subject!r} has {name.text}"
    return None


def _broken_rule(name: _Name, subtrees: _Subtrees) -> str | None:
    permitted = [base for base in subtrees.permitted if base.kind is name.kind]
    inside = {_within(name, base) for base in permitted}
    if inside == {False}:
        return f"permits only {_KINDS[name.kind]} within {_listed(permitted)}"
    unknown = bool(inside) and True not in inside
    for base in subtrees.excluded:
        overlaps = _overlaps(name, base) if base.kind is name.kind else False
        if overlaps:
            place = f"within {base.text}" if base.value else "altogether"
            return f"excludes {_KINDS[name.kind]} {place}"
        unknown = unknown or overlaps is None
    return f"limits {_KINDS[name.kind]} in a way that cannot be compared" if unknown else None


def _listed(bases: list[_Name]) -> str:
    more = f" and {len(bases) - _MOST_SHOWN} more" if len(bases) > _MOST_SHOWN else ""
    return ", ".join(base.text for base in bases[:_MOST_SHOWN]) + more


def _subtrees(issuer: Certificate) -> _Subtrees | None:
    constraints = _extension(issuer, x509.NameConstraints)
    if constraints is None:
        return None
    return _Subtrees(
        tuple(_read(base) for base in constraints.permitted_subtrees or ()),
        tuple(_read(base) for base in constraints.excluded_subtrees or ()),
        plain=constraints.public_bytes() in issuer.loaded.tbs_certificate_bytes,
    )


def _names(certificate: Certificate, *, is_end_entity: bool) -> Iterator[_Name]:
    """Yield the names that constraints apply to: those of the subject, and the alternative ones.

    E-mail addresses in the subject count always, and common names that look like a host's name
    count in an end-entity certificate without DNS names, as they do for OpenSSL. RFC 5280 demands
    the former only if there are no alternative names, and knows nothing of the latter.
    """
    subject = certificate.subject_dn
    if certificate.subject_name:
        yield _Name(x509.DirectoryName, certificate.subject_name, repr(certificate.subject))
    for attribute in subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        yield _text(x509.RFC822Name, str(attribute.value))
    alternatives = _extension(certificate, x509.SubjectAlternativeName) or ()
    for name in map(_read, alternatives):
        yield replace(name, value=_host(name)) if name.kind is _Uri else name
    if is_end_entity and not any(isinstance(name, x509.DNSName) for name in alternatives):
        for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if _HOST.fullmatch(str(attribute.value)):
                yield _text(x509.DNSName, str(attribute.value))


def _extension(certificate: Certificate, kind: type[_Extension]) -> _Extension | None:
    for extension in certificate.loaded.extensions:
        if isinstance(extension.value, kind):
            return extension.value
    return None


def _read(name: x509.GeneralName) -> _Name:
    if isinstance(name, x509.DirectoryName):
        return _Name(type(name), names.comparable(name.value), repr(names.shown(name.value)))
    if isinstance(name, x509.IPAddress):
        return _Name(type(name), name.value, repr(str(name.value)))
    if isinstance(name, (x509.DNSName, x509.RFC822Name, _Uri)):
        return _text(type(name), name.value)
    if isinstance(name, x509.RegisteredID):
        return _Name(type(name), None, repr(name.value.dotted_string))
    type_id = name.type_id.dotted_string if isinstance(name, x509.OtherName) else ""
    return _Name(type(name), None, f"one of the kind {type_id}")


def _text(kind: type[x509.GeneralName], value: str) -> _Name:
    folded = value if kind is x509.RFC822Name else value.lower()
    return _Name(kind, folded, repr(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"))


def _host(uri: _Name) -> str | None:
    """Return the host's name; None if there is none, or an IP address."""
    found = _AUTHORITY.fullmatch(str(uri.value))
    if found is None:
        return None
    try:
        ip_address(found[1])
    except ValueError:
        return found[1]
    return None


def _within(name: _Name, base: _Name) -> bool | None:
    """Tell whether a name is in the subtree of a base of its kind; None if that is not defined."""
    match name.value, base.value:
        case bytes(own), bytes(other):
            # With all of the base at its beginning, RDN by RDN (X.501 section 13.3.2).
            return not other or (own + b"\0").startswith(other + b"\0")
        case IPv4Address() | IPv6Address() as own, IPv4Network() | IPv6Network() as other:
            return own in other
        case str(own), str(other) if name.kind is x509.DNSName:
            return _host_within(own, other, below=True)
        case str(own), str(other) if name.kind is x509.RFC822Name:
            return _mailbox_within(own, other)
        case str(own), str(other) if other:
            return _host_within(own, other, below=False)
    return None


def _overlaps(name: _Name, base: _Name) -> bool | None:
    """Tell whether anything that a name stands for is in the subtree of a base of its kind.

    A wildcard stands for all names one label below its own (RFC 6125 section 6.4.3).
    """
    within = _within(name, base)
    match name.value, base.value:
        case str(own), str(other) if own.startswith("*.") and name.kind is x509.DNSName:
            return within or other.partition(".")[2] == own[2:]
    return within


def _host_within(host: str, base: str, *, below: bool) -> bool:
    """Compare names in lower case; a base with a leading dot is for what is below it alone."""
    if base.startswith("."):
        return host.endswith(base)
    return host == base or (below and (not base or host.endswith(f".{base}")))


def _mailbox_within(address: str, base: str) -> bool | None:
    local, at, host = address.rpartition("@")
    wanted, _, wanted_host = base.rpartition("@")
    if not (at and wanted_host):
        return None
    if wanted and wanted != local:
        return False
    return _host_within(host.lower(), wanted_host.lower(), below=False)
