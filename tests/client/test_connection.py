import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from keysteward.client import connection
from keysteward.client.connection import Connection
from keysteward.client.credentials import ClientSecret, Credentials, Password, Token
from keysteward.problems import (
    AliasNotFound,
    ConnectionFailed,
    NotSignedIn,
    Problem,
    TooManyRequests,
)
from keysteward.values import Secret
from tests import pki_maker, scripted_server
from tests.pki_maker import Issued, issue
from tests.scripted_server import DROP, Reply, Server, as_json

TOKEN = Token(Secret(b"test-only"))
CLIENT = ClientSecret("shop +", Secret(b"test only/secret"))
OK = as_json({"name": "shop"})
EXPIRED = as_json({"slug": "not-signed-in", "reason": "The token has ended."}, 401)

CA = issue("Test CA", ca=True)


@contextmanager
def connected(
    script: Sequence[Reply | None], credentials: Credentials = TOKEN
) -> Iterator[tuple[Connection, Server]]:
    """Lend a connection to a server that answers as written down."""
    with scripted_server.run(script) as server:
        found = Connection(
            server.url, credentials, verify=True, fingerprint=None, timeout_seconds=10
        )
        try:
            yield found, server
        finally:
            found.close()


def token(text: str = "fresh", seconds: float = 3600) -> Reply:
    """Return a token as the server gives it."""
    return as_json({"access_token": text, "token_type": "bearer", "expires_in": seconds})


def test_ask_sends_the_token_and_reads_the_answer() -> None:
    """A request goes below the root of the API, with the credentials in its header."""
    with connected([OK]) as (asking, server):
        answer = asking.ask("GET", "/me", query={"a": 1, "no": None, "off": False, "on": True})
    (got,) = server.requests
    assert b'{"name": "shop"}' == answer.content
    assert ("GET", "/rest/v1/me?a=1&on=true") == (got.method, got.path)
    assert "Bearer test-only" == got.headers["authorization"]


def test_ask_sends_a_password_as_basic_credentials() -> None:
    """Name and password of a user may hold any character (RFC 7617)."""
    with connected([OK], Password("eva", Secret("pä:ß".encode()))) as (asking, server):
        asking.ask("GET", "/me")
    kind, _, encoded = server.requests[0].headers["authorization"].partition(" ")
    assert "Basic" == kind
    assert "eva:pä:ß" == base64.b64decode(encoded).decode()


def test_ask_fetches_a_token_for_a_clients_secret_once() -> None:
    """The token of a client's secret serves many requests."""
    with connected([token(), OK, OK], CLIENT) as (asking, server):
        asking.ask("GET", "/me")
        asking.ask("GET", "/me")
    first, *rest = server.requests
    assert ("POST", "/oauth/token") == (first.method, first.path)
    assert b"grant_type=client_credentials" == first.body
    assert b"shop+%2B:test+only%2Fsecret" == base64.b64decode(first.headers["authorization"][6:])
    assert ["Bearer fresh"] * 2 == [got.headers["authorization"] for got in rest]


def test_ask_renews_a_token_that_the_server_does_not_take() -> None:
    """A token that was revoked, or ended earlier than told, costs one more request."""
    with connected([token("old"), EXPIRED, token("new"), OK], CLIENT) as (asking, server):
        asking.ask("GET", "/me")
    used = [g.headers["authorization"] for g in server.requests if g.path != "/oauth/token"]
    assert ["Bearer old", "Bearer new"] == used


def test_ask_renews_a_token_that_is_about_to_end() -> None:
    """A token is not sent in its last seconds, in which it would end on its way."""
    with connected([token("old", 5), OK, token("new"), OK], CLIENT) as (asking, server):
        asking.ask("GET", "/me")
        asking.ask("GET", "/me")
    assert "Bearer new" == server.requests[-1].headers["authorization"]


def test_ask_gives_up_when_a_fresh_token_is_refused() -> None:
    """A client that may not sign in does not try on and on."""
    with (
        connected([token(), EXPIRED, token(), EXPIRED], CLIENT) as (asking, _),
        pytest.raises(NotSignedIn),
    ):
        asking.ask("GET", "/me")


def test_ask_does_not_renew_what_it_was_given() -> None:
    """A token from elsewhere cannot be renewed: the refusal is the answer."""
    with connected([EXPIRED]) as (asking, server), pytest.raises(NotSignedIn, match="has ended"):
        asking.ask("GET", "/me")
    assert 1 == len(server.requests)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (as_json({"error": "invalid_client", "error_description": "No."}, 401), NotSignedIn),
        (as_json({"error": "unavailable"}, 429, **{"Retry-After": "7"}), TooManyRequests),
        (as_json({"error": "unavailable"}, 429, **{"Retry-After": "\xb2"}), TooManyRequests),
        (as_json({"error": "unavailable"}, 429, **{"Retry-After": "9" * 5000}), TooManyRequests),
        (Reply(401, b'{"error_description":"\xff"}'), NotSignedIn),
    ],
    ids=["refused", "too-many", "superscript-seconds", "seconds-without-end", "no-utf-8"],
)
def test_ask_tells_why_there_is_no_token(reply: Reply, problem: type[Problem]) -> None:
    """A refusal of the token endpoint is a problem like any other."""
    with connected([reply], CLIENT) as (asking, _), pytest.raises(problem):
        asking.ask("GET", "/me")


def test_ask_raises_the_servers_problem() -> None:
    """A refusal arrives as the class that it was on the server."""
    refusal = {"slug": "alias-not-found", "alias": "shop", "keystore": "default"}
    with connected([as_json(refusal, 404)]) as (asking, _), pytest.raises(AliasNotFound) as found:
        asking.ask("GET", "/keystores/default/entries/shop")
    assert ("shop", "default") == (found.value.alias, found.value.keystore)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_ask_repeats_once_when_the_connection_is_lost(method: str) -> None:
    """What can be sent twice without harm is sent again, under the same idempotency key."""
    with connected([DROP, OK]) as (asking, server):
        asking.ask(method, "/x")
    first, second = server.requests
    assert first.headers.get("idempotency-key") == second.headers.get("idempotency-key")
    assert ("idempotency-key" in first.headers) == (method == "POST")


def test_ask_gives_up_when_the_connection_is_lost_twice() -> None:
    """A server that goes away each time is not asked a third time."""
    with connected([DROP, DROP]) as (asking, _), pytest.raises(ConnectionFailed, match="lost"):
        asking.ask("GET", "/x")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_ask_says_that_a_change_may_be_done_when_the_connection_is_lost(method: str) -> None:
    """What may have been done is not done a second time without a look."""
    with (
        connected([DROP]) as (asking, server),
        pytest.raises(ConnectionFailed, match="may have been done"),
    ):
        asking.ask(method, "/x")
    assert 1 == len(server.requests)


def test_ask_gives_each_creation_its_own_key() -> None:
    """Two requests that a caller makes are two, however alike they are."""
    with connected([OK, OK]) as (asking, server):
        asking.ask("POST", "/x", json={})
        asking.ask("POST", "/x", json={})
    keys = {got.headers["idempotency-key"] for got in server.requests}
    assert 2 == len(keys)


def test_ask_follows_no_redirect() -> None:
    """Credentials do not go where an answer points."""
    elsewhere = Reply(307, headers={"Location": "https://elsewhere.invalid/"})
    with (
        connected([elsewhere]) as (asking, server),
        pytest.raises(ConnectionFailed, match="sends elsewhere"),
    ):
        asking.ask("GET", "/me")
    assert 1 == len(server.requests)


def test_ask_stops_reading_an_answer_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is bounded, whoever gives it."""
    monkeypatch.setattr(connection, "ANSWER_LIMIT_BYTES", 1000)
    with (
        connected([Reply(200, bytes(1001))]) as (asking, _),
        pytest.raises(ConnectionFailed, match="more than 1,000 bytes"),
    ):
        asking.ask("GET", "/me")


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 100_000, b'{"name": 7}', b'{"\xff": "a"}'])
def test_get_refuses_an_answer_that_is_something_else(body: bytes) -> None:
    """An answer that is none of Keysteward's is told, not passed on."""
    with (
        connected([Reply(200, body)]) as (asking, _),
        pytest.raises(ConnectionFailed, match="cannot be read"),
    ):
        asking.get("/me", dict[str, str])


@pytest.mark.parametrize(
    "url",
    [
        "keysteward.example",
        "ftp://keysteward.example",
        "http://keysteward.example:8470",
        "https://eva:secret@keysteward.example",
        "https://keysteward.example/?a=b",
        "https://",
    ],
)
def test_url_is_refused_that_is_none_or_unsafe(url: str) -> None:
    """Credentials never go over a network in clear, and never stand in a URL."""
    with pytest.raises(ValueError, match=r"URL|encrypted"):
        connection.require_url(url)


# ---- TLS


def of_ca(name: str = "127.0.0.1") -> tuple[Issued, ...]:
    """Return the chain of a server whose certificate the test's CA issued."""
    san = (f"IP:{name}",) if name[0].isdigit() else (f"DNS:{name}",)
    return (issue(name, issuer=CA, san=san, eku=("serverAuth",)),)


def self_signed() -> tuple[Issued, ...]:
    """Return the certificate of a server that nobody vouches for, without its name."""
    return (issue("nobody in particular", pki_maker.make_key()),)


def ask(server: Server, *, verify: Path | None = None, fingerprint: str | None = None) -> bytes:
    """Ask once and return the answer's content."""
    asking = Connection(
        server.url, TOKEN, verify=verify or True, fingerprint=fingerprint, timeout_seconds=10
    )
    try:
        return asking.ask("GET", "/me").content
    finally:
        asking.close()


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    """Return a file with the root of the test's CA."""
    file = tmp_path / "ca.pem"
    file.write_bytes(CA.pem)
    return file


def test_server_is_believed_under_the_given_root(tmp_path: Path, ca_file: Path) -> None:
    """A server of a company's own CA is verified with the CA's certificate."""
    files = scripted_server.tls_files(tmp_path, of_ca())
    with scripted_server.run([OK], files) as server:
        assert OK.body == ask(server, verify=ca_file)


@pytest.mark.parametrize("chain", [of_ca("keysteward.example"), self_signed()])
def test_server_is_not_believed_with_another_name_or_root(
    chain: tuple[Issued, ...], tmp_path: Path, ca_file: Path
) -> None:
    """Name and chain are both verified, and a stranger gets no credentials."""
    files = scripted_server.tls_files(tmp_path, chain)
    with scripted_server.run([OK], files) as server:
        with pytest.raises(ConnectionFailed, match="certificate verify failed"):
            ask(server, verify=ca_file)
        assert [] == server.requests


def test_server_is_not_believed_without_its_root(tmp_path: Path) -> None:
    """What this system does not trust is not believed by default."""
    files = scripted_server.tls_files(tmp_path, of_ca())
    with (
        scripted_server.run([OK], files) as server,
        pytest.raises(ConnectionFailed, match="certificate verify failed") as found,
    ):
        ask(server)
    assert "KEYSTEWARD_SERVER_FINGERPRINT" in found.value.remedy


def test_server_is_believed_by_its_fingerprint(tmp_path: Path) -> None:
    """A self-signed certificate needs no CA if its fingerprint was compared."""
    chain = self_signed()
    fingerprint = hashlib.sha256(chain[0].der).hexdigest().upper()
    shown = ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2))
    files = scripted_server.tls_files(tmp_path, chain)
    with scripted_server.run([OK], files) as server:
        assert OK.body == ask(server, fingerprint=shown)


def test_server_with_another_fingerprint_gets_no_request(tmp_path: Path) -> None:
    """The certificate is compared before anything is sent."""
    files = scripted_server.tls_files(tmp_path, self_signed())
    with scripted_server.run([OK], files) as server:
        with pytest.raises(ConnectionFailed, match="another certificate") as found:
            ask(server, fingerprint="0" * 64)
        assert [] == server.requests
    assert "SHA-256 fingerprint" in found.value.evidence
