import pytest
from cryptography import x509

from keysteward.pki import certificates, names, subjects
from keysteward.pki.subjects import Subject
from keysteward.problems import SubjectInvalid

FULL = Subject(
    common_name="shop.example.test",
    organizational_unit="Payments",
    organization="Müller & Söhne",
    locality="Walldorf",
    state="Baden-Württemberg",
    country="de",
    email="keys@example.test",
)


def test_name_is_shown_common_name_first() -> None:
    """Lists show the subject as SAP does, the most specific part first and the country last."""
    name = subjects.build_name(Subject("shop.example.test", country="DE"))
    expected = "CN=shop.example.test,C=DE"
    assert expected == names.shown(name)


def test_full_name_is_encoded_most_general_part_first() -> None:
    """All seven parts are written, in the conventional order, the country in capitals."""
    expected = (
        "E=keys@example.test,CN=shop.example.test,OU=Payments,O=Müller & Söhne,L=Walldorf,"
        "ST=Baden-Württemberg,C=DE"
    )
    assert expected == names.shown(subjects.build_name(FULL))


@pytest.mark.parametrize(
    ("subject", "part"),
    [
        (Subject(""), "CN"),
        (Subject("a" * 65), "CN"),
        (Subject(" a"), "CN"),
        (Subject("a\nb"), "CN"),
        (Subject("a\u202eb"), "CN"),
        (Subject("a\ud800b"), "CN"),
        (Subject("a", organizational_unit="b" * 65), "OU"),
        (Subject("a", organization="b" * 65), "(O)"),
        (Subject("a", locality="b" * 129), "(L)"),
        (Subject("a", state="b" * 129), "(ST)"),
        (Subject("a", state=""), "(ST)"),
        (Subject("a", country="DEU"), "(C)"),
        (Subject("a", country="D1"), "(C)"),
        (Subject("a", country="ÄÖ"), "(C)"),
        (Subject("a", email="nobody"), "(E)"),
        (Subject("a", email="x@" + "a." * 130 + "test"), "(E)"),
        (Subject("a", email="ü@example.test"), "(E)"),
    ],
)
def test_part_that_cannot_be_written_is_named(subject: Subject, part: str) -> None:
    """Every refusal says which part of the subject is at fault."""
    with pytest.raises(SubjectInvalid) as caught:
        subjects.build_name(subject)
    assert part in caught.value.part


def test_parts_may_be_as_long_as_rfc_5280_allows() -> None:
    """The upper bounds themselves are allowed."""
    subject = Subject("c" * 64, "u" * 64, "o" * 64, "l" * 128, "s" * 128, "DE")
    lengths = [2, 128, 128, 64, 64, 64]
    assert lengths == [len(attribute.value) for attribute in subjects.build_name(subject)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DNS:shop.example.test", "DNS:shop.example.test"),
        ("dns:shop.example.test", "DNS:shop.example.test"),
        ("shop.example.test", "DNS:shop.example.test"),
        ("localhost", "DNS:localhost"),
        ("*.example.test", "DNS:*.example.test"),
        ("bücher.example.test", "DNS:xn--bcher-kva.example.test"),
        ("192.0.2.1", "IP:192.0.2.1"),
        ("IP:192.0.2.1", "IP:192.0.2.1"),
        ("2001:db8::1", "IP:2001:db8::1"),
        ("keys@example.test", "email:keys@example.test"),
        ("email:keys@bücher.test", "email:keys@xn--bcher-kva.test"),
        ("https://shop.example.test/a?b=c", "URI:https://shop.example.test/a?b=c"),
        ("URI:urn:example:shop", "URI:urn:example:shop"),
        ("DNS:1.example.test", "DNS:1.example.test"),
    ],
)
def test_alternative_name_is_recognised(text: str, expected: str) -> None:
    """Prefixes work in any case, and without one the kind is seen from the text."""
    san = subjects.build_san([text])
    assert san is not None
    assert (expected,) == certificates.san_texts(san)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DNS:",
        "DNS:*",
        "DNS:a.*.test",
        "DNS:*a.example.test",
        "DNS:-a.test",
        "DNS:a..test",
        "DNS:a.test.",
        "DNS:a_b.test",
        "DNS:a b.test",
        "DNS:" + "a" * 64 + ".test",
        "DNS:" + "a." * 126 + "test",
        "DNS:straße.test",
        "DNS:a\u3002b.test",
        "DNS:\ud800.test",
        "192.0.2.300",
        "IP:shop.example.test",
        "IP:192.0.2.0/24",
        "IP:fe80::1%eth0",
        "fe80::1%eth0",
        "email:shop.example.test",
        "email:a b@example.test",
        "email:a@*.example.test",
        "email:@example.test",
        "URI:/relative",
        "URI:https:",
        "URI:https://a b/",
        "URI:https://bücher.test/",
        "URI:https://a.test/" + "a" * 2048,
        "RID:1.2.3",
    ],
)
def test_alternative_name_that_cannot_be_written_is_refused(text: str) -> None:
    """A name that no receiver could match ends in a problem that quotes it."""
    with pytest.raises(SubjectInvalid, match="alternative name"):
        subjects.build_san([text])


def test_repeated_alternative_name_is_written_once() -> None:
    """Order is kept and repetitions go."""
    san = subjects.build_san(["b.test", "a.test", "DNS:b.test"])
    assert x509.SubjectAlternativeName([x509.DNSName("b.test"), x509.DNSName("a.test")]) == san


def test_no_alternative_names_make_no_extension() -> None:
    """Without names there is nothing to write."""
    assert subjects.build_san([]) is None


def test_parts_that_are_left_out_are_gone_and_others_stay() -> None:
    """Both units go, what ``Subject`` does not know stays, and the order is kept."""
    name = x509.Name.from_rfc4514_string("CN=a,OU=b,OU=c,DC=example,C=DE")
    left = subjects.leave_out(name, {"organizational_unit", "country"})
    assert "CN=a,DC=example" == left.rfc4514_string()
    assert name == subjects.leave_out(name, ())


def test_subject_is_read_from_a_name() -> None:
    """What is there twice is read once, and what is not there is nothing."""
    name = x509.Name.from_rfc4514_string("CN=a,OU=b,OU=c,DC=example,C=DE")
    read = subjects.read_subject(name)
    first = next(a.value for rdn in name.rdns for a in rdn if a.oid.dotted_string == "2.5.4.11")
    assert ("a", first, None, "DE") == (
        read.common_name,
        read.organizational_unit,
        read.organization,
        read.country,
    )
    whole = subjects.Subject("a", "b", "c", "d", "e", "DE", "f@example.test")
    assert whole == subjects.read_subject(subjects.build_name(whole))
