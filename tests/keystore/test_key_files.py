"""One key out of a file and never another one than was meant; openssl and keytool write them."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.keystore import key_files
from keysteward.keystore.key_files import KeyFile
from keysteward.pki import public_keys
from keysteward.problems import (
    CertificateOfAnotherKey,
    CertificateUnreadable,
    KeyDerivationTooCostly,
    KeyNotInFile,
    KeystoreUnreadable,
    PasswordWrong,
    PrivateKeyUnreadable,
    Problem,
    SeveralKeys,
    UploadTooLarge,
)
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import key_uploads, keystore_files, pkcs12_files, pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue

CHAIN = pki_maker.make_chain()


def _read(
    settings: Settings, data: bytes, password: str | None = None, choose: str | None = None
) -> KeyFile:
    secret = None if password is None else Secret(password.encode())
    return key_files.read_key_file(data, secret, choose=choose, settings=settings)


def _spki(issued: Issued) -> bytes:
    return public_keys.spki(issued.key.public_key())


def _holds(file: KeyFile, issued: Issued) -> bool:
    return public_keys.spki(file.key.public_key()) == _spki(issued)


def _p12(*keys: tuple[str, Issued], chains: bool = True) -> bytes:
    """Return a PKCS#12 of named keys, not encrypted, without a MAC."""
    bags = []
    for place, (name, issued) in enumerate(keys):
        own = pkcs12_files.key_id(bytes([place]))
        named = (pkcs12_files.name(name),) if name else ()
        pkcs8 = pki_maker.key_bytes(issued.key, Encoding.DER)
        bags.append(pkcs12_files.clear_key(pkcs8, own, *named))
        if chains:
            bags.append(pkcs12_files.certificate(issued.der, own))
    return pkcs12_files.pfx([pkcs12_files.data(pkcs12_files.contents(*bags))])


@pytest.mark.parametrize("password", ["", "höchst geheim"])
@pytest.mark.parametrize("options", [(), ("-legacy",), ("-nomac",)], ids=["", "legacy", "nomac"])
def test_pkcs12_of_openssl_is_read(
    settings: Settings, tmp_path: Path, password: str, options: tuple[str, ...]
) -> None:
    """With the key and all certificates, whatever openssl protects it by."""
    data = key_uploads.openssl_pkcs12(tmp_path, *CHAIN, password=password, options=options)
    file = _read(settings, data, password or None)
    assert _holds(file, CHAIN[0])
    assert set(steward_.read(*CHAIN)) == set(file.certificates)
    assert ("PKCS#12", ()) == (file.format, file.left)


def test_key_of_keytool_is_chosen_by_its_alias(settings: Settings) -> None:
    """Several keys are named and refused until one is chosen, by its name or its place."""
    data = key_uploads.keytool_pkcs12("first", "second", password="changeit")
    with pytest.raises(SeveralKeys) as caught:
        _read(settings, data, "changeit")
    assert ("first", "second") == caught.value.names
    second = _read(settings, data, "changeit", "second")
    assert "CN=second" == second.certificates[0].subject
    assert public_keys.spki(second.key.public_key()) == second.certificates[0].spki
    assert ("the key 'first'",) == second.left
    by_place = _read(settings, data, "changeit", "#1")
    assert "CN=first" == by_place.certificates[0].subject


def test_keys_without_a_name_or_with_the_same_are_told_apart(settings: Settings) -> None:
    """By the subject of their certificates, and by their places in the file."""
    issued = [issue(f"CN={letter}") for letter in "abcd"]
    data = _p12(*zip(("same", "same", "", "same #2"), issued, strict=True))
    with pytest.raises(SeveralKeys) as caught:
        _read(settings, data)
    names = caught.value.names
    assert ("same", "same #2", "CN=c", "same #2 #4") == names
    for name, one in zip(names, issued, strict=True):
        assert _holds(_read(settings, data, choose=name), one)
    nameless = _p12(("", issued[0]), ("", issued[1]), chains=False)
    with pytest.raises(SeveralKeys, match="'#1', '#2'"):
        _read(settings, nameless)
    assert _holds(_read(settings, nameless, choose="#2"), issued[1])


def test_of_other_keys_only_issuers_come_along(settings: Settings) -> None:
    """A CA whose own key lies in the file may be in the chain; another client's never is."""
    ca = issue("CA", ca=True)
    mine, others = issue("mine", issuer=ca), issue("others", issuer=ca)
    data = _p12(("mine", mine), ("ca", ca), ("others", others))

    file = _read(settings, data, choose="mine")

    assert [mine.der, ca.der] == [certificate.der for certificate in file.certificates]
    assert ("the key 'ca'", "the key 'others'") == file.left


@pytest.mark.parametrize("choose", ["other", "#0", "#3", ""])
def test_key_that_is_not_there_cannot_be_chosen(settings: Settings, choose: str) -> None:
    """The refusal names those that there are; one key alone is no exception."""
    data = _p12(("a", issue("a")), ("b", issue("b")))
    with pytest.raises(KeyNotInFile, match="'a', 'b'"):
        _read(settings, data, choose=choose)
    one = issue("CN=only")
    pem = one.pem + one.key_pem()
    with pytest.raises(KeyNotInFile, match="'CN=only'"):
        _read(settings, pem, choose=choose)
    assert _holds(_read(settings, pem, choose="CN=only"), one)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_wrong_password_is_refused(
    settings: Settings, tmp_path: Path, password: str | None
) -> None:
    """And a missing one."""
    data = key_uploads.openssl_pkcs12(tmp_path, *CHAIN, password="right")
    with pytest.raises(PasswordWrong):
        _read(settings, data, password)


def test_key_under_a_second_password_is_said_to_be_there(
    settings: Settings,
) -> None:
    """With what takes both."""
    entries = keystore_files.key_entries(keystore_files.distinct_rsa_keys(1))
    shut = pkcs12_files.shrouded_key(
        pkcs12_files.by_pbkdf2(entries[0].pkcs8, b"of the key"), pkcs12_files.name("shut")
    )
    safe = pkcs12_files.data(pkcs12_files.contents(shut))
    data = pkcs12_files.pfx([safe], mac=pkcs12_files.pbmac1(b"of the file"))
    with pytest.raises(PrivateKeyUnreadable, match=r"'shut' .*Import it as a whole keystore"):
        _read(settings, data, "of the file")


@pytest.mark.parametrize("pkcs12", [False, True])
def test_certificate_of_another_key_is_refused(settings: Settings, *, pkcs12: bool) -> None:
    """The key is proven to fit, not taken for fitting because it lies in the same file."""
    key, foreign = issue("a"), issue("b")
    data = foreign.pem + key.key_pem()
    if pkcs12:
        own = pkcs12_files.key_id(b"1")
        pkcs8 = pki_maker.key_bytes(key.key, Encoding.DER)
        bags = (pkcs12_files.clear_key(pkcs8, own), pkcs12_files.certificate(foreign.der, own))
        data = pkcs12_files.pfx([pkcs12_files.data(pkcs12_files.contents(*bags))])
    with pytest.raises(CertificateOfAnotherKey, match="CN=b"):
        _read(settings, data)


def test_file_beyond_the_limit_is_refused_unread(settings: Settings, tmp_path: Path) -> None:
    """The limit is the setting, to the byte."""
    data = key_uploads.openssl_pkcs12(tmp_path, *CHAIN)
    at_limit = replace(settings, key_pair_limit_bytes=len(data))
    assert _holds(_read(at_limit, data), CHAIN[0])
    for refused in (data + b"\n", b"x" * (len(data) + 1)):
        with pytest.raises(UploadTooLarge, match=r"KEY_PAIR_LIMIT_BYTES.*Import it as a whole"):
            _read(at_limit, refused)


def test_chain_file_has_the_same_limit(settings: Settings) -> None:
    """What is given beside a key is read in any form a response may have, and bounded."""
    data = b"".join(one.pem for one in CHAIN)
    at_limit = replace(settings, key_pair_limit_bytes=len(data))
    assert steward_.read(*CHAIN) == key_files.read_chain_file(data, at_limit)
    with pytest.raises(UploadTooLarge):
        key_files.read_chain_file(data + b"\n", at_limit)


def test_work_to_open_a_file_is_bounded_by_the_setting(settings: Settings, tmp_path: Path) -> None:
    """Before any of it is done."""
    data = key_uploads.openssl_pkcs12(tmp_path, *CHAIN, password="x", options=("-iter", "5000"))
    with pytest.raises(KeyDerivationTooCostly):
        _read(replace(settings, derivation_limit_rounds=4000), data, "x")


def test_pkcs12_without_a_key_is_no_key_pair(settings: Settings, tmp_path: Path) -> None:
    """It is said to hold certificates alone."""
    data = key_uploads.openssl_pkcs12(tmp_path, *CHAIN, options=("-nokeys",))
    with pytest.raises(PrivateKeyUnreadable, match="certificates alone"):
        _read(settings, data)


def test_every_cut_file_ends_in_a_problem(settings: Settings) -> None:
    """Whatever is left of it."""
    data = _p12(("a", issue("a")))
    for length in range(len(data)):
        with pytest.raises((KeystoreUnreadable, PrivateKeyUnreadable, CertificateUnreadable)):
            _read(settings, data[:length])


def test_damaged_certificate_beside_the_key_is_a_problem(settings: Settings) -> None:
    """It may be the key's own."""
    one = issue("a")
    bags = (
        pkcs12_files.clear_key(pki_maker.key_bytes(one.key, Encoding.DER)),
        pkcs12_files.certificate(one.der[:-40] + bytes(40) + b"\0"),
    )
    with pytest.raises(Problem) as caught:
        _read(settings, pkcs12_files.pfx([pkcs12_files.data(pkcs12_files.contents(*bags))]))
    assert isinstance(caught.value, CertificateUnreadable)


@pytest.mark.parametrize(
    ("form", "expected"), [("clear", False), ("encrypted", True), ("pkcs12", True)]
)
def test_password_is_worth_asking_for(tmp_path: Path, form: str, *, expected: bool) -> None:
    """Of encrypted PEM and of PKCS#12."""
    one = issue("a")
    data = one.key_pem(password=b"x" if form == "encrypted" else None)
    if form == "pkcs12":
        data = key_uploads.openssl_pkcs12(tmp_path, one)
    assert expected == key_files.may_need_password(data)
