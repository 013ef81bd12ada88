"""Types of columns that engines must be told apart for; tables and migrations share them."""

from typing import Any

from sqlalchemy import Text, TextClause
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

Condition = ColumnElement[Any] | TextClause

TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its code points, which SQLite has by itself."""


def only_where(condition: Condition, postgresql: Condition | None = None) -> dict[str, Any]:
    """Return what makes an index one of those rows alone that fit, for every engine."""
    other = condition if postgresql is None else postgresql
    return {"sqlite_where": condition, "postgresql_where": other}
