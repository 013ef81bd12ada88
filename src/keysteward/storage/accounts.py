"""Accounts and what they sign in with: the questions of every request, and the changes.

Digests are SHA-256 over what somebody was given. Rows of the audit log that tell of accounts belong
to the installation, to no keystore.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from keysteward.entries import Action
from keysteward.problems import KeystoreUnknown
from keysteward.rights import Role
from keysteward.sealing.sealer import Sealer
from keysteward.storage import account_statements as say
from keysteward.storage import answers, audit, rows, statements
from keysteward.storage.account_records import (
    Account,
    AccountKind,
    Failures,
    NewAccount,
    StoredSecret,
    StoredSession,
)
from keysteward.storage.audit import AuditEvent
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import INSTALLATION
from keysteward.storage.links import Link, Row
from keysteward.storage.records import Receipt, Repeatable

_AT_ONCE = 20
"""Rows whose time is over that one change takes along; no request pays for many of them."""
_ACCOUNT_COLUMNS = 12


class _Keystores:
    """Names of keystores by id. A keystore is never renamed and no id given twice."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def names(self, link: Link, text: str | None) -> frozenset[str] | None:
        """Return the names of the ids in a stored list."""
        if text is None:
            return None
        ids: list[int] = json.loads(text)
        if not self._names.keys() >= set(ids):
            self._names = {row[1]: row[0] for row in link.all(statements.LIST_KEYSTORES)}
        return frozenset(self._names[id_] for id_ in ids)

    def text(self, link: Link, names: frozenset[str] | None) -> str | None:
        """Return the list to store. Raises KeystoreUnknown."""
        if names is None:
            return None
        known: dict[str, int] = {row[0]: row[1] for row in link.all(statements.LIST_KEYSTORES)}
        for name in sorted(names - known.keys()):
            raise KeystoreUnknown(name, ", ".join(map(repr, known)))
        return json.dumps(sorted(known[name] for name in names))


class Accounts:
    """What is known of accounts; the store has one. Reads as ``Store`` does."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._keystores = _Keystores()

    @property
    def at_hand(self) -> bool:
        """Whether a token is found in less time than it takes to hand the search to a thread."""
        return self._database.engine.embedded

    def find(self, kind: AccountKind, name: str) -> Account | None:
        """Return an account by its name, disabled or not."""
        with self._database.reading() as link:
            row = link.one(say.FIND_ACCOUNT, kind=kind.value, name=name)
            return None if row is None else _account(link, self._keystores, row)

    def list(self, kind: AccountKind) -> tuple[Account, ...]:
        """Return all accounts of a kind, by name."""
        with self._database.reading() as link:
            found = link.all(say.LIST_ACCOUNTS, kind=kind.value)
            return tuple(_account(link, self._keystores, row) for row in found)

    def list_secrets(self, account_id: int | None = None) -> tuple[StoredSecret, ...]:
        """Return the secrets of one API client, or of all, the oldest first; also expired ones."""
        with self._database.reading() as link:
            if account_id is None:
                return tuple(map(_secret, link.all(say.LIST_ALL_SECRETS)))
            return tuple(map(_secret, link.all(say.LIST_SECRETS, account=account_id)))

    def find_token(self, sha256: bytes) -> tuple[Account, datetime] | None:
        """Return the account that a token was issued to, and when it ends; one query."""
        with self._database.reading() as link:
            row = link.one(say.FIND_TOKEN, sha256=sha256)
            if row is None:
                return None
            return _account(link, self._keystores, row), rows.to_time(row[_ACCOUNT_COLUMNS])

    def find_session(self, sha256: bytes) -> StoredSession | None:
        """Return a session with its account; one query."""
        with self._database.reading() as link:
            row = link.one(say.FIND_SESSION, sha256=sha256)
            if row is None:
                return None
            used_at, expires_at = map(rows.to_time, row[_ACCOUNT_COLUMNS:])
            return StoredSession(_account(link, self._keystores, row), used_at, expires_at)

    def find_failures(self, name: str, address: str) -> Failures | None:
        """Return what is counted against a name at an address; also what is long ago."""
        with self._database.reading() as link:
            return _failures(link, name, address)

    @contextmanager
    def writing(
        self, actor: str, at: datetime, receipt: Receipt | None = None
    ) -> Iterator["AccountChanges"]:
        """Begin a write transaction, with a receipt before its commit; see ``Store.writing``."""
        with self._database.writing(INSTALLATION) as link:
            changes = AccountChanges(link, self._sealer, self._keystores, actor, at)
            yield changes
            if receipt is not None:
                receipt(changes)


class AccountChanges:
    """What can be done inside a write transaction; what it reads stays so until the commit."""

    def __init__(
        self, link: Link, sealer: Sealer, keystores: _Keystores, actor: str, at: datetime
    ) -> None:
        self._link = link
        self._sealer = sealer
        self._keystores = keystores
        self.at = at
        self._actor = actor
        self._now = rows.to_microseconds(at)

    def remember(self, repeatable: Repeatable) -> bool:
        """Keep that a request was carried out, without its answer; see ``answers.remember``."""
        return answers.remember(self._link, repeatable, self._now)

    def audit(self, action: Action, outcome: str, detail: Mapping[str, object]) -> None:
        """Write a row of the installation's audit log. ``detail`` must hold no secret."""
        event = AuditEvent(action, outcome, None, None, None, detail)
        audit.append(self._link, self._sealer, None, self._actor, self.at, event)

    # ---- accounts

    def find(self, kind: AccountKind, name: str) -> Account | None:
        """Return an account by its name, disabled or not."""
        row = self._link.one(say.FIND_ACCOUNT, kind=kind.value, name=name)
        return None if row is None else _account(self._link, self._keystores, row)

    def list(self, kind: AccountKind) -> tuple[Account, ...]:
        """Return all accounts of a kind, by name."""
        found = self._link.all(say.LIST_ACCOUNTS, kind=kind.value)
        return tuple(_account(self._link, self._keystores, row) for row in found)

    def add(self, new: NewAccount) -> int:
        """Make an account whose name is free; return its id. Raises KeystoreUnknown."""
        row = self._link.one(
            say.INSERT_ACCOUNT,
            kind=new.kind.value,
            name=new.name,
            password_hash=new.password_hash,
            must_change_password=new.must_change_password,
            roles=_roles_text(new.roles),
            keystores=self._keystores.text(self._link, new.keystores),
            created_at=self._now,
            created_by=self._actor,
            modified_at=self._now,
            modified_by=self._actor,
            disabled_at=None,
        )
        return _number(row)

    def change(self, account: Account) -> None:
        """Write roles, keystores and whether it is disabled. Raises KeystoreUnknown."""
        disabled_at = account.disabled_at
        self._link.change(
            say.CHANGE_ACCOUNT,
            account=account.id,
            new_roles=_roles_text(account.roles),
            new_keystores=self._keystores.text(self._link, account.keystores),
            new_disabled_at=None if disabled_at is None else rows.to_microseconds(disabled_at),
            at=self._now,
            actor=self._actor,
        )

    def remove(self, account: Account) -> None:
        """Delete an account with all that it signs in with."""
        self.sign_out(account)
        self._link.change(say.DELETE_SECRETS, account=account.id)
        self._link.change(say.DELETE_ACCOUNT, account=account.id)

    def set_password(self, account: Account, password_hash: str, *, must_change: bool) -> None:
        """Give a user another password."""
        self._link.change(
            say.SET_PASSWORD,
            account=account.id,
            new_hash=password_hash,
            new_must_change=must_change,
            at=self._now,
            actor=self._actor,
        )

    def rehash_password(self, account: Account, password_hash: str) -> bool:
        """Keep the same password under another hash; tell whether it is the same still."""
        changed = self._link.change(
            say.REHASH_PASSWORD,
            account=account.id,
            old_hash=account.password_hash,
            new_hash=password_hash,
        )
        return changed > 0

    def sign_out(self, account: Account) -> None:
        """End every token and session of an account."""
        self._link.change(say.DELETE_TOKENS, account=account.id)
        self._link.change(say.DELETE_SESSIONS, account=account.id)

    # ---- secrets, tokens, sessions

    def list_secrets(self, account: Account) -> tuple[StoredSecret, ...]:
        """Return the secrets of an API client, the oldest first; also expired ones."""
        return tuple(map(_secret, self._link.all(say.LIST_SECRETS, account=account.id)))

    def add_secret(self, account_id: int, sha256: bytes, expires_at: datetime) -> int:
        """Keep the digest of a new secret; return its id."""
        row = self._link.one(
            say.INSERT_SECRET,
            account_id=account_id,
            sha256=sha256,
            created_at=self._now,
            created_by=self._actor,
            expires_at=rows.to_microseconds(expires_at),
        )
        return _number(row)

    def remove_secret(self, account: Account, secret_id: int) -> bool:
        """Delete a secret of an API client; tell whether there was one."""
        return self._link.change(say.DELETE_SECRET, account=account.id, secret=secret_id) > 0

    def add_token(self, account: Account, sha256: bytes, expires_at: datetime) -> None:
        """Keep the digest of a new token; some that are over go."""
        self._link.change(say.DELETE_EXPIRED_TOKENS, now=self._now, row_limit=_AT_ONCE)
        self._link.change(
            say.INSERT_TOKEN,
            sha256=sha256,
            account_id=account.id,
            created_at=self._now,
            expires_at=rows.to_microseconds(expires_at),
        )

    def remove_token(self, sha256: bytes) -> bool:
        """Delete a token; tell whether there was one."""
        return self._link.change(say.DELETE_TOKEN, sha256=sha256) > 0

    def add_session(self, account_id: int, sha256: bytes, expires_at: datetime) -> None:
        """Keep the digest of a new session's token; some that are over go."""
        self._link.change(say.DELETE_EXPIRED_SESSIONS, now=self._now, row_limit=_AT_ONCE)
        self._link.change(
            say.INSERT_SESSION,
            sha256=sha256,
            account_id=account_id,
            created_at=self._now,
            used_at=self._now,
            expires_at=rows.to_microseconds(expires_at),
        )

    def use_session(self, sha256: bytes) -> None:
        """Note that a session is used now."""
        self._link.change(say.USE_SESSION, sha256=sha256, now=self._now)

    def remove_session(self, sha256: bytes) -> bool:
        """Delete a session; tell whether there was one."""
        return self._link.change(say.DELETE_SESSION, sha256=sha256) > 0

    # ---- failed attempts

    def find_failures(self, name: str, address: str) -> Failures | None:
        """Return what is counted against a name at an address; also what is long ago."""
        return _failures(self._link, name, address)

    def put_failures(self, name: str, address: str, failures: Failures) -> None:
        """Write what is counted against a name at an address."""
        found = self._link.change(
            say.COUNT_FAILURE,
            failed_name=name,
            failed_address=address,
            new_count=failures.count,
            new_first_at=rows.to_microseconds(failures.first_at),
            now=rows.to_microseconds(failures.last_at),
            new_blocked_until=rows.to_microseconds(failures.blocked_until),
        )
        if not found:
            self._link.change(
                say.INSERT_FAILURES,
                name=name,
                address=address,
                count=failures.count,
                first_at=rows.to_microseconds(failures.first_at),
                last_at=rows.to_microseconds(failures.last_at),
                blocked_until=rows.to_microseconds(failures.blocked_until),
            )

    def forget_failures(self, name: str, address: str) -> None:
        """Delete what is counted against a name at an address."""
        self._link.change(say.DELETE_FAILURES, failed_name=name, failed_address=address)

    def forget_old_failures(self, age: timedelta, most: int) -> None:
        """Delete some rows whose last failure is longer ago than that, and some beyond so many."""
        before = rows.to_microseconds(self.at - age)
        self._link.change(say.DELETE_OLD_FAILURES, before=before, row_limit=_AT_ONCE)
        self._link.change(say.DELETE_SURPLUS_FAILURES, kept=most, row_limit=_AT_ONCE)

    def forget_over(self, age: timedelta, most: int, row_limit: int) -> dict[str, int]:
        """Delete tokens and sessions whose time is over, and failures as ``forget_old_failures``.

        At most ``row_limit`` of each, those that ended first; returns how many by table.
        """
        before = rows.to_microseconds(self.at - age)
        over = {"now": self._now, "row_limit": row_limit}
        old = self._link.change(say.DELETE_OLD_FAILURES, before=before, row_limit=row_limit)
        surplus = self._link.change(say.DELETE_SURPLUS_FAILURES, kept=most, row_limit=row_limit)
        return {
            "tokens": self._link.change(say.DELETE_EXPIRED_TOKENS, **over),
            "sessions": self._link.change(say.DELETE_EXPIRED_SESSIONS, **over),
            "failures": old + surplus,
        }


def _roles_text(roles: frozenset[Role]) -> str:
    return " ".join(sorted(roles))


def _number(row: Row | None) -> int:
    if row is None:
        raise RuntimeError("The database did not return the number that it gave.")
    return int(row[0])


def _account(link: Link, keystores: _Keystores, row: Row) -> Account:
    return Account(
        id=row[0],
        kind=AccountKind(row[1]),
        name=row[2],
        password_hash=row[3],
        must_change_password=bool(row[4]),
        roles=frozenset(map(Role, row[5].split())),
        keystores=keystores.names(link, row[6]),
        created_at=rows.to_time(row[7]),
        created_by=row[8],
        modified_at=rows.to_time(row[9]),
        modified_by=row[10],
        disabled_at=rows.to_optional_time(row[11]),
    )


def _secret(row: Row) -> StoredSecret:
    return StoredSecret(row[0], row[1], row[2], rows.to_time(row[3]), row[4], rows.to_time(row[5]))


def _failures(link: Link, name: str, address: str) -> Failures | None:
    row = link.one(say.FIND_FAILURES, failed_name=name, failed_address=address)
    return None if row is None else Failures(row[0], *map(rows.to_time, row[1:]))
