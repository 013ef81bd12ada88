"""``keysteward serve`` as its administrators and their clients meet it."""

import base64
import json
import os
import re
import shlex
import signal
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from keysteward import __version__, app
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.storage import lifecycle
from tests import peers, servers
from tests import steward as steward_
from tests.fresh import Fresh
from tests.pki_maker import issue
from tests.servers import Server

PASSWORD = "correct horse battery staple"
BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
ID = "X-Request-Id"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def installation(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Return an installation with an administrator and some entries."""
    with fresh.keystore(tmp_path_factory.mktemp("serve") / "data") as settings:
        _fill(settings)
        yield settings


def _fill(settings: Settings) -> None:
    servers.add_user(settings, "admin", PASSWORD)
    with app.opened(settings) as steward:
        steward.store.create_keystore("other", steward_.TENANT.name, steward_.START)
    servers.add_user(settings, "guest", PASSWORD, Role.VIEWER, keystores=frozenset({"other"}))
    with app.opened(settings) as steward:
        steward_.add(steward, 'a "quoted" \\ alias', issue("first"))
        steward_.add_anchor(steward, "root", issue("Root", ca=True))
        steward_.ask(steward, 'a "quoted" \\ alias')


@pytest.fixture(scope="module")
def spare(
    fresh: Fresh, installation: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Return the same installation once more: a data folder has one server."""
    with fresh.copy(installation, tmp_path_factory.mktemp("spare") / "data") as settings:
        yield settings


@pytest.fixture(scope="module")
def server(
    installation: Settings,
    spare: Settings,  # noqa: ARG001 - it is copied before anybody works on it
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Return a server in plain HTTP, behind a proxy at 127.0.0.9."""
    folder = tmp_path_factory.mktemp("server")
    with servers.served(
        installation,
        folder,
        KEYSTEWARD_LOG="debug",
        KEYSTEWARD_ADDRESS_CONNECTIONS="20",
        KEYSTEWARD_CONNECTIONS="30",
        KEYSTEWARD_PROXIES="127.0.0.9",
    ) as running:
        yield running


def _ask(
    server: Server,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    source: str = "127.0.0.1",
) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(server.host, server.port, 20, source_address=(source, 0))
    with closing(connection):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer, answer.read()


def _wait_for(server: Server, text: str) -> None:
    """Wait for a line of the log: it is written after what somebody was told."""
    end = time.monotonic() + servers.START_SECONDS
    while time.monotonic() < end:
        if any(text in line for line in server.errors.split("\n")[:-1]):
            return
        time.sleep(0.05)


def _access(server: Server, request_id: str) -> dict[str, object]:
    _wait_for(server, request_id)
    (line,) = [line for line in server.log if line.get("request_id") == request_id]
    return line


# ---- what it says


def test_start_says_where_as_whom_and_how(server: Server) -> None:
    """Whoever starts it can sign in with nothing but what it printed."""
    assert server.url in server.said
    assert f"Administrators: 'admin'. To sign in, open {server.url} in" in server.said
    assert f"curl --user admin {server.url}/rest/v1/me" in server.said
    assert f"{server.url}/oauth/token" in server.said


def test_start_and_token_requests_are_in_the_log(server: Server) -> None:
    """Address and version come once; a client is named also where its secret was wrong."""
    _wait_for(server, '"started"')
    (started,) = [line for line in server.log if line["event"] == "started"]
    assert (server.url, __version__) == (started["address"], started["version"])
    form = b"grant_type=client_credentials&client_id=robot&client_secret=wrong"
    answer, _ = _ask(server, "/oauth/token", "POST", form, FORM)
    assert 401 == answer.status
    assert "client:robot" == _access(server, answer.headers[ID])["account"]


def test_start_without_accounts_says_how_to_make_one(settings: Settings, tmp_path: Path) -> None:
    """Nobody can sign in at first, and the command that changes it can be copied."""
    with servers.served(settings, tmp_path / "out") as running:
        assert "Nobody can sign in yet." in running.said
        where = f"--data {settings.data}"
        if settings.database is not None:
            where += f" --database {shlex.quote(lifecycle.place(settings))}"
        command = f"keysteward {where} user add NAME --role administrator"
        assert command in running.said


@pytest.mark.sqlite_alone  # several servers work with one database of PostgreSQL: test_workers
def test_data_folder_has_one_server(server: Server, installation: Settings, tmp_path: Path) -> None:
    """A second one is told so before it touches anything; the first one goes on."""
    second = servers.start(installation, tmp_path, "--host", "0.0.0.0")  # noqa: S104 - refused

    assert 5 == second.wait(servers.START_SECONDS)
    assert "another server works with" in (tmp_path / "stderr").read_text()
    assert not (installation.data / "tls" / "certificate.new").exists()
    assert 200 == _ask(server, "/readyz")[0].status


def test_data_folder_is_free_after_a_server_was_killed(settings: Settings, tmp_path: Path) -> None:
    """Whatever ends the process, the next one starts."""
    with servers.served(settings, tmp_path / "first") as first:
        first.process.kill()
        first.process.wait(servers.STOP_SECONDS)
        with servers.served(settings, tmp_path / "second") as second:
            assert 200 == _ask(second, "/readyz")[0].status


def test_port_in_use_is_a_problem(server: Server, spare: Settings, tmp_path: Path) -> None:
    """A second server on the same port ends with the reason and the settings to change."""
    second = servers.start(spare, tmp_path, "--port", str(server.port))

    assert 5 == second.wait(servers.START_SECONDS)
    said = (tmp_path / "stderr").read_text()
    assert "KEYSTEWARD_PORT" in said
    assert "address already in use" in said


def test_certificate_of_another_key_is_refused_at_start(spare: Settings, tmp_path: Path) -> None:
    """Files that do not belong together end the start with a message."""
    (tmp_path / "server.crt").write_bytes(issue("server", eku=("serverAuth",)).pem)
    (tmp_path / "server.key").write_bytes(issue("other").key_pem())
    files = ("--tls-certificate", str(tmp_path / "server.crt"))
    process = servers.start(spare, tmp_path, *files, "--tls-key", str(tmp_path / "server.key"))

    assert 5 == process.wait(servers.START_SECONDS)
    assert "is the key of another certificate" in (tmp_path / "stderr").read_text()


# ---- health and metrics


def test_healthz_and_readyz_answer_without_sign_in(server: Server) -> None:
    """Whoever watches the server needs no account, and learns the name of each check."""
    alive, _ = _ask(server, "/healthz")
    ready, content = _ask(server, "/readyz")

    assert (200, 200) == (alive.status, ready.status)
    names = ["accepting", "database", "migrations", "sealing_keys"]
    assert [{"name": name, "ok": True} for name in names] == json.loads(content)["checks"]


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE alembic_version SET version_num = 'later'", "migrations"),
        (
            """INSERT INTO data_keys (id, sealing_key_id, wrapped, created_at)
            SELECT 'ffffffffffffffff', sealing_key_id, wrapped, created_at FROM data_keys""",
            "sealing_keys",
        ),
    ],
)
def test_readyz_names_what_stands_in_the_way(
    settings: Settings, tmp_path: Path, statement: str, check: str
) -> None:
    """A database that changed under a running server takes it out of service, and says why."""
    with servers.served(settings, tmp_path / "out") as running:
        connection = steward_.connect(settings, writing=True)
        connection.execute(statement)
        connection.commit()
        connection.close()
        answer, content = _ask(running, "/readyz")
        alive, _ = _ask(running, "/healthz")

    assert (503, 200) == (answer.status, alive.status)
    assert check in {one["name"] for one in json.loads(content)["checks"] if not one["ok"]}


@pytest.mark.sqlite_alone  # its file is overwritten; test_reading_only takes PostgreSQL away
def test_readyz_names_a_database_that_does_not_answer(settings: Settings, tmp_path: Path) -> None:
    """A database that cannot be read is said to be that, and the server lives on."""
    with servers.served(settings, tmp_path / "out") as running:
        file = settings.data / "keysteward.db"
        with file.open("r+b") as database:
            database.write(bytes(file.stat().st_size))
        answer, content = _ask(running, "/readyz")
        alive, _ = _ask(running, "/healthz")

    assert (503, 200) == (answer.status, alive.status)
    (told,) = [one for one in json.loads(content)["checks"] if one["name"] == "database"]
    assert (False, True) == (told["ok"], "Bring it back from a backup" in told["detail"])


def test_metrics_need_the_permission(server: Server) -> None:
    """Metrics name aliases, so nobody sees them without credentials."""
    answer, content = _ask(server, "/metrics")

    assert 401 == answer.status
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert b"alias" not in content


def test_metrics_name_what_the_account_may_see(server: Server) -> None:
    """An account of another keystore learns nothing of this one."""
    guest = "Basic " + base64.b64encode(f"guest:{PASSWORD}".encode()).decode()
    answer, content = _ask(server, "/metrics", headers={"Authorization": guest})

    assert 200 == answer.status
    assert b"quoted" not in content
    assert b'keystore="default"' not in content


def test_metrics_can_be_opened(spare: Settings, tmp_path: Path) -> None:
    """The setting opens them for a scraper without an account, with as many series as it says."""
    with servers.served(
        spare, tmp_path, KEYSTEWARD_METRICS_OPEN="true", KEYSTEWARD_METRICS_ENTRIES="1"
    ) as running:
        answer, content = _ask(running, "/metrics")

    assert 200 == answer.status
    assert 1 == content.count(b"\nkeysteward_entry_days_left{")


def test_metrics_are_what_prometheus_reads(server: Server) -> None:
    """Its own parser finds the counters, each entry's days, and aliases as they are."""
    _ask(server, "/nowhere-at-all", headers={"Authorization": BASIC})
    _ask(server, "/metrics", headers={"Authorization": "Basic d3Jvbmc6d3Jvbmc="})
    _, content = _ask(server, "/metrics", headers={"Authorization": BASIC})
    samples = [
        sample
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
    ]
    states = {
        s.labels["state"]: s.value
        for s in samples
        if s.name == "keysteward_entries_in_state" and s.labels["keystore"] == "default"
    }
    days = {s.labels["alias"]: s.value for s in samples if s.name == "keysteward_entry_days_left"}
    unknown = [s.labels for s in samples if s.labels.get("route") == "none"]
    refused = [s.labels for s in samples if s.name == "keysteward_sign_in_refusals_total"]

    assert not [s.name for s in samples if s.name.endswith("_created")]
    assert {"waiting": 1, "pending": 0, "ending": 0, "ended": 0} == states
    assert {'a "quoted" \\ alias', "root"} == set(days)
    assert all(left > 0 for left in days.values())
    assert {"face": "other", "method": "GET", "route": "none", "status": "404"} in unknown
    assert {"face": "health"} in refused


# ---- requests


def test_answers_have_security_headers(server: Server) -> None:
    """Every answer, also one to an address that there is not, tells browsers to keep away."""
    for path in ("/healthz", "/nowhere"):
        answer, _ = _ask(server, path)
        assert "nosniff" == answer.headers["X-Content-Type-Options"]
        assert "no-store" == answer.headers["Cache-Control"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Strict-Transport-Security"] is None
        assert answer.headers["Server"] is None


def test_unknown_address_and_method_are_problems(server: Server) -> None:
    """What the router refuses has the form of every other refusal."""
    unknown, content = _ask(server, "/nowhere?secret=1")
    method, other = _ask(server, "/healthz", "DELETE")

    assert (404, 405) == (unknown.status, method.status)
    assert "/rest/v1/problems/resource-unknown" == json.loads(content)["type"]
    assert "method-not-supported" in json.loads(other)["type"]
    assert {"GET", "HEAD"} == set(method.headers["Allow"].split(", "))
    assert unknown.headers["X-Request-Id"] == json.loads(content)["instance"]


def test_request_id_of_the_client_is_kept_if_it_is_harmless(server: Server) -> None:
    """A proxy's id connects its log with this one; nothing else gets into the log by it."""
    kept, _ = _ask(server, "/healthz", headers={ID: "proxy-id.0123456789"})
    made = [
        _ask(server, "/healthz", headers={ID: bad})[0] for bad in ("short", 'x" y: {}', "x" * 65)
    ]

    assert "proxy-id.0123456789" == kept.headers["X-Request-Id"]
    assert all(re.fullmatch("[0-9a-f]{24}", one.headers["X-Request-Id"]) for one in made)


def test_log_tells_of_requests_and_holds_no_secrets(server: Server) -> None:
    """A line has method, route, status and time; never a header, a query or a body."""
    body = b"grant_type=client_credentials&client_id=bodyname&client_secret=bodysecret"
    answer, _ = _ask(server, "/oauth/token?hint=querysecret", "POST", body, headers=FORM)
    _ask(server, "/metrics?q=querysecret", headers={"Authorization": BASIC})
    _ask(
        server,
        "/metrics",
        headers={"Authorization": "Bearer tokensecret", "Cookie": "k=cookiesecret"},
    )
    line = _access(server, answer.headers["X-Request-Id"])

    assert ("POST", "/oauth/token", 401) == (line["method"], line["route"], line["status"])
    assert ("info", "request", "127.0.0.1") == (line["level"], line["event"], line["address"])
    assert isinstance(line["duration_ms"], float)
    for secret in ("secret", BASIC[6:], PASSWORD):
        assert secret not in server.errors


def test_proxy_says_who_the_client_is(server: Server) -> None:
    """The address that a trusted proxy forwards is the client's; anybody else's word is not."""
    forwarded = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    trusted, _ = _ask(server, "/nowhere", headers=forwarded, source="127.0.0.9")
    other, _ = _ask(server, "/nowhere", headers=forwarded, source="127.0.0.8")

    assert "198.51.100.7" == _access(server, trusted.headers["X-Request-Id"])["address"]
    assert trusted.headers["Strict-Transport-Security"] is not None
    assert "127.0.0.8" == _access(server, other.headers["X-Request-Id"])["address"]
    assert other.headers["Strict-Transport-Security"] is None


def test_endless_body_is_refused_at_its_limit(server: Server) -> None:
    """A body that never ends is answered as soon as it is too large."""
    connection = HTTPConnection(server.host, server.port, 20)
    chunks = (b"x" * 4096 for _ in range(200))
    with closing(connection):
        connection.request(
            "POST",
            "/oauth/token",
            chunks,
            {**FORM, "Transfer-Encoding": "chunked"},
            encode_chunked=True,
        )
        answer = connection.getresponse()
        assert 413 == answer.status
        assert "close" == answer.headers["Connection"]


# ---- connections


def test_flood_from_one_address_leaves_others_served(server: Server) -> None:
    """One address that holds its share is told to come later; other addresses are served."""
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(closing(_hold(server, "127.0.0.2")))
        refused, content = _ask(server, "/healthz", source="127.0.0.2")
        served, _ = _ask(server, "/healthz", source="127.0.0.3")

    assert (503, 200) == (refused.status, served.status)
    assert "/rest/v1/problems/server-busy" == json.loads(content)["type"]
    assert refused.headers["Retry-After"] is not None


def test_flood_from_many_addresses_ends_at_the_limit(server: Server) -> None:
    """Beyond the limit of all connections everybody is told to come later, the proxy, too."""
    with ExitStack() as held:
        for i in range(30):
            held.enter_context(closing(_hold(server, f"127.0.1.{1 + i % 3}")))
        refused, _ = _ask(server, "/healthz", source="127.0.0.9")
    assert 503 == refused.status


def _hold(server: Server, source: str) -> socket.socket:
    """Connect, and wait until the server has counted it: it answers, and waits for more."""
    sock = socket.create_connection((server.host, server.port), 20, (source, 0))
    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert sock.recv(65_536).startswith(b"HTTP/1.1 200 ")
    return sock


# ---- TLS


@pytest.fixture(scope="module")
def secure(
    fresh: Fresh, spare: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Return a server with a self-signed certificate that waits a second for handshakes."""
    folder = tmp_path_factory.mktemp("secure")
    with (
        fresh.copy(spare, folder / "data") as own,
        servers.served(own, folder, "--tls", KEYSTEWARD_HEADER_SECONDS="1") as running,
    ):
        yield running


def _printed_fingerprint(server: Server) -> str:
    found = re.search(r"SHA-256 ([0-9A-F:]{95})", server.said)
    assert found
    return found[1]


def test_self_signed_fingerprint_is_the_one_that_openssl_sees(secure: Server) -> None:
    """What was printed can be compared with what a client is shown."""
    address = f"127.0.0.1:{secure.port}"
    shown = peers.run("openssl", "s_client", "-connect", address, "-servername", "localhost")
    digest = peers.run("openssl", "x509", "-noout", "-fingerprint", "-sha256", data=shown).decode()

    assert _printed_fingerprint(secure) == digest.strip().partition("=")[2]


def test_self_signed_fingerprint_stays_over_a_restart(settings: Settings, tmp_path: Path) -> None:
    """A second start uses the certificate of the first one."""
    with servers.served(settings, tmp_path / "first", "--tls") as first:
        pass
    with servers.served(settings, tmp_path / "again", "--tls") as again:
        assert _printed_fingerprint(first) == _printed_fingerprint(again)


def test_curl_trusts_the_self_signed_certificate_if_it_is_given_it(secure: Server) -> None:
    """The certificate file is all that a client needs to know the server."""
    certificate = str(secure.settings.data / "tls" / "certificate.pem")
    done = peers.run("curl", "-s", "--include", "--cacert", certificate, f"{secure.url}/healthz")

    assert done.endswith(b'{"status":"ok"}')
    assert b"strict-transport-security: max-age=" in done


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_before_1_2_is_refused(secure: Server) -> None:
    """Old versions of TLS end in a failed handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", secure.port), 20) as sock,
        pytest.raises((ssl.SSLError, ConnectionResetError)),
    ):
        context.wrap_socket(sock)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_handshake_that_does_not_come_is_cut_off(secure: Server, sent: bytes) -> None:
    """A client that says nothing, half of a hello, or plain HTTP is let go."""
    with socket.create_connection(("127.0.0.1", secure.port), 20) as sock:
        sock.sendall(sent)
        while sock.recv(4096):
            pass


# ---- the end


def _begin_slow_request(server: Server) -> tuple[socket.socket, bytes]:
    """Send a request without the end of its body; return the rest."""
    body = b"grant_type=client_credentials&client_id=a&client_secret=b"
    head = f"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
    sock = socket.create_connection((server.host, server.port), 20)
    sock.sendall(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")
    while not any(
        "keysteward_requests_in_flight 2.0" in line for line in _metrics(server).splitlines()
    ):
        pass
    return sock, body


def _metrics(server: Server) -> str:
    return _ask(server, "/metrics")[1].decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_lets_a_running_request_finish(
    settings: Settings, tmp_path: Path, number: signal.Signals
) -> None:
    """A request that has begun gets its answer; new ones are refused, and readiness with them."""
    with servers.served(settings, tmp_path / "out", KEYSTEWARD_METRICS_OPEN="true") as running:
        sock, body = _begin_slow_request(running)
        with closing(sock):
            running.process.send_signal(number)
            while (ready := _ask(running, "/readyz"))[0].status == 200:
                pass
            new, _ = _ask(running, "/oauth/token", "POST", b"", headers=FORM)
            sock.sendall(body)
            assert sock.recv(65_536).startswith(b"HTTP/1.1 401 ")
        assert 0 == running.process.wait(servers.STOP_SECONDS)

    assert {"name": "accepting", "ok": False} in json.loads(ready[1])["checks"]
    assert 503 == new.status
    assert "close" == new.headers["Connection"]
    assert "stopped" == running.log[-1]["event"]


def test_stop_waits_no_longer_than_it_is_told(settings: Settings, tmp_path: Path) -> None:
    """A request that never ends does not keep the server."""
    more = {"KEYSTEWARD_METRICS_OPEN": "true", "KEYSTEWARD_STOP_SECONDS": "1"}
    with servers.served(settings, tmp_path / "out", **more) as running:
        sock, _ = _begin_slow_request(running)
        with closing(sock):
            assert 0 == running.stop()
    assert {"requests were cut off"} == {e["event"] for e in running.log if e["level"] == "error"}


def test_second_sigint_ends_the_server_at_once(settings: Settings, tmp_path: Path) -> None:
    """Whoever presses Ctrl-C twice waits for nothing."""
    with servers.served(settings, tmp_path / "out", KEYSTEWARD_METRICS_OPEN="true") as running:
        sock, _ = _begin_slow_request(running)
        with closing(sock):
            running.process.send_signal(signal.SIGINT)
            while _ask(running, "/readyz")[0].status == 200:
                pass
            assert -signal.SIGINT == running.stop(signal.SIGINT)


def test_server_on_all_addresses_names_one_to_connect_to(
    settings: Settings, tmp_path: Path
) -> None:
    """0.0.0.0 is no address of a server; the host's name is, and is in the certificate."""
    host = "0.0.0.0"  # noqa: S104 - what is tested
    with servers.served(settings, tmp_path, "--host", host) as running:
        assert f"answers at https://{os.uname().nodename}:" in running.said
        assert "It listens on all addresses" in running.said
