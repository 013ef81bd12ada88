"""OpenSSL's word on chains and requests that the product made."""

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.pki.certificates import Certificate
from tests import peers


def verify_chain(
    folder: Path,
    chain: Sequence[Certificate],
    missing: Sequence[bytes] = (),
    purpose: str = "sslclient",
) -> None:
    """Let openssl verify a chain that is stored end-entity first.

    Args:
        folder: an existing one, for openssl's files.
        chain: with its root, unless that is missing.
        missing: issuers in DER that the chain lacks, the root last.
        purpose: what the end-entity certificate must be good for.
    """
    ders = (*(certificate.der for certificate in chain), *missing)
    pems = [x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in ders]
    leaf, between, top = (folder / f"verified-{name}.pem" for name in ("leaf", "between", "top"))
    leaf.write_bytes(pems[0])
    between.write_bytes(b"".join(pems[1:-1]))
    top.write_bytes(pems[-1])
    untrusted = ["-untrusted", str(between)] if pems[1:-1] else []
    command = ["openssl", "verify", "-purpose", purpose, "-CAfile", str(top)]
    said = peers.run(*command, *untrusted, str(leaf))
    assert said.endswith(b": OK\n"), said


def verify_request(pem: bytes) -> None:
    """Let openssl verify the signature of a signing request."""
    peers.run("openssl", "req", "-verify", "-noout", data=pem)
