"""Files that lie in memory alone, for libraries that take keys and certificates by path only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keysteward.problems import TlsFromMemoryUnavailable

# Linux 6.3 (linux/memfd.h): not executable and sealable. Python names it from 3.14 on, and a system
# with vm.memfd_noexec=2 gives out no other kind.
_NOEXEC_SEAL = 0x0008

_FOLDER = Path("/proc/self/fd")


@contextmanager
def memory_file(content: bytes) -> Iterator[str]:
    """Yield the path of an anonymous file with this content; it is gone when the block ends.

    The path names a descriptor of this process (``/proc/self/fd/N``), which no child inherits.
    Nothing is written to a file system, but memory can be swapped out: a private key that protects
    something goes in encrypted.

    Raises TlsFromMemoryUnavailable where the system has no memfd_create or no /proc.
    """
    descriptor = _descriptor()
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        path = _FOLDER / str(descriptor)
        if not path.exists():
            raise TlsFromMemoryUnavailable
        yield str(path)
    finally:
        os.close(descriptor)


def _descriptor() -> int:
    create = getattr(os, "memfd_create", None)
    if create is None:
        raise TlsFromMemoryUnavailable
    for flags in (_NOEXEC_SEAL, os.MFD_ALLOW_SEALING):
        try:
            descriptor: int = create("keysteward", os.MFD_CLOEXEC | flags)
        except OSError:
            # An older kernel refuses the flag that it does not know, a sandbox refuses both.
            continue
        return descriptor
    raise TlsFromMemoryUnavailable
