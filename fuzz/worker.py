"""``python -m fuzz.worker TARGET FOLDER OPTION...``: one target, until the options end it.

Writes the seeds into the folder, which has to be among the folders in libFuzzer's options.
"""

import hashlib
import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["keysteward"]):
    from fuzz import contract, mutation, targets


def main() -> None:
    """Fuzz; libFuzzer ends the process."""
    name, folder, *options = sys.argv[1:]
    target = targets.TARGETS[name]
    for seed in target.started_from():
        (Path(folder) / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    # A reader that lets a warning out would write to somebody's terminal.
    warnings.simplefilter("error")

    def one(data: bytes) -> None:
        contract.check(target, data)

    def changed(data: bytes, most_bytes: int, seed: int) -> bytes:
        return mutation.change(data, most_bytes, seed, atheris.Mutate)

    if target.words:
        options.append(f"-dict={_dictionary(target.words)}")
    more = {"custom_mutator": changed} if target.der else {}
    atheris.Setup([sys.argv[0], f"-max_len={target.most_bytes}", *options], one, **more)
    atheris.Fuzz()


def _dictionary(words: Iterable[str]) -> Path:
    """Write words as libFuzzer reads them, where the caller keeps what need not stay."""
    lines = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words)
    path = Path(tempfile.mkdtemp()) / "words"
    path.write_text("".join(f'"{line}"\n' for line in lines))
    return path


if __name__ == "__main__":
    main()
