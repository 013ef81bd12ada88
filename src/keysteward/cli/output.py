"""How values look on a terminal, and as JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from shutil import get_terminal_size

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keysteward.entries import ChainLink, Owner
from keysteward.pki.certificates import Certificate
from keysteward.problems import Kind, Problem
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
}
EXIT_YES = 10
"""A question answered with yes: ``list --expiring`` found some."""

SOON_DAYS = 30
_PIPE_COLUMNS = 100_000
"""A line of a table stays one line for the program that reads it, whatever stands in it."""


def console(*, stderr: bool = False) -> Console:
    """Return a console that takes every text as it is: brackets in an alias are no markup."""
    stream = sys.stderr if stderr else sys.stdout
    width = get_terminal_size().columns if stream.isatty() else _PIPE_COLUMNS
    return Console(file=stream, markup=False, highlight=False, emoji=False, width=width)


def say(text: str) -> None:
    """Print a line for the person who reads the output."""
    console().print(_harmless(text), soft_wrap=True)


def say_json(value: object) -> None:
    """Print a value as indented JSON."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")


def say_problem(problem: Problem) -> None:
    """Print a refusal as one line on standard error."""
    text = Text.assemble(
        ("keysteward: ", "bold"),
        (problem.title, "bold red"),
        f". {problem.detail} [{problem.slug}]",
    )
    console(stderr=True).print(_harmless(text), soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print rows under bold headings, long texts folded inside their column."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*map(_harmless, row))
    console().print(drawn)


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
    rows = [
        (str(n), link.certificate.subject, ends(link.certificate.not_after, now), link.source.value)
        for n, link in enumerate(links, start=1)
    ]
    table(("", "Certificate", "Valid until", "From"), rows)


def notices_table(notices: Sequence[Notice]) -> None:
    """Print notices, warnings first; nothing if there are none."""
    for notice in sorted(notices, key=lambda n: n.severity is not Severity.WARNING):
        warning = notice.severity is Severity.WARNING
        text = Text.assemble(
            (f"{notice.severity.value:<8}", "bold yellow" if warning else "cyan"),
            f"{notice.slug}: {notice.detail}",
        )
        console().print(_harmless(text), soft_wrap=True)


def comparison(old: Certificate, new: Certificate) -> None:
    """Print two certificates side by side; what differs is marked with an asterisk."""
    sides = [
        ("Subject", old.subject, new.subject),
        ("Issuer", old.issuer, new.issuer),
        ("Serial number", f"{old.serial_number:X}", f"{new.serial_number:X}"),
        ("Valid until", f"{old.not_after:%Y-%m-%d}", f"{new.not_after:%Y-%m-%d}"),
        ("Signature", old.signature_algorithm, new.signature_algorithm),
        ("Public key", _short(old.public_key_sha256), _short(new.public_key_sha256)),
        ("SHA-256", _short(old.fingerprint), _short(new.fingerprint)),
    ]
    rows = [
        (Text("*" if a != b else " "), name, a, Text(b, style="bold" if a != b else ""))
        for name, a, b in sides
    ]
    table(("", "", "Before", "Now"), rows)


def problem_json(problem: Problem | None) -> dict[str, object] | None:
    """Return a problem as scripts get it; None for none."""
    if problem is None:
        return None
    return {
        "slug": problem.slug,
        "title": problem.title,
        "detail": problem.detail,
        "override": problem.overridable,
    }


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


def _harmless(text: str | Text) -> Text:
    """Return a text whose control characters are spelled out: others wrote parts of it."""
    given = Text(text) if isinstance(text, str) else text
    if given.plain.isprintable():
        return given
    spelled = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in given.plain)
    return Text("".join(spelled), style=given.style)


def _short(fingerprint: str) -> str:
    return f"{fingerprint[:16]}…"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is no plain value")
