"""Which server a command works on, and the credentials for it: options and environment.

Passwords and secrets are never options: other users of a machine can read the command lines.
"""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import typer

from keysteward.values import Secret

URL, CA, FINGERPRINT = (
    "KEYSTEWARD_SERVER",
    "KEYSTEWARD_SERVER_CA",
    "KEYSTEWARD_SERVER_FINGERPRINT",
)
TOKEN, CLIENT_ID, CLIENT_SECRET = (
    "KEYSTEWARD_TOKEN",
    "KEYSTEWARD_CLIENT_ID",
    "KEYSTEWARD_CLIENT_SECRET",
)
USER, PASSWORD = "KEYSTEWARD_USER", "KEYSTEWARD_PASSWORD"


@dataclass(frozen=True, slots=True)
class Server:
    """A server, how to know it, and who asks there."""

    url: str
    ca: Path | None = None
    """PEM file of the roots that may have issued its certificate; the system's by default."""
    fingerprint: str | None = None
    """SHA-256 of its certificate, which is enough then."""
    token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    user: str | None = None
    password: Secret | None = field(default=None)


def server_of(environment: Mapping[str, str], *, url: str | None, ca: Path | None) -> Server | None:
    """Return the server that is asked for; options come first. None: the keystore is local.

    Of several credentials a token counts first, then a client's secret, then a password.
    """
    chosen = url or environment.get(URL)
    if not chosen:
        return None
    file = environment.get(CA)
    return Server(
        chosen,
        ca or (Path(file) if file else None),
        environment.get(FINGERPRINT) or None,
        token=_secret(environment, TOKEN),
        client_id=environment.get(CLIENT_ID) or None,
        client_secret=_secret(environment, CLIENT_SECRET),
        user=environment.get(USER) or None,
        password=_secret(environment, PASSWORD),
    )


def ask_password(server: Server) -> Secret:
    """Ask the person at the terminal for the password of the server's user."""
    try:
        typed = getpass.getpass(f"Password of {server.user} at {server.url}: ")
    except (KeyboardInterrupt, EOFError) as stopped:
        raise typer.Abort from stopped
    return Secret(typed.encode())


def _secret(environment: Mapping[str, str], name: str) -> Secret | None:
    given = environment.get(name)
    return Secret(given.encode(errors="surrogateescape")) if given else None
