"""What a form sent: read in memory, bounded in bytes and in fields; nothing goes to a disk."""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from keysteward.problems import FieldInvalid, MediaTypeUnsupported, RequestInvalid
from keysteward.values import Secret

CSRF_FIELD = "csrf"

_MOST_FIELDS = 2_000
"""A thousand marked entries, and whatever else a form has."""
_MOST_FILES = 4
_MOST_NAME = 255
_EMPTY = "This field must not be empty."

# With the boundary alone (RFC 2046 section 5.1.1), as browsers write it. A charset would have the
# parser decode by whichever codec of Python's it names; some take time that grows with the square
# of a text, others make strings that cannot be written.
_TYPE = re.compile(
    r"multipart/form-data *; *boundary="
    r"(?P<quote>\"?)(?P<boundary>[0-9A-Za-z'()+_,./:=?-]{1,70})(?P=quote) *",
    re.IGNORECASE,
)


class _InMemory(MultiPartParser):
    """Starlette's parser writes what is larger than a megabyte to a file, and it may be a key."""

    spool_max_size = 1 << 40


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file of a form. Its name is what the browser says: text to show, never a path."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; one that was not sent is empty."""

    fields: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    files: Mapping[str, GivenFile] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def text(self, name: str) -> str:
        """Return a field without white space around it."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """Return a field as it was typed."""
        return self.fields.get(name, ("",))[-1]

    def required(self, name: str) -> str:
        """Return a field without white space around it. Raises FieldInvalid if it is empty."""
        typed = self.text(name)
        if not typed:
            raise FieldInvalid(name, _EMPTY)
        return typed

    def optional(self, name: str) -> str | None:
        """Return a field without white space around it; None if nothing was typed."""
        return self.text(name) or None

    def all(self, name: str) -> tuple[str, ...]:
        """Return what was sent under a name, in its order."""
        return self.fields.get(name, ())

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines of a field that are not blank."""
        return tuple(line.strip() for line in self.raw(name).splitlines() if line.strip())

    def ticked(self, name: str) -> bool:
        """Tell whether a tick is set."""
        return bool(self.text(name))

    def secret(self, name: str) -> Secret | None:
        """Return a password as it was typed; None if nothing was."""
        typed = self.raw(name)
        return Secret(typed.encode()) if typed else None

    def required_secret(self, name: str) -> Secret:
        """Return a password as it was typed. Raises FieldInvalid if nothing was."""
        given = self.secret(name)
        if given is None:
            raise FieldInvalid(name, _EMPTY)
        return given

    def whole(self, name: str) -> int | None:
        """Return a whole number; None if nothing was typed. Raises FieldInvalid."""
        typed = self.text(name)
        if not typed:
            return None
        if typed.isascii() and typed.isdigit() and len(typed) < 19:
            return int(typed)
        raise FieldInvalid(name, "This must be a whole number.")

    def file(self, name: str = "file") -> GivenFile:
        """Return a file. Raises FieldInvalid if none was chosen."""
        found = self.find_file(name)
        if found is None:
            raise FieldInvalid(name, "Choose a file.")
        return found

    def find_file(self, name: str) -> GivenFile | None:
        """Return a file; None if none was chosen."""
        return self.files.get(name)


async def read(body: bytes, content_type: str) -> Form:
    """Return the form of a body (RFC 7578). Raises MediaTypeUnsupported, RequestInvalid."""
    if not content_type.lower().startswith("multipart/form-data"):
        raise MediaTypeUnsupported(content_type[:40] or "no type", "multipart/form-data")
    known = _TYPE.fullmatch(content_type)
    if known is None:
        raise RequestInvalid("The form cannot be read.")
    parser = _InMemory(
        Headers({"content-type": f'multipart/form-data; boundary="{known["boundary"]}"'}),
        _whole(body),
        max_files=_MOST_FILES,
        max_fields=_MOST_FIELDS,
        max_part_size=len(body) + 1,
    )
    try:
        data = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        raise RequestInvalid("The form cannot be read.") from error
    try:
        return await _taken(data)
    finally:
        await data.close()


async def _whole(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _taken(data: FormData) -> Form:
    fields: dict[str, tuple[str, ...]] = {}
    files: dict[str, GivenFile] = {}
    for name, value in data.multi_items():
        if isinstance(value, UploadFile):
            # Without a name it is a field for files in which none was chosen.
            if value.filename:
                files[name] = GivenFile(value.filename[:_MOST_NAME], await value.read())
        else:
            fields[name] = (*fields.get(name, ()), value)
    return Form(MappingProxyType(fields), MappingProxyType(files))
