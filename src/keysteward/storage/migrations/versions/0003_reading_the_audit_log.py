"""Indexes by which the audit log is asked: by alias, by entry, by time."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("audit_alias", "audit", ["keystore_id", "alias", "sequence"])
    op.create_index("audit_entry", "audit", ["entry_id", "sequence"])
    op.create_index("audit_at", "audit", ["keystore_id", "at", "sequence"])
