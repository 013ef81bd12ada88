import re

import pytest

from keysteward.notices import NoticeKind
from keysteward.problems import OVERRIDES
from keysteward.ui.wording import notice_texts, notices_english, notices_german, overrides

every_notice = pytest.mark.parametrize("slug", [kind.slug for kind in NoticeKind])
every_override = pytest.mark.parametrize("slug", sorted(OVERRIDES))
both = pytest.mark.parametrize("language", ["en", "de"])

_SENTENCES = re.compile(r"[.]( |$)")


@both
@every_notice
def test_notice_has_a_heading_and_advice(slug: str, language: str) -> None:
    """A heading is short; the advice is one to three whole sentences."""
    assert re.fullmatch(r"[A-ZÄÖÜ].{8,70}[^.]", notice_texts.heading(slug, language))
    advice = notice_texts.advice(slug, language)
    assert advice.endswith(".")
    assert 1 <= len(_SENTENCES.findall(advice)) <= 3


@both
@every_override
def test_overridden_problem_has_words_as_a_notice(slug: str, language: str) -> None:
    """The warning that an overridden problem becomes says what was accepted."""
    assert not notice_texts.heading(slug, language).endswith(".")
    assert overrides.accepted(slug, language) == notice_texts.advice(slug, language)


@every_override
def test_override_says_what_is_accepted(slug: str) -> None:
    """The sentence beside the tick is the user's own, in both languages."""
    assert re.fullmatch(r"I accept .+\.", overrides.accepted(slug, "en"))
    assert re.fullmatch(r"Ich akzeptiere.+\.", overrides.accepted(slug, "de"))


@pytest.mark.parametrize("words", [notices_english.ENGLISH, notices_german.GERMAN])
def test_notice_words_differ_from_each_other(words: dict[NoticeKind, tuple[str, str]]) -> None:
    """No two notices have the same heading or advice by a slip of copying."""
    assert len(NoticeKind.__members__) == len({heading for heading, _ in words.values()})
    assert len(NoticeKind.__members__) == len({advice for _, advice in words.values()})


@every_notice
def test_german_notice_is_translated(slug: str) -> None:
    """German words are not the English ones."""
    assert notice_texts.heading(slug, "en") != notice_texts.heading(slug, "de")
    assert notice_texts.advice(slug, "en") != notice_texts.advice(slug, "de")
