"""German words of the problems of an account."""

from keysteward import problems
from keysteward.ui.wording import reasons
from keysteward.ui.wording.german import known, number, quoted, words
from keysteward.ui.wording.german_wishes import KINDS_OF_NAMES


def _not_signed_in(p: problems.NotSignedIn) -> str:
    reason = f"Eine Anmeldung ist nötig: {reasons.german(p.reason)}"
    if not p.without_credentials:
        return reason
    return (
        f"{reason} Senden Sie ein Token von /oauth/token als Bearer, oder Name und Kennwort eines "
        "Benutzers mit Basic-Authentifizierung."
    )


def _wait(p: problems.TooManyRequests) -> str:
    return f"{p.minutes} Minuten" if p.minutes else f"{number(p.retry_after_seconds)} s"


OF_AN_ACCOUNT = (
    words(problems.NotSignedIn, "Sie sind nicht angemeldet", _not_signed_in),
    words(
        problems.NotPermitted,
        "Das dürfen Sie nicht",
        lambda p: (
            f"Dafür ist die Berechtigung {p.permission} nötig, die keine Ihrer Rollen hat. Bitten "
            "Sie einen Administrator um eine Rolle, die sie hat."
        ),
    ),
    words(
        problems.CsrfTokenMissing,
        "Das CSRF-Token fehlt oder gilt nicht mehr",
        lambda p: (
            "Holen Sie eines mit einem GET, das die Kopfzeile „X-CSRF-Token: Fetch“ hat, und "
            "senden Sie die Kopfzeile „X-CSRF-Token“ der Antwort mit dieser Anfrage."
        ),
    ),
    words(
        problems.TooManyRequests,
        "Zu viele Anfragen",
        lambda p: (
            f"Sie müssen etwas warten: {reasons.german(p.reason)} Versuchen Sie es in "
            f"{_wait(p)} noch einmal."
        ),
    ),
    words(
        problems.PasswordChangeRequired,
        "Wählen Sie zuerst ein eigenes Kennwort",
        lambda p: (
            "Das Einmalkennwort öffnet nur PUT /rest/v1/me/password. Senden Sie es mit einem "
            "eigenen Kennwort dorthin, und melden Sie sich dann mit diesem an."
        ),
    ),
    words(
        problems.OldPasswordWrong,
        "Das alte Kennwort stimmt nicht",
        lambda p: (
            "Ihr Kennwort ist ein anderes als das gesendete alte, und bleibt, wie es ist. Prüfen "
            "Sie Groß- und Kleinschreibung und die Belegung der Tastatur."
        ),
    ),
    words(
        problems.PasswordTooWeak,
        "Das Kennwort ist zu schwach",
        lambda p: (
            f"Dieses Kennwort wäre leicht zu erraten oder ist nicht möglich: "
            f"{reasons.german(p.reason)} Wählen Sie ein anderes; gut ist ein Satz aus mehreren "
            "Wörtern."
        ),
    ),
    words(
        problems.AccountNotFound,
        "Dieses Konto gibt es nicht",
        lambda p: (
            f"{known(p.what, KINDS_OF_NAMES)} {quoted(p.name)} ist nicht vorhanden. Sehen Sie in "
            "der Liste nach."
        ),
    ),
    words(
        problems.RolesInvalid,
        "Die Rollen passen nicht",
        lambda p: (
            f"Diese Auswahl ist nicht möglich: {reasons.german(p.reason)} Rollen sind "
            "Administrator, Operator, Betrachter, oder Provider allein."
        ),
    ),
    words(
        problems.LastAdministrator,
        "Das ist der letzte Administrator",
        lambda p: (
            f"Ohne {quoted(p.name)} könnte niemand mehr Benutzer verwalten. Machen Sie zuerst "
            "jemand anderen zum Administrator."
        ),
    ),
    words(
        problems.TooManySecrets,
        "Der API-Client hat genug Geheimnisse",
        lambda p: (
            f"{quoted(p.name)} hat {p.limit} gültige Geheimnisse (Secrets). Entfernen Sie das, das "
            "nicht mehr gebraucht wird, und erstellen Sie dann ein anderes."
        ),
    ),
)
