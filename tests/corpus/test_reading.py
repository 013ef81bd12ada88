"""Every file of a corpus of signing responses, against what its makers counted in it.

KEYSTEWARD_CORPUS names the folder with ``manifest.json``.
"""

import hashlib
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from keysteward.formats import responses
from keysteward.problems import Problem, SigningResponseTooLarge

_FOLDER = os.environ.get("KEYSTEWARD_CORPUS")
_COUNTED = re.compile(r"(\d+) certificates found in the file")


def _manifest() -> dict[str, Any]:
    if _FOLDER is None:
        return {"limit_bytes": 0, "cases": []}
    content: dict[str, Any] = json.loads(Path(_FOLDER, "manifest.json").read_text("utf-8"))
    return content


_LIMIT: int = _manifest()["limit_bytes"]
_CASES: list[dict[str, Any]] = _manifest()["cases"]
_NEEDS_CORPUS = pytest.mark.skipif(_FOLDER is None, reason="KEYSTEWARD_CORPUS is not set")


@_NEEDS_CORPUS
@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in _CASES])
def test_certificates_are_found_as_the_manifest_counts_them(case: dict[str, Any]) -> None:
    """All certificates that a search of the bytes found, and those of the expected chain."""
    data = Path(str(_FOLDER), case["file"]).read_bytes()
    counted = [int(match[1]) for text in case["checked"] if (match := _COUNTED.match(text))]
    if len(data) > _LIMIT:
        with pytest.raises(SigningResponseTooLarge):
            responses.read_bounded(io.BytesIO(data), _LIMIT)
        return
    try:
        found = responses.read(responses.read_bounded(io.BytesIO(data), _LIMIT)).certificates
    except Problem:
        assert ("reject", []) == (case["expected"], counted)
        return
    fingerprints = {hashlib.sha256(der).hexdigest() for der in found}
    assert set(case["chain"]) <= fingerprints
    assert counted in ([], [len(found)])
