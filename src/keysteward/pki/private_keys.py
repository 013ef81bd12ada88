"""Private keys that a user brings: read, proven, and written for sealing."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (
    dsa,
    ec,
    ed448,
    ed25519,
    mldsa,
    padding,
    rsa,
)
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from keysteward.pki import certificates, encrypted_keys, pem_blocks
from keysteward.pki.certificates import Certificate
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.pem_blocks import Block
from keysteward.problems import (
    CertificateUnreadable,
    KeyTypeUnsupported,
    PasswordWrong,
    PrivateKeyUnreadable,
    Problem,
)
from keysteward.values import Secret

_SIGNING = (
    rsa.RSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    dsa.DSAPrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
    mldsa.MLDSA44PrivateKey,
    mldsa.MLDSA65PrivateKey,
    mldsa.MLDSA87PrivateKey,
)

_RSA_BITS = (512, 16_384)
"""Below, not even a signature with SHA-256 fits; above, OpenSSL refuses the modulus."""

_PROOF = b"proof of possession"

_MISFIT = (
    "The numbers of the private key do not belong together, or not to its public key: the file is "
    "damaged or was put together from several keys."
)

_CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")

_FROM_JAVA = (
    "Import it as a whole keystore; for one key of it, make a PKCS#12 file with 'keytool "
    "-importkeystore -srcalias ALIAS -deststoretype PKCS12' and give that."
)
_OTHER_FILES = (
    (b"\xfe\xed\xfe\xed", f"a Java keystore (JKS). {_FROM_JAVA}"),
    (b"\xce\xce\xce\xce", f"a Java keystore (JCEKS). {_FROM_JAVA}"),
    (
        b"PuTTY-User-Key-File",
        (
            "a PuTTY key. Add it as an SSH key; for another use, convert it with "
            "'puttygen FILE -O private-openssh -o key.pem' and give that."
        ),
    ),
)

_PKCS12_VERSION = b"\x02\x01\x03"
"""The INTEGER 3 in front (RFC 7292 section 4), which no form of a lone private key has."""

_FROM_PKCS12 = "Take the key out with 'openssl pkcs12 -in FILE -out key.pem' and give that."

_CONVERT = "Convert it to PEM, for example with 'openssl pkey -in FILE -out key.pem'."


@dataclass(frozen=True, slots=True)
class ImportedKey:
    """A proven private key, and the certificates that lay in the same file, in its order."""

    key: PrivateKey = field(repr=False)
    certificates: tuple[Certificate, ...]


def read_private_key(data: bytes, password: Secret | None = None) -> ImportedKey:
    """Return the one private key of a file, proven to be whole and to fit its public key.

    PEM may be PKCS#8, PKCS#1, SEC1 (with or without EC PARAMETERS before it) or DSA's traditional
    form, encrypted or not, amid other blocks and text; DER may be any of these without PEM.

    Raises:
        PrivateKeyUnreadable: no key, more than one, a damaged one, one whose numbers do not belong
            together.
        PasswordWrong: no password, a wrong one, or one for a clear key.
        KeyTypeUnsupported: a key that cannot sign, or on a curve that is not known here.
        CertificateUnreadable: a certificate block beside the key is damaged.
    """
    blocks = pem_blocks.find(data)
    keys = [block for block in blocks if block.label.endswith("PRIVATE KEY")]
    if len(keys) > 1:
        raise PrivateKeyUnreadable(
            f"The file holds {len(keys)} private keys. Give a file with one of them."
        )
    if keys:
        loaded = _from_block(keys[0], password)
    elif blocks or not data.startswith(b"\x30"):
        raise PrivateKeyUnreadable(_no_key(data, blocks))
    elif _PKCS12_VERSION in data[:8]:
        raise PrivateKeyUnreadable(f"The file is a PKCS#12 keystore. {_FROM_PKCS12}")
    else:
        loaded = _from_der(data, password)
    return ImportedKey(require_proven(loaded), _certificates(blocks))


def require_proven(key: PrivateKeyTypes) -> PrivateKey:
    """Return a key from any source, once it is proven that it can sign and its numbers are whole.

    RSA numbers need not have been validated by the library. Raises PrivateKeyUnreadable,
    KeyTypeUnsupported.
    """
    supported = _supported(key)
    _prove(supported)
    return supported


def load_pkcs8(pkcs8: Secret) -> PrivateKey:
    """Return a clear private key from outside (PKCS#8 in DER), of which nothing is proven yet.

    Raises PrivateKeyUnreadable, KeyTypeUnsupported.
    """
    return _supported(_load(serialization.load_der_private_key, pkcs8.reveal(), None))


def require_numbers(key: PrivateKey) -> None:
    """Refuse a key whose numbers do not belong together, cheaply enough for many keys at once.

    Of RSA, whose signatures take longest, the numbers alone are compared, and the caller compares
    the public key with the certificate's. Raises PrivateKeyUnreadable.
    """
    if not isinstance(key, rsa.RSAPrivateKey):
        _prove(key)
    elif not _consistent(key.private_numbers()):
        raise PrivateKeyUnreadable(_MISFIT)


def _no_key(data: bytes, blocks: tuple[Block, ...]) -> str:
    if blocks:
        labels = ", ".join(dict.fromkeys(repr(block.label) for block in blocks[:4]))
        return f"The file holds no private key, but {labels}. Give the file with the key."
    for start, what in _OTHER_FILES:
        if data.startswith(start):
            return f"The file is {what}"
    if b"PRIVATE KEY-----" in data:
        return (
            "The private key in the file is cut off. Copy it again, with its BEGIN and END lines."
        )
    return "The file holds no private key. Give one in PEM (PKCS#8, PKCS#1 or SEC1)."


def _from_block(block: Block, password: Secret | None) -> PrivateKeyTypes:
    if block.label == "OPENSSH PRIVATE KEY":
        raise PrivateKeyUnreadable(
            "The key is in OpenSSH's own format. Add it as an SSH key; for another use, "
            "convert a copy of the file with 'ssh-keygen -p -m PKCS8 -f COPY' and give that."
        )
    if b"Proc-Type:" in block.body:  # RFC 1421 section 4.6.1.1, as OpenSSL encrypts old forms
        opened = _password_for(password, encrypted=True)
        if not encrypted_keys.describes_its_cipher(block.body):
            raise PrivateKeyUnreadable(
                "The private key is damaged: its header does not say how it is encrypted "
                "(DEK-Info). Copy the file again from where it was made."
            )
        return _load(serialization.load_pem_private_key, block.text, opened)
    if block.der is None:
        raise PrivateKeyUnreadable("The private key is damaged: its text is no base64.")
    return _from_der(block.der, password)


def _from_der(der: bytes, password: Secret | None) -> PrivateKeyTypes:
    encrypted = encrypted_keys.is_encrypted(der)
    if encrypted and encrypted_keys.asks_too_much(der):
        raise PrivateKeyUnreadable(
            "The key's encryption asks for more rounds of key derivation than is reasonable. "
            "Encrypt it anew, for example with 'openssl pkcs8 -topk8'."
        )
    opened = _password_for(password, encrypted=encrypted)
    return _load(serialization.load_der_private_key, der, opened)


def _password_for(password: Secret | None, *, encrypted: bool) -> bytes | None:
    if password is not None and not encrypted:
        raise PasswordWrong(
            "A password was given, but the key is not encrypted. Repeat without the password; if "
            "you expected an encrypted key, check that this is the right file."
        )
    given = b"" if password is None else password.reveal()
    if encrypted and not given:
        raise PasswordWrong("The key is encrypted. Give its password.")
    return given or None


def _load(
    loader: Callable[..., PrivateKeyTypes], data: bytes, password: bytes | None
) -> PrivateKeyTypes:
    try:
        with warnings.catch_warnings():
            # About kinds of keys that are refused below anyway.
            warnings.simplefilter("ignore")
            return loader(data, password, unsafe_skip_rsa_key_validation=True)
    except UnsupportedAlgorithm as error:
        # The library names a curve by its object identifier at most.
        raise KeyTypeUnsupported(
            "The key is of a kind or on a curve that is not supported (binary curves, curves of "
            "one's own, and rare prime curves are not).",
            "Use an RSA key, or an EC key on a curve such as P-256.",
        ) from error
    except (ValueError, TypeError, InternalError) as error:
        # InternalError: an Ed25519, Ed448, X25519 or X448 key of a wrong length (cryptography 50).
        raise _not_loaded(str(error), password) from error


def _not_loaded(message: str, password: bytes | None) -> Problem:
    if password is None:
        return PrivateKeyUnreadable(
            f"The private key is damaged, or in a form that is not known here. {_CONVERT}"
        )
    if "unknown" in message.lower():
        return PrivateKeyUnreadable(
            "The key is encrypted with a cipher that is not known here. Encrypt it anew, for "
            "example with 'openssl pkcs8 -topk8'."
        )
    return PasswordWrong(
        "The password is wrong, or the encrypted key is damaged. Check the password with 'openssl "
        "pkey -in FILE -noout'."
    )


def _supported(key: PrivateKeyTypes) -> PrivateKey:
    if not isinstance(key, _SIGNING):
        raise KeyTypeUnsupported(
            "The key is for key agreement alone and cannot sign.",
            "Use an RSA, EC, DSA, Ed25519, Ed448 or ML-DSA key.",
        )
    if isinstance(key, rsa.RSAPrivateKey) and not _RSA_BITS[0] <= key.key_size <= _RSA_BITS[1]:
        raise KeyTypeUnsupported(
            f"An RSA key of {key.key_size} bits cannot be used.",
            f"Use one of {_RSA_BITS[0]} to {_RSA_BITS[1]} bits.",
        )
    return key


def _prove(key: PrivateKey) -> None:
    """Refuse a key that does not make signatures which its own public key verifies.

    RSA numbers are compared first: OpenSSL signs by the primes and, if that fails, by the private
    exponent, so a signature alone would leave one of the two unproven. What the library's own
    validation adds (primality) costs up to 200 ms; composite "primes" fail at the signature.
    """
    try:
        if isinstance(key, rsa.RSAPrivateKey) and not _consistent(key.private_numbers()):
            raise PrivateKeyUnreadable(_MISFIT)
        _sign_and_verify(key)
    except (InvalidSignature, InternalError, ValueError) as error:
        raise PrivateKeyUnreadable(_MISFIT) from error


def _consistent(numbers: rsa.RSAPrivateNumbers) -> bool:
    """RFC 8017 section 3.2: n = p·q, and the exponents invert e modulo p-1 and modulo q-1.

    Which is to say e·d ≡ 1 modulo their least common multiple, without the cost of finding it.
    """
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    p, q, d = numbers.p, numbers.q, numbers.d
    if p < 3 or q < 3 or e < 3 or not p & q & e & 1 or p * q != n:
        return False
    return (
        0 < d < n
        and numbers.dmp1 == d % (p - 1)
        and numbers.dmq1 == d % (q - 1)
        and e * numbers.dmp1 % (p - 1) == 1
        and e * numbers.dmq1 % (q - 1) == 1
        and 0 < numbers.iqmp < p
        and numbers.iqmp * q % p == 1
    )


def _sign_and_verify(key: PrivateKey) -> None:
    if isinstance(key, rsa.RSAPrivateKey):
        scheme, digest = padding.PKCS1v15(), hashes.SHA256()
        key.public_key().verify(key.sign(_PROOF, scheme, digest), _PROOF, scheme, digest)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = ec.ECDSA(hashes.SHA256())
        key.public_key().verify(key.sign(_PROOF, algorithm), _PROOF, algorithm)
    elif isinstance(key, dsa.DSAPrivateKey):
        key.public_key().verify(key.sign(_PROOF, hashes.SHA256()), _PROOF, hashes.SHA256())
    else:
        key.public_key().verify(key.sign(_PROOF), _PROOF)


def _certificates(blocks: tuple[Block, ...]) -> tuple[Certificate, ...]:
    found = []
    for block in blocks:
        if block.label in _CERTIFICATE_LABELS:
            if block.der is None:
                raise CertificateUnreadable("A certificate beside the key is no base64.")
            found.append(certificates.read_certificate(block.der))
    return tuple(found)


def to_pkcs8(key: PrivateKey) -> Secret:
    """Return the key as clear PKCS#8 in DER (RFC 5958), to be sealed."""
    return Secret(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def from_pkcs8(pkcs8: Secret) -> PrivateKey:
    """Return the key of PKCS#8 that this installation wrote and sealed itself.

    The seal has proven the bytes, so the slow validation of RSA keys is left out; never for bytes
    from outside.
    """
    key = serialization.load_der_private_key(
        pkcs8.reveal(), None, unsafe_skip_rsa_key_validation=True
    )
    return _supported(key)


def encrypt_for_tls(pkcs8: Secret, password: Secret) -> bytes:
    """Return a key that was sealed here as encrypted PKCS#8 in PEM, for a TLS library to read.

    Args:
        pkcs8: the clear key in DER, as ``from_pkcs8`` takes it.
        password: random and used once; nothing but it protects the result.
    """
    encryption = BestAvailableEncryption(password.reveal())
    return from_pkcs8(pkcs8).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
