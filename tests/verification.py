"""OpenSSL's word on chains, requests and keys that the product made or took in."""

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key

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


def verify_key(folder: Path, pkcs8: bytes, certificate: Certificate) -> None:
    """Sign with a clear private key (RSA, DSA or EC), and let openssl verify by the certificate."""
    key = load_der_private_key(pkcs8, None)
    data = certificate.fingerprint.encode()
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(data, ec.ECDSA(hashes.SHA256()))
    else:
        assert isinstance(key, dsa.DSAPrivateKey), key
        signature = key.sign(data, hashes.SHA256())
    signed, public, data_file = (folder / f"verified-{name}" for name in ("sig", "pub", "data"))
    signed.write_bytes(signature)
    data_file.write_bytes(data)
    der = ("openssl", "x509", "-inform", "DER", "-pubkey", "-noout")
    public.write_bytes(peers.run(*der, data=certificate.der))
    verify = ("openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(signed))
    assert b"Verified OK\n" == peers.run(*verify, str(data_file))
