from datetime import UTC, datetime
from pathlib import Path

import jks as pyjks
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.formats.keystores import jceks
from keysteward.formats.keystores.contract import LockedKey, Skipped
from keysteward.problems import KeyDerivationTooCostly, KeystoreUnreadable, PasswordWrong
from tests import keystore_files, peers, pki_maker
from tests.formats.keystores import java_checks
from tests.formats.keystores.conftest import ENGLISH, PASSWORD, JavaDesk, JavaStores, opening
from tests.keystore_files import JCEKS

_MADE = datetime(2024, 2, 29, 12, 30, 15, 678_000, tzinfo=UTC)
_SECRETS = {"secret-aes", "secret-desede", "secret-hmacsha512", "secret-blowfish"}

_ROUNDS = 2 * 10_000
"""Hashes for one key of the stores here, of which each has five."""


@pytest.fixture(scope="module")
def everything(stores: JavaStores) -> bytes:
    """A store by keytool with every kind of entry."""
    return (stores.folder / "all.jceks").read_bytes()


@pytest.fixture(scope="module")
def pkcs8() -> bytes:
    """A small key."""
    return pki_maker.key_bytes(pki_maker.make_key("p256"), Encoding.DER)


def _key_store(protected: bytes) -> bytes:
    return keystore_files.java_store(
        JCEKS, [keystore_files.java_key("key", protected, [])], PASSWORD
    )


# ---- what others wrote


def test_store_of_keytool_is_read_as_java_reads_it(desk: JavaDesk, stores: JavaStores) -> None:
    """Keys with their chains and the trusted certificate, though secret keys lie between them."""
    file = stores.folder / "all.jceks"
    theirs = desk.entries("JCEKS", file, PASSWORD, "another one")

    found = jceks.read(file.read_bytes(), opening(PASSWORD, "another one"))

    assert java_checks.without_secret_keys(theirs) == java_checks.as_java_lists(found)
    assert (6, "JCEKS") == (len(java_checks.as_java_lists(found)), found.format)


def test_secret_keys_are_listed(everything: bytes) -> None:
    """Nothing is made of a secret key but its name in a list."""
    found = jceks.read(everything, opening(PASSWORD, "another one"))

    assert _SECRETS == {skipped.name for skipped in found.skipped}
    assert {"a secret key, which has no place here"} == {s.reason for s in found.skipped}


def test_store_of_keytool_is_read_as_pyjks_reads_it(stores: JavaStores, everything: bytes) -> None:
    """Another implementation opens the same key to the same bytes and sees the same secret keys."""
    theirs = pyjks.KeyStore.load(stores.folder / "all.jceks", PASSWORD, try_decrypt_keys=False)
    theirs.private_keys["ec"].decrypt(PASSWORD)

    found = jceks.read(everything, opening(PASSWORD))

    keys = {key.name: key.pkcs8.reveal() for key in found.keys}
    assert theirs.private_keys["ec"].pkey_pkcs8 == keys["ec"]
    assert theirs.private_keys.keys() - {"other"} == keys.keys()
    assert theirs.secret_keys.keys() == {skipped.name for skipped in found.skipped}
    assert {"other"} == {key.name for key in found.locked}


def test_key_with_another_password_is_listed(everything: bytes) -> None:
    """A key that does not open leaves the others alone."""
    found = jceks.read(everything, opening(PASSWORD))

    assert ["other"] == [key.name for key in found.locked]
    assert 4 == len(found.keys)


@pytest.mark.parametrize("password", ["pässwörd-€-😀", None])
def test_certificates_need_no_password(stores: JavaStores, password: str | None) -> None:
    """A file of certificates alone opens with its password, however it is written, or without."""
    data = (stores.folder / "certificates.jceks").read_bytes()

    found = jceks.read(data, opening(password))

    assert (password is not None) == found.proven

    assert [("only-😀", stores.root, True)] == [
        (certificate.name, certificate.der, certificate.trusted)
        for certificate in found.certificates
    ]


@pytest.mark.parametrize("password", ["", "wrong", None])
def test_wrong_or_missing_password_is_refused(everything: bytes, password: str | None) -> None:
    """The digest refuses before any key is tried."""
    with pytest.raises(PasswordWrong):
        jceks.read(everything, opening(password, limit_rounds=0))


def test_secret_keys_alone_need_no_password() -> None:
    """What is not opened needs no password."""
    serialized = bytes.fromhex("aced0005") + b"\x74\0\3key"
    data = keystore_files.java_store(
        JCEKS, [keystore_files.java_secret("secret", serialized)], PASSWORD
    )

    assert ["secret"] == [skipped.name for skipped in jceks.read(data, opening(None)).skipped]


@pytest.mark.parametrize(
    ("salt", "password"),
    [("0102030405060708", PASSWORD), ("0102030401020304", PASSWORD), ("0102030401020304", "")],
)
def test_key_encrypted_by_java_is_opened(
    desk: JavaDesk, pkcs8: bytes, salt: str, password: str
) -> None:
    """Sun's key derivation has a rule of its own for a salt of two equal halves."""
    encrypted = bytes.fromhex(desk.do(("encrypt", password, salt, "3", pkcs8.hex()))[0])
    protected = keystore_files.encrypted_jceks(encrypted, bytes.fromhex(salt), 3)

    found = jceks.read(_key_store(protected), opening(PASSWORD, password))

    assert [pkcs8] == [key.pkcs8.reveal() for key in found.keys]


def test_key_in_the_protection_of_jks_is_opened_as_by_java(
    desk: JavaDesk, stores: JavaStores, pkcs8: bytes, tmp_path: Path
) -> None:
    """Java takes it in JCEKS too."""
    protected = keystore_files.protected_jks(pkcs8, PASSWORD.encode("utf-16-be"))
    key = keystore_files.java_key("key", protected, [stores.root])
    file = tmp_path / "store"
    file.write_bytes(keystore_files.java_store(JCEKS, [key], PASSWORD))

    found = jceks.read(file.read_bytes(), opening(PASSWORD, limit_rounds=0))

    assert [pkcs8] == [key.pkcs8.reveal() for key in found.keys]
    assert desk.entries("JCEKS", file, PASSWORD) == java_checks.as_java_lists(found)


# ---- the work that a file asks for


@pytest.mark.parametrize(
    ("key_password", "needed"),
    [(None, 5 * _ROUNDS), (PASSWORD, 5 * _ROUNDS), ("another one", 10 * _ROUNDS)],
)
def test_work_is_counted_over_all_keys_and_passwords(
    everything: bytes, key_password: str | None, needed: int
) -> None:
    """The limit is for the whole file: as much as is needed passes, one round less does not."""
    jceks.read(everything, opening(PASSWORD, key_password, needed))

    with pytest.raises(
        KeyDerivationTooCostly, match=f"{needed:,} rounds.*allowed are {needed - 1:,}"
    ):
        jceks.read(everything, opening(PASSWORD, key_password, needed - 1))


@pytest.mark.parametrize("count", [10_000_000, 2**31 - 1, 2**31, 2**63])
def test_any_number_of_iterations_is_refused_at_once(count: int) -> None:
    """The number in the file is compared before it is worked off."""
    protected = keystore_files.encrypted_jceks(bytes(64), bytes(8), count)

    with pytest.raises(KeyDerivationTooCostly, match=f"takes {2 * count:,} rounds"):
        jceks.read(_key_store(protected), opening(PASSWORD))


@pytest.mark.parametrize("count", [2**64, 2**16_000], ids=["65 bits", "16,001 bits"])
def test_number_of_iterations_that_no_program_counts_to_is_malformed(count: int) -> None:
    """Python refuses to write numbers of more than 4,300 digits, so a refusal cannot name it."""
    protected = keystore_files.encrypted_jceks(bytes(64), bytes(8), count)

    found = jceks.read(_key_store(protected), opening(PASSWORD))

    assert (Skipped("key", "a private key whose encryption is malformed"),) == found.skipped


# ---- what nobody should have written


@pytest.mark.parametrize(
    ("protected", "locked"),
    [
        (keystore_files.encrypted_jceks(bytes(64), bytes(8), 1), True),
        (keystore_files.encrypted_jceks(bytes(63), bytes(8), 1), True),
        (keystore_files.encrypted_jceks(b"", bytes(8), 1), True),
        (keystore_files.encrypted_jceks(bytes(64), bytes(7), 1), False),
        (keystore_files.encrypted_jceks(bytes(64), bytes(8), 0), False),
        (keystore_files.encrypted_jceks(bytes(64), bytes(8), -1), False),
    ],
)
def test_odd_protection_of_a_key_is_listed(protected: bytes, locked: bool) -> None:  # noqa: FBT001
    """Under a right digest, one key that makes no sense is that key's own fault."""
    found = jceks.read(_key_store(protected), opening(PASSWORD))

    malformed = Skipped("key", "a private key whose encryption is malformed")
    expected = ((LockedKey("key", 0, ()),), ()) if locked else ((), (malformed,))
    assert expected == (found.locked, found.skipped)


@pytest.mark.parametrize("clear", [b"no key", b"\x30\0", b"\x30\5\2\1\0\5\0"])
def test_something_else_than_a_key_is_not_taken_for_one(desk: JavaDesk, clear: bytes) -> None:
    """A wrong password makes right padding now and then, but no PKCS#8."""
    salt = "0102030405060708"
    encrypted = bytes.fromhex(desk.do(("encrypt", PASSWORD, salt, "3", clear.hex()))[0])
    protected = keystore_files.encrypted_jceks(encrypted, bytes.fromhex(salt), 3)

    found = jceks.read(_key_store(protected), opening(PASSWORD))

    assert ((LockedKey("key", 0, ()),), ()) == (found.locked, found.skipped)


def test_password_beyond_ascii_opens_no_key() -> None:
    """Java refuses to make such a key, so none is tried."""
    protected = keystore_files.encrypted_jceks(bytes(64), bytes(8), 1)
    data = keystore_files.java_store(
        JCEKS, [keystore_files.java_key("key", protected, [])], "pässwörd"
    )

    assert (LockedKey("key", 0, ()),) == jceks.read(data, opening("pässwörd")).locked


def test_secret_key_without_an_end_makes_the_file_unreadable() -> None:
    """What follows it cannot be found, so nothing of the file is taken."""
    endless = bytes.fromhex("aced0005") + b"\x76" * 1000
    data = keystore_files.java_store(
        JCEKS, [keystore_files.java_secret("endless", endless)], PASSWORD
    )

    with pytest.raises(KeystoreUnreadable, match="a secret key, 'endless', whose end cannot"):
        jceks.read(data, opening(PASSWORD))


def test_file_cut_off_anywhere_is_unreadable(everything: bytes) -> None:
    """At every byte of the secret keys as of everything else."""
    java_checks.refuse_if_cut_off(jceks, everything, opening(PASSWORD), range(4, len(everything)))


def test_changed_bytes_are_refused(everything: bytes) -> None:
    """A file that is not what was written is refused, and one with a forged digest does no harm."""
    java_checks.survive_changes(jceks, everything, opening(PASSWORD, None, 0), PASSWORD, 1000)


def test_changed_bytes_of_a_key_are_refused(desk: JavaDesk, pkcs8: bytes) -> None:
    """The same for a key that takes few rounds, so that it is opened each time."""
    salt = "0102030405060708"
    encrypted = bytes.fromhex(desk.do(("encrypt", PASSWORD, salt, "3", pkcs8.hex()))[0])
    data = _key_store(keystore_files.encrypted_jceks(encrypted, bytes.fromhex(salt), 3))

    java_checks.survive_changes(jceks, data, opening(PASSWORD, None, 1000), PASSWORD, 1000)


def test_only_its_magic_is_recognised(stores: JavaStores, everything: bytes) -> None:
    """A JKS is another format, whatever its file name says."""
    assert jceks.recognises(everything)
    assert not jceks.recognises((stores.folder / "all.jks").read_bytes())
    assert not jceks.recognises(b"")


# ---- what is written here


def test_truststore_is_listed_by_keytool_without_a_password(tmp_path: Path) -> None:
    """Enter at keytool's prompt is enough, if it is told that the file is a JCEKS."""
    leaf, ca, root = pki_maker.make_chain()
    file = tmp_path / "PublicContentKeystore.jks"
    links = [
        ("client", leaf.der, _MADE),
        ("client_1", ca.der, _MADE),
        ("client_2", root.der, _MADE),
    ]
    file.write_bytes(jceks.write_truststore(links))

    command = ("keytool", *ENGLISH, "-list", "-storetype", "JCEKS", "-keystore", str(file))
    listed = peers.run(*command, data=b"\n").decode()

    assert "Keystore type: JCEKS" in listed
    assert "contains 3 entries" in listed
    for alias, _, _ in links:
        assert f"{alias}, Feb 29, 2024, trustedCertEntry, \n" in listed


@pytest.mark.parametrize("password", ["null", ""])
def test_truststore_is_read_by_java(
    desk: JavaDesk, stores: JavaStores, tmp_path: Path, password: str
) -> None:
    """Each alias can be looked up, with no password and with the empty one."""
    file = tmp_path / "public.jceks"
    aliases = ("Client", "CLIENT", "日本-😀")
    file.write_bytes(jceks.write_truststore([(alias, stores.root, _MADE) for alias in aliases]))

    found = desk.entries("JCEKS", file, password)

    assert {"client", "client_", "日本-😀"} == found.keys()
    assert {("certificate", (stores.root,))} == {(e.kind, e.certificates) for e in found.values()}


def test_truststore_is_read_by_pyjks(stores: JavaStores, tmp_path: Path) -> None:
    """With the empty password, which its digest is made with."""
    file = tmp_path / "public.jceks"
    file.write_bytes(jceks.write_truststore([("client", stores.root, _MADE)]))

    theirs = pyjks.KeyStore.load(file, "")

    assert ("jceks", {"client": stores.root}) == (
        theirs.store_type,
        {alias: entry.cert for alias, entry in theirs.certs.items()},
    )
