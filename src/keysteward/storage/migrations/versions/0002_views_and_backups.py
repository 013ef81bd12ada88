"""Views of a keystore, backups, and the history of the provider's keys."""

import sqlalchemy as sa
from alembic import op

from keysteward.storage.columns import TEXT, only_where

revision = "0002"
down_revision = "0001"

_PRESENT = "deleted_at IS NULL"
_LIVING = "deleted_at IS NULL AND \"view\" = 'current'"
_INDEXES = {
    "entries_alias": (["keystore_id", "view", "alias"], _PRESENT),
    "entries_not_after": (["keystore_id", "not_after", "id"], _LIVING),
    "entries_waiting": (
        ["keystore_id", "view", "alias"],
        f"waiting_since IS NOT NULL AND {_LIVING}",
    ),
    "entries_deleted": (
        ["keystore_id", "alias", "deleted_at", "id"],
        "deleted_at IS NOT NULL AND purged_at IS NULL",
    ),
    "entries_subject_name": (
        ["keystore_id", "subject_name_sha256"],
        f"subject_name_sha256 IS NOT NULL AND {_LIVING}",
    ),
    "entries_trusted": (["keystore_id", "view", "alias"], f"trusted = 1 AND {_LIVING}"),
}


def upgrade() -> None:
    """Add columns and tables; what is there already is in the view of current entries."""
    for name in _INDEXES:
        op.drop_index(name, "entries")
    op.add_column("entries", sa.Column("view", TEXT, server_default="current", nullable=False))
    op.add_column("entries", sa.Column("purged_at", sa.BigInteger(), nullable=True))
    op.add_column("entries", sa.Column("held_at", sa.BigInteger(), nullable=True))
    for name, (columns, where) in _INDEXES.items():
        op.create_index(
            name,
            "entries",
            columns,
            unique=name == "entries_alias",
            **only_where(sa.text(where), sa.text(where.replace("trusted = 1", "trusted"))),
        )
    _backups()
    op.create_table(
        "activations",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("original_alias", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("active_from", sa.BigInteger(), nullable=False),
        sa.Column("activated_by", TEXT, nullable=False),
        sa.Column("active_until", sa.BigInteger(), nullable=False),
        sa.Column("deactivated_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"]),
        sa.ForeignKeyConstraint(["keystore_id"], ["keystores.id"]),
        sa.PrimaryKeyConstraint("entry_id"),
        sa.UniqueConstraint("keystore_id", "original_alias", "sequence"),
        sqlite_with_rowid=False,
    )


def _backups() -> None:
    op.create_table(
        "backups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["keystore_id"], ["keystores.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("keystore_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "backup_entries",
        sa.Column("backup_id", sa.Integer(), nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pending_number", sa.Integer(), nullable=True),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("usage", TEXT, nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["backup_id"], ["backups.id"]),
        sa.ForeignKeyConstraint(["entry_id", "number"], ["versions.entry_id", "versions.number"]),
        sa.ForeignKeyConstraint(
            ["entry_id", "pending_number"], ["versions.entry_id", "versions.number"]
        ),
        sa.ForeignKeyConstraint(["keystore_id"], ["keystores.id"]),
        sa.PrimaryKeyConstraint("backup_id", "alias"),
        sqlite_with_rowid=False,
    )
    op.create_index("backup_entries_entry", "backup_entries", ["entry_id", "number"])
