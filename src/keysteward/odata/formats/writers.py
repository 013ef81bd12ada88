"""What both formats write, so that an entity set does not ask which one it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from keysteward.odata.edm import Edm, Property
from keysteward.odata.entities import Entity, Feed, Value
from keysteward.odata.errors import ErrorAnswer
from keysteward.odata.formats import literals
from keysteward.odata.query.shapes import Shape
from keysteward.problems import ResourceUnknown


@dataclass(frozen=True, slots=True)
class Content:
    """The body of an answer and its media type."""

    body: bytes = field(repr=False)
    media_type: str


class Writer(Protocol):
    """One format: ``json_format`` and ``atom_format`` are such.

    ``root`` is the whole address of the service with a slash at its end.
    """

    def write_service(self, root: str) -> Content:
        """Return the service document, which names all sets."""

    def write_entity(self, entity: Entity, shape: Shape, root: str) -> Content:
        """Return one entity."""

    def write_feed(self, feed: Feed, shape: Shape, root: str) -> Content:
        """Return one page of entities."""

    def write_property(self, property_: Property, value: Value) -> Content:
        """Return one property alone."""

    def write_link(self, entity: Entity, root: str) -> Content:
        """Return the address of one related entity, as ``$links`` has it."""

    def write_links(self, entities: Sequence[Entity], root: str) -> Content:
        """Return the addresses of several related entities."""

    def write_error(self, error: ErrorAnswer, root: str) -> Content:
        """Return an error, and with it the certificate that is to be confirmed, if there is one."""


def raw_value(property_: Property, value: Value) -> Content:
    """Return what ``$value`` of a property has: its text alone, of a Binary its bytes.

    Raises ResourceUnknown for null, which has no raw value (OData V2, "Operations", section 2.9).
    """
    if value is None:
        raise ResourceUnknown(f"{property_.name}/$value")
    if property_.type is Edm.BINARY and isinstance(value, bytes):
        return Content(value, "application/octet-stream")
    return Content(literals.to_text(value).encode(), "text/plain;charset=utf-8")
