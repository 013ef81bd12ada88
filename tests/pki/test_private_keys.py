import random
import re
import secrets
import ssl
from datetime import UTC, datetime
from math import lcm
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.pki import certificates, key_pairs, private_keys, public_keys, subjects
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import (
    CertificateUnreadable,
    KeyTypeUnsupported,
    PasswordWrong,
    PrivateKeyUnreadable,
    Problem,
)
from keysteward.values import Secret
from tests import peers, pki_maker
from tests.keystore_files import tlv

PASSWORD = "correct horse battery"
SECRET = Secret(PASSWORD.encode())

Numbers = dict[str, int]


@pytest.fixture(scope="session")
def openssl_rsa() -> bytes:
    """A key of 2048 bits in PKCS#1, as ``openssl genrsa -traditional`` writes it."""
    if peers.openssl_version() < (3,):
        return peers.run("openssl", "genrsa", "2048")
    return peers.run("openssl", "genrsa", "-traditional", "2048")


@pytest.fixture(scope="session")
def openssl_ec() -> bytes:
    """A key on P-256 in SEC1 behind its EC PARAMETERS, as ``openssl ecparam -genkey`` writes it."""
    return peers.run("openssl", "ecparam", "-name", "prime256v1", "-genkey")


@pytest.fixture(scope="session")
def openssl_dsa() -> bytes:
    """A DSA key behind its parameters, converted to the traditional form."""
    both = peers.run("openssl", "dsaparam", "-genkey", "1024")
    return peers.run("openssl", "pkey", "-traditional", data=both)


def _public(pem: bytes, *passing: str) -> bytes:
    return peers.run("openssl", "pkey", "-pubout", "-outform", "DER", *passing, data=pem)


def _read_public(data: bytes, password: Secret | None = None) -> bytes:
    return public_keys.spki(private_keys.read_private_key(data, password).key.public_key())


@pytest.mark.parametrize("kind", ["openssl_rsa", "openssl_ec", "openssl_dsa"])
@pytest.mark.parametrize(
    "conversion",
    [
        (),
        ("pkcs8", "-topk8", "-nocrypt"),
        ("pkcs8", "-topk8", "-nocrypt", "-outform", "DER"),
    ],
    ids=["traditional", "pkcs8", "der"],
)
def test_clear_key_is_read_in_each_form(
    kind: str, conversion: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """PKCS#1, SEC1 with parameters, DSA's old form and PKCS#8 give the key that OpenSSL sees."""
    pem: bytes = request.getfixturevalue(kind)
    data = peers.run("openssl", *conversion, data=pem) if conversion else pem
    assert _public(pem) == _read_public(data)


@pytest.mark.parametrize("kind", ["openssl_rsa", "openssl_ec"])
@pytest.mark.parametrize(
    "conversion",
    [
        ("pkcs8", "-topk8", "-v2", "aes-256-cbc"),
        ("pkcs8", "-topk8", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512", "-iter", "10000"),
        ("pkcs8", "-topk8", "-v2", "des3"),
        ("pkcs8", "-topk8", "-scrypt"),
        ("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"),
        ("pkcs8", "-topk8", "-outform", "DER"),
        ("traditional", "-aes256"),
        ("traditional", "-des3"),
    ],
    ids="_".join,
)
def test_encrypted_key_is_read_with_its_password(
    kind: str, conversion: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """Each usual encryption opens with the right password, and with no other."""
    pem: bytes = request.getfixturevalue(kind)
    data = _encrypted(pem, *conversion)
    assert _public(pem) == _read_public(data, SECRET)
    with pytest.raises(PasswordWrong, match="password is wrong, or"):
        private_keys.read_private_key(data, Secret(b"another"))
    for none in (None, Secret(b"")):
        with pytest.raises(PasswordWrong, match=r"is encrypted\. Give its password\."):
            private_keys.read_private_key(data, none)


def _encrypted(pem: bytes, *conversion: str) -> bytes:
    passing = ("-passout", f"pass:{PASSWORD}")
    if conversion[0] == "traditional":
        kind = "rsa" if b"RSA" in pem else "ec"
        # "ec" has always written the traditional form and knows no option for it.
        form = ("-traditional",) if kind == "rsa" and peers.openssl_version() >= (3,) else ()
        return peers.run("openssl", kind, *form, *conversion[1:], *passing, data=pem)
    return peers.run("openssl", *conversion, *passing, data=pem)


def test_key_with_an_unknown_cipher_says_so(openssl_rsa: bytes) -> None:
    """A cipher that is not known is not mistaken for a wrong password."""
    data = peers.run(
        *("openssl", "pkcs8", "-topk8", "-v2", "camellia-128-cbc"),
        *("-passout", f"pass:{PASSWORD}"),
        data=openssl_rsa,
    )
    with pytest.raises(PrivateKeyUnreadable, match="cipher that is not known"):
        private_keys.read_private_key(data, SECRET)


@pytest.mark.parametrize(
    "info",
    [
        "AES-128-CBC,00112233445566",
        "AES-256-CBC,0011223344556677",
        "AES-256-CBC,00112233445566778899aabbccddee",
        "AES-256-CBC,00112233445566778899aabbccddeeff00",
        "AES-256-CBC,\n 0011223344556677",
        "AES-256\n -CBC,0011223344556677",
        "AES-256-CBC,00112233445566778899aabbccddeeff\nDEK-Info: AES-256-CBC,0011223344556677",
        "AES-256-CBC",
        "",
    ],
)
def test_header_that_does_not_describe_the_cipher_is_refused(openssl_ec: bytes, info: str) -> None:
    """A vector that is too short ends in a problem before the library sees it."""
    data = _encrypted(openssl_ec, "traditional", "-aes256")
    changed = re.sub(rb"DEK-Info: .*", b"DEK-Info: " + info.encode(), data)
    with pytest.raises(PrivateKeyUnreadable, match="DEK-Info"):
        private_keys.read_private_key(changed, SECRET)


def test_password_for_a_clear_key_is_refused(openssl_rsa: bytes) -> None:
    """A password that opens nothing points at a mix-up and is not ignored."""
    with pytest.raises(PasswordWrong, match="not encrypted"):
        private_keys.read_private_key(openssl_rsa, SECRET)


def test_each_kind_of_key_survives_sealing_form(any_key: PrivateKey) -> None:
    """What is written for sealing is read again as the same key, brought or sealed."""
    pkcs8 = private_keys.to_pkcs8(any_key)
    expected = public_keys.spki(any_key.public_key())
    assert expected == _read_public(pkcs8.reveal())
    assert expected == public_keys.spki(private_keys.from_pkcs8(pkcs8).public_key())


def test_certificates_beside_the_key_are_returned(openssl_rsa: bytes) -> None:
    """A PEM file with key and chain gives both, the certificates in the order of the file."""
    chain = pki_maker.make_chain()
    data = chain[0].pem + openssl_rsa + chain[1].pem + b"some text\n" + chain[2].pem
    found = private_keys.read_private_key(data).certificates
    assert tuple(certificates.read_certificate(link.der) for link in chain) == found


def test_damaged_certificate_beside_the_key_is_named(openssl_rsa: bytes) -> None:
    """A broken certificate is not passed over in silence."""
    broken = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    with pytest.raises(CertificateUnreadable):
        private_keys.read_private_key(openssl_rsa + broken)


def test_two_keys_in_one_file_are_refused(openssl_rsa: bytes, openssl_ec: bytes) -> None:
    """Which one was meant is for the user to say."""
    with pytest.raises(PrivateKeyUnreadable, match="holds 2 private keys"):
        private_keys.read_private_key(openssl_rsa + openssl_ec)


# ---- proof


def _numbers(pem: bytes) -> Numbers:
    key = private_keys.read_private_key(pem).key
    assert isinstance(key, rsa.RSAPrivateKey)
    private = key.private_numbers()
    names = ("d", "p", "q", "dmp1", "dmq1", "iqmp")
    public = {"n": private.public_numbers.n, "e": private.public_numbers.e}
    return public | {name: getattr(private, name) for name in names}


def _pkcs1(numbers: Numbers) -> bytes:
    order = ("n", "e", "d", "p", "q", "dmp1", "dmq1", "iqmp")
    integers = b"\x02\x01\x00" + b"".join(_integer(numbers[name]) for name in order)
    return _tlv(0x30, integers)


def _integer(number: int) -> bytes:
    return _tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1))


def _tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    if len(content) < 256:
        return bytes((tag, 0x81, len(content))) + content
    return bytes((tag, 0x82)) + len(content).to_bytes(2) + content


def test_numbers_that_belong_together_are_accepted(openssl_rsa: bytes) -> None:
    """The private exponent may be that of Carmichael's function or of Euler's."""
    numbers = _numbers(openssl_rsa)
    p, q, e = numbers["p"], numbers["q"], numbers["e"]
    for modulus in (lcm(p - 1, q - 1), (p - 1) * (q - 1)):
        other = numbers | {"d": pow(e, -1, modulus)}
        assert _public(openssl_rsa) == _read_public(_pkcs1(other))


@pytest.mark.parametrize("name", ["n", "e", "d", "p", "q", "dmp1", "dmq1", "iqmp"])
@pytest.mark.parametrize("change", [(1, -2), (1, -1), (1, 1), (1, 2), (0, 0), (0, 1)])
def test_altered_number_is_refused(openssl_rsa: bytes, name: str, change: tuple[int, int]) -> None:
    """A key in which a single number was altered, or is 0 or 1, never becomes an entry."""
    numbers = _numbers(openssl_rsa)
    numbers[name] = numbers[name] * change[0] + change[1]
    with pytest.raises((PrivateKeyUnreadable, KeyTypeUnsupported)):
        private_keys.read_private_key(_pkcs1(numbers))


def test_composite_prime_is_refused(openssl_rsa: bytes) -> None:
    """Numbers that fit each other but are no primes fail at the signature."""
    numbers = _numbers(openssl_rsa)
    q, e = numbers["q"], numbers["e"]
    p = next(
        candidate
        for candidate in range(numbers["p"] + 2, numbers["p"] + 4000, 2)
        if (candidate - 1) % e and pow(2, candidate - 1, candidate) != 1
    )
    d = pow(e, -1, lcm(p - 1, q - 1))
    made = {"n": p * q, "e": e, "d": d, "p": p, "q": q}
    made |= {"dmp1": d % (p - 1), "dmq1": d % (q - 1), "iqmp": pow(q, -1, p)}
    with pytest.raises(PrivateKeyUnreadable, match="do not belong together"):
        private_keys.read_private_key(_pkcs1(made))


def test_ec_key_with_a_foreign_public_point_is_refused() -> None:
    """The point that the file states has to be the one of the private scalar."""
    one, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    der = one.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    forged = der.replace(_point(one), _point(other))
    assert forged != der
    with pytest.raises(PrivateKeyUnreadable):
        private_keys.read_private_key(forged)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)


# ---- what is no key for us


@pytest.mark.parametrize(
    "options",
    [
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:sect233r1"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp192k1"),
        (
            *("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime239v1"),
            *("-pkeyopt", "ec_param_enc:explicit"),
        ),
        ("-algorithm", "X25519"),
        ("-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"),
    ],
    ids=["binary", "rare", "explicit", "x25519", "dh"],
)
def test_key_that_cannot_be_used_is_called_unsupported(options: tuple[str, ...]) -> None:
    """Curves that are not known and keys that cannot sign are told from damaged files."""
    with pytest.raises(KeyTypeUnsupported):
        private_keys.read_private_key(peers.run("openssl", "genpkey", *options))


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"", "no private key"),
        (b"hello", "no private key"),
        (b"\x30\x00", "damaged"),
        (b"-----BEGIN PRIVATE KEY-----\nMAA", "cut off"),
        (b"-----BEGIN PRIVATE KEY-----\n???\n-----END PRIVATE KEY-----", "no base64"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", "'CERTIFICATE'"),
        (
            b"-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----",
            "ssh-keygen",
        ),
        (b"\xfe\xed\xfe\xed\0\0\0\2", r"\(JKS\)\. Import it as a whole keystore"),
        (b"\xce\xce\xce\xce\0\0\0\2", r"\(JCEKS\)\. Import it as a whole keystore"),
        (b"PuTTY-User-Key-File-3: ssh-rsa", r"PuTTY key\. Add it as an SSH key; for"),
    ],
)
def test_file_without_a_key_is_described(data: bytes, hint: str) -> None:
    """The problem says what was found instead of a key."""
    with pytest.raises(PrivateKeyUnreadable, match=hint):
        private_keys.read_private_key(data)


def test_pkcs12_file_is_called_one(ec_key: PrivateKey, tmp_path: Path) -> None:
    """A PKCS#12 keystore, with or without a password given, gets the command that unpacks it."""
    issued = pki_maker.issue("a", ec_key)
    file = tmp_path / "both.pem"
    file.write_bytes(issued.pem + issued.key_pem())
    data = peers.run(*("openssl", "pkcs12", "-export", "-in", str(file), "-passout", "pass:abcd"))
    for password in (None, SECRET):
        with pytest.raises(PrivateKeyUnreadable, match=r"PKCS#12.*openssl pkcs12"):
            private_keys.read_private_key(data, password)


def test_problem_holds_neither_password_nor_key(openssl_rsa: bytes) -> None:
    """No text of a refusal repeats what has to stay secret."""
    clear, sealed = openssl_rsa, _encrypted(openssl_rsa, "pkcs8", "-topk8")
    body = sealed.splitlines()[1].decode()
    for data, password in ((clear, SECRET), (sealed, None), (sealed[:-80], SECRET)):
        with pytest.raises(Problem) as caught:
            private_keys.read_private_key(data, password)
        text = f"{caught.value}{caught.value!r}{caught.value.__cause__!r}"
        assert PASSWORD not in text
        assert body not in text
        assert openssl_rsa.splitlines()[3].decode() not in text


@pytest.mark.parametrize("length", [0, 31, 33, 57, 2000])
@pytest.mark.parametrize("algorithm", ["2b6570", "2b6571", "2b656e", "2b656f"])
def test_key_of_a_wrong_length_is_refused(algorithm: str, length: int) -> None:
    """Ed25519, Ed448, X25519 and X448 keys that are too short or too long end in a problem."""
    length += length == 57 and algorithm == "2b6571"
    named = tlv(0x30, tlv(6, bytes.fromhex(algorithm)))
    pkcs8 = tlv(0x30, tlv(2, b"\0"), named, tlv(4, tlv(4, bytes(length))))
    with pytest.raises(PrivateKeyUnreadable, match="is damaged"):
        private_keys.read_private_key(pkcs8)
    with pytest.raises(PrivateKeyUnreadable, match="is damaged"):
        private_keys.load_pkcs8(Secret(pkcs8))


@pytest.mark.parametrize("kind", ["openssl_rsa", "openssl_ec", "openssl_dsa"])
def test_altered_bytes_end_in_a_key_or_a_problem(kind: str, request: pytest.FixtureRequest) -> None:
    """Cut-off and altered files never end in anything else."""
    pem: bytes = request.getfixturevalue(kind)
    der = peers.run("openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", data=pem)
    chance = random.Random(1)
    for _ in range(300):
        altered = bytearray(der)
        altered[chance.randrange(len(der))] ^= 1 << chance.randrange(8)
        for data in (bytes(altered), der[: chance.randrange(len(der))]):
            try:
                read = private_keys.read_private_key(data)
            except Problem:
                continue
            assert isinstance(read, private_keys.ImportedKey)


def test_key_for_tls_opens_in_openssl(any_key: PrivateKey, tmp_path: Path) -> None:
    """The openssl command reads the encrypted key and finds the same public key."""
    if public_keys.kind(any_key.public_key()).type.startswith("ML-DSA"):
        peers.require_openssl_with_ml_dsa()
    password = secrets.token_hex(32).encode()
    file = tmp_path / "key.pem"
    file.write_bytes(private_keys.encrypt_for_tls(private_keys.to_pkcs8(any_key), Secret(password)))
    public = peers.run(
        *("openssl", "pkey", "-in", str(file), "-passin", "stdin", "-pubout", "-outform", "DER"),
        data=password + b"\n",
    )
    assert public_keys.spki(any_key.public_key()) == public


def test_key_for_tls_opens_in_pythons_tls(ec_key: PrivateKey, tmp_path: Path) -> None:
    """Python's ssl takes the key with its certificate, and only with the password."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    content = Content(subjects.build_name(Subject("a")), None, Usage.TLS_CLIENT)
    der = key_pairs.build_placeholder(ec_key, content, key_pairs.build_validity(now))
    password = secrets.token_hex(32)
    key = private_keys.encrypt_for_tls(private_keys.to_pkcs8(ec_key), Secret(password.encode()))
    file = tmp_path / "both.pem"
    file.write_bytes(key + ssl.DER_cert_to_PEM_cert(der).encode())
    ssl.create_default_context().load_cert_chain(file, password=password)
    with pytest.raises(ssl.SSLError):
        ssl.create_default_context().load_cert_chain(file, password="another")


def test_key_for_tls_differs_each_time(ec_key: PrivateKey) -> None:
    """Salt and vector are new for each writing, under the same password too."""
    pkcs8, password = private_keys.to_pkcs8(ec_key), Secret(b"x" * 32)
    assert private_keys.encrypt_for_tls(pkcs8, password) != private_keys.encrypt_for_tls(
        pkcs8, password
    )
