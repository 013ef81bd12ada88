"""Routes: an address, the permission that it needs, and the function that answers.

    @routes.on("GET", ENTRY, Permission.MONITORING_DATA_READ)
    def show_entry(call: Call[InView, None]) -> Answer[models.Entry]:

The function's annotations say what the query and the body must be and what comes back; requests are
checked against them, and the OpenAPI document is made of them.
"""

import inspect
import typing
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from msgspec import Struct

from keysteward.accounts.principals import Principal
from keysteward.entries import Caller
from keysteward.keystore.steward import Steward
from keysteward.problems import BodyTooLarge, NotSignedIn, Problem
from keysteward.rights import Permission
from keysteward.settings import Settings
from keysteward.values import Secret
from keysteward.web import bodies
from keysteward.web.access import Access
from keysteward.web.service import Service

ROOT = "/rest/v1"

KEYSTORE = "/keystores/{keystore}"
ENTRIES = f"{KEYSTORE}/entries"
ENTRY = f"{ENTRIES}/{{alias}}"

Query_co = TypeVar("Query_co", covariant=True)
Body_co = TypeVar("Body_co", covariant=True)
Content_co = TypeVar("Content_co", covariant=True)


@dataclass(frozen=True, slots=True)
class File:
    """A body that is a file, and the passwords that came in headers."""

    data: bytes = field(repr=False)
    password: Secret | None = None
    key_password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """What the connection says of who sends a request."""

    address: str
    encrypted: bool
    """Whether it speaks TLS."""
    session: str | None = field(default=None, repr=False)
    """The session cookie."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Query_co, Body_co]):
    """A request that was let through: who, where, and what it says."""

    service: Service
    signed_in: Principal | None
    """None at addresses for everybody."""
    steward: Steward
    """Of the keystore in the address, or of the default one."""
    path: Mapping[str, str]
    query: Query_co
    body: Body_co
    client: Client
    told: MutableMapping[str, Any] = field(default_factory=dict, repr=False)
    """What the log and the metrics learn of it besides, as ``web/observability.py`` lists it."""

    @property
    def principal(self) -> Principal:
        """Who sends it. Raises NotSignedIn if the address does not ask for that."""
        if self.signed_in is None:
            raise NotSignedIn("The request has no credentials.", without_credentials=True)
        return self.signed_in

    @property
    def caller(self) -> Caller:
        """Who the audit log names."""
        return self.principal.caller

    @property
    def alias(self) -> str:
        """The alias in the address."""
        return self.path["alias"]

    def other_keystore(self, name: str) -> Steward:
        """Return the steward of another keystore of the account. Raises KeystoreUnknown."""
        return replace(self.service.steward_of(self.principal, name), receipt=self.steward.receipt)


@dataclass(frozen=True, slots=True)
class Content:
    """What is given out as a file."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lines:
    """What is given out piece by piece while it is read: lines of JSON."""

    pieces: typing.Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Content_co]):
    """What a function gives back; ``status`` is the route's own unless it is set."""

    content: Content_co
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Function = Callable[[Call[Any, Any]], Answer[Any]]
F = TypeVar("F", bound=Function)


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a body may be, which a setting may say, and what it is refused with."""

    of: Callable[[Settings], int] = lambda _: bodies.SMALL_BYTES
    problem: Callable[[int], Problem] = BodyTooLarge


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address."""

    method: str
    path: str
    permission: Permission | Access
    function: Function
    tag: str
    status: int
    query: type[Struct] | None
    body: Any
    """The type of the body: None, a Struct, File, or a union of both."""
    answer: Any
    limit: Limit
    slow: bool
    """Whether it computes for long: it gets one of a few threads of its own then."""
    hashes: bool
    """Whether it computes what is kept of a password."""
    connects: bool
    """Whether it waits for another server."""
    alone: bool
    """Whether it waits until no other upload to its entry runs."""
    again: Function | None
    """Makes the answer to a request that was carried out, when only that is known."""
    media_types: tuple[str, ...]
    """Of files that are given out."""

    @property
    def name(self) -> str:
        """The function's name, unique among all."""
        return self.function.__name__

    @property
    def takes_file(self) -> bool:
        """Whether the body may be a file."""
        return self.body is File or File in typing.get_args(self.body)

    @property
    def json_body(self) -> type[Struct] | None:
        """What a JSON body must be; None if it cannot be JSON."""
        kinds = typing.get_args(self.body) or (self.body,)
        return next((k for k in kinds if isinstance(k, type) and issubclass(k, Struct)), None)

    @property
    def writes(self) -> bool:
        """Whether it is no method that only reads (RFC 9110 section 9.2.1)."""
        return self.method != "GET"

    @property
    def conditional(self) -> bool:
        """Whether If-Match means something: a write at a current entry's address."""
        return self.writes and self.path.startswith(ENTRY)


class Routes:
    """The routes of one group of resources, in their order."""

    def __init__(self, tag: str, about: str) -> None:
        self.tag = tag
        self.about = about
        self.operations: list[Operation] = []

    def on(  # noqa: PLR0913  # keywords, of which a route has few
        self,
        method: str,
        path: str,
        permission: Permission | Access,
        *,
        status: int = 200,
        limit: Limit = Limit(),
        slow: bool = False,
        hashes: bool = False,
        connects: bool = False,
        alone: bool = False,
        again: Function | None = None,
        media_types: tuple[str, ...] = (),
    ) -> Callable[[F], F]:
        """Answer a method at an address; GET answers HEAD, too.

        A POST with ``again`` takes an Idempotency-Key: ``again`` makes the answer to a request of
        which only is known that it was carried out.
        """

        def register(function: F) -> F:
            query, body, answer = _types(function)
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    permission=permission,
                    function=function,
                    tag=self.tag,
                    status=status,
                    query=query,
                    body=body,
                    answer=answer,
                    limit=limit,
                    slow=slow,
                    hashes=hashes,
                    connects=connects,
                    alone=alone,
                    again=again,
                    media_types=media_types,
                )
            )
            return function

        return register


def _types(function: Callable[..., object]) -> tuple[type[Struct] | None, Any, Any]:
    """Return query, body and answer as the function's annotations have them."""
    hints = typing.get_type_hints(function)
    (name,) = inspect.signature(function).parameters
    query, body = (None if t is type(None) else t for t in typing.get_args(hints[name]))
    (answer,) = typing.get_args(hints["return"])
    return query, body, None if answer is type(None) else answer
