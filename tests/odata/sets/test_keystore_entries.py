"""Entries through the face: lists, single ones, what is behind them, renamed and deleted."""

import re
from datetime import datetime
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keysteward.entries import View
from keysteward.formats import responses
from keysteward.keystore import backups, names
from keysteward.keystore.steward import Steward
from keysteward.odata.reading import pages
from tests import pki_maker, providers
from tests import steward as steward_
from tests.odata import face
from tests.odata.face import Client, entry
from tests.pki_maker import issue
from tests.steward import TENANT, Clock

ROOT = issue("CN=Partner Root,O=Firm\\, Inc.,C=DE", ca=True)
CA = issue("Partner CA", issuer=ROOT, ca=True)
LEAF = issue("CN=shop.example,OU=Unit,C=DE", pki_maker.make_key("rsa2048"), CA, serial=0x33AF1)
ALIAS = "shop/client 1"

_STATUS = {"Status": None}


@pytest.fixture
def stored(steward: Steward) -> None:
    """Make a key pair with a chain of three, and a trusted root."""
    steward_.add(steward, ALIAS, LEAF, CA, ROOT)
    steward_.add_anchor(steward, "root", ROOT)


@pytest.mark.usefixtures("stored")
def test_one_entry_has_every_property_in_the_form_of_sap(client: Client) -> None:
    """Names as Java writes them, ``0x`` before serial numbers, colons in fingerprints."""
    found = client.entry(ALIAS)
    assert "73686F702F636C69656E742031" == found["Hexalias"]
    assert ("RSA", 2048, None, 3) == tuple(
        found[name] for name in ("KeyType", "KeySize", "EllipticCurve", "Version")
    )
    assert ("0x33AF1", "SHA256withECDSA") == (found["SerialNumber"], found["SignatureAlgorithm"])
    assert "CN=shop.example, OU=Unit, C=DE" == found["SubjectDN"]
    assert ("Key Pair", "Tenant Administrator") == (found["Type"], found["Owner"])
    assert (None, "unchanged") == (found["Validity"], found["Status"])
    assert ("tester", "tester") == (found["CreatedBy"], found["LastModifiedBy"])
    digest = LEAF.certificate.fingerprint(hashes.SHA1())  # noqa: S303 - shown
    assert digest.hex(":").upper() == found["FingerprintSha1"]
    assert re.fullmatch(r"/Date\(\d+\+0000\)/", found["ValidNotAfter"])
    root = client.entry("root")
    assert ('CN=Partner Root, O="Firm, Inc.", C=DE', "Certificate") == (
        *(root["SubjectDN"], root["Type"]),
    )
    assert "secp256r1" == root["EllipticCurve"]


@pytest.mark.usefixtures("stored")
def test_the_same_entry_is_found_by_every_spelling_of_its_key(client: Client) -> None:
    """Upper and lower case, named, percent-encoded, with a slash at the end."""
    key = face.hexalias(ALIAS)
    for address in (
        f"KeystoreEntries('{key}')",
        f"KeystoreEntries('{key.lower()}')",
        f"KeystoreEntries(Hexalias='{key}')",
        f"KeystoreEntries%28%27{key}%27%29",
        f"KeystoreEntries('{key}')/",
    ):
        assert ALIAS == client.get(address).json()["d"]["Alias"]


@pytest.mark.parametrize(
    ("address", "status", "text"),
    [
        ("KeystoreEntries('6E6F')", 404, "Alias 'no' not found in the keystore"),
        ("KeystoreEntries('6E6')", 500, "hexBinary needs to be even-length: 6E6"),
        ("KeystoreEntries?keystoreName=other", 400, "Keystore name 'other' is invalid."),
        ("KeystoreEntries?keystoreName=KeyHistory", 400, "Keystore name 'KeyHistory' is invalid."),
        ("Keystores('KeyHistory')", 400, "Keystore name 'KeyHistory' is invalid."),
        ("Keystores('backup_admin_system')/Size/$value", 400, None),
        ("KeystoreResources('KeyRenewal')", 400, "Keystore name 'KeyRenewal' is invalid."),
        ("CertificateSigningRequests", 404, None),
        ("CertificateSigningRequests('6E6F')/$value", 404, None),
        ("KeyPairResources('6E6F')", 400, None),
        ("KeystoreEntries('6E6F')/Certificate/$value", 404, None),
        ("ChainCertificates(Hexalias='6E6F',Index=0)", 404, None),
        ("RuntimeSyncInfos(KeystoreName='system',RuntimeId='x')", 404, None),
    ],
)
def test_what_is_not_there_is_said_as_documented(
    client: Client, address: str, status: int, text: str | None
) -> None:
    """Statuses and texts of sections 1 and 6."""
    found = face.error(client.get(address))
    assert status == found[0]
    assert text in (None, found[2])


@pytest.mark.usefixtures("stored")
def test_the_chain_has_its_root_first(client: Client) -> None:
    """Index 0 is the root, the last one the end entity; alias and key are the entry's."""
    rows = face.results(client.get(f"{entry(ALIAS)}/ChainCertificates"))
    assert [0, 1, 2] == [row["Index"] for row in rows]
    assert ['CN=Partner Root, O="Firm, Inc.", C=DE', "CN=Partner CA"] == [
        row["SubjectDN"] for row in rows[:2]
    ]
    assert {(ALIAS, face.hexalias(ALIAS))} == {(row["Alias"], row["Hexalias"]) for row in rows}
    uri = rows[1]["__metadata"]["uri"].removeprefix(face.ROOT)
    assert rows[1] == client.get(uri).json()["d"]
    assert "3" == client.get(f"{entry(ALIAS)}/ChainCertificates/$count").text
    options = "?$select=Index&$top=1&$skip=1&$inlinecount=allpages"
    answer = client.get(f"{entry(ALIAS)}/ChainCertificates{options}").json()["d"]
    assert ("3", [1]) == (answer["__count"], [row["Index"] for row in answer["results"]])


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("accept", [None, "application/json", "application/pkix-cert", "text/html"])
def test_media_are_given_out_whatever_is_accepted(client: Client, accept: str | None) -> None:
    """PEM of certificate, root and chain; the request; the key of SSH; each with its type."""
    headers = {} if accept is None else {"Accept": accept}
    chain = [x509.load_der_x509_certificate(one.der) for one in (LEAF, CA, ROOT)]

    def value(path: str) -> tuple[str, bytes]:
        answer = client.get(f"{entry(ALIAS)}/{path}", **headers)
        assert answer.status_code == 200, answer.text
        return answer.headers["content-type"].partition(";")[0], answer.content

    media_type, pem = value("Certificate/$value")
    assert ("application/pkix-cert", chain[0]) == (
        media_type,
        x509.load_pem_x509_certificate(pem),
    )
    assert chain[2] == x509.load_pem_x509_certificate(value("Certificate/$value?rootCA=true")[1])
    media_type, pkcs7 = value("ChainResource/$value/")
    assert ("application/pkcs7-mime", {one.der for one in (LEAF, CA, ROOT)}) == (
        media_type,
        set(responses.read(pkcs7).certificates),
    )
    media_type, request = value("SigningRequest/$value")
    assert "application/pkcs10" == media_type
    assert chain[0].public_key() == x509.load_pem_x509_csr(request).public_key()
    media_type, line = value("Sshkey/$value")
    assert "text/plain" == media_type
    assert line.decode().startswith("ssh-rsa AAAA")
    assert line.decode().rstrip().endswith(f" public key for alias {ALIAS}")


@pytest.mark.usefixtures("stored")
def test_media_entities_say_where_their_content_is(client: Client) -> None:
    """Beside the content there is an entity with its type and address, also by its own set."""
    for name, set_ in (
        ("Certificate", "CertificateResources"),
        ("SigningRequest", "CertificateSigningRequests"),
        ("Sshkey", "SSHKeyResources"),
        ("ChainResource", "CertificateChainResources"),
    ):
        found = client.get(f"{entry(ALIAS)}/{name}").json()["d"]
        assert face.hexalias(ALIAS) == found["Hexalias"]
        source = found["__metadata"]["media_src"].removeprefix(face.ROOT)
        own = f"{entry(ALIAS, set_)}/$value"
        takes_alone = set_ == "CertificateChainResources"
        assert source == (f"{entry(ALIAS)}/ChainResource/$value" if takes_alone else own)
        assert own == found["__metadata"]["edit_media"].removeprefix(face.ROOT)
        assert found["__metadata"]["content_type"] in client.get(source).headers["content-type"]
        behind = client.get(f"{entry(ALIAS, set_)}/KeystoreEntry").json()["d"]
        assert ALIAS == behind["Alias"]


@pytest.mark.usefixtures("stored")
def test_reading_a_signing_request_records_it_and_head_does_not(
    client: Client, steward: Steward
) -> None:
    """Each reading builds a request anew, for which the entry waits; HEAD makes none."""
    found = steward.store.get_entry(steward.keystore_id, ALIAS)
    head = client.call("HEAD", f"{entry(ALIAS)}/SigningRequest/$value")
    assert (200, b"") == (head.status_code, head.content)
    assert () == steward.store.list_requests(found.id)
    client.get(f"{entry(ALIAS)}/SigningRequest/$value")
    assert 1 == len(steward.store.list_requests(found.id))


@pytest.mark.parametrize("alias", ["id_rsa", "id_dsa"])
def test_ssh_keys_of_the_tenant_have_no_signing_request(
    client: Client, steward: Steward, alias: str
) -> None:
    """Open point 12: 400, as for what is no key pair."""
    steward_.add(steward, alias, issue("ssh", pki_maker.make_key("rsa2048")))
    answer = client.get(f"{entry(alias)}/SigningRequest/$value")
    assert (400, "signing-request-not-available") == (answer.status_code, face.slug(answer))


@pytest.mark.usefixtures("stored")
def test_keystores_tell_their_size(client: Client) -> None:
    """Size as plain text, the documented expansion, and an empty backup before there is one."""
    assert "2" == client.get("Keystores('system')/Size/$value").text
    assert "0" == client.get("Keystores('KeyRenewal')/Size/$value").text
    assert 0 == client.get("Keystores('backup_admin_system')").json()["d"]["Size"]
    expanded = "Keystores('system')?$expand=Entries&$select=LastModifiedTime,Entries"
    found = client.get(expanded).json()["d"]
    assert {"__metadata", "LastModifiedTime", "Entries"} == set(found)
    assert ["root", ALIAS] == [one["Alias"] for one in found["Entries"]["results"]]
    assert "2" == client.get("Keystores('system')/Entries/$count").text
    one = client.get(f"Keystores('system')/Entries('{face.hexalias(ALIAS)}')").json()["d"]
    assert ALIAS == one["Alias"]
    assert [] == face.results(client.get("Keystores('system')/Runtimes"))
    assert [] == face.results(client.get("RuntimeSyncInfos"))
    assert "0" == client.get("RuntimeSyncInfos/$count").text
    names_ = [one["Name"] for one in face.results(client.get("Keystores"))]
    assert ["system", "backup_admin_system", "KeyRenewal"] == names_
    assert "3" == client.get("Keystores/$count").text
    back = client.get(f"{entry(ALIAS)}/Keystore").json()["d"]
    assert ("system", 2, "tester") == (back["Name"], back["Size"], back["LastModifiedBy"])


def test_lists_are_filtered_sorted_and_counted(client: Client, steward: Steward) -> None:
    """The options of OData V2 on entries, in one query each."""
    for number in range(5):
        steward_.add(steward, f"key {number}", issue(f"CN=host{number},C=DE"))
    steward_.add_anchor(steward, "root", ROOT)

    def aliases(options: str) -> list[str]:
        return [one["Alias"] for one in face.results(client.get(f"KeystoreEntries?{options}"))]

    assert ["key 3", "key 4"] == aliases("$filter=Type eq 'Key Pair' and Alias ge 'key 3'")
    assert ["root"] == aliases("$filter=SubjectDN eq 'CN=Partner Root, O=\"Firm, Inc.\", C=DE'")
    assert ["key 4", "key 3"] == aliases(
        "$orderby=SubjectDN desc&$top=2&$filter=KeyType eq 'EC' and startswith(Alias,'key')"
    )
    assert ["key 1", "key 2"] == aliases("%24skip=1&%24top=2")
    assert [] == aliases("$top=0")
    assert "5" == client.get("KeystoreEntries/$count?$filter=substringof('host',SubjectDN)").text
    counted = client.get("KeystoreEntries?$inlinecount=allpages&$top=1").json()["d"]
    assert ("6", 1) == (counted["__count"], len(counted["results"]))
    selected = client.get("KeystoreEntries?$select=Alias&$select=Validity&$top=1").json()["d"]
    assert {"__metadata", "Alias", "Validity"} == set(selected["results"][0])
    expanded = face.results(client.get("KeystoreEntries?$expand=ChainCertificates&$top=1"))
    assert "CN=host0, C=DE" == expanded[0]["ChainCertificates"]["results"][0]["SubjectDN"]
    for refused in ("$filter=Nothing eq 1", "$orderby=Alias up", "$top=-1", "$skiptoken=x", "$x=1"):
        assert client.get(f"KeystoreEntries?{refused}").status_code == 400
    assert client.get("Keystores?$filter=Name eq 'system'").status_code == 400


@pytest.mark.parametrize("order", ["", "&$orderby=Alias desc", "&$filter=startswith(Alias,'k')"])
def test_pages_follow_each_other_to_the_end(
    client: Client, steward: Steward, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """Each next link leads to the following entities; ``$top`` bounds all pages together."""
    monkeypatch.setattr(pages, "MOST_ENTITIES", 3)
    for number in range(8):
        steward_.add(steward, f"k{number}", issue(f"host{number}"))

    def walk(options: str) -> list[list[str]]:
        address, found = f"KeystoreEntries?$select=Alias{options}{order}", []
        while address:
            page = client.get(address).json()["d"]
            found.append([one["Alias"] for one in page["results"]])
            address = page.get("__next", "").removeprefix(face.ROOT)
        return found

    expected = [f"k{number}" for number in range(8)]
    if "desc" in order:
        expected.reverse()
    assert [expected[:3], expected[3:6], expected[6:]] == walk("")
    assert [expected[1:4], expected[4:7]] == walk("&$skip=1&$top=6")
    assert [expected[:3], expected[3:4]] == walk("&$top=4")
    counted = client.get(f"KeystoreEntries?$skiptoken=6{order}")
    assert expected[6:] == [one["Alias"] for one in face.results(counted)]


def test_a_page_behind_an_alias_is_not_moved_by_changes(
    client: Client, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that is deleted between two pages makes no other one go missing."""
    monkeypatch.setattr(pages, "MOST_ENTITIES", 2)
    for name in "abcd":
        steward_.add(steward, name, issue(name))
    first = client.get("KeystoreEntries").json()["d"]
    assert client.delete(entry("a")).status_code == 204
    second = client.get(first["__next"].removeprefix(face.ROOT))
    assert ["c", "d"] == [one["Alias"] for one in face.results(second)]


@pytest.mark.usefixtures("stored")
def test_atom_is_the_format_of_a_plain_reading(client: Client) -> None:
    """Without Accept an entry is Atom with its properties, and HEAD has the same headers."""
    plain = Client(client.http, client.bearer, accept=None)
    answer = plain.get(entry(ALIAS))
    assert answer.headers["content-type"].startswith("application/atom+xml;type=entry")
    space = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"
    tree = ET.fromstring(answer.content)  # noqa: S314 - made here
    assert ALIAS == tree.findtext(f".//{space}Alias")
    until = tree.findtext(f".//{space}ValidNotAfter") or ""
    assert LEAF.certificate.not_valid_after_utc == datetime.fromisoformat(until)
    head = plain.call("HEAD", entry(ALIAS))
    assert b"" == head.content
    assert answer.headers["content-length"] == head.headers["content-length"]
    assert answer.headers["etag"] == head.headers["etag"]


@pytest.mark.usefixtures("stored")
def test_rename_gives_the_entry_another_alias(client: Client) -> None:
    """204; 200 with the new key in brackets; 200 with the entries."""
    options = "?renameAlias=shop%20client%202"
    assert client.put(f"{entry(ALIAS)}{options}", json=_STATUS).status_code == 204
    answer = client.put(
        f"{entry('shop client 2')}?renameAlias=%C3%A4&returnHexAlias=true", json=_STATUS
    )
    assert (200, "[C3A4]") == (answer.status_code, answer.text)
    answer = client.put(f"{entry('ä')}?renameAlias=z&returnKeystoreEntries=true", json=_STATUS)
    assert ["root", "z"] == [one["Alias"] for one in face.results(answer)]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("options", "body", "status"),
    [
        ("?renameAlias=root", {"Status": None}, 400),
        ("?renameAlias=", {"Status": None}, 400),
        ("", {"Status": None}, 400),
        ("?renameAlias=new", {}, 400),
        ("?renameAlias=new", {"Nothing": None}, 400),
        ("?renameAlias=sap_new", {"Status": None}, 403),
        ("?renameAlias=hcicertificate", {"Status": None}, 403),
        ("?renameAlias=" + "x" * 251, {"Status": None}, 400),
        ("?renameAlias=new&keystoreName=KeyRenewal", {"Status": None}, 400),
    ],
)
def test_rename_is_refused_as_documented(
    client: Client, options: str, body: object, status: int
) -> None:
    """Section 8.4."""
    assert status == client.put(f"{entry(ALIAS)}{options}", json=body).status_code
    assert ALIAS == client.entry(ALIAS)["Alias"]


@pytest.mark.usefixtures("stored")
def test_delete_hides_an_entry(client: Client, steward: Steward) -> None:
    """204, or 200 with what is left; then 404; ETags guard it."""
    stale = client.delete(entry("root"), If_Match='"0-0"')
    assert (412, "entry-changed") == (stale.status_code, face.slug(stale))
    answer = client.delete(f"{entry('root')}?returnKeystoreEntries=true")
    assert [ALIAS] == [one["Alias"] for one in face.results(answer)]
    gone = client.delete(entry("root"))
    assert (404, "Not Found", "Alias 'root' not found in the keystore") == face.error(gone)
    assert steward.store.find_deleted(steward.keystore_id, "root") is not None
    assert client.delete(entry("sap_no")).status_code == 403
    assert client.delete(f"{entry(ALIAS)}?keystoreName=backup_admin_system").status_code == 400


def test_new_keys_of_the_provider_are_activated_and_brought_back(
    client: Client, steward: Steward, clock: Clock
) -> None:
    """DELETE with ``activate`` makes one current; the old one is in the history, as ``[1]_…``."""
    alias = providers.ALIAS
    providers.supply(
        steward, providers.leaf("one", not_after=pki_maker.NOT_AFTER), view=View.CURRENT
    )
    providers.supply(steward, providers.leaf("two", not_after=pki_maker.NOT_AFTER))
    shown = client.get(f"{entry(alias)}?keystoreName=KeyRenewal").json()["d"]
    assert ("SAP", "SAP", "SAP") == tuple(
        shown[name] for name in ("Owner", "CreatedBy", "LastModifiedBy")
    )
    assert shown["__metadata"]["uri"].endswith("?keystoreName=KeyRenewal")
    clock.advance(minutes=1)
    done = client.delete(f"{entry(alias)}?keystoreName=KeyRenewal&activate=true")
    assert done.status_code == 204, done.text
    assert "OU=two" in client.entry(alias)["SubjectDN"]
    (old,) = face.results(client.get("HistoryKeystoreEntries"))
    assert ("[1]_sap_client", "sap_client", 1) == tuple(
        old[name] for name in ("Alias", "OriginalAlias", "ActivationSequenceNumber")
    )
    assert "client:program" == old["DeactivatedBy"]
    history = entry("[1]_sap_client", "HistoryKeystoreEntries")
    assert client.get(f"{history}/Certificate/$value").status_code == 200
    assert 3 == len(face.results(client.get(f"{history}/ChainCertificates")))
    by_name = f"{entry('[1]_sap_client')}/Certificate/$value?keystoreName=KeyHistory"
    assert client.get(by_name).status_code == 200
    assert "1" == client.get("HistoryKeystoreEntries/$count?$filter=OriginalAlias ne null").text
    restored = client.put(f"{history}?copy=true", json=_STATUS)
    assert restored.status_code == 204, restored.text
    assert alias == client.get(f"{entry(alias)}?keystoreName=KeyRenewal").json()["d"]["Alias"]
    named = client.put(f"{history}?copy=true&destinationAlias=sap_other", json=_STATUS)
    assert named.status_code == 204
    refusals = [
        client.put(f"{history}?copy=true", json=_STATUS),
        client.put(f"{history}?copy=true&destinationAlias=mine", json=_STATUS),
        client.put(history, json=_STATUS),
        client.put(f"{history}?copy=true&destinationAlias=sap_third", json={}),
        client.put(f"{entry('x', 'HistoryKeystoreEntries')}?copy=true", json=_STATUS),
    ]
    assert [400] * 5 == [answer.status_code for answer in refusals]
    text = "The alias \"x\" is invalid: Alias 'x' does not start with '['"
    assert text == face.error(refusals[-1])[2]
    missing = entry("[7]_sap_client", "HistoryKeystoreEntries")
    assert client.put(f"{missing}?copy=true", json=_STATUS).status_code == 404
    assert client.delete(f"{entry(alias)}?activate=true").status_code == 400


@pytest.mark.usefixtures("stored")
def test_a_backup_is_read_like_a_keystore(client: Client, steward: Steward) -> None:
    """Entries as they were, with their certificates, under the backup's name."""
    backups.create_backup(steward, TENANT, "backup_admin_system")
    assert client.delete(entry(ALIAS)).status_code == 204
    there = "?keystoreName=backup_admin_system"
    listed = face.results(client.get(f"KeystoreEntries{there}"))
    assert ["root", ALIAS] == [one["Alias"] for one in listed]
    assert ALIAS == client.get(f"{entry(ALIAS)}{there}").json()["d"]["Alias"]
    for path in ("Certificate/$value", "Certificate/$value?rootCA=true", "ChainResource/$value"):
        option = there if "?" not in path else there.replace("?", "&")
        assert client.get(f"{entry(ALIAS)}/{path}{option}").status_code == 200
    assert 3 == len(face.results(client.get(f"{entry(ALIAS)}/ChainCertificates{there}")))
    assert client.get(f"{entry(ALIAS)}/SigningRequest/$value{there}").status_code == 400
    assert client.get(f"{entry('no')}{there}").status_code == 404


@given(alias=st.text(min_size=1, max_size=250).filter(lambda text: names.fault(text, 250) is None))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_alias_is_reached_by_its_hexadecimal_form(
    client: Client, steward: Steward, alias: str
) -> None:
    """Whatever an alias is made of, its key in an answer leads back to it."""
    if alias.casefold().startswith(("sap_", "hci")):
        return
    listed = {one["Alias"] for one in face.results(client.get("KeystoreEntries"))}
    if alias not in listed and steward.store.find_entry(steward.keystore_id, alias) is None:
        steward_.add(steward, alias, LEAF, CA, ROOT)
    uri = client.entry(alias)["__metadata"]["uri"].removeprefix(face.ROOT)
    assert alias == client.get(uri).json()["d"]["Alias"]
    assert client.delete(uri).status_code == 204
