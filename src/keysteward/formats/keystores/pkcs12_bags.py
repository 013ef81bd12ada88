"""What lies in a safe of a PKCS#12 file: bags with their attributes (RFC 7292 section 4.2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from keysteward.formats import der
from keysteward.formats.der import Element
from keysteward.formats.keystores import pkcs12_encryption as encryption
from keysteward.formats.keystores import pkcs12_structure as structure
from keysteward.formats.keystores.pkcs12_encryption import Sealed, UnknownAlgorithmError
from keysteward.problems import KeystoreUnreadable

MOST_BAGS = 20_000
"""Most bags of one file: 5,000 key pairs with chains of three, well above the 1,800 that keystores
of integrators reach. Without a bound, two million empty bags would fit into 16 MB."""

MOST_NESTED = 8
"""Deepest nesting of SafeContents; programs write none at all."""

FRIENDLY_NAME = bytes.fromhex("2a864886f70d010914")  # 1.2.840.113549.1.9.20
LOCAL_KEY_ID = bytes.fromhex("2a864886f70d010915")  # 1.2.840.113549.1.9.21
X509_CERTIFICATE = bytes.fromhex("2a864886f70d01091601")  # 1.2.840.113549.1.9.22.1
CERTIFICATE_BAG = bytes.fromhex("2a864886f70d010c0a0103")  # 1.2.840.113549.1.12.10.1.3
JAVA_TRUSTED_KEY_USAGE = bytes.fromhex("6086480186f966adca7b0101")  # 2.16.840.1.113894.746875.1.1

_KEY_BAG = bytes.fromhex("2a864886f70d010c0a0101")
_SHROUDED_KEY_BAG = bytes.fromhex("2a864886f70d010c0a0102")
_SAFE_CONTENTS_BAG = bytes.fromhex("2a864886f70d010c0a0106")

_FOREIGN = {
    bytes.fromhex("2a864886f70d010c0a0104"): "a revocation list, which has no place here",
    bytes.fromhex("2a864886f70d010c0a0105"): "a secret key, which has no place here",
}

_NAME_ENCODINGS = {structure.BMP_STRING: "utf-16-be", der.UTF8_STRING: "utf-8"}


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a bag that are understood here."""

    name: str = ""
    key_id: bytes | None = None
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class KeyBag:
    """A private key: PKCS#8 (RFC 5958), clear or encrypted."""

    attributes: Attributes
    key: bytes | Sealed = field(repr=False)


@dataclass(frozen=True, slots=True)
class CertificateBag:
    """An X.509 certificate in DER."""

    attributes: Attributes
    der: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ForeignBag:
    """Something else; ``reason`` in the words of ``Skipped``."""

    attributes: Attributes
    reason: str


Bag = KeyBag | CertificateBag | ForeignBag


class Counter:
    """Counts the bags of a file over all its safes."""

    def __init__(self) -> None:
        self._count = 0

    def add(self) -> None:
        """Count one more; raises KeystoreUnreadable above MOST_BAGS."""
        self._count += 1
        if self._count > MOST_BAGS:
            raise KeystoreUnreadable(f"The PKCS#12 file holds more than {MOST_BAGS:,} entries.")


def read_bags(data: bytes, counter: Counter) -> Iterator[Bag]:
    """Yield the bags of one SafeContents, nested ones in their place.

    Raises Damaged, and KeystoreUnreadable for too many or too deeply nested ones.
    """
    contents = der.element(data, 0)
    if contents.tag != der.SEQUENCE or contents.end != len(data):
        raise der.Damaged
    safes = [der.children(data, contents)]
    while safes:
        bag = next(safes[-1], None)
        if bag is None:
            safes.pop()
            continue
        counter.add()
        if bag.tag != der.SEQUENCE:
            raise der.Damaged
        parts = structure.leading(data, bag, der.OBJECT_IDENTIFIER, der.CONTEXT_0)
        identifier = structure.content(data, parts[0])
        value = structure.inside(data, parts[1])
        if identifier != _SAFE_CONTENTS_BAG:
            yield _read_bag(data, identifier, value, _attributes(data, parts[2:]))
        elif value.tag != der.SEQUENCE:
            raise der.Damaged
        elif len(safes) > MOST_NESTED:
            raise KeystoreUnreadable(
                f"The PKCS#12 file has safes nested more than {MOST_NESTED} deep."
            )
        else:
            safes.append(der.children(data, value))


def _read_bag(data: bytes, identifier: bytes, value: Element, attributes: Attributes) -> Bag:
    if identifier == CERTIFICATE_BAG:
        return _certificate(data, value, attributes)
    if identifier == _SHROUDED_KEY_BAG:
        return _shrouded_key(data, value, attributes)
    if identifier == _KEY_BAG:
        return KeyBag(attributes, structure.whole(data, value))
    unknown = f"content of an unknown kind ({structure.dotted(identifier)})"
    return ForeignBag(attributes, _FOREIGN.get(identifier, unknown))


def _certificate(data: bytes, value: Element, attributes: Attributes) -> Bag:
    parts = structure.leading(data, value, der.OBJECT_IDENTIFIER, der.CONTEXT_0)
    if structure.content(data, parts[0]) != X509_CERTIFICATE:
        return ForeignBag(attributes, "a certificate of another kind than X.509")
    string = structure.inside(data, parts[1])
    return CertificateBag(attributes, structure.octet_string(data, string))


def _shrouded_key(data: bytes, value: Element, attributes: Attributes) -> Bag:
    """Read EncryptedPrivateKeyInfo (RFC 5958 section 3)."""
    parts = structure.leading(data, value, der.SEQUENCE)
    if len(parts) != 2:
        raise der.Damaged
    ciphertext = structure.octet_string(data, parts[1])
    try:
        return KeyBag(attributes, encryption.read_sealed(data, parts[0], ciphertext))
    except UnknownAlgorithmError as error:
        reason = f"a private key in an encryption that is not known here ({error.name})"
        return ForeignBag(attributes, reason)


def _attributes(data: bytes, parts: list[Element]) -> Attributes:
    """Read PKCS12Attributes; of several with the same identifier the first one counts."""
    if not parts:
        return Attributes()
    found: dict[bytes, Element] = {}
    for attribute in der.children(data, parts[0]):
        identifier, *values = structure.leading(data, attribute, der.OBJECT_IDENTIFIER)
        kind = structure.content(data, identifier)
        if kind == JAVA_TRUSTED_KEY_USAGE or kind in (FRIENDLY_NAME, LOCAL_KEY_ID):
            value = next(der.children(data, values[0]), None) if values else None
            if value is not None:
                found.setdefault(kind, value)
    key_id = found.get(LOCAL_KEY_ID)
    return Attributes(
        _name(data, found.get(FRIENDLY_NAME)),
        None if key_id is None else structure.octet_string(data, key_id),
        JAVA_TRUSTED_KEY_USAGE in found,
    )


def _name(data: bytes, value: Element | None) -> str:
    if value is None or value.tag not in _NAME_ENCODINGS:
        return ""
    return structure.content(data, value).decode(_NAME_ENCODINGS[value.tag], "replace")
