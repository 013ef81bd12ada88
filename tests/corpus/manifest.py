"""The manifest of a folder of signing responses, which KEYSTEWARD_CORPUS names."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "KEYSTEWARD_CORPUS"


@dataclass(frozen=True, slots=True)
class Case:
    """One file with the key that it answers, and every outcome that is right for it."""

    name: str
    file: Path
    key: Path
    csr: Path
    certificate: Path
    expected: str
    allowed: frozenset[str]
    chains: tuple[tuple[str, ...], ...]
    """SHA-256 of the certificates, end-entity first; any of these is right."""
    notices: tuple[str, ...]

    @property
    def rejected(self) -> bool:
        """Whether no outcome but a reject is right."""
        return self.allowed == {"reject"}


def cases() -> tuple[Case, ...]:
    """Return the cases of the manifest; none if no folder is named."""
    named = os.environ.get(VARIABLE)
    if not named:
        return ()
    folder = Path(named)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    keys = {key["id"]: key for key in manifest["keys"]}
    return tuple(_case(folder, case, keys[case["key_id"]]) for case in manifest["cases"])


def _case(folder: Path, case: dict[str, object], key: dict[str, str]) -> Case:
    chain, alternatives = case["chain"], case["chain_alternatives"]
    allowed, notices = case["allowed"], case["notices"]
    assert isinstance(chain, list)
    assert isinstance(alternatives, list)
    assert isinstance(allowed, list)
    assert isinstance(notices, list)
    return Case(
        name=str(case["name"]),
        file=folder / str(case["file"]),
        key=folder / str(case["key"]),
        csr=folder / key["csr"],
        certificate=folder / key["certificate"],
        expected=str(case["expected"]),
        allowed=frozenset(allowed),
        chains=tuple(tuple(c) for c in (chain, *alternatives)),
        notices=tuple(notices),
    )
