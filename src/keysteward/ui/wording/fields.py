"""Which field of a form a problem is about, so that its message stands beside that field."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from keysteward import problems
from keysteward.problems import Problem

_ALIAS = ("alias", "new_alias")

_BY_FIELD: tuple[tuple[tuple[str, ...], tuple[type[Problem], ...]], ...] = (
    (
        _ALIAS,
        (
            problems.AliasNotFound,
            problems.AliasExists,
            problems.AliasInvalid,
            problems.AliasReserved,
            problems.NotAKeyPair,
            problems.KeyPairInTheWay,
            problems.KeyNotUsableForTls,
        ),
    ),
    (
        ("file",),
        (
            problems.SigningResponseTooLarge,
            problems.SigningResponseUnreadable,
            problems.NotASigningResponse,
            problems.ResponseTooComplex,
            problems.CertificateUnreadable,
            problems.TrailingBytes,
            problems.PublicKeyMismatch,
            problems.SignatureInvalid,
            problems.CertificateExpired,
            problems.IssuerNotCa,
            problems.PathLengthExceeded,
            problems.PlaceholderAgain,
            problems.UploadTooLarge,
            problems.BodyTooLarge,
            problems.NotAKeystore,
            problems.KeystoreUnreadable,
            problems.KeystoreTooLarge,
            problems.KeyDerivationTooCostly,
            problems.PrivateKeyUnreadable,
            problems.CertificateOfAnotherKey,
            problems.CertificateMissing,
        ),
    ),
    (("key", "file"), (problems.SeveralKeys, problems.KeyNotInFile)),
    (("password", "key_password"), (problems.PasswordWrong,)),
    (("new_password", "password"), (problems.PasswordTooWeak,)),
    (("old_password",), (problems.OldPasswordWrong,)),
    (("trust_root",), (problems.RootNotTrusted,)),
    (("confirm",), (problems.ConfirmationRequired,)),
    (("days", "not_after"), (problems.ValidityInvalid,)),
    (("type", "size", "curve"), (problems.KeyTypeUnsupported,)),
    (("name",), (problems.NameInvalid, problems.NameTaken)),
    (("roles",), (problems.RolesInvalid,)),
    (("keystore", "keystores"), (problems.KeystoreUnknown,)),
    (("host", "port"), (problems.AddressInvalid, problems.DestinationNotAllowed)),
)

_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {kind.slug: names for names, kinds in _BY_FIELD for kind in kinds}
)
"""By slug: what a form may call the field, the likeliest first."""

_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "common name (CN)": "cn",
        "organizational unit (OU)": "ou",
        "organization (O)": "o",
        "locality (L)": "l",
        "state (ST)": "st",
        "country (C)": "c",
        "e-mail (E)": "email",
        "subject": "cn",
    }
)
"""The parts of a subject as a problem calls them; all others are alternative names."""


def field_of(problem: Problem, present: Collection[str] | None = None) -> str | None:
    """Return the name of the field that a problem is about; None if it is about nothing typed.

    Args:
        problem: What the form was refused for.
        present: The names of the form's fields, to choose among; None if they are not known.
    """
    names = _names(problem)
    return next((name for name in names if present is None or name in present), None)


def _names(problem: Problem) -> tuple[str, ...]:
    if isinstance(problem, problems.FieldInvalid):
        return (problem.field,)
    if isinstance(problem, problems.SubjectInvalid):
        return (_PARTS.get(problem.part, "san"),)
    return _FIELDS.get(problem.slug, ())
