"""What ``make faults`` prints at its end."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from faults.attempts import Outcome
from faults.experiment import Experiment

_SHOWN = 40


def show(done: Experiment, broken: Sequence[str], console: Console) -> None:
    """Print the outages, the answers, and what was broken."""
    console.print(_outages(done))
    console.print(
        "Seconds. The primary's processes are killed together; 'promoted' is when Patroni's "
        "history says that the new one began, the rest are the longest pauses between two "
        "successes.",
        style="dim",
    )
    outcomes = Counter(one.outcome for one in done.clients.attempts)
    console.print("Uploads: " + ", ".join(f"{outcomes[o]:,} {o.value}" for o in Outcome) + ".")
    told = Counter(o.answer for o in done.clients.attempts if o.outcome is not Outcome.CONFIRMED)
    for answer, times in told.items():
        console.print(f"  {answer}: {times:,}")
    console.print(f"Of those not known {done.unknown_stored:,} are stored, the others are not.")
    reads = Counter(one.answer for one in done.clients.readings)
    console.print("Reads: " + ", ".join(f"{times:,} {answer}" for answer, times in reads.items()))
    if done.audit:
        console.print(done.audit)
    for sentence in broken[:_SHOWN]:
        console.print(f"Broken: {sentence}", style="red", soft_wrap=True)
    if len(broken) > _SHOWN:
        console.print(f"... and {len(broken) - _SHOWN} more", style="red")
    if not broken:
        console.print("Every promise was kept.")


def _outages(done: Experiment) -> Table:
    table = Table("killed", "new primary", title="Failovers", title_justify="left")
    columns = ["promoted", "bare writes"]
    columns += [f"uploads, {server.name}" for server in done.servers]
    for heading in (*columns, "reads", "back again", "in doubt"):
        table.add_column(heading, justify="right")
    for one in done.kills:
        times = (one.promoted, one.bare, *one.writing, one.reading, one.returned)
        table.add_row(
            one.victim, one.successor, *(f"{seconds:.1f}" for seconds in times), str(one.unknown)
        )
    return table
