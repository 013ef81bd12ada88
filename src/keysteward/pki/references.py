"""What a signing response is compared with without a keystore: request, certificate or key."""

import hashlib
import warnings
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa

from keysteward.pki import certificates, pem_blocks, public_keys, requests
from keysteward.pki.certificates import Certificate
from keysteward.pki.requests import Request
from keysteward.problems import CertificateUnreadable, ReferenceUnreadable
from keysteward.values import Fingerprint

_BLOCKS_LIMIT = 128
"""As many blocks as a signing response may hold certificates."""

_SIGNING = (
    rsa.RSAPublicKey,
    ec.EllipticCurvePublicKey,
    dsa.DSAPublicKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
    mldsa.MLDSA44PublicKey,
    mldsa.MLDSA65PublicKey,
    mldsa.MLDSA87PublicKey,
)


class ReferenceKind(StrEnum):
    """What the file to compare with is."""

    REQUEST = "request"
    CERTIFICATE = "certificate"
    PUBLIC_KEY = "public-key"


@dataclass(frozen=True, slots=True)
class Reference:
    """The key that a response must be for, and what else the file says.

    ``request`` is set for a request; ``chain`` is empty unless the file holds certificates: then
    the first is the entry's current one, the others follow in the order of the file.
    """

    kind: ReferenceKind
    spki: bytes = field(repr=False)
    public_key_sha256: Fingerprint
    request: Request | None = None
    chain: tuple[Certificate, ...] = ()


def read_reference(data: bytes) -> Reference:
    """Return what the file names as the key: a request, certificates or a public key.

    PEM, DER and bare base64 are understood; the content decides, not the label or the file name.
    The first block that is one of the three decides what the file is.

    Raises ReferenceUnreadable for anything else, and for a file with a private key in it.
    """
    blocks = pem_blocks.find(data)
    if len(blocks) > _BLOCKS_LIMIT:
        raise ReferenceUnreadable(f"The file holds more than {_BLOCKS_LIMIT} PEM blocks.")
    if any("PRIVATE KEY" in block.label for block in blocks):
        raise ReferenceUnreadable(_PRIVATE_KEY)
    candidates = [block.der for block in blocks] if blocks else [_unarmoured(data)]
    ders = [der for der in candidates if der is not None]
    for position, der in enumerate(ders):
        found = _from_der(der, ders[position + 1 :])
        if found is not None:
            return found
    raise ReferenceUnreadable(
        "The file holds no signing request, certificate or public key of a kind that is known here."
    )


_PRIVATE_KEY = (
    "The file holds a private key. That is never needed to check a response, and should not be "
    "handed around."
)


def _unarmoured(data: bytes) -> bytes | None:
    """0x30 starts every DER object looked for here; base64 of one starts with the letter M."""
    return data if data.startswith(b"\x30") else pem_blocks.decode_base64(data)


def _from_der(der: bytes, following: list[bytes]) -> Reference | None:
    certificate = _certificate(der)
    if certificate is not None and certificate.spki:
        rest = tuple(c for c in map(_certificate, following) if c is not None)
        return Reference(
            ReferenceKind.CERTIFICATE,
            certificate.spki,
            certificate.public_key_sha256,
            chain=(certificate, *rest),
        )
    request = requests.find_request(der)
    if request is not None:
        return Reference(
            ReferenceKind.REQUEST, request.spki, request.public_key_sha256, request=request
        )
    spki = _public_key(der)
    if spki is not None:
        sha256 = Fingerprint(hashlib.sha256(spki).hexdigest())
        return Reference(ReferenceKind.PUBLIC_KEY, spki, sha256)
    if _is_private_key(der):
        raise ReferenceUnreadable(_PRIVATE_KEY)
    return None


def _certificate(der: bytes) -> Certificate | None:
    try:
        return certificates.read_certificate(der)
    except CertificateUnreadable:
        return None


def _public_key(der: bytes) -> bytes | None:
    try:
        with warnings.catch_warnings():
            # About kinds of keys that cannot sign, and are passed over below.
            warnings.simplefilter("ignore")
            key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return public_keys.spki(key) if isinstance(key, _SIGNING) else None


def _is_private_key(der: bytes) -> bool:
    """Whether it loads as a private key, or would with a password or another library."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except ValueError:
        return False
    except (TypeError, UnsupportedAlgorithm, InternalError):
        # InternalError: an Ed25519, Ed448, X25519 or X448 key of a wrong length (cryptography 50).
        return True
    return True
