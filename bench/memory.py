"""How much memory a piece of work takes at its peak, as the system counts it (Linux alone)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What resets VmHWM (Linux Documentation/filesystems/proc.rst)."""


@dataclass(slots=True)
class Peak:
    """Growth of the resident memory within a block; None until it ends, or if nobody knows."""

    growth_bytes: int | None = None


@contextmanager
def watched() -> Iterator[Peak]:
    """Watch the resident memory of this process within the block."""
    peak = Peak()
    before = None
    with suppress(OSError):
        _CLEAR.write_text(_RESET_PEAK)
        before = _kibibytes("VmRSS")
    yield peak
    if before is not None:
        peak.growth_bytes = max(_kibibytes("VmHWM") - before, 0) * 1024


def _kibibytes(name: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise OSError(name)
