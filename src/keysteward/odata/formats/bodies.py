"""What the body of a writing request says, whatever format it came in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from keysteward.odata.entities import Value


@dataclass(frozen=True, slots=True)
class Body:
    """The properties that a body names, by their names; null ones are there with None."""

    values: Mapping[str, Value] = field(repr=False)
    """Passwords may be among them."""
