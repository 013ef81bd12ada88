"""What the live part of the face is made of: a call that may pass, its answer, an entity set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from keysteward.entries import Caller
from keysteward.keystore.steward import Steward
from keysteward.odata import hexalias
from keysteward.odata.edm import EntitySet, Property
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.formats.writers import Content
from keysteward.odata.paths import Key, Resource
from keysteward.odata.query.options import Options
from keysteward.problems import BodyTooLarge, Problem
from keysteward.rights import Permission
from keysteward.settings import Settings
from keysteward.web import bodies


@dataclass(frozen=True, slots=True)
class Call:
    """One request, once it is known that its sender may do this."""

    steward: Steward
    """Of the keystore that is addressed."""
    caller: Caller
    root: str
    """The whole address of the service, with a slash at its end."""
    path: str
    """What follows it, as it was sent, without slashes at its ends."""
    query: str
    """As it was sent."""
    resource: Resource
    options: Options
    body: bytes = field(default=b"", repr=False)
    media_type: str = ""
    """Of the body, in lower case and without parameters; empty if it does not say."""
    if_match: str | None = None
    head: bool = False
    """Whether nothing but the headers of a reading is asked for."""
    told: dict[str, str] = field(default_factory=dict)
    """What the log and the metrics hear of it; see ``observability``."""

    @property
    def alias(self) -> str:
        """The alias in the address. Raises RequestInvalid for what is no hexadecimal alias."""
        return alias_of(self.resource.key or ())


@dataclass(frozen=True, slots=True)
class Nothing:
    """Done, and nothing to say but perhaps the version that the entry has now (204)."""

    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One property of an entity, alone."""

    entity: Entity
    property: Property


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of entities instead of them."""

    entities: tuple[Entity, ...]
    many: bool


Answer = Entity | Feed | Content | Nothing | Member | Links


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """How many bytes an operation takes, and what it says to more."""

    limit_bytes: int
    problem: Problem


def small(_settings: Settings, _media_type: str) -> BodyLimit:
    """Return the limit of a body without a file."""
    return BodyLimit(bodies.SMALL_BYTES, BodyTooLarge(bodies.SMALL_BYTES))


@dataclass(frozen=True, slots=True)
class Writing:
    """What one method changes at the addresses of an entity set."""

    permission: Permission
    run: Callable[[Call], Answer]
    limit: Callable[[Settings, str], BodyLimit] = small
    """From the body's media type."""
    locked: int = 503
    """Status for a keystore in other hands."""
    alias_missing: int = 404
    """Status for an unknown alias."""
    slow: bool = False
    """Whether it computes for long: it gets one of a few threads then."""
    alone: bool = False
    """Whether it waits until no other upload to its entry runs."""


@dataclass(frozen=True, slots=True)
class LiveSet:
    """An entity set with what is behind its addresses; what it does not offer is None."""

    set: EntitySet
    reads: Permission
    page: Callable[[Call], Feed] | None = None
    """The entities of the whole set."""
    find: Callable[[Call, Key], Entity] | None = None
    content: Callable[[Call, Key], Content] | None = None
    """Of a media entity."""
    count: Callable[[Call], int] | None = None
    """How many entities the whole set has, without making them."""
    writes: Mapping[str, Writing] = field(default_factory=dict)
    """By method: POST on the whole set, the others on one entity or its ``$value``."""


def alias_of(key: Key) -> str:
    """Return the alias behind the key of an entity. Raises RequestInvalid if it is none."""
    return hexalias.decode(str(key[0]))
