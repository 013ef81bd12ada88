"""An instance of every problem, each member with a value that can be found again in a text."""

import typing
from dataclasses import MISSING, fields
from datetime import UTC, datetime

from keysteward.problems import Problem
from keysteward.values import Fingerprint


def members(problem: type[Problem]) -> dict[str, object]:
    """Return a value for each member that has no default."""
    types = typing.get_type_hints(problem)
    needed = [f.name for f in fields(problem) if f.default is MISSING]  # type: ignore[arg-type]  # those with members are dataclasses
    return {name: _value(name, types[name]) for name in needed}


def shown(value: object) -> tuple[str, ...]:
    """Return what a detail must hold of a member, each part of several apart."""
    if isinstance(value, tuple):
        return tuple(part for one in value for part in shown(one))
    return (f"{value:%Y-%m-%d}" if isinstance(value, datetime) else str(value).rstrip("."),)


def _value(name: str, kind: object) -> object:
    values: dict[object, object] = {
        str: f"<{name}>.",
        str | None: f"<{name}>.",
        tuple[str, ...]: (f"<{name} 1>.", f"<{name} 2>."),
        int: 7,
        datetime: datetime(2031, 5, 7, tzinfo=UTC),
        Fingerprint: Fingerprint(f"{len(name):064x}"),
    }
    return values[kind]
