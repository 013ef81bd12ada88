"""Certificates as values, and the verification of their signatures."""

from cryptography.hazmat.primitives.asymmetric import rsa

from keysteward.pki import certificates
from tests import pki_maker


def _key_with_exponent(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key, for tests alone, with a public exponent of that many bits."""
    while True:
        numbers = rsa.generate_private_key(65537, 2048).private_numbers()
        exponent, order = (1 << bits) - 1, (numbers.p - 1) * (numbers.q - 1)
        try:
            secret = pow(exponent, -1, order)
        except ValueError:  # not coprime: other primes may be
            continue
        return rsa.RSAPrivateNumbers(
            p=numbers.p,
            q=numbers.q,
            d=secret,
            dmp1=secret % (numbers.p - 1),
            dmq1=secret % (numbers.q - 1),
            iqmp=numbers.iqmp,
            public_numbers=rsa.RSAPublicNumbers(exponent, numbers.public_numbers.n),
        ).private_key()


def test_a_signature_counts_with_an_exponent_of_64_bits() -> None:
    """The longest exponent that OpenSSL takes for every modulus is taken."""
    root = certificates.read_certificate(pki_maker.issue("Root", _key_with_exponent(64)).der)

    assert None is certificates.failure_of_signature(root, root)


def test_a_signature_does_not_count_with_a_longer_exponent() -> None:
    """A key made to be slow is not tried: it costs a hundred times what an honest one costs."""
    root = certificates.read_certificate(pki_maker.issue("Root", _key_with_exponent(65)).der)

    assert "the issuer's RSA key has an exponent that is too long" == (
        certificates.failure_of_signature(root, root)
    )
