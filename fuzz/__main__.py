"""``python -m fuzz``: every reader for a bounded time; docs/fuzzing.md says what a finding is.

Ends with 1 if something was found. With ``--input`` the bytes of one file go to one target, without
any fuzzing: the traceback of a finding.
"""

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from fuzz import contract, running, targets
from fuzz.running import Outcome

_OUT = Path("out/fuzz")
_AT_ONCE = 2
_SECONDS = "for all targets together, loading not counted"


def main() -> None:
    """Run the targets and print the table."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all of them if none is named")
    parser.add_argument("--seconds", type=int, default=120, help=_SECONDS)
    parser.add_argument("--input", type=Path, help="give this file to one target, and nothing else")
    parser.add_argument("--list", action="store_true", help="list the targets")
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - set(targets.TARGETS)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}; --list shows them")
    console = Console()
    if arguments.list:
        console.print("\n".join(targets.TARGETS))
    elif arguments.input is not None:
        if len(arguments.targets) != 1:
            parser.error("--input needs one target")
        _repeat(arguments.targets[0], arguments.input, console)
    else:
        sys.exit(_fuzz(arguments.targets or list(targets.TARGETS), arguments.seconds, console))


def _repeat(name: str, file: Path, console: Console) -> None:
    warnings.simplefilter("error")
    taken = contract.check(targets.TARGETS[name], file.read_bytes())
    console.print(f"{name} {'takes' if taken else 'refuses'} the file, as it should.")


def _fuzz(names: Sequence[str], seconds: int, console: Console) -> int:
    if importlib.util.find_spec("atheris") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        console.print(f"Nothing was fuzzed: atheris is not installed; Python {version} may have")
        console.print("no build of it. Python 3.11 to 3.13 on Linux do.")
        return 0
    at_once = min(_AT_ONCE, len(names))
    each = max(1, seconds * at_once // len(names))
    console.print(f"{len(names)} targets, {at_once} at a time, {each} seconds each ...")
    _OUT.mkdir(parents=True, exist_ok=True)
    try:
        with ThreadPoolExecutor(at_once) as pool:
            runs = pool.map(lambda name: running.run(name, each, _OUT), names)
            shown = track(runs, "", len(names), disable=not console.is_terminal)
            outcomes = list(shown)
    except KeyboardInterrupt:
        return 130
    _show(outcomes, console)
    return int(any(outcome.failed for outcome in outcomes))


def _show(outcomes: Sequence[Outcome], console: Console) -> None:
    table = Table("target", title="Fuzzing", title_justify="left")
    for heading in ("executions", "branches", "corpus", "new", "findings"):
        table.add_column(heading, justify="right")
    for one in outcomes:
        numbers = (one.executions, one.covered, one.corpus, one.grown, len(one.findings))
        table.add_row(one.target, *(f"{number:,}" for number in numbers))
    console.print(table)
    for one in outcomes:
        if one.failed:
            what = [str(path) for path in one.findings] or ["broke off"]
            told = f"{one.target}: {', '.join(what)}; see {one.log}"
            console.print(told, style="red", soft_wrap=True)
    found = [one for one in outcomes if one.findings]
    if found:
        first = found[0]
        console.print(
            f'Again: make fuzz ARGS="{first.target} --input {first.findings[0]}"\n'
            "Make a test of the bytes in the reader's test module, then mend the reader "
            "(docs/fuzzing.md).",
            soft_wrap=True,
        )


if __name__ == "__main__":
    main()
