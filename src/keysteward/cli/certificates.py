"""certificate add and update."""

from collections.abc import Sequence
from typing import Annotated

import typer

from keysteward.cli import files, options, output, questions, views
from keysteward.cli.session import Session
from keysteward.entries import Entry
from keysteward.keystore import certificates, duplicates
from keysteward.keystore.trust import Consent
from keysteward.values import Notice

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
    with session.opened() as steward:

        def run(consent: Consent) -> Entry:
            return certificates.add_certificate(
                steward, session.caller, alias, data, trusted=trusted, consent=consent
            )

        entry = questions.asking(session, given, run, file=file)
        notices = duplicates.remarks(steward, entry)
    if as_json:
        output.say_json({**views.entry_json(entry), "notices": output.notices_json(notices)})
    else:
        _say(entry, notices, "Added")


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
    with session.opened() as steward:
        before = steward.store.get_entry(steward.keystore_id, alias).version.number

        def run(consent: Consent) -> Entry:
            return certificates.update_certificate(
                steward, session.caller, alias, data, trusted=trusted, consent=consent
            )

        entry = questions.asking(session, given, run, file=file)
        notices = duplicates.remarks(steward, entry)
    if as_json:
        output.say_json({**views.entry_json(entry), "notices": output.notices_json(notices)})
    elif entry.version.number == before:
        output.say(f"'{entry.alias}' is this certificate already (version {before}).")
    else:
        _say(entry, notices, "Updated")


def _say(entry: Entry, notices: Sequence[Notice], done: str) -> None:
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
    output.notices_table(notices)
