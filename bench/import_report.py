"""What was measured of imports and backups, as tables for people and as JSON for programs."""

from collections.abc import Mapping
from dataclasses import asdict

from bench import importing, keystores, measure, tables
from bench.backups import Backups
from bench.importing import Imports
from bench.measure import Samples
from bench.tables import Table

SKETCH_BUDGET = 1.5
KEYTOOL_BUDGET = 15

_FILES = {
    importing.JKS: f"{keystores.KEY_PAIRS:,} key pairs, JKS",
    importing.TRUSTSTORE: f"{keystores.CERTIFICATES:,} certificates, JKS",
    importing.PKCS12: f"{keystores.KEY_PAIRS:,} key pairs, PKCS#12",
}


def head(found: Imports) -> list[str]:
    """Return in words what the imports of both wrote, and how many processors were at work."""
    lines = []
    for kind, written in found.rows.items():
        rows = ", ".join(f"{table} {count:,}" for table, count in written.items())
        lines.append(f"New rows per import of {_FILES[kind]}, product and sketch alike: {rows}.")
    lines.append(f"Processors busy while PKCS#12 is imported: {found.busy:.2f}.")
    return lines


def tables_of(found: Imports, kept: Backups) -> list[Table]:
    """Return the tables in the order in which they are read."""
    return [_sketched(found), _pkcs12(found), _commands(found), _writing(found), _backups(kept)]


def content(found: Imports, kept: Backups) -> dict[str, object]:
    """Return everything for programs."""
    return {
        "imports": {kind: _numbers(every) for kind, every in found.contestants.items()},
        "imports_against_sketch": {
            kind: {**asdict(_against(found, kind, importing.SKETCH)), "budget": SKETCH_BUDGET}
            for kind in found.rows
        },
        "import_commands": _numbers(found.commands),
        "import_transactions": _numbers(found.writing),
        "import_rows": {kind: dict(rows) for kind, rows in found.rows.items()},
        "import_busy_processors": found.busy,
        "backups": {str(size): tables.numbers(s) for size, s in kept.create.items()},
        "restores": {str(size): tables.numbers(s) for size, s in kept.restore.items()},
    }


def _sketched(found: Imports) -> Table:
    rows = []
    for kind in found.rows:
        against = _against(found, kind, importing.SKETCH)
        for name, samples in found.contestants[kind].items():
            row = [_FILES[kind], name, tables.milliseconds(samples), "", "", ""]
            if name == importing.PRODUCT:
                within = against.of_medians <= SKETCH_BUDGET
                row[3:5] = [tables.ratio(against), tables.verdict(within=within)]
            elif name != importing.SKETCH:
                row[5] = _times_ours(found, kind, name)
            rows.append(row)
    columns = ("file", "", "median (range)", "times the sketch", f"budget {SKETCH_BUDGET}")
    return Table("Whole keystores, file to disk", (*columns, "times ours"), rows)


def _pkcs12(found: Imports) -> Table:
    rows = []
    for name, samples in found.contestants[importing.PKCS12].items():
        row = [name, tables.milliseconds(samples), "", ""]
        if name == importing.PRODUCT:
            row[2] = tables.ratio(_against(found, importing.PKCS12, importing.FLOOR))
        elif name != importing.FLOOR:
            row[3] = _times_ours(found, importing.PKCS12, name)
        rows.append(row)
    columns = ("", "median (range)", "times PBKDF2 alone", "times ours")
    return Table(f"{_FILES[importing.PKCS12]}, {keystores.ROUNDS:,} rounds", columns, rows)


def _commands(found: Imports) -> Table:
    within_process = found.contestants[importing.JKS][importing.PRODUCT]
    command = found.commands[importing.COMMAND]
    rows = []
    for name, samples in found.commands.items():
        row = [name, tables.milliseconds(samples), "", "", ""]
        if name != importing.COMMAND:
            times = samples.median / within_process.median
            row[2] = f"{samples.median / command.median:.1f}"
            row[3] = f"{times:.1f}"
            if name == importing.KEYTOOL[importing.KEYTOOL_DEFAULT]:
                row[4] = tables.verdict(within=times >= KEYTOOL_BUDGET)
        rows.append(row)
    columns = ("command", "median (range)", "times our command", "times ours, file to disk")
    title = f"{_FILES[importing.JKS]}: commands as whole processes"
    return Table(title, (*columns, f"budget {KEYTOOL_BUDGET}"), rows)


def _writing(found: Imports) -> Table:
    rows = [(_FILES[kind], tables.milliseconds(one)) for kind, one in found.writing.items()]
    title = "The one transaction of an import, which other writers wait for"
    return Table(title, ("file", "median (range)"), rows)


def _backups(kept: Backups) -> Table:
    rows = [
        (f"{size:,}", tables.milliseconds(kept.create[size]), tables.milliseconds(one))
        for size, one in kept.restore.items()
    ]
    columns = ("entries", "backup", f"restore of {keystores.RENEWED:,} that changed")
    return Table("Backups", columns, rows)


def _against(found: Imports, kind: str, name: str) -> measure.Ratio:
    every = found.contestants[kind]
    return measure.ratio(every[importing.PRODUCT], every[name])


def _times_ours(found: Imports, kind: str, name: str) -> str:
    every = found.contestants[kind]
    return tables.ahead(measure.ratio(every[name], every[importing.PRODUCT]))


def _numbers(every: Mapping[str, Samples]) -> dict[str, object]:
    return {name: tables.numbers(samples) for name, samples in every.items()}
