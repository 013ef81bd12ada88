"""Backups, imports and copies: many entries at once."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from keysteward.client.part import Part, given, segment, text_of
from keysteward.client.values import (
    Backup,
    BackupContents,
    Comparison,
    ImportProspect,
    Page,
    Prospect,
)
from keysteward.values import Secret

Mode = Literal["add", "overwrite", "replace"]


class _Destroyed(msgspec.Struct):
    keys_destroyed: int


class Backups(Part):
    """Snapshots of the entries, and what brings many entries in."""

    def create_backup(self, name: str | None = None) -> Backup:
        """Keep a snapshot; called after the time without a name."""
        answer = self._connection.ask("POST", f"{self._path}/backups", json=given(name=name))
        return self._connection.read(answer, Backup)

    def list_backups(self) -> Iterator[Backup]:
        """Yield the backups, newest first."""
        return self._items(f"{self._path}/backups", Page[Backup])

    def get_backup(self, name: str) -> BackupContents:
        """Return a backup with its entries as they were."""
        return self._connection.get(self._backup(name), BackupContents)

    def compare_backup(self, name: str) -> Comparison:
        """Return what is not now as a backup holds it."""
        return self._connection.get(f"{self._backup(name)}/comparison", Comparison)

    def delete_backup(self, name: str) -> int:
        """Delete a backup; return the number of private keys destroyed with it."""
        answer = self._connection.ask("DELETE", self._backup(name))
        return self._connection.read(answer, _Destroyed).keys_destroyed

    def plan_restore(
        self, name: str, *, aliases: Sequence[str] | None = None, mode: Mode = "overwrite"
    ) -> Prospect:
        """Return what a restore would do to each entry."""
        return self._restore(name, aliases, mode, {"dry_run": True})

    def restore(
        self,
        name: str,
        *,
        aliases: Sequence[str] | None = None,
        mode: Mode = "overwrite",
        digest: str | None = None,
    ) -> Prospect:
        """Bring entries back as a backup holds them; ``digest`` is that of the plan looked at."""
        return self._restore(name, aliases, mode, {"digest": digest})

    def plan_import(
        self,
        file: bytes,
        *,
        password: str | Secret | None = None,
        key_password: str | Secret | None = None,
        mode: Mode = "add",
        roots: bool = True,
    ) -> ImportProspect:
        """Return what an import of a keystore file (JKS, JCEKS, PKCS#12) would do."""
        query = {"mode": mode, "roots": _flag(roots), "dry_run": True}
        return self._import(file, password, key_password, query)

    def import_keystore(
        self,
        file: bytes,
        *,
        password: str | Secret | None = None,
        key_password: str | Secret | None = None,
        mode: Mode = "add",
        roots: bool = True,
        digest: str | None = None,
    ) -> ImportProspect:
        """Take a whole keystore file in; ``digest`` is that of the plan that was looked at."""
        query = {"mode": mode, "roots": _flag(roots), "digest": digest}
        return self._import(file, password, key_password, query)

    def plan_copy(
        self, aliases: Mapping[str, str], target: str, *, overwrite: bool = False
    ) -> Prospect:
        """Return what a copy to another keystore would do; aliases here to aliases there."""
        return self._copy(aliases, target, {"dry_run": True}, overwrite=overwrite)

    def copy_entries(
        self,
        aliases: Mapping[str, str],
        target: str,
        *,
        overwrite: bool = False,
        digest: str | None = None,
    ) -> Prospect:
        """Copy entries to another keystore of the installation: all of them, or none."""
        return self._copy(aliases, target, {"digest": digest}, overwrite=overwrite)

    def _backup(self, name: str) -> str:
        return f"{self._path}/backups/{segment(name)}"

    def _restore(
        self, name: str, aliases: Sequence[str] | None, mode: Mode, query: Mapping[str, object]
    ) -> Prospect:
        body = given(aliases=None if aliases is None else list(aliases), mode=mode)
        path = f"{self._backup(name)}/restore"
        answer = self._connection.ask("POST", path, query=query, json=body)
        return self._connection.read(answer, Prospect)

    def _import(
        self,
        file: bytes,
        password: str | Secret | None,
        key_password: str | Secret | None,
        query: Mapping[str, object],
    ) -> ImportProspect:
        headers = {
            **_password("Keysteward-Password", password),
            **_password("Keysteward-Key-Password", key_password),
        }
        path = f"{self._path}/import"
        answer = self._connection.ask("POST", path, query=query, content=file, headers=headers)
        return self._connection.read(answer, ImportProspect)

    def _copy(
        self,
        aliases: Mapping[str, str],
        target: str,
        query: Mapping[str, object],
        *,
        overwrite: bool,
    ) -> Prospect:
        body = {"aliases": dict(aliases), "target": target, "overwrite": overwrite}
        answer = self._connection.ask("POST", f"{self._path}/copy", query=query, json=body)
        return self._connection.read(answer, Prospect)


def _password(header: str, given_: str | Secret | None) -> dict[str, str]:
    """Return a header; queries stand in logs, and passwords may hold any character."""
    text = text_of(given_)
    return {} if text is None else {header: base64.b64encode(text.encode()).decode()}


def _flag(value: bool) -> str:  # noqa: FBT001  # it is what is written
    return "true" if value else "false"
