"""German words of the problems of what was asked for."""

from keysteward import problems
from keysteward.ui.wording import reasons
from keysteward.ui.wording.german import known, quoted, words

_PARTS = {
    "country (C)": "Land (C)",
    "state (ST)": "Bundesland (ST)",
    "locality (L)": "Ort (L)",
    "organization (O)": "Organisation (O)",
    "organizational unit (OU)": "Organisationseinheit (OU)",
    "common name (CN)": "Allgemeiner Name (CN)",
    "e-mail (E)": "E-Mail (E)",
    "subject": "Inhaber (Subject)",
}

KINDS_OF_NAMES = {
    "keystore": "Keystore",
    "backup": "Sicherung",
    "user": "Benutzer",
    "API client": "API-Client",
}
"""What bears a name, as problems say it."""


def _no_backup(p: problems.BackupNotFound) -> str:
    if p.name is None:
        return "Dieser Keystore hat noch keine Sicherung. Erstellen Sie zuerst eine."
    return (
        f"Dieser Keystore hat keine Sicherung {quoted(p.name)}. Sehen Sie in der Liste seiner "
        "Sicherungen nach."
    )


_OF_KEYS = (
    words(
        problems.KeyTypeUnsupported,
        "Dieser Schlüssel oder Hash wird nicht unterstützt",
        lambda p: (
            f"Das ist hier nicht möglich: {reasons.german(p.asked)} {reasons.german(p.remedy)}"
        ),
    ),
    words(
        problems.SubjectInvalid,
        "Der Inhaber (Subject) kann nicht verwendet werden",
        lambda p: (
            f"{known(p.part, _PARTS)} kann so nicht in ein Zertifikat: {reasons.german(p.reason)}"
        ),
    ),
    words(
        problems.ValidityInvalid,
        "Die Gültigkeit ist nicht möglich",
        lambda p: f"Dieser Zeitraum kann nicht verwendet werden: {reasons.german(p.reason)}",
    ),
    words(
        problems.OverrideInvalid,
        "Diese Ausnahme gibt es nicht",
        lambda p: (
            f"Von {quoted(p.override)} gibt es keine Ausnahme; möglich sind: "
            f"{', '.join(sorted(problems.OVERRIDES))}."
        ),
    ),
    words(
        problems.PrivateKeyUnreadable,
        "Der private Schlüssel kann nicht gelesen werden",
        lambda p: (
            f"Die Datei enthält keinen brauchbaren privaten Schlüssel: {reasons.german(p.reason)}"
        ),
    ),
    words(
        problems.CertificateOfAnotherKey,
        "Zertifikat und privater Schlüssel gehören nicht zusammen",
        lambda p: (
            f"Das Zertifikat von {quoted(p.subject)} ist für einen anderen Schlüssel. Geben Sie "
            "das an, das für diesen Schlüssel ausgestellt wurde."
        ),
    ),
    words(
        problems.CertificateMissing,
        "Der Schlüssel kommt ohne sein Zertifikat",
        lambda p: (
            f"Die Datei enthält einen Schlüssel und kein Zertifikat, und {quoted(p.alias)} würde "
            "das vorhandene verlieren. Geben Sie das Zertifikat des Schlüssels mit an, oder nehmen "
            "Sie den Schlüssel unter einem anderen Alias auf, und lassen Sie ihn von einer "
            "Zertifizierungsstelle zertifizieren."
        ),
    ),
)

_OF_FILES_AND_PROGRAMS = (
    words(
        problems.ReferenceUnreadable,
        "Die Datei zum Vergleichen kann nicht gelesen werden",
        lambda p: (
            f"Die Datei passt nicht: {reasons.german(p.reason)} Geben Sie die Signieranforderung, "
            "das aktuelle Zertifikat oder den öffentlichen Schlüssel an (PEM oder DER)."
        ),
    ),
    words(
        problems.FileUnreadable,
        "Die Datei kann nicht verwendet werden",
        lambda p: f"{quoted(p.name)} ist nicht zugänglich: {reasons.german(p.reason)}.",
    ),
    words(
        problems.FileExists,
        "Die Datei ist schon vorhanden",
        lambda p: f"{quoted(p.name)} bleibt, wie sie ist. Nennen Sie eine andere Datei.",
    ),
    words(
        problems.ProgramMissing,
        "Ein Programm fehlt",
        lambda p: (
            f"{quoted(p.name)} ist nicht installiert; das Paket von Debian ist {quoted(p.package)}."
        ),
    ),
    words(
        problems.ProgramFailed,
        "Ein Programm ist gescheitert",
        lambda p: (
            f"{quoted(p.name)} endete mit einem Fehler: {reasons.german(p.reason)} Versuchen Sie "
            "es von Hand."
        ),
    ),
    words(
        problems.SettingInvalid,
        "Eine Einstellung kann nicht verwendet werden",
        lambda p: f"Die Einstellung {p.name} passt nicht: {reasons.german(p.reason)}",
    ),
)

_OF_NAMES = (
    words(
        problems.NameInvalid,
        "Der Name kann nicht verwendet werden",
        lambda p: (
            f"Der Name {quoted(p.name)} kann nicht verwendet werden: {reasons.german(p.reason)}"
        ),
    ),
    words(
        problems.NameTaken,
        "Der Name ist vergeben",
        lambda p: (
            f"{known(p.what, KINDS_OF_NAMES)} {quoted(p.name)} ist schon vorhanden. Wählen Sie "
            "einen anderen Namen."
        ),
    ),
    words(problems.BackupNotFound, "Diese Sicherung gibt es nicht", _no_backup),
    words(
        problems.InstallationOwnedByTenant,
        "Die Installation gehört dem Tenant-Administrator",
        lambda p: (
            "Nur der Tenant-Administrator legt Keystores und Wiederherstellungsdateien an, die "
            "jeden privaten Schlüssel enthalten; der Provider hat seine eigenen Einträge und nicht "
            "mehr. Handeln Sie als Tenant-Administrator."
        ),
    ),
    words(
        problems.BackupOwnedByTenant,
        "Sicherungen gehören dem Tenant-Administrator",
        lambda p: (
            "Sicherungen enthalten allein die Einträge des Tenant-Administrators; der Provider "
            "kann sie weder erstellen noch wiederherstellen noch löschen. Handeln Sie als "
            "Tenant-Administrator."
        ),
    ),
    words(
        problems.RootMissing,
        "Das Wurzelzertifikat ist nicht hier",
        lambda p: (
            f"Die Zertifikatskette von {quoted(p.alias)} endet mit {quoted(p.top)}, und dessen "
            f"Aussteller {quoted(p.issuer)} ist nicht unter den Zertifikaten des Keystores. Fügen "
            "Sie ihn dort hinzu; ein Zwischenzertifikat wird nie als Wurzelzertifikat ausgegeben."
        ),
    ),
    words(
        problems.PassphraseTooShort,
        "Die Passphrase ist zu kurz",
        lambda p: (
            "Sie schützt jeden privaten Schlüssel der Installation: Geben Sie mindestens "
            f"{p.least_characters} Zeichen an, zum Beispiel sechs zufällige Wörter."
        ),
    ),
)

OF_WHAT_WAS_ASKED = (*_OF_KEYS, *_OF_FILES_AND_PROGRAMS, *_OF_NAMES)
