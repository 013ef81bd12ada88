"""One target in a process of its own, and what came of it."""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_INPUT_SECONDS = 10
"""What one input may take, a hundred times what the slowest honest one takes."""

_MEMORY_MIB = 1024
_START_SECONDS = 60
"""For loading and making seeds, before anyone stops the process."""

_DONE = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_STATUS = re.compile(r"^#(\d+)\s.*?cov: (\d+) ft: \d+ corp: (\d+)/", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of one target found."""

    target: str
    executions: int
    covered: int
    """Branches of the package that were reached."""
    corpus: int
    """Inputs that each reached something new, the seeds' share of them included."""
    grown: int
    """How many of them the run found."""
    findings: tuple[Path, ...]
    failed: bool
    """Whether there is a finding, or the run itself broke off."""
    log: Path


def run(target: str, seconds: int, out: Path) -> Outcome:
    """Fuzz one target for that many seconds, loading not counted.

    What is interesting stays in ``out/corpus/TARGET`` for the next run, findings and the log in
    ``out``.
    """
    corpus, log = out / "corpus" / target, out / f"{target}.log"
    corpus.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as seeds,
        tempfile.TemporaryDirectory() as artifacts,
        tempfile.TemporaryDirectory() as scratch,
        log.open("w") as written,
    ):
        command = [sys.executable, "-m", "fuzz.worker", target, seeds]
        command += [
            f"-max_total_time={seconds}",
            f"-timeout={_INPUT_SECONDS}",
            f"-rss_limit_mb={_MEMORY_MIB}",
            f"-artifact_prefix={artifacts}/",
            "-print_final_stats=1",
            str(corpus),
            seeds,
        ]
        limit = seconds + _START_SECONDS + _INPUT_SECONDS
        status = _status(command, limit, written.fileno(), Path(scratch))
        findings = tuple(_kept(path, target, out) for path in sorted(Path(artifacts).iterdir()))
    return _outcome(target, status, findings, log)


def _status(command: list[str], limit_seconds: int, output: int, scratch: Path) -> int:
    """Return how the process ended; libFuzzer leaves no time to clear up, so we do it."""
    environment = {**os.environ, "TMPDIR": str(scratch)}
    try:
        return subprocess.run(
            command,
            stdout=output,
            stderr=output,
            check=False,
            timeout=limit_seconds,
            env=environment,
        ).returncode
    except subprocess.TimeoutExpired:
        return -1


def _outcome(target: str, status: int, findings: tuple[Path, ...], log: Path) -> Outcome:
    text = log.read_text(errors="replace")
    statuses = _STATUS.findall(text) or [(0, 0, 0)]
    first, last = statuses[0], statuses[-1]
    done = _DONE.search(text)
    return Outcome(
        target=target,
        executions=int(done[1] if done else last[0]),
        covered=int(last[1]),
        corpus=int(last[2]),
        grown=int(last[2]) - int(first[2]),
        findings=findings,
        failed=bool(findings) or status != 0,
        log=log,
    )


def _kept(artifact: Path, target: str, out: Path) -> Path:
    """Copy what libFuzzer wrote as KIND-SHA to TARGET-SHA.bin."""
    kept = out / f"{target}-{artifact.name.rpartition('-')[2]}.bin"
    kept.write_bytes(artifact.read_bytes())
    return kept
