"""Indexes by which entries of one type or owner are listed, and pending keys are counted."""

import sqlalchemy as sa
from alembic import op

from keysteward.storage.columns import only_where

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the indexes."""
    for column in ("type", "owner"):
        op.create_index(
            f"entries_{column}",
            "entries",
            ["keystore_id", "view", column, "alias"],
            **only_where(sa.text("deleted_at IS NULL")),
        )
    op.create_index(
        "entries_pending",
        "entries",
        ["keystore_id", "view", "alias"],
        **only_where(
            sa.text("pending_version IS NOT NULL AND deleted_at IS NULL AND \"view\" = 'current'")
        ),
    )
