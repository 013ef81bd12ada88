"""How the German words of a problem are written down, and the little that all of them share."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from keysteward.problems import Problem

P = TypeVar("P", bound=Problem)

_MOST_LISTED = 8


@dataclass(frozen=True, slots=True)
class Words:
    """Title and detail of one class of problems."""

    kind: type[Problem]
    title: str
    detail: Callable[[Problem], str]


def words(kind: type[P], title: str, detail: Callable[[P], str]) -> Words:
    """Return the words of a class whose detail is made from its own members."""

    def told(problem: Problem) -> str:
        if not isinstance(problem, kind):
            raise TypeError(f"{problem.slug} is not {kind.slug}")
        return detail(problem)

    return Words(kind, title, told)


def quoted(text: str) -> str:
    """Return a text in German quotation marks; what cannot be printed is escaped as by ``repr``."""
    return f"„{repr(text)[1:-1]}“"


def listed(texts: Iterable[str]) -> str:
    """Return the first few texts, quoted, and how many more there are."""
    all_of_them = [quoted(text) for text in texts]
    more = len(all_of_them) - _MOST_LISTED
    return ", ".join(all_of_them[:_MOST_LISTED]) + (f" und {more} weitere" if more > 0 else "")


def number(count: int) -> str:
    """Return a whole number with points between its thousands."""
    return f"{count:,}".replace(",", ".")


def known(text: str, german: Mapping[str, str]) -> str:
    """Return the German for one of a member's usual texts; any other text as it is."""
    return german.get(text, text)
