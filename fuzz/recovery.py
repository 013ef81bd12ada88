"""Recovery files, in chunks of a few bytes and under a derivation that costs next to nothing."""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from fuzz.contract import Target, require
from keysteward.sealing import recovery
from keysteward.sealing.recovery import Cost
from keysteward.values import Secret

_PASSPHRASE = Secret(b"correct horse battery")
_CONTENTS = (b"", b"a", bytes(range(256)))
_SMALL = {
    "CHUNK_BYTES": 64,
    "_BLOCK_BYTES": 64 + 16,
    "MOST_MEMORY_KIB": 64,
    "MOST_WORK_KIB": 256,
    "MOST_LANES": 2,
}


@contextmanager
def _small() -> Iterator[None]:
    with ExitStack() as stack:
        for name, value in _SMALL.items():
            stack.enter_context(patch.object(recovery, name, value))
        yield


def _recovery(data: bytes) -> object:
    """Read to the end: what opens is what was written, and nothing else."""
    with _small(), recovery.decrypting(io.BytesIO(data), _PASSPHRASE) as reader:
        content = reader.read()
    require(fact=content in _CONTENTS, words="a file opens that was never written")
    return content


def _files() -> Iterator[bytes]:
    for content in _CONTENTS:
        file = io.BytesIO()
        with _small(), recovery.encrypting(file, _PASSPHRASE, Cost(1, 8, 1)) as writer:
            writer.write(content)
        yield file.getvalue()


TARGETS = (Target("recovery", _recovery, _files, most_bytes=1024),)
