"""Faces read many contents at once through ``keystore.readings``, which tells it in the log."""

import re
from pathlib import Path

import pytest

import keysteward

SOURCES = Path(keysteward.__file__).parent
FACES = ("cli", "odata", "rest", "ui", "web")

UNTOLD = re.compile(
    r"(?<!desk\.)\b(?:(?:backups|operations)\.(?:compare|look_into|public_content)"
    r"|public_keystore|audit_log\.read\w*|chronicle\.active_at)\("
)
"""The operations that ``readings`` calls; who calls them past it leaves no row."""


@pytest.mark.parametrize("face", FACES)
def test_face_reads_nothing_untold(face: str) -> None:
    """A face asks ``readings``, or records a question that it answers in pages."""
    files = sorted((SOURCES / face).rglob("*.py"))
    found = [
        (f.name, UNTOLD.findall(f.read_text())) for f in files if "record_" not in f.read_text()
    ]
    assert [] == [one for one in found if one[1]]


def test_operations_behind_the_readings_are_recognised() -> None:
    """The pattern finds every one of them where they may be called."""
    assert 6 == len(set(UNTOLD.findall((SOURCES / "keystore" / "readings.py").read_text())))
