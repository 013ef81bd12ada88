from datetime import UTC, datetime

import pytest

from keysteward.odata import errors, hexalias
from keysteward.odata.errors import Circumstances
from keysteward.problems import (
    PROBLEMS,
    AliasExists,
    AliasNotFound,
    AliasReserved,
    BodyTooLarge,
    BodyTooSlow,
    CertificateExpired,
    CertificateUnreadable,
    ConnectionFailed,
    CsrfTokenMissing,
    DatabaseUnavailable,
    DatabaseUnusable,
    EntryChanged,
    KeyPairInTheWay,
    KeystoreBusy,
    KeystoreTooLarge,
    MediaTypeUnsupported,
    MethodNotSupported,
    NameTaken,
    NotAKeyPair,
    NotASigningResponse,
    NotPermitted,
    NotSignedIn,
    OutcomeUnknown,
    PasswordWrong,
    PendingKeyExists,
    Problem,
    PublicKeyMismatch,
    RequestInvalid,
    ResourceUnknown,
    RootNotTrusted,
    ServerBusy,
    SigningResponseTooLarge,
    TooManyRequests,
)
from keysteward.values import Fingerprint
from tests.odata.samples import ENTRY

PRINT = Fingerprint("ab" * 32)
MISMATCH = PublicKeyMismatch("'shop'", PRINT, PRINT, "CN=x", "CN=CA", PRINT)
UNTRUSTED = RootNotTrusted("CN=Root", PRINT, "cd" * 20)
CHANGED = EntryChanged("shop", "somebody was faster.")


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (AliasExists("shop"), 400, "Bad Request"),
        (NameTaken("backup", "x"), 400, "Bad Request"),
        (KeyPairInTheWay("shop"), 400, "Bad Request"),
        (PendingKeyExists("shop", 2), 400, "Bad Request"),
        (PasswordWrong("no"), 400, "Bad Request"),
        (MISMATCH, 400, "Bad Request"),
        (RequestInvalid("no"), 400, "Bad Request"),
        (NotSignedIn("no."), 401, "Unauthorized"),
        (NotPermitted("UsersEdit"), 403, "Forbidden"),
        (CsrfTokenMissing(), 403, "Forbidden"),
        (AliasReserved("sap_x", "no"), 403, "Forbidden"),
        (AliasNotFound("shop", "default"), 404, "Not Found"),
        (ResourceUnknown("x"), 404, "Not Found"),
        (MethodNotSupported("MERGE", "GET"), 405, "Method Not Allowed"),
        (MethodNotSupported("PATCH", "GET"), 501, "Not Implemented"),
        (BodyTooSlow(30), 408, "Request Timeout"),
        (UNTRUSTED, 409, "Conflict"),
        (SigningResponseTooLarge(30_720), 413, "Payload Too Large"),
        (BodyTooLarge(10), 413, "Payload Too Large"),
        (KeystoreTooLarge(2, 1), 413, "Payload Too Large"),
        (NotASigningResponse("a poem", "Sing it."), 415, "Unsupported Media Type"),
        (CertificateUnreadable("no"), 415, "Unsupported Media Type"),
        (MediaTypeUnsupported("x/y", "z"), 415, "Unsupported Media Type"),
        (TooManyRequests("no", 3), 429, "Too Many Requests"),
        (hexalias.OddLength("x"), 500, "Internal Server Error"),
        (DatabaseUnusable("no"), 500, "Internal Server Error"),
        (OutcomeUnknown(), 500, "Internal Server Error"),
        (ConnectionFailed("a:1", "no", "try"), 502, "Bad Gateway"),
        (CHANGED, 503, "Service Unavailable"),
        (KeystoreBusy(), 503, "Service Unavailable"),
        (ServerBusy(), 503, "Service Unavailable"),
        (DatabaseUnavailable(), 503, "Service Unavailable"),
    ],
)
def test_problem_has_the_status_of_the_service(problem: Problem, status: int, code: str) -> None:
    """And its code is the reason phrase; 409 means trust and nothing else."""
    answer = errors.answer(problem)
    assert (status, code) == (answer.status, answer.code)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (AliasExists("shop"), 'Keystore entry with alias "shop" already exists'),
        (AliasNotFound("shop", "default"), "Alias 'shop' not found in the keystore"),
        (NotAKeyPair("shop"), 'Alias "shop" does not represent a Key Pair'),
        (
            MISMATCH,
            "The public key of the CA Reply is different from the public key of the keystore entry",
        ),
        (
            errors.keystore_name_invalid("nothing"),
            "Keystore name 'nothing' is invalid.",
        ),
        (
            errors.keystore_name_unsupported("nothing"),
            (
                "The value 'nothing' is not supported for the property 'Name'. Possible name "
                "values are 'system' and 'backup_admin_system'."
            ),
        ),
        (
            errors.history_alias_invalid("a"),
            "The alias \"a\" is invalid: Alias 'a' does not start with '['",
        ),
        (
            hexalias.OddLength("hexBinary needs to be even-length: 6B6"),
            "hexBinary needs to be even-length: 6B6",
        ),
        (BodyTooLarge(10), BodyTooLarge(10).detail),
    ],
)
def test_message_is_the_documented_one_before_ours(problem: Problem, text: str) -> None:
    """What scripts and people look for; ours is inside in any case."""
    answer = errors.answer(problem)
    assert text == answer.message
    assert (problem.slug, problem.title, problem.detail) == (
        *(answer.slug, answer.title),
        answer.detail,
    )


def test_lost_race_is_the_lock_unless_if_match_asked() -> None:
    """412 to If-Match, 423 where that is documented, never 409."""
    locked = errors.answer(CHANGED)
    assert "locked by another user" in locked.message
    assert locked.message == errors.answer(KeystoreBusy()).message
    precondition = errors.answer(CHANGED, Circumstances(if_match=True))
    assert (412, CHANGED.detail) == (precondition.status, precondition.message)
    generation = Circumstances(locked=423)
    assert (423, 423) == (
        errors.answer(KeystoreBusy(), generation).status,
        errors.answer(CHANGED, generation).status,
    )
    assert 503 == errors.answer(KeystoreBusy(), Circumstances(if_match=True)).status


def test_missing_alias_of_an_update_is_a_bad_request() -> None:
    """Where the alias stands in a body, not in the address."""
    missing = AliasNotFound("shop", "default")
    assert 400 == errors.answer(missing, Circumstances(alias_missing=400)).status


def test_untrusted_root_says_how_to_confirm_it() -> None:
    """With both fingerprints, and the certificate alone where it belongs."""
    answer = errors.answer(UNTRUSTED, Circumstances(top=ENTRY))
    assert "fingerprintVerified=true" in answer.message
    assert str(PRINT) in answer.message
    assert "cd" * 20 in answer.message
    assert ENTRY == answer.top
    assert errors.answer(MISMATCH, Circumstances(top=ENTRY)).top is None


def test_missing_issuer_is_said_to_be_the_cause() -> None:
    """Nobody publishes the fingerprint of an intermediate, so comparing alone would not help."""
    problem = RootNotTrusted("CN=Sub", PRINT, "cd" * 20, missing_issuer="CN=Root")
    message = errors.answer(problem).message
    assert "'CN=Root' is neither in the file nor in the keystore" in message
    assert "fingerprintVerified=true" in message


def test_overridable_problem_says_how_to_override_it() -> None:
    """With the option of this face."""
    answer = errors.answer(CertificateExpired("CN=x", datetime(2026, 1, 1, tzinfo=UTC)))
    assert answer.overridable
    assert answer.message.endswith("repeat with overrides=certificate-expired.")


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (AliasExists("shop"), "notImported: An entry with the same alias already exists"),
        (
            AliasReserved("sap_x", "no"),
            (
                "notImported: The alias is not allowed. Aliases starting with 'sap_' are reserved "
                "for SAP."
            ),
        ),
        (
            AliasReserved("hcicertificate", "no"),
            (
                "notImported: The alias is not allowed. The alias 'hcicertificate' is reserved for "
                "SAP."
            ),
        ),
        (
            KeyPairInTheWay("shop"),
            "notImported :Key Pair entry cannot be overwritten by a certificate entry.",
        ),
        (PasswordWrong("It does not open."), "notImported: It does not open."),
    ],
)
def test_entry_that_stays_outside_has_the_documented_status(problem: Problem, status: str) -> None:
    """The blank before the colon is the documentation's."""
    assert status == errors.not_imported(problem)


def test_defect_is_answered_with_the_id_of_the_request() -> None:
    """And with nothing of what went wrong."""
    answer = errors.unexpected("req-1")
    assert (500, "Internal Server Error") == (answer.status, answer.code)
    assert "req-1" in answer.message


def test_every_problem_has_a_status_below_600() -> None:
    """By its kind, if by nothing else; 409 is for one of them."""
    conflicts = []
    for each in PROBLEMS:
        status = errors.status_of(each)
        assert 400 <= status < 600
        if status == 409:
            conflicts.append(each)
    assert [RootNotTrusted] == conflicts
