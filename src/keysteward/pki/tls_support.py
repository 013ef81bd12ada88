"""Whether this system's TLS takes a certificate as its own: found out by trying, never by a list.

The TLS library (Python's ssl module on whatever OpenSSL it was built with) decides by its version,
its build and its configuration file which key types, sizes, curves and signatures it takes. So a
certificate is tried in two steps, and neither needs the entry's private key:

1. The certificate is loaded as if it were our own. That fails for a key or a signature below the
   security level, and for a key type that the library does not know.
2. A key that could be loaded may still have no signature scheme in one TLS version or in any. So a
   throw-away key of the same kind makes real mutual handshakes in memory, one with each version.

RSA keys need no second step: every TLS version signs with every RSA key that step 1 lets through.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from keysteward.pki import memory_files
from keysteward.pki.certificates import Certificate
from keysteward.pki.public_keys import KeyKind
from keysteward.problems import TlsFromMemoryUnavailable

LIBRARY = " ".join(ssl.OPENSSL_VERSION.split()[:2])
"""Name and version of the TLS library, like ``OpenSSL 3.0.19``."""

# What OpenSSL answers after it took the certificate, because the key beside it is a foreign one.
_CERTIFICATE_TAKEN = frozenset(
    {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}
)

# Verdicts on a kind of key or signature, which hold for every certificate like the one tried.
_KEY_VERDICTS = {
    "EE_KEY_TOO_SMALL": "refuses {key} keys as too small",
    "CA_KEY_TOO_SMALL": "refuses {key} keys in a chain as too small",
    "UNKNOWN_CERTIFICATE_TYPE": "knows no {key} keys",
    "EE_MD_TOO_WEAK": "refuses certificates signed with {signature} as too weak",
    "CA_MD_TOO_WEAK": "refuses certificates signed with {signature} as too weak",
}

_VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}

_GENERATORS: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate,
}

# A TLS 1.2 handshake has four flights, TLS 1.3 has three; each round moves one in each direction.
_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Trial:
    """What the trial found: with which TLS versions a certificate can be used as one's own.

    ``reason`` is a sentence about what is missing, None if nothing is. With no version at all the
    certificate is unusable; with TLS 1.2 alone, a receiver that speaks TLS 1.3 gets no certificate.
    """

    versions: tuple[str, ...]
    reason: str | None


_UNTRIED = Trial(tuple(_VERSIONS), None)


@dataclass(frozen=True, slots=True)
class _Description:
    """What the verdict depends on. The certificate to try with is not part of it."""

    key: KeyKind
    signature_algorithm: str
    signature_hash: str | None
    self_issued: bool
    """OpenSSL does not judge the signature of a self-signed certificate."""
    parameters: tuple[int, ...]
    """A DSA key's p, q and g: a stranger's odd ones must not decide for everybody's."""
    certificate: Certificate = field(compare=False)


class _OneCertificateRefused(Exception):
    """A refusal that says nothing about others of its kind; raised, so that it is not kept."""


def reason_unusable(certificate: Certificate) -> str | None:
    """Return None if some TLS version takes the certificate as our own, else why none does."""
    trial = try_certificate(certificate)
    return None if trial.versions else trial.reason


def try_certificate(certificate: Certificate) -> Trial:
    """Return with which TLS versions of this system the certificate can be used as our own.

    The verdict is kept per kind of key and signature algorithm: the first certificate of a kind
    costs some milliseconds, the next ones a look-up. No private key of an entry is needed.

    Where the system has no memory files, nothing speaks against any certificate: nothing can be
    tried without writing to a disk, and no connection can be made from there either (the problem
    ``tls-from-memory-unavailable`` says so).
    """
    description = _Description(
        key=certificate.key,
        signature_algorithm=certificate.signature_algorithm,
        signature_hash=certificate.signature_hash,
        self_issued=certificate.self_issued,
        parameters=_parameters(certificate),
        certificate=certificate,
    )
    try:
        return _verdict(description)
    except _OneCertificateRefused as refusal:
        return Trial((), str(refusal))
    except TlsFromMemoryUnavailable:
        return _UNTRIED


def reason_chain_unusable(chain: tuple[Certificate, ...]) -> str | None:
    """Return why this system's TLS does not load a chain, naming the first certificate at fault.

    None if the whole chain can be loaded. The end-entity certificate comes first; its key is not
    tried in a handshake (``reason_unusable`` does that).

    Raises TlsFromMemoryUnavailable where the system has no memory files.
    """
    for length in range(1, len(chain) + 1):
        refused = _refusal(chain[:length])
        if refused is not None:
            return f"{in_words(refused, chain[length - 1])} It is {chain[length - 1].subject}."
    return None


def in_words(reason: str, certificate: Certificate) -> str:
    """Return a sentence for an OpenSSL reason (``EE_KEY_TOO_SMALL``) about a certificate."""
    verdict = _KEY_VERDICTS.get(reason, "does not take the certificate")
    said = verdict.format(key=certificate.key, signature=certificate.signature_algorithm)
    return f"This system's TLS ({LIBRARY}) {said} ({reason})."


@lru_cache(maxsize=256)
def _verdict(description: _Description) -> Trial:
    certificate = description.certificate
    refused = _refusal((certificate,))
    if refused in _KEY_VERDICTS:
        return Trial((), in_words(refused, certificate))
    if refused is not None:
        raise _OneCertificateRefused(in_words(refused, certificate))
    key = _throw_away_key(certificate)
    if key is None:
        return _UNTRIED
    failures = {name: _failure_of_handshake(key, version) for name, version in _VERSIONS.items()}
    usable = tuple(name for name, failure in failures.items() if failure is None)
    if len(usable) == len(failures):
        return Trial(usable, None)
    said = ", ".join(f"{name}: {failure}" for name, failure in failures.items() if failure)
    which = f"with {usable[0]} only" if usable else "with no version of TLS"
    return Trial(
        usable, f"This system's TLS ({LIBRARY}) can use {certificate.key} keys {which} ({said})."
    )


def _parameters(certificate: Certificate) -> tuple[int, ...]:
    public_key = certificate.loaded.public_key() if certificate.key.type == "DSA" else None
    if not isinstance(public_key, dsa.DSAPublicKey):
        return ()
    numbers = public_key.parameters().parameter_numbers()
    return numbers.p, numbers.q, numbers.g


# ---- step 1: load the certificate


def _refusal(chain: tuple[Certificate, ...]) -> str | None:
    """Return OpenSSL's reason for not loading a chain, or None."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    refused = _refusal_by(context, chain)
    if refused == "EE_KEY_TOO_SMALL":
        # OpenSSL 3.0 calls a key too small if it cannot read it at all. Without a security level
        # only such a key is still refused.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return refused if _refusal_by(context, chain) is None else "UNKNOWN_CERTIFICATE_TYPE"
    return refused


def _refusal_by(context: ssl.SSLContext, chain: tuple[Certificate, ...]) -> str | None:
    # The chain comes with a foreign private key: who complains about that took the certificates.
    pem = "".join(ssl.DER_cert_to_PEM_cert(certificate.der) for certificate in chain)
    with (
        memory_files.memory_file(pem.encode()) as certificates,
        memory_files.memory_file(_foreign_key()) as key,
    ):
        try:
            context.load_cert_chain(certificates, key)
        except ssl.SSLError as error:
            return None if error.reason in _CERTIFICATE_TAKEN else words(error)
    return None


@lru_cache(maxsize=1)
def _foreign_key() -> bytes:
    return _pem(ec.generate_private_key(ec.SECP256R1()))


# ---- step 2: a handshake with a throw-away key of the same kind


def _throw_away_key(certificate: Certificate) -> CertificateIssuerPrivateKeyTypes | None:
    if not certificate.key.size:
        return None  # of a type that the library cannot make
    public_key = certificate.loaded.public_key()
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(public_key.curve)
    if isinstance(public_key, dsa.DSAPublicKey):
        try:
            return public_key.parameters().generate_private_key()
        except (InternalError, ValueError) as error:
            raise _OneCertificateRefused(
                "The key's DSA parameters are unsound, so that no TLS library can sign with it."
            ) from error
    generate = _GENERATORS.get(certificate.key.type)
    return generate() if generate is not None else None


def _failure_of_handshake(
    key: CertificateIssuerPrivateKeyTypes, version: ssl.TLSVersion
) -> str | None:
    """Return None if both sides finish a mutual handshake with this client key, else the reason."""
    receiver, receiver_key = _receiver()
    own = _certificate("client", receiver_key, key.public_key())
    server_context = _context(ssl.PROTOCOL_TLS_SERVER, version)
    server_context.verify_mode = ssl.CERT_REQUIRED
    server_context.load_verify_locations(cadata=receiver.decode())
    client_context = _context(ssl.PROTOCOL_TLS_CLIENT, version)
    # Whom this client trusts is not the question: it talks to itself.
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    try:
        _load(server_context, receiver, receiver_key)
        _load(client_context, own, key)
        _shake_hands(client_context, server_context)
    except ssl.SSLError as error:
        return words(error)
    return None


def _shake_hands(client_context: ssl.SSLContext, server_context: ssl.SSLContext) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(_ROUNDS):
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
        if not waiting:
            break
    else:
        raise ssl.SSLError("the handshake does not end")
    # A client that found no signature scheme for its key finishes without a certificate.
    if server.getpeercert(binary_form=True) is None:
        raise ssl.SSLError("no certificate was sent")


def _context(protocol: int, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = context.maximum_version = version
    return context


def _load(context: ssl.SSLContext, pem: bytes, key: CertificateIssuerPrivateKeyTypes) -> None:
    with (
        memory_files.memory_file(pem) as certificate,
        memory_files.memory_file(_pem(key)) as key_file,
    ):
        context.load_cert_chain(certificate, key_file)


@lru_cache(maxsize=1)
def _receiver() -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """Return the PEM certificate and key of a receiver that is its own CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _certificate("receiver", key, key.public_key()), key


def _certificate(
    name: str, signer: ec.EllipticCurvePrivateKey, public_key: CertificatePublicKeyTypes
) -> bytes:
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(name == "receiver", None), critical=True)
        .sign(signer, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def _pem(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def words(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason, or what Python says where it gives none."""
    return error.reason or (str(error.args[0]) if error.args else "unknown reason")
