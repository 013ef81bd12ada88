"""Which format an answer has: ``$format`` first, then the header Accept.

Nothing asked for is Atom for reads, which the service's documentation shows, and may be JSON for
writes. What cannot be served is MediaTypeUnsupported (415), as OData V2 has it, not 406.
"""

from dataclasses import dataclass
from enum import Enum

from keysteward.odata.formats import atom_format, json_format
from keysteward.odata.formats.writers import Writer
from keysteward.problems import MediaTypeUnsupported

_MOST_CHARACTERS = 2_000
"""Of an Accept header, or of ``$format``; browsers send 150."""

_JSON = frozenset({"application/json"})
_ATOM = frozenset(
    {"application/atom+xml", "application/xml", "text/xml", "application/atomsvc+xml"}
)
_SUPPORTED = "application/json or application/atom+xml"


class Format(Enum):
    """The two formats of OData V2."""

    ATOM = "atom"
    JSON = "json"

    @property
    def writer(self) -> Writer:
        """What writes answers in this format."""
        return json_format if self is Format.JSON else atom_format


@dataclass(frozen=True, slots=True)
class _Range:
    """One media range of an Accept header (RFC 9110 section 12.5.1)."""

    main: str
    sub: str
    verbose: bool
    """Whether its parameters allow OData V2: no ``odata`` but ``verbose``."""
    quality: float

    def specificity(self, format_: Format) -> int:
        """Return 0 if it does not name the format, else how exactly it does."""
        name = f"{self.main}/{self.sub}"
        if name == "*/*":
            return 1
        exact = _JSON if format_ is Format.JSON else _ATOM
        if self.sub == "*":
            return 2 if any(each.startswith(f"{self.main}/") for each in exact) else 0
        return 3 if name in exact and (self.verbose or format_ is Format.ATOM) else 0


def choose(accept: str | None, option: str | None, default: Format = Format.ATOM) -> Format:
    """Return the format that ``$format`` or Accept asks for, the default if neither prefers one.

    Raises MediaTypeUnsupported if nothing that is asked for can be had.
    """
    if option is not None:
        return _of_option(option)
    if accept is None or not accept.strip():
        return default
    ranges = _ranges(accept[:_MOST_CHARACTERS])
    best, best_rank = default, (0.0, 0)
    for each in (default, *(other for other in Format if other is not default)):
        rank = _rank(ranges, each)
        if rank > best_rank:
            best, best_rank = each, rank
    if best_rank[0] == 0:
        raise MediaTypeUnsupported(accept[:100], _SUPPORTED)
    return best


def of_body(content_type: str | None) -> Format:
    """Return the format of a body; one without a media type is JSON.

    Raises MediaTypeUnsupported for any that is neither.
    """
    name = (content_type or "application/json").partition(";")[0].strip().lower()
    if name in _JSON:
        return Format.JSON
    if name in _ATOM:
        return Format.ATOM
    raise MediaTypeUnsupported(name[:100], _SUPPORTED)


def _of_option(option: str) -> Format:
    name = option.strip().lower()
    if name in {"atom", "xml"}:
        return Format.ATOM
    if name == "json":
        return Format.JSON
    ranges = _ranges(name[:_MOST_CHARACTERS])
    for each in Format:
        if any(range_.specificity(each) == 3 for range_ in ranges):
            return each
    raise MediaTypeUnsupported(option[:100], f"$format=json or $format=atom, {_SUPPORTED}")


def _rank(ranges: list[_Range], format_: Format) -> tuple[float, int]:
    """Return quality and specificity of the range that names a format most exactly."""
    named = [(each.specificity(format_), each.quality) for each in ranges]
    specificity = max((one for one, _ in named), default=0)
    if specificity == 0:
        return (0.0, 0)
    return (max(quality for one, quality in named if one == specificity), specificity)


def _ranges(accept: str) -> list[_Range]:
    ranges = []
    for text in accept.lower().split(","):
        name, *parameters = (part.strip() for part in text.split(";"))
        # Java's own client sends "*", too.
        main, _, sub = ("*/*" if name == "*" else name).partition("/")
        values = {key.strip(): value.strip() for key, _, value in map(_halves, parameters)}
        verbose = values.get("odata", "verbose") == "verbose"
        ranges.append(_Range(main, sub, verbose, _quality(values.get("q", "1"))))
    return ranges


def _halves(parameter: str) -> tuple[str, str, str]:
    return parameter.partition("=")


def _quality(text: str) -> float:
    """Return the weight of a range; what is no number from 0 to 1 counts as 1."""
    if len(text) > 5 or not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return 1.0
    return min(float(text), 1.0)
