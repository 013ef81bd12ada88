"""What is said of a certificate or a key that the keystore has under another alias."""

from keysteward.entries import Entry
from keysteward.keystore import duplicates, key_pairs, lifecycle
from keysteward.keystore.steward import Steward
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import PROVIDER, TENANT

ROOT = issue("Root", ca=True)
KEY = pki_maker.make_key("p256")


def _said(steward: Steward, entry: Entry) -> list[tuple[str, str]]:
    return [(notice.slug, notice.detail) for notice in duplicates.remarks(steward, entry)]


def test_certificate_under_another_alias_is_named(steward: Steward) -> None:
    """The same certificate alone: neither one of the same name, nor a deleted entry."""
    alone = steward_.add_anchor(steward, "root", ROOT)
    steward_.add_anchor(steward, "other key", issue("Root", ca=True))
    assert [] == _said(steward, alone)
    again = steward_.add_anchor(steward, "again", ROOT, trusted=False)
    text = "The same certificate is in the keystore as {} as well."
    assert [("certificate-held-twice", text.format("'root'"))] == _said(steward, again)
    third = steward_.add_anchor(steward, "sap_root", ROOT, caller=PROVIDER)
    ((_, detail),) = _said(steward, third)
    assert text.format("'again', 'root'") == detail
    lifecycle.delete_entry(steward, TENANT, "root")
    assert [("certificate-held-twice", text.format("'sap_root'"))] == _said(steward, again)


def test_key_under_another_alias_is_named(steward: Steward) -> None:
    """Also where another entry holds it in an earlier version, each alias once."""
    first = steward_.add(steward, "first", issue("a", KEY))
    assert [] == _said(steward, first)
    steward_.upload(steward, "first", issue("a", KEY, ROOT), ROOT)
    upload = key_pairs.KeyUpload(issue("b", KEY).key_pem())
    stored = key_pairs.add_key_pair(steward, TENANT, "second", upload)
    text = "The same private key is in the keystore as 'first' as well."
    assert ("key-held-twice", text) == (stored.notices[-1].slug, stored.notices[-1].detail)
    one = issue("c")
    other = key_pairs.KeyUpload(one.key_pem(), certificates=steward_.read(one))
    key_pairs.update_key_pair(steward, TENANT, "first", other)
    assert [("key-held-twice", text)] == _said(steward, stored.entry)


def test_many_aliases_are_counted(steward: Steward) -> None:
    """Five are named at most."""
    for number in range(7):
        entry = steward_.add_anchor(steward, f"root {number}", ROOT)
    ((_, detail),) = _said(steward, entry)
    assert "'root 0', 'root 1', 'root 2', 'root 3', 'root 4' and 1 more as well" in detail
