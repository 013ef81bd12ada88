"""Which certificates of a PKCS#12 file belong to which of its keys.

A localKeyId links them where one key and one certificate alone have it. Java makes it of the time
in milliseconds, so in a keystore that was filled by a program many keys share one; others write
none. Then the public key decides: equal bytes are enough here, for a link that is not found leaves
a certificate among the others, and what is linked gets proven before it is stored.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)

from keysteward.formats import der
from keysteward.formats.keystores import pkcs12_structure as structure
from keysteward.formats.keystores.pkcs12_bags import Attributes, CertificateBag

_RSA = (
    bytes.fromhex("2a864886f70d010101"),  # rsaEncryption, 1.2.840.113549.1.1.1
    bytes.fromhex("2a864886f70d01010a"),  # id-RSASSA-PSS, 1.2.840.113549.1.1.10
)


def link(
    keys: Sequence[tuple[Attributes, bytes | None]], certificates: Sequence[CertificateBag]
) -> list[tuple[int, ...]]:
    """Return for each key (clear PKCS#8) the positions of its certificates, its own one first.

    Of a key that did not open (None) the localKeyId alone can tell, and not which one is its own.
    Only a key that has its localKeyId for itself gets more than one, so no certificate is given out
    more often than there are keys, and the work grows with the number of bags alone.
    """
    sharing = Counter(attributes.key_id for attributes, _ in keys)
    by_id: defaultdict[bytes | None, list[int]] = defaultdict(list)
    for position, bag in enumerate(certificates):
        by_id[bag.attributes.key_id].append(position)
    own: _Own | None = None
    links = []
    for attributes, pkcs8 in keys:
        key_id = attributes.key_id
        linked = [] if key_id is None else by_id[key_id]
        alone = sharing[key_id] == 1
        if pkcs8 is None:
            linked = linked if alone else []
        elif not (alone and len(linked) == 1):
            own = own or _Own(certificates)
            linked = own.chosen(attributes, pkcs8, linked, alone=alone)
        links.append(tuple(linked))
    return links


class _Own:
    """The certificates of a file by their public keys, so that each key finds its own at once."""

    def __init__(self, certificates: Sequence[CertificateBag]) -> None:
        self._keys = [_certified(bag.der) for bag in certificates]
        self._of_key: dict[bytes, int] = {}
        self._with_id: defaultdict[tuple[bytes, bytes | None], list[int]] = defaultdict(list)
        self._named: dict[tuple[bytes, bytes | None, str], int] = {}
        for position, (key, bag) in enumerate(zip(self._keys, certificates, strict=True)):
            if key is not None:
                attributes = bag.attributes
                self._of_key.setdefault(key, position)
                self._with_id[key, attributes.key_id].append(position)
                for key_id in (None, attributes.key_id):
                    self._named.setdefault((key, key_id, attributes.name), position)

    def chosen(
        self, attributes: Attributes, pkcs8: bytes, linked: list[int], *, alone: bool
    ) -> list[int]:
        """Choose among a key's own certificates (by public key) and those with its localKeyId."""
        key = _public_key(pkcs8)
        if key is None or key not in self._of_key:
            return linked if alone else []
        both = self._with_id.get((key, attributes.key_id), []) if linked else []
        if both and alone:  # the others with its identifier are its chain
            return both + [position for position in linked if self._keys[position] != key]
        # Of several for the same key, the one that is named like it.
        key_id, first = (attributes.key_id, both[0]) if both else (None, self._of_key[key])
        return [self._named.get((key, key_id, attributes.name), first)]


def _certified(certificate: bytes) -> bytes | None:
    """Return the public key of a certificate as ``_public_key`` does, None if it is malformed."""
    try:
        outer = der.element(certificate, 0)
        fields = structure.fields(
            certificate, structure.leading(certificate, outer, der.SEQUENCE)[0]
        )
        # version, serial number, signature, issuer, validity, subject (RFC 5280 section 4.1)
        info = fields[6 if fields[0].tag == der.CONTEXT_0 else 5]
        algorithm, bits = structure.leading(certificate, info, der.SEQUENCE, der.BIT_STRING)[:2]
        if _is_rsa(certificate, algorithm):
            return _modulus_and_exponent(certificate, bits.content + 1, 0)
        return structure.whole(certificate, info)
    except (der.Damaged, IndexError):
        return None


def _public_key(pkcs8: bytes) -> bytes | None:
    """Return modulus and exponent of an RSA key, SubjectPublicKeyInfo of any other, or None."""
    try:
        parts = structure.leading(
            pkcs8, der.element(pkcs8, 0), der.INTEGER, der.SEQUENCE, der.OCTET_STRING
        )
        if _is_rsa(pkcs8, parts[1]):
            return _modulus_and_exponent(pkcs8, parts[2].content, 1)
        with warnings.catch_warnings():
            # About kinds of keys that are refused later anyway.
            warnings.simplefilter("ignore")
            key = load_der_private_key(pkcs8, None)
            return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (der.Damaged, IndexError, ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        # InternalError: an Ed25519, Ed448, X25519 or X448 key of a wrong length (cryptography 50).
        return None


def _is_rsa(data: bytes, algorithm: der.Element) -> bool:
    (identifier, *_) = structure.leading(data, algorithm, der.OBJECT_IDENTIFIER)
    return structure.content(data, identifier) in _RSA


def _modulus_and_exponent(data: bytes, start: int, first: int) -> bytes:
    """Return the two INTEGERs as they stand in RSAPublicKey or RSAPrivateKey (RFC 8017, A.1)."""
    numbers = structure.fields(data, der.element(data, start))
    return data[numbers[first].start : numbers[first + 1].end]
