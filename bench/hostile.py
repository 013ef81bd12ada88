"""Files made to cost the reader as much as the bounds on a signing response allow.

Each is as long as the size limit lets it be, and a new one is made for every measurement, so that
nothing that was kept from the last one helps. They are uploaded like any response; the audit row of
a refusal, on disk, is part of what is measured.
"""

import base64
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bench import authority, memory, update
from bench.measure import Samples
from bench.update import Keystore

_SIZE = 30_720
_PRIME_BITS = 1024
_SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""The DigestInfo before a SHA-256 digest (RFC 8017 section 9.2, note 1)."""

Maker = Callable[[CertificatePublicKeyTypes], bytes]
"""Makes a new hostile file for an entry's public key."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a kind of file costs at most."""

    samples: Samples
    answer: str
    """The problem's slug, or the plan's outcome."""
    peak_bytes: int | None
    """Growth of the process's resident memory at its peak; None where it cannot be read."""


def measure_all(keystore: Keystore, repeats: int) -> dict[str, Cost]:
    """Upload each kind of file ``repeats`` times to one entry."""
    return {name: _cost(keystore, make, repeats) for name, make in makers().items()}


def makers() -> Mapping[str, Maker]:
    """Return the kinds of files by what is hostile about them; their keys are made here, once."""
    crowds: dict[str, Sequence[_Signer]] = {
        "100 verifications, EC brainpoolP512r1": (_Ec.make(), _Ec.make()),
        "100 verifications, RSA 3072 with an exponent as long": (
            _Rsa.make(3, 3070),
            _Rsa.make(3, 3070),
        ),
        "100 verifications, RSA 10240 with a 64-bit exponent": (
            _Rsa.make(10, 64),
            _Rsa.make(10, 64),
        ),
    }
    files: dict[str, Maker] = {name: _Crowd(signers) for name, signers in crowds.items()}
    return {
        **files,
        "one name of 2,000 attributes": _long_name,
        "5,000 alternative names": _many_alternative_names,
        "600 name constraints over 600 names": _name_constraints,
        "BER opened and never closed": lambda _: (b"\x30\x80" * _SIZE)[:_SIZE],
        "base64 of nothing": lambda _: b"A" * _SIZE,
        "base64 in base64 in base64": lambda _: _onion(),
        "PEM lines without blocks": lambda _: (b"-----BEGIN X-----\n" * _SIZE)[:_SIZE],
        "many PEM blocks of other kinds": lambda _: (_OTHER_BLOCK * _SIZE)[:_SIZE],
    }


_OTHER_BLOCK = b"-----BEGIN X-----\nMAA=\n-----END X-----\n"


def _cost(keystore: Keystore, make: Maker, repeats: int) -> Cost:
    answer, seconds, peaks = "", [], []
    for _ in range(repeats):
        data = make(keystore.public_key)
        if len(data) > _SIZE:
            raise ValueError(f"the file has {len(data)} bytes")
        with memory.watched() as peak:
            taken, answer = _answer(keystore, data)
        seconds.append(taken)
        peaks.append(peak.growth_bytes)
    known = [growth for growth in peaks if growth is not None]
    return Cost(Samples((tuple(seconds),)), answer, max(known) if known else None)


def _answer(keystore: Keystore, data: bytes) -> tuple[float, str]:
    try:
        return keystore.upload(data), "stored"
    except update.Refused as refused:
        return refused.seconds, refused.problem.slug


# ---- certificates that all could be each other's issuer


class _Signer(Protocol):
    """A key that certifies others."""

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        """The public key."""

    def sign(self, builder: x509.CertificateBuilder) -> bytes:
        """Return the signed certificate in DER."""


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Certificates of one name, by two keys that certify each other: each pair must be tried."""

    signers: Sequence[_Signer]

    def __call__(self, public_key: CertificatePublicKeyTypes) -> bytes:
        """Return the leaf and as many possible issuers as the size allows."""
        one, other = self.signers
        file = one.sign(_builder("client", public_key))
        pairs = cycle(((one, other), (other, one)))
        for subject, issuer in islice(pairs, 128):
            more = issuer.sign(_builder("A", subject.public_key))
            if len(file) + len(more) > _SIZE:
                break
            file += more
        return file


@dataclass(frozen=True, slots=True)
class _Ec:
    """The slowest curve that the library verifies with."""

    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls) -> "_Ec":
        return cls(ec.generate_private_key(ec.BrainpoolP512R1()))

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        return self.key.public_key()

    def sign(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True)
class _Rsa:
    """An RSA key of many primes, which no library makes, but every library verifies with.

    So a key of any size and exponent is ready in a moment. It signs by itself (RFC 8017 section
    5.1.2, step 2b).
    """

    primes: tuple[int, ...]
    exponent: int

    @classmethod
    def make(cls, primes: int, exponent_bits: int) -> "_Rsa":
        exponent = (1 << exponent_bits) - 1
        found: list[int] = []
        while len(found) < primes:
            key = rsa.generate_private_key(65537, 2 * _PRIME_BITS).private_numbers()
            usable = (p for p in (key.p, key.q) if math.gcd(exponent, p - 1) == 1)
            found.extend(islice(usable, primes - len(found)))
        return cls(tuple(found), exponent)

    @property
    def modulus(self) -> int:
        return math.prod(self.primes)

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        return rsa.RSAPublicNumbers(self.exponent, self.modulus).public_key()

    def sign(self, builder: x509.CertificateBuilder) -> bytes:
        # Another key signs first: the library offers no other way to the bytes that are signed.
        tbs = builder.sign(_OTHER_KEY, hashes.SHA256()).tbs_certificate_bytes
        length = (self.modulus.bit_length() + 7) // 8
        info = _SHA256_INFO + hashlib.sha256(tbs).digest()
        padded = b"\0\1" + b"\xff" * (length - 3 - len(info)) + b"\0" + info
        signature = self._power(int.from_bytes(padded, "big")).to_bytes(length, "big")
        return _der(0x30, tbs + _SHA256_WITH_RSA + _der(0x03, b"\0" + signature))

    def _power(self, message: int) -> int:
        result, product = 0, 1
        for prime in self.primes:
            part = pow(message, pow(self.exponent, -1, prime - 1), prime)
            result += product * ((part - result) * pow(product, -1, prime) % prime)
            product *= prime
        return result


_OTHER_KEY = rsa.generate_private_key(65537, 2 * _PRIME_BITS)


# ---- certificates that are long in one place


def _long_name(public_key: CertificatePublicKeyTypes) -> bytes:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, str(n % 10)) for n in range(2_000)]
    builder = _builder(x509.Name(attributes), public_key)
    return _Ec.make().sign(builder)


def _many_alternative_names(public_key: CertificatePublicKeyTypes) -> bytes:
    names = [x509.DNSName(text) for text in islice(_labels(), 5_000)]
    builder = _builder("client", public_key)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _Ec.make().sign(builder)


def _name_constraints(public_key: CertificatePublicKeyTypes) -> bytes:
    """Return a leaf and its root, which permits each of its names; the verifier compares all."""
    names = [x509.DNSName(f"{text}.client.example") for text in islice(_labels(), 600)]
    root = ec.generate_private_key(ec.SECP256R1())
    constraints = x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=None)
    issuer = (
        _builder("A", root.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(authority.key_usage("key_cert_sign"), critical=True)
        .add_extension(constraints, critical=True)
        .sign(root, hashes.SHA256())
    )
    leaf = (
        _builder(authority.name(update.COMMON_NAME), public_key)
        .add_extension(authority.key_usage("digital_signature"), critical=True)
        .add_extension(x509.SubjectAlternativeName(names[::-1]), critical=False)
        .sign(root, hashes.SHA256())
    )
    return leaf.public_bytes(Encoding.DER) + issuer.public_bytes(Encoding.DER)


def _builder(
    subject: str | x509.Name, public_key: CertificatePublicKeyTypes
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject) if isinstance(subject, str) else subject)
        .issuer_name(_name("A"))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _labels() -> Iterator[str]:
    return (format(number, "x") for number in count())


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


# ---- text


def _onion() -> bytes:
    data = b"-----BEGIN CERTIFICATE-----\n"
    while len(base64.b64encode(data * 2)) <= _SIZE:
        data *= 2
    while len(base64.b64encode(data)) <= _SIZE:
        data = base64.b64encode(data)
    return data
