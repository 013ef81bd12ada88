from dataclasses import replace

import pytest

from keysteward.entries import EntryType, Owner, View
from keysteward.pki.public_keys import KeyKind
from keysteward.rights import PERMISSIONS, Role
from keysteward.ui import actions
from keysteward.ui.actions import Facts, Surroundings

_KEY_PAIR = Facts("client", EntryType.KEY_PAIR, Owner.TENANT, KeyKind("RSA", 2048), has_root=True)
_CERTIFICATE = replace(_KEY_PAIR, type=EntryType.CERTIFICATE)
_ADMINISTRATOR = Surroundings(PERMISSIONS[Role.ADMINISTRATOR], "SAP", keystores=2)


def _labels(facts: Facts, around: Surroundings = _ADMINISTRATOR) -> list[str]:
    return [offer.label for group in actions.offers(facts, around) for offer in group]


def _refused(facts: Facts, around: Surroundings = _ADMINISTRATOR) -> dict[str, str]:
    return {
        offer.label: actions.said(offer, str.format)
        for group in actions.offers(facts, around)
        for offer in group
        if offer.reason
    }


def test_key_pair_has_the_actions_of_sap_and_more() -> None:
    """They are called as SAP calls them, and all are there for who may do everything."""
    assert [
        "Rename",
        "Update",
        "Delete",
        "Download Certificate",
        "Download Certificate Chain",
        "Download Root Certificate",
        "Download Public OpenSSH Key",
        "Download Signing Request",
        "Update Signing Response",
        "Renew With New Key Pair",
        "Copy to Keystore",
    ] == _labels(_KEY_PAIR)
    assert {} == _refused(_KEY_PAIR)


def test_certificate_has_one_download() -> None:
    """It is called Download, as SAP calls it."""
    expected = ["Rename", "Update", "Delete", "Download", "Copy to Keystore"]
    assert expected == _labels(_CERTIFICATE)
    assert {} == _refused(_CERTIFICATE)


def test_entry_of_the_provider_is_only_given_out() -> None:
    """What changes it, or asks a CA for it, is the provider's."""
    why = "SAP owns this entry and maintains it."
    refused = _refused(replace(_KEY_PAIR, owner=Owner.PROVIDER))
    assert {why} == set(refused.values())
    assert {
        *("Rename", "Update", "Delete", "Download Signing Request", "Update Signing Response"),
        *("Renew With New Key Pair", "Copy to Keystore"),
    } == set(refused)


@pytest.mark.parametrize(
    ("facts", "label", "why"),
    [
        (
            replace(_KEY_PAIR, alias="id_rsa"),
            "Download Signing Request",
            "This is an SSH key, which no certification authority certifies.",
        ),
        (
            replace(_KEY_PAIR, has_root=False),
            "Download Root Certificate",
            "The root certificate is neither in the chain nor in the keystore.",
        ),
        (
            replace(_KEY_PAIR, key=KeyKind("Ed448", 456)),
            "Download Public OpenSSH Key",
            "OpenSSH has no keys of the type Ed448.",
        ),
        (
            replace(_KEY_PAIR, key=KeyKind("EC", 256, "secp256k1")),
            "Download Public OpenSSH Key",
            "OpenSSH has no keys of the type EC secp256k1.",
        ),
        (
            replace(_KEY_PAIR, pending=True),
            "Renew With New Key Pair",
            "A new key pair of this entry waits for its signing response.",
        ),
    ],
)
def test_what_an_entry_cannot_do_has_its_reason(facts: Facts, label: str, why: str) -> None:
    """One action is greyed and says why; all others stay."""
    assert {label: why} == _refused(facts)


def test_copy_needs_another_keystore() -> None:
    """Where there is one keystore, that is the reason."""
    alone = replace(_ADMINISTRATOR, keystores=1)
    assert {"Copy to Keystore": "There is no other keystore."} == _refused(_CERTIFICATE, alone)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PROVIDER])
def test_who_may_only_look_downloads_and_asks_for_requests(role: Role) -> None:
    """All that changes an entry names the missing permission."""
    around = replace(_ADMINISTRATOR, permissions=PERMISSIONS[role])
    refused = _refused(_KEY_PAIR, around)
    assert {"Your roles do not permit this."} == set(refused.values())
    assert set(_labels(_KEY_PAIR)[3:8]) == set(_labels(_KEY_PAIR)) - set(refused)


@pytest.mark.parametrize(
    ("facts", "own"),
    [
        ({"view": View.NEW}, ["Activate"]),
        ({"view": View.NEW, "held": False}, ["Activate", "Hold"]),
        ({"view": View.NEW, "held": True}, ["Activate", "Release"]),
        ({"view": View.HISTORY}, ["Add to New %(provider)s Keys"]),
        ({"view": None}, []),
    ],
    ids=["new", "waiting", "held", "history", "backup"],
)
def test_other_lists_offer_downloads_and_what_is_their_own(
    facts: dict[str, View | bool | None], own: list[str]
) -> None:
    """What is in backups and in the provider's lists is changed elsewhere."""
    assert own + _labels(_KEY_PAIR)[3:7] == _labels(replace(_KEY_PAIR, **facts))  # type: ignore[arg-type]  # fields of two types
    assert ["Download"] == _labels(replace(_CERTIFICATE, view=None))
