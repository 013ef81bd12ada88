"""German for usual reasons about what is typed into forms, and about accounts."""

from collections.abc import Mapping

OF_FORMS: Mapping[str, str] = {
    # Aliases, and names of keystores, backups and accounts.
    "it has no character; give it at least one.": (
        "Es fehlt jedes Zeichen; geben Sie mindestens eines ein."
    ),
    "it has {} characters; at most {} are allowed.": (
        "Es sind {} Zeichen; höchstens {} sind erlaubt."
    ),
    "it begins or ends with a blank, which nobody would see.": (
        "Am Anfang oder am Ende steht ein Leerzeichen, das niemand sehen würde."
    ),
    "it holds a control or other invisible character.": (
        "Ein Steuerzeichen oder ein anderes unsichtbares Zeichen steht darin."
    ),
    "write its accented letters as single characters (Unicode NFC).": (
        "Schreiben Sie Buchstaben mit Akzenten oder Umlauten als einzelne Zeichen (Unicode NFC)."
    ),
    "it holds a colon, which ends the name where one signs in.": (
        "Ein Doppelpunkt steht darin, der beim Anmelden den Namen beendet."
    ),
    "aliases that begin with 'sap_', and those of SAP's own certificates, are the provider's.": (
        "Aliasse, die mit „sap_“ beginnen, und die von SAPs eigenen Zertifikaten gehören dem "
        "Provider."
    ),
    "the provider's aliases begin with 'sap_'.": "Die Aliasse des Providers beginnen mit „sap_“.",
    "keys in the history are called '[number]_alias'. Look at the list of that history.": (
        "Schlüssel in der Historie heißen „[Nummer]_Alias“. Sehen Sie in der Liste dieser Historie "
        "nach."
    ),
    "It is this very one: it is called so already.": "Es ist genau dieser: Er heißt schon so.",
    "Choose another alias, or rename or delete that entry first.": (
        "Wählen Sie einen anderen Alias, oder benennen Sie jenen Eintrag zuerst um, oder löschen "
        "Sie ihn."
    ),
    "Choose another alias, or rename that entry.": (
        "Wählen Sie einen anderen Alias, oder benennen Sie jenen Eintrag um."
    ),
    "Rename or delete that one, then the deleted one can come back.": (
        "Benennen Sie jenen um, oder löschen Sie ihn; dann kann der gelöschte zurückkommen."
    ),
    "Give the copy another alias.": "Geben Sie der Kopie einen anderen Alias.",
    "Give the copy another alias, or have that entry overwritten.": (
        "Geben Sie der Kopie einen anderen Alias, oder lassen Sie jenen Eintrag überschreiben."
    ),
    "name a key pair.": "Nennen Sie ein Schlüsselpaar.",
    "it needs no activation: supply it to Current.": (
        "Es braucht keine Aktivierung; stellen Sie es unter Aktuell bereit."
    ),
    "it is an SSH key; no CA certifies it. Give out its public key instead.": (
        "Es ist ein SSH-Schlüssel; keine Zertifizierungsstelle zertifiziert ihn. Geben Sie "
        "stattdessen seinen öffentlichen Schlüssel weiter."
    ),
    "the entry is owned by {}, who renews it.": (
        "Der Eintrag gehört {}; von dort wird er auch erneuert."
    ),
    "Purging destroys the keys of {} for good.": (
        "Das Vernichten zerstört die Schlüssel von {} endgültig."
    ),
    "Type the alias to confirm.": "Geben Sie zur Bestätigung den Alias ein.",
    # Subjects and alternative names.
    "{} is no code of two letters like DE.": "{} ist kein Code aus zwei Buchstaben wie DE.",
    "It is empty. Give a text, or leave it out where it is optional.": (
        "Das Feld ist leer. Geben Sie einen Text ein, oder lassen Sie es weg, wo es nicht nötig "
        "ist."
    ),
    "It has {} characters; X.509 allows {} (RFC 5280).": (
        "Es sind {} Zeichen; X.509 erlaubt {} (RFC 5280)."
    ),
    "{} holds control characters, or blanks at its start or end.": (
        "{} enthält Steuerzeichen, oder Leerzeichen am Anfang oder Ende."
    ),
    "the key has none yet; say at least the common name.": (
        "Der Schlüssel hat noch keinen; nennen Sie mindestens den allgemeinen Namen (CN)."
    ),
    "A zone like %eth0 has no place in a certificate.": (
        "Eine Zone wie %eth0 hat in einem Zertifikat keinen Platz."
    ),
    "It is no IPv4 or IPv6 address.": "Das ist keine IPv4- oder IPv6-Adresse.",
    "It is no e-mail address like keys@example.test.": (
        "Das ist keine E-Mail-Adresse wie keys@example.test."
    ),
    "It is no absolute URI in ASCII, like https://shop.example.test/ or urn:example:shop.": (
        "Das ist keine absolute URI in ASCII, wie https://shop.example.test/ oder urn:example:shop."
    ),
    # Keys and validity.
    "There is no curve {}.": "Die Kurve {} gibt es nicht.",
    "There is no key type {}.": "Den Schlüsseltyp {} gibt es nicht.",
    "A key of type {} has no curve to choose.": (
        "Bei einem Schlüssel vom Typ {} gibt es keine Kurve zu wählen."
    ),
    "A key of type {} has no size to choose.": (
        "Bei einem Schlüssel vom Typ {} gibt es keine Größe zu wählen."
    ),
    "A key of type {} cannot have the size {}.": (
        "Ein Schlüssel vom Typ {} kann die Größe {} nicht haben."
    ),
    "A key of type {} cannot serve the usage {}.": (
        "Ein Schlüssel vom Typ {} taugt nicht für die Verwendung {}."
    ),
    "{} signatures have no hash to choose.": (
        "Bei Signaturen mit {} gibt es keinen Hash zu wählen."
    ),
    "There is no signing with the hash {}.": "Mit dem Hash {} kann nicht signiert werden.",
    "The key is too short to sign with this hash.": (
        "Der Schlüssel ist zu kurz, um mit diesem Hash zu signieren."
    ),
    "Choose one of {}.": "Wählen Sie eines von: {}.",
    "Leave the curve out, or take ec.": "Lassen Sie die Kurve weg, oder nehmen Sie ec.",
    "Leave the size out.": "Lassen Sie die Größe weg.",
    "Leave the hash out.": "Lassen Sie den Hash weg.",
    "Name a curve instead, like P-256.": "Nennen Sie stattdessen eine Kurve, wie P-256.",
    "Choose SHA-256, or a longer key.": "Wählen Sie SHA-256, oder einen längeren Schlüssel.",
    "It would end ({}) before it begins ({}, UTC). Give a later end.": (
        "Die Gültigkeit würde enden ({}), bevor sie beginnt ({}, UTC). Nennen Sie ein späteres "
        "Ende."
    ),
    "Certificates cannot express dates before 1950.": (
        "Zertifikate können keine Zeiten vor 1950 ausdrücken."
    ),
    "Certificates cannot express dates after 9999. Give an earlier end.": (
        "Zertifikate können keine Zeiten nach 9999 ausdrücken. Nennen Sie ein früheres Ende."
    ),
    "A secret lives for 1 to {} days; {} are not.": (
        "Ein Geheimnis gilt für 1 bis {} Tage; {} sind nicht möglich."
    ),
    # Accounts.
    "There is no such user, or the password is another one.": (
        "Diesen Benutzer gibt es nicht, oder das Kennwort ist ein anderes."
    ),
    "The session has ended.": "Die Sitzung ist beendet.",
    "The request has no credentials.": "Die Anfrage enthält keine Anmeldedaten.",
    "Too many attempts to sign in with this name from this address have failed.": (
        "Zu viele Versuche, sich unter diesem Namen von dieser Adresse aus anzumelden, sind "
        "gescheitert."
    ),
    "An account may send {} requests a second on average.": (
        "Ein Konto darf im Durchschnitt {} Anfragen in der Sekunde senden."
    ),
    "An account may send {} requests a minute on average.": (
        "Ein Konto darf im Durchschnitt {} Anfragen in der Minute senden."
    ),
    "Testing connections, an account may send {} requests a minute on average.": (
        "Ein Konto darf im Durchschnitt {} Verbindungen in der Minute testen."
    ),
    "It has fewer than {} characters.": "Es hat weniger als {} Zeichen.",
    "It has more than {} bytes.": "Es hat mehr als {} Byte.",
    "It is the user's name.": "Es ist der Name des Benutzers.",
    "It is among those that are tried first.": "Es ist unter denen, die zuerst probiert werden.",
    "It is the one that you have.": "Es ist das, das Sie schon haben.",
    "An account has at least one role.": "Ein Konto hat mindestens eine Rolle.",
    "The provider acts on its own entries alone, so its role stands alone.": (
        "Der Provider bearbeitet nur seine eigenen Einträge, also steht seine Rolle allein."
    ),
    # Somebody else was faster.
    "It was changed or deleted since version {} was read.": (
        "Er wurde geändert oder gelöscht, seit Version {} gelesen wurde."
    ),
    "It is not among the deleted entries any more.": (
        "Er ist nicht mehr unter den gelöschten Einträgen."
    ),
    "An entry of this alias was made since it was looked at.": (
        "Ein Eintrag mit diesem Alias ist inzwischen entstanden."
    ),
    "what the upload would do is no longer what was shown.": (
        "Das Hochladen würde nicht mehr das bewirken, was gezeigt wurde."
    ),
    "it is in version {}, not {} as expected.": (
        "Er ist in Version {}, nicht in Version {} wie erwartet."
    ),
}
