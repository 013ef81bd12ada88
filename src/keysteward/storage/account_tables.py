"""The tables of who may sign in, and with what: the installation's, not a keystore's.

``tables`` has the rest, and says what their values are.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from keysteward.storage.columns import TEXT

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("password_hash", TEXT),
    Column("must_change_password", Boolean, nullable=False),
    # Sorted, with a blank between them.
    Column("roles", TEXT, nullable=False),
    # A list of ids in JSON; null for all keystores, also those to come.
    Column("keystores", TEXT),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", TEXT, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("modified_by", TEXT, nullable=False),
    Column("disabled_at", BigInteger),
    UniqueConstraint("kind", "name"),
    # Nobody inherits what a removed account left behind.
    sqlite_autoincrement=True,
)

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", TEXT, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("client_secrets_account", "account_id", "id"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("tokens_account", "account_id"),
    Index("tokens_expires", "expires_at"),
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("sessions_account", "account_id"),
    Index("sessions_expires", "expires_at"),
    sqlite_with_rowid=False,
)

# Names are as they were given, of users and, with "client:" before them, of API clients.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("address", TEXT, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("blocked_until", BigInteger, nullable=False),
    Index("sign_in_failures_last", "last_at"),
    sqlite_with_rowid=False,
)

# No foreign key: an answer is kept for a day, also that of an account removed meanwhile.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("account_id", Integer, primary_key=True, autoincrement=False),
    Column("key", TEXT, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("request_sha256", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("headers", TEXT),
    Column("body", LargeBinary),
    Index("idempotency_keys_created", "created_at"),
)

# Work of the web page that takes long, where several processes serve.
jobs = Table(
    "jobs",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("title", TEXT, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("whole", BigInteger, nullable=False),
    Column("seen", Boolean, nullable=False),
    Column("status", Integer),
    Column("headers", TEXT),
    Column("body", LargeBinary),
    Index("jobs_account", "account_id", "started_at"),
    Index("jobs_started", "started_at"),
)
