"""How values look on a terminal, and as JSON for scripts."""

import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from shutil import get_terminal_size

from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.text import Text

from keysteward.cli import hints, tables
from keysteward.entries import ChainLink, Owner, Source
from keysteward.pki.certificates import Certificate
from keysteward.problems import ConfirmationRequired, FileUnreadable, Kind, Problem, RootNotTrusted
from keysteward.values import Notice, Severity

EXIT_STATUS = {
    Kind.MISSING: 4,
    Kind.INVALID: 5,
    Kind.UNSUPPORTED: 5,
    Kind.TOO_LARGE: 5,
    Kind.CONFLICT: 6,
    Kind.FORBIDDEN: 7,
    Kind.BUSY: 8,
    Kind.UPSTREAM: 9,
    Kind.SIGNED_OUT: 7,
    Kind.TOO_MANY: 8,
}
EXIT_YES = 10
"""A question answered with yes: ``list --expiring`` found some."""
EXIT_STOPPED = 130
"""Ctrl-C, as shells have it: 128 and the number of the signal."""

SOON_DAYS = 30
_LINES_AT_ONCE = 500
_PIPE_COLUMNS = 100_000
"""A line of a table stays one line for the program that reads it, whatever stands in it."""


def console(*, stderr: bool = False) -> Console:
    """Return a console that takes every text as it is: brackets in an alias are no markup."""
    stream = sys.stderr if stderr else sys.stdout
    width = get_terminal_size().columns if stream.isatty() else _PIPE_COLUMNS
    return Console(file=stream, markup=False, highlight=False, emoji=False, width=width)


def write(text: str) -> None:
    """Write a text for a program as it is."""
    with _to_standard_output():
        sys.stdout.write(text)


def write_bytes(content: bytes) -> None:
    """Write a file for a program as it is."""
    with _to_standard_output():
        sys.stdout.buffer.write(content)


def say(text: str, *, stderr: bool = False) -> None:
    """Print a line for the person who reads the output, wrapped at words on a terminal."""
    with _to_standard_output():
        _print(_harmless(text), stderr=stderr)


def say_next(*words: str) -> None:
    """Print a command that can be copied to the shell."""
    with _to_standard_output():
        console().print(_harmless(f"Next: {shlex.join(words)}"), soft_wrap=True)


def say_json(value: object) -> None:
    """Print a value as indented JSON, its texts readable and harmless on a terminal, too."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    shown = (c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    write("".join(shown) + "\n")


def say_json_lines(values: Iterable[object]) -> None:
    """Print values as lines of JSON while they come: any number of them needs no more memory."""
    coming = iter(values)
    while part := list(islice(coming, _LINES_AT_ONCE)):
        write("".join(f"{json.dumps(value, default=_plain)}\n" for value in part))


def say_problem(problem: Problem) -> None:
    """Print a refusal on standard error: in one line, or as a paragraph on a terminal.

    A person who said no is told no more than that it was heard.
    """
    if isinstance(problem, ConfirmationRequired) and problem.declined:
        _print(Text("Nothing was changed."), stderr=True)
        return
    name, title = ("keysteward: ", "bold"), (problem.title, "bold red")
    detail = f"{problem.detail} {hints.of(problem)}".rstrip()
    if not sys.stderr.isatty():
        text = Text.assemble(name, title, f". {detail} [{problem.slug}]")
        _print(_harmless(text), stderr=True)
        return
    _print(_harmless(Text.assemble(name, title, f" [{problem.slug}]")), stderr=True)
    console(stderr=True).print(Padding(_harmless(detail), (0, 0, 0, 2)))


def say_stopped(text: str) -> None:
    """Print on standard error that the command was stopped."""
    _print(Text(f"\n{text}" if sys.stderr.isatty() else text), stderr=True)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    folding: Sequence[str] = ("",),
    spare: Sequence[str] = (),
    stderr: bool = False,
) -> None:
    """Print rows under bold headings; see ``tables.lay_out``. In a pipe each row is one line."""
    screen = console(stderr=stderr)
    noting = (sys.stderr if stderr else sys.stdout).isatty()
    cells = [[_harmless(cell) for cell in row] for row in rows]
    lines = tables.lay_out(
        *(columns, cells, screen.width), folding=folding, spare=spare, noting=noting
    )
    whole = Text("\n").join(lines)
    if whole.plain:
        with _to_standard_output():
            screen.print(whole, soft_wrap=True)


def working(text: str) -> Status:
    """Return what turns on standard error of a terminal while something takes its time."""
    return console(stderr=True).status(text)


def ends(not_after: datetime, now: datetime) -> Text:
    """Return the end of a validity with the days left in words, coloured when it is near."""
    days = (not_after - now).days
    if not_after < now:
        return Text(f"{not_after:%Y-%m-%d} (ended {-days} days ago)", style="bold red")
    words = f"{not_after:%Y-%m-%d} ({days:,} days left)"
    return Text(words, style="yellow") if days < SOON_DAYS else Text(words)


def owner(value: Owner, provider: str) -> str:
    """Return an owner as users know it."""
    return provider if value is Owner.PROVIDER else "Tenant Administrator"


def chain_table(links: Sequence[ChainLink], now: datetime) -> None:
    """Print a chain, end-entity first, with where each certificate came from."""
    columns = ["", "Certificate", "Valid until", "From"]
    rows: list[list[str | Text]] = [
        [str(n), link.certificate.subject, ends(link.certificate.not_after, now), link.source.value]
        for n, link in enumerate(links, start=1)
    ]
    # Of a stored chain there is nothing to say about where it came from.
    if all(link.source is Source.KEYSTORE for link in links):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    table(columns, rows, folding=("Certificate",))


def notices_table(notices: Sequence[Notice], *, stderr: bool = False) -> None:
    """Print notices, warnings first; nothing if there are none."""
    rows = []
    for notice in sorted(notices, key=lambda n: n.severity is not Severity.WARNING):
        warning = notice.severity is Severity.WARNING
        label = Text(notice.severity.value, style="bold yellow" if warning else "cyan")
        rows.append((label, f"{notice.slug}: {notice.detail}"))
    table(("", ""), rows, folding=("",), stderr=stderr)


def comparison(old: Certificate, new: Certificate) -> None:
    """Print two certificates side by side; what differs is marked with an asterisk."""
    sides = [
        ("Subject", old.subject, new.subject),
        ("Issuer", old.issuer, new.issuer),
        ("Serial number", f"{old.serial_number:X}", f"{new.serial_number:X}"),
        ("Valid until", f"{old.not_after:%Y-%m-%d}", f"{new.not_after:%Y-%m-%d}"),
        ("Signature", old.signature_algorithm, new.signature_algorithm),
        ("Public key", old.public_key_sha256, new.public_key_sha256),
        ("SHA-256", old.fingerprint, new.fingerprint),
    ]
    rows = [
        (Text("*" if a != b else " "), name, _short(a), Text(_short(b), "bold" if a != b else ""))
        for name, a, b in sides
    ]
    table(("", "", "Before", "Now"), rows, folding=("Before", "Now"))


def problem_json(problem: Problem | None) -> dict[str, object] | None:
    """Return a problem as scripts get it; None for none."""
    if problem is None:
        return None
    said = {
        "slug": problem.slug,
        "title": problem.title,
        "detail": problem.detail,
        "override": problem.overridable,
    }
    if isinstance(problem, RootNotTrusted):
        said |= {"sha256": problem.fingerprint, "subject": problem.subject}
    return said


def chain_json(links: Sequence[ChainLink]) -> list[dict[str, str]]:
    """Return a chain as scripts get it, end-entity first."""
    return [
        {
            "sha256": link.certificate.fingerprint,
            "subject": link.certificate.subject,
            "source": link.source.value,
        }
        for link in links
    ]


def notices_json(notices: Sequence[Notice]) -> list[dict[str, str]]:
    """Return notices as scripts get them."""
    return [{"slug": n.slug, "severity": n.severity.value, "detail": n.detail} for n in notices]


def _print(text: Text, *, stderr: bool = False) -> None:
    stream = sys.stderr if stderr else sys.stdout
    console(stderr=stderr).print(text, soft_wrap=not stream.isatty())


@contextmanager
def _to_standard_output() -> Iterator[None]:
    """Raise FileUnreadable for what cannot be written, like a full disk."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = (error.strerror or str(error)).lower()
        raise FileUnreadable("standard output", reason) from error


def _harmless(text: str | Text) -> Text:
    """Return a text whose control characters are spelled out: others wrote parts of it."""
    given = Text(text) if isinstance(text, str) else text
    if given.plain.isprintable():
        return given
    spelled = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in given.plain)
    return Text("".join(spelled), style=given.style)


def _short(text: str) -> str:
    """Return both ends of many hexadecimal digits: serial numbers in a row differ at the end."""
    digits = len(text) > 20 and not set(text.upper()) - set("0123456789ABCDEF")
    return f"{text[:12]}…{text[-4:]}" if digits else text


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is no plain value")
