"""What is asked of both Java formats, and how their files are compared with what others read."""

import random
from collections.abc import Iterable
from types import ModuleType

import pytest

from keysteward.formats.keystores.contract import KeystoreFile, Opening
from keysteward.problems import Problem
from tests import keystore_files
from tests.formats.keystores.conftest import JavaEntry


def as_java_lists(file: KeystoreFile) -> dict[str, JavaEntry]:
    """Return the keys and certificates of a file in the form in which Java lists them."""
    found = {k.name: JavaEntry("key", k.pkcs8.reveal(), k.certificates) for k in file.keys}
    for certificate in file.certificates:
        assert certificate.trusted
        found[certificate.name] = JavaEntry("certificate", b"", (certificate.der,))
    return found


def without_secret_keys(entries: dict[str, JavaEntry]) -> dict[str, JavaEntry]:
    """Return what of a Java keystore has a place here."""
    return {alias: entry for alias, entry in entries.items() if entry.kind != "secret"}


def refuse_if_cut_off(
    reader: ModuleType, data: bytes, opening: Opening, lengths: Iterable[int]
) -> None:
    """Expect one and the same problem for the file at each of these lengths."""
    for length in lengths:
        with pytest.raises(Problem) as refused:
            reader.read(data[:length], opening)
        assert "keystore-unreadable" == refused.value.slug


def survive_changes(
    reader: ModuleType, data: bytes, opening: Opening, password: str, count: int
) -> None:
    """Change single bytes: the digest refuses each; under a new digest no bug may come of it."""
    chance = random.Random(3)
    for _ in range(count):
        place = chance.randrange(4, len(data))
        changed = bytearray(data)
        changed[place] ^= chance.randrange(1, 256)
        with pytest.raises(Problem):
            reader.read(bytes(changed), opening)
        signed = keystore_files.sealed(bytes(changed[:-20]), password)
        try:
            found = reader.read(signed, opening)
        except Problem:
            continue
        assert isinstance(found, KeystoreFile)
