import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata import edm, errors, model
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.formats import atom_format
from keysteward.odata.formats.writers import Content
from keysteward.odata.query import shapes
from keysteward.odata.query.shapes import Shape
from keysteward.problems import CertificateExpired, RootNotTrusted
from keysteward.values import Fingerprint
from tests.odata.samples import ENTRY, LINK, MEDIA, ROOT

A = "{http://www.w3.org/2005/Atom}"
APP = "{http://www.w3.org/2007/app}"
D = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"
M = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
RELATED = "http://schemas.microsoft.com/ado/2007/08/dataservices/related/"


def parsed(content: Content, media_type: str) -> ET.Element:
    """Return what a parser makes of a body."""
    assert f"{media_type};charset=utf-8" == content.media_type
    return ET.fromstring(content.body)  # noqa: S314 (our own document)


def entry(entity: Entity, shape: Shape | None = None) -> ET.Element:
    """Return the entry of an entity."""
    written = atom_format.write_entity(entity, shape or shapes.whole(entity.type), ROOT)
    return parsed(written, "application/atom+xml;type=entry")


def found(element: ET.Element, path: str) -> ET.Element:
    """Return the one element of a path."""
    (one,) = element.findall(path)
    return one


def test_entry_has_the_parts_of_the_format() -> None:
    """Address, type, content, and where it is edited; addresses are relative to the service."""
    root = entry(ENTRY)
    assert (f"{A}entry", ROOT) == (root.tag, root.get(BASE))
    assert f"{ROOT}KeystoreEntries('73686F70')" == root.findtext(f"{A}id")
    assert "shop" == root.findtext(f"{A}title")
    assert "2026-01-02T03:04:05Z" == root.findtext(f"{A}updated")
    category = found(root, f"{A}category")
    assert "com.sap.hci.api.KeystoreEntry" == category.get("term")
    assert "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme" == category.get("scheme")
    edit = found(root, f"{A}link[@rel='edit']")
    assert "KeystoreEntries('73686F70')" == edit.get("href")
    assert "application/xml" == found(root, f"{A}content").get("type")


def test_properties_are_bare_texts() -> None:
    """Their types are in the metadata; null is marked; what XML cannot hold is replaced."""
    properties = found(entry(ENTRY), f"{A}content/{M}properties")
    assert "shop" == properties.findtext(f"{D}Alias")
    size = found(properties, f"{D}KeySize")
    assert ("2048", {}) == (size.text, size.attrib)
    until = found(properties, f"{D}ValidNotAfter")
    assert "2028-12-31T23:59:59.500Z" == until.text
    assert {f"{M}null": "true"} == found(properties, f"{D}EllipticCurve").attrib
    assert 'CN=A & B <x>, O="Firm, \ufffdInc."' == properties.findtext(f"{D}SubjectDN")
    names = [each.tag.removeprefix(D) for each in properties]
    assert ["Hexalias", "Alias", "KeyType"] == names[:3]


def test_navigations_are_links() -> None:
    """With the type of what is there: one entry, or a feed."""
    root = entry(ENTRY)
    chain = found(root, f"{A}link[@rel='{RELATED}ChainCertificates']")
    assert "KeystoreEntries('73686F70')/ChainCertificates" == chain.get("href")
    assert "application/atom+xml;type=feed" == chain.get("type")
    certificate = found(root, f"{A}link[@rel='{RELATED}Certificate']")
    assert "application/atom+xml;type=entry" == certificate.get("type")


def test_expanded_navigations_lie_in_their_link() -> None:
    """A feed, an entry, or nothing where there is none."""
    entity = Entity(ENTRY.type, ENTRY.values, {"ChainCertificates": (LINK,), "Certificate": MEDIA})
    expand = (("ChainCertificates",), ("Certificate",), ("Sshkey",))
    root = entry(entity, shapes.build(ENTRY.type, (), expand))

    def inline(name: str) -> ET.Element:
        return found(root, f"{A}link[@rel='{RELATED}{name}']/{M}inline")

    inner = found(inline("ChainCertificates"), f"{A}feed/{A}entry/{A}content/{M}properties")
    assert "1" == inner.findtext(f"{D}Index")
    feed = found(inline("ChainCertificates"), f"{A}feed")
    address = "KeystoreEntries('73686F70')/ChainCertificates"
    assert f"{ROOT}{address}" == feed.findtext(f"{A}id")
    assert address == found(feed, f"{A}link[@rel='self']").get("href")
    assert "shop" == found(inline("Certificate"), f"{A}entry").findtext(f"{A}title")
    assert 0 == len(inline("Sshkey"))


def test_media_entry_has_its_content_elsewhere() -> None:
    """And its properties beside it."""
    root = entry(MEDIA)
    source = "CertificateResources('73686F70')/$value?keystoreName=KeyRenewal"
    content = found(root, f"{A}content")
    assert ("application/pkix-cert", f"{ROOT}{source}") == (content.get("type"), content.get("src"))
    assert source == found(root, f"{A}link[@rel='edit-media']").get("href")
    assert "shop" == found(root, f"{M}properties").findtext(f"{D}Alias")
    assert 'W/"3-7"' == root.get(f"{M}etag")


def test_feed_has_count_and_the_next_page_where_asked() -> None:
    """The next page by its whole address."""
    following = f"{ROOT}KeystoreEntries?$select=Alias&$skiptoken=1000"
    feed = Feed((ENTRY, ENTRY), 1001, following)
    written = atom_format.write_feed(feed, shapes.whole(ENTRY.type), ROOT)
    root = parsed(written, "application/atom+xml;type=feed")
    assert (f"{A}feed", 2) == (root.tag, len(root.findall(f"{A}entry")))
    assert "1001" == root.findtext(f"{M}count")
    assert following == found(root, f"{A}link[@rel='next']").get("href")
    assert "2026-01-02T03:04:05Z" == root.findtext(f"{A}updated")
    empty = atom_format.write_feed(Feed(()), shapes.whole(ENTRY.type), ROOT)
    root = parsed(empty, "application/atom+xml;type=feed")
    assert (None, 0) == (root.find(f"{M}count"), len(root.findall(f"{A}entry")))


def test_single_values_are_documents_of_their_own() -> None:
    """A property, and the addresses of related entities."""
    size = edm.properties_of(model.KEYSTORE)["Size"]
    root = parsed(atom_format.write_property(size, 3), "application/xml")
    assert (f"{D}Size", "3", {}) == (root.tag, root.text, root.attrib)
    root = parsed(atom_format.write_property(size, None), "application/xml")
    assert "true" == root.get(f"{M}null")
    uri = f"{ROOT}KeystoreEntries('73686F70')"
    root = parsed(atom_format.write_link(ENTRY, ROOT), "application/xml")
    assert (f"{D}uri", uri) == (root.tag, root.text)
    root = parsed(atom_format.write_links([ENTRY, ENTRY], ROOT), "application/xml")
    assert [uri, uri] == [each.text for each in root.findall(f"{D}uri")]


def test_service_document_lists_the_sets() -> None:
    """All fourteen, as AtomPub has it."""
    root = parsed(atom_format.write_service(ROOT), "application/atomsvc+xml")
    assert (f"{APP}service", ROOT) == (root.tag, root.get(BASE))
    hrefs = [each.get("href") for each in root.findall(f"{APP}workspace/{APP}collection")]
    assert (14, "KeystoreEntries") == (len(hrefs), hrefs[0])


def test_error_has_the_element_of_the_format() -> None:
    """Code, message with its language, and our words inside."""
    problem = CertificateExpired("CN=<x>", datetime(2026, 1, 1, tzinfo=UTC))
    root = parsed(atom_format.write_error(errors.answer(problem), ROOT), "application/xml")
    assert (f"{M}error", "Bad Request") == (root.tag, root.findtext(f"{M}code"))
    message = found(root, f"{M}message")
    assert "en" == message.get("{http://www.w3.org/XML/1998/namespace}lang")
    assert "CN=<x>" in (message.text or "")
    detail = found(root, f"{M}innererror/{M}errordetails/{M}errordetail")
    assert ("certificate-expired", "true") == (
        *(detail.findtext(f"{M}code"), detail.findtext(f"{M}override")),
    )


def test_untrusted_certificate_is_an_entry_within_the_error() -> None:
    """A document has one root, so it stands in ``innererror``."""
    problem = RootNotTrusted("CN=Root", Fingerprint("ab" * 32), "cd" * 20)
    answer = errors.answer(problem, errors.Circumstances(top=ENTRY))
    root = parsed(atom_format.write_error(answer, ROOT), "application/xml")
    inner = found(root, f"{M}innererror/{A}entry/{A}content/{M}properties")
    assert ("Conflict", "shop") == (root.findtext(f"{M}code"), inner.findtext(f"{D}Alias"))


@given(st.text(max_size=20))
def test_any_text_comes_back_but_for_what_xml_cannot_hold(text: str) -> None:
    """Tabs and line ends included; the rest becomes one character each."""
    entity = Entity(model.KEYSTORE_ENTRY, {"Hexalias": "6B", "Alias": text})
    properties = found(entry(entity), f"{A}content/{M}properties")
    read = properties.findtext(f"{D}Alias") or ""
    assert len(text) == len(read)
    assert all(theirs in {ours, "\ufffd"} for ours, theirs in zip(text, read, strict=True))
