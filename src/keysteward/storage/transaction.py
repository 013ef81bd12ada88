"""One write transaction: what a change of entries writes, from BEGIN to COMMIT."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from keysteward.entries import Action, Reason, View
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import AliasExists, EntryChanged
from keysteward.sealing.sealer import SealedKey, Sealer, SealingContext
from keysteward.storage import (
    answers,
    audit,
    changes,
    inserts,
    purging,
    rows,
    search,
    snapshots,
    statements,
    view_statements,
)
from keysteward.storage.audit import AuditEvent
from keysteward.storage.links import Link, Row
from keysteward.storage.records import (
    Activation,
    Backup,
    Base,
    NewEntry,
    NewKey,
    NewVersion,
    Repeatable,
    Stamp,
)
from keysteward.values import Alias, Fingerprint


class Transaction:
    """The writes of one actor at one time to one keystore; made by ``Store.writing``.

    Nothing of it is seen by others, or survives, unless the block that it lives in ends well. A
    change that names a ``Base`` raises EntryChanged if the entry is not in that state any more.
    """

    def __init__(
        self, link: Link, sealer: Sealer, keystore_id: int, actor: str, at: datetime
    ) -> None:
        self.keystore_id = keystore_id
        self.actor = actor
        self.at = at
        self.purged = False
        self._link = link
        self._sealer = sealer
        self._now = rows.to_microseconds(at)
        self._stamp = Stamp(keystore_id, actor, at)

    def add_private_keys(self, keys: Sequence[NewKey]) -> list[int]:
        """Return the ids of private keys of this keystore; those that are new are sealed now."""
        return inserts.private_keys(self._link, self.keystore_id, keys)

    def add_private_key(
        self, public_key_sha256: Fingerprint, seal: Callable[[SealingContext], SealedKey]
    ) -> int:
        """Return the id of a private key of this keystore, sealed now if it is a new one."""
        return self.add_private_keys([NewKey(public_key_sha256, seal)])[0]

    def create_entry(self, new: NewEntry, version: NewVersion) -> int:
        """Make an entry with its version 1 and return its id. Raises AliasExists."""
        return self.create_entries([(new, version)])[0]

    def create_entries(self, entries: Sequence[tuple[NewEntry, NewVersion]]) -> list[int]:
        """Make entries, each with its version 1, and return their ids. Raises AliasExists."""
        for view in View:
            self._require_free([new.alias for new, _ in entries if new.view is view], view)
        return inserts.entries(self._link, self._stamp, entries)

    def replace_chain(
        self,
        base: Base,
        version: NewVersion,
        detail: Mapping[str, object] | None = None,
        *,
        keep_pending: bool = True,
    ) -> int:
        """Make a new version the current one, with its audit row, and return its number.

        An accepted signing response answers the open requests for its key. If the key is the
        pending one, or ``keep_pending`` is not set, nothing is pending afterwards.
        """
        certificate_ids = inserts.certificate_ids(self._link, version.chain)
        certificate = version.chain[0]
        pending = self._still_pending(base, version) if keep_pending else None
        replaced = self._link.one(
            changes.REPLACE_CURRENT,
            **self._condition(base),
            new_pending=pending,
            new_certificate=certificate_ids[0],
            new_not_after=rows.to_microseconds(certificate.not_after),
            new_subject_name=inserts.issuer_name(version),
        )
        number = self._changed(base, replaced)
        self._name(base.entry_id, certificate, replaced)
        inserts.versions(
            self._link, self._stamp, [(base.entry_id, number, version, certificate_ids)]
        )
        answers = version.reason is Reason.SIGNING_RESPONSE
        if answers:
            self._link.write(
                changes.ANSWER_REQUESTS,
                {
                    "at": self._now,
                    "entry": base.entry_id,
                    "public_key": rows.to_digest(certificate.public_key_sha256),
                },
            )
        if pending is not None or not answers:
            self._link.write(changes.REFRESH_WAITING, {"entry": base.entry_id})
        self.audit(
            Action(version.reason.value),
            base.alias,
            base.entry_id,
            number,
            {
                "chain": [member.fingerprint for member in version.chain],
                "file_sha256": version.file_sha256,
                "note": version.note,
                **(detail or {}),
            },
        )
        return number

    def _name(self, entry_id: int, certificate: Certificate, replaced: Row | None) -> None:
        """Keep the names that are searched, if they are others than those of the replaced row."""
        subject, issuer = names = search.names_of(certificate)
        if replaced is not None and tuple(replaced[1:]) != names:
            self._link.change(
                changes.NAME_ENTRY,
                entry=entry_id,
                new_subject_folded=subject,
                new_issuer_folded=issuer,
            )

    def _still_pending(self, base: Base, version: NewVersion) -> int | None:
        """Return what stays pending beside a new version: nothing if that has the pending key."""
        if base.pending is None:
            return None
        answered = version.private_key_id == self._key_of(base.entry_id, base.pending)
        return None if answered else base.pending

    def set_pending(self, base: Base, version: NewVersion) -> int:
        """Add a version that waits to become current, instead of an earlier pending one."""
        certificate_ids = inserts.certificate_ids(self._link, version.chain)
        number = self._changed(base, self._link.one(changes.SET_PENDING, **self._condition(base)))
        inserts.versions(
            self._link, self._stamp, [(base.entry_id, number, version, certificate_ids)]
        )
        self._link.write(changes.REFRESH_WAITING, {"entry": base.entry_id})
        return number

    def record_request(self, base: Base, der: bytes, public_key_sha256: Fingerprint) -> int:
        """Keep a signing request and return its id; the entry waits for its response then."""
        self._require(
            base,
            self._link.change(
                changes.START_WAITING,
                at=self._now,
                entry=base.entry_id,
                keystore=self.keystore_id,
            ),
        )
        return self._inserted(
            self._link.one(
                changes.INSERT_REQUEST,
                keystore_id=self.keystore_id,
                entry_id=base.entry_id,
                public_key_sha256=rows.to_digest(public_key_sha256),
                der=der,
                created_at=self._now,
                created_by=self.actor,
                answered_at=None,
            )
        )

    def confirm_root(self, fingerprint: Fingerprint) -> None:
        """Remember that a topmost certificate was confirmed; the first confirmation stands."""
        self._link.change(
            changes.INSERT_CONFIRMATION,
            keystore_id=self.keystore_id,
            sha256=rows.to_digest(fingerprint),
            confirmed_at=self._now,
            confirmed_by=self.actor,
        )

    def rename(self, base: Base, alias: Alias) -> int:
        """Give the entry another alias, as a new version of the same chain; return its number.

        Raises AliasExists.
        """
        self._require_free([alias])
        number = self._changed(
            base,
            self._link.one(
                changes.RENAME,
                **self._condition(base),
                new_alias=alias,
                new_alias_folded=search.folded(alias),
            ),
        )
        copy = {"entry": base.entry_id, "base_version": base.version, "new_number": number}
        self._link.change(
            changes.COPY_VERSION,
            **copy,
            new_reason=Reason.RENAMED.value,
            new_note=base.alias,
            at=self._now,
            actor=self.actor,
        )
        self._link.change(changes.COPY_CHAIN, **copy)
        return number

    def describe(self, entry_id: int, usage: Usage, *, trusted: bool) -> None:
        """Set what an entry has besides its versions; in the transaction of a new version."""
        self._link.change(
            changes.DESCRIBE_ENTRY,
            entry=entry_id,
            keystore=self.keystore_id,
            new_usage=usage.value,
            new_trusted=trusted,
        )

    def delete(self, base: Base) -> None:
        """Hide the entry; its alias is free then."""
        self._require(base, self._link.change(changes.DELETE_ENTRY, **self._condition(base)))

    def undelete(self, entry_id: int) -> None:
        """Bring a deleted entry back under its alias. Raises AliasExists, EntryChanged."""
        row = self._link.one(
            statements.GET_ALIAS_OF_DELETED, entry=entry_id, keystore=self.keystore_id
        )
        if row is None:
            raise EntryChanged(f"entry {entry_id}", "It is not among the deleted entries any more.")
        self._require_free([Alias(row[0])])
        self._link.change(
            changes.UNDELETE_ENTRY,
            entry=entry_id,
            keystore=self.keystore_id,
            at=self._now,
            actor=self.actor,
        )

    def revive(self, base: Base) -> None:
        """Bring a deleted entry, also a purged one that a backup kept, back under an alias.

        Raises AliasExists, and EntryChanged if it is not deleted, or is in another version.
        """
        self._require_free([base.alias])
        self._require(
            base,
            self._link.change(
                changes.REVIVE_ENTRY,
                entry=base.entry_id,
                keystore=self.keystore_id,
                base_version=base.version,
                new_alias=base.alias,
                new_alias_folded=search.folded(base.alias),
                at=self._now,
                actor=self.actor,
            ),
        )

    def discard(self, base: Base, *, unless_held: bool = False) -> None:
        """Take an entry out of every list for good; its content lives on in another one.

        Raises EntryChanged also for one that waits for a person, if ``unless_held`` is set.
        """
        statement = changes.DISCARD_UNLESS_HELD if unless_held else changes.DISCARD_ENTRY
        self._require(base, self._link.change(statement, **self._condition(base)))

    def purge(self, base: Base) -> tuple[int, ...]:
        """Destroy an entry, living or deleted, with its versions and requests.

        Its sealed keys go with it, unless a version of another entry uses them. What a backup holds
        of it stays until the last such backup is deleted. Certificates and the audit log stay. The
        files are free of the keys' bytes once the transaction has ended. Returns the ids of the
        destroyed private keys.
        """
        destroyed = purging.purge(self._link, self._stamp, base)
        self.purged = True
        return destroyed

    # ---- backups and the provider's keys

    def create_backup(self, name: str) -> Backup:
        """Make a snapshot of all living entries of the tenant; the name must be free."""
        return snapshots.create(self._link, self._stamp, name)

    def find_backup(self, name: str) -> Backup | None:
        """Return the backup of a name as this transaction sees it."""
        row = self._link.one(
            view_statements.FIND_BACKUP, keystore=self.keystore_id, backup_name=name
        )
        return None if row is None else rows.backup(row)

    def delete_backup(self, backup: Backup) -> tuple[int, ...]:
        """Delete a snapshot; entries whose purge waited for it alone are destroyed now.

        Returns the ids of the private keys that went with them.
        """
        destroyed = snapshots.delete(self._link, self._stamp, backup)
        self.purged = self.purged or bool(destroyed)
        return destroyed

    def add_activation(self, activation: Activation) -> None:
        """Say of an entry in the view ``history`` which key it was, and when."""
        self._link.change(
            changes.INSERT_ACTIVATION, **rows.activation_row(self.keystore_id, activation)
        )

    def next_activation(self, original_alias: Alias) -> int:
        """Return the number that the next replaced key of an alias has in the history."""
        row = self._link.one(
            view_statements.LAST_ACTIVATION, keystore=self.keystore_id, alias=original_alias
        )
        return 1 if row is None else int(row[0]) + 1

    def hold(self, base: Base, *, held: bool) -> None:
        """Let a key in the view ``new`` wait for a person, or for its day again."""
        self._require(
            base,
            self._link.change(
                changes.HOLD_ENTRY, **self._condition(base), new_held=self._now if held else None
            ),
        )

    # ---- size and audit

    def size_bytes(self) -> int:
        """Return what the certificates and keys of the living entries take; walks all of them."""
        sums = (view_statements.SUM_CERTIFICATES, view_statements.SUM_PRIVATE_KEYS)
        found = (self._link.one(statement, keystore=self.keystore_id) for statement in sums)
        return sum(int(row[0] or 0) for row in found if row is not None)

    def remember(self, repeatable: Repeatable) -> bool:
        """Keep that a request was carried out, without its answer; see ``answers.remember``."""
        return answers.remember(self._link, repeatable, self._now)

    def audit(
        self,
        action: Action,
        alias: str | None,
        entry_id: int | None,
        version: int | None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write a row of the audit log; ``detail`` must be writable as JSON and hold no secret."""
        self.audit_all([AuditEvent(action, audit.DONE, alias, entry_id, version, detail or {})])

    def audit_all(self, events: Sequence[AuditEvent], keystore_id: int | None = None) -> None:
        """Write rows of the audit log, of another keystore if one is named."""
        keystore_id = self.keystore_id if keystore_id is None else keystore_id
        audit.append(self._link, self._sealer, keystore_id, self.actor, self.at, *events)

    def _condition(self, base: Base) -> dict[str, object]:
        return {
            "entry": base.entry_id,
            "keystore": self.keystore_id,
            "base_version": base.version,
            "base_pending": base.pending,
            "at": self._now,
            "actor": self.actor,
        }

    def _changed(self, base: Base, row: Row | None) -> int:
        self._require(base, 0 if row is None else 1)
        return self._inserted(row)

    def _require(self, base: Base, changed: int) -> None:
        if changed != 1:
            raise EntryChanged(
                base.alias, f"It was changed or deleted since version {base.version} was read."
            )

    def _inserted(self, row: Row | None) -> int:
        if row is None:
            raise RuntimeError("The database did not return the number that it gave.")
        return int(row[0])

    def _require_free(self, aliases: Sequence[Alias], view: View = View.CURRENT) -> None:
        taken = self._link.among(
            statements.FIND_PRESENT, aliases, keystore=self.keystore_id, view=view.value
        )
        for row in taken:
            raise AliasExists(Alias(row[0]), view.value)

    def _key_of(self, entry_id: int, number: int) -> int | None:
        row = self._link.one(statements.GET_VERSION_KEY, entry=entry_id, version_number=number)
        return None if row is None else row[0]
