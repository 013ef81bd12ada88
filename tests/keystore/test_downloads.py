import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7

from keysteward.entries import Entry
from keysteward.keystore import downloads
from keysteward.keystore.downloads import Download, DownloadKind, KeystoreForm
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.problems import KeyTypeUnsupported, RootMissing
from tests import peers, pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued

Chain = tuple[Issued, ...]

_SSH_KEYS = ["rsa2048", "dsa1024", "p256", "p384", "p521", "ed25519"]


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Return end entity, issuing CA and root."""
    return pki_maker.make_chain()


@pytest.fixture
def entry(steward: Steward, chain: Chain) -> Entry:
    """Return the entry "shop/client" with the whole chain."""
    return steward_.add(steward, "shop/client", *chain)


def test_download_of_the_certificate_is_pem(steward: Steward, entry: Entry, chain: Chain) -> None:
    """The certificate alone, as SAP gives it out."""
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.CER)
    assert ("shop_client.cer", "application/pkix-cert") == (found.file_name, found.media_type)
    assert (chain[0].pem, ()) == (found.content, found.notices)


def test_download_of_the_chain_as_pem_is_in_order(
    steward: Steward, entry: Entry, chain: Chain
) -> None:
    """End-entity first, nothing between."""
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.PEM)
    assert b"".join(one.pem for one in chain) == found.content
    assert "shop_client.pem" == found.file_name


def test_download_of_the_chain_as_pkcs7_holds_it(
    steward: Steward, entry: Entry, chain: Chain
) -> None:
    """Another reader finds the chain in the PEM form."""
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.P7B)
    assert ("shop_client.p7b", "application/pkcs7-mime") == (found.file_name, found.media_type)
    held = pkcs7.load_pem_pkcs7_certificates(found.content)
    assert {one.certificate for one in chain} == set(held)


def test_download_of_the_chain_as_pki_path_begins_with_the_root(
    steward: Steward, entry: Entry, chain: Chain
) -> None:
    """The members follow each other, the root first."""
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.PKIPATH)
    members = b"".join(one.der for one in reversed(chain))
    assert found.content.endswith(members)
    assert 4 == len(found.content) - len(members)
    assert "shop_client.pkipath" == found.file_name


def test_download_of_the_root_is_the_root(steward: Steward, entry: Entry, chain: Chain) -> None:
    """The topmost certificate of the chain, under SAP's name."""
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.ROOTCA)
    assert ("shop_client_rootCA.cer", chain[-1].pem) == (found.file_name, found.content)


def test_download_of_the_root_from_the_keystore_says_so(steward: Steward, chain: Chain) -> None:
    """A root that the chain lacks comes with a notice."""
    entry = steward_.add(steward, "short", *chain[:2])
    steward_.add_anchor(steward, "root", chain[-1])
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.ROOTCA)
    assert chain[-1].pem == found.content
    assert ["root-from-keystore"] == [notice.slug for notice in found.notices]


def test_download_of_a_root_that_is_nowhere_is_refused(steward: Steward, chain: Chain) -> None:
    """No intermediate is given out in its place."""
    entry = steward_.add(steward, "short", *chain[:2])
    with pytest.raises(RootMissing, match="Test Root"):
        downloads.download(steward, steward_.TENANT, entry, DownloadKind.ROOTCA)


@pytest.mark.filterwarnings("ignore:SSH DSA key support")  # of the library that is compared with
@pytest.mark.parametrize("kind", _SSH_KEYS)
def test_download_of_the_public_key_is_read_by_ssh_keygen(
    steward: Steward, tmp_path: Path, kind: str
) -> None:
    """In both forms ssh-keygen finds the key of the certificate."""
    issued = pki_maker.issue("ssh", pki_maker.make_key(kind))
    entry = steward_.add(steward, "ssh", issued)
    line = downloads.download(steward, steward_.TENANT, entry, DownloadKind.PUB)
    block = downloads.download(steward, steward_.TENANT, entry, DownloadKind.SSH2)
    assert ("ssh.pub", "ssh_ssh2.pub") == (line.file_name, block.file_name)
    assert line.content.endswith(b" public key for alias ssh\n")
    public = issued.certificate.public_key()
    expected = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n"
    assert expected == _imported(tmp_path, _exported(tmp_path, line.content))
    assert expected == _imported(tmp_path, block.content)


def _exported(folder: Path, line: bytes) -> bytes:
    (folder / "key").write_bytes(line)
    return peers.run("ssh-keygen", "-e", "-f", str(folder / "key"))


def _imported(folder: Path, block: bytes) -> bytes:
    (folder / "key").write_bytes(block)
    return peers.run("ssh-keygen", "-i", "-f", str(folder / "key"))


@pytest.mark.parametrize("kind", [DownloadKind.PUB, DownloadKind.SSH2])
def test_download_of_a_public_key_that_ssh_lacks_is_refused(
    steward: Steward, kind: DownloadKind
) -> None:
    """A key on a curve that SSH has no name for is named as such."""
    issued = pki_maker.issue("x", pki_maker.make_key("brainpoolp256r1"))
    entry = steward_.add(steward, "x", issued)
    with pytest.raises(KeyTypeUnsupported):
        downloads.download(steward, steward_.TENANT, entry, kind)


def _names(download: Download) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(download.content)) as archive:
        return archive.namelist()


def test_download_of_the_package_holds_the_root(steward: Steward, chain: Chain) -> None:
    """The root goes into the package, be it from the keystore; then a notice says so."""
    entry = steward_.add(steward, "shop", *chain[:2])
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.PACKAGE)
    assert ("shop.zip", "application/zip", ()) == (found.file_name, found.media_type, found.notices)
    assert "shop_rootCA.cer" not in _names(found)
    steward_.add_anchor(steward, "root", chain[-1])
    found = downloads.download(steward, steward_.TENANT, entry, DownloadKind.PACKAGE)
    assert ["root-from-keystore"] == [notice.slug for notice in found.notices]
    assert "shop_rootCA.cer" in _names(found)


@pytest.mark.parametrize("kind", DownloadKind)
def test_download_holds_no_private_key(
    steward: Steward, entry: Entry, chain: Chain, kind: DownloadKind
) -> None:
    """Whatever is downloaded, nothing of the private key's number is in it."""
    secret = chain[0].key.private_numbers().private_value  # type: ignore[union-attr]  # P-256
    content = downloads.download(steward, steward_.TENANT, entry, kind).content
    assert secret.to_bytes(32) not in content
    assert b"PRIVATE" not in content


def _entries(chain: Chain) -> list[tuple[str, tuple[Certificate, ...]]]:
    whole = steward_.read(*chain)
    return [("Shop", whole), ("shop_1", whole[:1]), ("Root / Köln", whole[2:])]


_JAVA = {KeystoreForm.JKS: "JKS", KeystoreForm.JCEKS: "JCEKS", KeystoreForm.P12: "PKCS12"}


def _printed(folder: Path, download: Download, form: KeystoreForm) -> str:
    """Return what keytool lists of a keystore without a password."""
    file = folder / download.file_name
    file.write_bytes(download.content)
    encoding = ("-J-Dsun.stdout.encoding=UTF-8", "-J-Dstdout.encoding=UTF-8")
    words = ("-J-Duser.language=en", "-J-Duser.timezone=UTC", *encoding)
    command = ("keytool", *words, "-list", "-rfc", "-keystore", str(file))
    return peers.run(*command, "-storetype", _JAVA[form], data=b"\n").decode()


def _listed(printed: str) -> dict[str, bytes]:
    """Return alias and DER of each certificate that keytool listed."""
    found = re.findall(
        r"^Alias name: ([^\n]+)\n.*?(-----BEGIN.*?-----END CERTIFICATE-----)",
        printed,
        re.MULTILINE | re.DOTALL,
    )
    return {alias: _der(pem) for alias, pem in found}


def _der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("form", KeystoreForm)
def test_public_keystore_is_listed_by_keytool(
    steward: Steward, chain: Chain, tmp_path: Path, form: KeystoreForm
) -> None:
    """Java finds every certificate under its alias, in every format, without a password."""
    found = downloads.public_keystore(_entries(chain), form, steward.clock())
    expected = {
        "shop": chain[0].der,
        "shop__1": chain[1].der,
        "shop_2": chain[2].der,
        "shop_1": chain[0].der,
        "root / köln": chain[2].der,
    }
    assert expected == _listed(_printed(tmp_path, found, form))


@pytest.mark.parametrize("form", [KeystoreForm.JKS, KeystoreForm.JCEKS])
def test_public_keystore_keeps_its_time(
    steward: Steward, chain: Chain, tmp_path: Path, form: KeystoreForm
) -> None:
    """Where the format has a time for each certificate, it is the one that was given."""
    found = downloads.public_keystore(_entries(chain)[:1], form, steward.clock())
    printed = _printed(tmp_path, found, form)
    assert 3 * ["Jun 1, 2026"] == re.findall(r"^Creation date: (.*)$", printed, re.MULTILINE)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (KeystoreForm.JKS, "PublicContentKeystore.jks"),
        (KeystoreForm.JCEKS, "PublicContentKeystore.jceks"),
        (KeystoreForm.P12, "PublicContentKeystore.p12"),
    ],
)
def test_public_keystore_has_the_name_of_its_source(
    steward: Steward, chain: Chain, form: KeystoreForm, name: str
) -> None:
    """Current and backup are told apart by the name of the file."""
    entries: Iterable[tuple[str, Sequence[Certificate]]] = _entries(chain)
    current = downloads.public_keystore(entries, form, steward.clock())
    backup = downloads.public_keystore(entries, form, steward.clock(), of_backup=True)
    assert (name, current.content) == (current.file_name, backup.content)
    assert name.replace("Content", "ContentBackup") == backup.file_name


@pytest.mark.parametrize("form", KeystoreForm)
def test_public_keystore_can_be_empty(steward: Steward, tmp_path: Path, form: KeystoreForm) -> None:
    """A keystore without entries is an empty file of its format, which Java takes."""
    found = downloads.public_keystore([], form, steward.clock())
    printed = _printed(tmp_path, found, form)
    assert "Your keystore contains 0 entries" in printed


def _nameless() -> Issued:
    return pki_maker.issue(x509.Name([]), san=("DNS:a.example",))


@pytest.mark.parametrize("form", KeystoreForm)
def test_public_keystore_leaves_out_what_java_refuses(
    steward: Steward, chain: Chain, tmp_path: Path, form: KeystoreForm
) -> None:
    """One certificate without names does not spoil the file; the notice names its alias alone."""
    entries = [*_entries(chain)[2:], ("empty one", steward_.read(_nameless()))]
    found = downloads.public_keystore(entries, form, steward.clock())
    assert {"root / köln": chain[2].der} == _listed(_printed(tmp_path, found, form))
    (notice,) = found.notices
    assert "unreadable-for-java" == notice.slug
    assert "'empty one'; " in notice.detail
    assert "Köln" not in notice.detail


def test_public_keystore_names_twenty_of_those_left_out(steward: Steward) -> None:
    """The rest is counted: a notice stays readable whatever the keystore holds."""
    entries = [(f"e{n:02}", steward_.read(_nameless())) for n in range(23)]
    (notice,) = downloads.public_keystore(entries, KeystoreForm.JKS, steward.clock()).notices
    assert "'e00', " in notice.detail
    assert "'e19' and 3 more; " in notice.detail


@pytest.mark.parametrize("kind", sorted(set(DownloadKind) - {DownloadKind.CSR}))
def test_download_says_what_java_refuses(steward: Steward, kind: DownloadKind) -> None:
    """Of every form that holds a certificate without names, and of no other one."""
    entry = steward_.add(steward, "empty", _nameless())
    found = downloads.download(steward, steward_.TENANT, entry, kind)
    without = {DownloadKind.PUB, DownloadKind.SSH2}
    expected = [] if kind in without else ["unreadable-for-java"]
    assert expected == [notice.slug for notice in found.notices]
