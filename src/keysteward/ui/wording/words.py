"""Words of enumerations in columns, selects and fields: English first, then German."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from keysteward.entries import ChainState, EntryType, Owner, Reason, Source, View
from keysteward.pki.usages import Usage
from keysteward.rights import Permission, Role
from keysteward.ui.wording.words_of_actions import ACTIONS, Table
from keysteward.values import Severity

_ENTRY_TYPES: Table = {
    EntryType.KEY_PAIR: ("Key Pair", "Schlüsselpaar"),
    EntryType.CERTIFICATE: ("Certificate", "Zertifikat"),
}

_OWNERS: Table = {
    Owner.TENANT: ("Tenant Administrator", "Tenant-Administrator"),
    Owner.PROVIDER: ("Provider", "Provider"),
}

_VIEWS: Table = {
    View.CURRENT: ("Current", "Aktuell"),
    View.NEW: ("New keys of the provider", "Neue Schlüssel des Providers"),
    View.HISTORY: ("History of the provider's keys", "Historie der Schlüssel des Providers"),
}

_USAGES: Table = {
    Usage.TLS_CLIENT: ("TLS client", "TLS-Client"),
    Usage.TLS_SERVER: ("TLS server", "TLS-Server"),
    Usage.SIGNATURE: ("Signature", "Signatur"),
    Usage.DECRYPTION: ("Decryption", "Entschlüsselung"),
    Usage.SSH: ("SSH", "SSH"),
}

_REASONS: Table = {
    Reason.GENERATED: ("Created here", "Hier erzeugt"),
    Reason.UPLOADED: ("Uploaded from a file", "Aus einer Datei hochgeladen"),
    Reason.RENEWAL: (
        "New key, waiting for its signing response",
        "Neuer Schlüssel, wartet auf seine Signierantwort",
    ),
    Reason.SIGNING_RESPONSE: ("Signing response", "Signierantwort"),
    Reason.CHAIN_REPAIRED: (
        "Better chain for the same certificate",
        "Bessere Zertifikatskette für dasselbe Zertifikat",
    ),
    Reason.ROLLED_BACK: ("Rolled back to an earlier version", "Rückkehr zu einer früheren Version"),
    Reason.RENAMED: ("Renamed", "Umbenannt"),
    Reason.IMPORTED: ("Added with a keystore file", "Mit einer Keystore-Datei hinzugefügt"),
    Reason.COPIED: ("Copied from another keystore", "Aus einem anderen Keystore kopiert"),
    Reason.RESTORED: (
        "Restored from a backup or the history",
        "Aus einer Sicherung oder der Historie wiederhergestellt",
    ),
    Reason.SUPPLIED: ("Supplied by the provider", "Vom Provider bereitgestellt"),
    Reason.ACTIVATED: ("Activated", "Aktiviert"),
}

_CHAIN_STATES: Table = {
    ChainState.COMPLETE: ("Complete", "Vollständig"),
    ChainState.ROOT_MISSING: ("Root missing", "Wurzelzertifikat fehlt"),
    ChainState.INCOMPLETE: ("Incomplete", "Unvollständig"),
    ChainState.SELF_SIGNED: ("Self-signed", "Selbstsigniert"),
}

_SOURCES: Table = {
    Source.RESPONSE: ("From the file", "Aus der Datei"),
    Source.KEYSTORE: ("From the keystore", "Aus dem Keystore"),
}

_ROLES: Table = {
    Role.ADMINISTRATOR: ("Administrator", "Administrator"),
    Role.OPERATOR: ("Operator", "Operator"),
    Role.VIEWER: ("Viewer", "Betrachter"),
    Role.PROVIDER: ("Provider", "Provider"),
}

_PERMISSIONS: Table = {
    Permission.MONITORING_DATA_READ: (
        "See entries and backups, and download certificates and signing requests",
        "Einträge und Sicherungen ansehen, Zertifikate und Signieranforderungen herunterladen",
    ),
    Permission.SECURITY_MATERIAL_EDIT: (
        "Change entries, and bring earlier states back",
        "Einträge ändern und frühere Stände zurückholen",
    ),
    Permission.SECURITY_MATERIAL_DOWNLOAD: (
        "Download the public content of a whole keystore or backup",
        "Öffentlichen Inhalt eines ganzen Keystores oder einer Sicherung herunterladen",
    ),
    Permission.AUDIT_LOG_READ: (
        "Read and verify the audit log",
        "Audit-Log lesen und prüfen",
    ),
    Permission.PROVIDER_KEYS_EDIT: (
        "Supply and withdraw the provider's keys and certificates",
        "Schlüssel und Zertifikate des Providers bereitstellen und zurückziehen",
    ),
    Permission.USERS_EDIT: (
        "Manage users, API clients and keystores",
        "Benutzer, API-Clients und Keystores verwalten",
    ),
}

_SEVERITIES: Table = {
    Severity.INFO: ("Information", "Information"),
    Severity.WARNING: ("Warning", "Warnung"),
}

_TABLES: Mapping[type[Enum], Table] = MappingProxyType(
    {
        type(next(iter(table))): table
        for table in (
            *(_ENTRY_TYPES, _OWNERS, _VIEWS, _USAGES, _REASONS, _CHAIN_STATES, _SOURCES),
            *(_ROLES, _PERMISSIONS, _SEVERITIES, ACTIONS),
        )
    }
)
"""By class, because members of two classes with the same text are equal."""

_OUTCOMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Of a plan.
        "accept": ("Can be taken as it is", "Kann so übernommen werden"),
        "warn": ("Can be taken, with warnings", "Kann mit Warnungen übernommen werden"),
        "reject": ("Cannot be taken", "Kann nicht übernommen werden"),
        # Of a row of the audit log.
        "done": ("Done", "Erledigt"),
        "refused": ("Refused", "Abgelehnt"),
    }
)


def of(value: Enum, language: str) -> str:
    """Return the word for a member of one of the enumerations above; "en" or "de".

    Raises KeyError for a member of any other.
    """
    english, german = _TABLES[type(value)][value]
    return german if language == "de" else english


def of_outcome(outcome: str, language: str) -> str:
    """Return the word for a plan's outcome, or for that of a row of the audit log."""
    english, german = _OUTCOMES[outcome]
    return german if language == "de" else english
