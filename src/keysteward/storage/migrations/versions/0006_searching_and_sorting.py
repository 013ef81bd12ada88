"""What entries are searched and sorted by, and how far the chain of each version goes."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from keysteward.storage.columns import TEXT, only_where
from keysteward.storage.migrations import engine_of

revision = "0006"
down_revision = "0005"

_BATCH = 500
_PRESENT = "deleted_at IS NULL"
_INDEXES = {
    "entries_not_after": "not_after",
    "entries_modified": "modified_at",
    "entries_subject": "subject_folded",
    "entries_issuer": "issuer_folded",
}
_LAST = (
    "(SELECT {} FROM version_certificates m JOIN certificates c ON c.id = m.certificate_id"
    " WHERE m.entry_id = versions.entry_id AND m.number = versions.number"
    " ORDER BY m.position DESC LIMIT 1)"
)
_CHAIN_STATES = (
    "UPDATE versions SET chain_state ="  # noqa: S608  # the text above
    f" CASE WHEN {_LAST.format('c.self_signed')}"
    f" THEN CASE WHEN {_LAST.format('m.position')} > 0 THEN 'complete' ELSE 'self-signed' END"
    f" ELSE CASE WHEN {_LAST.format('m.position')} > 0 THEN 'root-missing' ELSE 'incomplete' END"
    " END WHERE private_key_id IS NOT NULL"
)


def upgrade() -> None:
    """Add columns and indexes, fill them, and have the engine make its search index."""
    op.add_column("versions", sa.Column("chain_state", TEXT, nullable=True))
    op.execute(_CHAIN_STATES)
    for name in ("alias", "subject", "issuer"):
        column = sa.Column(f"{name}_folded", TEXT, server_default=sa.text("''"), nullable=False)
        op.add_column("entries", column)
    _fold_texts()
    op.drop_index("entries_not_after", "entries")
    for name, column_name in _INDEXES.items():
        columns = ["keystore_id", "view", column_name, "id"]
        op.create_index(name, "entries", columns, **only_where(sa.text(_PRESENT)))
    connection = op.get_bind()
    for statement in engine_of(connection).search_index:
        connection.exec_driver_sql(statement)


def _fold_texts() -> None:
    connection = op.get_bind()
    read = sa.text(
        "SELECT e.id, e.alias, c.subject, c.issuer FROM entries e"
        " JOIN certificates c ON c.id = e.certificate_id"
        " WHERE e.id > :after ORDER BY e.id LIMIT :batch"
    )
    write = sa.text(
        "UPDATE entries SET alias_folded = :alias, subject_folded = :subject,"
        " issuer_folded = :issuer WHERE id = :id"
    )
    after = 0
    while rows := connection.execute(read, {"after": after, "batch": _BATCH}).all():
        names = ("alias", "subject", "issuer")
        folded = [dict(zip(names, map(_folded, row[1:]), strict=True)) for row in rows]
        connection.execute(write, [{"id": r[0], **f} for r, f in zip(rows, folded, strict=True)])
        after = rows[-1][0]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\0", "\ufffd").casefold())
