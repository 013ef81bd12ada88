import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata import edm, model, paths
from keysteward.odata.edm import Navigation
from keysteward.odata.paths import Ending, Metadata, Resource, ServiceDocument
from keysteward.problems import Problem, RequestInvalid, ResourceUnknown

ENTRIES = model.SETS["KeystoreEntries"]
CHAIN = model.SETS["ChainCertificates"]
KEYSTORES = model.SETS["Keystores"]


def entry_navigation(name: str) -> Navigation:
    """Return what leads on from an entry."""
    return edm.navigations_of(model.KEYSTORE_ENTRY)[name]


@pytest.mark.parametrize("raw", [b"", b"/"])
def test_root_is_the_service_document(raw: bytes) -> None:
    """With the slash or without."""
    assert ServiceDocument() == paths.parse(raw)


@pytest.mark.parametrize("raw", [b"$metadata", b"/$metadata/", b"%24metadata"])
def test_metadata_is_found_however_it_is_written(raw: bytes) -> None:
    """Encoded, too."""
    assert Metadata() == paths.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"KeystoreEntries('6B6579')",
        b"KeystoreEntries('6B6579')/",
        b"KeystoreEntries%28%276B6579%27%29",
        b"KeystoreEntries(Hexalias='6B6579')",
        b"KeystoreEntries(Hexalias%3D%276B6579%27)",
        b"/KeystoreEntries('%36%42%36%35%37%39')",
        b"KeystoreEntries( Hexalias = '6B6579' )",
    ],
)
def test_entry_is_found_in_every_form_that_clients_write(raw: bytes) -> None:
    """With encoded parentheses and quotes (pyodata), with a named key (SAP Cloud SDK)."""
    assert Resource(ENTRIES, ("6B6579",)) == paths.parse(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"KeystoreEntries", Resource(ENTRIES)),
        (b"KeystoreEntries/", Resource(ENTRIES)),
        (b"KeystoreEntries()", Resource(ENTRIES)),
        (b"KeystoreEntries/$count", Resource(ENTRIES, ending=Ending.COUNT)),
        (
            b"KeystoreEntries('6B')/SigningRequest/$value/",
            Resource(ENTRIES, ("6B",), entry_navigation("SigningRequest"), ending=Ending.VALUE),
        ),
        (
            b"KeystoreEntries('6B')/ChainCertificates(Hexalias='6B',Index=2)",
            Resource(ENTRIES, ("6B",), entry_navigation("ChainCertificates"), ("6B", 2)),
        ),
        (
            b"KeystoreEntries('6B')/$links/ChainCertificates",
            Resource(ENTRIES, ("6B",), entry_navigation("ChainCertificates"), links=True),
        ),
        (b"ChainCertificates(Index=0,Hexalias='6B')", Resource(CHAIN, ("6B", 0))),
        (
            b"Keystores('system')/Size/$value",
            Resource(
                *(KEYSTORES, ("system",), None, None),
                member=edm.properties_of(model.KEYSTORE)["Size"],
                ending=Ending.VALUE,
            ),
        ),
        (
            b"KeystoreEntries('6B')/Keystore/Size",
            Resource(
                *(ENTRIES, ("6B",), entry_navigation("Keystore"), None),
                member=edm.properties_of(model.KEYSTORE)["Size"],
            ),
        ),
        (b"Keystores('it''s (a,b) %2F %C3%A9')", Resource(KEYSTORES, ("it's (a,b) / é",))),
        (
            b"CertificateChainResources('6B')/$value",
            Resource(model.SETS["CertificateChainResources"], ("6B",), ending=Ending.VALUE),
        ),
    ],
)
def test_address_names_what_the_conventions_say(raw: bytes, expected: Resource) -> None:
    """OData V2, URI Conventions, section 3."""
    assert expected == paths.parse(raw)


@pytest.mark.parametrize(
    ("raw", "several"),
    [
        (b"KeystoreEntries", True),
        (b"KeystoreEntries('6B')", False),
        (b"KeystoreEntries('6B')/ChainCertificates", True),
        (b"KeystoreEntries('6B')/ChainCertificates(Hexalias='6B',Index=0)", False),
        (b"KeystoreEntries('6B')/Certificate", False),
    ],
)
def test_address_tells_whether_it_leads_to_several(raw: bytes, *, several: bool) -> None:
    """A feed or an entry."""
    found = paths.parse(raw)
    assert isinstance(found, Resource)
    assert several == found.is_collection


@pytest.mark.parametrize(
    "raw",
    [
        b"Nothing",
        b"keystoreentries",
        b"KeystoreEntries('6B')/Nothing",
        b"KeystoreEntries('6B')/Certificate/KeystoreEntry",
        b"KeystoreEntries/Alias",
        b"KeystoreEntries('6B')/$value",
        b"KeystoreEntries('6B')/$count",
        b"KeystoreEntries/$value",
        b"KeystoreEntries('6B')/$links/Alias",
        b"KeystoreEntries('6B')/$links/Certificate/$value",
        b"KeystoreEntries('6B'",
        b"KeystoreEntries//('6B')",
        b"$metadata/KeystoreEntries",
        b"KeystoreEntries()/Certificate",
        b"../../etc/passwd",
    ],
)
def test_address_that_leads_nowhere_is_unknown(raw: bytes) -> None:
    """And the problem repeats it."""
    with pytest.raises(ResourceUnknown) as caught:
        paths.parse(raw)
    assert raw.strip(b"/").decode() == caught.value.address


@pytest.mark.parametrize(
    "raw",
    [
        b"$batch",
        b"KeystoreEntries(6B)",
        b"KeystoreEntries(5)",
        b"KeystoreEntries('6B)",
        b"KeystoreEntries('6B'x)",
        b"KeystoreEntries('6B',)",
        b"KeystoreEntries('6B','6C')",
        b"KeystoreEntries(Alias='x')",
        b"KeystoreEntries(Hexalias='6B',Hexalias='6B')",
        b"ChainCertificates('6B')",
        b"ChainCertificates('6B',0)",
        b"ChainCertificates(Hexalias='6B',Index='0')",
        b"ChainCertificates(Hexalias='6B',Index=99999999999)",
        b"KeystoreEntries('6B')/Certificate('6B')",
        b"KeystoreEntries('%zz')",
        b"KeystoreEntries('%F')",
        b"KeystoreEntries('%FF')",
        b"KeystoreEntries('" + b"6B" * 5_000 + b"')",
    ],
)
def test_malformed_address_is_refused(raw: bytes) -> None:
    """Keys of another shape, broken encodings, batches, and more bytes than any key needs."""
    with pytest.raises(RequestInvalid):
        paths.parse(raw)


def test_unknown_address_is_repeated_in_part() -> None:
    """Nobody gets a long one back."""
    with pytest.raises(ResourceUnknown) as caught:
        paths.parse(b"x" * 5_000)
    assert 101 == len(caught.value.address)


@given(
    st.binary(max_size=300) | st.text("KeystorEnis(')=,/$%27 AlHx0", max_size=80).map(str.encode)
)
def test_any_bytes_end_in_an_address_or_a_problem(raw: bytes) -> None:
    """Nothing else escapes."""
    try:
        found = paths.parse(raw)
    except Problem:
        return
    assert isinstance(found, (ServiceDocument, Metadata, Resource))


@given(st.text(max_size=40))
def test_any_name_comes_back_from_its_key(name: str) -> None:
    """Quotes doubled, every byte percent-encoded."""
    literal = name.replace("'", "''").encode()
    raw = b"Keystores('" + b"".join(b"%%%02X" % byte for byte in literal) + b"')"
    assert Resource(KEYSTORES, (name,)) == paths.parse(raw)


def test_many_quotes_and_segments_are_read_in_one_pass() -> None:
    """What would make a backtracking reader try every way to pair them ends at once."""
    with pytest.raises(Problem):
        paths.parse(b"Keystores('" + b"'" * 8_001)
    with pytest.raises(Problem):
        paths.parse(b"Keystores(" + b" " * 8_000 + b"=)")
    with pytest.raises(Problem):
        paths.parse(b"a/" * 4_000)
