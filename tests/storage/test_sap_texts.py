import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from keysteward.entries import Owner
from keysteward.pki import names
from keysteward.pki.certificates import read_certificate
from keysteward.storage import sap_texts
from tests import peers, pki_maker
from tests.storage.conftest import NOW

_Pair = tuple[str, str]


def _name(*rdns: _Pair | list[_Pair]) -> x509.Name:
    """Return a name of pairs of type and value, most general first; a list is one RDN of many."""
    found = []
    for rdn in rdns:
        pairs = rdn if isinstance(rdn, list) else [rdn]
        found.append(
            x509.RelativeDistinguishedName(
                x509.NameAttribute(x509.ObjectIdentifier(oid), value, _validate=False)
                for oid, value in pairs
            )
        )
    return x509.Name(found)


_CN, _OU, _O, _C = "2.5.4.3", "2.5.4.11", "2.5.4.10", "2.5.4.6"
_NAMES: dict[str, tuple[_Pair | list[_Pair], ...]] = {
    "example": ((_C, "DE"), (_O, "Firm, Inc."), (_OU, "Unit"), (_CN, "x")),
    "all-keywords": (
        *((_C, "DE"), ("2.5.4.8", "Hessen"), ("2.5.4.7", "Bad Homburg"), (_O, "o"), (_OU, "ou")),
        *(("2.5.4.9", "Street 1"), ("0.9.2342.19200300.100.1.25", "example")),
        *(("0.9.2342.19200300.100.1.1", "uid"), (_CN, "cn"), ("2.5.4.4", "sn"), ("2.5.4.5", "1")),
        *(("2.5.4.12", "title"), ("2.5.4.42", "given"), ("2.5.4.43", "i"), ("2.5.4.44", "g")),
        *(("2.5.4.46", "q"), ("1.2.840.113549.1.9.1", "a@b.example"), ("1.3.6.1.4.1.99.1", "own")),
    ),
    "several-in-one": ((_C, "DE"), [(_CN, "b, c"), ("2.5.4.5", "7")]),
    "quotes-and-backslashes": ((_O, 'The "Firm"!'), (_OU, "back\\slash"), (_CN, 'a\\"b\\\\0c')),
    "specials": ((_O, "a+b=c"), (_OU, "<x>;y"), (_CN, "#1")),
    "blanks": ((_O, " before"), (_OU, "behind "), (_CN, "in  between")),
    "one-blank": ((_CN, " "),),
    "hash-within": ((_CN, "a #b"),),
    "looks-escaped": ((_CN, r"\2C"), (_OU, r"C\0A")),
    "other-scripts": ((_O, "Straße"), (_OU, "株式会社"), (_CN, "ı😀")),
}


def test_distinguished_names_are_those_of_java(tmp_path: Path) -> None:
    """Names are shown as keytool prints them: order, keywords, quotes and separators."""
    issued = [pki_maker.issue(_name(*rdns)) for rdns in _NAMES.values()]
    file = tmp_path / "certificates.pem"
    file.write_bytes(b"".join(one.pem for one in issued))
    printed = peers.run(
        *("keytool", "-J-Dstdout.encoding=UTF-8", "-J-Dfile.encoding=UTF-8"),
        *("-J-Duser.language=en", "-printcert", "-file", str(file)),
    ).decode()
    owners = re.findall(r"^Owner: (.*)$", printed, re.MULTILINE)
    shown = [sap_texts.distinguished_name(read_certificate(one.der).subject) for one in issued]
    assert dict(zip(_NAMES, owners, strict=True)) == dict(zip(_NAMES, shown, strict=True))


def test_text_that_is_no_name_is_shown_up_to_where_it_is_one() -> None:
    """Nothing is looked for behind it."""
    assert "CN=a" == sap_texts.distinguished_name("CN=a\\")
    assert "" == sap_texts.distinguished_name("\\" + "a" * 100_000)


def test_empty_name_is_shown_as_nothing() -> None:
    """A certificate may have its names in the extension alone."""
    assert "" == sap_texts.distinguished_name(names.shown(_name()))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", r'CN="a\0Ab"'),
        ("a\u202eb", r'CN="a\E2\80\AEb"'),
        ('"already quoted"', r'CN="\"already quoted\""'),
    ],
)
def test_distinguished_name_shows_what_java_would_hide(value: str, shown: str) -> None:
    """A control character stays its bytes, and quotes of the value are told from ours."""
    assert shown == sap_texts.distinguished_name(names.shown(_name((_CN, value))))


def test_bytes_that_are_no_text_are_shown_as_their_hexadecimal_digits() -> None:
    """They have no quotes: those would make a text of them."""
    bits = x509.NameAttribute(
        NameOID.X500_UNIQUE_IDENTIFIER, b"\x00\xff", x509.name._ASN1Type.BitString
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x"), bits])
    assert "OID.2.5.4.45=#00ff, CN=x" == sap_texts.distinguished_name(names.shown(name))


@pytest.mark.parametrize(
    ("digits", "shown"), [("33af1", "0x33AF1"), ("0", "0x0"), ("ff" * 20, "0x" + "FF" * 20)]
)
def test_serial_number_is_upper_case_without_leading_zeros(digits: str, shown: str) -> None:
    """Serial numbers are as in the examples of SAP's API specification."""
    assert shown == sap_texts.serial_number(digits)


def test_fingerprint_is_that_of_openssl() -> None:
    """Fingerprints are upper-case pairs with colons."""
    certificate = read_certificate(pki_maker.issue("x", pki_maker.make_key("p256")).der)
    command = ("openssl", "x509", "-inform", "DER", "-noout", "-fingerprint", "-sha256")
    printed = peers.run(*command, data=certificate.der).decode()
    digest = bytes.fromhex(certificate.fingerprint)
    assert printed.strip().partition("=")[2] == sap_texts.fingerprint(digest)


@pytest.mark.parametrize(
    ("alias", "shown"),
    [
        ("my alias", "6D7920616C696173"),
        ("id_rsa", "69645F727361"),
        ("[2]_sap_test", "5B325D5F7361705F74657374"),
        ("ß😀", "C39FF09F9880"),
    ],
)
def test_hexalias_is_that_of_the_documentation(alias: str, shown: str) -> None:
    """The key of an entry is its alias in UTF-8, in upper-case hexadecimal."""
    assert shown == sap_texts.hexalias(alias)


def test_people_of_the_provider_have_no_names() -> None:
    """Who worked on the provider's entries is not told."""
    assert ("SAP", "ann") == tuple(sap_texts.person(owner, "ann") for owner in list(Owner)[::-1])


def test_time_is_shown_to_the_millisecond() -> None:
    """What is finer is cut off, not rounded."""
    assert NOW.replace(microsecond=678000) == sap_texts.instant(NOW)
