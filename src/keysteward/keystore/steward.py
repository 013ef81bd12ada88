"""What every operation is given: where entries live, how keys are sealed, what time it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from keysteward.entries import Action, Caller, Entry, EntryType, Owner
from keysteward.pki.certificates import Certificate
from keysteward.problems import (
    AliasExists,
    EntryOwnedByProvider,
    EntryOwnedByTenant,
    InstallationOwnedByTenant,
    KeystoreTooLarge,
    NotAKeyPair,
    Problem,
)
from keysteward.sealing.sealer import Sealer
from keysteward.settings import Settings
from keysteward.storage.records import Receipt
from keysteward.storage.store import Store
from keysteward.storage.transaction import Transaction
from keysteward.values import Alias


@dataclass(frozen=True, slots=True)
class Steward:
    """The operations' first argument, made once by the composition root."""

    store: Store
    sealer: Sealer
    settings: Settings
    clock: Callable[[], datetime]
    """Returns the present, aware UTC."""
    keystore_id: int
    bundle: tuple[Certificate, ...] = ()
    """Roots that need no confirmation, from the configured trust bundle."""
    precondition: Callable[[], None] | None = None
    """Called when a write transaction has begun; raises if the caller wants nothing done then.

    Whoever asks "is the entry still as I saw it" gets an answer that no other writer can overtake:
    the operation read the entry before, and its change is refused if it is another one now.
    """
    receipt: Receipt | None = None
    """Called in a write transaction just before its commit, to leave a trace that is there exactly
    if what was written is."""

    @contextmanager
    def recording_refusals(
        self, caller: Caller, action: Action, alias: str | None
    ) -> Iterator[None]:
        """Write a refusal of the enclosed operation to the audit log, then let it go on its way.

        A database that is busy, lost or cannot be used refuses nobody: it is what the log is
        written to, and the operation may have been done.
        """
        try:
            yield
        except Problem as problem:
            if problem.refuses:
                self.store.record_refusal(
                    self.keystore_id,
                    caller.name,
                    self.clock(),
                    action=action,
                    alias=alias,
                    problem=problem,
                )
            raise

    @contextmanager
    def writing(self, caller: Caller, *, shared: bool = False) -> Iterator[Transaction]:
        """Begin a write transaction of the caller on this keystore; see ``Store.writing``.

        Raises KeystoreTooLarge at its end if the compatibility limit is set and it grew beyond,
        and what ``precondition`` and ``receipt`` do.
        """
        limit = self.settings.keystore_limit_bytes
        # What all entries take together stays so only if nobody else writes.
        shared = shared and limit is None
        with self.store.writing(
            self.keystore_id, caller.name, self.clock(), shared=shared
        ) as transaction:
            if self.precondition is not None:
                self.precondition()
            before = 0 if limit is None else transaction.size_bytes()
            yield transaction
            after = 0 if limit is None else transaction.size_bytes()
            if limit is not None and after > max(limit, before):
                raise KeystoreTooLarge(after, limit)
            if self.receipt is not None:
                self.receipt(transaction)

    def require_right(self, entry: Entry, caller: Caller) -> None:
        """Raise unless the entry is the caller's to change: tenant and provider keep apart."""
        if entry.owner is caller.owner:
            return
        if entry.owner is Owner.PROVIDER:
            raise EntryOwnedByProvider(entry.alias, self.settings.provider)
        raise EntryOwnedByTenant(entry.alias)

    def require_free(self, alias: Alias, type_: EntryType, instead: str) -> None:
        """Refuse a taken alias before an entry is made; the transaction looks again.

        ``instead`` says how an entry of the same type gets the same content: "update that entry
        with …". Raises AliasExists.
        """
        there = self.store.find_entry(self.keystore_id, alias)
        if there is None:
            return
        others = "Choose another alias, or rename that entry"
        if there.type is type_:
            raise AliasExists(alias, remedy=f"{others}, or {instead}.")
        raise AliasExists(alias, remedy=f"{others}.")


def require_administrator(caller: Caller) -> None:
    """Raise InstallationOwnedByTenant for the provider, who has rights on its own entries alone."""
    if caller.owner is not Owner.TENANT:
        raise InstallationOwnedByTenant


def require_key_pair(entry: Entry) -> None:
    """Raise NotAKeyPair for a lone certificate."""
    if entry.type is not EntryType.KEY_PAIR:
        raise NotAKeyPair(entry.alias)
