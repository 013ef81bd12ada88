import re
from dataclasses import MISSING, fields
from datetime import UTC, datetime

import pytest

from keysteward import problems
from keysteward.problems import PROBLEMS, Problem
from keysteward.ui.wording import problem_texts
from tests import problem_samples

every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.slug)

_ENGLISH = re.compile(r"(?<![\w-])(the|and|of|is|not|this|with|your|which)(?![\w-])", re.IGNORECASE)


def _sample(problem: type[Problem]) -> Problem:
    return problem(**problem_samples.members(problem))


@every_problem
def test_english_words_are_the_problem_s_own(problem: type[Problem]) -> None:
    """English is written once, where the problem is."""
    sample = _sample(problem)
    assert problem.title == problem_texts.title(sample, "en")
    assert sample.detail == problem_texts.detail(sample, "en")


@every_problem
def test_german_title_is_short_and_german(problem: type[Problem]) -> None:
    """A title is a short sentence without its full stop, and not the English one."""
    title = problem_texts.title(_sample(problem), "de")
    assert re.fullmatch(r"[A-ZÄÖÜ].{5,70}[^.]", title)
    assert None is _ENGLISH.search(title)


@every_problem
def test_german_detail_tells_every_member(problem: type[Problem]) -> None:
    """Whoever reads German learns as much of the case, in whole German sentences.

    The field of a form is beside the text, in English too.
    """
    sample = _sample(problem)
    text = problem_texts.detail(sample, "de")
    assert text.endswith((".", ")"))
    assert None is _ENGLISH.search(text)
    for value in problem_samples.members(problem).values():
        for shown in problem_samples.shown(value):
            assert (shown in sample.detail) == (shown in text)


@every_problem
def test_german_detail_shows_optional_members_too(problem: type[Problem]) -> None:
    """A text that an operation gives besides is not lost in German."""
    optional = [f.name for f in fields(problem) if f.default is not MISSING and f.name != "view"]  # type: ignore[arg-type]  # those with members are dataclasses
    for name in optional:
        value = f"<{name}>."
        sample = problem(**problem_samples.members(problem), **{name: value})
        if "<" + name in sample.detail:
            assert f"<{name}>" in problem_texts.detail(sample, "de")


def test_german_words_belong_to_problems() -> None:
    """No words stay behind when a problem goes."""
    assert {problem.slug for problem in PROBLEMS} == set(problem_texts.GERMAN)


@pytest.mark.parametrize(
    ("problem", "part"),
    [
        (problems.AliasNotFound("a", "k", view="new"), "unter den neuen Schlüsseln des Providers"),
        (problems.AliasNotFound("a", "k", view="history"), "in der Historie"),
        (problems.AliasNotFound("a", "k", backup="friday"), "Sicherung „friday“"),
        (problems.NothingDeleted("a", living=True), "nichts wiederherzustellen"),
        (problems.AliasExists("a", view="new"), "unter den neuen Schlüsseln des Providers wartet"),
        (problems.BackupNotFound(None), "noch keine Sicherung"),
        (problems.NotSignedIn("<r>.", without_credentials=True), "/oauth/token"),
        (problems.ConfirmationRequired("<c>.", "<r>.", declined=True), "mit Nein geantwortet"),
        (problems.NameTaken("backup", "friday"), "Sicherung „friday“"),
        (problems.AccountNotFound("user", "ann"), "Benutzer „ann“"),
        (problems.SubjectInvalid("country (C)", "<r>."), "Land (C)"),
        (problems.UploadTooLarge("a keystore", 1_048_576, "S"), "mit einem Keystore darf"),
        (problems.UploadTooLarge("a keystore", 1_048_576, "S"), "1.048.576 Byte"),
        (problems.KeyNotInFile("a", ()), "Ihre Schlüssel sind: keine."),
        (problems.SeveralKeys(tuple("abcdefghij")), "„h“ und 2 weitere"),
        (problems.TooManyRequests("<r>.", 120), "in 120 s noch einmal"),
        (problems.TooManyRequests("<r>.", 841), "in 15 Minuten noch einmal"),
        (problems.AliasInvalid("x" * 300, "<r>."), f"„{'x' * 60}…“"),
        (
            problems.CertificateExpired("CN=a", datetime(2031, 5, 7, 9, 30, tzinfo=UTC)),
            "2031-05-07 um 09:30 UTC",
        ),
    ],
)
def test_german_detail_of_a_case(problem: Problem, part: str) -> None:
    """The cases that English tells apart are told apart in German."""
    assert part.lower() in problem_texts.detail(problem, "de").lower()


@pytest.mark.parametrize(
    ("missing_issuer", "alone", "part"),
    [
        (None, True, "Das Zertifikat „CN=top“ ist selbstsigniert"),
        (None, False, "endet mit dem Wurzelzertifikat „CN=top“"),
        ("CN=above", True, "Die Datei enthält nur das Zertifikat selbst"),
        ("CN=above", False, "Sein Aussteller „CN=above“ ist weder in der Datei noch im Keystore"),
    ],
)
def test_german_detail_of_a_root_that_is_not_trusted(
    missing_issuer: str | None, part: str, *, alone: bool
) -> None:
    """Whoever has to confirm a fingerprint learns what it is of, and what is missing."""
    sample = problem_samples.members(problems.RootNotTrusted)
    sample |= {"subject": "CN=top", "missing_issuer": missing_issuer, "alone": alone}
    problem = problems.RootNotTrusted(**sample)  # type: ignore[arg-type]  # a sample of each member
    assert part in problem_texts.detail(problem, "de")


def test_german_detail_escapes_what_cannot_be_printed() -> None:
    """A name cannot turn the direction of the text around it, in German as in English."""
    problem = problems.AliasExists("a\u202eb\x07")
    assert "\\u202eb\\x07" in problem_texts.detail(problem, "de")
