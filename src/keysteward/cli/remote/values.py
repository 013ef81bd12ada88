"""What a server tells, as the values that the commands show."""

from enum import StrEnum
from typing import TypeVar

import typer

from keysteward.cli.desk_values import (
    ActivationStep,
    Fate,
    ImportProspect,
    LeftOut,
    Planned,
    Prospect,
    Shown,
    Stored,
)
from keysteward.client import refusals
from keysteward.client import values as told
from keysteward.entries import (
    ChainLink,
    Entry,
    EntryType,
    ListedEntry,
    Owner,
    Plan,
    Reason,
    SigningRequest,
    Source,
    Version,
    View,
)
from keysteward.keystore.downloads import Download
from keysteward.keystore.intake import Mode, Status
from keysteward.keystore.provider_keys import HistoryKey, NewProviderKey
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.public_keys import KeyKind
from keysteward.pki.usages import Usage
from keysteward.problems import ConnectionFailed, Problem
from keysteward.storage.records import Activation
from keysteward.values import Alias, Secret

_Word = TypeVar("_Word", bound=StrEnum)

_UNKNOWN = 0
"""Numbers of rows, which a server does not tell and no command shows."""


def word(kind: type[_Word], text: str) -> _Word:
    """Return a word of an enumeration. Raises ConnectionFailed for one of a newer server."""
    try:
        return kind(text)
    except ValueError as error:
        raise ConnectionFailed(
            "the server",
            f"It says {text[:100]!r}, which this version does not know.",
            "Bring the older of the two up to the version of the other.",
        ) from error


def text_of(secret: Secret | None) -> str | None:
    """Return a password as it is sent. Raises BadParameter for one that is no text."""
    try:
        return None if secret is None else secret.reveal().decode()
    except UnicodeDecodeError as error:
        raise typer.BadParameter("a password for a server has to be UTF-8 text.") from error


def certificate(given: told.Certificate) -> Certificate:
    """Return a certificate, read anew from its bytes."""
    return read_certificate(given.der)


def version(given: told.Version) -> Version:
    """Return one state of an entry."""
    return Version(
        number=given.number,
        reason=word(Reason, given.reason),
        created_at=given.created_at,
        created_by=given.created_by,
        chain=tuple(map(certificate, given.chain)),
        private_key_id=_UNKNOWN if given.has_private_key else None,
        file_sha256=given.file_sha256,
        note=given.note,
    )


def entry(given: told.Entry) -> Entry:
    """Return an entry."""
    return Entry(
        id=given.id,
        keystore_id=_UNKNOWN,
        alias=Alias(given.alias),
        type=word(EntryType, given.type),
        owner=word(Owner, given.owner),
        usage=word(Usage, given.usage),
        trusted=given.trusted,
        version=version(given.version),
        pending=None if given.pending is None else version(given.pending),
        waiting_since=given.waiting_since,
        created_at=given.created_at,
        created_by=given.created_by,
        modified_at=given.modified_at,
        modified_by=given.modified_by,
        deleted_at=given.deleted_at,
        view=word(View, given.view),
    )


def listed(given: told.ListedEntry) -> ListedEntry:
    """Return a line of a list."""
    return ListedEntry(
        id=given.id,
        alias=Alias(given.alias),
        type=word(EntryType, given.type),
        owner=word(Owner, given.owner),
        usage=word(Usage, given.usage),
        trusted=given.trusted,
        version=given.version,
        pending=given.pending,
        waiting_since=given.waiting_since,
        modified_at=given.modified_at,
        deleted_at=given.deleted_at,
        subject=given.subject,
        issuer=given.issuer,
        not_before=given.not_before,
        not_after=given.not_after,
        key=KeyKind(given.key.type, given.key.size, given.key.curve),
        signature_algorithm=given.signature_algorithm,
        fingerprint=given.sha256,
        self_signed=given.self_signed,
    )


def shown(given: told.Entry) -> Shown:
    """Return an entry with what is shown beside it."""
    requests = tuple(
        SigningRequest(
            id=request.id,
            der=request.der,
            public_key_sha256=request.public_key_sha256,
            created_at=request.created_at,
            created_by=request.created_by,
            answered_at=request.answered_at,
        )
        for request in given.requests
    )
    return Shown(entry(given), requests, _provided(given))


def stored(given: told.StoredEntry) -> Stored:
    """Return an entry after an upload."""
    return Stored(entry(given.entry), given.notices, given.changed)


def planned(given: told.Plan) -> Planned:
    """Return a plan of an upload or a rollback."""
    links = (ChainLink(certificate(k.certificate), word(Source, k.source)) for k in given.chain)
    plan = Plan(
        alias=Alias(given.alias),
        entry_id=_UNKNOWN,
        base_version=given.base_version,
        base_pending=given.base_pending,
        reason=None if given.reason is None else word(Reason, given.reason),
        chain=tuple(links),
        private_key_id=_UNKNOWN,
        notices=given.notices,
        overridden=given.overridden,
        confirms_root=given.confirms_root,
        file_sha256=None,
        replaced=certificate(given.replaced),
        restores=given.restores,
    )
    return Planned(plan, given.version, given.digest)


def prospect(given: told.Prospect | told.ImportProspect) -> Prospect:
    """Return what a restore, a copy or an import means."""
    return Prospect(word(Mode, given.mode), tuple(map(_fate, given.decisions)))


def import_prospect(given: told.ImportProspect) -> ImportProspect:
    """Return what an import means."""
    return ImportProspect(
        given.format,
        given.file_sha256,
        given.proven,
        prospect(given),
        tuple(LeftOut(one.name, one.reason) for one in given.skipped),
    )


def new_key(given: told.NewKey) -> NewProviderKey:
    """Return a key that waits to be activated."""
    return NewProviderKey(listed(given.entry), given.arrived_at, given.held, given.replaces_until)


def history_key(given: told.HistoryKey) -> HistoryKey:
    """Return a key that was replaced."""
    return HistoryKey(listed(given.entry), _activation(given.entry.id, given.activation))


def step(given: told.ActivationStep) -> ActivationStep:
    """Return what an activation means, or what came of it."""
    return ActivationStep(
        alias=given.alias,
        chain=tuple(map(certificate, given.chain)),
        replaced=None if given.replaced is None else certificate(given.replaced),
        replaced_version=given.replaced_version,
        notices=given.notices,
        version=given.version,
        history_alias=given.history_alias,
        problem=_problem(given.problem),
    )


def download(given: told.File) -> Download:
    """Return a file that the server gave."""
    return Download(given.name, given.media_type, given.content, given.notices)


def _fate(given: told.Fate) -> Fate:
    return Fate(
        alias=given.alias,
        status=word(Status, given.status),
        type=None if given.type is None else word(EntryType, given.type),
        trusted=given.trusted,
        sha256=given.sha256,
        subject=given.subject,
        not_after=given.not_after,
        remark=given.remark,
        problem=_problem(given.problem),
    )


def _problem(document: dict[str, object] | None) -> Problem | None:
    if document is None:
        return None
    status = document.get("status")
    return refusals.problem_of(status if isinstance(status, int) else 0, document)


def _provided(given: told.Entry) -> NewProviderKey | HistoryKey | None:
    if given.waiting_key is not None:
        known = given.waiting_key
        return NewProviderKey(_line(given), known.arrived_at, known.held, known.replaces_until)
    if given.activation is not None:
        return HistoryKey(_line(given), _activation(given.id, given.activation))
    return None


def _line(given: told.Entry) -> ListedEntry:
    """Return an entry as a line of a list."""
    found = given.version.certificate
    return listed(
        told.ListedEntry(
            id=given.id,
            alias=given.alias,
            type=given.type,
            owner=given.owner,
            usage=given.usage,
            trusted=given.trusted,
            version=given.version.number,
            subject=found.subject,
            issuer=found.issuer,
            not_before=found.not_before,
            not_after=found.not_after,
            key=found.key,
            signature_algorithm=found.signature_algorithm,
            sha256=found.sha256,
            self_signed=found.self_signed,
            modified_at=given.modified_at,
            pending=given.pending.number if given.pending else None,
            waiting_since=given.waiting_since,
            deleted_at=given.deleted_at,
        )
    )


def _activation(entry_id: int, given: told.Activation) -> Activation:
    return Activation(
        entry_id=entry_id,
        original_alias=Alias(given.original_alias),
        sequence=given.sequence,
        active_from=given.active_from,
        activated_by=given.activated_by,
        active_until=given.active_until,
        deactivated_by=given.deactivated_by,
    )
