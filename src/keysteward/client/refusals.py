"""Answers that refuse, turned back into the problems that they were (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import MISSING, Field
from typing import get_type_hints

import msgspec

from keysteward.problems import PROBLEMS, Problem, RemoteProblem

_BY_SLUG: Mapping[str, type[Problem]] = {problem.slug: problem for problem in PROBLEMS}


def problem_of(status: int, document: object) -> Problem:
    """Return the problem that a document describes, with its members.

    A slug that is not known here, or members that do not fit, as of a server of another version,
    make a RemoteProblem, which says the same words.
    """
    told: Mapping[str, object] = document if isinstance(document, dict) else {}
    members = told.get("members")
    if isinstance(members, dict):  # of a problem inside another answer
        told = {**told, **members}
    slug = _text(told, "slug") or _text(told, "type").rpartition("/")[2] or "unknown"
    known = _BY_SLUG.get(slug)
    rebuilt = None if known is None else _rebuilt(known, told)
    if rebuilt is not None:
        return rebuilt
    title = _text(told, "title") or "The server refused without a reason"
    detail = _text(told, "detail") or _text(told, "error_description")
    return RemoteProblem(status, slug, title, detail or "It said no more.")


def _rebuilt(known: type[Problem], told: Mapping[str, object]) -> Problem | None:
    hints = get_type_hints(known)
    members: dict[str, object] = {}
    # Problems without members are no dataclasses.
    declared: Mapping[str, Field[object]] = getattr(known, "__dataclass_fields__", {})
    for field in declared.values():
        if field.name in told:
            try:
                members[field.name] = msgspec.convert(told[field.name], hints[field.name])
            except msgspec.ValidationError:
                return None
        elif field.default is MISSING:
            return None
    return known(**members)


def _text(told: Mapping[str, object], name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""
