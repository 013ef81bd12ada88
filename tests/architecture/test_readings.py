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

_PART_OF_OTHERS = frozenset(
    {
        # When accounts signed in last, beside their names; rows are not shown.
        ("account_forms.py", "audit_log.read("),
        # New names beside the entries of a restore's plan, which is no reading either.
        ("backups.py", "backups.compare("),
    }
)
"""What a page needs for something else than to give it out."""


@pytest.mark.parametrize("face", FACES)
def test_face_reads_nothing_untold(face: str) -> None:
    """A face asks ``readings``, or records a question that it answers in pages."""
    files = sorted((SOURCES / face).rglob("*.py"))
    found = [
        (file.name, call)
        for file in files
        if "record_" not in file.read_text()
        for call in UNTOLD.findall(file.read_text())
    ]
    assert [] == [one for one in found if face != "ui" or one not in _PART_OF_OTHERS]


def test_operations_behind_the_readings_are_recognised() -> None:
    """The pattern finds every one of them where they may be called."""
    assert 6 == len(set(UNTOLD.findall((SOURCES / "keystore" / "readings.py").read_text())))
