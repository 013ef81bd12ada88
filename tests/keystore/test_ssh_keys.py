from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keysteward.entries import Entry, EntryType, Reason
from keysteward.keystore import aliases, key_pairs, ssh_keys
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.steward import Steward
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    AliasNotFound,
    AliasReserved,
    EntryOwnedByProvider,
    KeyDerivationTooCostly,
    KeyTypeUnsupported,
    NotAKeyPair,
    PasswordWrong,
    PrivateKeyUnreadable,
    Problem,
    SubjectInvalid,
    UploadTooLarge,
)
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import peers, ssh_maker
from tests import steward as steward_
from tests.pki_maker import issue
from tests.ssh_maker import KINDS, SECRET, SshMaker
from tests.steward import PROVIDER, START, TENANT

WISH = PlaceholderWish(Subject("shop ssh", organization="Shop"))

ED25519 = ed25519.Ed25519PrivateKey.generate().private_bytes(
    Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
)

RSA = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> SshMaker:
    """Return a maker that keeps what it made for the whole run."""
    return SshMaker(tmp_path_factory.mktemp("ssh"))


def _pkcs1(key: rsa.RSAPrivateKey = RSA) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _pem(key: PrivateKey, form: PrivateFormat) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def _add(steward: Steward, data: bytes, alias: str = "id_shop", *, update: bool = False) -> Entry:
    return ssh_keys.add_ssh_key(steward, TENANT, alias, data, WISH, update=update).entry


def _years_after(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)


# ---- SSH keys


@pytest.mark.parametrize("kind", KINDS)
def test_added_ssh_key_is_a_key_pair_with_a_certificate_of_its_own(
    steward: Steward, maker: SshMaker, kind: str
) -> None:
    """Self-signed, of the given subject, for ten years, and for SSH."""
    entry = _add(steward, maker.openssh(kind).read_bytes())
    certificate = entry.version.certificate
    assert (EntryType.KEY_PAIR, Usage.SSH, 1, Reason.UPLOADED) == (
        *(entry.type, entry.usage, entry.version.number, entry.version.reason),
    )
    assert ("CN=shop ssh,O=Shop", True) == (certificate.subject, certificate.self_signed)
    assert (START, _years_after(START, 10)) == (certificate.not_before, certificate.not_after)
    assert ("add-ssh-key", "done", "id_shop") == steward_.audited(steward)[-1]


@pytest.mark.parametrize("encrypted", [False, True], ids=["clear", "encrypted"])
def test_stored_private_key_signs_for_the_public_key_that_puttygen_reports(
    steward: Steward, maker: SshMaker, tmp_path: Path, *, encrypted: bool
) -> None:
    """What is unsealed is the key of the file."""
    file = maker.putty("ecdsa-384", encrypted=encrypted)
    entry = ssh_keys.add_ssh_key(
        steward,
        TENANT,
        "putty",
        file.read_bytes(),
        WISH,
        passphrase=SECRET if encrypted else None,
    ).entry
    pkcs8 = key_pairs.unseal_private_key(steward, entry.version).reveal()
    key = serialization.load_der_private_key(pkcs8, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    ssh_maker.require_signs_for(key, maker.putty_public(file, encrypted=encrypted), tmp_path)


def test_update_with_an_ssh_key_makes_a_version_under_the_same_alias(steward: Steward) -> None:
    """The earlier key stays in the versions, and the entry is for SSH, which is said."""
    first = steward_.add(steward, "client", issue("client"), usage=Usage.TLS_CLIENT)
    stored = ssh_keys.add_ssh_key(steward, TENANT, "client", ED25519, WISH, update=True)
    (notice,), entry = stored.notices, stored.entry
    said = "'client' was a key pair for tls-client, and is one for ssh now."
    assert ("usage-changed", said) == (notice.slug, notice.detail)
    assert (first.id, "client", 2, Reason.UPLOADED, Usage.SSH) == (
        *(entry.id, entry.alias, entry.version.number, entry.version.reason, entry.usage),
    )
    versions = steward.store.list_versions(entry)
    assert (first.version, "Ed25519") == (versions[0], versions[1].certificate.key.type)
    assert ("uploaded", "done", "client") == steward_.audited(steward)[-1]


def test_update_with_the_key_and_subject_that_are_there_stores_nothing(
    steward: Steward, settings: Settings
) -> None:
    """Whoever has pinned the certificate goes on; another subject or a validity makes a new one."""
    _add(steward, ED25519)
    ssh_keys.add_rsa_key(steward, TENANT, "rsa", _pkcs1(), WISH)
    before = steward_.rows(settings)
    for alias, data, add in (
        ("id_shop", ED25519, ssh_keys.add_ssh_key),
        ("rsa", _pkcs1(), ssh_keys.add_rsa_key),
    ):
        stored = add(steward, TENANT, alias, data, WISH, update=True)
        assert (False, ["already-current"]) == (stored.changed, [n.slug for n in stored.notices])
    assert before == steward_.rows(settings)
    for number, wish in enumerate(
        (
            PlaceholderWish(Subject("other")),
            PlaceholderWish(Subject("other"), san=("DNS:a.example",)),
            PlaceholderWish(Subject("other"), ("DNS:a.example",), not_after=_years_after(START, 1)),
        ),
        start=2,
    ):
        stored = ssh_keys.add_ssh_key(steward, TENANT, "id_shop", ED25519, wish, update=True)
        assert (True, number) == (stored.changed, stored.entry.version.number)


def test_same_key_for_another_usage_gets_another_certificate(steward: Steward) -> None:
    """One for TLS does not become one for SSH by itself; an RSA update keeps the usage."""
    ssh_keys.add_rsa_key(steward, TENANT, "rsa", _pkcs1(), WISH)
    stored = ssh_keys.add_ssh_key(steward, TENANT, "rsa", _pkcs1(), WISH, update=True)
    assert (2, Usage.SSH) == (stored.entry.version.number, stored.entry.usage)
    assert not ssh_keys.add_rsa_key(steward, TENANT, "rsa", _pkcs1(), WISH, update=True).changed


def test_update_needs_a_key_pair_of_the_callers(steward: Steward, settings: Settings) -> None:
    """Not one that is missing, a certificate, or the provider's."""
    steward_.add_anchor(steward, "root", issue("Root", ca=True))
    steward_.add(steward, "sap_key", issue("x"), caller=PROVIDER)
    before = steward_.rows(settings)
    for alias, problem in (
        ("missing", AliasNotFound),
        ("root", NotAKeyPair),
        ("sap_key", EntryOwnedByProvider),
    ):
        with pytest.raises(problem):
            _add(steward, ED25519, alias, update=True)
        with pytest.raises(problem):
            ssh_keys.add_rsa_key(steward, TENANT, alias, _pkcs1(), WISH, update=True)
    assert before == steward_.rows(settings)


@pytest.mark.parametrize(("alias", "problem"), [("taken", AliasExists), ("sap_key", AliasReserved)])
def test_new_key_needs_a_free_alias_of_the_callers(
    steward: Steward, settings: Settings, alias: str, problem: type[Problem]
) -> None:
    """Nothing is read or stored before that is clear."""
    steward_.add(steward, "taken", issue("x"))
    before = steward_.rows(settings)
    with pytest.raises(problem) as ssh:
        _add(steward, b"no key at all", alias)
    with pytest.raises(problem) as rsa_:
        ssh_keys.add_rsa_key(steward, TENANT, alias, b"no key at all", WISH)
    for refused, update in ((ssh, "with this SSH key"), (rsa_, "with this RSA key")):
        assert (problem is AliasExists) is (update in refused.value.detail)
    assert before == steward_.rows(settings)
    assert "refused" == steward_.audited(steward)[-1][1]


@pytest.mark.parametrize(
    ("data", "wish", "problem"),
    [
        (b"ssh-ed25519 AAAA", WISH, PrivateKeyUnreadable),
        (ED25519, PlaceholderWish(Subject("x", country="Germany")), SubjectInvalid),
        (ED25519, replace(WISH, hash_name="sha256"), KeyTypeUnsupported),
    ],
    ids=["public", "subject", "hash"],
)
def test_refused_ssh_key_stores_nothing(
    steward: Steward, settings: Settings, data: bytes, wish: PlaceholderWish, problem: type[Problem]
) -> None:
    """The refusal stands in the audit log and nowhere else."""
    before = steward_.rows(settings)
    with pytest.raises(problem):
        ssh_keys.add_ssh_key(steward, TENANT, "id_shop", data, wish)
    assert before == steward_.rows(settings)
    assert ("add-ssh-key", "refused", "id_shop") == steward_.audited(steward)[-1]


def test_wrong_passphrase_stores_nothing(
    steward: Steward, settings: Settings, maker: SshMaker
) -> None:
    """And shows up nowhere."""
    before, wrong = steward_.rows(settings), Secret(b"a wrong passphrase")
    data = maker.putty("ed25519", encrypted=True).read_bytes()
    with pytest.raises(PasswordWrong) as raised:
        ssh_keys.add_ssh_key(steward, TENANT, "id_shop", data, WISH, passphrase=wrong)
    assert "a wrong passphrase" not in str(raised.value)
    assert before == steward_.rows(settings)


def test_file_above_the_limit_is_not_read(steward: Steward) -> None:
    """At the limit it is; the problem names the setting."""
    limit = steward.settings.key_file_limit_bytes
    padded = ED25519 + b"\n" * (limit - len(ED25519))
    assert 10_000 == len(padded)
    assert 1 == _add(steward, padded).version.number
    for add in (ssh_keys.add_ssh_key, ssh_keys.add_rsa_key):
        with pytest.raises(UploadTooLarge) as raised:
            add(steward, TENANT, "other", padded + b"\n", WISH)
        assert "KEYSTEWARD_KEY_FILE_LIMIT_BYTES" in raised.value.detail


def test_work_of_opening_is_bounded_by_the_setting(steward: Steward, maker: SshMaker) -> None:
    """One round of OpenSSH's derivation is more than ten thousand of the usual ones."""
    frugal = replace(steward, settings=replace(steward.settings, derivation_limit_rounds=10_000))
    data = maker.encrypted("ed25519").read_bytes()
    with pytest.raises(KeyDerivationTooCostly):
        ssh_keys.add_ssh_key(frugal, TENANT, "id_shop", data, WISH, passphrase=SECRET)
    added = ssh_keys.add_ssh_key(steward, TENANT, "id_shop", data, WISH, passphrase=SECRET)
    assert "Ed25519" == added.entry.version.certificate.key.type


def test_rsa_key_too_short_for_the_hash_is_a_problem(steward: Steward) -> None:
    """512 bits hold no signature with SHA-512; with SHA-256 they do."""
    data = peers.run("openssl", "genrsa", "512")
    with pytest.raises(KeyTypeUnsupported, match="too short"):
        _add(steward, data)
    short = replace(WISH, hash_name="sha256")
    assert 1 == ssh_keys.add_ssh_key(steward, TENANT, "old", data, short).entry.version.number


# ---- RSA keys


def test_added_rsa_key_has_saps_defaults(steward: Steward) -> None:
    """SHA-256 and ten years, unless the wish says otherwise."""
    entry = ssh_keys.add_rsa_key(steward, TENANT, "rsa", _pkcs1(), WISH).entry
    certificate = entry.version.certificate
    assert ("sha256", _years_after(START, 10)) == (
        certificate.signature_hash,
        certificate.not_after,
    )
    assert RSA.public_key() == certificate.loaded.public_key()
    assert ("add-rsa-key", "done", "rsa") == steward_.audited(steward)[-1]
    wish = replace(WISH, hash_name="sha512", not_after=START + timedelta(days=30))
    entry = ssh_keys.add_rsa_key(steward, TENANT, "other", _pkcs1(), wish).entry
    certificate = entry.version.certificate
    assert ("sha512", START + timedelta(days=30)) == (
        certificate.signature_hash,
        certificate.not_after,
    )


def test_update_with_an_rsa_key_never_renames(steward: Steward) -> None:
    """The alias stays, whatever the key and its subject are."""
    first = _add(steward, ED25519)
    entry = ssh_keys.add_rsa_key(steward, TENANT, "id_shop", _pkcs1(), WISH, update=True).entry
    assert (first.id, "id_shop", 2, "RSA") == (
        *(entry.id, entry.alias, entry.version.number, entry.version.certificate.key.type),
    )


@pytest.mark.parametrize(
    ("data", "named", "remedy"),
    [
        (_pem(RSA, PrivateFormat.PKCS8), "'PRIVATE KEY'", "as a key pair"),
        (_pem(RSA, PrivateFormat.OpenSSH), "OpenSSH", "as an SSH key"),
        (
            _pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL),
            "'EC PRIVATE KEY'",
            "as a key pair",
        ),
        (b"PuTTY-User-Key-File-3: ssh-rsa\n", "PuTTY", "as an SSH key"),
        (
            _pkcs1().replace(b"KEY-----\n", b"KEY-----\nProc-Type: 4,ENCRYPTED\n", 1),
            "encrypted",
            "as a key pair",
        ),
        (RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "DER", "key pair"),
        (_pkcs1()[:-40], "no whole private key", "PKCS#1"),
        (b"", "no whole private key", "PKCS#1"),
    ],
    ids=["pkcs8", "openssh", "ec", "putty", "encrypted", "der", "cut", "empty"],
)
def test_rsa_key_in_another_form_is_named_with_what_takes_it(
    steward: Steward, settings: Settings, data: bytes, named: str, remedy: str
) -> None:
    """Only PKCS#1 in PEM is taken, as in SAP's monitor."""
    before = steward_.rows(settings)
    with pytest.raises(PrivateKeyUnreadable) as raised:
        ssh_keys.add_rsa_key(steward, TENANT, "rsa", data, WISH)
    assert named in raised.value.detail
    assert remedy in raised.value.detail
    assert before == steward_.rows(settings)


def test_rsa_key_that_tls_refuses_comes_with_a_warning(steward: Steward) -> None:
    """It is tried, as other key pairs are; a key of 512 bits is too weak for any connection."""
    weak = peers.run("openssl", "genrsa", "-traditional", "512")
    notices = [
        [n.slug for n in ssh_keys.add_rsa_key(steward, TENANT, alias, data, WISH).notices]
        for alias, data in (("weak", weak), ("usual", _pkcs1()))
    ]
    assert [["key-not-usable-for-tls"], []] == notices


def test_two_rsa_keys_in_a_file_are_refused(steward: Steward) -> None:
    """None is taken silently."""
    with pytest.raises(PrivateKeyUnreadable, match="2 private keys"):
        ssh_keys.add_rsa_key(steward, TENANT, "rsa", _pkcs1() * 2, WISH)


@pytest.mark.parametrize(
    ("file_name", "alias"),
    [
        ("id_rsa", "id_rsa"),
        ("/keys/shop.pem", "shop"),
        ("C:\\keys\\shop client.rsa.pem", "shop client.rsa"),
        ("cle\u0301.pem", "clé"),
        (" blank .pem", "blank"),
        ("a\u200bb\nc.pem", "abc"),
        ("sap_key.pem", "key_sap_key"),
        ("-.pem", "rsa_key"),
        ("-", "rsa_key"),
        (".pem", "pem"),
        ("", "rsa_key"),
        ("\udcff\udcfe.pem", "rsa_key"),
        ("\u3164.pem", "rsa_key"),
        ("x" * 300, "x" * 250),
        ("sap_" + "x" * 250, "key_sap_" + "x" * 242),
    ],
)
def test_proposed_alias_comes_from_the_file_name_and_is_valid(file_name: str, alias: str) -> None:
    """Whatever the file is called."""
    assert alias == ssh_keys.propose_alias(file_name)
    assert alias == aliases.new_alias(alias, TENANT)
