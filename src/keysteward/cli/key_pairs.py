"""keypair generate and renew; csr."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.status import Status

from keysteward.cli import files, output, views
from keysteward.cli.session import AliasArgument, Session
from keysteward.entries import Entry, Owner
from keysteward.keystore import key_pairs, signing_requests
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.notices import NoticeKind
from keysteward.pki import tls_support
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage

File = Annotated[str, typer.Argument(metavar="FILE", help="A file; - is standard input.")]
Type = Annotated[
    str, typer.Option("--type", help="rsa, ec, dsa, ed25519, ed448 or ml-dsa.", metavar="TYPE")
]
OptionalType = Annotated[
    str | None,
    typer.Option(
        "--type", help="Another type than the current key's.", metavar="TYPE", show_default=False
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        help="RSA 2048, 3072, 4096; DSA 2048, 3072; ML-DSA 44, 65, 87.", show_default=False
    ),
]
Curve = Annotated[
    str | None, typer.Option(help="P-256, P-384, P-521, secp256k1, …", show_default=False)
]
CommonName = Annotated[str, typer.Option("--cn", help="Common name.")]
OptionalName = Annotated[str | None, typer.Option("--cn", help="Common name.", show_default=False)]
Unit = Annotated[str | None, typer.Option("--ou", help="Organizational unit.", show_default=False)]
Organization = Annotated[
    str | None, typer.Option("--organization", "-O", help="Organization.", show_default=False)
]
Locality = Annotated[str | None, typer.Option(help="City.", show_default=False)]
State = Annotated[str | None, typer.Option(help="State or province.", show_default=False)]
Country = Annotated[str | None, typer.Option(help="Two letters.", show_default=False)]
Email = Annotated[str | None, typer.Option(help="E-mail address.", show_default=False)]
San = Annotated[
    list[str] | None,
    typer.Option(
        help="Alternative name: DNS:…, IP:…, email:…, URI:…; can be repeated.", show_default=False
    ),
]
UsageOption = Annotated[Usage, typer.Option("--usage", help="What the key pair is for.")]
OptionalUsage = Annotated[
    Usage | None, typer.Option("--usage", help="Ask for another usage.", show_default=False)
]
NotBefore = Annotated[
    str | None, typer.Option(metavar="DATE", help="Default: now.", show_default=False)
]
NotAfter = Annotated[
    str | None, typer.Option(metavar="DATE", help="Default: in three years.", show_default=False)
]
Hash = Annotated[
    str | None,
    typer.Option("--hash", help="sha256, sha384 or sha512 (default).", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Out = Annotated[
    str | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write to a new file.", show_default=False),
]


def generate(
    session: Session,
    alias: AliasArgument,
    *,
    cn: CommonName,
    type_: Type = "rsa",
    size: Size = None,
    curve: Curve = None,
    ou: Unit = None,
    organization: Organization = None,
    locality: Locality = None,
    state: State = None,
    country: Country = None,
    email: Email = None,
    san: San = None,
    usage: UsageOption = Usage.TLS_CLIENT,
    not_before: NotBefore = None,
    not_after: NotAfter = None,
    hash_: Hash = None,
    as_json: Json = False,
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
    with session.opened() as steward, _working("Making the key"):
        entry = key_pairs.generate_key_pair(steward, session.caller, alias, spec, wish, usage=usage)
    if as_json:
        output.say_json(views.entry_json(entry))
        return
    say_made(entry)
    trial = tls_support.try_certificate(entry.version.certificate)
    if trial.reason is not None and usage in (Usage.TLS_CLIENT, Usage.TLS_SERVER):
        output.notices_table([NoticeKind.KEY_NOT_USABLE_FOR_TLS.about(trial.reason)])


def renew(
    session: Session,
    alias: AliasArgument,
    *,
    type_: OptionalType = None,
    size: Size = None,
    curve: Curve = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up a pending key that is there already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a pending new key under the same alias; the live key stays until its response comes."""
    asked = type_ is not None or size is not None or curve is not None
    spec = parse_key_spec(type_ or "rsa", size, curve) if asked else None
    with session.opened() as steward, _working("Making the key"):
        entry = key_pairs.renew_key_pair(steward, session.caller, alias, spec, replace=replace)
        requests = steward.store.list_requests(entry.id)
    if as_json:
        output.say_json(views.entry_json(entry, requests))
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
    alias: AliasArgument,
    *,
    out: Out = None,
    cn: OptionalName = None,
    ou: Unit = None,
    organization: Organization = None,
    locality: Locality = None,
    state: State = None,
    country: Country = None,
    email: Email = None,
    san: San = None,
    usage: OptionalUsage = None,
    hash_: Hash = None,
    current: Annotated[
        bool, typer.Option("--current", help="For the current key although a pending one waits.")
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
    with session.opened() as steward:
        signing_requests.write_signing_request(steward, session.caller, alias, wish, deliver=write)


def say_made(entry: Entry) -> None:
    """Say what a key pair is now, and what to do next if no CA has certified it yet."""
    certificate, number = entry.version.certificate, entry.version.number
    output.say(
        f"{'Added' if number == 1 else 'Updated'} '{entry.alias}': {certificate.key}, "
        f"{certificate.subject or 'no subject yet'}, version {number}."
    )
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
