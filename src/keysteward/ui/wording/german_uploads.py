"""German words of the problems of uploaded files that are no signing responses."""

from keysteward import problems
from keysteward.ui.wording import reasons
from keysteward.ui.wording.german import known, listed, number, quoted, words

_CONTENTS = {
    "a certificate": "einem Zertifikat",
    "a key pair": "einem Schlüsselpaar",
    "the certificates of a key pair": "den Zertifikaten eines Schlüsselpaars",
    "a keystore": "einem Keystore",
    "an SSH key": "einem SSH-Schlüssel",
    "an RSA key": "einem RSA-Schlüssel",
    "an SSH or RSA key": "einem SSH- oder RSA-Schlüssel",
}


def _several(p: problems.SeveralKeys) -> str:
    return (
        f"Sie enthält {len(p.names)} Schlüssel: {listed(p.names)}. Wählen Sie einen nach seinem "
        f"Namen. {reasons.german(p.otherwise)}"
    ).rstrip()


OF_AN_UPLOAD = (
    words(
        problems.UploadTooLarge,
        "Die Datei ist zu groß",
        lambda p: (
            f"Eine Datei mit {known(p.what, _CONTENTS)} darf höchstens {number(p.limit_bytes)} "
            "Byte haben; diese hat mehr. Nichts davon wurde gelesen. Die Grenze ist die "
            f"Einstellung {p.setting}. {reasons.german(p.otherwise)}"
        ).rstrip(),
    ),
    words(
        problems.NotAKeystore,
        "Das ist kein Keystore",
        lambda p: f"Die Datei ist {reasons.german(p.found)}. {reasons.german(p.remedy)}",
    ),
    words(
        problems.KeystoreUnreadable,
        "Die Keystore-Datei ist beschädigt",
        lambda p: (
            f"Die Datei kann nicht gelesen werden: {reasons.german(p.reason)} Nichts wurde "
            "gespeichert; holen Sie die Datei noch einmal von dort, wo sie erstellt wurde."
        ),
    ),
    words(
        problems.PasswordWrong,
        "Das Kennwort öffnet die Datei nicht",
        lambda p: f"Die Datei bleibt verschlossen: {reasons.german(p.reason)}",
    ),
    words(
        problems.KeyDerivationTooCostly,
        "Die Datei verlangt zu viel Rechenarbeit",
        lambda p: (
            f"Das Öffnen der Datei verlangt {reasons.german(p.asked)}; erlaubt sind "
            f"{reasons.german(p.limit)}. Nichts wurde versucht. {reasons.german(p.remedy)}"
        ),
    ),
    words(problems.SeveralKeys, "Die Datei enthält mehrere Schlüssel", _several),
    words(
        problems.KeyNotInFile,
        "Diesen Schlüssel gibt es in der Datei nicht",
        lambda p: (
            f"Die Datei enthält keinen Schlüssel {quoted(p.name)}. Ihre Schlüssel sind: "
            f"{listed(p.names[:8]) or 'keine'}."
        ),
    ),
    words(
        problems.RecoveryUnreadable,
        "Die Wiederherstellungsdatei kann nicht verwendet werden",
        lambda p: (
            f"Die Datei kann nicht gelesen werden: {reasons.german(p.reason)} Nichts wurde "
            "wiederhergestellt."
        ),
    ),
)
