"""What every client of the tests can do, in its own way: the main job over the OData face."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client finds the server, and as whom it signs in."""

    url: str
    """Of the host, without a slash at its end."""
    client_id: str
    client_secret: str

    @property
    def root(self) -> str:
        """The address of the OData service, without a slash at its end."""
        return f"{self.url}/api/v1"

    @property
    def token_url(self) -> str:
        """Where tokens are given out."""
        return f"{self.url}/oauth/token"


class RefusedError(Exception):
    """The client reports that the server refused."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class Shown:
    """What a client reads of an entry."""

    alias: str
    type: str
    subject: str
    issuer: str
    key_size: int


class ODataClient(Protocol):
    """A client as its users drive it; what it reports as an error is raised."""

    def aliases(self) -> list[str]:
        """Return the aliases of all entries."""

    def generate(self, alias: str, common_name: str) -> None:
        """Make an RSA key pair of 2048 bits."""

    def show(self, alias: str) -> Shown:
        """Read an entry."""

    def signing_request(self, alias: str) -> bytes:
        """Fetch a signing request."""

    def upload(self, alias: str, response: bytes, *, verified: bool) -> None:
        """Update a key pair with a signing response. Raises RefusedError."""

    def chain(self, alias: str) -> list[str]:
        """Read the subjects of the chain, in the order of their index: the root first."""

    def rename(self, alias: str, new: str) -> None:
        """Give an entry another alias."""

    def delete(self, alias: str) -> None:
        """Delete an entry."""


def hexalias(alias: str) -> str:
    """Return the key of an entry as SAP's documentation writes it."""
    return alias.encode().hex().upper()
