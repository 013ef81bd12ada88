from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from keysteward.pki import certificates, key_pairs, public_keys, subjects, usages
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import KeySpec, PrivateKey, Validity
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import CertificateUnreadable, KeyTypeUnsupported, ValidityInvalid
from tests import peers

NOW = datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=UTC)
VALIDITY = key_pairs.build_validity(NOW)


def content(usage: Usage = Usage.TLS_CLIENT) -> Content:
    """Return what the certificates of these tests say."""
    return Content(
        subjects.build_name(Subject("shop.example.test", country="DE")),
        subjects.build_san(["shop.example.test", "192.0.2.1"]),
        usage,
    )


# ---- what can be asked for


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((), KeySpec("rsa", 4096)),
        (("RSA", 3072), KeySpec("rsa", 3072)),
        (("rsa", 2048), KeySpec("rsa", 2048)),
        (("dsa",), KeySpec("dsa", 3072)),
        (("dsa", 2048), KeySpec("dsa", 2048)),
        (("Ed25519",), KeySpec("ed25519")),
        (("ed448",), KeySpec("ed448")),
        (("ml-dsa",), KeySpec("ml-dsa", 65)),
        (("ML-DSA", 87), KeySpec("ml-dsa", 87)),
        (("ec",), KeySpec("ec", curve="secp256r1")),
        (("ec", None, "P-384"), KeySpec("ec", curve="secp384r1")),
        (("ec", None, "p-521"), KeySpec("ec", curve="secp521r1")),
        (("ec", None, "prime256v1"), KeySpec("ec", curve="secp256r1")),
        (("ec", None, "prime192v1"), KeySpec("ec", curve="secp192r1")),
        (("ec", None, "P-224"), KeySpec("ec", curve="secp224r1")),
        (("ec", None, "SECP256K1"), KeySpec("ec", curve="secp256k1")),
        (("ec", None, "brainpoolp512R1"), KeySpec("ec", curve="brainpoolP512r1")),
    ],
)
def test_key_spec_understands_names_people_use(
    asked: tuple[str, int | None, str | None], expected: KeySpec
) -> None:
    """Types and curves go by their usual names in any case, with defaults for what is left out."""
    assert expected == key_pairs.parse_key_spec(*asked)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        (("idea",), "rsa, ec, dsa, ed25519, ed448, ml-dsa"),
        (("rsa", 1024), "2048, 3072, 4096"),
        (("rsa", 0), "2048, 3072, 4096"),
        (("dsa", 4096), "2048, 3072"),
        (("ml-dsa", 64), "44, 65, 87"),
        (("rsa", None, "P-256"), "no curve"),
        (("ed25519", 256), "no size"),
        (("ed25519", None, "P-256"), "no curve"),
        (("ec", 256), "Name a curve"),
        (("ec", None, "P-257"), "secp256r1, secp384r1"),
        (("ec", None, ""), "secp256r1, secp384r1"),
        (("ec", None, "sect233r1"), "binary field"),
        (("ec", None, "B-233"), "binary field"),
        (("ec", None, "K-283"), "binary field"),
        (("ec", None, "c2pnb163v1"), "binary field"),
    ],
)
def test_key_spec_that_is_not_offered_names_the_choices(
    asked: tuple[str, int | None, str | None], hint: str
) -> None:
    """What cannot be made, or does not belong to the type, is refused with the choices."""
    with pytest.raises(KeyTypeUnsupported, match=hint):
        key_pairs.parse_key_spec(*asked)


def test_every_binary_curve_of_openssl_is_called_one() -> None:
    """Each curve that OpenSSL lists over a binary field gets the error of its own."""
    listed = peers.run("openssl", "ecparam", "-list_curves").decode().replace(":\n", ":")
    lines = [line for line in listed.splitlines() if "binary field" in line]
    assert len(lines) > 10
    for line in lines:
        with pytest.raises(KeyTypeUnsupported, match="binary field"):
            key_pairs.parse_key_spec("ec", curve=line.partition(":")[0])


def test_generated_key_is_what_was_asked_for(any_spec: KeySpec, any_key: PrivateKey) -> None:
    """Type, size and curve of the new key are those of the wish."""
    kind = public_keys.kind(any_key.public_key())
    assert (any_spec.key_type, any_spec.curve) == (kind.type, kind.curve)
    if any_spec.type in ("rsa", "dsa"):
        assert any_spec.size == kind.size


def test_rsa_key_has_the_default_size() -> None:
    """Without a wish, the key is RSA with 4096 bits and the exponent 65537."""
    key = key_pairs.generate(key_pairs.parse_key_spec())
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers, expected = key.public_key().public_numbers(), (4096, 65537)
    assert expected == (numbers.n.bit_length(), numbers.e)


# ---- hashes


@pytest.mark.parametrize("spelling", ["sha256", "SHA-256", "SHA256", "sha_256"])
def test_hash_is_found_in_any_spelling(spelling: str) -> None:
    """The hash goes by SAP's, Java's and OpenSSL's spelling."""
    found = key_pairs.signature_hash("RSA", spelling)
    assert isinstance(found, hashes.SHA256)


@pytest.mark.parametrize(
    ("key_type", "asked"),
    [("RSA", "sha1"), ("RSA", "md5"), ("EC", ""), ("Ed25519", "sha512"), ("ML-DSA-65", "sha256")],
)
def test_hash_that_does_not_fit_is_refused(key_type: str, asked: str) -> None:
    """Weak hashes are not signed with, and keys with a hash of their own take none."""
    with pytest.raises(KeyTypeUnsupported):
        key_pairs.signature_hash(key_type, asked)


# ---- validity


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2029, 3, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), datetime(2031, 2, 28, tzinfo=UTC)),
        (datetime(2048, 6, 1, tzinfo=UTC), datetime(2051, 6, 1, tzinfo=UTC)),
    ],
)
def test_validity_is_three_calendar_years(now: datetime, expected: datetime) -> None:
    """The same day three years on; 29 February becomes the 28th."""
    assert expected == key_pairs.build_validity(now).not_after


def test_validity_lasts_the_years_that_are_asked_for() -> None:
    """Ten calendar years end on the same day of the year, at the same second."""
    found = key_pairs.build_validity(NOW, years=10)
    assert (NOW.replace(microsecond=0), NOW.replace(microsecond=0, year=2036)) == (
        found.not_before,
        found.not_after,
    )


def test_validity_is_utc_in_whole_seconds() -> None:
    """Dates of other time zones are converted, fractions are cut off."""
    zone = timezone(timedelta(hours=2))
    given = key_pairs.build_validity(
        NOW, datetime(2026, 1, 1, 1, 0, 0, 5, tzinfo=zone), datetime(2027, 1, 1, 1, tzinfo=zone)
    )
    assert (
        Validity(datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC))
        == given
    )


@pytest.mark.parametrize(
    ("not_before", "not_after"),
    [
        (None, NOW.replace(microsecond=1)),
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2027, 1, 1), None),  # noqa: DTZ001  # naive on purpose
        (datetime(1949, 12, 31, tzinfo=UTC), None),
        (datetime(9998, 1, 1, tzinfo=UTC), None),
        (None, datetime.max.replace(tzinfo=timezone(timedelta(hours=-2)))),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=2))), None),
    ],
)
def test_validity_that_cannot_be_written_is_refused(
    not_before: datetime | None, not_after: datetime | None
) -> None:
    """An empty period, a date without zone, and years outside of X.509 end in a problem."""
    with pytest.raises(ValidityInvalid):
        key_pairs.build_validity(NOW, not_before, not_after)


# ---- placeholders


def test_placeholder_verifies_as_self_signed(any_key: PrivateKey) -> None:
    """A key of each kind signs its own certificate, of version 3, for the asked period."""
    der = key_pairs.build_placeholder(any_key, content(), VALIDITY)
    read = certificates.read_certificate(der)
    assert read.self_signed
    assert public_keys.spki(any_key.public_key()) == read.spki
    assert (3, NOW.replace(microsecond=0)) == (read.version, read.not_before)


def test_placeholder_verifies_with_openssl(any_key: PrivateKey, tmp_path: Path) -> None:
    """OpenSSL accepts the placeholder of each kind of key as its own trust anchor."""
    if public_keys.kind(any_key.public_key()).type.startswith("ML-DSA"):
        peers.require_openssl_with_ml_dsa()
    file = tmp_path / "placeholder.der"
    file.write_bytes(key_pairs.build_placeholder(any_key, content(), VALIDITY))
    said = peers.run(
        *("openssl", "verify", "-check_ss_sig", "-partial_chain", "-auth_level", "0"),
        *("-purpose", "sslclient", "-attime", "1790000000", "-trusted", str(file), str(file)),
    )
    assert said.rstrip().endswith(b": OK")


def test_placeholder_reads_in_openssl_as_asked(ec_key: PrivateKey) -> None:
    """Another implementation shows the subject, names, usages and constraints that were asked."""
    der = key_pairs.build_placeholder(ec_key, content(), VALIDITY, "SHA-384")
    text = peers.run("openssl", "x509", "-inform", "DER", "-noout", "-text", data=der).decode()
    lines = [line.strip() for line in text.splitlines()]
    for expected in (
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA384",
        "Not Before: Mar  1 12:30:15 2026 GMT",
        "Not After : Mar  1 12:30:15 2029 GMT",
        "Subject: C = DE, CN = shop.example.test",
        "X509v3 Basic Constraints: critical",
        "CA:FALSE",
        "X509v3 Key Usage: critical",
        "Digital Signature",
        "X509v3 Extended Key Usage:",
        "TLS Web Client Authentication",
        "DNS:shop.example.test, IP Address:192.0.2.1",
        "X509v3 Subject Key Identifier:",
    ):
        assert expected in lines


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage.TLS_CLIENT, ["DigitalSignature"]),
        (Usage.TLS_SERVER, ["DigitalSignature", "Key_Encipherment"]),
        (Usage.SIGNATURE, ["DigitalSignature", "Non_repudiation"]),
        (Usage.DECRYPTION, ["Key_Encipherment"]),
        (Usage.SSH, ["DigitalSignature"]),
    ],
)
def test_placeholder_has_the_key_usages_of_its_purpose(
    rsa_key: PrivateKey, usage: Usage, expected: list[str]
) -> None:
    """Java reads the key usages that the declared usage stands for."""
    der = key_pairs.build_placeholder(rsa_key, content(usage), VALIDITY)
    text = peers.run("keytool", "-J-Duser.language=en", "-printcert", data=der).decode()
    found = text.partition("KeyUsage [")[2].partition("]")[0].split()
    assert expected == found


def test_placeholder_for_decryption_lets_an_ec_key_agree(ec_key: PrivateKey) -> None:
    """An EC key decrypts by key agreement, so its certificate says so."""
    der = key_pairs.build_placeholder(ec_key, content(Usage.DECRYPTION), VALIDITY)
    assert frozenset({"key_agreement"}) == certificates.read_certificate(der).extensions.key_usage


def test_placeholder_signs_with_sha_512_by_default(rsa_key: PrivateKey) -> None:
    """Without a wish, RSA signs with SHA-512."""
    der = key_pairs.build_placeholder(rsa_key, content(), VALIDITY)
    said = peers.run("openssl", "x509", "-inform", "DER", "-noout", "-text", data=der)
    assert b"sha512WithRSAEncryption" in said


def test_placeholder_beyond_2050_keeps_its_dates(ec_key: PrivateKey) -> None:
    """From 2050 on dates are GeneralizedTime (RFC 5280 section 4.1.2.5), and read back the same."""
    validity = key_pairs.build_validity(NOW, not_after=datetime(9999, 12, 31, tzinfo=UTC))
    der = key_pairs.build_placeholder(ec_key, content(), validity)
    said = peers.run("openssl", "asn1parse", "-inform", "DER", data=der)
    assert b"GENERALIZEDTIME   :99991231000000Z" in said
    assert validity.not_after == certificates.read_certificate(der).not_after


def test_placeholders_have_random_positive_serial_numbers(ec_key: PrivateKey) -> None:
    """Two placeholders of one key differ; serial numbers fit 20 octets (RFC 5280 4.1.2.2)."""
    numbers = {
        certificates.read_certificate(
            key_pairs.build_placeholder(ec_key, content(), VALIDITY)
        ).serial_number
        for _ in range(4)
    }
    assert len(numbers) > 1
    assert all(0 < number < 1 << 159 for number in numbers)


@pytest.mark.parametrize("usage", list(Usage))
def test_placeholder_satisfies_its_own_usage(rsa_key: PrivateKey, usage: Usage) -> None:
    """What we write ourselves never earns a warning about its usages."""
    der = key_pairs.build_placeholder(rsa_key, content(usage), VALIDITY)
    found = certificates.read_certificate(der).extensions
    assert usages.allows_extended(usage, found.extended_key_usage)
    assert usages.allows_bits(usage, found.key_usage)


@pytest.mark.parametrize("hash_name", ["SHA-384", "SHA-512"])
def test_dsa_placeholder_with_a_longer_hash_is_self_signed(hash_name: str) -> None:
    """A DSA certificate with SHA-384 or SHA-512 is verified and named like any other."""
    key = key_pairs.generate(KeySpec("dsa", 2048))
    read = certificates.read_certificate(
        key_pairs.build_placeholder(key, content(), VALIDITY, hash_name)
    )
    assert read.self_signed
    assert f"{hash_name.replace('-', '')}withDSA" == read.signature_algorithm


def test_certificate_with_an_extension_twice_is_unreadable(ec_key: PrivateKey) -> None:
    """RFC 5280 section 4.2: no extension occurs twice; such a file ends in a problem."""
    der = key_pairs.build_placeholder(ec_key, content(), VALIDITY)
    twice = der.replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d13"))
    with pytest.raises(CertificateUnreadable):
        certificates.read_certificate(twice)
