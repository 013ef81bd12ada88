"""Problems as this face answers them: SAP's status and text where there is one, and our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

from keysteward.odata.entities import Entity
from keysteward.odata.hexalias import OddLength
from keysteward.problems import (
    AliasExists,
    AliasNotFound,
    AliasReserved,
    AuditChainBroken,
    BodyTooSlow,
    CertificateUnreadable,
    DatabaseUnusable,
    DataFolderUnusable,
    EntryChanged,
    KeyPairInTheWay,
    KeystoreBusy,
    Kind,
    MethodNotSupported,
    NotAKeyPair,
    OutcomeUnknown,
    Problem,
    PublicKeyMismatch,
    RequestInvalid,
    RootNotTrusted,
    SealedKeyDamaged,
    SealingKeyExposed,
    SealingKeyMissing,
)

_STATUSES: Mapping[Kind, int] = MappingProxyType(
    {
        Kind.MISSING: 404,
        Kind.INVALID: 400,
        Kind.UNSUPPORTED: 415,
        Kind.TOO_LARGE: 413,
        # SAP keeps 409 for certificates whose trust nobody has confirmed: RootNotTrusted alone.
        Kind.CONFLICT: 400,
        Kind.FORBIDDEN: 403,
        Kind.BUSY: 503,
        Kind.UPSTREAM: 502,
        Kind.SIGNED_OUT: 401,
        Kind.TOO_MANY: 429,
    }
)

_STATUSES_OF_CLASSES: Mapping[type[Problem], int] = MappingProxyType(
    {
        RootNotTrusted: 409,
        CertificateUnreadable: 415,
        MethodNotSupported: 405,
        BodyTooSlow: 408,
        OddLength: 500,
        # The caller did nothing wrong.
        **dict.fromkeys(
            (
                *(SealingKeyMissing, SealingKeyExposed, SealedKeyDamaged),
                *(AuditChainBroken, DatabaseUnusable, DataFolderUnusable, OutcomeUnknown),
            ),
            500,
        ),
    }
)

_PHRASES = MappingProxyType({413: "Payload Too Large"})
"""Reason phrases that SAP writes, where Python's have changed between versions."""

_LOCKED = "The keystore is locked by another user. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the status and the body of an answer depend on besides the problem."""

    if_match: bool = False
    """Whether the request had the header If-Match."""
    locked: int = 503
    """Status for a keystore in other hands; 423 of RSAKeyGenerationRequests."""
    alias_missing: int = 404
    """Status for an unknown alias; 400 where ``update=true`` asks for one in a body."""
    top: Entity | None = None
    """The certificate that is to be confirmed, as a KeystoreEntry: the answer of RootNotTrusted."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error before it is written in a format."""

    status: int
    message: str
    """The text that a client shows: SAP's, if it has one."""
    slug: str
    title: str
    detail: str
    overridable: bool = False
    top: Entity | None = None

    @property
    def code(self) -> str:
        """The reason phrase of the status, which is SAP's error code."""
        return _PHRASES.get(self.status) or HTTPStatus(self.status).phrase


_PLAIN = Circumstances()


def answer(problem: Problem, circumstances: Circumstances = _PLAIN) -> ErrorAnswer:
    """Return status and texts of a problem."""
    return ErrorAnswer(
        status=_status(problem, circumstances),
        message=_documented_text(problem, circumstances) or problem.detail,
        slug=problem.slug,
        title=problem.title,
        detail=problem.detail,
        overridable=problem.overridable,
        top=circumstances.top if isinstance(problem, RootNotTrusted) else None,
    )


def status_of(problem: type[Problem]) -> int:
    """Return the status of a class of problems, where no circumstances change it."""
    if issubclass(problem, (EntryChanged, KeystoreBusy)):
        return _PLAIN.locked
    return _STATUSES_OF_CLASSES.get(problem, _STATUSES[problem.kind])


def unexpected(request_id: str) -> ErrorAnswer:
    """Return the answer to a request that met a defect; the log has it under the request's id."""
    return ErrorAnswer(
        status=500,
        message=f"Something went wrong here that should not; the log has it as {request_id}.",
        slug="internal-error",
        title="An error in the server",
        detail="Tell the administrator of the server the id of the request.",
    )


def keystore_name_invalid(name: str) -> RequestInvalid:
    """Return SAP's refusal of ``keystoreName`` and of a key of Keystores or KeystoreResources."""
    return RequestInvalid(f"Keystore name '{_shortened(name)}' is invalid.")


def keystore_name_unsupported(name: str) -> RequestInvalid:
    """Return SAP's refusal of the property Name in a body."""
    return RequestInvalid(
        f"The value '{_shortened(name)}' is not supported for the property 'Name'. Possible name "
        "values are 'system' and 'backup_admin_system'."
    )


def history_alias_invalid(alias: str) -> RequestInvalid:
    """Return SAP's refusal of a history entry's alias without its number."""
    return RequestInvalid(
        f"The alias \"{alias}\" is invalid: Alias '{alias}' does not start with '['"
    )


def not_imported(problem: Problem) -> str:
    """Return the Status of an entry that an import or a restore leaves out."""
    if isinstance(problem, AliasExists):
        return "notImported: An entry with the same alias already exists"
    if isinstance(problem, AliasReserved):
        reserved = "Aliases starting with 'sap_' are"
        if not problem.alias.lower().startswith("sap_"):
            reserved = f"The alias '{problem.alias}' is"
        return f"notImported: The alias is not allowed. {reserved} reserved for SAP."
    if isinstance(problem, KeyPairInTheWay):
        # The blank before the colon is SAP's.
        return "notImported :Key Pair entry cannot be overwritten by a certificate entry."
    return f"notImported: {problem.detail}"


def _status(problem: Problem, circumstances: Circumstances) -> int:
    if isinstance(problem, EntryChanged) and circumstances.if_match:
        return 412
    if isinstance(problem, (EntryChanged, KeystoreBusy)):
        return circumstances.locked
    if isinstance(problem, AliasNotFound):
        return circumstances.alias_missing
    if isinstance(problem, MethodNotSupported) and problem.method == "PATCH":
        return 501  # What SAP's service answers to a verb that is younger than OData V2.
    return status_of(type(problem))


def _documented_text(problem: Problem, circumstances: Circumstances) -> str | None:
    """Return SAP's text, which clients and people look for, or None."""
    if isinstance(problem, AliasExists):
        return f'Keystore entry with alias "{problem.alias}" already exists'
    if isinstance(problem, AliasNotFound):
        return f"Alias '{problem.alias}' not found in the keystore"
    if isinstance(problem, NotAKeyPair):
        return f'Alias "{problem.alias}" does not represent a Key Pair'
    if isinstance(problem, PublicKeyMismatch):
        return (
            "The public key of the CA Reply is different from the public key of the keystore entry"
        )
    if isinstance(problem, RootNotTrusted):
        if problem.missing_issuer is not None:
            return f"{problem.detail} To confirm it, repeat with fingerprintVerified=true."
        return (
            f"The certificate {problem.subject!r} is not trusted. Compare its fingerprint "
            f"(SHA-256 {problem.fingerprint}, SHA-1 {problem.fingerprint_sha1}) with its owner's, "
            "then repeat the request with fingerprintVerified=true."
        )
    if isinstance(problem, KeystoreBusy):
        return _LOCKED
    if isinstance(problem, EntryChanged) and not circumstances.if_match:
        return _LOCKED
    if problem.overridable:
        return f"{problem.detail} To accept it all the same, repeat with overrides={problem.slug}."
    return None


def _shortened(name: str) -> str:
    return name if len(name) <= 100 else name[:100] + "…"
