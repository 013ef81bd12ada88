"""The whole desk of a keystore on a server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import typer

from keysteward.cli import servers
from keysteward.cli.desk import Desk
from keysteward.cli.remote import (
    accounts,
    audit_log,
    backups,
    certificates,
    connections,
    downloads,
    entries,
    key_pairs,
    keystores,
    provider_keys,
)
from keysteward.cli.servers import Server
from keysteward.client import Client
from keysteward.problems import FileUnreadable
from keysteward.settings import Settings
from keysteward.values import Secret

_TIMEOUT_SECONDS = 600.0
"""An import proves every key before it answers; a large PKCS#12 file takes minutes."""


@contextmanager
def opened(server: Server, settings: Settings, *, asking: bool) -> Iterator[Desk]:
    """Open the desk of the chosen keystore on a server; close the connection at the end.

    Nothing is asked of the server yet. ``asking`` lets the person at the terminal be asked for a
    password. Raises BadParameter for a URL or credentials that cannot be meant, FileUnreadable for
    a file of roots.
    """
    with _client(server, asking=asking) as client:
        keystore = client.keystore(settings.keystore)
        yield Desk(
            entries=entries.entries(client, keystore),
            key_pairs=key_pairs.key_pairs(keystore),
            certificates=certificates.certificates(keystore),
            downloads=downloads.downloads(keystore),
            backups=backups.backups(keystore),
            keystores=keystores.keystores(client, keystore),
            provider_keys=provider_keys.provider_keys(keystore),
            audit_log=audit_log.audit_log(client, keystore),
            connections=connections.connections(keystore),
            users=accounts.users(client),
            clients=accounts.clients(client),
        )


def _client(server: Server, *, asking: bool) -> Client:
    """Return the client with the first credentials of those that are given."""
    verify: Path | Literal[True] = server.ca or True
    by_secret = server.token is None and None not in (server.client_id, server.client_secret)
    by_password = server.token is None and not by_secret
    try:
        return Client(
            server.url,
            token=server.token,
            client_id=server.client_id if by_secret else None,
            client_secret=server.client_secret if by_secret else None,
            user=server.user if by_password else None,
            password=_password(server, asking=asking) if by_password else None,
            verify=verify,
            fingerprint=server.fingerprint,
            timeout_seconds=_TIMEOUT_SECONDS,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileUnreadable(str(server.ca), reason) from error


def _password(server: Server, *, asking: bool) -> Secret:
    if server.user is None:
        raise typer.BadParameter(
            f"credentials for the server are missing: set {servers.CLIENT_ID} and "
            f"{servers.CLIENT_SECRET}, or {servers.TOKEN}, or {servers.USER}."
        )
    if server.password is not None:
        return server.password
    if not asking or not sys.stdin.isatty():
        raise typer.BadParameter(
            f"the password of {server.user!r} is missing: set {servers.PASSWORD}."
        )
    return servers.ask_password(server)
