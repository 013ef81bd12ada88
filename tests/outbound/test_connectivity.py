import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keysteward.entries import View
from keysteward.guard import Reach
from keysteward.keystore import supplies
from keysteward.keystore.steward import Steward
from keysteward.outbound import connectivity
from keysteward.outbound.connections import Step
from keysteward.outbound.connectivity import ConnectionWish
from keysteward.outbound.reports import Report, Result
from keysteward.problems import AliasNotFound, DestinationNotAllowed, NotAKeyPair
from tests import pki_maker, providers, receivers
from tests import steward as steward_
from tests.outbound.conftest import Serve
from tests.pki_maker import Issued
from tests.receivers import Receiver
from tests.steward import PROVIDER, TENANT

LOOPBACK = Reach(tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128"))))
PROOF = "proves the handshake, not the authorisation"

ServerContext = Callable[[], ssl.SSLContext]


@pytest.fixture
def filled(steward: Steward, server: tuple[Issued, ...], client: tuple[Issued, ...]) -> Steward:
    """A keystore with the client's key pair and the receiver's root."""
    steward_.add(steward, "backend", *client)
    steward_.add_anchor(steward, "receiver", server[-1])
    return steward


def _test(steward: Steward, port: int, **wanted: object) -> Report:
    wish = replace(ConnectionWish("localhost", port), **wanted)  # type: ignore[arg-type]  # members of it
    return connectivity.run_test(steward, TENANT, wish, reach=LOOPBACK)


def _results(report: Report) -> dict[Step, Result]:
    return {check.step: check.result for check in report.checks}


def _row(steward: Steward) -> tuple[str, str, str | None, dict[str, object]]:
    (row,) = tuple(steward.store.audit_log.read(steward.keystore_id, last=1))
    return row.action, row.outcome, row.alias, dict(row.detail)


def test_green_test_passes_every_check(filled: Steward, demanding: Receiver) -> None:
    """Each step is told in its order, and the whole says what it proves and what not."""
    report = _test(filled, demanding.port, alias="backend")
    assert list(Step) == [check.step for check in report.checks]
    assert {Result.PASSED} == set(_results(report).values())
    assert report.passed
    assert PROOF in report.proof
    assert (True, True, True) == (
        report.certificate_requested,
        report.certificate_sent,
        report.certificate_accepted,
    )
    assert "CN=client" == (report.own.subject if report.own else "")
    assert [()] == [one.findings for one in report.server_chain]
    assert report.protocol in report.checks[5].meaning


def test_test_is_a_row_of_the_audit_log(filled: Steward, demanding: Receiver) -> None:
    """Who, when, host, port, alias and what came of it are kept."""
    _test(filled, demanding.port, alias="backend")
    action, outcome, alias, detail = _row(filled)
    assert ("connection-test", "done", "backend") == (action, outcome, alias)
    assert ("localhost", demanding.port) == (detail["host"], detail["port"])
    assert (True, None, True) == (detail["passed"], detail["failed"], detail["certificate_sent"])


def test_refused_destination_is_a_row_of_the_audit_log(filled: Steward) -> None:
    """What the guard refuses is a problem, told with where it should have gone."""
    wish = ConnectionWish("localhost", 8443, "backend")
    with pytest.raises(DestinationNotAllowed, match="loopback"):
        connectivity.run_test(filled, TENANT, wish, reach=Reach())
    action, outcome, alias, detail = _row(filled)
    assert ("connection-test", "refused", "backend") == (action, outcome, alias)
    assert "destination-not-allowed" == detail["problem"]
    assert ("localhost", 8443) == (detail["host"], detail["port"])


def test_guard_uses_no_key_for_a_refused_port(filled: Steward) -> None:
    """A port that is not allowed is refused before the key pair is looked for."""
    wish = ConnectionWish("localhost", 25, "nobody")
    with pytest.raises(DestinationNotAllowed):
        connectivity.run_test(filled, TENANT, wish, reach=LOOPBACK)


def test_receiver_that_demands_a_certificate_fails_that_check(
    filled: Steward, demanding: Receiver
) -> None:
    """Without an alias the check of the client certificate says what to do."""
    report = _test(filled, demanding.port)
    results = _results(report)
    assert Result.FAILED is results[Step.CLIENT_CERTIFICATE]
    assert Result.PASSED is results[Step.SERVER_CERTIFICATE]
    assert Result.NOT_DONE is results[Step.ANSWER]
    (failed,) = (check for check in report.checks if check.result is Result.FAILED)
    assert failed.remedy.endswith(".")
    assert report.failure is not None
    assert report.failure.reason == failed.meaning
    assert (False, "") == (report.passed, report.proof)
    assert "client-certificate" == _row(filled)[3]["failed"]


def test_untrusted_receiver_shows_its_chain(
    steward: Steward, demanding: Receiver, server: tuple[Issued, ...]
) -> None:
    """A chain that is not accepted is there to be looked at, with why it is not."""
    report = _test(steward, demanding.port)
    assert Result.FAILED is _results(report)[Step.SERVER_CERTIFICATE]
    assert Result.NOT_DONE is _results(report)[Step.HANDSHAKE]
    (shown,) = report.server_chain
    assert server[0].der == shown.certificate.der
    assert ["not-trusted", "issuer-not-sent"] == [finding.slug for finding in shown.findings]


def test_receiver_is_not_validated_if_that_is_asked_for(
    steward: Steward, demanding: Receiver, client: tuple[Issued, ...]
) -> None:
    """The handshake goes on, and the checks still say what validation would have found."""
    steward_.add(steward, "backend", *client)
    report = _test(steward, demanding.port, alias="backend", validate=False)
    assert report.passed
    assert not report.validated
    check = report.checks[2]
    assert (Step.SERVER_CERTIFICATE, Result.NOT_DONE) == (check.step, check.result)
    assert "No certificate that is trusted in this keystore verifies it." in check.meaning


def test_other_host_name_fails_that_check(filled: Steward, demanding: Receiver) -> None:
    """A certificate for another host is told apart from one that nobody trusts."""
    report = _test(filled, demanding.port, host="127.0.0.1")
    assert Result.FAILED is _results(report)[Step.HOST_NAME]
    assert "other-host" in [finding.slug for finding in report.server_chain[0].findings]


def test_port_where_nothing_listens_fails_to_connect(filled: Steward) -> None:
    """The steps after the failed one are not done."""
    report = _test(filled, 1024)
    results = list(_results(report).values())
    assert [Result.PASSED, Result.FAILED, *[Result.NOT_DONE] * 5] == results
    assert () == report.server_chain


def test_new_key_of_the_provider_can_be_tried(
    filled: Steward, demanding: Receiver, client: tuple[Issued, ...]
) -> None:
    """A key that waits to be activated is presented only if its view is asked for."""
    leaf = pki_maker.issue("new key", None, client[1], eku=("clientAuth",))
    delivered = providers.delivery(leaf, *client[1:])
    supplies.supply(filled, PROVIDER, "sap_key", delivered, view=View.NEW)
    with pytest.raises(AliasNotFound):
        _test(filled, demanding.port, alias="sap_key")
    report = _test(filled, demanding.port, alias="sap_key", view=View.NEW)
    assert report.passed
    assert "CN=new key" == (report.own.subject if report.own else "")


def test_certificate_entry_is_no_key_pair(filled: Steward, demanding: Receiver) -> None:
    """What has no private key cannot be presented; that is a refusal with its row."""
    with pytest.raises(NotAKeyPair):
        _test(filled, demanding.port, alias="receiver")
    assert ("connection-test", "refused", "receiver") == _row(filled)[:3]


def test_receiver_that_sends_without_end_is_left(
    filled: Steward, server: tuple[Issued, ...], tmp_path: Path
) -> None:
    """What leads nowhere is counted as well: five megabytes of session tickets are not waited for.

    With a few of them the same receiver's answer comes.
    """
    for number, result in (("3", Result.PASSED), ("20000", Result.NOT_DONE)):
        options = ("-tls1_3", "-num_tickets", number)
        with receivers.openssl_receiver(tmp_path / number, server, options=options) as receiver:
            report = _test(filled, receiver.port, timeout_seconds=30.0)
        assert result is _results(report)[Step.ANSWER]


def test_foreign_protocol_fails_the_handshake(filled: Steward, serve: Serve) -> None:
    """What does not speak TLS is told as such, with its first line alone."""

    def greet(connected: socket.socket) -> None:
        connected.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + b"more" * 1000)
        connected.recv(10_000)

    with serve(greet) as port:
        report = _test(filled, port)
    assert Result.FAILED is _results(report)[Step.HANDSHAKE]
    assert "'SSH-2.0-OpenSSH_9.2'" in report.checks[5].meaning


def test_answer_without_end_is_cut(
    filled: Steward, serve: Serve, server_context: ServerContext
) -> None:
    """Of an answer only its beginning is read."""

    def endless(connected: socket.socket) -> None:
        try:
            with server_context().wrap_socket(connected, server_side=True) as tls:
                tls.recv(1000)
                tls.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                for _ in range(10_000):
                    tls.sendall(b"x" * 16_000)
        except OSError:
            return

    with serve(endless) as port:
        report = _test(filled, port)
    assert "HTTP/1.1 200 OK" == report.status_line
    assert sum(map(len, report.body)) <= 16_384


def test_silent_name_is_a_failed_check(filled: Steward) -> None:
    """A name that no name service knows is what the test found out."""
    wish = ConnectionWish("receiver.invalid", 443)
    report = connectivity.run_test(filled, TENANT, wish, reach=LOOPBACK)
    assert Result.FAILED is _results(report)[Step.RESOLVE]
    assert "" == report.ip
