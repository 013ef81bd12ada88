import pytest

from keysteward import problems
from keysteward.pki import subjects
from keysteward.pki.subjects import Subject
from keysteward.problems import PROBLEMS, Kind, Problem
from keysteward.ui.wording import fields
from tests import problem_samples

_FORMS_REFUSE = {Kind.INVALID, Kind.UNSUPPORTED, Kind.TOO_LARGE}

_WITHOUT_FIELD = {
    # About an entry or a version that was chosen before, by its row.
    problems.VersionNeverCurrent,
    problems.SigningRequestNotAvailable,
    # About what the page itself sends.
    problems.OverrideInvalid,
    problems.RequestInvalid,
    problems.BodyTooSlow,
    problems.MediaTypeUnsupported,
    problems.MethodNotSupported,
    problems.IdempotencyKeyReused,
    # Of the command line alone.
    problems.ReferenceUnreadable,
    problems.FileUnreadable,
    problems.ProgramMissing,
    problems.RecoveryUnreadable,
    problems.PassphraseTooShort,
    # About the installation.
    problems.SettingInvalid,
    problems.DataFolderUnusable,
    problems.DatabaseUnusable,
    problems.ExtraMissing,
    problems.SealingKeyMissing,
    problems.SealingKeyExposed,
    problems.SealedKeyDamaged,
    problems.AuditChainBroken,
    problems.TlsFromMemoryUnavailable,
}


@pytest.mark.parametrize(
    "problem", [p for p in PROBLEMS if p.kind in _FORMS_REFUSE], ids=lambda p: p.slug
)
def test_problem_of_a_form_has_a_field(problem: type[Problem]) -> None:
    """A refusal of what was typed stands beside a field, unless it is about nothing typed."""
    field = fields.field_of(problem(**problem_samples.members(problem)))
    assert (problem in _WITHOUT_FIELD) == (field is None)


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (problems.AliasExists("a"), "alias"),
        (problems.PasswordWrong("<r>."), "password"),
        (problems.PasswordTooWeak("<r>."), "new_password"),
        (problems.KeystoreUnknown("a", "b"), "keystore"),
        (problems.AddressInvalid("a", "<r>."), "host"),
        (problems.FieldInvalid("san", "<r>."), "san"),
        (problems.NotPermitted("UsersEdit"), None),
    ],
)
def test_field_of_a_problem(problem: Problem, field: str | None) -> None:
    """Without knowing the form, the likeliest name is taken."""
    assert field == fields.field_of(problem)


@pytest.mark.parametrize(
    ("present", "field"),
    [({"new_alias", "csrf"}, "new_alias"), ({"alias", "file"}, "alias"), ({"file"}, None)],
)
def test_field_is_chosen_among_those_of_the_form(present: set[str], field: str | None) -> None:
    """A form that calls its field otherwise gets the message beside it, too."""
    assert field == fields.field_of(problems.AliasExists("a"), present)


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        (Subject(common_name=""), "cn"),
        (Subject(organizational_unit=""), "ou"),
        (Subject(organization=""), "o"),
        (Subject(locality=""), "l"),
        (Subject(state=""), "st"),
        (Subject(country="Germany"), "c"),
        (Subject(email="nobody"), "email"),
    ],
)
def test_field_of_a_subject_is_its_part(subject: Subject, field: str) -> None:
    """The message stands beside the very part of the name that cannot be used."""
    with pytest.raises(problems.SubjectInvalid) as refusal:
        subjects.build_name(subject)
    assert field == fields.field_of(refusal.value)


def test_field_of_an_alternative_name() -> None:
    """What no certificate can hold is marked where the alternative names are typed."""
    with pytest.raises(problems.SubjectInvalid) as refusal:
        subjects.build_san(["not a host"])
    assert "san" == fields.field_of(refusal.value)
