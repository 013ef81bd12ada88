from datetime import UTC, datetime
from pathlib import Path

import jks as pyjks
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.formats.keystores import jks
from keysteward.formats.keystores.contract import LockedKey, Opening, Skipped
from keysteward.formats.keystores.java_stream import MOST_ELEMENTS
from keysteward.problems import KeystoreUnreadable, PasswordWrong
from keysteward.values import Secret
from tests import keystore_files, peers, pki_maker
from tests.formats.keystores import java_checks
from tests.formats.keystores.conftest import ENGLISH, PASSWORD, JavaDesk, JavaStores, opening
from tests.keystore_files import JKS, KeyEntry

_MADE = datetime(2024, 2, 29, 12, 30, 15, 678_000, tzinfo=UTC)
_COUNT = 2**31


@pytest.fixture(scope="module")
def entry() -> KeyEntry:
    """A small key with its chain."""
    leaf, ca, root = pki_maker.make_chain()
    key = leaf.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyEntry("client", key, (leaf.der, ca.der, root.der))


# ---- what others wrote


def test_store_of_keytool_is_read_as_java_reads_it(desk: JavaDesk, stores: JavaStores) -> None:
    """RSA, EC and DSA keys with their chains, a trusted certificate, names beyond ASCII."""
    file = stores.folder / "all.jks"

    found = jks.read(file.read_bytes(), opening(PASSWORD, "another one"))

    assert desk.entries("JKS", file, PASSWORD, "another one") == java_checks.as_java_lists(found)
    assert ("JKS", ()) == (found.format, found.skipped)


def test_imported_reply_is_the_chain_of_its_key(stores: JavaStores) -> None:
    """The end-entity certificate comes first, and the CA's behind it."""
    found = jks.read((stores.folder / "all.jks").read_bytes(), opening(PASSWORD))

    chains = {key.name: key.certificates for key in found.keys}
    assert (2, stores.root) == (len(chains["rsa"]), chains["rsa"][1])


def test_store_of_keytool_is_read_as_pyjks_reads_it(stores: JavaStores) -> None:
    """Another implementation opens the same keys to the same bytes."""
    file = stores.folder / "all.jks"
    theirs = pyjks.KeyStore.load(file, PASSWORD, try_decrypt_keys=False)
    for alias, key in theirs.private_keys.items():
        key.decrypt("another one" if alias == "other" else PASSWORD)

    found = jks.read(file.read_bytes(), opening(PASSWORD, "another one"))

    assert {alias: key.pkey_pkcs8 for alias, key in theirs.private_keys.items()} == {
        key.name: key.pkcs8.reveal() for key in found.keys
    }


def test_key_with_another_password_is_listed(stores: JavaStores) -> None:
    """A key that does not open leaves the others alone, and keeps its place among them."""
    data = (stores.folder / "all.jks").read_bytes()

    found = jks.read(data, opening(PASSWORD))

    everything = jks.read(data, opening(PASSWORD, "another one"))
    assert [key.name for key in everything.keys] == [key.name for key in found.all_keys]
    assert {"rsa", "ec", "dsa", "schlüssel-日本"} == {key.name for key in found.keys}
    assert {"other": next(k.certificates for k in everything.keys if k.name == "other")} == {
        key.name: key.certificates for key in found.locked
    }


def test_key_that_no_given_password_opens_is_listed(stores: JavaStores) -> None:
    """With two passwords given, too."""
    found = jks.read((stores.folder / "all.jks").read_bytes(), opening(PASSWORD, "a third one"))

    assert ["other"] == [key.name for key in found.locked]


@pytest.mark.parametrize("password", ["pässwörd-€-😀", None])
def test_certificates_need_no_password(stores: JavaStores, password: str | None) -> None:
    """A file of certificates alone opens with its password, however it is written, or without."""
    found = jks.read((stores.folder / "certificates.jks").read_bytes(), opening(password))

    assert (password is not None) == found.proven
    assert [("only-😀", stores.root, True)] == [
        (c.name, c.der, c.trusted) for c in found.certificates
    ]


@pytest.mark.parametrize("file", ["all.jks", "certificates.jks"])
@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " "])
def test_wrong_password_is_refused(stores: JavaStores, file: str, password: str) -> None:
    """The empty password is a password like any other."""
    with pytest.raises(PasswordWrong, match="or the file was altered"):
        jks.read((stores.folder / file).read_bytes(), opening(password))


def test_password_that_is_no_text_is_refused(stores: JavaStores) -> None:
    """A password comes as UTF-8, or it is mistyped; no error that holds it goes along."""
    broken = Opening(Secret(b"\xff"), None, 0)

    with pytest.raises(PasswordWrong, match="no UTF-8") as refused:
        jks.read((stores.folder / "certificates.jks").read_bytes(), broken)
    assert (None, None) == (refused.value.__cause__, refused.value.__context__)


def test_keys_need_a_password(stores: JavaStores) -> None:
    """The refusal says that there are keys, and how many."""
    with pytest.raises(PasswordWrong, match=r"holds 5 private keys and needs its password\."):
        jks.read((stores.folder / "all.jks").read_bytes(), opening(None))


@pytest.mark.parametrize("key_format", ["pkcs8", "rsa_raw"])
def test_store_of_pyjks_is_read(key_format: str, tmp_path: Path) -> None:
    """A file that Python wrote, from a PKCS#8 key and from a bare RSA key."""
    key, certificate = pki_maker.make_key("rsa2048"), pki_maker.make_chain()[0].der
    form = PrivateFormat.PKCS8 if key_format == "pkcs8" else PrivateFormat.TraditionalOpenSSL
    der = key.private_bytes(Encoding.DER, form, NoEncryption())
    theirs = pyjks.PrivateKeyEntry.new("pure python-😀", [certificate], der, key_format)
    trusted = pyjks.TrustedCertEntry.new("trusted", certificate)
    pyjks.KeyStore.new("jks", [theirs, trusted]).save(tmp_path / "store", PASSWORD)

    found = jks.read((tmp_path / "store").read_bytes(), opening(PASSWORD))

    clear = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert [("pure python-😀", clear, (certificate,))] == [
        (key.name, key.pkcs8.reveal(), key.certificates) for key in found.keys
    ]
    assert [("trusted", certificate)] == [(c.name, c.der) for c in found.certificates]


def test_store_of_the_first_version_is_read_as_java_reads_it(
    desk: JavaDesk, entry: KeyEntry, tmp_path: Path
) -> None:
    """Java 1.1 wrote certificates without their type."""
    protected = keystore_files.protected_jks(entry.pkcs8, PASSWORD.encode("utf-16-be"))
    parts = [
        keystore_files.java_key("old", protected, entry.chain, ""),
        keystore_files.java_certificate("older", entry.chain[-1], ""),
    ]
    file = tmp_path / "store"
    file.write_bytes(keystore_files.java_store(JKS, parts, PASSWORD, version=1))

    found = jks.read(file.read_bytes(), opening(PASSWORD))

    assert 2 == len(java_checks.as_java_lists(found))
    assert desk.entries("JKS", file, PASSWORD) == java_checks.as_java_lists(found)


def test_many_keys_all_arrive(many_entries: list[KeyEntry]) -> None:
    """1,800 key pairs with their chains, each with its own bytes and in the file's order."""
    data = keystore_files.write_jks(many_entries, PASSWORD)

    found = jks.read(data, opening(PASSWORD))

    assert many_entries == [
        KeyEntry(key.name, key.pkcs8.reveal(), key.certificates) for key in found.keys
    ]
    assert ((), ()) == (found.certificates, found.skipped)


def test_other_certificates_than_x509_are_listed(entry: KeyEntry) -> None:
    """Java would need a factory for them; here they are named and the rest is read."""
    protected = keystore_files.protected_jks(entry.pkcs8, PASSWORD.encode("utf-16-be"))
    parts = [
        keystore_files.java_certificate("pgp", b"?", "OpenPGP"),
        keystore_files.java_key("key", protected, [b"?"], "X.999"),
        keystore_files.java_certificate("good", entry.chain[0]),
    ]

    found = jks.read(keystore_files.java_store(JKS, parts, PASSWORD), opening(PASSWORD))

    assert (
        Skipped("pgp", "a certificate of the type 'OpenPGP', not X.509"),
        Skipped("key", "a certificate of the type 'X.999', not X.509"),
    ) == found.skipped
    assert [("key", ())] == [(key.name, key.certificates) for key in found.keys]
    assert ["good"] == [certificate.name for certificate in found.certificates]


def _protection(oid: str, content: bytes) -> bytes:
    algorithm = keystore_files.tlv(0x30, keystore_files.tlv(6, bytes.fromhex(oid)))
    return keystore_files.tlv(0x30, algorithm, keystore_files.tlv(4, content))


_SUNS = "2b060104012a02110101"
_ODD = "a private key whose encryption is malformed"
_FOREIGN = "a private key that is not encrypted as keys in JKS are"


@pytest.mark.parametrize(
    ("protected", "reason"),
    [
        (b"", _ODD),
        (b"\x30\x00", _ODD),
        (b"\x30\x82\xff\xff", _ODD),
        (_protection(_SUNS, bytes(39)), _ODD),
        (_protection(_SUNS, bytes(40)) + b"\0", _ODD),
        (_protection("2b060104012a02110102", bytes(99)), _FOREIGN),
        (keystore_files.encrypted_jceks(bytes(64), bytes(8), 2**31 - 1), _FOREIGN),
    ],
)
def test_odd_protection_of_a_key_is_listed(protected: bytes, reason: str) -> None:
    """Under a right digest, one key that makes no sense is that key's own fault."""
    data = keystore_files.java_store(JKS, [keystore_files.java_key("odd", protected, [])], PASSWORD)

    found = jks.read(data, opening(PASSWORD))

    assert ((Skipped("odd", reason),), ()) == (found.skipped, found.locked)


def test_key_that_another_password_could_open_is_locked() -> None:
    """Whatever bytes it is made of: nothing but its password tells whether it is one."""
    protected = _protection(_SUNS, bytes(40))
    data = keystore_files.java_store(JKS, [keystore_files.java_key("odd", protected, [])], PASSWORD)

    found = jks.read(data, opening(PASSWORD))

    assert ((), (LockedKey("odd", 0, ()),)) == (found.skipped, found.locked)


# ---- what nobody should have written


def test_file_cut_off_anywhere_is_unreadable(entry: KeyEntry) -> None:
    """At every byte, with the password and, for certificates alone, without."""
    trusted = [("trusted", entry.chain[-1])]
    data = keystore_files.write_jks([entry], PASSWORD, trusted)
    java_checks.refuse_if_cut_off(jks, data, opening(PASSWORD), range(4, len(data)))

    data = keystore_files.write_jks([], PASSWORD, trusted)
    java_checks.refuse_if_cut_off(jks, data, opening(None), range(4, len(data)))


def test_changed_bytes_are_refused(entry: KeyEntry) -> None:
    """A file that is not what was written is refused, and one with a forged digest does no harm."""
    data = keystore_files.write_jks([entry], PASSWORD, [("trusted", entry.chain[-1])])

    java_checks.survive_changes(jks, data, opening(PASSWORD), PASSWORD, 2000)


def _u4(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4) for number in numbers)


_NAMED = b"\0\1a" + bytes(8)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (_u4(2, _COUNT), "holds 2,147,483,648 entries"),
        (_u4(2, MOST_ELEMENTS + 1), "holds 20,001 entries"),
        (_u4(2, MOST_ELEMENTS), "cut off"),
        (_u4(0, 0), "version 0"),
        (_u4(3, 0), "version 3"),
        (_u4(2, 1, 3) + _NAMED, "kind 3"),
        (_u4(2, 1, 0) + _NAMED, "kind 0"),
        (_u4(2, 1, 2) + b"\xff\xff", "cut off"),
        (_u4(2, 1, 2) + b"\0\1\xff" + bytes(40), "no text"),
        (_u4(2, 1, 2) + _NAMED + b"\0\5X.509" + _u4(_COUNT), "cut off"),
        (_u4(2, 1, 2) + _NAMED + b"\xff\xff", "cut off"),
        (_u4(2, 1, 1) + _NAMED + _u4(2**32 - 1), "cut off"),
        (_u4(2, 1, 1) + _NAMED + _u4(0, _COUNT), "holds 2,147,483,648 certificates in one chain"),
        (_u4(2, 1, 1) + _NAMED + _u4(0, MOST_ELEMENTS), "20,000 certificates in one chain"),
        (_u4(2, 1, 1) + _NAMED + _u4(0, MOST_ELEMENTS - 1), "cut off"),
        (_u4(2, 0) + b"1", "goes on for 1 bytes"),
    ],
)
def test_impossible_numbers_are_refused(body: bytes, reason: str) -> None:
    """Counts and lengths are believed only as far as there are bytes, and not without bound."""
    with pytest.raises(KeystoreUnreadable, match=reason):
        jks.read(keystore_files.sealed(JKS + body, PASSWORD), opening(PASSWORD))


def test_only_its_magic_is_recognised(stores: JavaStores) -> None:
    """A JCEKS is another format, whatever its file name says."""
    assert jks.recognises((stores.folder / "all.jks").read_bytes())
    assert not jks.recognises((stores.folder / "all.jceks").read_bytes())
    assert not jks.recognises(b"\xfe\xed\xfe")


# ---- what is written here


def _fingerprint(der: bytes) -> str:
    command = ("openssl", "x509", "-inform", "DER", "-noout", "-fingerprint", "-sha256")
    return peers.run(*command, data=der).decode().strip().partition("=")[2]


def test_truststore_is_listed_by_keytool_without_a_password(tmp_path: Path) -> None:
    """Enter at keytool's prompt is enough, and the fingerprints are those that openssl computes."""
    leaf, ca, root = pki_maker.make_chain()
    links = {"client": leaf.der, "client_1": ca.der, "client_2": root.der}
    file = tmp_path / "public.jks"
    file.write_bytes(jks.write_truststore([(a, der, _MADE) for a, der in links.items()]))

    command = ("keytool", *ENGLISH, "-list", "-keystore", str(file))
    listed = peers.run(*command, data=b"\n").decode()

    assert "Keystore type: JKS" in listed
    assert "contains 3 entries" in listed
    for alias, der in links.items():
        assert f"{alias}, Feb 29, 2024, trustedCertEntry, \n" in listed
        assert f"Certificate fingerprint (SHA-256): {_fingerprint(der)}\n" in listed


@pytest.mark.parametrize("password", ["null", ""])
def test_truststore_is_found_by_java_under_every_alias(
    desk: JavaDesk, stores: JavaStores, tmp_path: Path, password: str
) -> None:
    """Names in upper case, beyond ASCII and equal but for their case are all there to look up."""
    aliases = ["Client", "client", "CLIENT_", "ÄÖÜ-ΣΑΣ", "日本-😀", "client"]
    file = tmp_path / "public.jks"
    file.write_bytes(jks.write_truststore([(alias, stores.root, _MADE) for alias in aliases]))

    found = desk.entries("JKS", file, password)

    assert {"client", "client__", "client_", "äöü-σας", "日本-😀", "client___"} == found.keys()
    assert {("certificate", (stores.root,))} == {(e.kind, e.certificates) for e in found.values()}


def test_truststore_is_read_by_pyjks(tmp_path: Path) -> None:
    """With the empty password, which its digest is made with; times are milliseconds."""
    certificate = pki_maker.make_chain()[0].der
    file = tmp_path / "public.jks"
    file.write_bytes(jks.write_truststore([("Client", certificate, _MADE)]))

    theirs = pyjks.KeyStore.load(file, "")

    assert {"client": ("X.509", certificate, 1709209815678)} == {
        alias: (entry.type, entry.cert, entry.timestamp) for alias, entry in theirs.certs.items()
    }


def test_truststore_of_nothing_is_a_file(desk: JavaDesk, tmp_path: Path) -> None:
    """A keystore without entries can be exported as well."""
    file = tmp_path / "empty.jks"
    file.write_bytes(jks.write_truststore([]))

    assert {} == desk.entries("JKS", file, "null")


@pytest.mark.parametrize("password", [None, ""])
def test_truststore_comes_back(stores: JavaStores, password: str | None) -> None:
    """What is written here is read here, with the empty password and with none."""
    data = jks.write_truststore([("a", stores.root, _MADE), ("b", stores.root, _MADE)])

    found = jks.read(data, opening(password))

    assert [("a", stores.root), ("b", stores.root)] == [(c.name, c.der) for c in found.certificates]
