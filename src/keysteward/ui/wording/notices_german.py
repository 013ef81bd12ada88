"""German words of the notices, for people who do not know X.509 well."""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.notices import NoticeKind

GERMAN: Mapping[NoticeKind, tuple[str, str]] = MappingProxyType(
    {
        # What the certificate or its chain looks like.
        NoticeKind.NOT_YET_VALID: (
            "Das Zertifikat ist noch nicht gültig",
            (
                "Das Zertifikat, oder eines über ihm in der Zertifikatskette, wird erst später "
                "gültig; bis dahin lehnen Empfänger es ab. Verwenden Sie es, wenn dieser Zeitpunkt "
                "gekommen ist; fehlen nur Minuten, vergleichen Sie die Uhr dieses Systems mit der "
                "richtigen Zeit."
            ),
        ),
        NoticeKind.ISSUER_EXPIRED: (
            "Ein Aussteller in der Zertifikatskette ist abgelaufen",
            (
                "Ein Zertifikat über Ihrem ist abgelaufen, und Empfänger, die es ansehen, lehnen "
                "die ganze Kette ab. Bitten Sie die Zertifizierungsstelle um ihre aktuelle Kette, "
                "und verwenden Sie diese."
            ),
        ),
        NoticeKind.WEAK_SIGNATURE: (
            "Eine Signatur verwendet ein veraltetes Verfahren",
            (
                "Ein Zertifikat der Kette ist mit einem Verfahren signiert, das heute gefälscht "
                "werden kann (SHA-1 oder älter); die meisten Empfänger lehnen es ab. Bitten Sie "
                "die Zertifizierungsstelle, es mit SHA-256 oder besser neu auszustellen."
            ),
        ),
        NoticeKind.EXTENDED_KEY_USAGE: (
            "Das Zertifikat ist nicht für diese Verwendung gemacht",
            (
                "Das Zertifikat, oder ein Aussteller über ihm, ist auf andere Zwecke als den "
                "dieses Eintrags beschränkt; Empfänger, die das prüfen, lehnen es ab. Bitten Sie "
                "die Zertifizierungsstelle um ein Zertifikat mit dem richtigen Profil, oder prüfen "
                "Sie die Verwendung des Eintrags."
            ),
        ),
        NoticeKind.ANY_EXTENDED_KEY_USAGE: (
            "Das Zertifikat nennt keinen eigenen Zweck",
            (
                "Es ist für jeden Zweck erlaubt, statt den dieses Eintrags zu nennen; viele "
                "Webserver lehnen das ab. Probieren Sie die Verbindung aus, und bitten Sie die "
                "Zertifizierungsstelle, den Zweck zu nennen, falls sie abgelehnt wird."
            ),
        ),
        NoticeKind.NO_DIGITAL_SIGNATURE: (
            "Der Schlüsselverwendung fehlt, was die Verwendung braucht",
            (
                "Das Zertifikat erlaubt seinem Schlüssel nicht, was die Verwendung dieses Eintrags "
                "braucht; Empfänger, die darauf achten, lehnen es ab. Bitten Sie die "
                "Zertifizierungsstelle um eines mit der fehlenden Schlüsselverwendung."
            ),
        ),
        NoticeKind.CERTIFICATE_IS_CA: (
            "Das Zertifikat könnte andere Zertifikate ausstellen",
            (
                "Es ist ein Zertifikat für eine Zertifizierungsstelle, und manche Empfänger lehnen "
                "ein solches hier ab. Fragen Sie die Zertifizierungsstelle, ob das gemeint war; "
                "meist wurde das falsche Profil gewählt."
            ),
        ),
        NoticeKind.SELF_SIGNED: (
            "Das Zertifikat ist selbstsigniert",
            (
                "Keine Zertifizierungsstelle bürgt dafür, also muss jeder Empfänger genau dieses "
                "Zertifikat bekommen. Senden Sie es ihnen, wenn das so vereinbart ist; sonst "
                "lassen Sie die Signieranforderung von einer Zertifizierungsstelle signieren."
            ),
        ),
        NoticeKind.UNKNOWN_CRITICAL_EXTENSION: (
            "Das Zertifikat hat eine Regel, die hier unbekannt ist",
            (
                "Ein Zertifikat der Kette enthält eine Regel, die verstanden werden muss; ein "
                "Empfänger, der sie nicht kennt, lehnt es ab. Fragen Sie die "
                "Zertifizierungsstelle, was sie bedeutet, und den Empfänger, ob seine Software sie "
                "kennt."
            ),
        ),
        NoticeKind.EXTENSION_UNREADABLE: (
            "Ein Teil des Zertifikats ist fehlerhaft",
            (
                "Ein nicht zwingender Teil eines Zertifikats der Kette ist nicht lesbar; die "
                "meisten Empfänger übergehen das, strenge lehnen das Zertifikat ab. Melden Sie es "
                "der Zertifizierungsstelle, und bitten Sie um ein anderes Zertifikat, falls ein "
                "Empfänger dieses ablehnt."
            ),
        ),
        NoticeKind.SERIAL_NUMBER: (
            "Die Seriennummer ist nicht positiv",
            (
                "Die Nummer des Zertifikats ist null oder negativ, was der Standard verbietet und "
                "manche Programme ablehnen. Bitten Sie die Zertifizierungsstelle, das Zertifikat "
                "neu auszustellen."
            ),
        ),
        NoticeKind.KEY_NOT_USABLE_FOR_TLS: (
            "Dieses System kann den Schlüssel nicht für Verbindungen verwenden",
            (
                "Seine TLS-Bibliothek hat den Schlüssel oder sein Zertifikat bei einem Versuch "
                "abgelehnt; Verbindungen von hier aus werden scheitern. Ist das Schlüsselpaar für "
                "Verbindungen von diesem System gedacht, verwenden Sie eines von üblicher Art, zum "
                "Beispiel RSA."
            ),
        ),
        NoticeKind.SECOND_OPINION: (
            "Eine zweite Prüfung lehnt die Zertifikatskette ab",
            (
                "Eine zweite, unabhängige Prüfung fand einen Fehler, wegen dessen Empfänger die "
                "Kette ablehnen könnten. Zeigen Sie der Zertifizierungsstelle den Grund."
            ),
        ),
        # How it compares with the latest signing request.
        NoticeKind.SUBJECT_DIFFERS: (
            "Der Inhaber (Subject) ist nicht der angeforderte",
            (
                "Das Zertifikat hat einen anderen Namen als die Anforderung; Empfänger, die Sie an "
                "diesem Namen erkennen, werden Sie nicht kennen. Vergleichen Sie beide, und teilen "
                "Sie solchen Empfängern den neuen Namen mit, bevor Sie ihn verwenden."
            ),
        ),
        NoticeKind.SAN_MISSING: (
            "Angeforderte Namen fehlen",
            (
                "Dem Zertifikat fehlen alternative Namen, die angefordert wurden; für diese gilt "
                "es nicht. Bitten Sie die Zertifizierungsstelle um ein Zertifikat mit allen Namen, "
                "es sei denn, Sie brauchen sie nicht."
            ),
        ),
        # How it compares with the certificate that it replaces.
        NoticeKind.CLIENT_AUTH_LOST: (
            "Das Zertifikat ist nicht mehr als Client verwendbar",
            (
                "Mit dem jetzigen Zertifikat kann man sich bei Empfängern als Client anmelden, mit "
                "diesem nicht: Solche Verbindungen würden scheitern. Wird der Eintrag dafür "
                "verwendet, dann nehmen Sie dieses nicht, und bitten Sie um ein Zertifikat mit "
                "Client-Authentifizierung."
            ),
        ),
        NoticeKind.SAN_LOST: (
            "Namen gehen verloren",
            (
                "Das jetzige Zertifikat hat alternative Namen, die diesem fehlen; wer Sie an "
                "diesen erkennt, wird Sie nicht mehr kennen. Bitten Sie die Zertifizierungsstelle "
                "um alle Namen, es sei denn, sie wurden absichtlich weggelassen."
            ),
        ),
        NoticeKind.ROOT_CHANGED: (
            "Die Zertifikatskette führt zu einem anderen Wurzelzertifikat",
            (
                "Empfänger, die nur dem bisherigen Wurzelzertifikat vertrauen, werden diese Kette "
                "ablehnen. Senden Sie ihnen zuerst das neue Wurzelzertifikat, und fahren Sie fort, "
                "wenn sie es hinzugefügt haben."
            ),
        ),
        NoticeKind.WEAKER_SIGNATURE: (
            "Die Signatur wird schwächer",
            (
                "Das Zertifikat ist mit einem schwächeren Verfahren signiert als das jetzige; "
                "schwach muss es deshalb nicht sein. Fragen Sie die Zertifizierungsstelle, ob das "
                "gemeint war, falls Ihre Regeln das stärkere verlangen."
            ),
        ),
        NoticeKind.CHAIN_SHORTER: (
            "Die Zertifikatskette wird kürzer",
            (
                "Es ist dasselbe Zertifikat mit weniger Zertifikaten darüber; Empfänger, denen die "
                "fehlenden nicht vorliegen, würden die Verbindung ablehnen. Fahren Sie nur fort, "
                "wenn die kürzere Kette gemeint ist."
            ),
        ),
        NoticeKind.KEY_CHANGED: (
            "Der private Schlüssel wechselt",
            (
                "Der Eintrag bekommt einen anderen privaten Schlüssel als den jetzigen. Senden Sie "
                "das neue Zertifikat an Partner, die eine Kopie des jetzigen Zertifikats oder "
                "seines Schlüssels haben; sonst folgt nichts daraus."
            ),
        ),
        NoticeKind.ISSUER_CHANGED: (
            "Ein anderer Aussteller hat das Zertifikat signiert",
            (
                "Das Zertifikat wurde unter einem anderen Namen ausgestellt als das jetzige. Zu "
                "tun ist nichts, es sei denn, ein Empfänger nimmt nur Zertifikate des jetzigen "
                "Ausstellers an: Sagen Sie es diesem vorher."
            ),
        ),
        NoticeKind.SHORTER_LIFE: (
            "Das Zertifikat gilt kürzer",
            (
                "Es gilt weniger lang als das, das es ersetzt; die nächste Erneuerung kommt also "
                "früher. Passen Sie Ihre Erinnerungen an."
            ),
        ),
        NoticeKind.USAGE_CHANGED: (
            "Das Schlüsselpaar ist jetzt für etwas anderes",
            (
                "Seine Verwendung hat sich mit dem neuen Schlüssel geändert; Verbindungen, die es "
                "für den früheren Zweck verwendeten, können scheitern. War das nicht gemeint, "
                "kehren Sie zur früheren Version zurück."
            ),
        ),
        NoticeKind.ALREADY_CURRENT: (
            "Das ist schon aktuell",
            (
                "Der Eintrag hat diesen Inhalt schon; für alle, die ihn verwenden, ändert sich "
                "nichts. Haben Sie etwas Neues erwartet, prüfen Sie, ob Sie die richtige Datei "
                "oder Version gewählt haben."
            ),
        ),
        NoticeKind.CHAIN_REPAIRED: (
            "Nur die Zertifikatskette ändert sich",
            (
                "Das Zertifikat und sein Schlüssel bleiben, wie sie sind; nur die Zertifikate "
                "darüber, die mitgesendet werden, sind dann andere. Zu tun ist nichts."
            ),
        ),
        # What lay in the file.
        NoticeKind.PRIVATE_KEY_IN_FILE: (
            "In der Datei lag ein privater Schlüssel",
            (
                "Er wurde nicht behalten, doch wer die Datei gemacht oder weitergegeben hat, hat "
                "ihn. Finden Sie heraus, wessen Schlüssel es ist: Ist es der dieses Eintrags, "
                "erneuern Sie ihn mit einem neuen Schlüsselpaar; löschen Sie die Datei überall, wo "
                "sie liegt."
            ),
        ),
        NoticeKind.UNREADABLE_CERTIFICATE_DROPPED: (
            "Ein Zertifikat der Datei war nicht lesbar",
            (
                "Es wurde weggelassen, und die Kette ist ohne es vollständig. Vergleichen Sie die "
                "gezeigte Kette mit der, die die Zertifizierungsstelle beschreibt, und holen Sie "
                "sie neu, falls sie sich unterscheiden."
            ),
        ),
        NoticeKind.UNRELATED_CERTIFICATES_DROPPED: (
            "Zertifikate, die nicht dazugehören, wurden weggelassen",
            (
                "Die Datei enthält Zertifikate, die nicht Teil dieser Kette sind; manche Empfänger "
                "würden eine Kette mit ihnen ablehnen. Zu tun ist nichts, es sei denn, Sie haben "
                "eines davon in der Kette erwartet."
            ),
        ),
        NoticeKind.REST_OF_FILE_LEFT: (
            "In der Datei lag mehr, als übernommen wurde",
            (
                "Ein Schlüsselpaar wurde übernommen, der Rest der Datei nicht. Zu tun ist nichts, "
                "wenn Sie nur dieses wollten; eine Keystore-Datei kann auch als Ganzes hinzugefügt "
                "werden."
            ),
        ),
        # Where the chain ends.
        NoticeKind.CHAIN_ENDS_WITHOUT_ROOT: (
            "Die Zertifikatskette endet ohne ihr Wurzelzertifikat",
            (
                "Der Aussteller des obersten Zertifikats ist nicht hier. Ist er ein "
                "Wurzelzertifikat, das die Empfänger haben, ist alles gut; sonst holen Sie sein "
                "Zertifikat von der Zertifizierungsstelle, fügen es dem Keystore hinzu und laden "
                "die Datei noch einmal hoch."
            ),
        ),
        NoticeKind.CHAIN_COMPLETED_FROM_KEYSTORE: (
            "Die Zertifikatskette wurde aus dem Keystore ergänzt",
            (
                "Zertifikate, die der Datei fehlen, wurden diesem Keystore entnommen, und ihre "
                "Signaturen wurden geprüft. Zu tun ist nichts."
            ),
        ),
        NoticeKind.ROOT_NOT_TRUSTED: (
            "Das oberste Zertifikat müsste bestätigt werden",
            (
                "Die Datei wurde ohne Keystore geprüft; ob dort dem obersten Zertifikat vertraut "
                "wird, ist also nicht bekannt. Vergleichen Sie seinen Fingerabdruck mit dem, den "
                "die Zertifizierungsstelle veröffentlicht; beim Hochladen kann danach gefragt "
                "werden."
            ),
        ),
        # What else the keystore holds.
        NoticeKind.CERTIFICATE_HELD_TWICE: (
            "Das Zertifikat ist auch unter einem anderen Alias hier",
            (
                "Beide bleiben verwendbar, doch eines wird leicht vergessen: Wird eines gelöscht, "
                "bleibt das andere. Behalten Sie eines, es sei denn, beide sind gemeint oder eines "
                "gehört dem Provider."
            ),
        ),
        NoticeKind.KEY_HELD_TWICE: (
            "Der private Schlüssel ist auch unter einem anderen Alias hier",
            (
                "Wird er unter einem Alias gelöscht oder erneuert, bleibt er unter dem anderen. "
                "Wurde die Datei versehentlich ein zweites Mal hinzugefügt, löschen Sie einen der "
                "Einträge."
            ),
        ),
        # What was added to a download.
        NoticeKind.ROOT_FROM_KEYSTORE: (
            "Das Wurzelzertifikat kommt aus dem Keystore, nicht aus der Kette",
            (
                "Die Zertifikatskette des Eintrags endet unterhalb ihres Wurzelzertifikats; es "
                "wurde deshalb den Zertifikaten dieses Keystores entnommen, und die Signaturen "
                "wurden geprüft. Zu tun ist nichts, es sei denn, der Partner erwartet ein anderes: "
                "Dann vergleichen Sie die Fingerabdrücke."
            ),
        ),
        # What a download says of its readers.
        NoticeKind.UNREADABLE_FOR_JAVA: (
            "Java liest ein Zertifikat nicht",
            (
                "Ein Zertifikat hat Namen, die Java nicht annimmt, meist weil es noch keinen "
                "Inhaber (Subject) hat. Lassen Sie eine Signieranforderung mit Namen signieren, "
                "und laden Sie die Signierantwort hoch; andere Programme können das Zertifikat "
                "lesen, wie es ist."
            ),
        ),
    }
)
"""Heading, and advice in one to three sentences."""
