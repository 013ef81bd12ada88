"""One write transaction: what a change of entries writes, from BEGIN to COMMIT."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from keysteward.entries import Reason
from keysteward.pki.certificates import Certificate
from keysteward.problems import AliasExists, EntryChanged
from keysteward.sealing.sealer import SealedKey, Sealer, SealingContext
from keysteward.storage import audit, changes, rows, statements
from keysteward.storage.audit import AuditEvent
from keysteward.storage.database import Link, Row
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Alias, Fingerprint

_UNSEALED = b""
_DIGEST_BYTES = 32


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

    def add_private_key(
        self, public_key_sha256: Fingerprint, seal: Callable[[SealingContext], SealedKey]
    ) -> int:
        """Return the id of a private key of this keystore, sealed now if it is a new one."""
        public_key = rows.to_digest(public_key_sha256)
        known = self._link.one(
            statements.FIND_PRIVATE_KEY, keystore=self.keystore_id, public_key=public_key
        )
        if known is not None:
            return int(known[0])
        # The row comes first, because a sealed key is bound to the id that only the row can give.
        private_key_id = self._inserted(
            self._link.one(
                changes.INSERT_PRIVATE_KEY,
                keystore_id=self.keystore_id,
                public_key_sha256=public_key,
                data_key_id=self._sealer.data_key_id,
                sealed=_UNSEALED,
            )
        )
        sealed = seal(SealingContext(self.keystore_id, private_key_id, public_key_sha256))
        self._link.change(
            changes.SET_SEALED,
            private_key=private_key_id,
            new_sealed=sealed.ciphertext,
            new_data_key=sealed.data_key_id,
        )
        return private_key_id

    def create_entry(self, new: NewEntry, version: NewVersion) -> int:
        """Make an entry with its version 1 and return its id. Raises AliasExists."""
        self._require_free(new.alias)
        certificate_ids = self._certificate_ids(version.chain)
        entry_id = self._inserted(
            self._link.one(
                changes.INSERT_ENTRY,
                keystore_id=self.keystore_id,
                alias=new.alias,
                type=new.type.value,
                owner=new.owner.value,
                usage=new.usage.value,
                trusted=new.trusted,
                current_version=1,
                pending_version=None,
                last_version=1,
                certificate_id=certificate_ids[0],
                not_after=rows.to_microseconds(version.chain[0].not_after),
                subject_name_sha256=_issuer_name(version),
                waiting_since=None,
                created_at=self._now,
                created_by=self.actor,
                modified_at=self._now,
                modified_by=self.actor,
                deleted_at=None,
            )
        )
        self._insert_version(entry_id, 1, version, certificate_ids)
        return entry_id

    def replace_chain(
        self, base: Base, version: NewVersion, detail: Mapping[str, object] | None = None
    ) -> int:
        """Make a new version the current one, with its audit row, and return its number.

        An accepted signing response answers the open requests for its key. If the key is the
        pending one, nothing is pending afterwards.
        """
        certificate_ids = self._certificate_ids(version.chain)
        certificate = version.chain[0]
        pending = base.pending
        if pending is not None and version.private_key_id == self._key_of(base.entry_id, pending):
            pending = None
        number = self._changed(
            base,
            self._link.one(
                changes.REPLACE_CURRENT,
                **self._condition(base),
                new_pending=pending,
                new_certificate=certificate_ids[0],
                new_not_after=rows.to_microseconds(certificate.not_after),
                new_subject_name=_issuer_name(version),
            ),
        )
        self._insert_version(base.entry_id, number, version, certificate_ids)
        answers = version.reason is Reason.SIGNING_RESPONSE
        if answers:
            self._link.change(
                changes.ANSWER_REQUESTS,
                at=self._now,
                entry=base.entry_id,
                public_key=rows.to_digest(certificate.public_key_sha256),
            )
        if pending is not None or not answers:
            self._link.change(changes.REFRESH_WAITING, entry=base.entry_id)
        self.audit(
            version.reason.value,
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

    def set_pending(self, base: Base, version: NewVersion) -> int:
        """Add a version that waits to become current, instead of an earlier pending one."""
        certificate_ids = self._certificate_ids(version.chain)
        number = self._changed(base, self._link.one(changes.SET_PENDING, **self._condition(base)))
        self._insert_version(base.entry_id, number, version, certificate_ids)
        self._link.change(changes.REFRESH_WAITING, entry=base.entry_id)
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
        digest = rows.to_digest(fingerprint)
        known = self._link.one(
            statements.FIND_CONFIRMATION, keystore=self.keystore_id, fingerprint=digest
        )
        if known is None:
            self._link.change(
                changes.INSERT_CONFIRMATION,
                keystore_id=self.keystore_id,
                sha256=digest,
                confirmed_at=self._now,
                confirmed_by=self.actor,
            )

    def rename(self, base: Base, alias: Alias) -> int:
        """Give the entry another alias, as a new version of the same chain; return its number.

        Raises AliasExists.
        """
        self._require_free(alias)
        number = self._changed(
            base,
            self._link.one(changes.RENAME, **self._condition(base), new_alias=alias),
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
        self._require_free(Alias(row[0]))
        self._link.change(
            changes.UNDELETE_ENTRY,
            entry=entry_id,
            keystore=self.keystore_id,
            at=self._now,
            actor=self.actor,
        )

    def purge(self, base: Base) -> tuple[int, ...]:
        """Destroy an entry, living or deleted, with its versions and requests.

        Its sealed keys go with it, unless a version of another entry uses them. Certificates and
        the audit log stay. The files are free of the keys' bytes once the transaction has ended.
        Returns the ids of the destroyed private keys.
        """
        private_keys = [
            row[0] for row in self._link.all(statements.LIST_ENTRY_KEYS, entry=base.entry_id)
        ]
        for statement in (
            changes.PURGE_CHAINS,
            changes.PURGE_VERSIONS,
            changes.PURGE_REQUESTS,
        ):
            self._link.change(statement, entry=base.entry_id)
        self._require(
            base,
            self._link.change(
                changes.PURGE_ENTRY,
                entry=base.entry_id,
                keystore=self.keystore_id,
                base_version=base.version,
                base_pending=base.pending,
            ),
        )
        unused = tuple(
            key
            for key in private_keys
            if self._link.one(statements.FIND_KEY_USER, private_key=key) is None
        )
        for key in unused:
            self._destroy(key)
        self.purged = True
        return unused

    def audit(
        self,
        action: str,
        alias: str | None,
        entry_id: int | None,
        version: int | None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write a row of the audit log; ``detail`` must be writable as JSON and hold no secret."""
        event = AuditEvent(action, audit.DONE, alias, entry_id, version, detail or {})
        audit.append(self._link, self._sealer, self.keystore_id, self.actor, self.at, event)

    def _destroy(self, private_key_id: int) -> None:
        row = self._link.one(statements.GET_PRIVATE_KEY, private_key=private_key_id)
        size = 0 if row is None else len(row[1])
        # A random public key: the row must not be found by the old one, nor change its size.
        self._link.change(
            changes.PURGE_PRIVATE_KEY,
            private_key=private_key_id,
            new_sealed=bytes(size),
            new_public_key=secrets.token_bytes(_DIGEST_BYTES),
        )

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

    def _require_free(self, alias: Alias) -> None:
        taken = self._link.one(statements.FIND_LIVING, keystore=self.keystore_id, alias=alias)
        if taken is not None:
            raise AliasExists(alias)

    def _key_of(self, entry_id: int, number: int) -> int | None:
        row = self._link.one(statements.GET_VERSION_KEY, entry=entry_id, version_number=number)
        return None if row is None else row[0]

    def _certificate_ids(self, chain: tuple[Certificate, ...]) -> list[int]:
        """Return the ids of certificates, writing those that are not known yet."""
        found = []
        for certificate in chain:
            row = self._link.one(
                statements.FIND_CERTIFICATE, fingerprint=rows.to_digest(certificate.fingerprint)
            ) or self._link.one(changes.INSERT_CERTIFICATE, **rows.certificate_row(certificate))
            found.append(self._inserted(row))
        return found

    def _insert_version(
        self, entry_id: int, number: int, version: NewVersion, certificate_ids: list[int]
    ) -> None:
        file_sha256 = version.file_sha256
        self._link.change(
            changes.INSERT_VERSION,
            entry_id=entry_id,
            number=number,
            keystore_id=self.keystore_id,
            reason=version.reason.value,
            private_key_id=version.private_key_id,
            file_sha256=None if file_sha256 is None else rows.to_digest(file_sha256),
            note=version.note,
            created_at=self._now,
            created_by=self.actor,
        )
        self._link.change_many(
            changes.INSERT_VERSION_CERTIFICATE,
            [
                {
                    "entry_id": entry_id,
                    "number": number,
                    "position": position,
                    "keystore_id": self.keystore_id,
                    "certificate_id": certificate_id,
                }
                for position, certificate_id in enumerate(certificate_ids)
            ],
        )


def _issuer_name(version: NewVersion) -> bytes | None:
    """Return what a certificate entry is found by as an issuer; a key pair is never one."""
    if version.private_key_id is not None:
        return None
    return rows.name_digest(version.chain[0].subject_name)
