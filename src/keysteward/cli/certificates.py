"""certificate add and update."""

from typing import Annotated

import typer

from keysteward.cli import files, options, output, questions, views
from keysteward.cli.desk_values import Stored
from keysteward.cli.session import Session
from keysteward.keystore.trust import Consent

_MARK = "Accept connections and uploads under it, or only complete chains with it."

_Trusted = Annotated[bool, typer.Option("--trusted/--not-trusted", help=_MARK)]
_OptionalTrusted = Annotated[
    bool | None,
    typer.Option(
        "--trusted/--not-trusted", help=f"{_MARK} As before by default.", show_default=False
    ),
]


def add(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    trusted: _Trusted = True,
    trust_root: options.TrustRoot = None,
    fingerprint_verified: options.FingerprintVerified = False,
    as_json: options.Json = False,
) -> None:
    """Take one certificate in: a root to trust, or an intermediate that completes chains."""
    given = questions.consent(trust_root, fingerprint_verified=fingerprint_verified)
    data = files.read_upload(file, session.settings.certificate_limit_bytes)
    with session.desk() as desk:

        def run(consent: Consent) -> Stored:
            return desk.certificates.add(alias, data, consent, trusted=trusted)

        stored = questions.asking(session, given, run, file=file)
    if as_json:
        output.say_json(_stored_json(stored))
    else:
        _say(stored, "Added")


def update(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    trusted: _OptionalTrusted = None,
    trust_root: options.TrustRoot = None,
    fingerprint_verified: options.FingerprintVerified = False,
    as_json: options.Json = False,
) -> None:
    """Give a certificate entry another certificate, under its unchanged alias."""
    given = questions.consent(trust_root, fingerprint_verified=fingerprint_verified)
    data = files.read_upload(file, session.settings.certificate_limit_bytes)
    with session.desk() as desk:

        def run(consent: Consent) -> Stored:
            return desk.certificates.update(alias, data, consent, trusted=trusted)

        stored = questions.asking(session, given, run, file=file)
    if as_json:
        output.say_json(_stored_json(stored))
    elif not stored.changed:
        number = stored.entry.version.number
        output.say(f"'{stored.entry.alias}' is this certificate already (version {number}).")
    else:
        _say(stored, "Updated")


def _stored_json(stored: Stored) -> dict[str, object]:
    notices = output.notices_json(stored.notices)
    return {**views.entry_json(stored.entry), "notices": notices}


def _say(stored: Stored, done: str) -> None:
    entry = stored.entry
    certificate = entry.version.certificate
    if entry.trusted:
        output.say(
            f"{done} '{entry.alias}' as trusted: connections and uploads under it are accepted "
            "from now on."
        )
    else:
        output.say(f"{done} '{entry.alias}': it is not trusted and only completes chains.")
    output.table(("", ""), [("Subject", certificate.subject), ("SHA-256", certificate.fingerprint)])
    if entry.trusted and not certificate.extensions.is_ca and not certificate.self_signed:
        output.say("It is no CA's certificate: it vouches for nothing but itself.")
    output.notices_table(stored.notices)
