"""keypair generate and renew; csr."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.status import Status

from keysteward.cli import files, options, output, views
from keysteward.cli.session import Session
from keysteward.entries import ChainLink, Entry, Owner, Source
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.notices import NoticeKind
from keysteward.pki import tls_support
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.values import Notice

_Type = Annotated[
    str, typer.Option("--type", help="rsa, ec, dsa, ed25519, ed448 or ml-dsa.", metavar="TYPE")
]
_OptionalType = Annotated[
    str | None,
    typer.Option(
        "--type", help="Another type than the current key's.", metavar="TYPE", show_default=False
    ),
]
_Size = Annotated[
    int | None,
    typer.Option(
        help="RSA 2048, 3072, 4096; DSA 2048, 3072; ML-DSA 44, 65, 87.", show_default=False
    ),
]
_Curve = Annotated[
    str | None, typer.Option(help="P-256, P-384, P-521, secp256k1, …", show_default=False)
]
_OptionalUsage = Annotated[
    Usage | None, typer.Option("--usage", help="Ask for another usage.", show_default=False)
]
_NotAfter = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="When the validity ends; in three years by default.",
        show_default=False,
    ),
]
_Hash = Annotated[
    str | None,
    typer.Option("--hash", help="sha256, sha384 or sha512 (default).", show_default=False),
]
_Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="A new file to write; standard output by default.",
        show_default=False,
    ),
]


def generate(
    session: Session,
    alias: options.Alias,
    *,
    cn: options.CommonName,
    type_: _Type = "rsa",
    size: _Size = None,
    curve: _Curve = None,
    ou: options.Unit = None,
    organization: options.Organization = None,
    locality: options.Locality = None,
    state: options.State = None,
    country: options.Country = None,
    email: options.Email = None,
    san: options.San = None,
    usage: options.Usage = Usage.TLS_CLIENT,
    not_before: options.NotBefore = None,
    not_after: _NotAfter = None,
    hash_: _Hash = None,
    as_json: options.Json = False,
) -> None:
    """Make a key pair with a self-signed placeholder certificate; RSA 4096 by default."""
    wish = PlaceholderWish(
        Subject(cn, ou, organization, locality, state, country, email),
        tuple(san or ()),
        moment(not_before),
        moment(not_after),
        hash_,
    )
    spec = parse_key_spec(type_, size, curve)
    with session.desk() as desk, _working("Making the key"):
        entry = desk.key_pairs.generate(alias, spec, wish, usage)
    if as_json:
        output.say_json(views.entry_json(entry))
        return
    trial = tls_support.try_certificate(entry.version.certificate)
    unusable = trial.reason is not None and usage in (Usage.TLS_CLIENT, Usage.TLS_SERVER)
    notices = [NoticeKind.KEY_NOT_USABLE_FOR_TLS.about(trial.reason or "")] if unusable else []
    say_made(entry, notices)


def renew(
    session: Session,
    alias: options.Alias,
    *,
    type_: _OptionalType = None,
    size: _Size = None,
    curve: _Curve = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up a pending key that is there already.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Make a pending new key under the same alias; the live key stays until its response comes."""
    asked = type_ is not None or size is not None or curve is not None
    spec = parse_key_spec(type_ or "rsa", size, curve) if asked else None
    with session.desk() as desk, _working("Making the key"):
        shown = desk.key_pairs.renew(alias, spec, replace=replace)
    entry = shown.entry
    if as_json:
        output.say_json(views.entry_json(entry, shown.requests))
        return
    pending = entry.pending
    number = pending.number if pending else entry.version.number
    output.say(
        f"'{entry.alias}' has a pending key (version {number}); the live one is version "
        f"{entry.version.number} and stays until the response comes."
    )
    say_next(entry)


def csr(
    session: Session,
    alias: options.Alias,
    *,
    out: _Out = None,
    cn: options.OptionalCommonName = None,
    ou: options.Unit = None,
    organization: options.Organization = None,
    locality: options.Locality = None,
    state: options.State = None,
    country: options.Country = None,
    email: options.Email = None,
    san: options.San = None,
    usage: _OptionalUsage = None,
    hash_: _Hash = None,
    current: Annotated[
        bool,
        typer.Option("--current", help="Ask for the current key although a pending one waits."),
    ] = False,
) -> None:
    """Write a signing request (PKCS#10, PEM) for the pending key, or the current one."""
    subject = Subject(cn, ou, organization, locality, state, country, email)
    wish = RequestWish(subject, tuple(san or ()), usage, hash_, current)
    if out is None or out == "-":
        _write_request(session, alias, wish, lambda pem: output.write(pem.decode()))
        return
    # Opened first: a request that cannot be written down is not recorded either.
    with files.new_file(out) as write:
        _write_request(session, alias, wish, write)
    output.say(f"Signing request written to {out}. '{alias}' now waits for the CA's response.")


def _write_request(
    session: Session, alias: str, wish: RequestWish, write: Callable[[bytes], None]
) -> None:
    with session.desk() as desk:
        desk.key_pairs.request(alias, wish, write)


def say_made(entry: Entry, notices: Sequence[Notice]) -> None:
    """Say what a key pair is now, and what to do next if no CA has certified it yet."""
    certificate, number = entry.version.certificate, entry.version.number
    output.say(
        f"{'Added' if number == 1 else 'Updated'} '{entry.alias}': {certificate.key}, "
        f"{certificate.subject or 'no subject yet'}, version {number}."
    )
    if len(entry.version.chain) > 1:
        links = [ChainLink(c, Source.KEYSTORE) for c in entry.version.chain]
        output.chain_table(links, datetime.now(UTC))
    output.notices_table(notices)
    if certificate.self_signed and entry.owner is Owner.TENANT:
        say_next(entry)


def say_next(entry: Entry) -> None:
    """Say how the signing request of a key pair is written."""
    file = entry.alias.replace("/", "_").lstrip("-.")[:60] or "request"
    words = [entry.alias, "-o", f"{file}.csr"]
    if not (entry.pending or entry.version).certificate.subject:
        words += ["--cn", "NAME"]
    if entry.alias.startswith("-"):
        words = [*words[1:], "--", entry.alias]
    output.say_next("keysteward", "csr", *words)


def _working(text: str) -> Status:
    return output.console(stderr=True).status(text)


def moment(text: str | None) -> datetime | None:
    """Take an ISO 8601 date or time; without a zone it is UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date like 2029-12-31.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
