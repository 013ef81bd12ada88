"""The options of a query: OData's, which begin with ``$``, and those of the service.

Options that nobody knows are ignored, as clients send some of their own; an unknown ``$`` option is
refused, because to ignore it would give another answer than the one asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from keysteward.odata import percent
from keysteward.problems import RequestInvalid

_MOST_BYTES = 32_768
"""Of a query; a ``$filter`` has a limit of its own."""

_MOST_OPTIONS = 100

_MOST_PATHS = 200
"""Names in ``$select`` or ``$expand``, all repetitions taken together."""

_LARGEST_NUMBER = 2**31 - 1

Path = tuple[str, ...]
"""Names between slashes: ``Entries/Alias`` is ``("Entries", "Alias")``."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the query of one request asks for; what it does not say has the default.

    A flag is None where its default depends on the operation.
    """

    select: tuple[Path, ...] = ()
    """Empty: everything. ``("*",)`` stands for all properties."""
    expand: tuple[Path, ...] = ()
    filter: str | None = None
    """As text; ``filters`` reads it against an entity type."""
    order_by: str | None = None
    top: int | None = None
    skip: int = 0
    skip_token: str | None = None
    inline_count: bool = False
    format: str | None = None
    flat: bool = False
    """Of ``$metadata``: with inherited properties written into each type."""
    keystore_name: str | None = None
    root_ca: bool = False
    fingerprint_verified: bool = False
    return_keystore_entries: bool | None = None
    return_hex_alias: bool = False
    update: bool = False
    rename_alias: str | None = None
    copy: bool = False
    destination_alias: str | None = None
    import_option: str | None = None
    retrieve_backup: str | None = None
    delete_entries: bool = False
    activate: bool = False
    overrides: tuple[str, ...] = ()
    """Slugs of problems that the caller turns into warnings; not checked here."""


def _text(_name: str, value: str) -> str:
    return value


def _text_if_any(_name: str, value: str) -> str | None:
    return value.strip() or None


def _flag(name: str, value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise RequestInvalid(f"{name} is true or false, not {value[:40]!r}.")
    return value.lower() == "true"


def _number(name: str, value: str) -> int:
    digits = value.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 10:
        raise RequestInvalid(f"{name} is a number from 0 up, not {value[:40]!r}.")
    return min(int(digits), _LARGEST_NUMBER)


def _inline_count(name: str, value: str) -> bool:
    if value.strip() not in {"allpages", "none"}:
        raise RequestInvalid(f"{name} is allpages or none, not {value[:40]!r}.")
    return value.strip() == "allpages"


_SINGLE: Mapping[str, tuple[str, Callable[[str, str], object]]] = MappingProxyType(
    {
        "$filter": ("filter", _text_if_any),
        "$orderby": ("order_by", _text_if_any),
        "$top": ("top", _number),
        "$skip": ("skip", _number),
        "$skiptoken": ("skip_token", _text),
        "$inlinecount": ("inline_count", _inline_count),
        "$format": ("format", _text_if_any),
        "flat": ("flat", _flag),
        "keystoreName": ("keystore_name", _text),
        "rootCA": ("root_ca", _flag),
        "fingerprintVerified": ("fingerprint_verified", _flag),
        "returnKeystoreEntries": ("return_keystore_entries", _flag),
        "returnHexAlias": ("return_hex_alias", _flag),
        "update": ("update", _flag),
        "renameAlias": ("rename_alias", _text),
        "copy": ("copy", _flag),
        "destinationAlias": ("destination_alias", _text),
        "importOption": ("import_option", _text),
        "retrieveBackup": ("retrieve_backup", _text),
        "deleteEntries": ("delete_entries", _flag),
        "activate": ("activate", _flag),
    }
)
"""Options that may be given once: their field, and how their value is read."""

_LISTS = MappingProxyType({"$select": "select", "$expand": "expand", "overrides": "overrides"})
"""Options whose values are lists; given several times, the lists are one after another."""


def parse(raw: bytes) -> Options:
    """Return what a query says; it is still percent-encoded, and ``+`` is a blank.

    Raises RequestInvalid for a value that its option cannot have, for an option given twice that
    has one value, and for an unknown one that begins with ``$``.
    """
    if len(raw) > _MOST_BYTES:
        raise RequestInvalid(f"The query has more than {_MOST_BYTES:,} bytes.")
    parts = [part for part in raw.split(b"&") if part]
    if len(parts) > _MOST_OPTIONS:
        raise RequestInvalid(f"The query has more than {_MOST_OPTIONS} options.")
    fields: dict[str, Any] = {}
    lists: dict[str, list[str]] = {}
    for part in parts:
        encoded_name, _, encoded_value = part.partition(b"=")
        name = percent.decode_query(encoded_name).strip()
        if name in _SINGLE:
            field, read = _SINGLE[name]
            if field in fields:
                raise RequestInvalid(f"{name} is given twice.")
            fields[field] = read(name, percent.decode_query(encoded_value))
        elif name in _LISTS:
            items = percent.decode_query(encoded_value).split(",")
            lists.setdefault(_LISTS[name], []).extend(filter(None, map(str.strip, items)))
        elif name.startswith("$"):
            raise RequestInvalid(f"{name[:40]!r} is no option of this service.")
    return Options(**fields, **_listed(lists))


def _listed(lists: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the lists as fields: paths for ``select`` and ``expand``, each once."""
    if any(len(items) > _MOST_PATHS for items in lists.values()):
        raise RequestInvalid(f"A list in the query has more than {_MOST_PATHS} names.")
    return {
        field: tuple(dict.fromkeys(items))
        if field == "overrides"
        else tuple(dict.fromkeys(tuple(item.split("/")) for item in items))
        for field, items in lists.items()
    }
