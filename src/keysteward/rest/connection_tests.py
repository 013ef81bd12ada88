"""Connections that the server makes for somebody, to find out whether a receiver takes a key."""

from keysteward.outbound import connectivity
from keysteward.outbound.connectivity import ConnectionWish
from keysteward.outbound.findings import ServerCertificate
from keysteward.outbound.reports import Report
from keysteward.rest import connection_models as models
from keysteward.rest import errors, representations
from keysteward.rest.connection_models import ConnectionWanted
from keysteward.rest.entries import EDIT
from keysteward.rest.routing import KEYSTORE, Answer, Call, Routes

routes = Routes("Connections", "Receivers, tried with the key pairs of a keystore.")


@routes.on("POST", f"{KEYSTORE}/connection-tests", EDIT, connects=True)
def check_connection(call: Call[None, ConnectionWanted]) -> Answer[models.ConnectionReport]:
    """Connect to a receiver as the server, with a key pair or without, and tell how it went.

    One TLS handshake and one `GET /`. That no connection comes about is an answer like any other:
    a check of it failed. Where the server may connect to is a setting; an account has 30 tests in a
    minute. Each is written to the audit log.
    """
    call.service.take_connection_test(call.principal)
    wanted = call.body
    wish = ConnectionWish(
        host=wanted.host,
        port=wanted.port,
        alias=wanted.alias,
        view=wanted.view,
        validate=wanted.validate,
        timeout_seconds=wanted.timeout_seconds,
    )
    reach = call.service.steward.settings.reach
    return Answer(_shown(connectivity.run_test(call.steward, call.caller, wish, reach=reach)))


def _shown(report: Report) -> models.ConnectionReport:
    return models.ConnectionReport(
        address=str(report.address),
        ip=report.ip,
        passed=report.passed,
        proof=report.proof,
        checks=tuple(
            models.Check(
                step=c.step, name=c.name, result=c.result, meaning=c.meaning, remedy=c.remedy
            )
            for c in report.checks
        ),
        protocol=report.protocol,
        cipher=report.cipher,
        server_chain=tuple(map(_certificate, report.server_chain)),
        validated=report.validated,
        certificate_requested=report.certificate_requested,
        certificate_sent=report.certificate_sent,
        certificate_accepted=report.certificate_accepted,
        accepted_issuers=report.accepted_issuers,
        alias=report.alias,
        certificate=representations.certificate(report.own) if report.own else None,
        status_line=report.status_line,
        header=report.header,
        body=report.body,
        text=report.text,
        duration_seconds=report.duration_seconds,
        remark=report.remark,
        problem=errors.inside(report.failure) if report.failure else None,
    )


def _certificate(shown: ServerCertificate) -> models.ServerCertificate:
    return models.ServerCertificate(
        certificate=representations.certificate(shown.certificate),
        trusted=shown.trusted,
        findings=tuple(models.Finding(slug=f.slug, detail=f.detail) for f in shown.findings),
    )
