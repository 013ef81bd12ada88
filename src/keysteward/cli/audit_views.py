"""How rows of the audit log look, and what they say of an alias in the past."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.text import Text

from keysteward.cli import output
from keysteward.cli.past import Past, PastActive, PastLife, PastPeriod
from keysteward.keystore.chronicle import Assent
from keysteward.storage.records import AuditRow


def say_rows(rows: Iterable[AuditRow]) -> None:
    """Print rows as a table."""
    columns = ("", "When (UTC)", "Who", "What", "Outcome", "Alias", "Version")
    output.table(
        columns,
        [
            (
                str(r.sequence),
                _time(r.at),
                r.actor,
                r.action,
                _outcome(r),
                r.alias or "",
                str(r.version or ""),
            )
            for r in rows
        ],
        spare=("Version", "", "Who"),
    )


def say_row(row: AuditRow) -> None:
    """Print one row as a line, at once."""
    version = "" if row.version is None else f"version {row.version}"
    who = (str(row.sequence), _time(row.at), row.actor, row.action, _outcome(row))
    output.say("  ".join(part for part in (*who, row.alias or "", version) if part))
    sys.stdout.flush()


def say_row_json(row: AuditRow) -> None:
    """Print one row as a line of JSON, at once."""
    output.say_json_lines([row_json(row)])
    sys.stdout.flush()


def say_installation_rows(rows: Iterable[AuditRow]) -> None:
    """Print rows that belong to no keystore as a table, with the account that each is about."""
    columns = ("", "When (UTC)", "Who", "What", "Outcome", "Account")
    output.table(
        columns,
        [
            (
                *(str(r.sequence), _time(r.at), r.actor, r.action, _outcome(r)),
                str(r.detail.get("account", "")),
            )
            for r in rows
        ],
        spare=("", "Who"),
    )


def _outcome(row: AuditRow) -> str:
    """Return what became of it; where it was refused, with the problem's slug."""
    problem = row.detail.get("problem")
    return row.outcome if problem is None else f"{row.outcome}: {problem}"


def row_json(row: AuditRow) -> dict[str, object]:
    """Return a row as scripts get it."""
    return {
        "sequence": row.sequence,
        "at": row.at,
        "actor": row.actor,
        "action": row.action,
        "outcome": row.outcome,
        "alias": row.alias,
        "entry_id": row.entry_id,
        "version": row.version,
        "detail": dict(row.detail),
    }


def say_past(past: Past) -> None:
    """Print which certificate was active, why, and which entries had the alias when."""
    when = f"On {past.at:%Y-%m-%d at %H:%M:%S} (UTC)"
    if past.active is None:
        output.say(f"{when} no entry had the alias '{past.alias}'.")
    else:
        output.say(f"{when} '{past.alias}' had version {past.active.version}.")
        output.table(("", ""), _active_rows(past.active))
    output.say("")
    columns = ("Entry", "Alias", "From (UTC)", "By", "Until (UTC)", "Ended by")
    rows = [_period_row(life, period) for life in past.lives for period in life.periods]
    output.table(columns, rows, folding=("Alias",), spare=("By", "Ended by"))


def past_json(past: Past) -> dict[str, object]:
    """Return what an alias stood for as scripts get it."""
    return {
        "alias": past.alias,
        "at": past.at,
        "active": None if past.active is None else _active_json(past.active),
        "entries": [_life_json(life) for life in past.lives],
    }


def _active_rows(active: PastActive) -> list[tuple[str, str | Text]]:
    row, certificate = active.row, next(iter(active.chain), None)
    rows: list[tuple[str, str | Text]] = []
    if certificate is not None and certificate.not_after is not None:
        rows += [
            ("Subject", certificate.subject or ""),
            ("Issuer", certificate.issuer or ""),
            ("Valid until", f"{certificate.not_after:%Y-%m-%d}"),
        ]
    if certificate is not None:
        rows.append(("SHA-256", certificate.sha256))
    else:
        rows.append(("SHA-256", "not known: the entry was purged, and the log does not say it"))
    rows += [
        ("Active since", f"{_time(row.at)}, by {row.actor}"),
        ("Why", active.reason + (f": {active.note}" if active.note else "")),
    ]
    if active.file_sha256:
        rows.append(("File SHA-256", active.file_sha256))
    if active.alias_row.sequence > row.sequence:
        said = f"{_time(active.alias_row.at)}, by {active.alias_row.actor}"
        rows.append(("Alias since", f"{said} ({active.alias_row.action})"))
    warnings = row.detail.get("warnings")
    if isinstance(warnings, list) and warnings:
        rows.append(("Warnings", ", ".join(map(str, warnings))))
    for assent in active.assents:
        rows += _assent_rows(assent)
    rows.append(("Called today", _today(active.life)))
    return rows


def _assent_rows(assent: Assent) -> list[tuple[str, str | Text]]:
    who = f"{_time(assent.at)}, by {assent.by}"
    if assent.fingerprint is None:
        return [("Overridden", f"{assent.what}, {who}{_circumstances(assent.row)}")]
    return [
        ("Root confirmed", f"{who}{_circumstances(assent.row)}"),
        ("Root SHA-256", assent.fingerprint),
    ]


def _circumstances(row: AuditRow | None) -> str:
    """Return what else the row of a confirmation or an override says."""
    if row is None:
        return " (with an earlier upload)"
    return f" ({row.action}, row {row.sequence})"


def _today(life: PastLife) -> str:
    if life.now is not None:
        return life.now
    last = life.periods[-1]
    ended = "" if last.until is None else f", since {_time(last.until)}"
    return f"{'purged' if life.purged else 'deleted'}{ended} (was '{last.alias}')"


def _period_row(life: PastLife, period: PastPeriod) -> Sequence[str]:
    return (
        str(life.entry_id),
        period.alias,
        _time(period.since),
        period.since_action,
        "" if period.until is None else _time(period.until),
        period.until_action or "",
    )


def _active_json(active: PastActive) -> dict[str, object]:
    return {
        "entry_id": active.life.entry_id,
        "version": active.version,
        "since": active.row.at,
        "by": active.row.actor,
        "reason": active.reason,
        "note": active.note,
        "file_sha256": active.file_sha256,
        "row": row_json(active.row),
        "alias_since": active.alias_row.at,
        "chain": [
            {
                "sha256": certificate.sha256,
                "subject": certificate.subject,
                "issuer": certificate.issuer,
                "not_after": certificate.not_after,
            }
            for certificate in active.chain
        ],
        "assents": [_assent_json(assent) for assent in active.assents],
    }


def _assent_json(assent: Assent) -> dict[str, object]:
    return {
        "what": assent.what,
        "sha256": assent.fingerprint,
        "by": assent.by,
        "at": assent.at,
        "row": None if assent.row is None else row_json(assent.row),
    }


def _life_json(life: PastLife) -> dict[str, object]:
    return {
        "entry_id": life.entry_id,
        "alias_now": life.now,
        "purged": life.purged,
        "periods": [
            {
                "alias": period.alias,
                "since": period.since,
                "since_action": period.since_action,
                "until": period.until,
                "until_action": period.until_action,
            }
            for period in life.periods
        ],
    }


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
