import re

import pytest

from keysteward.keystore import activations, key_pairs
from keysteward.keystore.key_pairs import KeyUpload, PlaceholderWish
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.requests import Request, read_request
from keysteward.pki.subjects import Subject
from keysteward.rights import Role
from tests import peers, providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import EVERYTHING, START, TENANT
from tests.ui.faces import ENTRIES, Face

SUBJECT = Subject("shop.example.test", "IT", "Example", None, None, "DE", "a@example.test")
SHOWN = {
    "cn": "shop.example.test",
    "ou": "IT",
    "o": "Example",
    "l": "",
    "st": "",
    "c": "DE",
    "email": "a@example.test",
    "san": "DNS:shop.example.test\r\nIP:192.0.2.7",
}
"""What the form of ``_made`` sends if nothing was changed in it; browsers end lines so."""


def _made(face: Face, alias: str) -> str:
    wish = PlaceholderWish(SUBJECT, ("shop.example.test", "192.0.2.7"))
    spec = parse_key_spec("ec")
    key_pairs.generate_key_pair(face.steward, TENANT, alias, spec, wish)
    return f"{ENTRIES}/{alias}/signing-request"


def _hidden(face: Face, address: str) -> dict[str, str]:
    """Return what the form sends of itself."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', face.get(address).text)
    return {name: value for name, value in found if name not in ("csrf", "type")}


def _asked(face: Face, address: str, **changed: str) -> Request:
    answer = face.post(address, {**_hidden(face, address), **SHOWN, **changed})
    assert 200 == answer.status_code, answer.text
    assert answer.headers["content-disposition"].startswith("attachment")
    peers.run("openssl", "req", "-verify", "-noout", data=answer.content)
    return read_request(answer.content)


def test_request_says_what_the_certificate_says(face: Face) -> None:
    """Nothing was changed: subject, names and key are the same, and the entry waits."""
    request = _asked(face, _made(face, "same"))
    entry = face.steward.store.get_entry(face.steward.keystore_id, "same")
    certificate = entry.version.certificate
    assert (certificate.subject, certificate.extensions.san) == (request.subject, request.san)
    assert certificate.public_key_sha256 == request.public_key_sha256
    assert entry.waiting_since is not None
    written = face.steward.store.list_requests(entry.id)
    assert [(request.der, "administrator")] == [(one.der, one.created_by) for one in written]


def test_what_was_changed_is_asked_for(face: Face) -> None:
    """A part may be another one, a new one, or none; so may the names."""
    changed = {"ou": "", "o": "Other & Co", "l": "Köln", "san": "other.example.test"}
    request = _asked(face, _made(face, "changed"), **changed)
    assert "E=a@example.test,CN=shop.example.test,O=Other & Co,L=Köln,C=DE" == request.subject
    assert ("DNS:other.example.test",) == request.san
    assert () == _asked(face, _made(face, "nameless"), san="").san


def test_parts_that_no_field_shows_stay(face: Face) -> None:
    """Two units of a name are there twice; only what is typed anew takes their place."""
    steward_.add(face.steward, "units", issue("CN=x,OU=a,OU=b"))
    address = f"{ENTRIES}/units/signing-request"
    typed = dict.fromkeys(SHOWN, "")
    entry = face.steward.store.get_entry(face.steward.keystore_id, "units")
    shown = re.findall(r'name="ou"[^>]*value="(\w)"', face.get(address).text)
    request = _asked(face, address, **{**typed, "cn": "x", "ou": shown[0]})
    assert entry.version.certificate.subject == request.subject
    assert 2 == request.subject.count("OU=")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cn": "x" * 65}, "cn"),
        ({"c": "Germany"}, "c"),
        ({"email": "nobody"}, "email"),
        ({"san": "no host"}, "san"),
        ({"usage": "everything"}, "usage"),
    ],
    ids=str,
)
def test_refusal_stands_beside_its_field(wrong: dict[str, str], field: str, face: Face) -> None:
    """What cannot be written is named, and nothing is recorded."""
    alias = f"refused-{field}"
    address = _made(face, alias)
    answer = face.post(address, {**_hidden(face, address), **SHOWN, **wrong})
    assert answer.status_code in (400, 422)
    assert f'data-field="{field}"' in answer.text
    entry = face.steward.store.get_entry(face.steward.keystore_id, alias)
    assert entry.waiting_since is None


def test_key_without_a_subject_asks_for_one(face: Face) -> None:
    """The refusal stands beside the common name; with one, the request is written."""
    bare = KeyUpload(issue("bare").key_pem())
    key_pairs.add_key_pair(face.steward, TENANT, "bare", bare, consent=EVERYTHING)
    address = f"{ENTRIES}/bare/signing-request"
    nothing = {**_hidden(face, address), **dict.fromkeys(SHOWN, "")}
    refused = face.post(address, nothing)
    assert 'data-field="cn"' in refused.text
    assert 200 == face.post(address, {**nothing, "cn": "bare"}).status_code


def test_request_is_for_the_key_that_was_shown(face: Face) -> None:
    """The new key is proposed, the current one may be chosen, and a later one is refused."""
    address = _made(face, "two")
    key_pairs.renew_key_pair(face.steward, TENANT, "two")
    entry = face.steward.store.get_entry(face.steward.keystore_id, "two")
    assert entry.pending is not None
    new, current = entry.pending.certificate, entry.version.certificate
    assert new.public_key_sha256 == _asked(face, address).public_key_sha256
    page = face.get(f"{address}?key=current").text
    assert "Take the New Key" in page
    chosen = {"key": "current", "public_key": current.public_key_sha256}
    assert current.public_key_sha256 == _asked(face, address, **chosen).public_key_sha256
    shown = {**_hidden(face, address), **SHOWN}
    key_pairs.renew_key_pair(face.steward, TENANT, "two", replace=True)
    answer = face.post(address, shown)
    assert (409, True) == (answer.status_code, "entry-changed" in answer.text)


def test_request_as_text_is_recorded_as_well(face: Face) -> None:
    """It is shown with what comes next, and the entry waits."""
    address = _made(face, "text")
    answer = face.post(address, {**_hidden(face, address), **SHOWN, "as": "text"})
    assert "-----BEGIN CERTIFICATE REQUEST-----" in answer.text
    assert f'data-open="{ENTRIES}/text/signing-response"' in answer.text
    entry = face.steward.store.get_entry(face.steward.keystore_id, "text")
    assert entry.waiting_since is not None
    assert 1 == len(face.steward.store.list_requests(entry.id))


def test_who_may_only_look_writes_requests(face: Face) -> None:
    """As over REST; the response is for others to upload."""
    address = _made(face, "viewed")
    form = {**_hidden(face, address), **SHOWN, "as": "text"}
    answer = face.post(address, form, Role.VIEWER.value)
    assert 200 == answer.status_code
    assert "signing-response" not in answer.text


def test_what_has_no_request_says_why(face: Face) -> None:
    """Certificates, keys of the provider and SSH keys of the tenant."""
    steward_.add_anchor(face.steward, "anchor", issue("CN=anchor", ca=True))
    steward_.add(face.steward, "id_rsa", issue("ssh"))
    providers.supply(face.steward, providers.leaf("one", not_after=START.replace(year=2030)))
    activations.activate(face.steward, TENANT, providers.ALIAS)
    for alias, slug in (
        ("anchor", "not-a-key-pair"),
        ("id_rsa", "signing-request-not-available"),
        (providers.ALIAS, "signing-request-not-available"),
        ("nobody", "alias-not-found"),
    ):
        answer = face.get(f"{ENTRIES}/{alias}/signing-request", part="dialog")
        assert f'data-slug="{slug}"' in answer.text
