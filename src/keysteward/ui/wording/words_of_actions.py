"""Words of the audit log's actions: what was done, or refused, without its subject."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from keysteward.entries import Action

Table = Mapping[Enum, tuple[str, str]]
"""English and German for each member of one enumeration."""

ACTIONS: Table = MappingProxyType(
    {
        # The installation and its keystores.
        Action.KEYSTORE_CREATED: ("create a keystore", "Keystore anlegen"),
        Action.RECOVERY_EXPORT: (
            "write the installation to a recovery file",
            "Installation in eine Wiederherstellungsdatei schreiben",
        ),
        Action.RECOVERY_RESTORE: (
            "make the installation from a recovery file",
            "Installation aus einer Wiederherstellungsdatei herstellen",
        ),
        Action.DATABASE_COPIED: (
            "copy the installation from another database",
            "Installation aus einer anderen Datenbank kopieren",
        ),
        # Accounts, of the installation.
        Action.USER_ADDED: ("add a user", "Benutzer hinzufügen"),
        Action.USER_CHANGED: ("change a user", "Benutzer ändern"),
        Action.USER_REMOVED: ("remove a user", "Benutzer entfernen"),
        Action.PASSWORD_CHANGED: ("change a user's password", "Kennwort eines Benutzers ändern"),
        Action.CLIENT_ADDED: ("add an API client", "API-Client hinzufügen"),
        Action.CLIENT_CHANGED: ("change an API client", "API-Client ändern"),
        Action.CLIENT_REMOVED: ("remove an API client", "API-Client entfernen"),
        Action.SECRET_ADDED: (
            "make a secret for an API client",
            "Geheimnis für einen API-Client erstellen",
        ),
        Action.SECRET_REMOVED: (
            "remove a secret of an API client",
            "Geheimnis eines API-Clients entfernen",
        ),
        Action.SIGN_IN_REFUSED: (
            "sign in, with too many failed attempts",
            "Anmelden, nach zu vielen gescheiterten Versuchen",
        ),
        Action.PERMISSION_REFUSED: (
            "do something without the permission for it",
            "Etwas ohne die Berechtigung dafür tun",
        ),
        Action.TOKEN_ISSUED: (
            "get a token for an API client",
            "Token für einen API-Client ausstellen",
        ),
        Action.TOKEN_REVOKED: (
            "end the token of an API client",
            "Token eines API-Clients beenden",
        ),
        Action.SESSION_OPENED: ("sign in", "Anmelden"),
        Action.SESSION_CLOSED: ("sign out", "Abmelden"),
        # Entries of the tenant administrator.
        Action.GENERATE: ("create a key pair", "Schlüsselpaar erzeugen"),
        Action.ADD_KEY_PAIR: ("add a key pair from a file", "Schlüsselpaar aus Datei hinzufügen"),
        Action.ADD_SSH_KEY: ("add an SSH key from a file", "SSH-Schlüssel aus Datei hinzufügen"),
        Action.ADD_RSA_KEY: ("add an RSA key from a file", "RSA-Schlüssel aus Datei hinzufügen"),
        Action.ADD_CERTIFICATE: (
            "add a certificate from a file",
            "Zertifikat aus Datei hinzufügen",
        ),
        Action.UPLOADED: ("update an entry from a file", "Eintrag aus Datei aktualisieren"),
        Action.RENEW: (
            "make a new key that waits for its signing response",
            "Neuen Schlüssel erzeugen, der auf seine Signierantwort wartet",
        ),
        Action.SIGNING_REQUEST: (
            "download a signing request",
            "Signieranforderung herunterladen",
        ),
        Action.SIGNING_RESPONSE: (
            "update the signing response",
            "Signierantwort aktualisieren",
        ),
        Action.CHAIN_REPAIRED: (
            "give the current certificate a better chain",
            "Dem aktuellen Zertifikat eine bessere Zertifikatskette geben",
        ),
        Action.ROLLED_BACK: (
            "roll back to an earlier version",
            "Zu einer früheren Version zurückkehren",
        ),
        Action.RENAME: ("rename an entry", "Eintrag umbenennen"),
        Action.DELETE: ("delete an entry", "Eintrag löschen"),
        Action.UNDELETE: ("bring a deleted entry back", "Gelöschten Eintrag zurückholen"),
        Action.PURGE: (
            "destroy an entry with its private keys",
            "Eintrag mit seinen privaten Schlüsseln vernichten",
        ),
        # Many entries at once.
        Action.IMPORTED: ("add a keystore from a file", "Keystore aus Datei hinzufügen"),
        Action.COPIED: (
            "copy entries here from another keystore",
            "Einträge aus einem anderen Keystore hierher kopieren",
        ),
        Action.COPIED_TO: (
            "copy entries to another keystore",
            "Einträge in einen anderen Keystore kopieren",
        ),
        Action.CREATE_BACKUP: ("create a backup", "Sicherung erstellen"),
        Action.DELETE_BACKUP: ("delete a backup", "Sicherung löschen"),
        Action.RESTORED: (
            "restore from a backup or from the history",
            "Aus einer Sicherung oder aus der Historie wiederherstellen",
        ),
        # Keys of the provider.
        Action.SUPPLIED: (
            "supply a key pair or certificate of the provider",
            "Schlüsselpaar oder Zertifikat des Providers bereitstellen",
        ),
        Action.WITHDRAW: (
            "withdraw a new key of the provider",
            "Neuen Schlüssel des Providers zurückziehen",
        ),
        Action.ACTIVATED: (
            "activate a new key of the provider",
            "Neuen Schlüssel des Providers aktivieren",
        ),
        Action.HOLD: (
            "have a new key of the provider wait for a person",
            "Neuen Schlüssel des Providers auf eine Person warten lassen",
        ),
        Action.RELEASE: (
            "let a new key of the provider follow its day again",
            "Neuen Schlüssel des Providers wieder seinem Tag folgen lassen",
        ),
        # Connections.
        Action.CONNECTION_TEST: ("test a connection", "Verbindung testen"),
        # Contents that were read.
        Action.READ_SIGNING_REQUESTS: (
            "read the stored signing requests of an entry",
            "Gespeicherte Signieranforderungen eines Eintrags lesen",
        ),
        Action.READ_KEYSTORE: (
            "read the certificates of the whole keystore",
            "Zertifikate des ganzen Keystores lesen",
        ),
        Action.READ_BACKUP: ("read a backup", "Sicherung lesen"),
        Action.READ_AUDIT_LOG: ("read the audit log", "Audit-Log lesen"),
    }
)
"""Phrased as the deed itself, because a refused one was not done."""
