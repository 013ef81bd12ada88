"""The first schema."""

import sqlalchemy as sa
from alembic import op

from keysteward.storage.columns import TEXT, only_where

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("alias", TEXT, nullable=True),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealing_key_id", TEXT, nullable=True),
        sa.Column("mac", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("audit_keystore", "audit", ["keystore_id", "sequence"], unique=False)
    op.create_table(
        "certificates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sha1", sa.LargeBinary(), nullable=False),
        sa.Column("sha512", sa.LargeBinary(), nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("subject_name_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("issuer_name_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("serial_number", TEXT, nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("key_type", TEXT, nullable=False),
        sa.Column("key_size", sa.Integer(), nullable=False),
        sa.Column("key_curve", TEXT, nullable=True),
        sa.Column("public_key_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("signature_algorithm", TEXT, nullable=False),
        sa.Column("self_signed", sa.Boolean(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "data_keys",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("sealing_key_id", TEXT, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "keystores",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("usage", TEXT, nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("pending_version", sa.Integer(), nullable=True),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("subject_name_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("waiting_since", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_by", TEXT, nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
        ),
        sa.ForeignKeyConstraint(
            ["keystore_id"],
            ["keystores.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "entries_alias",
        "entries",
        ["keystore_id", "alias"],
        unique=True,
        **only_where(sa.text("deleted_at IS NULL")),
    )
    op.create_index(
        "entries_deleted",
        "entries",
        ["keystore_id", "alias", "deleted_at", "id"],
        unique=False,
        **only_where(sa.text("deleted_at IS NOT NULL")),
    )
    op.create_index(
        "entries_not_after",
        "entries",
        ["keystore_id", "not_after", "id"],
        unique=False,
        **only_where(sa.text("deleted_at IS NULL")),
    )
    op.create_index(
        "entries_subject_name",
        "entries",
        ["keystore_id", "subject_name_sha256"],
        unique=False,
        **only_where(sa.text("subject_name_sha256 IS NOT NULL AND deleted_at IS NULL")),
    )
    op.create_index(
        "entries_trusted",
        "entries",
        ["keystore_id", "alias"],
        unique=False,
        **only_where(
            sa.text("trusted = 1 AND deleted_at IS NULL"),
            sa.text("trusted AND deleted_at IS NULL"),
        ),
    )
    op.create_index(
        "entries_waiting",
        "entries",
        ["keystore_id", "alias"],
        unique=False,
        **only_where(sa.text("waiting_since IS NOT NULL AND deleted_at IS NULL")),
    )
    op.create_table(
        "private_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("public_key_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data_key_id", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["data_key_id"],
            ["data_keys.id"],
        ),
        sa.ForeignKeyConstraint(
            ["keystore_id"],
            ["keystores.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("keystore_id", "public_key_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "trust_confirmations",
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["keystore_id"],
            ["keystores.id"],
        ),
        sa.PrimaryKeyConstraint("keystore_id", "sha256"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "signing_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("public_key_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["keystore_id"],
            ["keystores.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "signing_requests_key",
        "signing_requests",
        ["entry_id", "public_key_sha256", "id"],
        unique=False,
    )
    op.create_table(
        "versions",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("private_key_id", sa.Integer(), nullable=True),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("note", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["keystore_id"],
            ["keystores.id"],
        ),
        sa.ForeignKeyConstraint(
            ["private_key_id"],
            ["private_keys.id"],
        ),
        sa.PrimaryKeyConstraint("entry_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("versions_private_key", "versions", ["private_key_id"], unique=False)
    op.create_table(
        "version_certificates",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keystore_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entry_id", "number"],
            ["versions.entry_id", "versions.number"],
        ),
        sa.ForeignKeyConstraint(
            ["keystore_id"],
            ["keystores.id"],
        ),
        sa.PrimaryKeyConstraint("entry_id", "number", "position"),
        sqlite_with_rowid=False,
    )
