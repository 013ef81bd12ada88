"""Keys of the provider in New and in its history: listed, held, withdrawn, brought back.

How they come is in ``supplies``, how they become active in ``activations``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from keysteward.entries import Action, Caller, Entry, EntryType, ListedEntry, Owner, Reason, View
from keysteward.keystore import aliases
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.problems import AliasInvalid, NotTheProvider
from keysteward.storage.records import Activation, Base, NewEntry, NewVersion
from keysteward.values import Alias

DAYS_BEFORE = 1
"""A waiting key is activated in the last 24 hours of the active one, as by SAP's daily job."""

_PAGE = 1000

_IN_HISTORY = re.compile(r"\[[1-9][0-9]*\]_(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NewProviderKey:
    """A key that waits in the view New."""

    entry: ListedEntry
    arrived_at: datetime
    held: bool
    """Whether it waits for a person instead of its day."""
    replaces_until: datetime | None
    """The end of the active key's certificate; None if the alias has no active key."""

    @property
    def activates_at(self) -> datetime | None:
        """From when on the daily job activates the key; None if it leaves that to a person."""
        if self.held or self.replaces_until is None:
            return None
        return automatic_day(self.entry.not_before, self.entry.not_after, self.replaces_until)


@dataclass(frozen=True, slots=True)
class HistoryKey:
    """A key that was replaced, and when it was active."""

    entry: ListedEntry
    activation: Activation


def automatic_day(
    not_before: datetime, not_after: datetime, replaces_until: datetime
) -> datetime | None:
    """Return from when on a waiting key is activated without being asked for; None for never.

    A key that is not valid yet, or does not outlive the active one, helps nobody: the first waits
    for its validity, the second for a person.
    """
    if not_after <= replaces_until:
        return None
    return max(replaces_until - timedelta(days=DAYS_BEFORE), not_before)


def list_new(steward: Steward) -> tuple[NewProviderKey, ...]:
    """Return the keys that wait to be activated, by alias."""
    known_keys = steward.store.catalogue.list_waiting_keys(steward.keystore_id)
    waiting = {key.entry_id: key for key in known_keys}
    return tuple(
        NewProviderKey(entry, known.arrived_at, known.held, known.replaces_until)
        for entry in _listed(steward, View.NEW)
        if (known := waiting.get(entry.id)) is not None
    )


def list_history(steward: Steward) -> tuple[HistoryKey, ...]:
    """Return the keys that were replaced, by original alias and number."""
    entries = {entry.id: entry for entry in _listed(steward, View.HISTORY)}
    return tuple(
        HistoryKey(entries[activation.entry_id], activation)
        for activation in steward.store.list_activations(steward.keystore_id)
        if activation.entry_id in entries
    )


def hold(steward: Steward, caller: Caller, alias: str, *, held: bool = True) -> Entry:
    """Let a new key wait for a person, or for its day again; tenant and provider both can.

    Raises AliasNotFound, EntryChanged.
    """
    action = Action.HOLD if held else Action.RELEASE
    with steward.recording_refusals(caller, action, alias):
        entry = steward.store.get_entry(steward.keystore_id, alias, View.NEW)
        with steward.writing(caller) as writing:
            writing.hold(Base.of(entry), held=held)
            writing.audit(action, entry.alias, entry.id, entry.version.number, {"view": View.NEW})
    return entry


def withdraw(steward: Steward, caller: Caller, alias: str) -> int:
    """Take a new key away before it is activated: a wrong delivery, or a restore by mistake.

    Its private key is destroyed unless another entry has it, like the one in the history from which
    it was restored. Returns the number of private keys destroyed. The provider's alone, whose key
    it is; the tenant administrator can hold it. Raises NotTheProvider, AliasNotFound, EntryChanged.
    """
    with steward.recording_refusals(caller, Action.WITHDRAW, alias):
        if caller.owner is not Owner.PROVIDER:
            raise NotTheProvider(alias, steward.settings.provider)
        entry = steward.store.get_entry(steward.keystore_id, alias, View.NEW)
        with steward.writing(caller) as writing:
            destroyed = len(writing.purge(Base.of(entry)))
            chain = [certificate.fingerprint for certificate in entry.version.chain]
            detail = {"view": View.NEW, "chain": chain, "keys_destroyed": destroyed}
            writing.audit(Action.WITHDRAW, entry.alias, entry.id, entry.version.number, detail)
    return destroyed


def restore(
    steward: Steward, caller: Caller, history_alias: str, destination: str | None = None
) -> Entry:
    """Copy a replaced key to New, under its original alias or another one of the provider's.

    It waits there like any new key, and stays in the history. Tenant and provider both can.

    Raises AliasInvalid for an alias that is none of the history, AliasNotFound, AliasReserved,
    NotAKeyPair, and AliasExists if a key waits under the destination's alias already.
    """
    with steward.recording_refusals(caller, Action.RESTORED, history_alias):
        found = steward.store.get_entry(
            steward.keystore_id, _in_history(history_alias), View.HISTORY
        )
        original = _IN_HISTORY.sub(r"\1", found.alias)
        provider = replace(caller, owner=Owner.PROVIDER)
        name = aliases.new_alias(original if destination is None else destination, provider)
        require_no_certificate(steward, name)
        new = NewEntry(name, EntryType.KEY_PAIR, Owner.PROVIDER, found.usage, view=View.NEW)
        kept = found.version
        version = NewVersion(Reason.RESTORED, kept.chain, kept.private_key_id, note=found.alias)
        with steward.writing(caller) as writing:
            entry_id = writing.create_entry(new, version)
            chain = [certificate.fingerprint for certificate in kept.chain]
            detail = {"view": View.NEW, "from": found.alias, "chain": chain}
            writing.audit(Action.RESTORED, name, entry_id, 1, detail)
    return steward.store.get_entry(steward.keystore_id, name, View.NEW)


def require_no_certificate(steward: Steward, alias: Alias) -> None:
    """Refuse a key pair under the alias of a current certificate, which it could never replace."""
    current = steward.store.find_entry(steward.keystore_id, alias)
    if current is not None:
        require_key_pair(current)


def _in_history(text: str) -> str:
    if _IN_HISTORY.fullmatch(text) is None:
        raise AliasInvalid(
            text,
            "keys in the history are called '[number]_alias'. Look at the list of that history.",
        )
    return text


def _listed(steward: Steward, view: View) -> Iterator[ListedEntry]:
    after: ListedEntry | None = None
    while True:
        page = steward.store.list_entries(steward.keystore_id, limit=_PAGE, view=view, after=after)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1]
