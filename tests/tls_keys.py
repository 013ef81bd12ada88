"""The table of docs/tls-keys.md, tried anew: what this system's TLS does with each kind of key.

    .venv/bin/python -m tests.tls_keys

prints the section for the TLS library at hand, ready for the document.
"""

import ssl
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from keysteward.pki import certificates, tls_support
from tests import pki_maker

_Key = pki_maker.CertificateIssuerPrivateKeyTypes

_KEYS: tuple[tuple[str, Callable[[], _Key]], ...] = (
    ("RSA 1024", lambda: rsa.generate_private_key(65537, 1024)),
    ("RSA 1536", lambda: rsa.generate_private_key(65537, 1536)),
    ("RSA 2048", lambda: rsa.generate_private_key(65537, 2048)),
    ("DSA 1024", lambda: dsa.generate_private_key(1024)),
    ("DSA 2048", lambda: dsa.generate_private_key(2048)),
    ("P-192", lambda: ec.generate_private_key(ec.SECP192R1())),
    ("P-224", lambda: ec.generate_private_key(ec.SECP224R1())),
    ("P-256", lambda: ec.generate_private_key(ec.SECP256R1())),
    ("P-384", lambda: ec.generate_private_key(ec.SECP384R1())),
    ("P-521", lambda: ec.generate_private_key(ec.SECP521R1())),
    ("secp256k1", lambda: ec.generate_private_key(ec.SECP256K1())),
    ("brainpoolP256r1", lambda: ec.generate_private_key(ec.BrainpoolP256R1())),
    ("brainpoolP384r1", lambda: ec.generate_private_key(ec.BrainpoolP384R1())),
    ("brainpoolP512r1", lambda: ec.generate_private_key(ec.BrainpoolP512R1())),
    ("Ed25519", lambda: pki_maker.make_key("ed25519")),
    ("Ed448", lambda: pki_maker.make_key("ed448")),
    ("ML-DSA-44", lambda: pki_maker.make_key("mldsa44")),
    ("ML-DSA-65", lambda: pki_maker.make_key("mldsa65")),
    ("ML-DSA-87", lambda: pki_maker.make_key("mldsa87")),
)


def heading() -> str:
    """Return the heading of the section for the library at hand; patch releases share one."""
    major, minor = ssl.OPENSSL_VERSION_INFO[:2]
    return f"## OpenSSL {major}.{minor}"


def rows() -> tuple[str, ...]:
    """Return the lines of the table, head included."""
    root = pki_maker.issue("root", pki_maker.make_key("p256"), ca=True)
    lines = ["| Key | TLS 1.2 | TLS 1.3 | What the library says |", "| --- | --- | --- | --- |"]
    for name, make in _KEYS:
        issued = pki_maker.issue("client", make(), root, eku=("clientAuth",))
        trial = tls_support.try_certificate(certificates.read_certificate(issued.der))
        first, second = ("yes" if v in trial.versions else "no" for v in ("TLS 1.2", "TLS 1.3"))
        said = trial.reason.rpartition(" (")[2].removesuffix(").") if trial.reason else ""
        lines.append(f"| {name} | {first} | {second} | {said} |")
    return tuple(lines)


if __name__ == "__main__":
    print(heading(), "", *rows(), sep="\n")  # noqa: T201  # this is what it is for
