import pytest

from keysteward.formats import der
from keysteward.formats.keystores import pkcs12
from keysteward.formats.keystores import pkcs12_structure as structure
from tests import pkcs12_files as files
from tests import pki_maker
from tests.formats.keystores.conftest import opening
from tests.keystore_files import tlv

_END = b"\0\0"


def _indefinite(tag: int, *contents: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(contents) + _END


def _in_pieces(content: bytes, tag: int = 0x24) -> bytes:
    pieces = [tlv(4, content[place : place + 50]) for place in range(0, len(content), 50)]
    return _indefinite(tag, *pieces)


def test_file_in_ber_is_read_as_the_same_file_in_der() -> None:
    """NSS and Microsoft write indefinite lengths and octet strings in pieces, at every level."""
    certificate = pki_maker.issue("client").der
    contents = files.contents(files.certificate(certificate, files.name("client")))
    algorithm, hidden = files.by_pbkdf2(contents, b"p")
    inner = _indefinite(0x30, files.oid(files.DATA), algorithm, _in_pieces(hidden, 0xA0))
    safe = _indefinite(
        0x30,
        files.oid(files.ENCRYPTED),
        _indefinite(0xA0, _indefinite(0x30, files.integer(0), inner)),
    )
    authenticated = _indefinite(0x30, safe)
    content = _indefinite(0x30, files.oid(files.DATA), _indefinite(0xA0, _in_pieces(authenticated)))
    mac = files.pbmac1(b"p")(authenticated)
    ber = _indefinite(0x30, files.integer(3), content, mac)

    plain = files.pfx([files.encrypted((algorithm, hidden))], files.pbmac1(b"p"))
    assert pkcs12.read(plain, opening("p")) == pkcs12.read(ber, opening("p"))
    assert 1 == len(pkcs12.read(ber, opening("p")).certificates)


def test_octet_string_in_nested_pieces_is_put_together() -> None:
    """Pieces may be in pieces themselves, and empty."""
    data = tlv(0x24, tlv(4, b"ab"), tlv(0x24, tlv(4, b"c"), tlv(4)), _in_pieces(b"de"), tlv(4))

    assert b"abcde" == structure.octet_string(data, der.element(data, 0))


@pytest.mark.parametrize("depth", [9, 30, 4_000])
def test_octet_string_in_too_many_layers_is_refused(depth: int) -> None:
    """The depth is bounded, whatever the length."""
    data = tlv(4, b"x")
    for _ in range(depth):
        data = tlv(0x24, data)

    with pytest.raises(der.Damaged):
        structure.octet_string(data, der.element(data, 0))


@pytest.mark.parametrize("piece", [tlv(2, b"\1"), tlv(0x30), tlv(0x80, b"x")])
def test_octet_string_of_other_pieces_is_refused(piece: bytes) -> None:
    """Only octet strings make one up."""
    data = tlv(0x24, piece)

    with pytest.raises(der.Damaged):
        structure.octet_string(data, der.element(data, 0))


def test_fields_of_an_endless_sequence_are_not_collected() -> None:
    """A SEQUENCE of a few fields cannot be stuffed with millions of them."""
    most, more = (tlv(0x30, tlv(5) * count) for count in (16, 17))

    assert 16 == len(structure.fields(most, der.element(most, 0)))
    with pytest.raises(der.Damaged):
        structure.fields(more, der.element(more, 0))


@pytest.mark.parametrize("number", [1, 127, 128, 2**31, 2**64, 1 << 9_999])
def test_integer_of_any_size_is_read(number: int) -> None:
    """The number is whole, whatever its length."""
    data = files.integer(number)

    assert number == structure.positive(data, der.element(data, 0))


@pytest.mark.parametrize("data", [tlv(2), tlv(2, b"\0"), tlv(2, b"\x80"), tlv(10, b"\1")])
def test_integer_that_is_not_positive_is_refused(data: bytes) -> None:
    """No rounds, negative ones, and other types are no number of rounds."""
    with pytest.raises(der.Damaged):
        structure.positive(data, der.element(data, 0))


@pytest.mark.parametrize(
    "dotted", ["1.2.840.113549.1.12.10.1.3", "2.16.840.1.113894", "0.9", "2.5"]
)
def test_identifier_is_named_as_people_write_it(dotted: str) -> None:
    """As asn1crypto writes it."""
    assert dotted == structure.dotted(files.oid(dotted)[2:])


@pytest.mark.parametrize("content", [b"", bytes(33), b"\x80" * 33])
def test_odd_identifier_has_no_name(content: bytes) -> None:
    """An identifier that is empty or very long is not written out."""
    assert "one without a name" == structure.dotted(content)
