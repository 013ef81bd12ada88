"""serve: the server, until a signal ends it."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from keysteward.cli import output
from keysteward.cli.session import Listening, Session
from keysteward.settings import Settings
from keysteward.storage import lifecycle

_MOST_PORT = 65_535
_MOST_WORKERS = 64


def serve(
    session: Session,
    *,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="HOST",
            help="Address to listen on (default: KEYSTEWARD_HOST, or 127.0.0.1).",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=_MOST_PORT,
            help="Port to listen on; 0 takes a free one (default: KEYSTEWARD_PORT, or 8470).",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            max=_MOST_WORKERS,
            help="Processes that answer requests, on PostgreSQL (default: KEYSTEWARD_WORKERS, or "
            "1).",
            show_default=False,
        ),
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak TLS on a loopback address, too.")
    ] = False,
    tls_certificate: Annotated[
        Path | None,
        typer.Option(
            "--tls-certificate",
            metavar="FILE",
            readable=False,  # the problem says more than Typer would
            help="Chain of the server, in PEM (default: KEYSTEWARD_TLS_CERTIFICATE).",
            show_default=False,
        ),
    ] = None,
    tls_key: Annotated[
        Path | None,
        typer.Option(
            "--tls-key",
            metavar="FILE",
            readable=False,
            help="Private key to it, in PEM (default: KEYSTEWARD_TLS_KEY).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the server until SIGTERM or Ctrl-C; running requests finish, a second Ctrl-C ends them.

    Plain HTTP is for loopback addresses alone; elsewhere it speaks TLS, with a self-signed
    certificate of its own unless it is given one.
    """
    settings = session.settings
    chosen = replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
        workers=settings.workers if workers is None else workers,
        tls=settings.tls or tls,
        tls_certificate=tls_certificate or settings.tls_certificate,
        tls_key=tls_key or settings.tls_key,
    )
    session.composition.serve(chosen, lambda listening: _announce(chosen, listening))


def _announce(settings: Settings, listening: Listening) -> None:
    """Say where the server is, as whom to sign in, and how."""
    place = lifecycle.place(settings)
    output.say(f"Keysteward answers at {listening.url} with what lies in {place}.")
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        output.say("It listens on all addresses of this host.")
    if listening.fingerprint is not None:
        output.say(f"Its certificate is self-signed; SHA-256 {_pairs(listening.fingerprint)}")
    command = f"keysteward --data {shlex.quote(str(settings.data))}"
    if settings.database is not None:
        command += f" --database {shlex.quote(place)}"
    if listening.administrators:
        names = ", ".join(map(repr, listening.administrators))
        trust = "" if listening.fingerprint is None else f" --cacert {_own_certificate(settings)}"
        output.say(f"Administrators: {names}. To sign in, open {listening.url} in a browser.")
        output.say("Requests may bring name and password along, too (HTTP Basic):")
        name = shlex.quote(listening.administrators[0])
        _say_command(f"curl{trust} --user {name} {listening.url}/rest/v1/me")
        for name in listening.one_time:
            change = "in the browser, or by PUT /rest/v1/me/password"
            output.say(f"The one-time password of '{name}' is changed {change}. If it is lost:")
            _say_command(f"{command} user password {shlex.quote(name)} --password-stdin")
        output.say(f"Programs get a token at {listening.url}/oauth/token; make an account for one:")
        _say_command(f"{command} client add NAME --role operator")
    else:
        output.say("Nobody can sign in yet. Make the first administrator:")
        _say_command(f"{command} user add NAME --role administrator")
    output.say("Ctrl-C or SIGTERM stops it; requests that are running finish first.")
    sys.stdout.flush()


def _own_certificate(settings: Settings) -> str:
    return shlex.quote(str(settings.data / "tls" / "certificate.pem"))


def _say_command(command: str) -> None:
    output.write(f"  {command}\n")


def _pairs(fingerprint: str) -> str:
    """Return a fingerprint as browsers and openssl show it."""
    return ":".join(fingerprint[i : i + 2].upper() for i in range(0, len(fingerprint), 2))
