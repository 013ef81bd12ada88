"""The values that all rooms share: entry, version, signing request, plan."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from keysteward.pki.certificates import Certificate
from keysteward.pki.public_keys import KeyKind
from keysteward.pki.usages import Usage
from keysteward.values import Alias, Fingerprint, Notice, Severity


class EntryType(StrEnum):
    """What an entry is: a private key with its chain, or a lone certificate."""

    KEY_PAIR = "key-pair"
    CERTIFICATE = "certificate"


class Owner(StrEnum):
    """Who may change an entry."""

    TENANT = "tenant"
    PROVIDER = "provider"


class View(StrEnum):
    """Which of a keystore's lists an entry is in; backups are lists of versions instead."""

    CURRENT = "current"
    """What is used (SAP: keystore ``system``)."""
    NEW = "new"
    """Keys of the provider that wait to be activated (SAP: ``KeyRenewal``)."""
    HISTORY = "history"
    """Keys of the provider that were replaced, as ``[n]_alias`` (SAP: ``KeyHistory``)."""


class ChainState(StrEnum):
    """How far the chain of a key pair goes. Every chain that is stored has no gap in it."""

    COMPLETE = "complete"
    """It ends in a self-signed root that issued the rest."""
    ROOT_MISSING = "root-missing"
    """It ends in an intermediate certificate, whose issuer is not in it."""
    INCOMPLETE = "incomplete"
    """It is the end-entity certificate alone: not even the CA that issued it is there."""
    SELF_SIGNED = "self-signed"
    """No CA issued the certificate: a placeholder, as a rule, until the first response."""

    @classmethod
    def of(cls, chain: tuple[Certificate, ...]) -> "ChainState":
        """Return the state of a key pair's chain, end-entity first."""
        if chain[-1].self_signed:
            return cls.COMPLETE if len(chain) > 1 else cls.SELF_SIGNED
        return cls.ROOT_MISSING if len(chain) > 1 else cls.INCOMPLETE


class Reason(StrEnum):
    """Why a version of an entry came to be."""

    GENERATED = "generated"
    UPLOADED = "uploaded"
    RENEWAL = "renewal"
    """A pending new key with its placeholder; becomes current only through its response."""
    SIGNING_RESPONSE = "signing-response"
    CHAIN_REPAIRED = "chain-repaired"
    ROLLED_BACK = "rolled-back"
    RENAMED = "renamed"
    IMPORTED = "imported"
    COPIED = "copied"
    RESTORED = "restored"
    SUPPLIED = "supplied"
    """Brought by the provider."""
    ACTIVATED = "activated"
    """A key of the provider came from its New keys, or went from there to its history."""


class Action(StrEnum):
    """What was done, or refused, as the audit log calls it: one word for each deed.

    What brings a version of an entry has its reason's word. They are in databases and never change;
    ``docs/audit.md`` tells what each means.
    """

    # The installation and its keystores.
    KEYSTORE_CREATED = "keystore-created"
    RECOVERY_EXPORT = "recovery-export"
    RECOVERY_RESTORE = "recovery-restore"
    DATABASE_COPIED = "database-copied"
    # Accounts, of the installation.
    USER_ADDED = "user-added"
    USER_CHANGED = "user-changed"
    USER_REMOVED = "user-removed"
    PASSWORD_CHANGED = "password-changed"
    CLIENT_ADDED = "client-added"
    CLIENT_CHANGED = "client-changed"
    CLIENT_REMOVED = "client-removed"
    SECRET_ADDED = "secret-added"
    SECRET_REMOVED = "secret-removed"
    SIGN_IN_REFUSED = "sign-in-refused"
    PERMISSION_REFUSED = "permission-refused"
    """Also of a keystore, if the address names one that the account may see."""
    TOKEN_ISSUED = "token-issued"
    TOKEN_REVOKED = "token-revoked"
    SESSION_OPENED = "session-opened"
    SESSION_CLOSED = "session-closed"
    # Entries of the tenant administrator.
    GENERATE = "generate"
    ADD_KEY_PAIR = "add-key-pair"
    ADD_SSH_KEY = "add-ssh-key"
    ADD_RSA_KEY = "add-rsa-key"
    ADD_CERTIFICATE = "add-certificate"
    UPLOADED = Reason.UPLOADED.value
    RENEW = "renew"
    SIGNING_REQUEST = "signing-request"
    SIGNING_RESPONSE = Reason.SIGNING_RESPONSE.value
    CHAIN_REPAIRED = Reason.CHAIN_REPAIRED.value
    ROLLED_BACK = Reason.ROLLED_BACK.value
    RENAME = "rename"
    DELETE = "delete"
    UNDELETE = "undelete"
    PURGE = "purge"
    # Many entries at once.
    IMPORTED = Reason.IMPORTED.value
    COPIED = Reason.COPIED.value
    COPIED_TO = "copied-to"
    CREATE_BACKUP = "create-backup"
    DELETE_BACKUP = "delete-backup"
    RESTORED = Reason.RESTORED.value
    # Keys of the provider.
    SUPPLIED = Reason.SUPPLIED.value
    WITHDRAW = "withdraw"
    ACTIVATED = Reason.ACTIVATED.value
    HOLD = "hold"
    RELEASE = "release"
    # Contents that were read.
    READ_SIGNING_REQUESTS = "read-signing-requests"
    READ_KEYSTORE = "read-keystore"
    READ_BACKUP = "read-backup"
    READ_AUDIT_LOG = "read-audit-log"
    # Connections that the server made for somebody.
    CONNECTION_TEST = "connection-test"


class Source(StrEnum):
    """Where a certificate of a planned chain came from."""

    RESPONSE = "response"
    KEYSTORE = "keystore"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts, as the audit log names them, and on whose entries."""

    name: str
    owner: Owner = Owner.TENANT


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an entry. The chain is end-entity first; a placeholder's is itself alone."""

    number: int
    reason: Reason
    created_at: datetime
    created_by: str
    chain: tuple[Certificate, ...]
    private_key_id: int | None
    file_sha256: Fingerprint | None = None
    note: str | None = None

    @property
    def certificate(self) -> Certificate:
        """The end-entity certificate."""
        return self.chain[0]


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A recorded PKCS#10 certification request (RFC 2986)."""

    id: int
    der: bytes = field(repr=False)
    public_key_sha256: Fingerprint
    created_at: datetime
    created_by: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A living or deleted entry of a keystore, with its current and its pending version."""

    id: int
    keystore_id: int
    alias: Alias
    type: EntryType
    owner: Owner
    usage: Usage
    trusted: bool
    version: Version
    pending: Version | None
    waiting_since: datetime | None
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    deleted_at: datetime | None = None
    view: View = View.CURRENT


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """One line of a list: what is shown of an entry without reading its chain."""

    id: int
    alias: Alias
    type: EntryType
    owner: Owner
    usage: Usage
    trusted: bool
    version: int
    pending: int | None
    waiting_since: datetime | None
    modified_at: datetime
    deleted_at: datetime | None
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key: KeyKind
    signature_algorithm: str
    fingerprint: Fingerprint
    self_signed: bool


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One certificate of a planned chain, and where it came from."""

    certificate: Certificate
    source: Source


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload or a rollback would do: a value, not stored; commit names its digest."""

    alias: Alias
    entry_id: int
    base_version: int
    base_pending: int | None
    reason: Reason | None
    """None: the identical chain is current already, nothing will be stored."""
    chain: tuple[ChainLink, ...]
    private_key_id: int
    notices: tuple[Notice, ...]
    overridden: tuple[str, ...]
    confirms_root: Fingerprint | None
    file_sha256: Fingerprint | None
    replaced: Certificate
    restores: int | None = None
    """The number of the version that a rollback makes current again."""
    containers: tuple[str, ...] = ()
    """What a file was known as by its content: "PKCS#7 SignedData", "PEM", "DER", …"""

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The chain alone, end-entity first."""
        return tuple(link.certificate for link in self.chain)

    @property
    def outcome(self) -> str:
        """``accept``, or ``warn`` if at least one notice is a warning."""
        return outcome(self.notices)

    @property
    def digest(self) -> Fingerprint:
        """SHA-256 over all members and the entry's version.

        A plan made before the entry or the rules changed has another digest than the one that would
        be committed now.
        """
        members = (
            *(self.alias, self.entry_id, self.base_version, self.base_pending, self.reason),
            [(link.certificate.fingerprint, link.source) for link in self.chain],
            *(self.private_key_id, self.overridden, self.confirms_root, self.file_sha256),
            [(notice.slug, notice.severity, notice.detail) for notice in self.notices],
            *(self.replaced.fingerprint, self.restores),
        )
        return digest(members)


def digest(members: object) -> Fingerprint:
    """Return SHA-256 over what a plan says, given as what JSON can write."""
    return Fingerprint(hashlib.sha256(json.dumps(members).encode()).hexdigest())


def outcome(notices: tuple[Notice, ...]) -> str:
    """Return ``warn`` if at least one notice is a warning, else ``accept``."""
    return "warn" if any(n.severity is Severity.WARNING for n in notices) else "accept"
