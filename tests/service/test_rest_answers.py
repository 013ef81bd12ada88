"""Answers beside the document's schemas, conditions of writes, plans and their digests."""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from keysteward.keystore import backups
from keysteward.rest import application
from tests import keystore_files
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.rest import faces
from tests.rest.faces import Face
from tests.steward import PROVIDER, TENANT

DOCUMENT = faces.document()
K = "/keystores/default"


@pytest.fixture(scope="module")
def root() -> Issued:
    """Return a root that signs the answers of this file."""
    return issue("Root", ca=True)


@pytest.fixture(scope="module")
def filled(face: Face, root: Issued) -> Face:
    """Return a face with an entry of each sort."""
    steward = face.steward
    steward_.add_anchor(steward, "root", root)
    steward_.add(steward, "shop", issue("shop", issuer=root), root)
    steward_.ask(steward, "shop", "shop.example.test")
    steward_.add(steward, "sap_key", issue("sap", issuer=root), root, caller=PROVIDER)
    backups.create_backup(steward, TENANT, "first")
    return face


READS = {
    "list_entries": f"{K}/entries",
    "show_entry": f"{K}/entries/shop",
    "list_versions": f"{K}/entries/shop/versions",
    "list_signing_requests": f"{K}/entries/shop/signing-requests",
    "list_backups": f"{K}/backups",
    "show_backup": f"{K}/backups/first",
    "compare_backup": f"{K}/backups/first/comparison",
    "list_new": f"{K}/provider/new",
    "list_history": f"{K}/provider/history",
    "list_keystores": "/keystores",
    "read_audit_log": f"{K}/audit",
    "show_active": f"{K}/audit/active?alias=shop",
    "read_installation_log": "/audit",
    "verify_audit_log": "/audit/verification",
    "show_me": "/me",
    "list_users": "/users",
    "show_user": "/users/operator",
    "list_clients": "/clients",
}


def _schema(name: str) -> dict[str, Any]:
    found = {
        operation["operationId"]: operation
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
    }[name]
    status = next(status for status in found["responses"] if status.startswith("2"))
    content = found["responses"][status]["content"]["application/json"]["schema"]
    return {**content, "components": DOCUMENT["components"]}


@pytest.mark.parametrize("name", READS)
def test_answer_is_as_the_document_says(name: str, filled: Face) -> None:
    """Hot answers are encoded as they are; the schema of the same type fits them, and no less."""
    answer = filled.ask("GET", READS[name])
    assert 200 == answer.status_code
    jsonschema_rs.validate(_schema(name), answer.json())


def test_document_is_valid_openapi() -> None:
    """The document itself passes the schema of OpenAPI 3.1."""
    assert "3.1.0" == DOCUMENT["openapi"]
    jsonschema_rs.meta.validate(DOCUMENT["components"]["schemas"]["Entry"])
    referred = set(_references(DOCUMENT))
    for reference in referred:
        part: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
    assert referred


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def test_examples_of_the_document_are_right() -> None:
    """Every example is a body that the operation takes."""
    seen = 0
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in content:
                    seen += 1
                    schema = {**content["schema"], "components": DOCUMENT["components"]}
                    jsonschema_rs.validate(schema, content["example"])
    assert 15 <= seen


def test_every_operation_has_a_text() -> None:
    """The summary of each operation is a sentence of its own."""
    summaries = [o.function.__doc__ for o in application.operations()]
    assert len(summaries) == len(set(summaries))


# ---- conditions


def test_unchanged_entry_is_not_sent_again(filled: Face) -> None:
    """If-None-Match with the entry's tag answers 304 without a body."""
    tag = filled.ask("GET", f"{K}/entries/shop").headers["ETag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = filled.ask("GET", f"{K}/entries/shop", headers={"If-None-Match": given})
        assert (304, b"") == (answer.status_code, answer.content)


@pytest.mark.parametrize("tag", ['"1-1"', 'W/"{tag}"', '"*"'])
def test_write_to_another_state_is_refused(tag: str, filled: Face) -> None:
    """If-Match with any other tag changes nothing and answers 412."""
    before = filled.ask("GET", f"{K}/entries/shop").json()
    answer = filled.ask("DELETE", f"{K}/entries/shop", headers={"If-Match": tag})
    assert (412, "entry-changed") == (answer.status_code, answer.json()["slug"])
    assert before == filled.ask("GET", f"{K}/entries/shop").json()


def test_if_match_without_its_quotes_is_refused_as_such(filled: Face) -> None:
    """Whoever forgot them is told so, instead of that the entry was changed."""
    tag = filled.ask("GET", f"{K}/entries/shop").headers["ETag"].strip('"')
    answer = filled.ask("DELETE", f"{K}/entries/shop", headers={"If-Match": tag})
    assert (400, "request-invalid") == (answer.status_code, answer.json()["slug"])


def test_write_to_the_named_state_is_carried_out(filled: Face) -> None:
    """If-Match with the entry's tag is no hindrance, and the tag is another one afterwards."""
    path = f"{K}/entries/shop"
    tag = filled.ask("GET", path).headers["ETag"]
    renamed = filled.ask(
        "POST", f"{path}/rename", json={"alias": "shop 2"}, headers={"If-Match": tag}
    )
    assert 200 == renamed.status_code
    assert tag != renamed.headers["ETag"]
    again = filled.ask("POST", f"{K}/entries/shop%202/rename", json={"alias": "shop"})
    assert 200 == again.status_code


def test_if_match_where_it_means_nothing_is_refused(filled: Face) -> None:
    """A condition that cannot be looked at is not passed over."""
    answer = filled.ask("POST", f"{K}/backups", json={}, headers={"If-Match": '"1-1"'})
    assert 400 == answer.status_code


# ---- plans


def test_signing_response_is_planned_then_carried_out(filled: Face) -> None:
    """A dry run stores nothing; its digest and tag carry out exactly that, and no other plan."""
    steward_.ask(filled.steward, "shop")
    key = filled.ask("GET", f"{K}/entries/shop").json()["version"]["chain"][0]
    assert key["self_signed"] is False
    path = f"{K}/entries/shop/signing-response"
    data = b"".join(
        base64.b64decode(c["der"])
        for c in filled.ask("GET", f"{K}/entries/shop").json()["version"]["chain"]
    )
    plan = filled.ask("PUT", f"{path}?dry_run=true", content=data)
    assert (200, False) == (plan.status_code, plan.json()["committed"])
    jsonschema_rs.validate(_schema("upload_signing_response"), plan.json())
    other = filled.ask("PUT", f"{path}?digest={'0' * 64}", content=data)
    assert (409, "entry-changed") == (other.status_code, other.json()["slug"])
    done = filled.ask("PUT", f"{path}?digest={plan.json()['digest']}", content=data)
    assert (200, True) == (done.status_code, done.json()["committed"])


def test_signing_response_keeps_the_note_that_came_with_it(filled: Face, root: Issued) -> None:
    """Why something was overridden is told with the version."""
    placeholder = issue("noted")
    steward_.add(filled.steward, "noted", placeholder)
    answer = issue("noted", placeholder.key, root)
    query = "overrides=certificate-expired&note=until%20Monday"
    done = filled.ask("PUT", f"{K}/entries/noted/signing-response?{query}", content=answer.der)
    assert 200 == done.status_code
    assert "until Monday" == filled.ask("GET", f"{K}/entries/noted").json()["version"]["note"]


def test_signing_responses_are_counted_as_they_were_judged(filled: Face) -> None:
    """What was refused and what was stored is in the metrics; a dry run is not."""
    path = f"{K}/entries/shop/signing-response"
    chain = filled.ask("GET", f"{K}/entries/shop").json()["version"]["chain"]
    data = b"".join(base64.b64decode(one["der"]) for one in chain)
    before = _judged(filled)
    filled.ask("PUT", f"{path}?dry_run=true", content=data)
    assert before == _judged(filled)
    filled.ask("PUT", path, content=b"please call us")
    outcome = filled.ask("PUT", path, content=data).json()["outcome"]
    assert {"reject", outcome} == set((_judged(filled) - before).elements())


def _judged(face: Face) -> Counter[str]:
    """Return how many uploads were judged how, as the metrics tell."""
    said = face.client.get("/metrics", auth=("administrator", faces.PASSWORD)).text
    counts = re.findall(r'^keysteward_uploads_total\{outcome="(.+)"\} (\d+)', said, re.MULTILINE)
    return Counter({outcome: int(count) for outcome, count in counts})


def test_import_is_planned_then_carried_out(filled: Face) -> None:
    """The digest of an import is over all that it decides; once it is done there is another."""
    certificate = keystore_files.java_certificate("imported", issue("imported").der)
    content = keystore_files.java_store(b"\xfe\xed\xfe\xed", [certificate], "changeit")
    headers = {"Keysteward-Password": base64.b64encode(b"changeit").decode()}
    path = f"{K}/import"
    plan = filled.ask("POST", f"{path}?dry_run=true", content=content, headers=headers)
    assert (200, 1) == (plan.status_code, plan.json()["counts"]["new"]), plan.text
    query = f"?digest={plan.json()['digest']}"
    done = filled.ask("POST", f"{path}{query}", content=content, headers=headers)
    assert (200, True) == (done.status_code, done.json()["committed"])
    again = filled.ask("POST", f"{path}{query}", content=content, headers=headers)
    assert (409, "entry-changed") == (again.status_code, again.json()["slug"])


def test_password_of_a_file_in_the_query_is_refused(filled: Face) -> None:
    """Queries stand in logs of proxies: a password there is an unknown option."""
    answer = filled.ask("POST", f"{K}/import?password=secret", content=b"x")
    assert 400 == answer.status_code


def test_body_is_not_read_before_the_sign_in(face: Face) -> None:
    """Whoever may not write gets the refusal for that, whatever the body is."""
    answer = face.ask("POST", f"{K}/import", "viewer", content=b"x" * 3_000_000)
    assert (403, "not-permitted") == (answer.status_code, answer.json()["slug"])
    too_large = face.ask("POST", f"{K}/import", content=b"x" * 3_000_000)
    assert (413, "upload-too-large") == (too_large.status_code, too_large.json()["slug"])
