"""German words of the problems of an entry."""

from keysteward import problems
from keysteward.ui.wording import reasons
from keysteward.ui.wording.german import quoted, words

_SHOWN = 60
"""Characters of an alias that cannot be used; it may be long."""


def _not_found(p: problems.AliasNotFound) -> str:
    missing = f"Den Alias {quoted(p.alias)} gibt es im Keystore {quoted(p.keystore)} nicht"
    if p.backup is not None:
        return (
            f"In der Sicherung {quoted(p.backup)} des Keystores {quoted(p.keystore)} gibt es den "
            f"Alias {quoted(p.alias)} nicht. Sehen Sie in der Liste der Einträge dieser Sicherung "
            "nach."
        )
    if p.view == "new":
        return f"{missing} unter den neuen Schlüsseln des Providers. Sehen Sie in deren Liste nach."
    if p.view == "history":
        return (
            f"{missing} in der Historie der Schlüssel des Providers. Sehen Sie in der Liste dieser "
            "Historie nach."
        )
    return (
        f"{missing}. Sehen Sie in der Liste seiner Einträge nach, und in der der gelöschten "
        "Einträge."
    )


def _nothing_deleted(p: problems.NothingDeleted) -> str:
    if p.living:
        return (
            f"Ein vorhandener Eintrag heißt {quoted(p.alias)}: Es gibt nichts wiederherzustellen."
        )
    return (
        f"{quoted(p.alias)} ist nicht unter den gelöschten Einträgen. Sehen Sie in deren Liste "
        "nach."
    )


def _exists(p: problems.AliasExists) -> str:
    if p.view == "new":
        return (
            f"Unter den neuen Schlüsseln des Providers wartet schon ein Schlüssel "
            f"{quoted(p.alias)}. Wählen Sie einen anderen Alias, oder aktivieren Sie zuerst jenen "
            "Schlüssel."
        )
    remedy = (
        "Wählen Sie einen anderen Alias, benennen Sie jenen Eintrag um, oder aktualisieren Sie "
        "ihn: Er bekommt den neuen Inhalt als weitere Version."
        if p.remedy is None
        else reasons.german(p.remedy)
    )
    return f"Ein Eintrag {quoted(p.alias)} ist schon vorhanden. {remedy}"


def _invalid(p: problems.AliasInvalid) -> str:
    shown = p.alias if len(p.alias) <= _SHOWN else p.alias[:_SHOWN] + "…"
    return f"{quoted(shown)} ist als Alias nicht möglich: {reasons.german(p.reason)}"


OF_AN_ENTRY = (
    words(problems.AliasNotFound, "Diesen Alias gibt es nicht", _not_found),
    words(problems.NothingDeleted, "Kein gelöschter Eintrag hat diesen Alias", _nothing_deleted),
    words(problems.AliasExists, "Der Alias ist vergeben", _exists),
    words(problems.AliasInvalid, "Der Alias kann nicht verwendet werden", _invalid),
    words(
        problems.AliasReserved,
        "Der Alias ist reserviert",
        lambda p: f"{quoted(p.alias)} ist hier nicht möglich: {reasons.german(p.reason)}",
    ),
    words(
        problems.NotAKeyPair,
        "Der Eintrag ist kein Schlüsselpaar",
        lambda p: (
            f"{quoted(p.alias)} ist ein Zertifikat ohne privaten Schlüssel: "
            f"{reasons.german(p.remedy)}"
        ),
    ),
    words(
        problems.KeyPairInTheWay,
        "Ein Zertifikat kann kein Schlüsselpaar überschreiben",
        lambda p: (
            f"Der Alias {quoted(p.alias)} ist ein Schlüsselpaar, und was kommt, ist ein Zertifikat "
            "ohne Schlüssel. Wenn Sie das wollen, benennen Sie das Schlüsselpaar zuerst um, oder "
            "löschen Sie es. Ein Zertifikat für seinen Schlüssel wird als Signierantwort der "
            "Zertifizierungsstelle hochgeladen."
        ),
    ),
    words(
        problems.EntryOwnedByProvider,
        "Der Eintrag gehört dem Provider",
        lambda p: (
            f"{quoted(p.alias)} gehört {p.provider}; nur der Provider kann den Eintrag ändern oder "
            "in einen anderen Keystore bringen."
        ),
    ),
    words(
        problems.EntryOwnedByTenant,
        "Der Eintrag gehört dem Tenant-Administrator",
        lambda p: (
            f"{quoted(p.alias)} gehört dem Tenant-Administrator; der Provider kann den Eintrag "
            "nicht ändern."
        ),
    ),
    words(
        problems.NotTheProvider,
        "Das darf nur der Provider",
        lambda p: (
            f"{quoted(p.alias)} ist unverändert: Schlüssel und Zertifikate bringt hier allein "
            f"{p.provider}, und nur {p.provider} zieht sie zurück. Wer wirklich der Provider ist, "
            "muss als Provider handeln; fügen Sie eigene Schlüssel als Schlüsselpaare hinzu."
        ),
    ),
    words(
        problems.EntryChanged,
        "Der Eintrag wurde inzwischen geändert",
        lambda p: (
            f"{quoted(p.alias)} ist nicht mehr so, wie Sie es gesehen haben: "
            f"{reasons.german(p.reason)} Sehen Sie sich den Eintrag noch einmal an, und "
            "wiederholen Sie dann den Vorgang."
        ),
    ),
    words(
        problems.VersionNotFound,
        "Diese Version gibt es nicht",
        lambda p: (
            f"{quoted(p.alias)} hat keine Version {p.number}. Sehen Sie in der Liste der Versionen "
            "nach."
        ),
    ),
    words(
        problems.VersionNeverCurrent,
        "Die Version war nie aktuell",
        lambda p: (
            f"Version {p.number} von {quoted(p.alias)} ist ein neuer Schlüssel, der auf seine "
            "Signierantwort wartete; nur diese Antwort macht sie aktuell. Laden Sie die Antwort "
            "hoch, oder wählen Sie eine andere Version."
        ),
    ),
    words(
        problems.PendingKeyExists,
        "Ein neuer Schlüssel wartet schon",
        lambda p: (
            f"{quoted(p.alias)} hat einen wartenden Schlüssel (Version {p.number}), zu dem die "
            "Signierantwort noch fehlt. Laden Sie diese hoch, oder verlangen Sie an seiner Stelle "
            "einen anderen neuen Schlüssel."
        ),
    ),
    words(
        problems.SigningRequestNotAvailable,
        "Für diesen Eintrag gibt es keine Signieranforderung",
        lambda p: (
            f"Für {quoted(p.alias)} wird keine Signieranforderung erstellt: "
            f"{reasons.german(p.reason)}"
        ),
    ),
    words(
        problems.ConfirmationRequired,
        "Nicht bestätigt",
        lambda p: (
            f"{reasons.german(p.consequence)} Auf die Frage danach wurde mit Nein geantwortet."
            if p.declined
            else "Dieser Schritt muss bestätigt werden: "
            f"{reasons.german(p.consequence)} {reasons.german(p.remedy)}".rstrip()
        ),
    ),
)
