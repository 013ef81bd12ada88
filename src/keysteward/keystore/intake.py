"""Taking many entries in at once: a plan first, then one transaction.

Imports, restores and copies between keystores all bring entries that meet those that are there.
``plan`` decides what becomes of each, ``carry_out`` writes it. What is compared is the content:
chain, private key, usage, trust; an entry that is there already as it comes is not written again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from keysteward import entries
from keysteward.entries import Action, Caller, EntryType, Owner, Reason
from keysteward.keystore import aliases
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    EntryOwnedByProvider,
    EntryOwnedByTenant,
    KeyPairInTheWay,
    Problem,
)
from keysteward.sealing.sealer import SealedKey, SealingContext
from keysteward.storage.audit import DONE, AuditEvent
from keysteward.storage.records import Base, EntryState, NewEntry, NewKey, NewVersion
from keysteward.storage.transaction import Transaction
from keysteward.values import Alias, Fingerprint, Secret

_DEFAULT_USAGE = Usage.TLS_CLIENT

_IF_TAKEN = "It stays as it is; it gets the new content if existing entries are overwritten."


class Mode(StrEnum):
    """What happens to entries that are there already."""

    ADD = "add"
    """They stay; only new aliases come in (SAP: ``merge``)."""
    OVERWRITE = "overwrite"
    """They get the content that comes, as a new version."""
    REPLACE = "replace"
    """The same, and the caller's other entries are deleted; the other owner's stay."""


class Status(StrEnum):
    """What becomes of one entry (SAP's words, with a hyphen)."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    NOT_IMPORTED = "not-imported"


@dataclass(frozen=True, slots=True)
class PendingKey:
    """A pending version that comes with an entry."""

    chain: tuple[Certificate, ...]
    private_key_id: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """An entry that comes in. Of a key pair either the clear key or its row is given."""

    alias: str
    chain: tuple[Certificate, ...]
    """End-entity first; a certificate entry's is itself alone. Empty if ``problem`` is set."""
    type: EntryType
    usage: Usage | None = None
    """None: nothing is said of it; an entry that is there keeps its own."""
    trusted: bool = False
    pkcs8: Secret | None = field(default=None, repr=False)
    private_key_id: int | None = None
    """A private key that this keystore holds already."""
    pending: PendingKey | None = None
    revives: Base | None = None
    """The deleted entry that this is; it comes back instead of being made anew."""
    problem: Problem | None = None
    """Why it cannot come in, found before."""

    @property
    def public_key_sha256(self) -> Fingerprint | None:
        """Of the private key; None for a lone certificate."""
        return self.chain[0].public_key_sha256 if self.type is EntryType.KEY_PAIR else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one entry, and why."""

    alias: str
    status: Status
    arrival: Arrival | None = None
    """None for an entry that is removed."""
    current: EntryState | None = None
    problem: Problem | None = None

    @property
    def remark(self) -> str:
        """What else is to be known of an entry that changes, as a clause; usually empty."""
        arrival, current = self.arrival, self.current
        if arrival is None or current is None or self.problem is not None:
            return ""
        if arrival.type is not current.type:
            return f"instead of a {current.type.value.replace('-', ' ')}"
        if arrival.public_key_sha256 != current.content.public_key_sha256:
            return "another private key"
        if current.pending is not None and arrival.pending is None and arrival.private_key_id:
            return f"its pending key (version {current.pending}) is given up"
        return ""


@dataclass(frozen=True, slots=True)
class Intake:
    """A plan: every entry that comes, in its order, then those that are removed."""

    mode: Mode
    decisions: tuple[Decision, ...]

    def count(self, status: Status) -> int:
        """Return how many entries have this fate."""
        return sum(decision.status is status for decision in self.decisions)

    @property
    def changes_anything(self) -> bool:
        """Whether carrying it out would write anything."""
        return any(d.status in (Status.NEW, Status.CHANGED, Status.REMOVED) for d in self.decisions)

    @property
    def digest(self) -> Fingerprint:
        """SHA-256 over all that is decided, and over the states that it was decided against."""
        return entries.digest((self.mode, [_told(decision) for decision in self.decisions]))


def plan(
    steward: Steward,
    caller: Caller,
    arrivals: Sequence[Arrival],
    mode: Mode,
    *,
    spared: Collection[str] = (),
    if_taken: str = _IF_TAKEN,
) -> Intake:
    """Return what would become of each entry; nothing is stored.

    Args:
        steward: of the keystore that the entries come to.
        caller: whose entries they become.
        arrivals: the entries that come.
        mode: what happens to those that are there.
        spared: aliases that mode ``replace`` leaves alone, though nothing comes for them.
        if_taken: what to do about a taken alias in mode ``add``, as a sentence.
    """
    current = _current(steward, arrivals, mode)
    decisions: list[Decision] = []
    taken: set[str] = set()
    for arrival in arrivals:
        state = current.get(arrival.alias)
        problem = arrival.problem or _refusal(steward, caller, arrival, state, mode)
        if isinstance(problem, AliasExists):
            problem = AliasExists(problem.alias, remedy=if_taken)
        if problem is None and arrival.alias in taken:
            problem = AliasExists(Alias(arrival.alias))
        decisions.append(_decide(arrival, state, problem))
        taken.add(arrival.alias)
    if mode is Mode.REPLACE:
        decisions += (
            Decision(alias, Status.REMOVED, current=state)
            for alias, state in current.items()
            if alias not in taken and alias not in spared and state.owner is caller.owner
        )
    return Intake(mode, tuple(decisions))


def _told(decision: Decision) -> tuple[object, ...]:
    arrival, state, problem = decision.arrival, decision.current, decision.problem
    return (
        *(decision.alias, decision.status),
        None if arrival is None else _told_of_arrival(arrival),
        None if state is None else (state.entry_id, state.version, state.pending),
        None if problem is None else (problem.slug, problem.detail),
    )


def _told_of_arrival(arrival: Arrival) -> tuple[object, ...]:
    pending, revives = arrival.pending, arrival.revives
    return (
        *(arrival.type, arrival.usage, arrival.trusted, arrival.private_key_id),
        [certificate.fingerprint for certificate in arrival.chain],
        None if pending is None else [certificate.fingerprint for certificate in pending.chain],
        None if revives is None else (revives.entry_id, revives.version, revives.pending),
    )


def _current(steward: Steward, arrivals: Sequence[Arrival], mode: Mode) -> Mapping[str, EntryState]:
    """Return the entries that are there under the arrivals' aliases; all if they are replaced."""
    store, keystore_id = steward.store, steward.keystore_id
    if mode is Mode.REPLACE:
        return {state.alias: state for state in store.list_states(keystore_id)}
    taken = store.find_taken(keystore_id, [arrival.alias for arrival in arrivals])
    states = (store.find_state(keystore_id, alias) for alias in sorted(taken))
    return {state.alias: state for state in states if state is not None}


def carry_out(
    steward: Steward,
    writing: Transaction,
    intake: Intake,
    reason: Reason,
    detail: Mapping[str, object],
    *,
    owner: Owner = Owner.TENANT,
    file_sha256: Fingerprint | None = None,
    note: str | None = None,
) -> None:
    """Write a plan in an open transaction: all of it, or the transaction fails as a whole.

    Every entry that changes has its row in the audit log, after one for the whole with ``detail``.
    Raises EntryChanged or AliasExists if an entry is no longer as it was planned against.
    """
    counts = {status.value: intake.count(status) for status in Status}
    writing.audit(Action(reason.value), None, None, None, {**detail, "mode": intake.mode, **counts})
    for decision in intake.decisions:
        if decision.status is Status.REMOVED or _gives_way(decision):
            _delete(writing, decision)
    coming = [
        (decision, decision.arrival)
        for decision in intake.decisions
        if decision.arrival is not None and decision.status in (Status.NEW, Status.CHANGED)
    ]
    key_ids = _store_keys(steward, writing, [arrival for _, arrival in coming])
    created = []
    for (decision, arrival), key_id in zip(coming, key_ids, strict=True):
        version = NewVersion(reason, arrival.chain, key_id, file_sha256, note)
        if arrival.revives is not None and decision.current is None:
            writing.revive(arrival.revives)
            _replace(writing, arrival.revives, arrival, version, _DEFAULT_USAGE)
        elif decision.current is not None and not _gives_way(decision):
            state = decision.current
            _replace(writing, state.base, arrival, version, state.usage)
        else:
            created.append((arrival, version))
    _create(writing, created, owner)


def _refusal(
    steward: Steward, caller: Caller, arrival: Arrival, state: EntryState | None, mode: Mode
) -> Problem | None:
    try:
        alias = aliases.new_alias(arrival.alias, caller)
    except Problem as problem:
        return problem
    if state is None:
        return None
    if state.owner is not caller.owner:
        if state.owner is Owner.PROVIDER:
            return EntryOwnedByProvider(alias, steward.settings.provider)
        return EntryOwnedByTenant(alias)
    if mode is Mode.ADD and not _is_there(arrival, state):
        return AliasExists(alias)
    if arrival.type is EntryType.CERTIFICATE and state.type is EntryType.KEY_PAIR:
        return None if mode is Mode.REPLACE else KeyPairInTheWay(alias)
    return None


def _decide(arrival: Arrival, state: EntryState | None, problem: Problem | None) -> Decision:
    if problem is not None:
        status = Status.NOT_IMPORTED
    elif state is None:
        status = Status.NEW
    else:
        status = Status.UNCHANGED if _is_there(arrival, state) else Status.CHANGED
    return Decision(arrival.alias, status, arrival, state, problem)


def _is_there(arrival: Arrival, state: EntryState) -> bool:
    """Tell whether the entry that is there is the one that comes, in everything that is kept."""
    return (
        arrival.type is state.type
        and arrival.trusted == state.trusted
        and arrival.usage in (None, state.usage)
        and tuple(c.fingerprint for c in arrival.chain) == state.content.chain
        and arrival.public_key_sha256 == state.content.public_key_sha256
        and _same_pending(arrival, state)
    )


def _same_pending(arrival: Arrival, state: EntryState) -> bool:
    """Compare pending keys where the arrival knows of such: a snapshot does, a file does not."""
    if arrival.private_key_id is None or state.pending_content is None:
        return arrival.pending is None
    if arrival.pending is None:
        return False
    return (
        tuple(c.fingerprint for c in arrival.pending.chain) == state.pending_content.chain
        and arrival.pending.private_key_id == state.pending_content.private_key_id
    )


def _gives_way(decision: Decision) -> bool:
    """Tell whether the entry that is there is of the other type, so that it cannot be changed."""
    return (
        decision.status is Status.CHANGED
        and decision.arrival is not None
        and decision.current is not None
        and decision.arrival.type is not decision.current.type
    )


def _delete(writing: Transaction, decision: Decision) -> None:
    if decision.current is None:
        raise TypeError("a removal without an entry")
    writing.delete(decision.current.base)
    state = decision.current
    writing.audit(Action.DELETE, state.alias, state.entry_id, state.version, {})


def _store_keys(
    steward: Steward, writing: Transaction, arrivals: Sequence[Arrival]
) -> list[int | None]:
    """Return the ids of the arrivals' private keys, None for certificates."""
    clear = [a for a in arrivals if a.pkcs8 is not None]
    ids = iter(writing.add_private_keys([_new_key(steward, a) for a in clear]))
    return [a.private_key_id if a.pkcs8 is None else next(ids) for a in arrivals]


def _new_key(steward: Steward, arrival: Arrival) -> NewKey:
    pkcs8 = arrival.pkcs8
    if pkcs8 is None:
        raise TypeError("a key pair without a key")

    def seal(context: SealingContext) -> SealedKey:
        return steward.sealer.seal(pkcs8, context)

    return NewKey(arrival.chain[0].public_key_sha256, seal)


def _replace(
    writing: Transaction, base: Base, arrival: Arrival, version: NewVersion, usage: Usage
) -> None:
    keeps = arrival.private_key_id is None and arrival.type is EntryType.KEY_PAIR
    number = writing.replace_chain(base, version, keep_pending=keeps)
    writing.describe(base.entry_id, arrival.usage or usage, trusted=arrival.trusted)
    if arrival.pending is not None:
        pending = NewVersion(Reason.RENEWAL, arrival.pending.chain, arrival.pending.private_key_id)
        now = Base(base.alias, base.entry_id, number, None)
        writing.set_pending(now, pending)


def _create(
    writing: Transaction, created: Sequence[tuple[Arrival, NewVersion]], owner: Owner
) -> None:
    ids = writing.create_entries(
        [
            (
                NewEntry(
                    Alias(arrival.alias),
                    arrival.type,
                    owner,
                    arrival.usage or _DEFAULT_USAGE,
                    arrival.trusted,
                ),
                version,
            )
            for arrival, version in created
        ]
    )
    events = []
    for entry_id, (arrival, version) in zip(ids, created, strict=True):
        action = Action(version.reason.value)
        told = {
            "chain": [certificate.fingerprint for certificate in arrival.chain],
            "file_sha256": version.file_sha256,
            "note": version.note,
        }
        events.append(AuditEvent(action, DONE, arrival.alias, entry_id, 1, told))
        if arrival.pending is not None:
            pending = NewVersion(
                Reason.RENEWAL, arrival.pending.chain, arrival.pending.private_key_id
            )
            writing.set_pending(Base(Alias(arrival.alias), entry_id, 1, None), pending)
    writing.audit_all(events)
