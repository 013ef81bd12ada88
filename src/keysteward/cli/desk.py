"""The desk: all that the commands ask of a keystore, wherever it is.

A command asks at the desk and prints the answer. ``local`` answers from the data folder in this
process, ``remote`` from a server; each method is one operation, raises the problems of that
operation and refuses with the same words.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keysteward.cli.desk_accounts import Clients, Users
from keysteward.cli.desk_values import (
    Accept,
    AcceptImport,
    ActivationStep,
    Expected,
    ImportProspect,
    Planned,
    Prospect,
    Shown,
    Stored,
)
from keysteward.cli.past import Past
from keysteward.entries import Entry, ListedEntry, Version, View
from keysteward.keystore.backups import Comparison
from keysteward.keystore.downloads import Download, DownloadKind, KeystoreForm
from keysteward.keystore.imports import Progress, Upload
from keysteward.keystore.intake import Mode
from keysteward.keystore.key_pairs import KeyUpload, PlaceholderWish
from keysteward.keystore.provider_keys import HistoryKey, NewProviderKey
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.trust import Consent
from keysteward.outbound.addresses import Address
from keysteward.outbound.connections import Connection
from keysteward.pki.certificates import Certificate
from keysteward.pki.key_pairs import KeySpec
from keysteward.pki.usages import Usage
from keysteward.storage.audit import AuditReport
from keysteward.storage.records import AuditFilter, AuditRow, Backup
from keysteward.values import Secret


class Entries(Protocol):
    """What can be asked of all entries alike."""

    def list_(
        self, *, expiring_days: int | None, waiting: bool, deleted: bool
    ) -> Sequence[ListedEntry]:
        """Return the current entries that meet all conditions, by alias, or by end date."""

    def aliases(self, prefix: str, most: int, view: View) -> Sequence[str]:
        """Return aliases that start with a prefix, in order."""

    def show(self, alias: str, view: View) -> Shown:
        """Return an entry with its signing requests."""

    def versions(self, alias: str, view: View) -> tuple[Entry, Sequence[Version]]:
        """Return an entry with all its versions, oldest first."""

    def roll_back(
        self, alias: str, number: int, consent: Consent, *, note: str | None, dry_run: bool
    ) -> Planned:
        """Make an older version current again, or only plan it."""

    def rename(self, alias: str, new: str) -> Entry:
        """Give an entry another alias."""

    def delete(self, alias: str) -> None:
        """Hide an entry."""

    def undelete(self, alias: str) -> Entry:
        """Bring the entry back that was deleted last under an alias."""

    def holders(self, alias: str) -> Sequence[str] | None:
        """Return the names of the backups that hold an entry; None if it is not one to purge."""

    def purge(self, alias: str, typed: str) -> int:
        """Destroy an entry; return the number of private keys destroyed with it."""


class KeyPairs(Protocol):
    """How key pairs come into being, and what is sent to the CA."""

    def generate(self, alias: str, spec: KeySpec, wish: PlaceholderWish, usage: Usage) -> Entry:
        """Make a key pair with a placeholder."""

    def renew(self, alias: str, spec: KeySpec | None, *, replace: bool) -> Shown:
        """Make a pending key."""

    def request(self, alias: str, wish: RequestWish, deliver: Callable[[bytes], None]) -> None:
        """Write a signing request (PEM); on a local keystore what is not delivered is forgotten."""

    def add(self, alias: str, upload: KeyUpload, usage: Usage, consent: Consent) -> Stored:
        """Take an existing key pair in."""

    def update(self, alias: str, upload: KeyUpload, consent: Consent) -> Stored:
        """Give a key pair the key and chain of a file."""

    def take_ssh(
        self,
        alias: str,
        data: bytes,
        wish: PlaceholderWish,
        passphrase: Secret | None,
        *,
        update: bool,
    ) -> Stored:
        """Take an SSH key in, or give one to a key pair."""

    def take_rsa(self, alias: str, data: bytes, wish: PlaceholderWish, *, update: bool) -> Stored:
        """Take an RSA key in, or give one to a key pair."""


class Certificates(Protocol):
    """Certificate entries and signing responses."""

    def add(self, alias: str, data: bytes, consent: Consent, *, trusted: bool) -> Stored:
        """Take a certificate in."""

    def update(self, alias: str, data: bytes, consent: Consent, *, trusted: bool | None) -> Stored:
        """Give a certificate entry another certificate; ``trusted`` None keeps its mark."""

    def respond(
        self,
        alias: str,
        data: bytes,
        consent: Consent,
        expected: Expected,
        *,
        note: str | None,
        dry_run: bool,
    ) -> Planned:
        """Update a key pair with a signing response, or only plan it; ``note`` says why."""


class Downloads(Protocol):
    """Public content as files."""

    def entry(
        self, alias: str, view: View, kind: DownloadKind, deliver: Callable[[Download], None]
    ) -> Download:
        """Return one form of an entry, after it was delivered."""

    def keystore(self, form: KeystoreForm, backup: str | None) -> Download:
        """Return the certificates of the keystore, or of one of its backups, as a truststore."""


class Backups(Protocol):
    """Snapshots of the entries; the name None means the newest."""

    def create(self, name: str | None) -> tuple[Backup, int | None]:
        """Make a snapshot; return it, and how many are kept if the others are deleted."""

    def list_(self) -> Sequence[Backup]:
        """Return all, newest first."""

    def look_into(self, name: str | None) -> tuple[Backup, Sequence[ListedEntry]]:
        """Return a backup with its entries as they were."""

    def compare(self, name: str | None) -> Comparison:
        """Return what is not now as a backup holds it."""

    def newest(self) -> str:
        """Return the name of the newest. Raises BackupNotFound if there is none."""

    def plan_restore(self, name: str, aliases: Sequence[str] | None, mode: Mode) -> Prospect:
        """Return what a restore would mean."""

    def restore(
        self, name: str, aliases: Sequence[str] | None, mode: Mode, accept: Accept | None
    ) -> Prospect:
        """Bring entries back; ``accept`` None takes any plan."""

    def delete(self, name: str) -> int:
        """Delete a backup; return the number of private keys destroyed with it."""


class Keystores(Protocol):
    """Whole keystores: imported, listed, made, copied between."""

    def plan_import(self, upload: Upload, progress: Progress) -> ImportProspect:
        """Return what importing a file would mean."""

    def import_(
        self, upload: Upload, accept: AcceptImport | None, progress: Progress
    ) -> ImportProspect:
        """Import a file; ``accept`` None takes any plan."""

    def names(self) -> Sequence[str]:
        """Return the names of the installation's keystores."""

    def create(self, name: str) -> None:
        """Make another keystore."""

    def copy(
        self, aliases: Mapping[str, str], target: str, *, overwrite: bool, dry_run: bool
    ) -> Prospect:
        """Copy entries to another keystore (from the alias here to that there), or only plan it."""


class ProviderKeys(Protocol):
    """Keys that the provider supplies."""

    def supply(
        self, alias: str, upload: KeyUpload, view: View, usage: Usage | None, *, trusted: bool
    ) -> Stored:
        """Bring a key pair or a certificate as the provider."""

    def details(self, entry: Entry) -> NewProviderKey | HistoryKey | None:
        """Return what is known of a new key, or of one in the history; None of a current entry."""

    def list_new(self) -> Sequence[NewProviderKey]:
        """Return the keys that wait to be activated."""

    def list_history(self) -> Sequence[HistoryKey]:
        """Return the keys that were replaced."""

    def hold(self, alias: str, *, held: bool) -> Entry:
        """Let a new key wait for a person, or for its day again."""

    def withdraw(self, alias: str) -> int:
        """Take a new key away; return the number of private keys destroyed."""

    def restore(self, alias: str, destination: str | None) -> Entry:
        """Copy a key from the history to the new keys."""

    def plan_activation(self, alias: str) -> ActivationStep:
        """Return what an activation would mean."""

    def activate(
        self, alias: str, accept: Callable[[ActivationStep], None] | None
    ) -> ActivationStep:
        """Make a new key the active one; ``accept`` None takes any plan."""

    def activate_due(self) -> Sequence[ActivationStep]:
        """Activate every key whose day has come; a refusal of one is its ``problem``."""


class AuditLog(Protocol):
    """What was done, by whom, and whether the log of it is whole."""

    def verify(self, expect: str | None) -> AuditReport:
        """Check the whole log; ``expect`` is a head that was printed earlier."""

    def rows(self, wanted: AuditFilter, last: int | None) -> Iterable[AuditRow]:
        """Return the rows that a filter lets through, oldest first; the ``last`` ones or all."""

    def sap_events(self, wanted: AuditFilter, last: int | None) -> Iterable[Mapping[str, object]]:
        """Return the same rows as the events that SAP has for them; see ``audit_events``."""

    def installation_rows(self, wanted: AuditFilter, last: int | None) -> Iterable[AuditRow]:
        """Return rows that belong to no keystore, as ``rows`` does."""

    def active_at(self, alias: str, at: datetime) -> Past:
        """Tell which certificate was active under an alias at a time, and how that came."""


class Connections(Protocol):
    """Receivers, tried with the key pairs of the keystore."""

    def check(
        self, address: Address, alias: str | None, view: View, timeout_seconds: float
    ) -> tuple[Connection, Certificate | None]:
        """Return a connection, and the certificate that was there to be presented."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One keystore, open for the time of a command."""

    entries: Entries
    key_pairs: KeyPairs
    certificates: Certificates
    downloads: Downloads
    backups: Backups
    keystores: Keystores
    provider_keys: ProviderKeys
    audit_log: AuditLog
    connections: Connections
    users: Users
    clients: Clients
