"""What processes on one database share: audit rows to be linked, leases, and SQL functions."""

import sqlalchemy as sa
from alembic import op

from keysteward.storage.columns import TEXT
from keysteward.storage.migrations import engine_of

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables, and have the engine make its functions."""
    op.add_column("audit", sa.Column("receipt", sa.LargeBinary(), nullable=True))
    op.create_table(
        "audit_waiting",
        sa.Column("id", sa.Integer(), nullable=False),
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
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "leases",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "jobs",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", TEXT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("jobs_account", "jobs", ["account_id", "started_at"])
    op.create_index("jobs_started", "jobs", ["started_at"])
    connection = op.get_bind()
    for statement in engine_of(connection).functions():
        connection.exec_driver_sql(statement)
