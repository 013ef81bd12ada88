"""The client of a Keysteward server."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec

from keysteward.client.accounts import Accounts
from keysteward.client.audit import AuditLog, Outcome
from keysteward.client.backups import Backups
from keysteward.client.connection import Connection
from keysteward.client.connections import Connections
from keysteward.client.credentials import ClientSecret, Credentials, Password, Token
from keysteward.client.entries import Entries
from keysteward.client.key_pairs import KeyPairs
from keysteward.client.part import plain, segment
from keysteward.client.provider import ProviderKeys
from keysteward.client.records import AuditRow, Me, Verification
from keysteward.client.values import Judgement, Page
from keysteward.values import Secret

TIMEOUT_SECONDS = 60.0
"""Imports of large files and the making of RSA keys take a while."""


class _Named(msgspec.Struct):
    name: str


class Keystore(Entries, KeyPairs, Backups, ProviderKeys, AuditLog, Connections):
    """One keystore of an installation, with all that can be done in it."""

    def __init__(self, connection: Connection, name: str) -> None:
        super().__init__(connection, f"/keystores/{segment(name)}")
        self.name = name


class Client(Accounts):
    """A Keysteward server, asked over its REST API; to be used as a context manager.

    Exactly one kind of credentials: a token, the name and secret of an API client, or a user's name
    and password. Tokens of a client's secret are fetched and renewed as they are needed.

    Args:
        url: like ``https://keysteward.example:8470``; plain HTTP only to this machine.
        token: one that was fetched elsewhere.
        client_id: of an API client, with ``client_secret``.
        client_secret: of an API client.
        user: with ``password``.
        password: of the user.
        verify: True for what this system trusts, or a PEM file of the roots to trust instead.
        fingerprint: SHA-256 of the server's certificate, which is enough then: for self-signed
            ones, which ``keysteward serve`` prints the fingerprint of.
        timeout_seconds: for each step of a request: sending, waiting for the answer; ten at most
            for connecting.

    Every method raises the Problem with which the server refused, and ConnectionFailed where it
    cannot be reached. Raises ValueError for a URL or credentials that cannot be meant.
    """

    def __init__(  # noqa: PLR0913  # each is a keyword, and few come together
        self,
        url: str,
        *,
        token: str | Secret | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        user: str | None = None,
        password: str | Secret | None = None,
        verify: Path | Literal[True] = True,
        fingerprint: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        credentials = _credentials(token, client_id, client_secret, user, password)
        connection = Connection(
            *(url, credentials),
            verify=verify,
            fingerprint=fingerprint,
            timeout_seconds=timeout_seconds,
        )
        super().__init__(connection, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def keystore(self, name: str = "default") -> Keystore:
        """Return a keystore of the server; nothing is asked yet."""
        return Keystore(self._connection, name)

    def me(self) -> Me:
        """Tell who is signed in, and what that account may do."""
        return self._connection.get("/me", Me)

    def change_own_password(self, old: str, new: str) -> None:
        """Choose another password; also for a user with a one-time password."""
        self._connection.ask("PUT", "/me/password", json={"old": old, "new": new})

    def list_keystores(self) -> Iterator[str]:
        """Yield the names of the keystores that exist for this account."""
        return (found.name for found in self._items("/keystores", Page[_Named]))

    def create_keystore(self, name: str) -> None:
        """Make another, empty keystore."""
        self._connection.ask("POST", "/keystores", json={"name": name})

    def check_signing_response(self, file: bytes, reference: bytes) -> Judgement:
        """Judge a CA's answer against a request, certificate or public key; stores nothing."""
        body = {"file": plain(file), "reference": plain(reference)}
        answer = self._connection.ask("POST", "/response-check", json=body)
        return self._connection.read(answer, Judgement)

    def read_installation_log(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        outcome: Outcome | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[AuditRow]:
        """Yield the rows of the audit log that belong to no keystore, oldest first."""
        return AuditLog(self._connection, "").read_audit_log(
            actor=actor, action=action, outcome=outcome, since=since, until=until, last=last
        )

    def verify_audit_log(self, expect: str | None = None) -> Verification:
        """Check the whole audit log; ``expect`` is a head that was told earlier."""
        return self._connection.get("/audit/verification", Verification, {"expect": expect})


def _credentials(
    token: str | Secret | None,
    client_id: str | None,
    client_secret: str | Secret | None,
    user: str | None,
    password: str | Secret | None,
) -> Credentials:
    found: list[Credentials] = []
    if token is not None:
        found.append(Token(_secret(token)))
    if client_id is not None and client_secret is not None:
        found.append(ClientSecret(client_id, _secret(client_secret)))
    if user is not None and password is not None:
        found.append(Password(user, _secret(password)))
    if len(found) != 1:
        raise ValueError("give a token, or client_id and client_secret, or user and password.")
    return found[0]


def _secret(text: str | Secret) -> Secret:
    return text if isinstance(text, Secret) else Secret(text.encode())
