"""Title and detail of a problem in the page's languages; English is the problem's own."""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.problems import Problem
from keysteward.ui.wording import (
    german_accounts,
    german_entries,
    german_keystores,
    german_requests,
    german_responses,
    german_uploads,
    german_wishes,
)
from keysteward.ui.wording.german import Words

GERMAN: Mapping[str, Words] = MappingProxyType(
    {
        words.kind.slug: words
        for words in (
            *german_responses.OF_THE_FILE,
            *german_responses.OF_THE_CHAIN,
            *german_entries.OF_AN_ENTRY,
            *german_uploads.OF_AN_UPLOAD,
            *german_wishes.OF_WHAT_WAS_ASKED,
            *german_keystores.OF_THE_KEYSTORE,
            *german_accounts.OF_AN_ACCOUNT,
            *german_requests.OF_A_REQUEST,
            *german_requests.OF_A_CONNECTION,
        )
    }
)
"""By the slug of the problem."""


def title(problem: Problem, language: str) -> str:
    """Return what a problem is called, without a full stop; ``language`` is "en" or "de"."""
    return GERMAN[problem.slug].title if language == "de" else problem.title


def detail(problem: Problem, language: str) -> str:
    """Return cause and remedy as sentences; ``language`` is "en" or "de".

    Texts that an operation wrote into the problem stay English where nothing is known of them.
    """
    return GERMAN[problem.slug].detail(problem) if language == "de" else problem.detail
