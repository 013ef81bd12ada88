"""German words of the problems of a request and of a connection."""

from keysteward import problems
from keysteward.ui.wording import reasons
from keysteward.ui.wording.german import number, quoted, words

OF_A_REQUEST = (
    words(
        problems.FieldInvalid,
        "In ein Feld des Formulars gehört etwas anderes",
        lambda p: f"Dieses Feld passt nicht: {reasons.german(p.reason)}",
    ),
    words(
        problems.RequestInvalid,
        "Die Anfrage ist nicht verständlich",
        lambda p: f"Die Anfrage kann nicht ausgeführt werden: {reasons.german(p.reason)}",
    ),
    words(
        problems.BodyTooLarge,
        "Die Anfrage ist zu groß",
        lambda p: (
            f"Diese Adresse nimmt höchstens {number(p.limit_bytes)} Byte an. Senden Sie weniger."
        ),
    ),
    words(
        problems.BodyTooSlow,
        "Die Anfrage kam zu langsam",
        lambda p: (
            f"Ihr Inhalt war nach {p.limit_seconds} s noch nicht vollständig. Senden Sie ihn noch "
            "einmal."
        ),
    ),
    words(
        problems.MediaTypeUnsupported,
        "Der Medientyp wird nicht unterstützt",
        lambda p: (
            f"{quoted(p.given)} gibt es unter dieser Adresse nicht. Verwenden Sie {p.supported}."
        ),
    ),
    words(
        problems.ResourceUnknown,
        "Unter dieser Adresse gibt es nichts",
        lambda p: (
            f"{quoted(p.address)} ist keine Adresse dieses Servers. /rest/v1/docs führt die der "
            "REST-API auf, /api/v1/ die von OData."
        ),
    ),
    words(
        problems.MethodNotSupported,
        "Diese Adresse nimmt diese Methode nicht an",
        lambda p: f"{p.method} ist hier nicht möglich; verwenden Sie {p.supported}.",
    ),
    words(
        problems.IdempotencyKeyReused,
        "Der Idempotenzschlüssel gehört zu einer anderen Anfrage",
        lambda p: (
            "Derselbe Idempotency-Key kam innerhalb von 24 Stunden mit einer anderen Adresse oder "
            "einem anderen Inhalt. Senden Sie jede neue Anfrage mit einem neuen Schlüssel."
        ),
    ),
    words(
        problems.ServerBusy,
        "Der Server ist ausgelastet",
        lambda p: (
            "Er arbeitet an so vielen Anfragen, wie er kann. Nichts wurde getan; versuchen Sie es "
            "gleich noch einmal."
        ),
    ),
)

OF_A_CONNECTION = (
    words(
        problems.KeyNotUsableForTls,
        "TLS kann auf diesem System den Schlüssel nicht verwenden",
        lambda p: f"{quoted(p.alias)} ist hier für TLS nicht brauchbar: {reasons.german(p.reason)}",
    ),
    words(
        problems.TlsFromMemoryUnavailable,
        "TLS-Schlüssel können auf diesem System nicht verwendet werden",
        lambda p: (
            "Dieses System hat kein memfd_create, und ein privater Schlüssel wird nie auf eine "
            "Platte geschrieben. Bauen Sie Verbindungen unter Linux auf."
        ),
    ),
    words(
        problems.AddressInvalid,
        "Das ist keine Adresse",
        lambda p: (
            f"{quoted(p.address)} ist nicht brauchbar: {reasons.german(p.reason)} Schreiben Sie "
            "HOST:PORT, wie receiver.example:8443, und eine IPv6-Adresse in Klammern."
        ),
    ),
    words(
        problems.DestinationNotAllowed,
        "Dorthin darf der Server keine Verbindung aufbauen",
        lambda p: (
            f"Nach {p.address} ist keine Verbindung erlaubt: {reasons.german(p.reason)} Soll der "
            "Server sich dorthin verbinden, erlaubt es sein Administrator mit der Einstellung "
            f"{p.setting}."
        ),
    ),
    words(
        problems.ConnectionFailed,
        "Die Verbindung ist gescheitert",
        lambda p: (
            f"Keine Verbindung mit {p.address}: {reasons.german(p.reason)} "
            f"{reasons.german(p.remedy)} {p.evidence}"
        ).rstrip(),
    ),
    words(
        problems.RemoteProblem,
        "Der Server hat abgelehnt",
        lambda p: (
            f"Er meldet: {p.remote_title}. {p.remote_detail} (Er nennt das "
            f"{quoted(p.remote_slug)}, Status {p.status}; eine andere Version von Keysteward weiß "
            "vielleicht mehr davon.)"
        ),
    ),
)
