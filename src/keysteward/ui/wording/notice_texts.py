"""Heading and advice of a notice in the page's languages; its detail stays as it was written.

A problem that was overridden is a notice with the problem's slug, and has words here too.
"""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.notices import NoticeKind
from keysteward.problems import PROBLEMS
from keysteward.ui.wording import overrides, problem_texts
from keysteward.ui.wording.notices_english import ENGLISH
from keysteward.ui.wording.notices_german import GERMAN

_KINDS: Mapping[str, NoticeKind] = MappingProxyType({kind.slug: kind for kind in NoticeKind})
_OVERRIDABLE: Mapping[str, str] = MappingProxyType(
    {problem.slug: problem.title for problem in PROBLEMS if problem.overridable}
)


def heading(slug: str, language: str) -> str:
    """Return in plain words what was found, without a full stop; "en" or "de"."""
    if slug in _OVERRIDABLE:
        german = problem_texts.GERMAN[slug].title
        return german if language == "de" else _OVERRIDABLE[slug]
    return _words(slug, language)[0]


def advice(slug: str, language: str) -> str:
    """Return what that means and what to do, as sentences; "en" or "de".

    Of an overridden problem it is what was accepted.
    """
    if slug in _OVERRIDABLE:
        return overrides.accepted(slug, language)
    return _words(slug, language)[1]


def _words(slug: str, language: str) -> tuple[str, str]:
    return (GERMAN if language == "de" else ENGLISH)[_KINDS[slug]]
