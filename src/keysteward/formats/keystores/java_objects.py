"""Finds where a serialized Java object ends, without making anything of it.

The secret keys of a JCEKS file are serialized objects of unknown length, so reaching the entries
behind them takes a walk over the grammar of the Java Object Serialization Specification, chapter 6.
No class is looked up and no value is kept but what the classes' descriptions say of their fields.

The walk does not call itself: what is still to be read lies on a stack of its own, and the length
of that stack and the number of steps are bounded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

MOST_STEPS = 128
"""Most steps for one object; a sealed secret key of Java's takes 27."""

MOST_OPEN = 64
"""Most parts that may wait to be read at once, and most classes above one another."""

_MAGIC = b"\xac\xed\x00\x05"
_NULL, _REFERENCE, _CLASS_DESCRIPTION, _OBJECT = 0x70, 0x71, 0x72, 0x73
_STRING, _ARRAY, _CLASS, _BLOCK, _END_OF_BLOCK = 0x74, 0x75, 0x76, 0x77, 0x78
_LONG_BLOCK, _LONG_STRING, _PROXY_DESCRIPTION, _ENUM = 0x7A, 0x7C, 0x7D, 0x7E

_FIRST_HANDLE = 0x7E0000
_WRITE_METHOD, _SERIALIZABLE, _EXTERNALIZABLE, _BLOCK_DATA = 0x01, 0x02, 0x04, 0x08

_SIZES = dict(zip(b"BCDFIJSZ", (1, 2, 8, 4, 4, 8, 2, 1), strict=True))
"""Bytes that a primitive value takes, by its type code."""


class Endless(ValueError):
    """The bytes are no serialized object, or one whose end takes too much to find."""


@dataclass(slots=True)
class _Class:
    """What the stream says of a class, as far as it is needed to step over its objects."""

    name: bytes
    flags: int = _SERIALIZABLE
    primitive_bytes: int = 0
    references: int = 0
    parent: "_Class | None" = None


def end_of_object(data: bytes, start: int) -> int:
    """Return the offset behind the stream of one object that starts there. Raises Endless."""
    if not data.startswith(_MAGIC, start):
        raise Endless
    return _Walk(data, start + len(_MAGIC)).end()


class _Walk:
    """A walk over one stream: a part is read, or what it consists of is put onto the stack."""

    __slots__ = ("_data", "_described", "_handles", "_position", "_stack")

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._handles: list[_Class | None] = []
        self._described: list[_Class | None] = []
        self._stack: list[Callable[[], None]] = [self._content]

    def end(self) -> int:
        for _ in range(MOST_STEPS):
            if not self._stack:
                return self._position
            self._stack.pop()()
        raise Endless

    # ---- single bytes and what is skipped

    def _skip(self, count: int) -> int:
        """Step over bytes that have to be there, and return where they start."""
        start = self._position
        if count > len(self._data) - start:
            raise Endless
        self._position = start + count
        return start

    def _number(self, width: int) -> int:
        start = self._skip(width)
        return int.from_bytes(self._data[start : start + width])

    def _text(self) -> bytes:
        count = self._number(2)
        start = self._skip(count)
        return self._data[start : start + count]

    def _push(self, *parts: Callable[[], None]) -> None:
        """Have these parts read next, the first one first."""
        self._stack.extend(reversed(parts))
        if len(self._stack) > MOST_OPEN:
            raise Endless

    def _new_handle(self, described: _Class | None = None) -> None:
        self._handles.append(described)

    def _referred(self) -> _Class | None:
        handle = self._number(4) - _FIRST_HANDLE
        if not 0 <= handle < len(self._handles):
            raise Endless
        return self._handles[handle]

    # ---- the parts of the grammar

    def _content(self) -> None:
        """Read ``object``."""
        self._of_tag(self._number(1))

    def _of_tag(self, tag: int) -> None:
        if tag in (_STRING, _LONG_STRING):
            self._new_handle()
            self._skip(self._number(2 if tag == _STRING else 8))
        elif tag == _REFERENCE:
            self._referred()
        elif tag == _OBJECT:
            self._push(self._description, self._object_data)
        elif tag == _ARRAY:
            self._push(self._description, self._array_data)
        elif tag == _CLASS:
            self._push(self._description, self._forget_description)
        elif tag == _ENUM:
            self._push(self._description, self._forget_description, self._content)
        elif tag != _NULL:  # resets, exceptions and bare descriptions are in no sealed key
            raise Endless

    def _description(self) -> None:
        """Read ``classDesc``, which leaves one value in ``_described``."""
        tag = self._number(1)
        if tag == _NULL:
            self._described.append(None)
        elif tag == _REFERENCE:
            found = self._referred()
            if found is None:
                raise Endless
            self._described.append(found)
        elif tag in (_CLASS_DESCRIPTION, _PROXY_DESCRIPTION):
            described = self._class() if tag == _CLASS_DESCRIPTION else self._proxy()
            parent = partial(self._parent_of, described)
            self._push(self._annotation, self._description, parent)
        else:
            raise Endless

    def _class(self) -> _Class:
        described = _Class(self._text())
        self._skip(8)  # serialVersionUID
        self._new_handle(described)
        described.flags = self._number(1)
        for _ in range(self._number(2)):
            size = _SIZES.get(code := self._number(1))
            self._text()
            if size is not None:
                described.primitive_bytes += size
            elif code in b"[L":
                described.references += 1
                self._field_type()
            else:
                raise Endless
        return described

    def _field_type(self) -> None:
        tag = self._number(1)
        if tag not in (_STRING, _LONG_STRING, _REFERENCE):
            raise Endless
        self._of_tag(tag)

    def _proxy(self) -> _Class:
        described = _Class(b"")
        self._new_handle(described)
        for _ in range(self._number(4)):
            self._text()
        return described

    def _parent_of(self, described: _Class) -> None:
        described.parent = self._described.pop()
        self._described.append(described)

    def _forget_description(self) -> None:
        self._described.pop()
        self._new_handle()

    def _annotation(self) -> None:
        """Read contents up to ``endBlockData``."""
        tag = self._number(1)
        if tag in (_BLOCK, _LONG_BLOCK):
            self._skip(self._number(1 if tag == _BLOCK else 4))
        elif tag != _END_OF_BLOCK:
            self._position -= 1
            self._push(self._content, self._annotation)
            return
        if tag != _END_OF_BLOCK:
            self._push(self._annotation)

    def _object_data(self) -> None:
        """Read ``classdata[]``: the topmost class first."""
        described = self._described.pop()
        self._new_handle()
        parts: list[Callable[[], None]] = []
        while described is not None:
            parts.append(partial(self._class_data, described))
            described = described.parent
            if len(parts) > MOST_OPEN:  # or the class is said to be above itself
                raise Endless
        self._push(*reversed(parts))

    def _class_data(self, described: _Class) -> None:
        """Read what one class of an object has: primitive values come before references."""
        flags = described.flags
        if flags & _SERIALIZABLE:
            self._skip(described.primitive_bytes)
            if flags & _WRITE_METHOD:
                self._push(self._annotation)
            self._contents(described.references)
        elif flags & _EXTERNALIZABLE:
            if (
                not flags & _BLOCK_DATA
            ):  # the form of before Java 1.2, whose end only the class knows
                raise Endless
            self._push(self._annotation)

    def _array_data(self) -> None:
        described = self._described.pop()
        self._new_handle()
        count = self._number(4)
        if described is None or len(described.name) < 2:
            raise Endless
        size = _SIZES.get(described.name[1])
        if size is not None:
            self._skip(count * size)
        else:
            self._contents(count)

    def _contents(self, count: int) -> None:
        """Read that many objects, one after the other."""
        if count:
            self._push(self._content, partial(self._contents, count - 1))
