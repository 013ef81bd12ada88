import typing
from dataclasses import MISSING, Field
from datetime import UTC, datetime

import msgspec
import pytest
from starlette.requests import Request

from keysteward.client import refusals
from keysteward.problems import PROBLEMS, AliasExists, OverrideInvalid, Problem, RemoteProblem
from keysteward.rest import errors
from keysteward.values import Alias, Fingerprint

_SAMPLES: dict[object, object] = {
    str: "a text",
    str | None: "a text",
    tuple[str, ...]: ("one", "two"),
    int: 7,
    bool: True,
    datetime: datetime(2031, 5, 7, 12, 30, tzinfo=UTC),
    Fingerprint: Fingerprint("ab" * 32),
}


def _sample(kind: type[Problem]) -> Problem:
    hints = typing.get_type_hints(kind)
    declared: dict[str, Field[object]] = getattr(kind, "__dataclass_fields__", {})
    needed = [field.name for field in declared.values() if field.default is MISSING]
    return kind(**{name: _SAMPLES[hints[name]] for name in needed})


def _document(problem: Problem) -> object:
    answer = errors.answer(problem, Request({"type": "http", "headers": [], "state": {}}))
    return msgspec.json.decode(answer.body)


_OTHERWISE = (OverrideInvalid, RemoteProblem)
"""Their members are called like members of every document, so those of a server come in words."""


@pytest.mark.parametrize("kind", [p for p in PROBLEMS if p not in _OTHERWISE], ids=lambda p: p.slug)
def test_problem_arrives_as_it_was_sent(kind: type[Problem]) -> None:
    """Class, members and words of every problem survive the way over the REST API."""
    sent = _sample(kind)
    found = refusals.problem_of(errors.status_of(sent), _document(sent))
    assert (kind, sent.detail) == (type(found), found.detail)


def test_problem_inside_an_answer_arrives_as_it_was_sent() -> None:
    """What stands in the way of one entry of many has its members, too."""
    sent = AliasExists(Alias("shop"), remedy="Choose another one.")
    document = msgspec.json.decode(msgspec.json.encode(errors.inside(sent)))
    found = refusals.problem_of(409, document)
    assert isinstance(found, AliasExists)
    assert sent.detail == found.detail


@pytest.mark.parametrize(
    ("document", "slug"),
    [
        ({"slug": "new-in-version-9", "title": "New", "detail": "Because."}, "new-in-version-9"),
        (
            {"slug": "alias-not-found", "title": "New", "detail": "Other members."},
            "alias-not-found",
        ),
        ({"slug": "alias-not-found", "alias": 7, "keystore": []}, "alias-not-found"),
        ({"type": "https://elsewhere.invalid/errors/teapot"}, "teapot"),
        ({"slug": ["x"], "detail": {}}, "unknown"),
        (["a", "list"], "unknown"),
        (None, "unknown"),
    ],
)
def test_problem_that_is_not_known_keeps_its_words(document: object, slug: str) -> None:
    """A server of another version, or something in front of it, is quoted."""
    found = refusals.problem_of(418, document)
    assert isinstance(found, RemoteProblem)
    assert (418, slug) == (found.status, found.remote_slug)
    assert found.remote_title in found.detail
