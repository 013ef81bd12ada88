"""Letter case for PostgreSQL, as Python's own methods map it: bodies of functions in PL/pgSQL.

What a database knows of letters depends on its locale, so what lies beyond ASCII is looked up. The
server must keep texts in UTF-8.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache

_LETTERS = (*range(0x80, 0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE0200))
"""Beyond, no character has a case, nor is it ignored between those that have."""
_NEAR = 32
"""Ranges that are no farther apart become one: what it has besides stays as it is."""

_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c2"


def lower() -> str:
    """Return the body that lower-cases ``value``.

    A capital sigma is a final one if a letter with a case is before and none behind it, others that
    are ignored left aside (The Unicode Standard, table 3-17).
    """
    cased, ignored = _around_sigma()
    before, behind = f"[{_ranges(cased)}][{_ranges(ignored)}]*", f"[{_ranges(ignored)}]*"
    final = f"""
    IF strpos(result, chr({ord(_SIGMA)})) > 0 THEN
        result := regexp_replace(
            result COLLATE "C",
            '(?<={before}){_escaped(_SIGMA)}(?!{behind}[{_ranges(cased)}])',
            chr({ord(_FINAL_SIGMA)}),
            'g'
        );
    END IF;"""
    return _body('lower(value COLLATE "C")', final + _mapped(str.lower), "result")


def upper() -> str:
    """Return the body that upper-cases ``value``."""
    return _body('upper(value COLLATE "C")', _mapped(str.upper), "result")


def folded() -> str:
    """Return the body that folds ``value`` and composes it (``search.folded``)."""
    return _body('lower(value COLLATE "C")', _mapped(str.casefold), "normalize(result, NFC)")


def _body(start: str, steps: str, result: str) -> str:
    """Return a body that is done with ASCII after its first step."""
    return f"""
DECLARE
    result text := {start};
    rest text;
    one text;
BEGIN
    IF octet_length(value) = length(value) THEN
        RETURN result;
    END IF;{steps}
    RETURN {result};
END"""


def _mapped(function: Callable[[str], str]) -> str:
    """Return the steps that replace each letter beyond ASCII by what it is mapped to.

    One after the other: what one is mapped to is mapped to itself.
    """
    mapping = _mapping(function)
    table = json.dumps(mapping, separators=(",", ":"))
    return f"""
    rest := regexp_replace(result COLLATE "C", '[^{_ranges(map(ord, mapping), _NEAR)}]+', '', 'g');
    WHILE rest <> '' LOOP
        one := left(rest, 1);
        result := replace(result, one, coalesce(CAST('{table}' AS jsonb) ->> one, one));
        rest := replace(rest, one, '');
    END LOOP;"""


def _mapping(function: Callable[[str], str]) -> Mapping[str, str]:
    return {
        character: mapped
        for character in map(chr, _LETTERS)
        if (mapped := function(character)) != character
    }


@cache
def _around_sigma() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the characters with a case, and those that are ignored when one is looked for."""
    cased: list[int] = []
    ignored: list[int] = []
    for character in map(chr, (*range(1, 0x80), *_LETTERS)):
        if f"A{character}{_SIGMA}".lower().endswith(_FINAL_SIGMA):
            alone = f"{character}{_SIGMA}".lower().endswith(_FINAL_SIGMA)
            (cased if alone else ignored).append(ord(character))
    return tuple(cased), tuple(ignored)


def _ranges(characters: Iterable[int], near: int = 1) -> str:
    """Return what stands in the brackets of a regular expression for characters, ascending."""
    found: list[tuple[int, int]] = []
    for number in characters:
        if found and number - found[-1][1] <= near:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return "".join(
        _escaped(chr(first)) + (f"-{_escaped(chr(last))}" if last > first else "")
        for first, last in found
    )


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08x}"
