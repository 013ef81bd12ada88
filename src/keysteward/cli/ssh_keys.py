"""ssh add and update; rsa add and update."""

from typing import Annotated

import typer

from keysteward.cli import files, options, output, views
from keysteward.cli.desk_values import Stored
from keysteward.cli.key_pairs import moment, say_next
from keysteward.cli.session import Session, as_text
from keysteward.formats import ssh
from keysteward.keystore import ssh_keys
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage

_NotAfter = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", help="When the validity ends; in ten years by default.", show_default=False
    ),
]
_SshHash = Annotated[
    str | None,
    typer.Option(
        "--hash",
        help="sha256, sha384 or sha512; by default what fits the key.",
        show_default=False,
    ),
]
_RsaHash = Annotated[
    str | None,
    typer.Option("--hash", help="sha256 (default), sha384 or sha512.", show_default=False),
]
_ProposedAlias = Annotated[
    str | None,
    typer.Option(
        "--alias",
        metavar="ALIAS",
        help="The entry's alias; by default the file's name without its extension.",
        callback=as_text,
        show_default=False,
    ),
]


def add(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    cn: options.CommonName,
    ou: options.Unit = None,
    organization: options.Organization = None,
    locality: options.Locality = None,
    state: options.State = None,
    country: options.Country = None,
    email: options.Email = None,
    san: options.San = None,
    not_before: options.NotBefore = None,
    not_after: _NotAfter = None,
    hash_: _SshHash = None,
    password_stdin: options.PasswordStdin = False,
    as_json: options.Json = False,
) -> None:
    """Take an SSH key in (OpenSSH, PuTTY, PEM), under a self-signed certificate."""
    subject = Subject(cn, ou, organization, locality, state, country, email)
    wish = _wish(subject, san, not_before, not_after, hash_)
    stored = _take_ssh(session, alias, file, wish, from_stdin=password_stdin, update=False)
    _say(stored, as_json=as_json)


def update(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    cn: options.CommonName,
    ou: options.Unit = None,
    organization: options.Organization = None,
    locality: options.Locality = None,
    state: options.State = None,
    country: options.Country = None,
    email: options.Email = None,
    san: options.San = None,
    not_before: options.NotBefore = None,
    not_after: _NotAfter = None,
    hash_: _SshHash = None,
    password_stdin: options.PasswordStdin = False,
    as_json: options.Json = False,
) -> None:
    """Give a key pair an SSH key from a file, under its unchanged alias; it is for SSH then."""
    subject = Subject(cn, ou, organization, locality, state, country, email)
    wish = _wish(subject, san, not_before, not_after, hash_)
    stored = _take_ssh(session, alias, file, wish, from_stdin=password_stdin, update=True)
    _say(stored, as_json=as_json)


def add_rsa(
    session: Session,
    file: options.File,
    *,
    alias: _ProposedAlias = None,
    cn: options.CommonName,
    ou: options.Unit = None,
    organization: options.Organization = None,
    locality: options.Locality = None,
    state: options.State = None,
    country: options.Country = None,
    email: options.Email = None,
    san: options.San = None,
    not_before: options.NotBefore = None,
    not_after: _NotAfter = None,
    hash_: _RsaHash = None,
    as_json: options.Json = False,
) -> None:
    """Take an RSA key in (PKCS#1 in PEM), under a self-signed certificate."""
    subject = Subject(cn, ou, organization, locality, state, country, email)
    wish = _wish(subject, san, not_before, not_after, hash_)
    data = files.read_file(file)
    name = ssh_keys.propose_alias(file) if alias is None else alias
    with session.desk() as desk:
        stored = desk.key_pairs.take_rsa(name, data, wish, update=False)
    _say(stored, as_json=as_json)


def update_rsa(
    session: Session,
    alias: options.Alias,
    file: options.File,
    *,
    cn: options.CommonName,
    ou: options.Unit = None,
    organization: options.Organization = None,
    locality: options.Locality = None,
    state: options.State = None,
    country: options.Country = None,
    email: options.Email = None,
    san: options.San = None,
    not_before: options.NotBefore = None,
    not_after: _NotAfter = None,
    hash_: _RsaHash = None,
    as_json: options.Json = False,
) -> None:
    """Give a key pair an RSA key from a file, under its unchanged alias."""
    subject = Subject(cn, ou, organization, locality, state, country, email)
    wish = _wish(subject, san, not_before, not_after, hash_)
    data = files.read_file(file)
    with session.desk() as desk:
        stored = desk.key_pairs.take_rsa(alias, data, wish, update=True)
    _say(stored, as_json=as_json)


def _wish(
    subject: Subject,
    san: list[str] | None,
    not_before: str | None,
    not_after: str | None,
    hash_: str | None,
) -> PlaceholderWish:
    return PlaceholderWish(subject, tuple(san or ()), moment(not_before), moment(not_after), hash_)


def _take_ssh(
    session: Session,
    alias: str,
    file: str,
    wish: PlaceholderWish,
    *,
    from_stdin: bool,
    update: bool,
) -> Stored:
    data, passphrase = files.read_file(file), None
    if from_stdin or ssh.is_encrypted(data):
        prompt = "Passphrase of the key file: "
        passphrase = files.read_password(from_stdin=from_stdin, prompt=prompt)
    with session.desk() as desk:
        return desk.key_pairs.take_ssh(alias, data, wish, passphrase, update=update)


def _say(stored: Stored, *, as_json: bool) -> None:
    entry = stored.entry
    if as_json:
        notices = output.notices_json(stored.notices)
        output.say_json({**views.entry_json(entry), "notices": notices})
        return
    certificate, number = entry.version.certificate, entry.version.number
    if not stored.changed:
        output.say(f"'{entry.alias}' has this key with this subject already (version {number}).")
        return
    verb = "Added" if number == 1 else "Updated"
    output.say(
        f"{verb} '{entry.alias}': {certificate.key}, {certificate.subject}, version {number}."
    )
    output.notices_table(stored.notices)
    if entry.usage is not Usage.SSH:
        say_next(entry)
        return
    # OpenSSH's form has no name for Ed448; PuTTY reads it in the other one.
    form = ["--as", "ssh2" if certificate.key.type == "Ed448" else "pub"]
    words = [*form, "--", entry.alias] if entry.alias.startswith("-") else [entry.alias, *form]
    output.say_next("keysteward", "export", *words)
