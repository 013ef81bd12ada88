"""The Store: named queries over an opened database, and the way into write transactions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.sql import Executable

from keysteward.entries import Action, Entry, ListedEntry, SigningRequest, Version, View
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.problems import (
    AliasNotFound,
    BackupNotFound,
    KeystoreUnknown,
    Problem,
    SealedKeyDamaged,
    VersionNotFound,
)
from keysteward.sealing.sealer import SealedKey, Sealer, SealingContext
from keysteward.storage import audit, backups, inserts, purging, rows, statements, view_statements
from keysteward.storage.accounts import Accounts
from keysteward.storage.answers import Answers
from keysteward.storage.audit import AuditEvent, AuditReport
from keysteward.storage.audit_log import AuditLog
from keysteward.storage.catalogue import Catalogue
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import INSTALLATION, NOTHING, Scope
from keysteward.storage.entry_lists import PREFIX_END, EntryFilter
from keysteward.storage.kept_jobs import KeptJobs
from keysteward.storage.leases import Lease
from keysteward.storage.links import Row
from keysteward.storage.pages import Pages
from keysteward.storage.readiness import Readiness
from keysteward.storage.records import (
    Activation,
    Backup,
    Base,
    EntryState,
    KeyOwner,
    KeyPairView,
    Receipt,
)
from keysteward.storage.sharing import Sharing
from keysteward.storage.transaction import Transaction
from keysteward.values import Alias, Fingerprint


class Store:
    """What an installation remembers. Threads share one; any number of processes may have theirs.

    Made by ``lifecycle.open_store``. Every call may raise KeystoreBusy or DatabaseUnusable. Reads
    take no lock and see what was committed; writes happen in ``writing`` alone.
    """

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.sealer = sealer
        self.audit_log = AuditLog(database, sealer)
        self.readiness = Readiness(database, sealer)
        self.answers = Answers(database)
        self.jobs = KeptJobs(database)
        self.catalogue = Catalogue(database)
        self.pages = Pages(database)
        self.accounts = Accounts(database, sealer)
        self.sharing = Sharing(database, sealer)
        self._database = database

    def close(self) -> None:
        """Close the database's connections; the store is of no use afterwards."""
        self._database.close()

    def fenced(self, lease: Lease) -> "Store":
        """Return the same store, whose every write raises LeaseLost unless a lease is held."""
        return Store(self._database.fenced(lease.require), self.sealer)

    def ping(self) -> None:
        """Ask the database for one row; returns if it answers."""
        self._one(statements.ANY_KEYSTORE)

    # ---- keystores and entries

    def get_keystore(self, name: str) -> int:
        """Return the id of a tenant keystore. Raises KeystoreUnknown."""
        row = self._one(statements.GET_KEYSTORE, keystore_name=name)
        if row is None:
            known = (repr(row[0]) for row in self._all(statements.LIST_KEYSTORES))
            raise KeystoreUnknown(name, ", ".join(known) or "none")
        return int(row[0])

    def list_keystores(self) -> tuple[tuple[str, int], ...]:
        """Return names and ids of the tenant keystores, in the order of the names."""
        return tuple((row[0], row[1]) for row in self._all(statements.LIST_KEYSTORES))

    def find_entry(self, keystore_id: int, alias: str, view: View = View.CURRENT) -> Entry | None:
        """Return a living entry, or None."""
        found = self._all(
            statements.ENTRY_BY_ALIAS, keystore=keystore_id, view=view.value, alias=alias
        )
        return rows.entry(found) if found else None

    def get_entry(self, keystore_id: int, alias: str, view: View = View.CURRENT) -> Entry:
        """Return a living entry. Raises AliasNotFound."""
        entry = self.find_entry(keystore_id, alias, view)
        if entry is None:
            name = self._one(statements.GET_KEYSTORE_NAME, keystore=keystore_id)
            raise AliasNotFound(alias, str(keystore_id) if name is None else name[0], view.value)
        return entry

    def find_by_id(self, entry_id: int) -> Entry | None:
        """Return an entry by its id, living or not, or None if it was purged."""
        found = self._all(statements.ENTRY_BY_ID, entry=entry_id)
        return rows.entry(found) if found else None

    def find_deleted(self, keystore_id: int, alias: str) -> Entry | None:
        """Return the entry that was deleted last under an alias, or None."""
        row = self._one(statements.FIND_DELETED, keystore=keystore_id, alias=alias)
        found = self._all(statements.ENTRY_BY_ID, entry=row[0]) if row else []
        return rows.entry(found) if found else None

    def get_key_pair(self, keystore_id: int, alias: str) -> KeyPairView:
        """Return what an upload needs of an entry: both versions and the requests for their keys.

        An entry that is no key pair is returned as it is. Raises AliasNotFound.
        """
        entry = self.get_entry(keystore_id, alias)
        return KeyPairView(
            entry,
            self.latest_request(entry.id, entry.version.certificate.public_key_sha256),
            self.latest_request(entry.id, entry.pending.certificate.public_key_sha256)
            if entry.pending
            else None,
        )

    def get_version(self, base: Base, number: int) -> Version:
        """Return one version of an entry. Raises VersionNotFound."""
        found = self._all(statements.GET_VERSION, entry=base.entry_id, version_number=number)
        if not found:
            raise VersionNotFound(base.alias, number)
        return rows.versions(found)[0]

    def list_versions(self, entry: Entry) -> tuple[Version, ...]:
        """Return all versions of an entry, the first one first."""
        return rows.versions(self._all(statements.LIST_VERSIONS, entry=entry.id))

    def list_entries(
        self,
        keystore_id: int,
        *,
        limit: int,
        view: View = View.CURRENT,
        after: ListedEntry | None = None,
        expiring_before: datetime | None = None,
        waiting: bool = False,
        deleted: bool = False,
    ) -> tuple[ListedEntry, ...]:
        """Return one page of a list, ``limit`` lines at most; the conditions are combined.

        The order is that of the aliases, by code point; entries that expire before a time come by
        their end date instead, unless deleted ones are asked for. ``after`` is the last line of the
        page before, read under the same conditions. All but ``view`` is of the current entries.
        ``catalogue.list_lines`` has more conditions.
        """
        wanted = EntryFilter(view, expiring_before, waiting, deleted)
        return self.catalogue.list_lines(keystore_id, wanted, limit=limit, after=after)

    def list_aliases(
        self, keystore_id: int, prefix: str, limit: int, view: View = View.CURRENT
    ) -> tuple[Alias, ...]:
        """Return aliases of living entries that start with a prefix, in order."""
        found = self._all(
            statements.LIST_ALIASES,
            keystore=keystore_id,
            view=view.value,
            prefix_from=prefix,
            prefix_to=prefix + PREFIX_END,
            row_limit=limit,
        )
        return tuple(Alias(row[0]) for row in found)

    # ---- states, backups, the provider's keys

    def find_state(self, keystore_id: int, alias: str) -> EntryState | None:
        """Return what comparisons need of a current entry, or None."""
        found = self._all(
            view_statements.STATE_BY_ALIAS,
            keystore=keystore_id,
            view=View.CURRENT.value,
            alias=alias,
        )
        return rows.states(found)[0] if found else None

    def find_taken(self, keystore_id: int, aliases: Sequence[str]) -> frozenset[str]:
        """Return those of many aliases that current entries have."""
        with self._database.reading() as link:
            found = link.among(
                statements.FIND_PRESENT, aliases, keystore=keystore_id, view=View.CURRENT.value
            )
        return frozenset(row[0] for row in found)

    def list_states(self, keystore_id: int) -> tuple[EntryState, ...]:
        """Return what comparisons need of all current entries, by alias; walks all of them."""
        return rows.states(self._all(view_statements.LIST_STATES, keystore=keystore_id))

    def list_backups(self, keystore_id: int) -> tuple[Backup, ...]:
        """Return the backups of a keystore, the newest one first."""
        return tuple(
            map(rows.backup, self._all(view_statements.LIST_BACKUPS, keystore=keystore_id))
        )

    def get_backup(self, keystore_id: int, name: str | None) -> Backup:
        """Return a backup by its name; None means the newest. Raises BackupNotFound."""
        found = [b for b in self.list_backups(keystore_id) if name in (None, b.name)]
        if not found:
            raise BackupNotFound(name)
        return found[0]

    def list_backup_states(self, backup: Backup) -> tuple[EntryState, ...]:
        """Return the entries of a backup, by alias, as they were."""
        return rows.states(self._all(view_statements.LIST_BACKUP_STATES, backup=backup.id))

    def list_backups_of_entry(self, entry_id: int) -> tuple[str, ...]:
        """Return the names of the backups that hold a version of an entry, oldest first."""
        found = self._all(view_statements.LIST_BACKUPS_OF_ENTRY, entry=entry_id)
        return tuple(row[0] for row in found)

    def list_activations(self, keystore_id: int) -> tuple[Activation, ...]:
        """Return what the history says of replaced keys, by original alias and number."""
        return tuple(
            rows.activation(row)
            for row in self._all(view_statements.LIST_ACTIVATIONS, keystore=keystore_id)
        )

    # ---- signing requests

    def latest_request(
        self, entry_id: int, public_key_sha256: Fingerprint
    ) -> SigningRequest | None:
        """Return the latest signing request of an entry for one of its keys."""
        row = self._one(
            statements.LATEST_REQUEST,
            entry=entry_id,
            public_key=rows.to_digest(public_key_sha256),
        )
        return None if row is None else rows.request(row)

    def list_requests(self, entry_id: int) -> tuple[SigningRequest, ...]:
        """Return all signing requests of an entry, the first one first."""
        return tuple(map(rows.request, self._all(statements.LIST_REQUESTS, entry=entry_id)))

    # ---- certificates and trust

    def find_certificate_entries(
        self, keystore_id: int, subject_name: bytes
    ) -> tuple[Certificate, ...]:
        """Return the living certificate entries' certificates with a comparable subject name."""
        return self._certificates(
            statements.CERTIFICATES_BY_NAME,
            keystore=keystore_id,
            name_sha256=rows.name_digest(subject_name),
        )

    def find_aliases_of(self, keystore_id: int, certificate: Certificate) -> tuple[Alias, ...]:
        """Return the aliases of the living entries that are this very certificate alone."""
        found = self._all(
            statements.ALIASES_OF_CERTIFICATE,
            keystore=keystore_id,
            name_sha256=rows.name_digest(certificate.subject_name),
            fingerprint=rows.to_digest(certificate.fingerprint),
        )
        return tuple(Alias(row[0]) for row in found)

    def find_trusted(
        self, keystore_id: int, fingerprint: Fingerprint, issuer_name: bytes
    ) -> tuple[Certificate, ...]:
        """Return trusted certificates that are a chain's topmost one or could have issued it."""
        same = self._certificates(
            statements.TRUSTED_BY_FINGERPRINT,
            keystore=keystore_id,
            fingerprint=rows.to_digest(fingerprint),
        )
        named = self._certificates(
            statements.TRUSTED_BY_NAME,
            keystore=keystore_id,
            name_sha256=rows.name_digest(issuer_name),
        )
        return tuple(dict.fromkeys(same + named))

    def all_trusted(self, keystore_id: int) -> tuple[Certificate, ...]:
        """Return every certificate that is marked trusted, in the order of the aliases."""
        return self._certificates(statements.ALL_TRUSTED, keystore=keystore_id)

    # ---- private keys

    def find_owner_of_public_key(
        self, keystore_id: int, public_key_sha256: Fingerprint
    ) -> tuple[KeyOwner, ...]:
        """Return the versions of living entries that hold the private key to a public one."""
        found = self._all(
            statements.FIND_KEY_OWNERS,
            keystore=keystore_id,
            public_key=rows.to_digest(public_key_sha256),
        )
        return tuple(
            KeyOwner(Alias(alias), entry_id, number, number == current)
            for alias, entry_id, number, current in found
        )

    def get_private_key(self, private_key_id: int) -> tuple[SealedKey, SealingContext]:
        """Return a sealed key with the context that opens it.

        Raises SealedKeyDamaged if there is none, which no version of an entry should ever name.
        """
        row = self._one(statements.GET_PRIVATE_KEY, private_key=private_key_id)
        if row is None:
            raise SealedKeyDamaged
        data_key_id, sealed, keystore_id, number, public_key = row
        context = SealingContext(keystore_id, number, Fingerprint(public_key.hex()))
        return SealedKey(data_key_id, sealed), context

    # ---- writing

    @contextmanager
    def writing(
        self, keystore_id: int, actor: str, at: datetime, *, shared: bool = False
    ) -> Iterator[Transaction]:
        """Begin a write transaction; it commits with the block and rolls back on any exception.

        What was committed is on disk when this returns. Keep the block short: other writers of the
        keystore wait, unless both are ``shared``: that is for changes that name a ``Base`` and need
        nothing else to stay as it is. Raises KeystoreBusy if another writer does not finish within
        the busy timeout, DatabaseUnavailable, OutcomeUnknown.
        """
        with self._database.writing(Scope(keystore_id, shared)) as link:
            transaction = Transaction(link, self.sealer, keystore_id, actor, at)
            yield transaction
        if transaction.purged:
            purging.scrub(self._database)

    def create_keystore(
        self, name: str, actor: str, at: datetime, receipt: Receipt | None = None
    ) -> int:
        """Make another tenant keystore, with its audit row; return its id. Raises NameTaken.

        ``receipt`` is called just before the commit.
        """
        with self._database.writing(INSTALLATION) as link:
            keystore_id = inserts.keystore(link, name, at)
            transaction = Transaction(link, self.sealer, keystore_id, actor, at)
            transaction.audit(Action.KEYSTORE_CREATED, None, None, None, {"keystore": name})
            if receipt is not None:
                receipt(transaction)
        return keystore_id

    def record_refusal(
        self,
        keystore_id: int | None,
        actor: str,
        at: datetime,
        *,
        action: Action,
        alias: str | None,
        problem: Problem,
        more: Mapping[str, object] | None = None,
    ) -> None:
        """Write an audit row of what was refused, in a transaction of its own.

        None instead of a keystore: a row of the installation. ``more`` stands in its detail, too.
        """
        detail = {"problem": problem.slug, "detail": problem.detail, **(more or {})}
        event = AuditEvent(action, audit.REFUSED, alias, None, None, detail)
        with self._database.writing(NOTHING) as link:
            audit.append(link, self.sealer, keystore_id, actor, at, event)

    # ---- audit and backup

    def verify_audit(self, expect: str | None = None) -> AuditReport:
        """Walk the whole audit log; see ``audit.verify``."""
        return audit.verify(self._database, self.sealer, expect)

    def backup(self, target: Path) -> None:
        """Write a consistent, checked copy of the database; see ``backups.write``."""
        backups.write(self._database, target)

    def _one(self, statement: Executable, **parameters: object) -> Row | None:
        with self._database.reading() as link:
            return link.one(statement, **parameters)

    def _all(self, statement: Executable, **parameters: object) -> list[Row]:
        with self._database.reading() as link:
            return link.all(statement, **parameters)

    def _certificates(self, statement: Executable, **parameters: object) -> tuple[Certificate, ...]:
        return tuple(read_certificate(row[0]) for row in self._all(statement, **parameters))
