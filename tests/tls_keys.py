"""The table of docs/tls-keys.md, tried anew: what this system's TLS does with each kind of key.

    .venv/bin/python -m tests.tls_keys

prints the section for the TLS library at hand, ready for the document.
"""

import ssl

from cryptography.hazmat.primitives.asymmetric import ec

from keysteward.pki import certificates, tls_support
from tests import pki_maker

_KEYS: tuple[tuple[str, str | ec.EllipticCurve], ...] = (
    ("RSA 1024", "rsa1024"),
    ("RSA 1536", "rsa1536"),
    ("RSA 2048", "rsa2048"),
    ("DSA 1024", "dsa1024"),
    ("DSA 2048", "dsa2048"),
    ("P-192", ec.SECP192R1()),
    ("P-224", ec.SECP224R1()),
    ("P-256", ec.SECP256R1()),
    ("P-384", ec.SECP384R1()),
    ("P-521", ec.SECP521R1()),
    ("secp256k1", ec.SECP256K1()),
    ("brainpoolP256r1", ec.BrainpoolP256R1()),
    ("brainpoolP384r1", ec.BrainpoolP384R1()),
    ("brainpoolP512r1", ec.BrainpoolP512R1()),
    ("Ed25519", "ed25519"),
    ("Ed448", "ed448"),
    ("ML-DSA-44", "mldsa44"),
    ("ML-DSA-65", "mldsa65"),
    ("ML-DSA-87", "mldsa87"),
)


def heading() -> str:
    """Return the heading of the section for the library at hand; patch releases share one."""
    major, minor = ssl.OPENSSL_VERSION_INFO[:2]
    return f"## OpenSSL {major}.{minor}"


def rows() -> tuple[str, ...]:
    """Return the lines of the table, head included."""
    root = pki_maker.issue("root", pki_maker.make_key("p256"), ca=True)
    lines = ["| Key | TLS 1.2 | TLS 1.3 | What the library says |", "| --- | --- | --- | --- |"]
    for name, kind in _KEYS:
        key = pki_maker.make_key(kind) if isinstance(kind, str) else ec.generate_private_key(kind)
        issued = pki_maker.issue("client", key, root, eku=("clientAuth",))
        trial = tls_support.try_certificate(certificates.read_certificate(issued.der))
        first, second = ("yes" if v in trial.versions else "no" for v in ("TLS 1.2", "TLS 1.3"))
        said = trial.reason.rpartition(" (")[2].removesuffix(").") if trial.reason else ""
        lines.append(f"| {name} | {first} | {second} | {said} |")
    return tuple(lines)


if __name__ == "__main__":
    print(heading(), "", *rows(), sep="\n")  # noqa: T201  # this is what it is for
