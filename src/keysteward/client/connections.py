"""Connections that a server makes to other ones."""

from typing import Literal

from keysteward.client.connection_values import ConnectionReport
from keysteward.client.part import Part, given

View = Literal["current", "new", "history"]


class Connections(Part):
    """Receivers, tried with the key pairs of a keystore."""

    def check_connection(
        self,
        host: str,
        port: int = 443,
        *,
        alias: str | None = None,
        view: View = "current",
        validate: bool = True,
        timeout_seconds: float = 10.0,
    ) -> ConnectionReport:
        """Let the server connect to a receiver, with a key pair or without, and tell how it went.

        That no connection comes about is told, not raised. Raises DestinationNotAllowed where the
        server may not connect to.
        """
        body = given(
            host=host,
            port=port,
            alias=alias,
            view=view,
            validate=validate,
            timeout_seconds=timeout_seconds,
        )
        answer = self._connection.ask("POST", f"{self._path}/connection-tests", json=body)
        return self._connection.read(answer, ConnectionReport)
