from enum import Enum

import pytest

from keysteward.entries import Action, ChainState, EntryType, Owner, Reason, Source, View
from keysteward.pki.usages import Usage
from keysteward.rights import Permission, Role
from keysteward.ui.wording import words
from keysteward.values import Severity

ENUMERATIONS: tuple[type[Enum], ...] = (
    *(EntryType, Owner, View, Usage, Reason, ChainState, Source, Role, Permission, Severity),
    Action,
)
every_enumeration = pytest.mark.parametrize("kind", ENUMERATIONS, ids=lambda k: k.__name__)
both = pytest.mark.parametrize("language", ["en", "de"])


@both
@every_enumeration
def test_every_member_has_a_word_of_its_own(kind: type[Enum], language: str) -> None:
    """No member is shown as the text that a database has, and none looks like another."""
    shown = [words.of(member, language) for member in kind]
    assert all(shown)
    assert len(shown) == len(set(shown))


@every_enumeration
def test_german_words_are_german(kind: type[Enum]) -> None:
    """At least one word of each enumeration differs between the languages."""
    languages = [{words.of(member, code) for member in kind} for code in ("en", "de")]
    assert languages[0] != languages[1] or kind is Severity


def test_equal_texts_of_two_enumerations_have_words_of_their_own() -> None:
    """The reason of a version and the deed in the audit log are told apart."""
    assert "Signierantwort" == words.of(Reason.SIGNING_RESPONSE, "de")
    assert "Signierantwort aktualisieren" == words.of(Action.SIGNING_RESPONSE, "de")


@both
@pytest.mark.parametrize("outcome", ["accept", "warn", "reject", "done", "refused"])
def test_outcome_has_a_word(outcome: str, language: str) -> None:
    """What became of a plan or of a deed is said in words."""
    assert outcome != words.of_outcome(outcome, language)


def test_member_of_another_enumeration_is_refused() -> None:
    """A column cannot silently show what has no word."""

    class Other(Enum):
        THING = "thing"

    with pytest.raises(KeyError):
        words.of(Other.THING, "en")
