"""A signing response through the face: contract section 8.3."""

import base64
import json
import threading
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from keysteward.formats import downloads
from keysteward.keystore import key_pairs, signing_responses
from keysteward.keystore.steward import Steward
from keysteward.rights import Role
from tests import pki_maker, providers
from tests import steward as steward_
from tests.odata import face
from tests.odata.face import Client, chain
from tests.pki_maker import Issued, issue
from tests.steward import START, TENANT

ALIAS = "shop/client"
KEY = pki_maker.make_key("p256")
ROOT = issue("Partner Root", ca=True)
CA = issue("Partner CA", issuer=ROOT, ca=True)
SUBJECT = "CN=shop.example,C=DE"
PLACEHOLDER = issue(SUBJECT, KEY, eku=("clientAuth",))
VERIFIED = "?fingerprintVerified=true&returnKeystoreEntries=false"

LOCKED = "The keystore is locked by another user. Try again in a moment."


def _leaf(key: CertificateIssuerPrivateKeyTypes = KEY, issuer: Issued = CA) -> Issued:
    return issue(SUBJECT, key, issuer, eku=("clientAuth",))


def _pem(*issued: Issued) -> bytes:
    return b"".join(one.pem for one in issued)


@pytest.fixture(autouse=True)
def entry(steward: Steward) -> None:
    """Make the key pair that the responses are for."""
    steward_.add(steward, ALIAS, PLACEHOLDER)


def _forms(leaf: Issued) -> dict[str, bytes]:
    certificates = steward_.read(leaf, CA, ROOT)
    binary = downloads.chain_p7b_der(certificates)
    return {
        "pkcs7-binary": binary,
        "pkcs7-pem": downloads.chain_p7b(certificates),
        "pkcs7-base64": base64.encodebytes(binary),
        "pem-certificates": _pem(leaf, CA, ROOT),
        "pem-any-order": _pem(ROOT, leaf, CA),
        "pkipath": downloads.chain_pkipath(certificates),
        "spc": binary,
        "der-leaf-alone": leaf.der,
    }


@pytest.mark.parametrize("form", list(_forms(PLACEHOLDER)))
def test_put_takes_every_form_whatever_the_media_type(client: Client, form: str) -> None:
    """The body decides what it is; the answer is 204 with the new ETag, the alias stays."""
    for media_type in ("application/pkcs7-mime", "application/pkix-cert", None):
        before = client.entry(ALIAS)
        headers = {} if media_type is None else {"Content_Type": media_type}
        answer = client.put(chain(ALIAS, VERIFIED), _forms(_leaf())[form], **headers)
        assert (204, b"") == (answer.status_code, answer.content), answer.text
        after = client.entry(ALIAS)
        assert after["__metadata"]["etag"] == answer.headers["etag"]
        assert before["__metadata"]["etag"] != answer.headers["etag"]
        assert ("CN=shop.example, C=DE", "CN=Partner CA") == (
            *(after["SubjectDN"], after["IssuerDN"]),
        )
        assert before["Hexalias"] == after["Hexalias"]


def test_put_takes_a_file_as_a_json_text(client: Client) -> None:
    """A client generated from SAP's specification sends the file as a JSON string literal."""
    body = json.dumps(_pem(_leaf(), CA, ROOT).decode()).encode()
    answer = client.put(chain(ALIAS, VERIFIED), body, Content_Type="application/json")
    assert answer.status_code == 204, answer.text


def test_put_refuses_a_json_text_that_is_cut_off(client: Client) -> None:
    """What says it is JSON and is none is no file either."""
    answer = client.put(chain(ALIAS, VERIFIED), b'"-----BEGIN', Content_Type="application/json")
    assert (400, "request-invalid") == (answer.status_code, face.slug(answer))


def test_put_returns_the_entries_if_they_are_asked_for(client: Client) -> None:
    """``returnKeystoreEntries=true`` is 200 with all entries."""
    options = "?fingerprintVerified=true&returnKeystoreEntries=true"
    answer = client.put(chain(ALIAS, options), _pem(_leaf(), CA, ROOT))
    assert [ALIAS] == [one["Alias"] for one in face.results(answer)]


def test_put_asks_for_a_confirmation_of_an_unknown_root(client: Client) -> None:
    """409 carries the topmost certificate as an entry that was not imported; a repeat takes it."""
    body = _pem(_leaf(), CA, ROOT)
    refused = client.put(chain(ALIAS), body)
    assert refused.status_code == 409
    top = refused.json()["d"]
    assert (ALIAS, "notTrusted", "notImported", "CN=Partner Root") == (
        *(top["Alias"], top["Validity"], top["Status"], top["SubjectDN"]),
    )
    expected = steward_.read(ROOT)[0].fingerprint.upper()
    assert expected == top["FingerprintSha256"].replace(":", "")
    assert "root-not-trusted" == face.slug(refused)
    assert client.put(chain(ALIAS, VERIFIED), body).status_code == 204
    assert client.put(chain(ALIAS), body).status_code == 204, "a confirmation is remembered"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", (400, "certificate-expired")),
        ("&overrides=certificate-expired", (204, None)),
        ("&overrides=no-such-slug", (400, "override-invalid")),
    ],
)
def test_put_takes_what_is_overridden(
    client: Client, options: str, expected: tuple[int, str | None]
) -> None:
    """An expired certificate is refused with 400 unless the caller names that problem."""
    ended = START - timedelta(days=1)
    leaf = issue(SUBJECT, KEY, CA, eku=("clientAuth",), not_after=ended)
    answer = client.put(chain(ALIAS, VERIFIED + options), _pem(leaf, CA, ROOT))
    found = None if answer.status_code == 204 else face.slug(answer)
    assert expected == (answer.status_code, found)


def test_put_refuses_the_certificate_of_another_key_in_the_words_of_sap(client: Client) -> None:
    """400 with SAP's own text, and nothing changes."""
    before = client.entry(ALIAS)
    answer = client.put(chain(ALIAS, VERIFIED), _pem(_leaf(pki_maker.make_key("p256")), CA, ROOT))
    text = "The public key of the CA Reply is different from the public key of the keystore entry"
    assert (400, "Bad Request", text) == face.error(answer)
    assert before == client.entry(ALIAS)


def test_put_refuses_a_certificate_entry(client: Client, steward: Steward) -> None:
    """400: only key pairs take responses."""
    steward_.add_anchor(steward, "root", ROOT)
    answer = client.put(chain("root", VERIFIED), _pem(_leaf(), CA, ROOT))
    assert (400, "Bad Request", 'Alias "root" does not represent a Key Pair') == face.error(answer)


def test_put_of_an_unknown_alias_is_not_found(client: Client) -> None:
    """404 in SAP's words."""
    answer = client.put(chain("nobody", VERIFIED), _pem(_leaf(), CA, ROOT))
    assert (404, "Not Found", "Alias 'nobody' not found in the keystore") == face.error(answer)


@pytest.mark.parametrize("alias", ["sap_other", "hcicertificate", "SAP_Upper"])
def test_put_of_a_reserved_alias_is_forbidden(client: Client, alias: str) -> None:
    """403, whether there is such an entry or not."""
    answer = client.put(chain(alias, VERIFIED), _pem(_leaf(), CA, ROOT))
    assert (403, "alias-reserved") == (answer.status_code, face.slug(answer))


@pytest.mark.parametrize("data", [b"", b"<html>busy</html>", b"nothing of the kind"])
def test_put_of_no_response_is_unsupported(client: Client, data: bytes) -> None:
    """415 for a body that is none of the formats."""
    answer = client.put(chain(ALIAS, VERIFIED), data)
    assert (415, "Unsupported Media Type") == face.error(answer)[:2]


@pytest.mark.parametrize(("size", "expected"), [(30_720, 204), (30_721, 413)])
def test_put_counts_bytes(client: Client, size: int, expected: int) -> None:
    """The limit is that of SAP's help page, to the byte."""
    body = _pem(_leaf(), CA, ROOT).ljust(size, b"\n")
    answer = client.put(chain(ALIAS, VERIFIED), body)
    assert expected == answer.status_code, answer.text
    if expected == 413:
        assert "Payload Too Large" == face.error(answer)[1]


def test_put_of_a_json_text_counts_the_bytes_of_the_file(client: Client) -> None:
    """What JSON writes around the file is not counted, the file is."""
    for size, expected in ((30_720, 204), (30_721, 413)):
        text = _pem(_leaf(), CA, ROOT).ljust(size, b"\n").decode()
        body = json.dumps(text).encode()
        answer = client.put(chain(ALIAS, VERIFIED), body, Content_Type="application/json")
        assert expected == answer.status_code, answer.text


def test_put_twice_in_a_row_stores_nothing_the_second_time(client: Client) -> None:
    """The same response again succeeds and leaves the version."""
    body = _pem(_leaf(), CA, ROOT)
    first = client.put(chain(ALIAS, VERIFIED), body)
    second = client.put(chain(ALIAS, VERIFIED), body)
    assert (204, 204) == (first.status_code, second.status_code)
    assert first.headers["etag"] == second.headers["etag"]


def test_put_with_if_match_takes_only_the_named_version(client: Client) -> None:
    """412 for another ETag, and a weak one is as good as a strong one."""
    etag = client.entry(ALIAS)["__metadata"]["etag"]
    body = _pem(_leaf(), CA, ROOT)
    stale = client.put(chain(ALIAS, VERIFIED), body, If_Match='"1-999"')
    assert (412, "entry-changed") == (stale.status_code, face.slug(stale))
    done = client.put(chain(ALIAS, VERIFIED), body, If_Match=f"W/{etag}")
    assert done.status_code == 204


def test_put_answers_the_pending_key(client: Client, steward: Steward) -> None:
    """A response for a renewed key makes that the live one; the ETag says so."""
    pending = key_pairs.renew_key_pair(steward, TENANT, ALIAS)
    assert pending.pending is not None
    public = pending.pending.certificate.loaded.public_key()
    leaf = issue(SUBJECT, None, CA, eku=("clientAuth",), public_key=public)
    answer = client.put(chain(ALIAS, VERIFIED), _pem(leaf, CA, ROOT))
    assert answer.status_code == 204, answer.text
    assert answer.headers["etag"] == client.entry(ALIAS)["__metadata"]["etag"]


def test_put_that_loses_against_other_writers_is_planned_anew(
    client: Client, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's upload between plan and commit costs a second plan, not the request."""
    commit, others = signing_responses.commit, iter((_leaf(),))

    def beaten(*arguments: object, **named: object) -> int:
        for other in others:
            steward_.upload(steward, ALIAS, other, CA, ROOT)
        return commit(*arguments, **named)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(signing_responses, "commit", beaten)
    mine = _leaf()
    answer = client.put(chain(ALIAS, VERIFIED), _pem(mine, CA, ROOT))
    assert answer.status_code == 204, answer.text
    expected = steward_.read(mine)[0].fingerprint.upper()
    assert expected == client.entry(ALIAS)["FingerprintSha256"].replace(":", "")


def test_put_that_loses_each_time_says_that_the_keystore_is_locked(
    client: Client, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 in SAP's sense, never 409; with If-Match it is 412 at once."""
    commit = signing_responses.commit

    def beaten(*arguments: object, **named: object) -> int:
        monkeypatch.setattr(signing_responses, "commit", commit)
        steward_.upload(steward, ALIAS, _leaf(), CA, ROOT)
        monkeypatch.setattr(signing_responses, "commit", beaten)
        return commit(*arguments, **named)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(signing_responses, "commit", beaten)
    answer = client.put(chain(ALIAS, VERIFIED), _pem(_leaf(), CA, ROOT))
    assert (503, "Service Unavailable", LOCKED) == face.error(answer)
    assert "2" == answer.headers["retry-after"]
    etag = client.entry(ALIAS)["__metadata"]["etag"]
    named = client.put(chain(ALIAS, VERIFIED), _pem(_leaf(), CA, ROOT), If_Match=etag)
    assert (412, "entry-changed") == (named.status_code, face.slug(named))


def test_eight_programs_that_update_one_entry_all_succeed(client: Client, steward: Steward) -> None:
    """Uploads to one entry queue; each is stored, and none is lost."""
    count = 8
    answers: list[int] = []
    token = client.token()

    def update(leaf: Issued) -> None:
        body = _pem(leaf, CA, ROOT)
        for _ in range(2):
            answer = client.call(
                "PUT", chain(ALIAS, VERIFIED), body, csrf=False, X_CSRF_Token=token
            )
            answers.append(answer.status_code)

    leaves = [_leaf() for _ in range(count)]
    threads = [threading.Thread(target=update, args=(leaf,)) for leaf in leaves]
    with client.http:  # One event loop for all requests, as a server has it.
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [204] * count * 2 == answers
    entry = steward.store.get_entry(steward.keystore_id, ALIAS)
    stored = {version.certificate for version in steward.store.list_versions(entry)}
    assert set(steward_.read(*leaves)) <= stored


@pytest.mark.parametrize("suffix", ["", "/$value"])
def test_get_at_the_upload_address_is_refused_with_a_token(client: Client, suffix: str) -> None:
    """400 as on a tenant, and still the CSRF token that clients fetch where they want to write."""
    address = f"CertificateChainResources('{face.hexalias(ALIAS)}'){suffix}"
    answer = client.get(address, X_CSRF_Token="fetch")
    assert answer.status_code == 400
    put = client.call(
        *("PUT", chain(ALIAS, VERIFIED), _pem(_leaf(), CA, ROOT)),
        csrf=False,
        X_CSRF_Token=answer.headers["x-csrf-token"],
    )
    assert put.status_code == 204


def test_put_of_a_provider_owned_entry_is_forbidden(client: Client, steward: Steward) -> None:
    """403 for what is the provider's, whoever asks."""
    providers.supply(steward, providers.leaf("one", not_after=pki_maker.NOT_AFTER))
    answer = client.put(chain(providers.ALIAS, VERIFIED), _pem(_leaf(), CA, ROOT))
    assert 403 == answer.status_code


def test_put_is_told_in_the_audit_log_under_the_name_of_the_program(
    client: Client, steward: Steward
) -> None:
    """Who did it is the API client, with its kind in front."""
    client.put(chain(ALIAS, VERIFIED), _pem(_leaf(), CA, ROOT))
    last = next(steward.store.audit_log.read(steward.keystore_id, last=1))
    assert ("client:program", "signing-response", ALIAS) == (last.actor, last.action, last.alias)


def test_put_needs_the_permission_to_change(client: Client, steward: Steward) -> None:
    """A viewer is refused with 403 and the permission's name."""
    viewer = face.sign_in(client.http, steward, Role.VIEWER, name="viewer")
    answer = viewer.put(chain(ALIAS, VERIFIED), _pem(_leaf(), CA, ROOT))
    assert (403, "not-permitted") == (answer.status_code, face.slug(answer))
