import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.entries import View
from keysteward.keystore import recovery
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    DatabaseUnusable,
    InstallationOwnedByTenant,
    KeystoreExists,
    PassphraseTooShort,
    PasswordWrong,
    RecoveryUnreadable,
)
from keysteward.sealing import recovery as container
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import installations, pki_maker
from tests import steward as steward_
from tests.steward import PROVIDER, START, TENANT, Clock

PASSPHRASE = Secret(b"six random words of a test only")


@pytest.fixture
def furnished(steward: Steward) -> Steward:
    """Return an installation with something of everything."""
    installations.furnish(steward)
    return steward


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a guess of the passphrase cost nothing."""
    cost = container.Cost(passes=1, memory_kib=8, lanes=1)
    encrypting = container.encrypting

    @contextmanager
    def encrypting_cheaply(file: io.BytesIO, passphrase: Secret) -> Iterator[container.Writer]:
        with encrypting(file, passphrase, cost) as writer:
            yield writer

    monkeypatch.setattr(container, "encrypting", encrypting_cheaply)


def _exported(steward: Steward) -> bytes:
    file = io.BytesIO()
    recovery.export(steward, TENANT, file, "x.recovery", PASSPHRASE)
    return file.getvalue()


def _restore(data: bytes, folder: Path, passphrase: Secret = PASSPHRASE) -> Settings:
    settings = steward_.settings_for(folder)
    recovery.restore(settings, io.BytesIO(data), passphrase, "tester", START)
    return settings


def test_installation_comes_back_on_another_machine(furnished: Steward, tmp_path: Path) -> None:
    """Entries, views, versions, requests, backups and private keys of all keystores, as they were.

    With the work for the passphrase that users have.
    """
    settings = _restore(_exported(furnished), tmp_path / "elsewhere")
    with steward_.opened(settings, Clock()) as found:
        assert furnished.store.list_keystores() == found.store.list_keystores()
        assert 2 == len(found.store.list_keystores())
        for _, keystore_id in found.store.list_keystores():
            _assert_alike(
                replace(furnished, keystore_id=keystore_id), replace(found, keystore_id=keystore_id)
            )
        assert found.store.verify_audit(furnished.store.verify_audit().head).clean


def _assert_alike(before: Steward, after: Steward) -> None:
    keystore_id = before.keystore_id
    for view in View:
        listed = before.store.list_entries(keystore_id, limit=100, view=view)
        assert listed == after.store.list_entries(keystore_id, limit=100, view=view)
        for one in listed:
            entry = before.store.get_entry(keystore_id, one.alias, view)
            assert entry == after.store.get_entry(keystore_id, one.alias, view)
            versions = before.store.list_versions(entry)
            assert versions == after.store.list_versions(entry)
            for version in versions:
                if version.private_key_id is not None:
                    _assert_same_key(before, after, version.private_key_id)
            assert before.store.list_requests(entry.id) == after.store.list_requests(entry.id)
    assert before.store.list_activations(keystore_id) == after.store.list_activations(keystore_id)
    backups = before.store.list_backups(keystore_id)
    assert backups == after.store.list_backups(keystore_id)
    for backup in backups:
        states = before.store.list_backup_states(backup)
        assert states == after.store.list_backup_states(backup)


def _assert_same_key(before: Steward, after: Steward, key_id: int) -> None:
    keys = [
        one.sealer.unseal(*one.store.get_private_key(key_id)).reveal() for one in (before, after)
    ]
    assert keys[0] == keys[1]


@pytest.mark.usefixtures("cheap")
def test_export_is_in_every_keystores_log_and_in_the_file(
    furnished: Steward, tmp_path: Path
) -> None:
    """The row is written before the file can be read, and tells what left under which name."""
    data = _exported(furnished)
    settings = _restore(data, tmp_path / "elsewhere")
    with steward_.opened(settings, Clock()) as found:
        for _, keystore_id in found.store.list_keystores():
            rows = tuple(furnished.store.audit_log.read(keystore_id, last=100))
            assert ("recovery-export", {"file": "x.recovery"}) == (rows[-1].action, rows[-1].detail)
            *restored, last = tuple(found.store.audit_log.read(keystore_id, last=100))
            assert rows == tuple(restored)
            assert ("recovery-restore", "tester") == (last.action, last.actor)


@pytest.mark.usefixtures("cheap")
def test_row_of_the_export_comes_before_the_last_chunk(
    furnished: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that cannot be written leaves a file that nobody can read."""
    file = io.BytesIO()

    def refusing(*_: object) -> None:
        raise DatabaseUnusable("The disk is full.")

    monkeypatch.setattr("keysteward.storage.audit.append", refusing)
    with pytest.raises(DatabaseUnusable):
        recovery.export(furnished, TENANT, file, "x", PASSPHRASE)
    with pytest.raises(RecoveryUnreadable):
        container.decrypting(io.BytesIO(file.getvalue()), PASSPHRASE).read()


def test_short_passphrase_is_refused_and_audited(furnished: Steward) -> None:
    """Nothing is written under a passphrase that can be guessed."""
    file = io.BytesIO()
    with pytest.raises(PassphraseTooShort):
        recovery.export(furnished, TENANT, file, "x", Secret(b"hunter2"))
    assert b"" == file.getvalue()
    assert ("recovery-export", "refused", None) == steward_.audited(furnished)[-1]


def test_provider_exports_nothing(furnished: Steward) -> None:
    """The file would hold the tenant administrator's private keys under the provider's words."""
    file = io.BytesIO()
    with pytest.raises(InstallationOwnedByTenant):
        recovery.export(furnished, PROVIDER, file, "x", PASSPHRASE)
    assert b"" == file.getvalue()
    assert ("recovery-export", "refused", None) == steward_.audited(furnished)[-1]


def _secrets(steward: Steward) -> list[bytes]:
    """Return a private key and the sealing key, in the forms that could stand in a file."""
    der = pki_maker.key_bytes(installations.CLIENT.key, Encoding.DER)
    key = installations.CLIENT.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    value = key.private_numbers().private_value.to_bytes(32, "big")
    (file,) = steward.settings.keyring.iterdir()
    sealing = file.read_bytes()
    return [der, value, value.hex().encode(), sealing, sealing.hex().encode(), b"written_at"]


@pytest.mark.usefixtures("cheap")
def test_no_clear_key_is_in_the_file_nor_beside_it(furnished: Steward, tmp_path: Path) -> None:
    """Neither in the recovery file, nor in any file at any moment of a restore but the keyring."""
    data = _exported(furnished)
    secrets = _secrets(furnished)
    certificate = installations.CLIENT.der
    assert [] == [one for one in (*secrets, certificate) if one in data]
    clear = container.decrypting(io.BytesIO(data), PASSPHRASE).read()
    assert b"written_at" in clear
    settings, seen = steward_.settings_for(tmp_path / "elsewhere"), 0

    def look(*_: int) -> None:
        nonlocal seen
        for path in settings.data.rglob("*"):
            if path.is_file():
                seen += path.stat().st_size
                assert [] == [one for one in secrets if one in path.read_bytes()]

    recovery.restore(settings, io.BytesIO(data), PASSPHRASE, "tester", START, look)
    assert seen
    kept = [p for p in settings.data.rglob("*") if p.is_file() and p.suffix != ".key"]
    assert certificate in kept[0].read_bytes()
    assert [] == [one for one in secrets for path in kept if one in path.read_bytes()]


def _opened(blob: bytes, key: bytes, *context: str) -> bytes:
    """Open a seal as docs/adr/0012 says."""
    associated = b"\0".join(text.encode() for text in ("keysteward seal v1", *context))
    assert b"\x01" == blob[:1]
    return AESGCM(key).decrypt(blob[1:13], blob[13:], associated)


@pytest.mark.usefixtures("cheap")
def test_private_key_is_found_by_the_description_alone(furnished: Steward) -> None:
    """Who has the clear content and docs/adr/0012 gets at every private key without Keysteward."""
    clear = container.decrypting(io.BytesIO(_exported(furnished)), PASSPHRASE).read()
    tables: dict[str, list[dict[str, Any]]] = {}
    sealing: dict[str, bytes] = {}
    heading: dict[str, Any] = {}
    for line in map(json.loads, clear.splitlines()):
        if isinstance(line, list):
            row = dict(zip(heading["columns"], line, strict=True))
            row |= {name: base64.b64decode(row[name] or "") for name in heading["binary"]}
            tables.setdefault(heading["table"], []).append(row)
        elif "sealing_key" in line:
            sealing[line["sealing_key"]] = base64.b64decode(line["content"])
        else:
            heading = line
    (wrapped,) = tables["data_keys"]
    key_id, sealing_id = wrapped["id"], wrapped["sealing_key_id"]
    data_key = _opened(wrapped["wrapped"], sealing[sealing_id], "data-key", key_id, sealing_id)
    found = [
        _opened(
            row["sealed"],
            data_key,
            "private-key",
            row["data_key_id"],
            str(row["keystore_id"]),
            str(row["id"]),
            row["public_key_sha256"].hex(),
        )
        for row in tables["private_keys"]
        if any(row["sealed"])
    ]
    assert pki_maker.key_bytes(installations.CLIENT.key, Encoding.DER) in found
    assert len(found) == len(tables["private_keys"]) - 1
    assert installations.CLIENT.der in [row["der"] for row in tables["certificates"]]


@pytest.mark.usefixtures("cheap")
def test_wrong_passphrase_or_damage_leaves_nothing(furnished: Steward, tmp_path: Path) -> None:
    """A file that is altered or cut anywhere makes no folder at all."""
    data = _exported(furnished)
    folder = tmp_path / "elsewhere"
    with pytest.raises(PasswordWrong):
        _restore(data, folder, Secret(b"six other words of a test"))
    for position in range(88, len(data), len(data) // 12):
        with pytest.raises(RecoveryUnreadable):
            _restore(data[:position], folder)
        altered = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        with pytest.raises(RecoveryUnreadable):
            _restore(altered, folder)
        assert not folder.exists()
    _restore(data, folder)
    with pytest.raises(KeystoreExists):
        _restore(data, folder)
