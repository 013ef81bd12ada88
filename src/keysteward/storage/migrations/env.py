"""What Alembic runs: the revisions, on the connection that it was given."""

from alembic import context

from keysteward.storage import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=False,
)
context.run_migrations()
