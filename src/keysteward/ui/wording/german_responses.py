"""German words of the problems of a signing response: of its file and of its chain."""

from keysteward import problems
from keysteward.ui.wording import reasons
from keysteward.ui.wording.german import known, number, quoted, words

_HOLDERS = {
    "the request": "der Signieranforderung",
    "the certificate": "des Zertifikats",
    "the public key": "des öffentlichen Schlüssels",
}


def _mismatch(p: problems.PublicKeyMismatch) -> str:
    return (
        "Der öffentliche Schlüssel der Signierantwort ist ein anderer als der des "
        f"Keystore-Eintrags. Die Antwort zertifiziert {quoted(p.subject)}, ausgestellt von "
        f"{quoted(p.issuer)}. {reasons.german(p.hint)} Öffentlicher Schlüssel von "
        f"{known(p.holder, _HOLDERS)}: {p.expected}; des Zertifikats {p.certificate}: {p.found}."
    )


def _not_trusted(p: problems.RootNotTrusted) -> str:
    own = p.alone and p.missing_issuer is None
    source = "vom Inhaber" if own else "von der Zertifizierungsstelle"
    return (
        f"{_end(p)} Vergleichen Sie seinen Fingerabdruck mit dem, den Sie {source} haben, und "
        f"bestätigen Sie ihn dann (SHA-256 {p.fingerprint}, SHA-1 {p.fingerprint_sha1})."
    )


def _end(p: problems.RootNotTrusted) -> str:
    subject = quoted(p.subject)
    if p.missing_issuer is None and p.alone:
        return f"Das Zertifikat {subject} ist selbstsigniert: Niemand sonst bürgt dafür."
    if p.missing_issuer is None:
        return f"Die Zertifikatskette endet mit dem Wurzelzertifikat {subject}."
    what = (
        "Die Datei enthält nur das Zertifikat selbst,"
        if p.alone
        else "Die Zertifikatskette endet vorzeitig, mit"
    )
    return (
        f"{what} {subject}: Sein Aussteller {quoted(p.missing_issuer)} ist weder in der Datei "
        "noch im Keystore. Bitten Sie die Zertifizierungsstelle um dessen Zertifikat, oder fügen "
        "Sie es dem Keystore als Zertifikat hinzu, und laden Sie die Datei noch einmal hoch. Nur "
        "wenn es nicht zu bekommen ist:"
    )


OF_THE_FILE = (
    words(
        problems.SigningResponseTooLarge,
        "Die Signierantwort ist zu groß",
        lambda p: (
            f"Die Datei hat mehr als {number(p.limit_bytes)} Byte. Bitten Sie die "
            "Zertifizierungsstelle um das Zertifikat und seine Kette allein, oder erhöhen Sie die "
            "Einstellung KEYSTEWARD_RESPONSE_LIMIT_BYTES."
        ),
    ),
    words(
        problems.SigningResponseUnreadable,
        "Die Signierantwort ist beschädigt",
        lambda p: (
            f"Die Datei kann nicht gelesen werden: {reasons.german(p.reason)} Holen Sie sie noch "
            "einmal von der Zertifizierungsstelle; der Eintrag ist unverändert."
        ),
    ),
    words(
        problems.NotASigningResponse,
        "Das ist keine Signierantwort",
        lambda p: f"Die Datei ist {reasons.german(p.found)}. {reasons.german(p.remedy)}",
    ),
    words(
        problems.ResponseTooComplex,
        "Die Zertifikate sind zu komplex",
        lambda p: (
            f"Die Datei verlangt zu viel Arbeit: {reasons.german(p.reason)} Geben Sie eine Datei, "
            "die nur das eigentliche Zertifikat und seine Kette enthält."
        ),
    ),
    words(
        problems.CertificateUnreadable,
        "Das Zertifikat kann nicht gelesen werden",
        lambda p: (
            f"Es wird ein Zertifikat gebraucht: {reasons.german(p.reason)} "
            f"{reasons.german(p.remedy)}"
        ),
    ),
    words(
        problems.TrailingBytes,
        "Nach dem letzten Zertifikat folgen weitere Bytes",
        lambda p: (
            f"Auf das letzte Zertifikat der Datei folgen {number(p.count)} Byte, die kein "
            "Zertifikat sind. Holen Sie die Datei noch einmal von der Zertifizierungsstelle."
        ),
    ),
)

OF_THE_CHAIN = (
    words(
        problems.PublicKeyMismatch,
        "Das Zertifikat gehört zu einem anderen Schlüssel",
        _mismatch,
    ),
    words(
        problems.SignatureInvalid,
        "Eine Signatur in der Zertifikatskette ist ungültig",
        lambda p: (
            f"Das Zertifikat von {quoted(p.subject)} nennt {quoted(p.issuer)} als Aussteller, doch "
            f"die Prüfung ergab: {reasons.german(p.reason)}. Die Datei ist beschädigt oder "
            "gefälscht, oder auf eine hier unbekannte Weise gemacht. Holen Sie sie noch einmal von "
            "der Zertifizierungsstelle."
        ),
    ),
    words(
        problems.CertificateExpired,
        "Das Zertifikat ist abgelaufen",
        lambda p: (
            f"Das Zertifikat von {quoted(p.subject)} endete am {p.not_after:%Y-%m-%d um %H:%M} "
            "UTC. Bitten Sie die Zertifizierungsstelle um ein neues."
        ),
    ),
    words(
        problems.IssuerNotCa,
        "Ein Aussteller der Kette ist keine Zertifizierungsstelle",
        lambda p: (
            f"{quoted(p.subject)} hat ein Zertifikat dieser Kette ausgestellt und ist keine "
            f"Zertifizierungsstelle: {reasons.german(p.reason)}. Empfänger werden die Kette "
            "ablehnen. Bitten Sie die Zertifizierungsstelle um eine richtige Kette."
        ),
    ),
    words(
        problems.PathLengthExceeded,
        "Die Zertifikatskette ist länger, als ihr Aussteller erlaubt",
        lambda p: (
            f"{quoted(p.subject)} erlaubt unter sich höchstens {p.allowed} Zwischenzertifikate, "
            f"die Kette hat {p.found}. Bitten Sie die Zertifizierungsstelle um eine richtige Kette."
        ),
    ),
    words(
        problems.PlaceholderAgain,
        "Das ist das eigene selbstsignierte Zertifikat des Eintrags",
        lambda p: (
            f"Die Datei enthält das selbstsignierte Zertifikat von {known(p.holder, _HOLDERS)}, "
            "keine Antwort einer Zertifizierungsstelle. Senden Sie die Signieranforderung an die "
            "Zertifizierungsstelle, und laden Sie hoch, was sie zurückgibt."
        ),
    ),
    words(
        problems.RootNotTrusted,
        "Dem obersten Zertifikat der Kette wird noch nicht vertraut",
        _not_trusted,
    ),
)
