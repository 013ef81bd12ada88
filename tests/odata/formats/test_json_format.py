import json
from datetime import UTC, datetime
from typing import Any

import pyodata.v2.model as pyodata_model
import pyodata.v2.service as pyodata_service
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata import edm, errors, metadata, model
from keysteward.odata.edm import EntityType
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.formats import json_format
from keysteward.odata.formats.bodies import Body
from keysteward.odata.formats.writers import Content
from keysteward.odata.query import shapes
from keysteward.odata.query.shapes import Shape
from keysteward.problems import AliasNotFound, RequestInvalid, RootNotTrusted
from keysteward.values import Fingerprint
from tests.odata.samples import ENTRY, LINK, MEDIA, ROOT, RUNTIME, UNTIL


def loaded(content: Content) -> Any:  # noqa: ANN401 (JSON)
    """Return what another reader of JSON makes of a body."""
    assert "application/json;charset=utf-8" == content.media_type
    return json.loads(content.body)


def whole(entity: Entity) -> Shape:
    """Return the shape without options."""
    return shapes.whole(entity.type)


def test_entity_has_all_members_in_the_order_of_the_service() -> None:
    """Metadata first, then the properties of the base types, at the end the navigations."""
    members = list(loaded(json_format.write_entity(ENTRY, whole(ENTRY), ROOT))["d"])
    assert members == [
        *("__metadata", "Hexalias", "Alias", "KeyType", "KeySize", "ValidNotBefore"),
        *("ValidNotAfter", "SerialNumber", "SignatureAlgorithm", "EllipticCurve", "Validity"),
        *("SubjectDN", "IssuerDN", "Version"),
        *("FingerprintSha1", "FingerprintSha256", "FingerprintSha512"),
        *("Type", "Owner", "LastModifiedBy", "LastModifiedTime", "CreatedBy", "CreatedTime"),
        *("Status", "ChainCertificates", "Certificate", "Sshkey", "Keystore", "ChainResource"),
        "SigningRequest",
    ]


def test_values_are_written_as_the_service_does() -> None:
    """Dates in milliseconds with an offset of nothing, numbers as such, absent values as null."""
    found = loaded(json_format.write_entity(ENTRY, whole(ENTRY), ROOT))["d"]
    address = "https://host.example.test/api/v1/KeystoreEntries('73686F70')"
    assert {"id": address, "uri": address, "type": "com.sap.hci.api.KeystoreEntry"} == found[
        "__metadata"
    ]
    assert "/Date(1861919999500+0000)/" == found["ValidNotAfter"]
    assert (2048, "shop", None) == (found["KeySize"], found["Alias"], found["EllipticCurve"])
    assert 'CN=A & B <x>, O="Firm, \x01Inc."' == found["SubjectDN"]
    assert {"__deferred": {"uri": f"{address}/Certificate"}} == found["Certificate"]


def test_media_entity_tells_where_its_content_is() -> None:
    """With its type, its ETag, and the keystore that it lies in."""
    found = loaded(json_format.write_entity(MEDIA, whole(MEDIA), ROOT))["d"]["__metadata"]
    content = f"{ROOT}CertificateResources('73686F70')/$value?keystoreName=KeyRenewal"
    assert (content, content) == (found["media_src"], found["edit_media"])
    assert "application/pkix-cert" == found["content_type"]
    assert 'W/"3-7"' == found["etag"]


def test_keys_of_several_properties_are_named_and_encoded() -> None:
    """Quotes doubled, slashes percent-encoded; a long number is a text."""
    found = loaded(json_format.write_entity(RUNTIME, whole(RUNTIME), ROOT))["d"]
    key = "KeystoreName='it''s',RuntimeId='a%2Fb'"
    assert f"{ROOT}RuntimeSyncInfos({key})" == found["__metadata"]["uri"]
    assert "1099511627776" == found["StatusUpdatedAt"]


def test_expanded_navigations_hold_their_entities() -> None:
    """Several in ``results``, one as itself, none as null."""
    entity = Entity(ENTRY.type, ENTRY.values, {"ChainCertificates": (LINK,), "Certificate": MEDIA})
    expand = (("ChainCertificates",), ("Certificate",), ("Sshkey",))
    shape = shapes.build(ENTRY.type, (("Alias",), *expand), expand)
    found = loaded(json_format.write_entity(entity, shape, ROOT))["d"]
    assert {"__metadata", "Alias", "ChainCertificates", "Certificate", "Sshkey"} == set(found)
    assert [1] == [each["Index"] for each in found["ChainCertificates"]["results"]]
    assert "shop" == found["Certificate"]["Alias"]
    assert found["Sshkey"] is None


def test_feed_has_count_and_the_next_page_where_asked() -> None:
    """The count as a text, which is how the format has it."""
    feed = Feed((ENTRY, ENTRY), 1001, f"{ROOT}KeystoreEntries?$skiptoken=1000")
    found = loaded(json_format.write_feed(feed, whole(ENTRY), ROOT))["d"]
    assert ["__count", "results", "__next"] == list(found)
    assert ("1001", 2) == (found["__count"], len(found["results"]))
    plain = loaded(json_format.write_feed(Feed(()), whole(ENTRY), ROOT))
    assert {"d": {"results": []}} == plain


def test_single_values_and_addresses_are_wrapped_in_d() -> None:
    """A property, the addresses of related entities, the names of the sets."""
    size = edm.properties_of(model.KEYSTORE)["Size"]
    assert {"d": {"Size": 3}} == loaded(json_format.write_property(size, 3))
    resource = edm.properties_of(model.KEYSTORE_RESOURCE)["Resource"]
    assert {"d": {"Resource": "/9g="}} == loaded(json_format.write_property(resource, b"\xff\xd8"))
    uri = f"{ROOT}KeystoreEntries('73686F70')"
    assert {"d": {"uri": uri}} == loaded(json_format.write_link(ENTRY, ROOT))
    assert {"d": {"results": [{"uri": uri}]}} == loaded(json_format.write_links([ENTRY], ROOT))
    service = loaded(json_format.write_service(ROOT))["d"]["EntitySets"]
    assert (14, "KeystoreEntries") == (len(service), service[0])


def test_error_is_that_of_the_service_with_our_words_inside() -> None:
    """Code and message where clients look for them, slug and title in ``errordetails``."""
    answer = errors.answer(AliasNotFound("shop", "default"))
    found = loaded(json_format.write_error(answer, ROOT))["error"]
    assert {
        "code": "Not Found",
        "message": {"lang": "en", "value": "Alias 'shop' not found in the keystore"},
    } == {name: found[name] for name in ("code", "message")}
    (detail,) = found["innererror"]["errordetails"]
    assert ("alias-not-found", "There is no such alias", False) == (
        *(detail["code"], detail["title"]),
        detail["override"],
    )
    assert detail["message"].startswith("Alias 'shop' not found in the keystore 'default'")


def test_untrusted_certificate_stands_beside_the_error() -> None:
    """So that clients which look for an entity and those which look for a text are both served."""
    problem = RootNotTrusted("CN=Root", Fingerprint("ab" * 32), "cd" * 20)
    top = Entity(model.KEYSTORE_ENTRY, {**ENTRY.values, "Validity": "notTrusted"})
    answer = errors.answer(problem, errors.Circumstances(top=top))
    found = loaded(json_format.write_error(answer, ROOT))
    assert ("Conflict", "notTrusted", "shop") == (
        *(found["error"]["code"], found["d"]["Validity"]),
        found["d"]["Alias"],
    )


def test_pyodata_reads_an_entity() -> None:
    """The client's own classes take our JSON for the entity that it is."""
    parsed = pyodata_model.MetadataBuilder(metadata.document(flat=True).body).build()
    entity_type = parsed.entity_type("KeystoreEntry")
    body = loaded(json_format.write_entity(ENTRY, whole(ENTRY), ROOT))["d"]
    service = pyodata_service.Service(ROOT, parsed, None)
    entity_set = parsed.entity_set("KeystoreEntries")
    proxy = pyodata_service.EntityProxy(service, entity_set, entity_type, body)
    assert ("shop", 2048, UNTIL) == (proxy.Alias, proxy.KeySize, proxy.ValidNotAfter)
    assert "('73686F70')" == proxy.entity_key.to_key_string()


REQUEST = model.KEY_PAIR_GENERATION_REQUEST


def read(text: str | bytes, entity_type: EntityType = REQUEST) -> Body:
    """Return what a body says."""
    return json_format.read(text if isinstance(text, bytes) else text.encode(), entity_type)


def test_documented_request_is_read() -> None:
    """The example of the service's documentation, with dates of both forms."""
    body = read(
        '{"Hexalias":"00","Alias":"shop-client","KeyType":"RSA","KeySize":2048,'
        '"SignatureAlgorithm":"SHA-256/RSA","CommonName":"shop.example.test","Country":"DE",'
        '"ValidNotBefore":"/Date(1767225600000)/","ValidNotAfter":"/Date(1861920000000+0060)/",'
        '"EllipticCurve":null}'
    )
    assert {
        "Hexalias": "00",
        "Alias": "shop-client",
        "KeyType": "RSA",
        "KeySize": 2048,
        "SignatureAlgorithm": "SHA-256/RSA",
        "CommonName": "shop.example.test",
        "Country": "DE",
        "ValidNotBefore": datetime(2026, 1, 1, tzinfo=UTC),
        "ValidNotAfter": datetime(2029, 1, 1, tzinfo=UTC),
        "EllipticCurve": None,
    } == body.values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"d":{"Alias":"x"}}', {"Alias": "x"}),
        ('{"__metadata":{"type":"x"},"Alias":"x"}', {"Alias": "x"}),
        ('\ufeff{"Alias":"ä\\u00e4"}', {"Alias": "ää"}),
        ('{"KeySize":"2048"}', {"KeySize": 2048}),
        (
            '{"ValidNotAfter":"2029-01-01T00:00:00Z"}',
            {"ValidNotAfter": datetime(2029, 1, 1, tzinfo=UTC)},
        ),
        (
            '{"ValidNotAfter":"2029-01-01T00:00:00"}',
            {"ValidNotAfter": datetime(2029, 1, 1, tzinfo=UTC)},
        ),
        (
            '{"ValidNotAfter":"\\/Date(-1000)\\/"}',
            {"ValidNotAfter": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)},
        ),
        ('{"Extensions":"AAEC"}', {"Extensions": b"\x00\x01\x02"}),
        ('{"Extensions":"AA\\nEC\\r\\n"}', {"Extensions": b"\x00\x01\x02"}),
        ("{}", {}),
    ],
)
def test_bodies_are_read_as_clients_write_them(text: str, values: dict[str, object]) -> None:
    """Wrapped or not, with metadata, a byte order mark, numbers as texts, dates of each form."""
    assert values == read(text).values


def test_navigations_in_a_body_are_skipped() -> None:
    """A client may send back the whole entity that it has read."""
    body = read('{"Status":null,"Keystore":{"__deferred":{"uri":"x"}}}', model.KEYSTORE_ENTRY)
    assert {"Status": None} == body.values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON object"),
        ("null", "no JSON object"),
        ("[]", "no JSON object"),
        ('"text"', "no JSON object"),
        ("{", "no JSON object"),
        ('{"Alias":"x"}}', "no JSON object"),
        ('{"d":"x"}', "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ('{"Alias":' + "[" * 100_000, "no JSON object"),
        ('{"Alyas":"x"}', "has no property 'Alyas'"),
        ('{"Alias":5}', "property Alias is not a String"),
        ('{"Alias":true}', "property Alias"),
        ('{"Alias":["x"]}', "property Alias"),
        ('{"Alias":{}}', "property Alias"),
        ('{"Alias":1.5}', "property Alias"),
        ('{"Alias":null}', "property Alias cannot be null"),
        ('{"KeySize":true}', "property KeySize"),
        ('{"KeySize":1.5}', "property KeySize"),
        ('{"KeySize":"many"}', "property KeySize is not an Int32"),
        ('{"KeySize":""}', "property KeySize"),
        ('{"KeySize":2147483648}', "property KeySize"),
        ('{"KeySize":99999999999999999999999}', "property KeySize"),
        ('{"ValidNotAfter":"tomorrow"}', "property ValidNotAfter is not a DateTimeOffset"),
        ('{"ValidNotAfter":1767225600000}', "property ValidNotAfter"),
        ('{"ValidNotAfter":"/Date(999999999999999)/"}', "property ValidNotAfter"),
        ('{"ValidNotAfter":"/Date(x)/"}', "property ValidNotAfter"),
        ('{"ValidNotAfter":"2029-13-01T00:00:00"}', "property ValidNotAfter"),
        ('{"Extensions":"AAE"}', "property Extensions is not base64"),
        ('{"Extensions":"ä"}', "property Extensions is not base64"),
        ('{"Country":"DEU"}', "property Country has 2 characters at most"),
    ],
)
def test_body_that_cannot_be_meant_is_refused(text: str, message: str) -> None:
    """The property is named, its value is not."""
    with pytest.raises(RequestInvalid, match=message):
        read(text)


def test_refusal_never_shows_a_value() -> None:
    """It may be a password."""
    with pytest.raises(RequestInvalid) as caught:
        read('{"Password":["hunter2"]}', model.KEY_PAIR_RESOURCE)
    assert "hunter2" not in caught.value.detail
    assert "hunter2" not in repr(read('{"Password":"hunter2"}', model.KEY_PAIR_RESOURCE))


def test_bytes_that_are_no_utf8_are_refused() -> None:
    """Wherever they are."""
    for data in (b'{"Alias":"\xff"}', b'{"\xff":1}', b"\xff\xfe{\x00}\x00"):
        with pytest.raises(RequestInvalid):
            read(data)


@given(
    st.binary(max_size=80)
    | st.dictionaries(
        st.sampled_from(["Alias", "KeySize", "ValidNotAfter", "Extensions", "d", "__x"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    ).map(lambda each: json.dumps(each).encode())
)
def test_any_bytes_end_in_a_body_or_a_refusal(data: bytes) -> None:
    """Nothing else escapes."""
    try:
        found = read(data)
    except RequestInvalid:
        return
    assert isinstance(found, Body)
