from datetime import UTC, datetime

import pytest

from keysteward.client import Client
from keysteward.problems import NotPermitted
from tests import scripted_server
from tests.scripted_server import Reply, as_json


def row(number: int) -> dict[str, object]:
    """Return a row of the audit log as the server tells it."""
    told = {"at": "2026-01-01T00:00:00Z", "actor": "eva", "action": "rename", "outcome": "done"}
    return {"sequence": number, **told}


def backup(name: str) -> dict[str, object]:
    """Return a backup as the server tells it, with a member of a later version."""
    made = {"created_at": "2026-01-01T00:00:00Z", "created_by": "eva"}
    return {"name": name, "size": 1, **made, "new_member": {"a": 1}}


def line(alias: str) -> dict[str, object]:
    """Return a line of a list as the server tells it."""
    times = dict.fromkeys(("not_before", "not_after", "modified_at"), "2026-01-01T00:00:00Z")
    words = ("owner", "usage", "subject", "issuer", "signature_algorithm", "sha256")
    return {
        "id": 1,
        "alias": alias,
        "type": "key-pair",
        "trusted": False,
        "version": 1,
        "key": {"type": "EC", "size": 256, "curve": "secp256r1"},
        "self_signed": False,
        **times,
        **dict.fromkeys(words, "x"),
    }


def test_list_asks_for_a_page_when_the_one_before_is_used_up() -> None:
    """Who looks at the first entries of a million does not wait for the others."""
    pages = [as_json({"items": [line("a")], "next": "c1"}), as_json({"items": [line("b")]})]
    with scripted_server.run(pages) as server, Client(server.url, token="t") as client:
        found = client.keystore("a/b").list_entries(prefix="ä")
        assert [] == server.requests
        assert "a" == next(found).alias
        assert 1 == len(server.requests)
        assert ["b"] == [entry.alias for entry in found]
    first, second = (got.path for got in server.requests)
    assert first.startswith("/rest/v1/keystores/a%2Fb/entries?limit=1000&view=current&")
    assert second.endswith("&cursor=c1")


def test_values_pass_over_members_of_later_versions() -> None:
    """A newer server may tell more than this client knows."""
    reply = as_json({"items": [backup("first")], "next": None})
    with scripted_server.run([reply]) as server, Client(server.url, token="t") as client:
        (found,) = client.keystore().list_backups()
    assert ("first", datetime(2026, 1, 1, tzinfo=UTC)) == (found.name, found.created_at)


def test_audit_log_is_read_line_by_line() -> None:
    """Rows come while they are read, and the last ones of more than a page are picked here."""
    lines = b"".join(as_json(row(number)).body + b"\n" for number in range(1, 2501))
    with (
        scripted_server.run([Reply(200, lines), Reply(200, lines)]) as server,
        Client(server.url, token="t") as client,
    ):
        assert 2500 == len(list(client.keystore().read_audit_log()))
        found = client.keystore().read_audit_log(last=2000, since=datetime(2026, 1, 1, tzinfo=UTC))
        assert [501, 2500] == [found_.sequence for found_ in found][::1999]
    assert "since=2026-01-01T00%3A00%3A00Z" in server.requests[1].path


def test_audit_log_that_may_not_be_read_is_refused() -> None:
    """A refusal of many lines is the problem that it is."""
    refusal = as_json({"slug": "not-permitted", "permission": "AuditLogRead"}, 403)
    with (
        scripted_server.run([refusal, refusal]) as server,
        Client(server.url, token="t") as client,
        pytest.raises(NotPermitted),
    ):
        next(client.keystore().read_audit_log())


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"token": "t", "user": "eva", "password": "x"},
        {"user": "eva"},
        {"client_id": "c", "password": "x"},
    ],
)
def test_client_takes_one_kind_of_credentials(credentials: dict[str, str]) -> None:
    """Who gives none, two or a half is told before anything is sent."""
    with pytest.raises(ValueError, match="give a token"):
        Client("https://keysteward.example", **credentials)  # type: ignore[arg-type]  # a table
