"""What the parts of a client share: their way to the server, addresses, pages."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote

from keysteward.client.connection import Connection
from keysteward.client.values import Page
from keysteward.values import Secret

_MOST_ITEMS = 1000
"""Of a page."""

_Item = TypeVar("_Item")
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Consent:
    """What is said beforehand: problems to take as warnings, and which root was compared."""

    overrides: Sequence[str] = ()
    """Slugs of problems."""
    trust_root: str | None = None
    """SHA-256 of the topmost certificate that is confirmed."""
    fingerprint_verified: bool = False
    """Confirms whatever topmost certificate the file has."""

    @property
    def query(self) -> dict[str, object]:
        """Return it as parameters of a request."""
        return {
            "overrides": ",".join(self.overrides) or None,
            "trust_root": self.trust_root,
            "fingerprint_verified": self.fingerprint_verified,
        }


NO_CONSENT = Consent()


@dataclass(frozen=True, slots=True)
class Subject:
    """The parts of a distinguished name; what is None is not in it. The country has two letters."""

    common_name: str | None = None
    organizational_unit: str | None = None
    organization: str | None = None
    locality: str | None = None
    state: str | None = None
    country: str | None = None
    email: str | None = None


NOBODY = Subject()


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What the self-signed certificate of a key shall say until a CA certifies it."""

    subject: Subject
    san: Sequence[str] = ()
    """Like ``DNS:shop.example.test``."""
    not_before: datetime | None = None
    not_after: datetime | None = None
    hash: str | None = None
    """sha256, sha384 or sha512; by default what fits the key."""

    @property
    def members(self) -> dict[str, object]:
        """Return it as members of a JSON body."""
        return given(
            subject=plain(self.subject),
            san=list(self.san),
            not_before=plain(self.not_before),
            not_after=plain(self.not_after),
            hash=self.hash,
        )


class Part:
    """Some of what can be asked of a server, below one address."""

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def _entry(self, alias: str) -> str:
        return f"{self._path}/entries/{segment(alias)}"

    def _items(
        self, path: str, page: type[Page[_Item]], query: Mapping[str, object] = _NOTHING
    ) -> Iterator[_Item]:
        """Yield the items of a list that comes as a whole."""
        yield from self._connection.get(path, page, query).items

    def _pages(
        self, path: str, page: type[Page[_Item]], query: Mapping[str, object] = _NOTHING
    ) -> Iterator[_Item]:
        """Yield the items of a long list; each page is asked for when the one before is used up."""
        cursor: str | None = None
        while True:
            asked = {"limit": _MOST_ITEMS, **query, "cursor": cursor}
            found = self._connection.get(path, page, asked)
            yield from found.items
            cursor = found.next
            if cursor is None:
                return


def segment(text: str) -> str:
    """Return a name as one segment of an address; one of dots alone would be taken for a folder."""
    if set(text) <= {"."}:
        return text.replace(".", "%2E")
    return quote(text, safe="")


def given(**members: object) -> dict[str, object]:
    """Return a JSON body; what is None is left out."""
    return {name: plain(value) for name, value in members.items() if value is not None}


def plain(value: object) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Subject):
        names = Subject.__dataclass_fields__
        return {n: getattr(value, n) for n in names if getattr(value, n) is not None}
    return value


def text_of(secret: str | Secret | None) -> str | None:
    """Return a password as text. Raises ValueError for bytes that are no UTF-8."""
    return secret.reveal().decode() if isinstance(secret, Secret) else secret


def moment(at: datetime) -> str:
    """Return a time as addresses and bodies have it. Raises ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time needs a zone, like datetime.now(UTC)")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def if_match(etag: str | None) -> dict[str, str]:
    """Return the header that lets a change depend on the state of an entry."""
    return {} if etag is None else {"If-Match": etag}
