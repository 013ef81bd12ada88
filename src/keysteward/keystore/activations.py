"""Activating a new key of the provider: the old pair goes to the history, all in one transaction.

1. Plan: the waiting key, the current one, and what changes between them; nothing is stored.
2. In one transaction: the waiting key leaves New; the current pair goes to the history as
   ``[n]_alias``; Current gets the new chain and key as the next version of the same entry, or a new
   entry if the alias has none.

The first step of the transaction is conditional, so of any number of processes one activates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from keysteward.entries import (
    Action,
    Caller,
    Entry,
    EntryType,
    Owner,
    Reason,
    Version,
    View,
    digest,
    outcome,
)
from keysteward.keystore import judgement, provider_keys
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.notices import NoticeKind
from keysteward.pki import rules
from keysteward.pki.rules import Finding
from keysteward.problems import (
    OVERRIDES,
    AliasExists,
    AliasNotFound,
    EntryChanged,
    Problem,
)
from keysteward.storage.records import Activation, Base, NewEntry, NewVersion
from keysteward.storage.transaction import Transaction
from keysteward.values import Alias, Fingerprint, Notice


@dataclass(frozen=True, slots=True)
class ActivationPlan:
    """What an activation would do: a value, not stored."""

    waiting: Entry
    current: Entry | None
    """The entry that is overwritten; None if one is made."""
    notices: tuple[Notice, ...]

    @property
    def alias(self) -> Alias:
        """The alias of both."""
        return self.waiting.alias

    @property
    def outcome(self) -> str:
        """``accept``, or ``warn`` if at least one notice is a warning."""
        return outcome(self.notices)

    @property
    def digest(self) -> Fingerprint:
        """SHA-256 over the plan, and over the states that it was made against."""
        new, old = self.waiting, self.current
        return digest(
            (
                *(self.alias, new.id, new.version.number),
                [certificate.fingerprint for certificate in new.version.chain],
                None if old is None else (old.id, old.version.number),
                [(notice.slug, notice.severity, notice.detail) for notice in self.notices],
            )
        )


@dataclass(frozen=True, slots=True)
class Activated:
    """A plan that was carried out."""

    plan: ActivationPlan
    version: int
    """The entry's current version now."""
    history_alias: Alias | None
    """Where the old pair is; None if there was none."""


@dataclass(frozen=True, slots=True)
class Due:
    """What the daily job did with a key whose day had come: activated it, or was refused."""

    alias: Alias
    activated: Activated | None = None
    problem: Problem | None = None


def plan_activation(steward: Steward, alias: str) -> ActivationPlan:
    """Return what activating a new key would do.

    Nothing that the new certificate lacks stands in the way, also not that it has ended: the
    notices say so. Raises AliasNotFound, NotAKeyPair.
    """
    waiting = steward.store.get_entry(steward.keystore_id, alias, View.NEW)
    current = steward.store.find_entry(steward.keystore_id, waiting.alias)
    if current is not None:
        require_key_pair(current)
    now = steward.clock()
    findings = _findings(waiting, current, now)
    notices, _ = judgement.judge_chain(findings, waiting.version.chain, now, OVERRIDES)
    return ActivationPlan(waiting, current, notices)


def activate(
    steward: Steward,
    caller: Caller,
    alias: str,
    *,
    accept: Callable[[ActivationPlan], None] = lambda plan: None,
) -> Activated:
    """Make a new key the active one of its alias; tenant and provider both can.

    The plan is made outside any transaction and handed to ``accept``, which may raise to refuse it.
    Afterwards all of it is on disk, or nothing is changed.

    Raises AliasNotFound if no such key waits (any more), NotAKeyPair, and EntryChanged if the new
    or the current key is not as it was planned with.
    """
    with steward.recording_refusals(caller, Action.ACTIVATED, alias):
        plan = plan_activation(steward, alias)
        accept(plan)
        return _carry_out(steward, caller, plan, automatic=False)


def activate_due(steward: Steward, caller: Caller, now: datetime) -> tuple[Due, ...]:
    """Activate every waiting key whose day has come; see ``each_due``."""
    return tuple(each_due(steward, caller, now))


def each_due(steward: Steward, caller: Caller, now: datetime) -> Iterator[Due]:
    """Activate every waiting key whose day has come, each in a transaction of its own.

    Any number of processes may do this at once: each key is activated by one of them, and is in the
    answer of that one alone. A key that is held, or whose day never comes, is left to a person; see
    ``provider_keys.automatic_day``.
    """
    for key in provider_keys.list_new(steward):
        if key.activates_at is not None and key.activates_at <= now:
            done = _activate_due(steward, caller, key.entry.alias, now)
            if done is not None:
                yield done


def _activate_due(steward: Steward, caller: Caller, alias: Alias, now: datetime) -> Due | None:
    try:
        plan = plan_activation(steward, alias)
        if not _is_due(plan, now):
            return None
        return Due(alias, _carry_out(steward, caller, plan, automatic=True))
    except (AliasNotFound, EntryChanged):
        return None  # Another process was faster, or somebody holds the key now.
    except Problem as problem:
        if not problem.refuses:
            raise
        _record(steward, caller, alias, problem)
        return Due(alias, problem=problem)


def _record(steward: Steward, caller: Caller, alias: Alias, problem: Problem) -> None:
    steward.store.record_refusal(
        steward.keystore_id,
        caller.name,
        steward.clock(),
        action=Action.ACTIVATED,
        alias=alias,
        problem=problem,
    )


def _is_due(plan: ActivationPlan, now: datetime) -> bool:
    """Look again: since the list was read, another key may wait, or another one be active."""
    if plan.current is None:
        return False
    new, active = plan.waiting.version.certificate, plan.current.version.certificate
    day = provider_keys.automatic_day(new.not_before, new.not_after, active.not_after)
    return day is not None and day <= now


def _carry_out(
    steward: Steward, caller: Caller, plan: ActivationPlan, *, automatic: bool
) -> Activated:
    new = plan.waiting.version
    version = NewVersion(Reason.ACTIVATED, new.chain, new.private_key_id)
    since = None if plan.current is None else _since(steward, plan.current)
    with steward.writing(caller) as writing:
        writing.discard(Base.of(plan.waiting), unless_held=automatic)
        if plan.current is None or since is None:
            return Activated(
                plan, _create(writing, plan.waiting, version, automatic=automatic), None
            )
        history_alias = _to_history(writing, plan.current, since)
        number = writing.replace_chain(
            Base.of(plan.current), version, {"history": history_alias, "automatic": automatic}
        )
        writing.describe(plan.current.id, plan.waiting.usage, trusted=False)
    return Activated(plan, number, history_alias)


def _create(writing: Transaction, waiting: Entry, version: NewVersion, *, automatic: bool) -> int:
    new = NewEntry(waiting.alias, EntryType.KEY_PAIR, Owner.PROVIDER, waiting.usage)
    try:
        entry_id = writing.create_entry(new, version)
    except AliasExists as problem:
        reason = "An entry of this alias was made since it was looked at."
        raise EntryChanged(waiting.alias, reason) from problem
    chain = [certificate.fingerprint for certificate in version.chain]
    detail = {"history": None, "automatic": automatic, "chain": chain}
    writing.audit(Action.ACTIVATED, waiting.alias, entry_id, 1, detail)
    return 1


def _to_history(writing: Transaction, current: Entry, since: Version) -> Alias:
    sequence = writing.next_activation(current.alias)
    alias = Alias(f"[{sequence}]_{current.alias}")
    entry_id = writing.create_entry(
        NewEntry(alias, EntryType.KEY_PAIR, Owner.PROVIDER, current.usage, view=View.HISTORY),
        NewVersion(Reason.ACTIVATED, current.version.chain, current.version.private_key_id),
    )
    writing.add_activation(
        Activation(
            entry_id=entry_id,
            original_alias=current.alias,
            sequence=sequence,
            active_from=since.created_at,
            activated_by=since.created_by,
            active_until=writing.at,
            deactivated_by=writing.actor,
        )
    )
    return alias


def _since(steward: Steward, current: Entry) -> Version:
    """Return the version with which the current key became the active one.

    Later versions with the same key are new certificates for it; pending ones were never active.
    """
    first = current.version
    for version in reversed(steward.store.list_versions(current)):
        if version.number > current.version.number or version.reason is Reason.RENEWAL:
            continue
        if version.private_key_id != current.version.private_key_id:
            break
        first = version
    return first


def _findings(waiting: Entry, current: Entry | None, now: datetime) -> Iterator[Finding]:
    chain = waiting.version.chain
    yield from judgement.of_the_chain(chain, waiting.usage, now)
    yield from judgement.of_tls(chain[0], waiting.usage)
    if current is None:
        return
    if chain == current.version.chain:
        yield NoticeKind.ALREADY_CURRENT.about(
            f"{waiting.alias!r} has this key with this chain already: an activation only takes it "
            "off the new keys, and adds one more entry to the history."
        )
    if chain[0].spki != current.version.certificate.spki:
        yield NoticeKind.KEY_CHANGED.about("The new private key replaces the current one.")
    if not current.version.certificate.self_signed:
        yield from rules.against_replaced(chain, current.version.chain)
