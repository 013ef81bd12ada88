import re

import pytest

from keysteward.problems import OVERRIDES, PROBLEMS, Kind, Problem
from tests import problem_samples
from tests.architecture.documents import DOCS

_STATUS = {
    Kind.MISSING: 4,
    Kind.INVALID: 5,
    Kind.UNSUPPORTED: 5,
    Kind.TOO_LARGE: 5,
    Kind.CONFLICT: 6,
    Kind.FORBIDDEN: 7,
    Kind.BUSY: 8,
    Kind.UPSTREAM: 9,
    Kind.SIGNED_OUT: 7,
    Kind.TOO_MANY: 8,
}

_SHOWN_BESIDE = frozenset({("field-invalid", "field")})
"""Members that people see otherwise: the page shows the detail beside the field it is about."""

every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.slug)


def _descendants(problem: type[Problem]) -> set[type[Problem]]:
    children: list[type[Problem]] = problem.__subclasses__()
    return {problem}.union(*(_descendants(child) for child in children))


def test_problems_lists_every_class() -> None:
    """No problem is made outside the registry, so every one has its page and its status.

    A face may tell cases of one apart; they keep its slug.
    """
    assert set(PROBLEMS) == set(Problem.__subclasses__())
    cases = [(case, problem) for problem in PROBLEMS for case in _descendants(problem)]
    assert [] == [case for case, problem in cases if case.slug != problem.slug]


def test_problem_slugs_are_unique() -> None:
    """A slug names one problem."""
    assert len(PROBLEMS) == len({problem.slug for problem in PROBLEMS})


@every_problem
def test_problem_has_a_slug_like_a_page_name(problem: type[Problem]) -> None:
    """A slug can stand in a URI, in a file name and behind --override as it is."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", problem.slug)


@every_problem
def test_problem_has_a_title_and_a_kind(problem: type[Problem]) -> None:
    """A title is a short sentence without its full stop; every kind has a status."""
    assert re.fullmatch(r"[A-Z].{5,70}[^.]", problem.title)
    assert problem.kind in _STATUS


@every_problem
def test_problem_tells_every_member_in_its_detail(problem: type[Problem]) -> None:
    """What a problem must know, people are told, in whole sentences."""
    members = problem_samples.members(problem)
    text = problem(**members).detail
    assert text.endswith((".", ")"))
    assert len(text) >= len("<reason>.")
    for name, value in members.items():
        for shown in problem_samples.shown(value):
            assert shown in text or (problem.slug, name) in _SHOWN_BESIDE


@every_problem
def test_problem_has_a_page_that_says_the_same(problem: type[Problem]) -> None:
    """The page of a problem has its title, slug, kind, exit status and a possible override."""
    title, blank, facts, *_ = (DOCS / "problems" / f"{problem.slug}.md").read_text().split("\n")
    kind = problem.kind.name.lower().replace("_", " ")
    assert (f"# {problem.title}", "") == (title, blank)
    assert facts.startswith(f"`{problem.slug}` · {kind} · exit status {_STATUS[problem.kind]} · ")
    assert (problem.slug in OVERRIDES) == facts.endswith(f"`--override {problem.slug}`")
    assert (problem.slug not in OVERRIDES) == ("no override" in facts)


@every_problem
def test_problem_page_says_why_and_what_to_do(problem: type[Problem]) -> None:
    """A page explains: what happened, why it matters, what to do."""
    page = (DOCS / "problems" / f"{problem.slug}.md").read_text()
    happened, _, rest = page.partition("\n## Why it matters\n")
    why, _, remedy = rest.partition("\n## What to do\n")
    assert len(happened.split("\n", 4)[4]) > 20
    assert len(why) > 20
    assert len(remedy) > 20


def test_problem_pages_belong_to_problems() -> None:
    """No page stays behind when a problem goes."""
    assert {p.slug for p in PROBLEMS} == {page.stem for page in (DOCS / "problems").iterdir()}
