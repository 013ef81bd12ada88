"""export and export-keystore: public content as files."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from keysteward.cli import files, options, output
from keysteward.cli.session import Session, as_text
from keysteward.entries import View
from keysteward.keystore.downloads import Download, DownloadKind, KeystoreForm
from keysteward.problems import FileUnreadable

_Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="A new file to write, or a folder for one with a fitting name; standard output by "
        "default.",
        show_default=False,
    ),
]
_FromBackup = Annotated[
    str | None,
    typer.Option(
        "--from-backup",
        metavar="NAME",
        help="Those of this backup instead of the current ones.",
        show_default=False,
        callback=as_text,
    ),
]


def export(
    session: Session,
    alias: options.Alias,
    *,
    form: Annotated[DownloadKind, typer.Option("--as", help="What to write.")] = DownloadKind.CER,
    view: options.View = View.CURRENT,
    out: _Out = None,
) -> None:
    """Write public content of an entry: certificate, chain, root, public key, partner package."""
    with session.desk() as desk, _delivery(out) as deliver:
        found = desk.downloads.entry(alias, view, form, deliver)
    output.notices_table(found.notices, stderr=True)
    if form is DownloadKind.CSR:
        output.say(f"'{alias}' now waits for the CA's response.", stderr=_to_a_pipe(out))


def export_keystore(
    session: Session,
    *,
    form: Annotated[
        KeystoreForm, typer.Option("--as", help="Format of the file.")
    ] = KeystoreForm.JKS,
    from_backup: _FromBackup = None,
    out: _Out = None,
) -> None:
    """Write the certificates of a whole keystore as a truststore without a password."""
    with session.desk() as desk, output.working("Reading the entries"):
        found = desk.downloads.keystore(form, from_backup)
    with _delivery(out) as deliver:
        deliver(found)
    output.notices_table(found.notices, stderr=True)


def _to_a_pipe(out: str | None) -> bool:
    return out is None or out == "-"


@contextmanager
def _delivery(out: str | None) -> Iterator[Callable[[Download], None]]:
    """Lend what writes a download; its file is gone again if the block does not end well."""
    written = []
    with ExitStack() as stack:

        def deliver(download: Download) -> None:
            if out is None or _to_a_pipe(out):
                _print(download)
                return
            target = str(Path(out) / download.file_name) if Path(out).is_dir() else out
            stack.enter_context(files.new_file(target))(download.content)
            written.append(target)

        yield deliver
    for target in written:
        output.say(f"Written to {target}.")


def _print(download: Download) -> None:
    binary = b"\0" in download.content
    if binary and sys.stdout.isatty():
        raise FileUnreadable(
            "standard output", "the file is no text; name a file or a folder with -o"
        )
    if binary:
        output.write_bytes(download.content)
    else:
        output.write(download.content.decode())
