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
    connection = op.get_bind()
    for statement in engine_of(connection).functions():
        connection.exec_driver_sql(statement)
