"""Whole keystores: what other tools wrote arrives as they list it, and what cannot is named."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from keysteward.entries import Caller, Entry, EntryType, Owner, Reason
from keysteward.keystore import imports, key_pairs, lifecycle
from keysteward.keystore.imports import ImportPlan, Upload
from keysteward.keystore.intake import Mode
from keysteward.keystore.steward import Steward
from keysteward.pki import private_keys
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import (
    ConfirmationRequired,
    EntryChanged,
    KeyDerivationTooCostly,
    PasswordWrong,
    Problem,
    UploadTooLarge,
)
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import keystore_files, pki_maker, verification
from tests import pkcs12_files as files
from tests import steward as steward_
from tests.foreign_keystores import MADE, PASSWORD, Foreign, Workshop, fingerprint, pkcs8
from tests.fresh import Fresh
from tests.keystore_files import KeyEntry, tlv
from tests.pki_maker import Issued, issue
from tests.steward import PROVIDER, TENANT, Clock

ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
ONE, TWO, THREE = (issue(name, issuer=CA) for name in ("one", "two", "three"))
OTHER_ROOT = issue("Other Root", ca=True)

Fates = dict[str, str]


def _run(
    steward: Steward,
    data: bytes,
    mode: Mode = Mode.ADD,
    *,
    caller: Caller = TENANT,
    password: str | None = PASSWORD,
    key_password: str | None = None,
    roots: bool = True,
) -> ImportPlan:
    upload = Upload(data, _secret(password), _secret(key_password), mode, roots)
    return imports.import_keystore(steward, caller, upload)


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text.encode())


def _fates(plan: ImportPlan) -> Fates:
    return {decision.alias: decision.status.value for decision in plan.intake.decisions}


def _reasons(plan: ImportPlan) -> Fates:
    """Return the slug of what stands against each entry that does not come in."""
    return {d.alias: d.problem.slug for d in plan.intake.decisions if d.problem is not None}


def _entries(steward: Steward) -> dict[str, Entry]:
    store, keystore = steward.store, steward.keystore_id
    return {
        alias: store.get_entry(keystore, alias)
        for alias in store.list_aliases(keystore, "", 10_000)
    }


def _chains(steward: Steward, type_: EntryType) -> dict[str, tuple[str, ...]]:
    return {
        alias: tuple(certificate.fingerprint for certificate in entry.version.chain)
        for alias, entry in _entries(steward).items()
        if entry.type is type_
    }


def _prints(*issued: Issued) -> tuple[str, ...]:
    return tuple(fingerprint(one.der) for one in issued)


def _prove(steward: Steward, folder: Path, entry: Entry) -> None:
    """Let openssl verify what the imported private key signs."""
    clear = key_pairs.unseal_private_key(steward, entry.version).reveal()
    verification.verify_key(folder, clear, entry.version.certificate)


def _jks(*entries: bytes) -> bytes:
    return keystore_files.java_store(keystore_files.JKS, entries, PASSWORD)


def _key(alias: str, issued: Issued, *chain: Issued) -> bytes:
    """Return a key of a JKS; without a chain that is its own up to the root."""
    protected = keystore_files.protected_jks(pkcs8(issued), PASSWORD.encode("utf-16-be"))
    given = [one.der for one in chain or (issued, CA, ROOT)]
    return keystore_files.java_key(alias, protected, given)


def _p12(*bags: bytes) -> bytes:
    """Return a PKCS#12 without any protection."""
    return files.pfx([files.data(files.contents(*bags))])


def _bag(issued: Issued, name: str = "") -> bytes:
    return files.clear_key(pkcs8(issued), *([files.name(name)] if name else []))


def _certs(*issued: Issued) -> list[bytes]:
    return [files.certificate(one.der) for one in issued]


def _trusted(issued: Issued, name: str) -> bytes:
    """Return a certificate that carries Java's attribute for any usage."""
    mark = files.attribute("2.16.840.1.113894.746875.1.1", files.oid("2.5.29.37.0"))
    return files.certificate(issued.der, files.name(name), mark)


# ---- what other tools wrote


@dataclass(frozen=True, slots=True)
class Arrived:
    """A keystore of another tool, and what became of it."""

    foreign: Foreign
    workshop: Workshop
    plan: ImportPlan
    steward: Steward
    settings: Settings


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Keys of one PKI that other tools put into keystores."""
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="module", params=MADE)
def arrived(
    request: pytest.FixtureRequest,
    workshop: Workshop,
    fresh: Fresh,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Arrived]:
    """A fresh keystore into which one of each tool was imported."""
    foreign = workshop.make(request.param)
    folder = tmp_path_factory.mktemp("arrived") / "data"
    with fresh.keystore(folder) as settings, steward_.opened(settings, Clock()) as steward:
        plan = _run(steward, foreign.data, key_password=foreign.key_password)
        yield Arrived(foreign, workshop, plan, steward, settings)


def test_foreign_keystore_arrives_as_its_maker_lists_it(arrived: Arrived) -> None:
    """Aliases, chains and trusted certificates; of a PKCS#12 the chains' root as well."""
    foreign, found = arrived.foreign, _chains(arrived.steward, EntryType.KEY_PAIR)

    assert (foreign.format, ()) == (arrived.plan.format, arrived.plan.skipped)
    assert foreign.keys == {
        alias: chain[: len(foreign.keys.get(alias, chain))] for alias, chain in found.items()
    }
    root = {"Foreign Root": (fingerprint(arrived.workshop.root.der),)}
    rooted = foreign.format == "PKCS#12" and any(len(chain) == 3 for chain in found.values())
    assert {**foreign.certificates, **(root if rooted else {})} == _chains(
        arrived.steward, EntryType.CERTIFICATE
    )


def test_every_foreign_key_signs_for_its_certificate(arrived: Arrived, tmp_path: Path) -> None:
    """OpenSSL verifies with the certificate what the unsealed key signs."""
    entries = _entries(arrived.steward).values()
    pairs = [entry for entry in entries if entry.type is EntryType.KEY_PAIR]

    assert len(arrived.foreign.keys) == len(pairs)
    for entry in pairs:
        assert Reason.IMPORTED is entry.version.reason
        _prove(arrived.steward, tmp_path, entry)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("tool", ["keytool-jks", "keytool-pkcs12", "openssl"])
def test_second_import_changes_nothing(
    tool: str, mode: Mode, workshop: Workshop, steward: Steward, settings: Settings
) -> None:
    """In no mode: what is there as it comes is not written again."""
    data = workshop.make(tool).data
    first = _run(steward, data)
    before = steward_.rows(settings)

    again = _run(steward, data, mode)

    assert {"new"} == set(_fates(first).values())
    assert {"unchanged"} == set(_fates(again).values())
    assert before == steward_.rows(settings)


def test_key_with_another_password_stays_outside_or_is_opened_by_it(steward: Steward) -> None:
    """Without its password it is named, and neither it nor its certificate comes in."""
    hidden = files.shrouded_key(files.by_pbkdf2(pkcs8(ONE), b"another"), files.name("hidden"))
    own = files.certificate(ONE.der, files.name("hidden"))
    bags = files.contents(hidden, own, _bag(TWO, "open"), *_certs(TWO, CA, ROOT))
    data = files.pfx([files.data(bags)], files.pbmac1(PASSWORD.encode()))

    plan = _run(steward, data)
    assert {"hidden": "not-imported", "open": "new", "Root": "new"} == _fates(plan)
    assert {"hidden": "password-wrong"} == _reasons(plan)
    assert [("hidden", "the certificate of a key that stays outside")] == [
        (one.name, one.reason) for one in plan.skipped
    ]

    plan = _run(steward, data, key_password="another")
    assert {"hidden": "new", "open": "unchanged"} == _fates(plan)
    assert {"hidden": _prints(ONE, CA, ROOT), "open": _prints(TWO, CA, ROOT)} == _chains(
        steward, EntryType.KEY_PAIR
    )


_THIRD = "Neither the password of the file nor the one given for its keys opens this key."


@pytest.mark.parametrize(
    ("given", "said"), [(None, "Give the password of its keys along with it."), ("third", _THIRD)]
)
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("format_", ["JKS", "JCEKS", "PKCS#12"])
def test_entry_stays_when_its_key_does_not_open(
    format_: str, mode: Mode, given: str | None, said: str, steward: Steward
) -> None:
    """In no mode is it deleted: the file has the key. The remedy stands beside it."""
    before = steward_.add(steward, "one", ONE, CA, ROOT)

    plan = _run(steward, _with_locked(format_), mode, key_password=given)

    fates = _fates(plan)
    assert ("not-imported", "new", {}) == (
        *(fates.pop("one"), fates.pop("two")),
        {alias: fate for alias, fate in fates.items() if alias != "Root"},
    )
    (problem,) = (d.problem for d in plan.intake.decisions if d.alias == "one")
    assert isinstance(problem, PasswordWrong)
    assert said in problem.detail
    assert "password of its keys" in problem.detail
    assert () == plan.skipped
    assert before == _entries(steward)["one"]


def _with_locked(format_: str) -> bytes:
    """Return a keystore whose key ``one`` has another password than the file, and ``two``."""
    chain = [ONE.der, CA.der, ROOT.der]
    if format_ == "JKS":
        hidden = keystore_files.protected_jks(pkcs8(ONE), "another".encode("utf-16-be"))
        return _jks(keystore_files.java_key("one", hidden, chain), _key("two", TWO))
    if format_ == "JCEKS":
        keys = [(pkcs8(ONE), "another", chain), (pkcs8(TWO), PASSWORD, [TWO.der])]
        entries = [
            keystore_files.java_key(name, keystore_files.protected_jceks(key, secret, 1), given)
            for name, (key, secret, given) in zip(("one", "two"), keys, strict=True)
        ]
        return keystore_files.java_store(keystore_files.JCEKS, entries, PASSWORD)
    shrouded = files.by_pbkdf2(pkcs8(ONE), b"another")
    own = files.certificate(ONE.der, files.key_id(b"1"))
    hidden = files.shrouded_key(shrouded, files.name("one"), files.key_id(b"1"))
    bags = files.contents(hidden, own, _bag(TWO, "two"), *_certs(TWO, CA, ROOT))
    return files.pfx([files.data(bags)], files.pbmac1(PASSWORD.encode()))


def test_locked_key_without_a_name_is_called_as_if_it_were_open(steward: Steward) -> None:
    """By its certificate's common name, so that replacing keeps the entry that it once became."""
    shrouded = files.by_pbkdf2(pkcs8(ONE), b"another")
    hidden = files.shrouded_key(shrouded, files.key_id(b"1"))
    bags = files.contents(hidden, files.certificate(ONE.der, files.key_id(b"1")))
    data = files.pfx([files.data(bags)], files.pbmac1(PASSWORD.encode()))
    _run(steward, data, key_password="another")

    assert {"one": "not-imported"} == _fates(_run(steward, data, Mode.REPLACE))
    assert ["one"] == [*_entries(steward)]


def test_locked_key_keeps_its_number_among_those_of_its_name(steward: Steward) -> None:
    """The second of two does not come in under the alias of the first that stays shut."""
    shrouded = files.by_pbkdf2(pkcs8(ONE), b"another")
    hidden = files.shrouded_key(shrouded, files.name("a"), files.key_id(b"1"))
    own = files.certificate(ONE.der, files.key_id(b"1"))
    bags = files.contents(hidden, own, _bag(TWO, "a"), *_certs(TWO))
    data = files.pfx([files.data(bags)], files.pbmac1(PASSWORD.encode()))

    plan = _run(steward, data)

    assert {"a": "not-imported", "a_2": "new"} == _fates(plan)


def test_entry_stays_when_its_alias_is_skipped(steward: Steward) -> None:
    """Replacing deletes what the file lacks; a name of the file is not lacking."""
    stays = steward_.add(steward, "lonely", ONE, CA, ROOT)
    steward_.add(steward, "gone", THREE)
    root = issue("CN=lonely", ca=True)
    leaf = issue("leaf", issuer=root)

    plan = _run(
        steward,
        _p12(_bag(ONE, " lonely"), _bag(leaf, "leaf"), *_certs(leaf, root)),
        Mode.REPLACE,
    )

    assert {"leaf": "new", "lonely_2": "new", "gone": "removed"} == _fates(plan)
    assert stays == _entries(steward)["lonely"]


def test_secret_keys_are_skipped(steward: Steward) -> None:
    """They are listed and left alone."""
    secret = b"\xac\xed\x00\x05p"  # a serialized null
    data = keystore_files.java_store(
        keystore_files.JCEKS, [keystore_files.java_secret("aes", secret)], PASSWORD
    )

    plan = _run(steward, data)

    assert ((), ["aes"]) == (plan.intake.decisions, [one.name for one in plan.skipped])
    assert "secret key" in plan.skipped[0].reason
    assert {} == _entries(steward)


# ---- what does not come in


def _forged() -> Issued:
    """Return a certificate that says it is by CA, and is not."""
    return issue("forged", issuer=CA, signing_key=pki_maker.make_key())


FORGED = _forged()

_BAD: dict[str, tuple[bytes, str]] = {
    "key-of-another-certificate": (_key("bad", ONE, TWO, CA, ROOT), "certificate-of-another-key"),
    "damaged-key": (
        keystore_files.java_key(
            "bad",
            keystore_files.protected_jks(pkcs8(ONE)[:-9], PASSWORD.encode("utf-16-be")),
            [ONE.der],
        ),
        "private-key-unreadable",
    ),
    "forged-signature": (_key("bad", FORGED, FORGED, CA, ROOT), "signature-invalid"),
    "control-character": (_key("b\x07d", ONE), "alias-invalid"),
    "too-long": (_key("b" * 251, ONE), "alias-invalid"),
    "sap": (_key("sap_bad", ONE), "alias-reserved"),
    "hcicertificate": (_key("HCICERTIFICATE", ONE), "alias-reserved"),
    "certificate-of-sap": (
        keystore_files.java_certificate("sap_root", OTHER_ROOT.der),
        "alias-reserved",
    ),
}


@pytest.mark.parametrize(("entry", "slug"), _BAD.values(), ids=_BAD)
def test_what_cannot_come_in_is_named_and_the_others_do(
    entry: bytes, slug: str, steward: Steward
) -> None:
    """Each by itself, with its reason."""
    plan = _run(steward, _jks(entry, _key("good", TWO)))

    ((bad, reason),) = _reasons(plan).items()
    assert slug == reason
    assert {bad: "not-imported", "good": "new"} == _fates(plan)
    assert ["good"] == [*_entries(steward)]


def test_numbers_of_an_rsa_key_are_proven(steward: Steward) -> None:
    """A key whose modulus is its certificate's, and whose exponent is not, is damaged."""
    issued = issue("rsa", pki_maker.make_key("rsa2048"), CA)
    assert isinstance(issued.key, rsa.RSAPrivateKey)
    numbers = issued.key.private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        *(numbers.p, numbers.q, numbers.d + 2, numbers.dmp1, numbers.dmq1, numbers.iqmp),
        numbers.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)

    plan = _run(steward, _jks(_key("wrong", Issued(issued.certificate, wrong))))

    assert {"wrong": "private-key-unreadable"} == _reasons(plan)


def test_taken_alias_is_left_in_mode_add(steward: Steward) -> None:
    """With its reason; an entry that is there as it comes is unchanged."""
    before = steward_.add(steward, "one", TWO, CA, ROOT)
    steward_.add(steward, "three", THREE, CA, ROOT)

    plan = _run(steward, _jks(_key("one", ONE), _key("three", THREE)))

    assert {"one": "not-imported", "three": "unchanged"} == _fates(plan)
    assert {"one": "alias-exists"} == _reasons(plan)
    assert before == _entries(steward)["one"]


def test_certificate_does_not_overwrite_a_key_pair(steward: Steward) -> None:
    """The private key would be lost with it."""
    before = steward_.add(steward, "one", ONE, CA, ROOT)

    plan = _run(steward, _jks(keystore_files.java_certificate("one", ONE.der)), Mode.OVERWRITE)

    assert {"one": "key-pair-in-the-way"} == _reasons(plan)
    assert before == _entries(steward)["one"]


def test_certificate_that_cannot_be_read_is_skipped_once(steward: Steward) -> None:
    """It is listed, and the chain goes on with the others."""
    protected = keystore_files.protected_jks(pkcs8(ONE), PASSWORD.encode("utf-16-be"))
    chain = [ONE.der, b"\x30\x03abc", CA.der, ROOT.der]

    plan = _run(steward, _jks(keystore_files.java_key("one", protected, chain)))

    assert [("one", "a certificate that cannot be read")] == [
        (one.name, one.reason) for one in plan.skipped
    ]
    assert {"one": _prints(ONE, CA, ROOT)} == _chains(steward, EntryType.KEY_PAIR)


def test_key_without_certificate_is_skipped(steward: Steward) -> None:
    """It could be used for nothing here."""
    plan = _run(steward, _p12(_bag(ONE, "lonely"), _bag(TWO, "two"), *_certs(TWO)))

    assert [("lonely", "a private key without a certificate")] == [
        (one.name, one.reason) for one in plan.skipped
    ]
    assert ["two"] == [*_entries(steward)]


def test_chain_of_a_key_that_fails_makes_no_entries(steward: Steward) -> None:
    """Neither its certificates nor its root come in without it."""
    damaged = files.clear_key(
        pkcs8(ONE).replace(b"\x04\x20", b"\x04\x1f", 1), files.name("bad"), files.key_id(b"1")
    )
    own = files.certificate(ONE.der, files.key_id(b"1"))

    plan = _run(steward, _p12(damaged, own, *_certs(CA, ROOT)))

    assert {"bad": "not-imported"} == _fates(plan)


# ---- chains


@pytest.mark.parametrize(
    ("given", "chain"),
    [
        ((ROOT, ONE, CA), (ONE, CA, ROOT)),
        ((CA, ROOT, ONE), (ONE, CA, ROOT)),
        ((ONE, OTHER_ROOT, TWO, CA, THREE, ROOT), (ONE, CA, ROOT)),
        ((ONE, CA), (ONE, CA)),
        ((ONE,), (ONE,)),
        ((ONE, CA, ROOT, ROOT), (ONE, CA, ROOT)),
    ],
    ids=["rotated", "reversed", "amid-foreign", "without-root", "alone", "twice"],
)
def test_chain_is_put_in_order(
    given: tuple[Issued, ...], chain: tuple[Issued, ...], steward: Steward
) -> None:
    """Whatever the file's order, and without what does not belong to it."""
    _run(steward, _jks(_key("one", ONE, *given)))

    assert {"one": _prints(*chain)} == _chains(steward, EntryType.KEY_PAIR)


def test_chain_is_completed_from_the_whole_file(steward: Steward) -> None:
    """A CA that stands with another key, and a root that stands alone."""
    trusted = keystore_files.java_certificate("root", ROOT.der)

    _run(steward, _jks(_key("one", ONE, ONE), _key("two", TWO, TWO, CA), trusted))

    assert {"one": _prints(ONE, CA, ROOT), "two": _prints(TWO, CA, ROOT)} == _chains(
        steward, EntryType.KEY_PAIR
    )
    assert {"root": _prints(ROOT)} == _chains(steward, EntryType.CERTIFICATE)


def test_certificate_is_chosen_by_its_key(steward: Steward) -> None:
    """An elliptic point may be compressed in the certificate: it is the same key."""
    plan = _run(steward, _p12(_bag(ONE, "one"), files.certificate(_compressed(ONE))))

    assert ({"one": "new"}, ()) == (_fates(plan), plan.skipped)


def _compressed(issued: Issued) -> bytes:
    """Return a self-signed certificate of the key with its point spelled in the short form."""
    key = issued.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    certificate = asn1.Certificate.load(issue("one", key).der)
    body = certificate["tbs_certificate"]
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    body["subject_public_key_info"]["public_key"] = point
    signed = body.dump(force=True)
    signature = key.sign(signed, ec.ECDSA(hashes.SHA256()))
    algorithm = certificate["signature_algorithm"].dump()
    return tlv(0x30, signed, algorithm, tlv(3, b"\0", signature))


# ---- aliases


def test_names_that_are_missing_come_from_the_common_name(steward: Steward) -> None:
    """Also beside another key that is called so in the file, which keeps its name."""
    data = _p12(_bag(ONE), _bag(TWO, "one"), _bag(THREE), *_certs(ONE, TWO, THREE))

    _run(steward, data)

    assert {"one": _prints(TWO), "one_2": _prints(ONE), "three": _prints(THREE)} == _chains(
        steward, EntryType.KEY_PAIR
    )


def test_names_that_are_there_twice_get_numbers(steward: Steward) -> None:
    """In the order of the file, past what is called so itself; blanks around them are nothing."""
    four = issue("four")
    keys = [_bag(ONE, "a"), _bag(TWO, " a "), _bag(THREE, "a_2"), _bag(four, "a")]

    _run(steward, _p12(*keys, *_certs(ONE, TWO, THREE, four)))

    expected = {"a": ONE, "a_3": TWO, "a_2": THREE, "a_4": four}
    assert {alias: _prints(one) for alias, one in expected.items()} == _chains(
        steward, EntryType.KEY_PAIR
    )


def test_accents_are_written_as_single_characters(steward: Steward) -> None:
    """However the file spells them: macOS does it otherwise than Windows."""
    _run(steward, _p12(_bag(ONE, "Schlu\u0308ssel"), *_certs(ONE)))

    assert ["Schl\u00fcssel"] == [*_entries(steward)]


@pytest.mark.parametrize("subject", ["CN=sap_root", "O=nameless", "CN=\u200b"])
def test_subject_that_gives_no_alias_gives_a_fingerprint(subject: str, steward: Steward) -> None:
    """A reserved, a missing and an invisible common name."""
    root = issue(subject, ca=True)
    leaf = issue("leaf", issuer=root)

    plan = _run(steward, _p12(_bag(leaf, "leaf"), *_certs(leaf, root)))

    alias = f"certificate-{fingerprint(root.der)[:8]}"
    assert {"leaf": "new", alias: "new"} == _fates(plan)


def test_key_of_which_nothing_is_known_has_its_number(steward: Steward) -> None:
    """It does not come in, and has to be called something."""
    damaged = files.clear_key(pkcs8(ONE).replace(b"\x04\x20", b"\x04\x1f", 1))

    plan = _run(steward, _p12(_bag(TWO, "two"), damaged, *_certs(TWO)))

    assert {"key-2": "private-key-unreadable"} == _reasons(plan)


def test_one_key_under_two_aliases_is_two_entries(steward: Steward) -> None:
    """Each signs for itself; the private key is stored once."""
    _run(steward, _jks(_key("a", ONE), _key("b", ONE)))

    found = _entries(steward)
    assert ["a", "b"] == [*found]
    assert found["a"].version.private_key_id == found["b"].version.private_key_id


def test_second_import_finds_a_renamed_entry_anew(steward: Steward) -> None:
    """An entry is known by its alias: the old one comes in again, the renamed one stays."""
    data = _jks(_key("one", ONE))
    _run(steward, data)
    lifecycle.rename_entry(steward, TENANT, "one", "uno")

    assert {"one": "new"} == _fates(_run(steward, data))
    assert ["one", "uno"] == [*_entries(steward)]


def test_second_import_brings_back_what_was_deleted(steward: Steward) -> None:
    """A deleted entry takes no alias."""
    data = _jks(_key("one", ONE), _key("two", TWO))
    _run(steward, data)
    lifecycle.delete_entry(steward, TENANT, "one")

    assert {"one": "new", "two": "unchanged"} == _fates(_run(steward, data))


# ---- roots and trust


def test_roots_of_a_pkcs12_become_trusted_entries(steward: Steward) -> None:
    """Once each, under their common names; the intermediates do not."""
    data = _p12(_bag(ONE, "one"), _bag(TWO, "two"), *_certs(ONE, TWO, CA, ROOT))

    _run(steward, data)

    assert {"Root": _prints(ROOT)} == _chains(steward, EntryType.CERTIFICATE)
    assert _entries(steward)["Root"].trusted


def test_roots_can_be_left_out(steward: Steward) -> None:
    """The chains keep them."""
    plan = _run(steward, _p12(_bag(ONE, "one"), *_certs(ONE, CA, ROOT)), roots=False)

    assert {"one": "new"} == _fates(plan)
    assert {"one": _prints(ONE, CA, ROOT)} == _chains(steward, EntryType.KEY_PAIR)


@pytest.mark.parametrize("trusted", [True, False])
def test_root_that_is_there_is_not_made_again(trusted: bool, steward: Steward) -> None:  # noqa: FBT001
    """Under whatever alias, and it is trusted as before."""
    steward_.add_anchor(steward, "our root", ROOT, trusted=trusted)

    plan = _run(steward, _p12(_bag(ONE, "one"), *_certs(ONE, CA, ROOT)))

    assert {"one": "new"} == _fates(plan)
    assert trusted == _entries(steward)["our root"].trusted


@pytest.mark.parametrize("mode", [Mode.ADD, Mode.OVERWRITE])
def test_root_steps_aside_for_what_has_its_name(mode: Mode, steward: Steward) -> None:
    """A number stands behind it; nobody chose the alias, so it overwrites nothing."""
    before = steward_.add(steward, "Root", THREE)

    plan = _run(steward, _p12(_bag(ONE, "one"), *_certs(ONE, CA, ROOT)), mode)

    assert {"one": "new", "Root_2": "new"} == _fates(plan)
    assert before == _entries(steward)["Root"]


def test_root_of_a_jks_is_no_entry(steward: Steward) -> None:
    """There a root is an entry where somebody made it one."""
    assert {"one": "new"} == _fates(_run(steward, _jks(_key("one", ONE))))


def test_trusted_certificate_keeps_its_name_and_is_the_root_too(steward: Steward) -> None:
    """With Java's attribute a certificate is an entry, and its chain's root not another one."""
    data = _p12(_bag(ONE, "one"), *_certs(ONE, CA), _trusted(ROOT, "chosen name"))

    _run(steward, data)

    assert {"chosen name": _prints(ROOT)} == _chains(steward, EntryType.CERTIFICATE)


def test_certificates_beside_are_trusted_by_attribute_or_as_roots(steward: Steward) -> None:
    """Without Java's attribute a certificate in no chain comes in; an intermediate untrusted."""
    partner = issue("Partner CA", issuer=OTHER_ROOT, ca=True)
    data = _p12(
        *(_bag(ONE, "one"), files.certificate(ONE.der)),
        *(files.certificate(partner.der), files.certificate(OTHER_ROOT.der)),
        _trusted(CA, "marked"),
    )

    _run(steward, data)

    found = _entries(steward)
    assert {"Partner CA": False, "Other Root": True, "marked": True} == {
        alias: entry.trusted
        for alias, entry in found.items()
        if entry.type is EntryType.CERTIFICATE
    }


# ---- modes and owners


def test_overwriting_makes_versions_and_keeps_pending_keys(steward: Steward) -> None:
    """The entry stays itself; the key that waits for its response still does."""
    before = steward_.add(steward, "one", ONE, CA, ROOT)
    key_pairs.renew_key_pair(steward, TENANT, "one")
    steward_.add(steward, "stays", THREE, CA, ROOT)
    pending = _entries(steward)["one"].pending

    plan = _run(steward, _jks(_key("one", TWO)), Mode.OVERWRITE)

    after = _entries(steward)["one"]
    assert {"one": "changed"} == _fates(plan)
    assert (before.id, _prints(TWO, CA, ROOT)) == (
        after.id,
        tuple(certificate.fingerprint for certificate in after.version.chain),
    )
    assert pending is not None
    assert pending == after.pending
    assert ["one", "stays"] == [*_entries(steward)]


def test_key_pair_takes_the_place_of_a_certificate(steward: Steward) -> None:
    """In mode overwrite; the other way round it does not."""
    steward_.add_anchor(steward, "one", OTHER_ROOT)

    assert {"one": "changed"} == _fates(_run(steward, _jks(_key("one", ONE)), Mode.OVERWRITE))
    assert {"one": _prints(ONE, CA, ROOT)} == _chains(steward, EntryType.KEY_PAIR)


def test_replacing_deletes_the_tenants_others_alone(steward: Steward) -> None:
    """What vanishes stands in the plan; the provider's entries stay."""
    steward_.add(steward, "gone", THREE)
    steward_.add(steward, "sap_stays", TWO, caller=PROVIDER)

    plan = _run(steward, _p12(_bag(ONE, "one"), *_certs(ONE, CA, ROOT)), Mode.REPLACE)

    assert {"one": "new", "Root": "new", "gone": "removed"} == _fates(plan)
    assert ["Root", "one", "sap_stays"] == [*_entries(steward)]


def test_provider_imports_under_its_own_names(steward: Steward) -> None:
    """Aliases that nobody chose become the provider's, too; the tenant's are refused."""
    data = _p12(_bag(ONE, "sap_one"), _bag(TWO, "two"), *_certs(ONE, TWO, CA, ROOT))

    plan = _run(steward, data, caller=PROVIDER)

    assert {"two": "alias-reserved"} == _reasons(plan)
    found = _entries(steward)
    assert ["sap_Root", "sap_one"] == [*found]
    assert {Owner.PROVIDER} == {entry.owner for entry in found.values()}


# ---- one transaction, with its record


def test_import_is_audited_entry_by_entry(steward: Steward) -> None:
    """After a row for the file: what it was, its digest, and the numbers of the plan."""
    plan = _run(steward, _jks(_key("one", ONE), _key("sap_bad", TWO)))

    rows = tuple(steward.store.audit_log.read(steward.keystore_id, last=10))
    assert [("imported", "done", None), ("imported", "done", "one")] == [
        (row.action, row.outcome, row.alias) for row in rows[-2:]
    ]
    expected = {"format": "JKS", "mode": "add", "new": 1, "not-imported": 1, "skipped": 0}
    assert expected | {"file_sha256": plan.file_sha256} == {
        name: rows[-2].detail[name] for name in (*expected, "file_sha256")
    }
    assert plan.file_sha256 == _entries(steward)["one"].version.file_sha256


def test_plan_stores_nothing(steward: Steward, settings: Settings) -> None:
    """Not even a row in the audit log."""
    before = steward_.rows(settings, without=())

    plan = imports.plan_import(steward, TENANT, Upload(_jks(_key("one", ONE)), _secret(PASSWORD)))

    assert {"one": "new"} == _fates(plan)
    assert before == steward_.rows(settings, without=())


def test_plan_that_is_not_accepted_stores_nothing(steward: Steward, settings: Settings) -> None:
    """The refusal is in the audit log, and nothing else anywhere."""
    before = steward_.rows(settings)

    def refuse(plan: ImportPlan) -> None:
        assert {"one": "new"} == _fates(plan)
        raise ConfirmationRequired("No.", "Ask again.")

    with pytest.raises(ConfirmationRequired):
        imports.import_keystore(
            steward, TENANT, Upload(_jks(_key("one", ONE)), _secret(PASSWORD)), accept=refuse
        )

    assert before == steward_.rows(settings)
    assert ("imported", "refused", None) == steward_.audited(steward)[-1]


def test_entry_that_another_writer_changed_stops_the_whole(steward: Steward) -> None:
    """Between plan and commit: nothing of the import is there."""
    steward_.add(steward, "one", ONE, CA, ROOT)

    def meanwhile(_plan: ImportPlan) -> None:
        lifecycle.rename_entry(steward, TENANT, "one", "uno")

    data = _jks(_key("new", TWO), _key("one", THREE))
    with pytest.raises(EntryChanged):
        imports.import_keystore(
            *(steward, TENANT, Upload(data, _secret(PASSWORD), mode=Mode.OVERWRITE)),
            accept=meanwhile,
        )

    assert ["uno"] == [*_entries(steward)]


def test_progress_is_told_for_each_key(steward: Steward) -> None:
    """Of all keys of the file, those that fail included."""
    told: list[tuple[int, int]] = []
    data = _jks(_key("one", ONE), _key("bad", FORGED, FORGED, CA, ROOT), _key("two", TWO))

    imports.plan_import(
        *(steward, TENANT, Upload(data, _secret(PASSWORD))),
        lambda done, total: told.append((done, total)),
    )

    assert [(1, 3), (2, 3), (3, 3)] == told


# ---- 1,800 keys


@pytest.fixture(scope="module", params=["JKS", "PKCS#12"])
def big(request: pytest.FixtureRequest, many_entries: list[KeyEntry]) -> bytes:
    """1,800 distinct RSA-2048 keys with chains of three."""
    if request.param == "JKS":
        return keystore_files.write_jks(many_entries, PASSWORD)
    return keystore_files.write_pkcs12(many_entries, PASSWORD, 2)


def _generous(steward: Steward) -> Steward:
    """Return the same with a limit that big files keep to."""
    settings = replace(steward.settings, keystore_file_limit_bytes=10_000_000)
    return replace(steward, settings=settings)


def test_1800_keys_arrive(
    big: bytes, many_entries: list[KeyEntry], steward: Steward, tmp_path: Path
) -> None:
    """All of them with their chains, by their numbers; openssl verifies what twenty sign."""
    _run(_generous(steward), big)

    entries = _entries(steward)
    pairs = [(given, entries[given.alias]) for given in many_entries]
    for given, entry in pairs:
        assert given.chain == tuple(certificate.der for certificate in entry.version.chain)
        clear = key_pairs.unseal_private_key(steward, entry.version).reveal()
        _assert_numbers(clear, given.chain[0])
    for _, entry in pairs[:: len(pairs) // 20]:
        _prove(steward, tmp_path, entry)


def _assert_numbers(clear: bytes, certificate: bytes) -> None:
    key = load_der_private_key(clear, None, unsafe_skip_rsa_key_validation=True)
    certified = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPrivateKey)
    assert isinstance(certified, rsa.RSAPublicKey)
    numbers = key.private_numbers()
    assert certified.public_numbers() == numbers.public_numbers
    assert certified.public_numbers().n == numbers.p * numbers.q
    # Both primes' shares of the exponent, for which p * q alone says nothing.
    for prime in (numbers.p, numbers.q):
        assert 1 == numbers.d * numbers.public_numbers.e % (prime - 1)


# ---- hostile files


def _refused(steward: Steward, data: bytes, password: str | None = PASSWORD) -> Problem:
    """Import what must be refused, and expect nothing but the row of the refusal."""
    before, audited = steward_.rows(steward.settings), len(steward_.audited(steward))
    with pytest.raises(Problem) as refused:
        _run(steward, data, password=password)
    assert before == steward_.rows(steward.settings)
    assert ("imported", "refused", None) == steward_.audited(steward)[-1]
    assert audited + 1 == len(steward_.audited(steward))
    return refused.value


def _samples() -> dict[str, bytes]:
    entries = [KeyEntry("one", pkcs8(ONE), (ONE.der, CA.der, ROOT.der))]
    return {
        "JKS": keystore_files.write_jks(entries, PASSWORD),
        "PKCS#12": keystore_files.write_pkcs12(entries, PASSWORD, 2),
    }


SAMPLES = _samples()


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES)
def test_file_that_is_cut_off_stores_nothing(data: bytes, steward: Steward) -> None:
    """Wherever it ends."""
    for length in range(0, len(data), len(data) // 25):
        slug = _refused(steward, data[:length]).slug
        assert slug in ("not-a-keystore", "keystore-unreadable")


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("password", ["wrong", None])
def test_wrong_password_stores_nothing(data: bytes, password: str | None, steward: Steward) -> None:
    """A wrong one and none."""
    assert "password-wrong" == _refused(steward, data, password).slug


_BOMBS = {
    "jks-entries": keystore_files.sealed(
        keystore_files.JKS + (2).to_bytes(4) + (2**31 - 1).to_bytes(4), PASSWORD
    ),
    "jks-key": keystore_files.sealed(
        b"".join(
            [
                *(keystore_files.JKS, (2).to_bytes(4), (1).to_bytes(4)),
                *((1).to_bytes(4), b"\0\1a", bytes(8), (2**31 - 1).to_bytes(4)),
            ]
        ),
        PASSWORD,
    ),
    "pkcs12-length": b"\x30\x84\x7f\xff\xff\xff\x02\x01\x03",
}


@pytest.mark.parametrize("data", _BOMBS.values(), ids=_BOMBS)
def test_length_that_lies_stores_nothing(data: bytes, steward: Steward) -> None:
    """Lengths of two thousand million bytes in small files; no memory is taken for them."""
    tracemalloc.start()
    try:
        assert "keystore-unreadable" == _refused(steward, data).slug
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_rounds_beyond_the_limit_store_nothing(steward: Steward) -> None:
    """The refusal names what the file asks for, and the setting that allows more."""
    data = files.pfx([], files.mac_of(files.integer(2**31)))

    problem = _refused(steward, data)

    assert isinstance(problem, KeyDerivationTooCostly)
    assert "2,147,483,648 rounds of key derivation" in problem.detail
    assert "KEYSTEWARD_DERIVATION_LIMIT_ROUNDS" in problem.detail


def test_file_beyond_the_limit_stores_nothing(steward: Steward) -> None:
    """It is not even looked at; the refusal names the setting."""
    small = replace(steward, settings=replace(steward.settings, keystore_file_limit_bytes=1000))

    problem = _refused(small, bytes(1001))

    assert isinstance(problem, UploadTooLarge)
    assert "KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES" in problem.detail


def test_memory_is_a_small_multiple_of_the_file(big: bytes, steward: Steward) -> None:
    """Plan and all, for 1,800 keys of four megabytes."""
    generous = _generous(steward)
    upload = Upload(big, _secret(PASSWORD))
    tracemalloc.start()
    try:
        imports.plan_import(generous, TENANT, upload)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(big)


def test_many_certificates_of_one_name_end_in_time(steward: Steward) -> None:
    """Every key could have any of them as its issuer; the signatures to verify are bounded."""
    decoys = [issue("Issuing", CA.key, ca=True) for _ in range(200)]
    entries = [
        keystore_files.java_certificate(f"decoy{number}", decoy.der)
        for number, decoy in enumerate(decoys)
    ]

    plan = _run(steward, _jks(_key("one", ONE, ONE), *entries))

    assert {"one": "response-too-complex"} == _reasons(plan)


def test_many_certificates_of_one_name_cost_each_key_little(steward: Steward) -> None:
    """The work grows with the file, not with its square; nor are signatures verified for ever."""
    top = issue("Top", CA.key, ca=True)
    decoys = [issue("Issuing", CA.key, issuer=top, ca=True) for _ in range(1_000)]
    keys = [_key(f"key{number}", ONE, ONE) for number in range(40)]
    entries = [
        keystore_files.java_certificate(f"decoy{number}", decoy.der)
        for number, decoy in enumerate(decoys)
    ]

    plan = _run(steward, _jks(*keys, *entries))

    assert {"response-too-complex"} == set(_reasons(plan).values())
    assert 40 == len(_reasons(plan))


def test_keys_without_certificates_are_not_proven(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature takes milliseconds on some curves; what becomes no entry is not worth it."""
    proven: list[PrivateKey] = []
    prove = private_keys.require_numbers

    def count(key: PrivateKey) -> None:
        proven.append(key)
        prove(key)

    monkeypatch.setattr(private_keys, "require_numbers", count)
    clear = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key = ec.generate_private_key(ec.BrainpoolP512R1()).private_bytes(*clear)
    protected = keystore_files.protected_jks(key, PASSWORD.encode("utf-16-be"))
    alone = (keystore_files.java_key(str(number), protected, []) for number in range(20))

    plan = _run(steward, _jks(_key("one", ONE, ONE), *alone))

    assert (1, 20) == (len(plan.intake.decisions), len(plan.skipped))
    assert 1 == len(proven)


def test_chain_without_end_is_refused(steward: Steward) -> None:
    """As many certificates as a file gives to a key are no chain that any peer would take."""
    chain = [issue("0", ca=True)]
    for number in range(1, 130):
        chain.insert(0, issue(str(number), issuer=chain[0], ca=True))

    plan = _run(steward, _jks(_key("long", chain[0], *chain)))

    assert {"long": "response-too-complex"} == _reasons(plan)
