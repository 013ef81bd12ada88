"""Making, opening and upgrading a database: what happens before there is a Store."""

from datetime import datetime

from sqlalchemy import URL

from keysteward.entries import Action
from keysteward.problems import DatabaseUnusable, KeystoreExists, KeystoreNotInitialised
from keysteward.sealing import folders, keyring, sealer
from keysteward.sealing.sealer import WrappedKey
from keysteward.settings import Settings
from keysteward.storage import audit, changes, migrations, readiness, rows, statements
from keysteward.storage.audit import AuditEvent
from keysteward.storage.database import Database, parse_url
from keysteward.storage.links import Link
from keysteward.storage.store import Store

_PASSWORDS = ("password", "sslpassword")
"""Parameters of a connection that nobody is shown."""

FILE_NAME = "keysteward.db"
"""Name of the SQLite file in the data folder."""


def create(settings: Settings, actor: str, at: datetime) -> str:
    """Make the database, the keystore and its sealing key; return the id of that key.

    The key's file is on disk before anything that it protects. All of the database's content is
    one transaction: whenever this dies it can be run again, with nothing left but, perhaps, a key
    in the keyring that nobody uses. Raises KeystoreExists.
    """
    engine, url = parse_url(database_url(settings))
    folders.make(settings.data)
    engine.prepare(url)
    database = Database(engine, engine.open(url))
    try:
        with database.schema_change() as connection:
            link = database.link(connection)
            if (
                readiness.revision_of(connection) is not None
                and link.one(statements.ANY_KEYSTORE) is not None
            ):
                raise KeystoreExists
            sealing_key_id = keyring.create_key(settings.keyring)
            wrapped = sealer.create_data_key(settings.keyring, sealing_key_id)
            migrations.upgrade(connection)
            _fill(link, settings, wrapped, actor, at)
    finally:
        database.close()
    return sealing_key_id


def open_store(settings: Settings) -> Store:
    """Open the database and every sealing key that it needs.

    Raises KeystoreNotInitialised, DatabaseUnusable (older or newer than this code), and
    SealingKeyMissing or SealingKeyExposed with the id of the key.
    """
    database = open_database(settings)
    try:
        with database.reading() as link:
            wrapped = [WrappedKey(*row) for row in link.all(statements.LIST_DATA_KEYS)]
        return Store(database, sealer.open_sealer(settings.keyring, wrapped))
    except BaseException:
        database.close()
        raise


def upgrade(settings: Settings) -> bool:
    """Bring the database to this code's schema; return whether there was anything to do.

    One transaction: it happens wholly or not at all. Raises KeystoreNotInitialised, and
    DatabaseUnusable if the database is newer than this code.
    """
    database = _connect(settings)
    try:
        with database.schema_change() as connection:
            revision = readiness.revision_of(connection)
            if revision == migrations.HEAD:
                return False
            _require_known(revision, settings)
            migrations.upgrade(connection)
            return True
    finally:
        database.close()


def database_url(settings: Settings) -> str:
    """Return the URL of an installation's database."""
    return settings.database or f"sqlite:///{settings.data / FILE_NAME}"


def is_embedded(settings: Settings) -> bool:
    """Tell whether the database is a file of this machine's. Raises SettingInvalid."""
    return parse_url(database_url(settings))[0].embedded


def place(settings: Settings) -> str:
    """Return where a keystore is looked for, as a person knows it."""
    if settings.database is None:
        return str(settings.data)
    return shown(parse_url(settings.database)[1])


def shown(url: URL) -> str:
    """Return a URL without its passwords."""
    return url.difference_update_query(_PASSWORDS).render_as_string(hide_password=True)


def _connect(settings: Settings) -> Database:
    engine, url = parse_url(database_url(settings))
    if not engine.exists(url):
        raise KeystoreNotInitialised(place(settings))
    return Database(engine, engine.open(url))


def open_database(settings: Settings) -> Database:
    """Open a database that has this code's schema. Raises as ``open_store`` does, but for keys."""
    database = _connect(settings)
    try:
        with database.schema_read() as connection:
            revision = readiness.revision_of(connection)
        _require_head(revision, settings)
    except BaseException:
        database.close()
        raise
    return database


def _require_head(revision: str | None, settings: Settings) -> None:
    if revision == migrations.HEAD:
        return
    _require_known(revision, settings)
    raise DatabaseUnusable(
        f"The database has the schema {revision}, this version of Keysteward works with "
        f"{migrations.HEAD}. Make a copy of it, then upgrade the database."
    )


def _require_known(revision: str | None, settings: Settings) -> None:
    if revision is None:
        raise KeystoreNotInitialised(place(settings))
    if revision not in migrations.REVISIONS:
        raise DatabaseUnusable(
            f"The database has the schema {revision!r}, which this version of Keysteward does not "
            "know: a newer one made it. Install that version, or bring back an older backup."
        )


def _fill(link: Link, settings: Settings, wrapped: WrappedKey, actor: str, at: datetime) -> None:
    now = rows.to_microseconds(at)
    keystore = link.one(changes.INSERT_KEYSTORE, name=settings.keystore, created_at=now)
    link.one(
        changes.INSERT_DATA_KEY,
        id=wrapped.id,
        sealing_key_id=wrapped.sealing_key_id,
        wrapped=wrapped.ciphertext,
        created_at=now,
    )
    event = AuditEvent(
        action=Action.KEYSTORE_CREATED,
        outcome=audit.DONE,
        alias=None,
        entry_id=None,
        version=None,
        detail={"keystore": settings.keystore, "sealing_key": wrapped.sealing_key_id},
    )
    opened = sealer.open_sealer(settings.keyring, [wrapped])
    audit.append(link, opened, keystore[0] if keystore else None, actor, at, event)
