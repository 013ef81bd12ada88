"""Rows of the audit log as the events that SAP Cloud Integration writes for the same deeds.

Source: SAP's help page on audit log events, "Manage security": ``action`` is ``Create`` or
``Delete``, an update by upload is a ``Create``, a rename is one ``Delete`` and one ``Create``.
Names stand under ``Issuer CN`` and ``Subject CN`` whole, serial numbers are decimal, and nothing is
ever said to have changed. Deeds that SAP has no event for, refusals, and what becomes of the
provider's new keys before they are activated, have none here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from keysteward.entries import Action, Entry, EntryType, View
from keysteward.keystore import chronicle
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.storage.audit import DONE
from keysteward.storage.records import AuditRow
from keysteward.values import Fingerprint


class ObjectType(StrEnum):
    """What an event is about. SAP documents the X.509 ones; the SSH one follows their pattern."""

    KEY_PAIR = "X.509 Key-Pair"
    CERTIFICATE = "X.509 Certificate"
    SSH_KEY_PAIR = "SSH Key-Pair"
    RESTORED = "Backup X.509 Certificate"
    """Whatever comes back from a backup."""


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """What a row is about, as far as it is still known."""

    type: ObjectType
    certificate: Certificate | None
    """The end-entity certificate that was current; None if nothing tells it any more."""
    was_deleted: bool = False
    """Whether the entry was deleted before: its purge takes nothing away that is seen."""


@dataclass(frozen=True, slots=True)
class SapEvent:
    """One event; ``members`` has SAP's names for what SAP has."""

    action: str
    object_type: ObjectType
    object_id: str
    """The alias."""
    certificate: Certificate | None = field(repr=False)
    at: datetime
    actor: str
    sequence: int
    """Of the row that it was made from."""

    @property
    def members(self) -> dict[str, object]:
        """Return the event for a JSON document; time, user and row stand beside SAP's members."""
        return {
            "action": self.action,
            "objectType": self.object_type.value,
            "objectId": self.object_id,
            "attributes": {} if self.certificate is None else _attributes(self.certificate),
            "changedAttributes": {},
            "time": self.at,
            "user": self.actor,
            "sequence": self.sequence,
        }


_CREATED = frozenset(
    {
        *(Action.GENERATE, Action.ADD_KEY_PAIR, Action.ADD_SSH_KEY, Action.ADD_RSA_KEY),
        *(Action.ADD_CERTIFICATE, Action.UPLOADED, Action.SIGNING_RESPONSE),
        *(Action.CHAIN_REPAIRED, Action.ROLLED_BACK, Action.UNDELETE, Action.IMPORTED),
        *(Action.COPIED, Action.RESTORED, Action.SUPPLIED, Action.ACTIVATED),
    }
)
_DELETED = frozenset({Action.DELETE, Action.PURGE})
_TOLD = _CREATED | _DELETED | {Action.RENAME}

_TYPES: Mapping[str, ObjectType] = {
    Action.GENERATE: ObjectType.KEY_PAIR,
    Action.ADD_KEY_PAIR: ObjectType.KEY_PAIR,
    Action.ADD_RSA_KEY: ObjectType.KEY_PAIR,
    Action.ADD_SSH_KEY: ObjectType.SSH_KEY_PAIR,
    Action.ADD_CERTIFICATE: ObjectType.CERTIFICATE,
    Action.SIGNING_REQUEST: ObjectType.KEY_PAIR,
    Action.SIGNING_RESPONSE: ObjectType.KEY_PAIR,
    Action.CHAIN_REPAIRED: ObjectType.KEY_PAIR,
    Action.RENEW: ObjectType.KEY_PAIR,
}
"""What the rows of a purged entry tell of its type, besides how many keys went with it."""


def events_of(row: AuditRow, subject: AuditSubject) -> tuple[SapEvent, ...]:
    """Return the events of a row: none, one, or the two of a rename in the order of SAP's page."""
    if row.alias is None or not _is_told(row) or _is_gone(row, subject):
        return ()
    if row.action == Action.RENAME:
        new = str(row.detail.get("new_alias", ""))
        return (_event(row, subject, "Delete", row.alias), _event(row, subject, "Create", new))
    return (_event(row, subject, "Delete" if row.action in _DELETED else "Create", row.alias),)


def read_events(steward: Steward, rows: Iterable[AuditRow]) -> Iterator[SapEvent]:
    """Yield the events of rows, in their order; asks the store about one row at a time."""
    for row in rows:
        if _is_told(row):
            yield from events_of(row, _subject(steward, row))


def _is_gone(row: AuditRow, subject: AuditSubject) -> bool:
    return row.action == Action.PURGE and subject.was_deleted


def _is_told(row: AuditRow) -> bool:
    view = row.detail.get("view", View.CURRENT)
    return row.outcome == DONE and row.action in _TOLD and view == View.CURRENT


def _event(row: AuditRow, subject: AuditSubject, action: str, alias: str) -> SapEvent:
    type_ = ObjectType.RESTORED if row.action == Action.RESTORED else subject.type
    return SapEvent(*(action, type_, alias, subject.certificate, row.at, row.actor, row.sequence))


def _attributes(certificate: Certificate) -> dict[str, str]:
    return {
        "Issuer CN": certificate.issuer,
        "Subject CN": certificate.subject,
        "Serial Number": str(certificate.serial_number),
    }


def _subject(steward: Steward, row: AuditRow) -> AuditSubject:
    if row.entry_id is None:
        return AuditSubject(ObjectType.CERTIFICATE, None)
    fingerprints = chronicle.fingerprints_of(steward, row)
    entry = steward.store.find_by_id(row.entry_id)
    if entry is None:
        return _purged(steward, row, row.entry_id)
    return AuditSubject(_type(entry), _certificate(steward, fingerprints))


def _purged(steward: Steward, row: AuditRow, entry_id: int) -> AuditSubject:
    """Find what a row was about in the rows of its entry: its type, its last chain until then."""
    rows = steward.store.audit_log.read_of_entry(steward.keystore_id, entry_id)
    done = [one for one in rows if one.outcome == DONE]
    before = [one for one in done if one.sequence <= row.sequence]
    chains = (chronicle.fingerprints_of(steward, one) for one in reversed(before))
    types = map(_type_told, done)
    lives = [one for one in before[:-1] if one.action in (Action.DELETE, Action.UNDELETE)]
    return AuditSubject(
        next(filter(None, types), ObjectType.CERTIFICATE),
        _certificate(steward, next(filter(None, chains), ())),
        bool(lives) and lives[-1].action == Action.DELETE,
    )


def _type(entry: Entry) -> ObjectType:
    if entry.type is EntryType.CERTIFICATE:
        return ObjectType.CERTIFICATE
    return ObjectType.SSH_KEY_PAIR if entry.usage is Usage.SSH else ObjectType.KEY_PAIR


def _type_told(row: AuditRow) -> ObjectType | None:
    if row.action == Action.PURGE and row.detail.get("keys_destroyed"):
        return ObjectType.KEY_PAIR
    return _TYPES.get(row.action)


def _certificate(steward: Steward, chain: Sequence[Fingerprint]) -> Certificate | None:
    return next(iter(steward.store.audit_log.find_certificates(chain[:1])), None)
