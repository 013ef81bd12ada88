"""Atom entries as the bodies of writing requests, read with a parser that knows no entities."""

from xml.parsers import expat

from keysteward.odata import edm
from keysteward.odata.edm import EntityType, Property
from keysteward.odata.entities import Value
from keysteward.odata.formats import literals
from keysteward.odata.formats.atom_format import DATA, METADATA
from keysteward.odata.formats.bodies import Body
from keysteward.problems import RequestInvalid

_MOST_DEPTH = 20
"""Elements within elements; an entry's properties lie three deep."""

_MOST_ELEMENTS = 1_000

_PIECE_BYTES = 32_768
_MOST_TAG_BYTES = 65_536
"""Of one tag with its attributes, or one comment; expat holds them whole, and compares the names
of all attributes. Text comes in pieces."""

_SEPARATOR = " "
"""Between namespace and name, where no XML name has one."""

_PROPERTIES = f"{METADATA}{_SEPARATOR}properties"
_NULL = f"{METADATA}{_SEPARATOR}null"


def read(data: bytes, entity_type: EntityType) -> Body:
    """Return the properties that an entry names in its ``m:properties``.

    Everything around them is skipped. Raises RequestInvalid for what is no such entry, for a
    document type declaration, an unknown property, or a value that its property cannot have.
    """
    collecting = _Collecting(entity_type)
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = collecting.start
    parser.EndElementHandler = collecting.end
    parser.CharacterDataHandler = collecting.text
    try:
        for start in range(0, len(data), _PIECE_BYTES):
            piece = data[start : start + _PIECE_BYTES]
            parser.Parse(piece)
            if start + len(piece) - parser.CurrentByteIndex > _MOST_TAG_BYTES:
                raise RequestInvalid("The body has a tag or comment that is too long.")
        parser.Parse(b"", True)  # noqa: FBT003 (expat's order)
    except (expat.ExpatError, UnicodeError, LookupError, ValueError) as error:
        raise RequestInvalid("The body is no well-formed XML.") from error
    if not collecting.found:
        raise RequestInvalid("The body is no Atom entry with m:properties.")
    return Body(collecting.values)


def _refuse_doctype(_name: str, _system: str | None, _public: str | None, _internal: bool) -> None:  # noqa: FBT001 (expat's order)
    raise RequestInvalid("The body has a document type declaration, which is not read.")


class _Collecting:
    """What lies in the first ``m:properties`` of a document."""

    def __init__(self, entity_type: EntityType) -> None:
        self.values: dict[str, Value] = {}
        self.found = False
        self._type = entity_type
        self._properties = edm.properties_of(entity_type)
        self._depth = 0
        self._elements = 0
        self._inside_at: int | None = None
        self._current: Property | None = None
        self._parts: list[str] | None = None
        """None: the property is null."""

    def start(self, name: str, given: dict[str, str]) -> None:
        """Take the beginning of an element."""
        self._depth += 1
        self._elements += 1
        if self._depth > _MOST_DEPTH or self._elements > _MOST_ELEMENTS:
            raise RequestInvalid("The body has more elements than an entry.")
        if self._inside_at is None:
            if name == _PROPERTIES and not self.found:
                self.found = True
                self._inside_at = self._depth
        elif self._depth == self._inside_at + 1:
            self._start_property(name, given)
        else:
            raise RequestInvalid("A property of the body holds elements; only text is read.")

    def text(self, part: str) -> None:
        """Take a piece of text."""
        if self._current is not None and self._parts is not None:
            self._parts.append(part)

    def end(self, _name: str) -> None:
        """Take the end of an element."""
        if self._current is not None:
            text = None if self._parts is None else "".join(self._parts)
            self.values[self._current.name] = literals.from_text(self._current, text)
            self._current = None
        elif self._depth == self._inside_at:
            self._inside_at = None
        self._depth -= 1

    def _start_property(self, name: str, given: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(_SEPARATOR)
        if namespace != DATA or local not in self._properties:
            raise RequestInvalid(f"{self._type.name} has no property {local[:60]!r}.")
        self._current = self._properties[local]
        self._parts = None if given.get(_NULL) in {"true", "1"} else []
