"""German words of the problems of a keystore and its installation."""

from keysteward import problems
from keysteward.ui.wording import reasons
from keysteward.ui.wording.german import number, quoted, words


def _unavailable(p: problems.DatabaseUnavailable) -> str:
    if p.server is not None:
        return (
            f"Kein Server der Datenbank antwortet unter {p.server}. Prüfen Sie Host und Port in "
            "der URL, und ob er läuft; vielleicht startet er gerade."
        )
    nothing = "Nichts wurde geändert; versuchen" if p.unchanged else "Versuchen"
    return (
        "Der Server der Datenbank antwortet nicht, oder nimmt gerade keine Änderungen an: "
        f"Vielleicht übernimmt eben ein anderer. {nothing} Sie es gleich noch einmal."
    )


OF_THE_KEYSTORE = (
    words(
        problems.KeystoreNotInitialised,
        "Hier gibt es noch keinen Keystore",
        lambda p: (
            f"{quoted(p.place)} enthält keinen. Richten Sie die Installation dort ein, oder nennen "
            "Sie einen anderen Datenordner (KEYSTEWARD_DATA) oder eine andere Datenbank "
            "(KEYSTEWARD_DATABASE)."
        ),
    ),
    words(
        problems.KeystoreExists,
        "Hier gibt es schon einen Keystore",
        lambda p: (
            "Nichts wurde geändert. Um einen weiteren anzulegen, nennen Sie einen leeren "
            "Datenordner (KEYSTEWARD_DATA) oder eine leere Datenbank (KEYSTEWARD_DATABASE)."
        ),
    ),
    words(
        problems.InstallationInUse,
        "Die Installation wird benutzt",
        lambda p: (
            f"Andere arbeiten mit ihr: {reasons.german(p.reason)} Nichts wurde kopiert; versuchen "
            "Sie es danach noch einmal."
        ),
    ),
    words(
        problems.KeystoreUnknown,
        "Diesen Keystore gibt es nicht",
        lambda p: (
            f"{quoted(p.name)} ist nicht unter den Keystores dieser Installation: {p.known}. "
            "Nennen Sie einen davon."
        ),
    ),
    words(
        problems.KeystoreTooLarge,
        "Der Keystore würde zu groß",
        lambda p: (
            f"Zertifikate und Schlüssel würden {number(p.size_bytes)} Byte belegen; "
            f"KEYSTEWARD_KEYSTORE_LIMIT_BYTES erlaubt {number(p.limit_bytes)}. Löschen Sie "
            "Einträge, oder nehmen Sie diese Grenze weg: Sie ist nur der Kompatibilität wegen da."
        ),
    ),
    words(
        problems.KeystoreBusy,
        "Der Keystore ist beschäftigt",
        lambda p: (
            "Ein anderer Vorgang schreibt gerade in den Keystore. Nichts wurde geändert; versuchen "
            "Sie es gleich noch einmal."
        ),
    ),
    words(
        problems.DataFolderUnusable,
        "Der Datenordner kann nicht verwendet werden",
        lambda p: (
            f"{quoted(p.path)} ist nicht zugänglich: {reasons.german(p.reason)}. Nennen Sie in der "
            "Einstellung KEYSTEWARD_DATA einen anderen Datenordner, oder geben Sie diesem "
            "Benutzer das Recht an diesem."
        ),
    ),
    words(
        problems.DatabaseUnusable,
        "Die Datenbank kann nicht verwendet werden",
        lambda p: f"Mit der Datenbank kann nicht gearbeitet werden: {reasons.german(p.reason)}",
    ),
    words(
        problems.DatabaseUnavailable,
        "Die Datenbank ist nicht erreichbar",
        _unavailable,
    ),
    words(
        problems.OutcomeUnknown,
        "Ob das getan wurde, ist nicht bekannt",
        lambda p: (
            "Die Verbindung zur Datenbank brach ab, während die Änderung abgeschlossen wurde, und "
            "kein Server konnte rechtzeitig sagen, was aus ihr wurde. Sie wurde ganz oder gar "
            "nicht ausgeführt: Sehen Sie in den Versionen des Eintrags oder im Audit-Log nach, "
            "bevor Sie sie wiederholen."
        ),
    ),
    words(
        problems.ExtraMissing,
        "Ein Teil von Keysteward ist nicht installiert",
        lambda p: (
            f"{p.purpose} braucht die Erweiterung {quoted(p.extra)}. Installieren Sie sie: "
            f"pip install 'keysteward[{p.extra}]'."
        ),
    ),
    words(
        problems.SealingKeyMissing,
        "Ein Siegelschlüssel fehlt",
        lambda p: (
            f"Der Siegelschlüssel {quoted(p.key_id)} wird gebraucht und ist nicht im Ordner des "
            "Schlüsselbunds, oder dort nicht lesbar. Holen Sie ihn aus der eigenen Sicherung des "
            "Schlüsselbunds zurück."
        ),
    ),
    words(
        problems.SealingKeyExposed,
        "Ein Siegelschlüssel steht anderen Benutzern offen",
        lambda p: (
            f"Die Datei des Siegelschlüssels {quoted(p.key_id)} im Ordner des Schlüsselbunds steht "
            "anderen Benutzern offen. Finden Sie heraus, wer sie gelesen haben könnte, und setzen "
            "Sie dann ihre Rechte auf 0600 (chmod 600)."
        ),
    ),
    words(
        problems.SealedKeyDamaged,
        "Ein versiegelter privater Schlüssel lässt sich nicht öffnen",
        lambda p: (
            "Der versiegelte private Schlüssel wurde verändert, aus einer anderen Zeile hierher "
            "gebracht, oder gehört zu einem anderen Siegelschlüssel. Stellen Sie die Datenbank aus "
            "einer Sicherung wieder her, oder kehren Sie zu einer anderen Version zurück."
        ),
    ),
    words(
        problems.AuditChainBroken,
        "Das Audit-Log ist nicht unversehrt",
        lambda p: f"Die Prüfung des Audit-Logs ergab: {reasons.german(p.reason)}",
    ),
)
