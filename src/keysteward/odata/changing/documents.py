"""Bodies that name properties: read in either format, and what of them an operation needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from keysteward.odata.contract import BodyLimit, Call
from keysteward.odata.edm import EntityType
from keysteward.odata.formats import atom_bodies, json_format, negotiation
from keysteward.odata.formats.bodies import Body
from keysteward.odata.formats.negotiation import Format
from keysteward.pki.subjects import Subject
from keysteward.problems import RequestInvalid, UploadTooLarge
from keysteward.values import Secret

_BESIDE_FILE_BYTES = 65_536
"""What a body may have beside a file: the other properties, and white space."""

_NAME_PARTS = {
    "CommonName": "common_name",
    "OrganizationUnit": "organizational_unit",
    "Organization": "organization",
    "Locality": "locality",
    "State": "state",
    "Country": "country",
    "Email": "email",
}


@dataclass(frozen=True, slots=True)
class Document:
    """The properties of a body; each is asked for by the type that it has."""

    body: Body = field(repr=False)

    def text(self, name: str) -> str | None:
        """Return a text; None for null, for an empty one, and if it is left out."""
        value = self.body.values.get(name)
        return value if isinstance(value, str) and value else None

    def required(self, name: str) -> str:
        """Return a text. Raises RequestInvalid if there is none."""
        text = self.text(name)
        if text is None or not text.strip():
            raise RequestInvalid(f"The property {name} is missing or empty.")
        return text

    def number(self, name: str) -> int | None:
        """Return a number, or None."""
        value = self.body.values.get(name)
        return value if isinstance(value, int) else None

    def moment(self, name: str) -> datetime | None:
        """Return an aware time, or None."""
        value = self.body.values.get(name)
        return value if isinstance(value, datetime) else None

    def file(self, name: str) -> bytes:
        """Return the bytes of a file. Raises RequestInvalid if there are none."""
        value = self.body.values.get(name)
        if not isinstance(value, bytes) or not value:
            raise RequestInvalid(f"The property {name} is missing or empty.")
        return value

    def password(self, name: str = "Password") -> Secret | None:
        """Return a password in UTF-8; None for null and for an empty one."""
        text = self.text(name)
        return None if text is None else Secret(text.encode())

    def subject(self) -> Subject:
        """Return the parts of the name. Raises RequestInvalid without name or country."""
        for name in ("CommonName", "Country"):
            self.required(name)
        return Subject(**{field_: self.text(name) for name, field_ in _NAME_PARTS.items()})

    def refuse(self, names: Iterable[str]) -> None:
        """Raise RequestInvalid for properties that are not null and would have no effect."""
        for name in names:
            if self.body.values.get(name) not in (None, ""):
                raise RequestInvalid(f"The property {name} cannot be chosen here; leave it out.")


def read(call: Call, entity_type: EntityType) -> Document:
    """Return the properties of a body. Raises RequestInvalid, MediaTypeUnsupported."""
    if negotiation.of_body(call.media_type or None) is Format.JSON:
        return Document(json_format.read(call.body, entity_type))
    return Document(atom_bodies.read(call.body, entity_type))


def with_file(what: str, file_bytes: int, setting: str) -> BodyLimit:
    """Return the limit of a body that holds a file in base64."""
    limit = (file_bytes + 2) // 3 * 4 + _BESIDE_FILE_BYTES
    return BodyLimit(limit, UploadTooLarge(what, file_bytes, setting))
