import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import keysteward
from keysteward.entries import Caller
from keysteward.keystore import aliases
from keysteward.outbound import addresses
from keysteward.problems import AddressInvalid, AliasInvalid, PasswordWrong
from keysteward.ui.wording import problem_texts, reasons

_SOURCE = Path(keysteward.__file__).parent
_LEAST_LETTERS = 12
"""Of a text between its values; a shorter one would agree with anything."""

every_reason = pytest.mark.parametrize("english", reasons.GERMAN)


@dataclass(frozen=True)
class _Written:
    """Every text of the product but the words of the page."""

    texts: frozenset[str]
    """With a gap for each value."""
    patterns: tuple[re.Pattern[str], ...]
    """Of those that have values."""


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else reasons.GAP
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _with_sentences(text: str) -> Iterator[str]:
    """Yield a text, and each sentence of it: some are translated one by one."""
    yield text
    yield from re.split(r"(?<=\.) ", text.strip())


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("(?s:.+)".join(map(re.escape, text.split(reasons.GAP))))


@pytest.fixture(scope="module")
def written() -> _Written:
    """Return what the operations write."""
    files = (f for f in _SOURCE.rglob("*.py") if "ui" not in f.relative_to(_SOURCE).parts)
    texts = frozenset(
        sentence
        for file in files
        for text in _texts(ast.parse(file.read_text()))
        for sentence in _with_sentences(text)
    )
    return _Written(
        texts,
        tuple(
            _pattern(text)
            for text in texts
            if reasons.GAP in text and len(text.replace(reasons.GAP, "")) >= _LEAST_LETTERS
        ),
    )


@every_reason
def test_reason_is_one_that_something_gives(english: str, written: _Written) -> None:
    """No translation stays behind when the text of an operation changes."""
    ours = _pattern(english)
    assert (
        {english, english.removesuffix(".")} & written.texts
        or any(pattern.fullmatch(english) for pattern in written.patterns)
        or any(ours.fullmatch(text) for text in written.texts)
    )


@every_reason
def test_reason_has_the_same_gaps_in_german(english: str) -> None:
    """No name or number is lost, and none is shown twice."""
    german = reasons.GERMAN[english]
    assert english.count(reasons.GAP) == german.count(reasons.GAP)
    values = [f"<{i}>" for i in range(english.count(reasons.GAP))]
    assert german.format(*values) == reasons.german(english.format(*values))


@every_reason
def test_reason_in_german_is_whole_sentences(english: str) -> None:
    """A sentence stays one, with its full stop, and is written with single blanks."""
    german = reasons.GERMAN[english]
    assert german == " ".join(german.split())
    assert english.endswith(".") <= german.endswith(".")


def test_reason_that_is_not_known_stays() -> None:
    """What nobody has translated is said in English rather than not at all."""
    assert "Something of {} kind." == reasons.german("Something of {} kind.")


def test_reason_with_a_gap_is_no_reason_itself() -> None:
    """A text from outside that has the mark of a gap stays as it is, format and all."""
    assert "{0.__class__}" == reasons.german("{0.__class__}")
    assert "Die Kurve {0} gibt es nicht." == reasons.german("There is no curve {0}.")


def test_reason_within_a_reason_is_german_too() -> None:
    """What a file is instead is named in the language of the sentence around it."""
    assert "Die Datei ist ein privater Schlüssel." == reasons.german("The file is a private key.")


def test_reason_of_a_long_text_stays() -> None:
    """A long text is not compared with those that have gaps, which would take long."""
    long = f"There is no curve {'x' * 2_000}."
    assert long == reasons.german(long)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("It has no such sentence. Nor this.", "It has no such sentence. Nor this."),
        ("The test had ended before.", "Der Test war vorher zu Ende."),
        (
            "It is not for 'a'; it has DNS:b.example. It ended on 2020-01-01. Mehr.",
            "Es gilt nicht für 'a'; es hat DNS:b.example. Es ist am 2020-01-01 abgelaufen. Mehr.",
        ),
        (
            "The server ended the handshake (TLS alert number 9). It ends on 2020-01-01.",
            "Der Server hat den Handshake beendet (TLS-Alert number 9). Es läuft am 2020-01-01 ab.",
        ),
        ("", ""),
    ],
    ids=["unknown", "one", "several", "alert", "none"],
)
def test_several_sentences_are_said_one_by_one(english: str, german: str) -> None:
    """What is known of a row of sentences is German, and what follows it does not get lost."""
    assert german == reasons.german_sentences(english)


def test_refused_alias_is_explained_in_german() -> None:
    """What somebody mistyped is said wholly in German."""
    with pytest.raises(AliasInvalid) as refusal:
        aliases.new_alias(" a", Caller("ann"))
    assert (
        "„ a“ ist als Alias nicht möglich: Am Anfang oder am Ende steht ein Leerzeichen, das "
        "niemand sehen würde." == problem_texts.detail(refusal.value, "de")
    )


def test_refused_address_is_explained_in_german() -> None:
    """The port that somebody mistyped is said wholly in German."""
    with pytest.raises(AddressInvalid) as refusal:
        addresses.parse_address("receiver.example:0")
    text = problem_texts.detail(refusal.value, "de")
    assert "Der Port ist keine ganze Zahl von 1 bis 65.535." in text


def test_refused_password_is_explained_in_german() -> None:
    """The lead-in and the reason make one German text."""
    problem = PasswordWrong("The key is encrypted. Give its password.")
    assert (
        "Die Datei bleibt verschlossen: Der Schlüssel ist verschlüsselt. Geben Sie sein Kennwort "
        "an." == problem_texts.detail(problem, "de")
    )
