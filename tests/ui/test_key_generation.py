from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from keysteward.entries import Action
from keysteward.pki import key_pairs, tls_support
from keysteward.pki.usages import Usage
from keysteward.rights import Role
from keysteward.ui import key_choices
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START
from tests.ui.faces import ENTRIES, KEYSTORE, Face

CREATE = f"{KEYSTORE}/create/key-pair"
SSH = f"{KEYSTORE}/create/ssh-key"
TYPED = {
    "alias": "shop",
    "type": "ec",
    "curve": "secp256r1",
    "hash_ec": "sha384",
    "size_rsa": "4096",
    "hash_rsa": "sha512",
    "cn": "shop.example.test",
    "o": "Example",
    "c": "de",
    "san": "shop.example.test\n\n192.0.2.7",
    "usage": "tls-server",
}
"""What the form sends; the fields of other types are sent with it."""


def _create(face: Face, **typed: str) -> Mapping[str, object]:
    answer = face.post(CREATE, {**TYPED, **typed})
    assert 200 == answer.status_code, answer.text
    told: Mapping[str, object] = answer.json()
    return told


def test_key_pair_is_what_was_typed(face: Face) -> None:
    """Kind of key, subject, names, usage and signature; the browser goes to its page."""
    told = _create(face)
    assert {"address": f"{ENTRIES}/shop", "message": "Key pair shop is created."} == told
    entry = face.steward.store.get_entry(face.steward.keystore_id, "shop")
    certificate = entry.version.certificate
    assert "EC secp256r1" == str(certificate.key)
    assert "CN=shop.example.test,O=Example,C=DE" == certificate.subject
    assert ("DNS:shop.example.test", "IP:192.0.2.7") == certificate.extensions.san
    assert Usage.TLS_SERVER is entry.usage
    assert "sha384" == certificate.signature_hash
    assert (START, START.replace(year=START.year + 3)) == (
        certificate.not_before,
        certificate.not_after,
    )
    assert "administrator" == entry.created_by
    assert (Action.GENERATE, "done", "shop") in steward_.audited(face.steward)


def test_page_of_a_new_key_pair_offers_its_signing_request(face: Face) -> None:
    """Nobody has to look for what comes next; once it is written, the response is offered."""
    face.generate("fresh")
    page = face.get(f"{ENTRIES}/fresh").text
    assert "No certificate authority has certified this key yet." in page
    steward_.ask(face.steward, "fresh")
    page = face.get(f"{ENTRIES}/fresh").text
    assert "No certificate authority has certified this key yet." not in page
    assert "A signing request was written." in page


def test_country_is_not_cut_to_another_one(face: Face) -> None:
    """Typing "Germany" must not come to mean Georgia, GE."""
    assert 'name="c" type="Text" value="" required placeholder="DE"' in face.get(CREATE).text


def test_day_that_was_chosen_is_valid_as_a_whole(face: Face) -> None:
    """From its beginning, and until its end, in UTC; the proposed days are to the second."""
    shown = face.get(CREATE).text
    proposed = START.date().isoformat()
    assert f'value="{proposed}"' in shown
    _create(face, alias="days", not_before=proposed, not_after="2031-01-31")
    entry = face.steward.store.get_entry(face.steward.keystore_id, "days")
    assert entry.version.certificate.not_before == START
    assert datetime(2031, 1, 31, 23, 59, 59, tzinfo=UTC) == entry.version.certificate.not_after
    _create(face, alias="later", not_before="2030-02-01", not_after="2031-01-31")
    entry = face.steward.store.get_entry(face.steward.keystore_id, "later")
    assert datetime(2030, 2, 1, tzinfo=UTC) == entry.version.certificate.not_before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"alias": " "}, "alias"),
        ({"alias": "taken"}, "alias"),
        ({"alias": "sap_mine"}, "alias"),
        ({"cn": ""}, "cn"),
        ({"c": ""}, "c"),
        ({"c": "DEU"}, "c"),
        ({"email": "nobody"}, "email"),
        ({"san": "not a host"}, "san"),
        ({"not_before": "soon"}, "not_before"),
        ({"not_after": "1999-12-31"}, "not_after"),
        ({"usage": "everything"}, "usage"),
        ({"type": "rsa", "size_rsa": "many"}, "size_rsa"),
        ({"type": "rsa", "size_rsa": "1024"}, "type"),
        ({"curve": "sect163k1"}, "type"),
    ],
    ids=str,
)
def test_refusal_stands_beside_its_field(wrong: dict[str, str], field: str, face: Face) -> None:
    """Each wrong field is named; nothing comes into being."""
    if face.steward.store.find_entry(face.steward.keystore_id, "taken") is None:
        face.generate("taken")
    answer = face.post(CREATE, {**TYPED, "alias": "refused", **wrong})
    assert answer.status_code in (400, 403, 409, 422)
    assert f'data-field="{field}"' in answer.text
    assert face.steward.store.find_entry(face.steward.keystore_id, "refused") is None


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ({"other_type": "ed25519"}, "Ed25519"),
        ({"other_type": "ed448"}, "Ed448"),
        ({"other_type": "ml-dsa", "size_ml-dsa": "44"}, "ML-DSA-44"),
    ],
    ids=str,
)
def test_kind_of_key_under_advanced_counts(typed: dict[str, str], kind: str, face: Face) -> None:
    """It goes before the type above, whose fields are sent as well."""
    _create(face, alias=kind, usage="tls-client", **typed)
    entry = face.steward.store.get_entry(face.steward.keystore_id, kind)
    assert kind == entry.version.certificate.key.type


def test_what_is_offered_of_keys_can_be_made() -> None:
    """No choice of a form is refused by what it is sent to."""
    for usage in (Usage.TLS_CLIENT, Usage.SSH):
        choices = key_choices.choices_for(usage, START)
        for type_, _ in (*choices.types, *choices.others):
            for size, _ in choices.sizes.get(type_, ()):
                assert int(size) == key_pairs.parse_key_spec(type_, int(size)).size
            for name, _ in key_choices.algorithms_of(type_):
                assert name == getattr(key_pairs.signature_hash(type_.upper(), name), "name", "")
        for curve, _ in choices.curves:
            assert curve == key_pairs.parse_key_spec("ec", None, curve).curve


def test_reason_against_ml_dsa_is_said(face: Face) -> None:
    """Where this system's TLS cannot use such keys, the dialog says which library it is."""
    unusable = key_choices.choices_for(Usage.TLS_CLIENT, START).without_ml_dsa
    assert unusable is (tls_support.LIBRARY in face.get(CREATE).text)


@pytest.mark.parametrize(
    ("typed", "alias", "kind"),
    [
        ({"type": "rsa", "size_rsa": "2048"}, "id_rsa", "RSA 2048"),
        ({"type": "ec", "curve": "secp384r1"}, "id_ec", "EC secp384r1"),
        ({"other_type": "ed25519", "alias": "sftp"}, "sftp", "Ed25519"),
    ],
    ids=str,
)
def test_ssh_key_has_the_alias_of_its_type(
    typed: dict[str, str], alias: str, kind: str, face: Face
) -> None:
    """Unless another one is typed; it is valid for ten years, and for SSH."""
    form = {"alias": "", "cn": "sftp", "c": "DE", **typed}
    answer = face.post(SSH, form)
    assert f"SSH key {alias} is created." == answer.json()["message"]
    entry = face.steward.store.get_entry(face.steward.keystore_id, alias)
    assert (Usage.SSH, kind) == (entry.usage, str(entry.version.certificate.key))
    assert START.replace(year=START.year + 10) == entry.version.certificate.not_after
    again = face.post(SSH, form)
    assert (409, True) == (again.status_code, 'data-field="alias"' in again.text)


def test_renewal_keeps_the_kind_of_key_unless_another_is_chosen(face: Face) -> None:
    """The new key waits; the current one stays, and a second renewal has to give it up."""
    entry = face.generate("old")
    dialog = face.get(f"{ENTRIES}/old/renew").text
    assert "As the current key" in dialog
    answer = face.post(f"{ENTRIES}/old/renew", {"type": "", "size_rsa": "4096"})
    assert f"{ENTRIES}/old" == answer.json()["address"]
    renewed = face.steward.store.get_entry(face.steward.keystore_id, "old")
    assert renewed.pending is not None
    assert entry.version.certificate.key == renewed.pending.certificate.key
    assert entry.version.number == renewed.version.number
    assert "The new key is not certified yet." in face.get(f"{ENTRIES}/old").text

    refused = face.post(f"{ENTRIES}/old/renew", {"type": "rsa", "size_rsa": "2048"})
    assert (409, True) == (refused.status_code, "pending-key-exists" in refused.text)
    assert "Give it up." in face.get(f"{ENTRIES}/old/renew").text
    wanted = {"type": "rsa", "size_rsa": "2048", "replace": "yes"}
    assert 200 == face.post(f"{ENTRIES}/old/renew", wanted).status_code
    renewed = face.steward.store.get_entry(face.steward.keystore_id, "old")
    assert renewed.pending is not None
    assert "RSA 2048" == str(renewed.pending.certificate.key)


def test_renewal_is_of_key_pairs(face: Face) -> None:
    """A certificate has no key to renew, whoever comes to the address."""
    steward_.add_anchor(face.steward, "anchor", issue("CN=anchor", ca=True))
    answer = face.get(f"{ENTRIES}/anchor/renew", part="dialog")
    assert (422, True) == (answer.status_code, "not-a-key-pair" in answer.text)


@pytest.mark.parametrize("address", [CREATE, SSH, f"{ENTRIES}/shop/renew"])
def test_who_may_only_look_creates_nothing(address: str, face: Face) -> None:
    """Neither by the dialog nor by a form of their own."""
    assert 403 == face.get(address, Role.VIEWER.value).status_code
    assert 403 == face.post(address, TYPED, Role.VIEWER.value).status_code
