from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata import model
from keysteward.odata.formats import atom_bodies, atom_format
from keysteward.odata.formats.bodies import Body
from keysteward.odata.query import shapes
from keysteward.problems import RequestInvalid
from tests.odata.samples import ENTRY, ROOT

REQUEST = model.KEY_PAIR_GENERATION_REQUEST
NAMES = (
    'xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
)


def entry(properties: str) -> bytes:
    """Return an entry with these properties, as clients write it."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><entry {NAMES}><title/><author><name/></author>'
        f'<content type="application/xml"><m:properties>{properties}</m:properties></content>'
        "</entry>"
    ).encode()


def test_entry_is_read_by_the_types_of_its_properties() -> None:
    """Numbers, dates, bytes, nulls and escaped texts."""
    body = atom_bodies.read(
        entry(
            "<d:Alias>a &amp; <![CDATA[<b>]]></d:Alias>"
            '<d:KeySize m:type="Edm.Int32">2048</d:KeySize>'
            "<d:ValidNotAfter>2029-01-01T00:00:00Z</d:ValidNotAfter>"
            '<d:EllipticCurve m:null="true"/><d:Country></d:Country>'
            "<d:Extensions>AAEC</d:Extensions>"
        ),
        REQUEST,
    )
    assert {
        "Alias": "a & <b>",
        "KeySize": 2048,
        "ValidNotAfter": datetime(2029, 1, 1, tzinfo=UTC),
        "EllipticCurve": None,
        "Country": "",
        "Extensions": b"\x00\x01\x02",
    } == body.values


def test_written_entry_is_read_as_it_was() -> None:
    """What a client reads it can send back."""
    written = atom_format.write_entity(ENTRY, shapes.whole(ENTRY.type), ROOT).body
    body = atom_bodies.read(written, model.KEYSTORE_ENTRY)
    assert ENTRY.values["ValidNotAfter"] == body.values["ValidNotAfter"]
    assert ("shop", 2048, None) == tuple(
        body.values[name] for name in ("Alias", "KeySize", "Status")
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encoding_is_that_of_the_declaration(encoding: str) -> None:
    """Whatever the parser knows."""
    properties = f"<m:properties {NAMES}><d:Alias>ä</d:Alias></m:properties>"
    text = f'<?xml version="1.0" encoding="{encoding}"?>{properties}'
    assert {"Alias": "ä"} == atom_bodies.read(text.encode(encoding), REQUEST).values


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no well-formed XML"),
        (b"<entry>", "no well-formed XML"),
        (b'{"Alias":"x"}', "no well-formed XML"),
        (b"<entry/>", "no Atom entry"),
        (b'<?xml version="1.0" encoding="nothing"?><a/>', "no well-formed XML"),
        (entry("<d:Alyas>x</d:Alyas>"), "no property 'Alyas'"),
        (entry("<Alias>x</Alias>"), "no property 'Alias'"),
        (entry("<d:KeySize>many</d:KeySize>"), "property KeySize is not an Int32"),
        (entry('<d:Alias m:null="true"/>'), "property Alias cannot be null"),
        (entry("<d:Alias><d:Alias>x</d:Alias></d:Alias>"), "only text is read"),
        (entry("<d:Alias>&nothing;</d:Alias>"), "no well-formed XML"),
        (b"<a>" * 21, "more elements"),
        (b"<a>" + b"<b/>" * 1_001 + b"</a>", "more elements"),
        (b"<a " + b"".join(b' n%d="1"' % n for n in range(20_000)) + b"/>", "too long"),
        (b"<a>" + b"<!--" + b"x" * 100_000 + b"--></a>", "too long"),
        (b"<!DOCTYPE a><a/>", "document type declaration"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document type declaration"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type declaration"),
    ],
)
def test_body_that_cannot_be_meant_is_refused(data: bytes, message: str) -> None:
    """No entry, no XML, another property or value, too much of it, or a document type."""
    with pytest.raises(RequestInvalid, match=message):
        atom_bodies.read(data, REQUEST)


@given(
    st.binary(max_size=100)
    | st.lists(
        st.sampled_from(
            ["<d:Alias>", "</d:Alias>", "x", "&#0;", "<d:KeySize/>", "<!--", "]]>", "&"]
        )
    )
    .map("".join)
    .map(entry)
)
def test_any_bytes_end_in_a_body_or_a_refusal(data: bytes) -> None:
    """Nothing else escapes."""
    try:
        found = atom_bodies.read(data, REQUEST)
    except RequestInvalid:
        return
    assert isinstance(found, Body)
