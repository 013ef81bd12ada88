"""The tables. Times are whole microseconds since 1970 in UTC, fingerprints raw bytes.

Every row that belongs to a keystore names it. Certificates and data keys are shared by all
keystores. Entries point at their current and pending version by number; what lists sort and filter
by is repeated in the entry's row, so that each list is a range of one index.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import account_tables
from keysteward.storage.columns import TEXT, only_where

metadata = account_tables.metadata

keystores = Table(
    "keystores",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", TEXT, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", TEXT, nullable=False, unique=True),
    Column("sealing_key_id", TEXT, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("sha1", LargeBinary, nullable=False),
    Column("sha512", LargeBinary, nullable=False),
    Column("subject", TEXT, nullable=False),
    Column("issuer", TEXT, nullable=False),
    Column("subject_name_sha256", LargeBinary, nullable=False),
    Column("issuer_name_sha256", LargeBinary, nullable=False),
    Column("serial_number", TEXT, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("not_after", BigInteger, nullable=False),
    Column("key_type", TEXT, nullable=False),
    Column("key_size", Integer, nullable=False),
    Column("key_curve", TEXT),
    Column("public_key_sha256", LargeBinary, nullable=False),
    Column("signature_algorithm", TEXT, nullable=False),
    Column("self_signed", Boolean, nullable=False),
    Column("der", LargeBinary, nullable=False),
)

private_keys = Table(
    "private_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("public_key_sha256", LargeBinary, nullable=False),
    Column("data_key_id", TEXT, ForeignKey("data_keys.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("keystore_id", "public_key_sha256"),
    # The id is part of what a sealed key is bound to: one that was purged never comes back.
    sqlite_autoincrement=True,
)

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("alias", TEXT, nullable=False),
    Column("type", TEXT, nullable=False),
    Column("owner", TEXT, nullable=False),
    Column("usage", TEXT, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("current_version", Integer, nullable=False),
    Column("pending_version", Integer),
    Column("last_version", Integer, nullable=False),
    # Of the current version's end-entity certificate; the name of certificate entries alone.
    Column("certificate_id", Integer, ForeignKey("certificates.id"), nullable=False),
    Column("not_after", BigInteger, nullable=False),
    Column("subject_name_sha256", LargeBinary),
    Column("waiting_since", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", TEXT, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("modified_by", TEXT, nullable=False),
    Column("deleted_at", BigInteger),
    Column("view", TEXT, nullable=False, server_default="current"),
    # Set on a deleted entry whose purge waits for the last backup that holds one of its versions.
    Column("purged_at", BigInteger),
    # Set on a key in the view "new" that waits for a person instead of its day.
    Column("held_at", BigInteger),
    # The texts that are searched, as ``search.folded`` makes them; of the current version.
    Column("alias_folded", TEXT, nullable=False, server_default=text("''")),
    Column("subject_folded", TEXT, nullable=False, server_default=text("''")),
    Column("issuer_folded", TEXT, nullable=False, server_default=text("''")),
    sqlite_autoincrement=True,
)

_CURRENT: ColumnElement[str] = literal_column("'current'")

present = entries.c.deleted_at.is_(None)
living = present & (entries.c.view == _CURRENT)
deleted = entries.c.deleted_at.is_not(None) & entries.c.purged_at.is_(None)
waiting = entries.c.waiting_since.is_not(None)

Index(
    "entries_alias",
    entries.c.keystore_id,
    entries.c.view,
    entries.c.alias,
    unique=True,
    **only_where(present),
)
Index(
    "entries_type",
    entries.c.keystore_id,
    entries.c.view,
    entries.c.type,
    entries.c.alias,
    **only_where(present),
)
Index(
    "entries_owner",
    entries.c.keystore_id,
    entries.c.view,
    entries.c.owner,
    entries.c.alias,
    **only_where(present),
)
for _name, _column in (
    ("entries_not_after", entries.c.not_after),
    ("entries_modified", entries.c.modified_at),
    ("entries_subject", entries.c.subject_folded),
    ("entries_issuer", entries.c.issuer_folded),
):
    Index(
        _name,
        entries.c.keystore_id,
        entries.c.view,
        _column,
        entries.c.id,
        **only_where(present),
    )
Index(
    "entries_waiting",
    entries.c.keystore_id,
    entries.c.view,
    entries.c.alias,
    **only_where(waiting & living),
)
Index(
    "entries_pending",
    entries.c.keystore_id,
    entries.c.view,
    entries.c.alias,
    **only_where(entries.c.pending_version.is_not(None) & living),
)
Index(
    "entries_deleted",
    entries.c.keystore_id,
    entries.c.alias,
    entries.c.deleted_at,
    entries.c.id,
    **only_where(deleted),
)
Index(
    "entries_subject_name",
    entries.c.keystore_id,
    entries.c.subject_name_sha256,
    **only_where(entries.c.subject_name_sha256.is_not(None) & living),
)
Index(
    "entries_trusted",
    entries.c.keystore_id,
    entries.c.view,
    entries.c.alias,
    **only_where(entries.c.trusted & living),
)

versions = Table(
    "versions",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("private_key_id", Integer, ForeignKey("private_keys.id")),
    Column("file_sha256", LargeBinary),
    Column("note", TEXT),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", TEXT, nullable=False),
    # A value of ChainState; none of a lone certificate.
    Column("chain_state", TEXT),
    Index("versions_private_key", "private_key_id"),
    sqlite_with_rowid=False,
)

version_certificates = Table(
    "version_certificates",
    metadata,
    Column("entry_id", Integer, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("certificate_id", Integer, ForeignKey("certificates.id"), nullable=False),
    ForeignKeyConstraint(["entry_id", "number"], ["versions.entry_id", "versions.number"]),
    sqlite_with_rowid=False,
)

signing_requests = Table(
    "signing_requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("entry_id", Integer, ForeignKey("entries.id"), nullable=False),
    Column("public_key_sha256", LargeBinary, nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", TEXT, nullable=False),
    Column("answered_at", BigInteger),
    Index("signing_requests_key", "entry_id", "public_key_sha256", "id"),
    sqlite_autoincrement=True,
)

trust_confirmations = Table(
    "trust_confirmations",
    metadata,
    Column("keystore_id", Integer, ForeignKey("keystores.id"), primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("confirmed_at", BigInteger, nullable=False),
    Column("confirmed_by", TEXT, nullable=False),
    sqlite_with_rowid=False,
)

# A backup is a list of version numbers; what an entry has besides its versions is repeated here.
backups = Table(
    "backups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("name", TEXT, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", TEXT, nullable=False),
    UniqueConstraint("keystore_id", "name"),
    sqlite_autoincrement=True,
)

backup_entries = Table(
    "backup_entries",
    metadata,
    Column("backup_id", Integer, ForeignKey("backups.id"), primary_key=True),
    Column("alias", TEXT, primary_key=True),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("entry_id", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("pending_number", Integer),
    Column("type", TEXT, nullable=False),
    Column("usage", TEXT, nullable=False),
    Column("trusted", Boolean, nullable=False),
    ForeignKeyConstraint(["entry_id", "number"], ["versions.entry_id", "versions.number"]),
    ForeignKeyConstraint(["entry_id", "pending_number"], ["versions.entry_id", "versions.number"]),
    Index("backup_entries_entry", "entry_id", "number"),
    sqlite_with_rowid=False,
)

# What the history says of an entry in the view "history", besides the entry itself.
activations = Table(
    "activations",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("keystore_id", Integer, ForeignKey("keystores.id"), nullable=False),
    Column("original_alias", TEXT, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("active_from", BigInteger, nullable=False),
    Column("activated_by", TEXT, nullable=False),
    Column("active_until", BigInteger, nullable=False),
    Column("deactivated_by", TEXT, nullable=False),
    UniqueConstraint("keystore_id", "original_alias", "sequence"),
    sqlite_with_rowid=False,
)

# No foreign keys: a row of the audit log outlives everything that it speaks of.
audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("keystore_id", Integer),
    Column("at", BigInteger, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("action", TEXT, nullable=False),
    Column("outcome", TEXT, nullable=False),
    Column("alias", TEXT),
    Column("entry_id", Integer),
    Column("version", Integer),
    Column("detail", TEXT, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("sealing_key_id", TEXT),
    Column("mac", LargeBinary),
    # Of the transaction that wrote the row, if engines run several beside each other.
    Column("receipt", LargeBinary),
    Index("audit_keystore", "keystore_id", "sequence"),
    Index("audit_alias", "keystore_id", "alias", "sequence"),
    Index("audit_entry", "entry_id", "sequence"),
    Index("audit_at", "keystore_id", "at", "sequence"),
)

# Rows of the audit log that are not linked yet, where transactions run beside each other.
audit_waiting = Table(
    "audit_waiting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("keystore_id", Integer),
    Column("at", BigInteger, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("action", TEXT, nullable=False),
    Column("outcome", TEXT, nullable=False),
    Column("alias", TEXT),
    Column("entry_id", Integer),
    Column("version", Integer),
    Column("detail", TEXT, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("receipt", LargeBinary),
    sqlite_autoincrement=True,
)

# Who does what one process alone may do; see ``leases``.
leases = Table(
    "leases",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("holder", TEXT, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

PASSING = frozenset(
    table.name
    for table in (
        account_tables.tokens,
        account_tables.sessions,
        account_tables.sign_in_failures,
        account_tables.idempotency_keys,
        account_tables.jobs,
        leases,
    )
)
"""Tables of what is soon over: they stay behind when an installation moves (ADR 12)."""
