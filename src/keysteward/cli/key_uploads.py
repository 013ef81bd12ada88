"""keypair add and update."""

from collections.abc import Callable
from dataclasses import replace

from keysteward.cli import files, options, output, questions, views
from keysteward.cli.desk import Desk
from keysteward.cli.desk_values import Stored
from keysteward.cli.key_pairs import say_made
from keysteward.cli.session import Session
from keysteward.keystore import key_files
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.trust import Consent
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import SeveralKeys

_Upload = Callable[[Desk, KeyUpload, Consent], Stored]


def add(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    certificate: options.CertificateFile = None,
    key: options.Key = None,
    password_stdin: options.PasswordStdin = False,
    trust_root: options.TrustRoot = None,
    fingerprint_verified: options.FingerprintVerified = False,
    override: options.Override = None,
    usage: options.Usage = Usage.TLS_CLIENT,
    as_json: options.Json = False,
) -> None:
    """Take an existing key pair in: PKCS#12, or PEM (PKCS#8, PKCS#1, SEC1)."""
    given = questions.consent(trust_root, override, fingerprint_verified=fingerprint_verified)
    upload = read_upload(session, file, certificate, key, password_stdin=password_stdin)

    def add_(desk: Desk, upload: KeyUpload, consent: Consent) -> Stored:
        return desk.key_pairs.add(alias, upload, usage, consent)

    _say(_carry_out(session, upload, given, add_, file=file), as_json=as_json)


def update(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    certificate: options.CertificateFile = None,
    key: options.Key = None,
    password_stdin: options.PasswordStdin = False,
    trust_root: options.TrustRoot = None,
    fingerprint_verified: options.FingerprintVerified = False,
    override: options.Override = None,
    as_json: options.Json = False,
) -> None:
    """Give a key pair the key and chain of a file, under its unchanged alias."""
    given = questions.consent(trust_root, override, fingerprint_verified=fingerprint_verified)
    upload = read_upload(session, file, certificate, key, password_stdin=password_stdin)

    def update_(desk: Desk, upload: KeyUpload, consent: Consent) -> Stored:
        return desk.key_pairs.update(alias, upload, consent)

    _say(_carry_out(session, upload, given, update_, file=file), as_json=as_json)


def read_upload(
    session: Session,
    file: str,
    certificate: str | None,
    key: str | None,
    *,
    password_stdin: bool,
) -> KeyUpload:
    """Return what the options name, after the question for a password if the file may need one."""
    limit = session.settings.key_pair_limit_bytes
    data = files.read_upload(file, limit)
    chain: tuple[Certificate, ...] = ()
    if certificate is not None:
        chain = key_files.read_chain_file(files.read_upload(certificate, limit), session.settings)
    password = None
    if password_stdin or key_files.may_need_password(data):
        prompt = "Password of the key file: "
        password = files.read_password(from_stdin=password_stdin, prompt=prompt)
    return KeyUpload(data, password, key, chain)


def _carry_out(
    session: Session, upload: KeyUpload, given: Consent, run: _Upload, *, file: str
) -> Stored:
    """Run an upload; a person at the terminal is asked for the key that is meant, and for trust."""
    with session.desk() as desk:

        def of(chosen: KeyUpload) -> Stored:
            return questions.asking(session, given, lambda c: run(desk, chosen, c), file=file)

        try:
            return of(upload)
        except SeveralKeys as problem:
            if not session.interactive or file == "-":
                raise
            return of(replace(upload, choose=questions.chosen_key(problem)))


def _say(stored: Stored, *, as_json: bool) -> None:
    entry = stored.entry
    if as_json:
        notices = output.notices_json(stored.notices)
        output.say_json({**views.entry_json(entry), "notices": notices})
        return
    if not stored.changed:
        number = entry.version.number
        output.say(f"'{entry.alias}' has this key and chain already (version {number}).")
        return
    say_made(entry, stored.notices)
