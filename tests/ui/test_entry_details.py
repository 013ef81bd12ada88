import html
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from markupsafe import escape
from starlette.testclient import TestClient

from keysteward import serving
from keysteward.keystore import activations, backups, certificates, lifecycle
from keysteward.keystore.downloads import DownloadKind
from keysteward.pki.usages import Usage
from keysteward.problems import RootMissing
from keysteward.rights import Role
from keysteward.ui import entry_downloads, entry_places, shell
from keysteward.ui.entry_places import Place
from keysteward.ui.routing import Visit
from tests import providers
from tests import steward as steward_
from tests.pki_maker import issue, make_key
from tests.steward import START, TENANT
from tests.ui import faces
from tests.ui.faces import ENTRIES, KEYSTORE, Face

ROOT = issue("CN=Trust Root,O=Trust Ltd,C=DE", ca=True)
CA = issue("CN=Trust CA,O=Trust Ltd,C=DE", issuer=ROOT, ca=True, path_length=0)
CLIENT = issue(
    "CN=shop.example,OU=Web,O=Shop GmbH,C=DE",
    issuer=CA,
    eku=("clientAuth", "serverAuth"),
    san=("DNS:shop.example", "IP:192.0.2.7", "email:it@shop.example"),
)
CHAIN = (CLIENT, CA, ROOT)
HOSTILE = issue(
    x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "<script>alert(1)</script>\u202eevil"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, '"><img src=x onerror=alert(2)>'),
        ]
    ),
    ca=True,
)
HOSTILE_ALIAS = "\"><b onclick='x'>&amp;/?#"

_PAIR = re.compile(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", re.DOTALL)
_ENTRY = f"{ENTRIES}/shop"


@pytest.fixture(scope="module", autouse=True)
def furnished(face: Face) -> None:
    """Fill the module's installation: each of the views has an entry."""
    steward = face.steward
    steward_.add_anchor(steward, "trust root", ROOT)
    steward_.add(steward, "shop", issue("CN=shop.example", CLIENT.key))
    steward_.ask(steward, "shop")
    steward_.upload(steward, "shop", *CHAIN)
    backups.create_backup(steward, TENANT, "a/b")
    for unit, days in (("one", 30), ("two", 60), ("three", 90)):
        providers.supply(steward, providers.leaf(unit, not_after=START + timedelta(days=days)))
        if unit != "three":
            activations.activate(steward, TENANT, providers.ALIAS)
    steward_.add(steward, "gone", issue("gone"))
    lifecycle.delete_entry(steward, TENANT, "gone")


def _plain(fragment: str) -> str:
    """Return what a reader sees of a piece of HTML, one line for each of its texts."""
    texts = (html.unescape(text).strip() for text in re.split(r"</div>|<br>", fragment))
    lines = (" ".join(re.sub(r"<[^>]+>", "", text).split()) for text in texts)
    return "\n".join(line for line in lines if line)


def _attributes(face: Face, address: str, part: str = "element") -> dict[str, str]:
    answer = face.get(address, part=part)
    assert 200 == answer.status_code, answer.text
    return {_plain(label): _plain(value) for label, value in _PAIR.findall(answer.text)}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_attributes_are_those_that_openssl_reads(number: int, face: Face, tmp_path: Path) -> None:
    """Names, serial number, dates, fingerprints and alternative names of each element."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl (Debian package openssl)")
    shown = _attributes(face, f"{_ENTRY}?element={number}")
    file = tmp_path / "certificate.pem"
    file.write_bytes(CHAIN[number - 1].pem)

    def openssl(*options: str) -> str:
        command = ("openssl", "x509", "-in", str(file), "-noout", *options)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert openssl("-serial").partition("=")[2] == shown["Serial Number"].replace(":", "")
    names = ("-nameopt", "RFC2253")
    assert openssl("-subject", *names).partition("=")[2] == shown["Subject DN"]
    assert openssl("-issuer", *names).partition("=")[2] == shown["Issuer DN"]
    dates = ("-dateopt", "iso_8601")
    for option, label in (("-startdate", "Valid From"), ("-enddate", "Valid Until")):
        assert openssl(option, *dates).partition("=")[2] == shown[label].replace(" UTC", ":00Z")
    for digest in ("SHA1", "SHA256", "SHA512"):
        expected = openssl("-fingerprint", f"-{digest.lower()}").partition("=")[2]
        assert expected == shown[digest.replace("SHA", "SHA-")]
    said = re.findall(r"(?:DNS|IP Address|email):([^,\s]+)", openssl("-ext", "subjectAltName"))
    assert said == re.findall(r"(?:DNS|IP|email):(\S+)", shown["Alternative names"])
    own = openssl("-ext", "subjectKeyIdentifier").split("\n")[-1].strip()
    assert own == shown["Subject key identifier"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_attributes_are_those_that_java_reads(number: int, face: Face, tmp_path: Path) -> None:
    """Version, signature algorithm, kind of key and key usages of each element."""
    if shutil.which("keytool") is None:
        pytest.skip("needs keytool (Debian package default-jre-headless)")
    shown = _attributes(face, f"{_ENTRY}?element={number}")
    file = tmp_path / "certificate.pem"
    file.write_bytes(CHAIN[number - 1].pem)
    command = ("keytool", "-J-Duser.language=en", "-printcert", "-v", "-file", str(file))
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "X.509" == shown["Type"]
    assert f"Version: {shown['Version']}\n" in told
    assert f"Signature algorithm name: {shown['Signature Algorithm']}\n" in told
    kind, curve = shown["Key Type"].split()
    assert f"{shown['Key Size']}-bit {kind} ({curve}) key" in told
    usages = {"DigitalSignature": "digitalSignature", "Key_CertSign": "keyCertSign"}
    usages |= {"Crl_Sign": "cRLSign"}
    found = re.search(r"KeyUsage \[\n(.*?)\]", told, re.DOTALL)
    assert found is not None
    for word in found[1].split():
        assert usages[word] in shown["Key usage"]
    extended = re.search(r"ExtendedKeyUsages \[\n(.*?)\]", told, re.DOTALL)
    for word in extended[1].split() if extended else ():
        assert word in shown["Extended key usage"]


def test_attributes_of_the_entry_have_saps_labels(face: Face) -> None:
    """Keystore, alias and owner; who made and last changed the entry, and when."""
    shown = _attributes(face, _ENTRY)
    moment = f"{START:%Y-%m-%d %H:%M UTC}"
    expected = {
        "Keystore": "default",
        "Alias": "shop",
        "Owner": "Tenant Administrator",
        "Created By": "tester",
        "Created On": moment,
        "Last Modified By": "tester",
        "Last Modified On": moment,
    }
    assert expected == {label: shown[label] for label in expected}
    assert "no" == shown["Certification authority"]
    authority = _attributes(face, f"{_ENTRY}?element=2")["Certification authority"]
    assert "yes, with a path length of 0 at most" == authority


def test_ssh_key_has_the_fingerprint_that_openssh_tells(face: Face, tmp_path: Path) -> None:
    """Of a key for SSH, and of no other."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen (Debian package openssh-client)")
    steward_.add(face.steward, "key of ssh", issue("ssh"), usage=Usage.SSH)
    address = f"{ENTRIES}/key%20of%20ssh"
    file = tmp_path / "key.pub"
    file.write_bytes(face.get(f"{address}/download/pub").content)
    command = ("ssh-keygen", "-l", "-f", str(file))
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.split()[1] == _attributes(face, address)["OpenSSH fingerprint"]
    assert "OpenSSH fingerprint" not in _attributes(face, _ENTRY)


@pytest.mark.parametrize("element", ["", "0", "4", "-1", "x", "²", "9" * 50])
def test_element_that_is_none_is_the_first(element: str, face: Face) -> None:
    """A link to a longer chain of the past still shows the entry."""
    shown = _attributes(face, f"{_ENTRY}?element={element}")
    assert "CN=shop.example,OU=Web,O=Shop GmbH,C=DE" == shown["Subject DN"]


def test_element_alone_is_no_whole_page(face: Face) -> None:
    """A click in the tree brings the attributes, and not the page around them."""
    text = face.get(f"{_ENTRY}?element=3", part="element").text
    assert "<html" not in text
    assert "-----BEGIN CERTIFICATE-----" in text
    whole = face.get(f"{_ENTRY}?element=3").text
    assert "<html" in whole
    assert ["3"] == re.findall(r"selected data-address=\"[^\"]*element=(\d)\"", whole)


def test_certificate_of_a_chain_leads_to_its_own_entry(face: Face) -> None:
    """The root stands in the keystore under an alias of its own, the others do not."""
    links = [
        f'href="{ENTRIES}/trust%20root"' in face.get(f"{_ENTRY}?element={n}", part="element").text
        for n in (1, 2, 3)
    ]
    assert [False, False, True] == links
    assert "In this keystore as" not in face.get(f"{ENTRIES}/trust%20root").text


def test_text_from_outside_is_text(face: Face) -> None:
    """Names full of HTML are escaped, and marks of direction are written as what they are."""
    certificates.add_certificate(
        *(face.steward, TENANT, HOSTILE_ALIAS, HOSTILE.der),
        trusted=False,
        consent=steward_.VERIFIED,
    )
    address = shell.entry_address("default", HOSTILE_ALIAS)
    for part in ("", "element"):
        text = face.get(address, part=part).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b onclick" not in text
        assert "\u202e" not in text
        assert "\\E2\\80\\AEevil" in text
    assert f"<h1><bdi>{escape(HOSTILE_ALIAS)}</bdi></h1>" in face.get(address).text
    lifecycle.purge_entry(face.steward, TENANT, HOSTILE_ALIAS, HOSTILE_ALIAS)


def test_past_of_the_entry_is_told(face: Face) -> None:
    """Versions with number, reason and author, and the signing request that was answered."""
    text = face.get(_ENTRY).text
    cells = re.sub(r"</t[dh]>", "<br>", text)
    rows = [_plain(row) for row in re.findall(r"<tr>.*?</tr>", cells, re.DOTALL)]
    assert any("the current key" in row and "answered" in row for row in rows)
    assert any("2 current" in row and "Signing response" in row for row in rows)
    assert any("\n1\nUploaded from a file" in f"\n{row}" for row in rows)


def test_entry_of_a_backup_is_as_it_was(face: Face) -> None:
    """It keeps what it had, and cannot be changed there."""
    steward_.add(face.steward, "moving", issue("CN=before"))
    backups.create_backup(face.steward, TENANT, "early")
    lifecycle.rename_entry(face.steward, TENANT, "moving", "moved")
    text = face.get(f"{KEYSTORE}/backup/early/entries/moving").text
    assert "CN=before" in text
    assert [] == re.findall(r"/(?:rename|delete|update|renew|rollback)[\"/]", text)
    shown = _attributes(face, f"{KEYSTORE}/backup/a%2Fb/entries/shop?element=2")
    assert "CN=Trust CA,O=Trust Ltd,C=DE" == shown["Subject DN"]
    assert 404 == face.get(f"{KEYSTORE}/backup/early/entries/moved").status_code
    assert 404 == face.get(f"{KEYSTORE}/backup/never/entries/shop").status_code


@pytest.mark.parametrize(
    ("address", "unit"),
    [
        (f"{KEYSTORE}/new/{providers.ALIAS}", "three"),
        (f"{ENTRIES}/{providers.ALIAS}", "two"),
        (f"{KEYSTORE}/history/%5B1%5D_{providers.ALIAS}", "one"),
    ],
)
def test_entry_of_the_provider_is_shown_and_not_changed(
    address: str, unit: str, face: Face
) -> None:
    """Its lock and its owner are said; what would change it is not there, or grey."""
    text = face.get(address).text
    assert f"OU={unit}" in text
    assert "SAP owns this entry and maintains it." in text
    assert "SAP" == _attributes(face, address)["Owner"]
    assert [] == re.findall(r"data-open=\"[^\"]*/(?:rename|delete|update|renew|rollback)\"", text)


def test_key_of_the_history_says_when_it_was_active(face: Face) -> None:
    """And who saw to that; other entries have no such times."""
    shown = _attributes(face, f"{KEYSTORE}/history/%5B1%5D_{providers.ALIAS}", part="")
    moment = f"{START:%Y-%m-%d %H:%M UTC}"
    assert (moment, moment) == (shown["Active From"], shown["Active Until"])
    assert ("tester", "tester") == (shown["Activated By"], shown["Deactivated By"])
    assert "Active From" not in _attributes(face, _ENTRY, part="")


def test_deleted_entry_is_looked_at_and_restored(face: Face) -> None:
    """Its page says so, and brings it back."""
    assert 404 == face.get(f"{ENTRIES}/gone").status_code
    text = face.get(f"{ENTRIES}/gone?deleted=yes").text
    assert "deleted <time" in text
    assert f'action="{ENTRIES}/gone/restore"' in text
    assert (
        f'action="{ENTRIES}/gone/restore"'
        not in face.get(f"{ENTRIES}/gone?deleted=yes", who="viewer").text
    )
    answer = face.post(f"{ENTRIES}/gone/restore")
    assert f"{ENTRIES}/gone?element=1" == answer.json()["address"]
    assert face.steward.store.find_entry(face.steward.keystore_id, "gone") is not None
    assert 404 == face.get(f"{ENTRIES}/gone?deleted=yes").status_code


@pytest.mark.parametrize("part", ["", "element"])
def test_entry_that_is_destroyed_while_it_is_read_is_shown_once_more(
    part: str, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its page has what was read before; the next visit finds nothing."""
    find = entry_places.find
    steward_.add(face.steward, "fleeting", issue("fleeting"))

    def found_last(visit: Visit, tab: str) -> Place:
        place = find(visit, tab)
        lifecycle.purge_entry(face.steward, TENANT, "fleeting", "fleeting")
        return place

    with monkeypatch.context() as patch:
        patch.setattr(entry_places, "find", found_last)
        first = face.get(f"{ENTRIES}/fleeting?element=1", part=part)
    second = face.get(f"{ENTRIES}/fleeting?element=1", part=part)
    assert (200, 404) == (first.status_code, second.status_code)


@pytest.mark.parametrize("role", Role)
def test_role_is_offered_what_it_may_do(role: Role, face: Face) -> None:
    """Who may not change anything sees why; all may look and download."""
    text = face.get(_ENTRY, who=role.value).text
    may_edit = role in (Role.ADMINISTRATOR, Role.OPERATOR)
    assert may_edit == (f'data-open="{_ENTRY}/rename"' in text)
    assert may_edit == (f"{_ENTRY}/rollback/1" in text)
    assert may_edit != ("Your roles do not permit this." in text)
    assert 200 == face.get(f"{_ENTRY}/download/cer", who=role.value).status_code
    assert (200 if may_edit else 403) == face.get(
        f"{_ENTRY}/rollback/1", who=role.value, part="dialog"
    ).status_code


@pytest.mark.parametrize("kind", sorted(entry_downloads.KINDS))
@pytest.mark.parametrize(
    ("address", "alias", "view"),
    [
        (f"{ENTRIES}/shop", "shop", "current"),
        (f"{KEYSTORE}/new/{providers.ALIAS}", providers.ALIAS, "new"),
        (
            f"{KEYSTORE}/history/%5B1%5D_{providers.ALIAS}",
            f"%5B1%5D_{providers.ALIAS}",
            "history",
        ),
    ],
)
def test_download_is_the_same_as_that_of_rest(
    kind: DownloadKind, address: str, alias: str, view: str, face: Face
) -> None:
    """Bytes, name and media type of every form, wherever the entry is listed."""
    found = face.get(f"{address}/download/{kind}")
    query = {"as": kind.value, "view": view}
    path = f"/rest/v1/keystores/default/entries/{alias}/download"
    with TestClient(serving.build(face.steward), base_url="http://localhost") as client:
        expected = client.get(path, params=query, auth=("viewer", faces.PASSWORD))
    assert 200 == expected.status_code
    assert expected.content == found.content
    assert expected.headers["content-disposition"] == found.headers["content-disposition"]
    assert expected.headers["content-type"] == found.headers["content-type"].partition(";")[0]


def test_download_from_a_backup_is_what_it_holds(face: Face) -> None:
    """The chain of then, under the alias of then."""
    answer = face.get(f"{KEYSTORE}/backup/a%2Fb/entries/shop/download/pem")
    assert b"".join(one.pem for one in CHAIN) == answer.content
    assert "shop.pem" in answer.headers["content-disposition"]


@pytest.mark.parametrize("kind", ["csr", "key", "CER", ""])
def test_download_that_is_none_does_not_exist(kind: str, face: Face) -> None:
    """Neither a signing request, which is recorded by its own form, nor any key."""
    assert 404 == face.get(f"{_ENTRY}/download/{kind}").status_code


@pytest.mark.parametrize(
    ("kind", "offered"),
    [("ed25519", ["pub", "ssh2"]), ("ed448", ["ssh2"]), ("mldsa44", [])],
)
def test_public_key_that_ssh_does_not_have_is_not_offered(
    kind: str, offered: list[str], face: Face
) -> None:
    """OpenSSH has fewer kinds than RFC 4716's readers, and neither has those of ML-DSA."""
    steward_.add(face.steward, kind, issue(kind, make_key(kind)))
    text = face.get(f"{ENTRIES}/{kind}").text
    assert offered == re.findall(r"/download/(pub|ssh2)\"", text)


def test_root_that_is_nowhere_is_grey_and_refused(face: Face) -> None:
    """Nobody gets an intermediate for a root."""
    root = issue("Unknown Root", ca=True)
    ca = issue("Unknown CA", issuer=root, ca=True)
    steward_.add(face.steward, "rootless", issue("rootless", issuer=ca), ca)
    text = face.get(f"{ENTRIES}/rootless").text
    assert "The root certificate is neither in the chain nor in the keystore." in text
    assert f"{ENTRIES}/rootless/download/rootca" not in text
    answer = face.get(f"{ENTRIES}/rootless/download/rootca", part="dialog")
    assert f'data-slug="{RootMissing.slug}"' in answer.text
