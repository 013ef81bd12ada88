"""Arguments and options that mean the same in every command, with one name and text each.

    def show(session: Session, alias: options.Alias, *, as_json: options.Json = False) -> None:

An option says what it does, or what its value is. What only one command has stands with it.
"""

from typing import Annotated

import typer

from keysteward import entries
from keysteward.cli.session import as_text, complete_alias
from keysteward.keystore import intake
from keysteward.pki import usages

# ---- arguments

Alias = Annotated[
    str,
    typer.Argument(
        metavar="ALIAS",
        help="The entry's alias.",
        autocompletion=complete_alias,
        callback=as_text,
    ),
]
File = Annotated[str, typer.Argument(metavar="FILE", help="The file to read; - is standard input.")]

# ---- what is printed, and what is asked

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and store nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without a question.")]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        help="Read the password or passphrase from the first line of standard input.",
    ),
]

# ---- what is chosen

View = Annotated[
    entries.View,
    typer.Option(
        "--view",
        help="Which list: current entries, or the provider's new keys, or the history of those.",
    ),
]
Mode = Annotated[
    intake.Mode,
    typer.Option(
        "--mode",
        help="What becomes of the keystore: add only brings what is not there, overwrite also "
        "updates what is there, replace also deletes all else.",
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="NAME",
        help="Which of several keys in the file; #2 is the second one.",
        show_default=False,
        callback=as_text,
    ),
]
CertificateFile = Annotated[
    str | None,
    typer.Option(
        "--certificate",
        metavar="FILE",
        help="The certificate and chain of the key; - is standard input.",
        show_default=False,
    ),
]

# ---- trust

TrustRoot = Annotated[
    str | None,
    typer.Option(
        "--trust-root",
        metavar="SHA256",
        help="Confirm the topmost certificate by fingerprint.",
        show_default=False,
    ),
]
FingerprintVerified = Annotated[
    bool,
    typer.Option(
        "--fingerprint-verified", help="Confirm the topmost certificate, whichever it is."
    ),
]
Override = Annotated[
    list[str] | None,
    typer.Option(
        "--override",
        metavar="SLUG",
        help="Accept this problem; can be repeated.",
        show_default=False,
    ),
]

# ---- what a new certificate or a signing request says

CommonName = Annotated[str, typer.Option("--cn", help="Common name.")]
OptionalCommonName = Annotated[
    str | None, typer.Option("--cn", help="Common name.", show_default=False)
]
Unit = Annotated[str | None, typer.Option("--ou", help="Organizational unit.", show_default=False)]
Organization = Annotated[
    str | None, typer.Option("--organization", "-O", help="Organization.", show_default=False)
]
Locality = Annotated[
    str | None, typer.Option("--locality", help="City or place.", show_default=False)
]
State = Annotated[
    str | None, typer.Option("--state", help="State or province.", show_default=False)
]
Country = Annotated[
    str | None, typer.Option("--country", help="Country, in two letters.", show_default=False)
]
Email = Annotated[str | None, typer.Option("--email", help="E-mail address.", show_default=False)]
San = Annotated[
    list[str] | None,
    typer.Option(
        "--san",
        help="Alternative name: DNS:…, IP:…, email:…, URI:…; can be repeated.",
        show_default=False,
    ),
]
NotBefore = Annotated[
    str | None,
    typer.Option(
        "--not-before",
        metavar="DATE",
        help="When the validity begins; now by default.",
        show_default=False,
    ),
]
Usage = Annotated[usages.Usage, typer.Option("--usage", help="What the key pair is for.")]
