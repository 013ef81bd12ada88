"""Certification signing requests (PKCS#10, RFC 2986): written for our keys, read from anywhere."""

import hashlib
import warnings
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.pki import (
    certificates,
    contents,
    key_pairs,
    names,
    pem_blocks,
    public_keys,
    readable_copies,
)
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import ReferenceUnreadable
from keysteward.values import Fingerprint

_MALFORMED = (
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A signing request. ``der`` is the truth, the rest is derived from it.

    ``subject_name`` and ``san`` compare as a certificate's do. ``extended_key_usage`` holds dotted
    object identifiers, None if the request names none.
    """

    der: bytes = field(repr=False)
    subject: str
    subject_name: bytes = field(repr=False)
    spki: bytes = field(repr=False)
    public_key_sha256: Fingerprint
    san: tuple[str, ...]
    extended_key_usage: frozenset[str] | None


def build_request(key: PrivateKey, content: Content, hash_name: str | None = None) -> bytes:
    """Return a request in DER for the key, asking for the content's names and usages.

    Raises KeyTypeUnsupported if the key cannot serve the content's usage, or not sign with the
    hash (see ``key_pairs.signature_hash``).
    """
    key_type = public_keys.kind(key.public_key()).type
    builder = x509.CertificateSigningRequestBuilder().subject_name(content.name)
    for extension, critical in contents.extensions(content, key_type):
        builder = builder.add_extension(extension, critical=critical)
    request = builder.sign(key, key_pairs.signature_hash(key_type, hash_name))
    return request.public_bytes(Encoding.DER)


def to_pem(der: bytes) -> bytes:
    """Return a request as PEM, as CAs take it."""
    return pem_blocks.write("CERTIFICATE REQUEST", der)


def read_request(data: bytes) -> Request:
    """Return the request in PEM or DER bytes; of a PEM file the first block that is one.

    Raises ReferenceUnreadable for anything else.
    """
    candidates = [block.der for block in pem_blocks.find(data)] or [data]
    for der in candidates:
        request = find_request(der) if der is not None else None
        if request is not None:
            return request
    raise ReferenceUnreadable("The file holds no signing request that can be read.")


def find_request(der: bytes) -> Request | None:
    """Return the request that these DER bytes are, or None if they are none or a damaged one."""
    try:
        with warnings.catch_warnings():
            # Oddities of a request are its author's; what counts here is compared.
            warnings.simplefilter("ignore")
            return _read_any(der)
    except _MALFORMED:
        return None


def _read_any(der: bytes) -> Request:
    try:
        return _read(der, der)
    except ValueError:
        return _read(der, readable_copies.with_other_strings(der))


def _read(der: bytes, copy: bytes) -> Request:
    loaded = x509.load_der_x509_csr(copy)
    public_key, subject = loaded.public_key(), loaded.subject
    spki = public_keys.spki(public_key)
    san: tuple[str, ...] = ()
    extended: frozenset[str] | None = None
    for extension in loaded.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            san = certificates.san_texts(extension.value)
        elif isinstance(extension.value, x509.ExtendedKeyUsage):
            extended = frozenset(oid.dotted_string for oid in extension.value)
    return Request(
        der=der,
        subject=names.shown(subject),
        subject_name=names.comparable(subject),
        spki=spki,
        public_key_sha256=Fingerprint(hashlib.sha256(spki).hexdigest()),
        san=san,
        extended_key_usage=extended,
    )
