"""Entries of a keystore: read, renamed, deleted, brought back; their files."""

from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import unquote

import msgspec

from keysteward.client.connection import Answer
from keysteward.client.part import NO_CONSENT, Consent, Part, given, if_match
from keysteward.client.values import (
    Entry,
    File,
    ListedEntry,
    Page,
    Plan,
    SigningRequest,
    Version,
)
from keysteward.values import Notice

View = Literal["current", "new", "history"]
Form = Literal["cer", "p7b", "pem", "pkipath", "rootca", "pub", "ssh2", "package"]


class _Destroyed(msgspec.Struct):
    keys_destroyed: int


class Entries(Part):
    """What can be asked of all entries alike."""

    def list_entries(
        self,
        *,
        view: View = "current",
        expiring_days: int | None = None,
        waiting: bool = False,
        deleted: bool = False,
        type: Literal["key-pair", "certificate"] | None = None,  # noqa: A002  # as the API has it
        owner: Literal["tenant", "provider"] | None = None,
        prefix: str | None = None,
    ) -> Iterator[ListedEntry]:
        """Yield entries that meet all conditions, by alias; what ends soon by its end instead."""
        query = {
            "view": view,
            "expiring_days": expiring_days,
            "waiting": waiting,
            "deleted": deleted,
            "type": type,
            "owner": owner,
            "prefix": prefix,
        }
        return self._pages(f"{self._path}/entries", Page[ListedEntry], query)

    def get_entry(self, alias: str, *, view: View = "current", deleted: bool = False) -> Entry:
        """Return an entry; with ``deleted`` also the one that was deleted last under the alias.

        Raises AliasNotFound.
        """
        return self._connection.get(self._entry(alias), Entry, {"view": view, "deleted": deleted})

    def list_versions(self, alias: str, *, view: View = "current") -> Iterator[Version]:
        """Yield all versions of an entry."""
        return self._items(f"{self._entry(alias)}/versions", Page[Version], {"view": view})

    def rename_entry(self, alias: str, new: str, *, etag: str | None = None) -> Entry:
        """Give an entry another alias; ``etag`` is ``Entry.etag``, to refuse any other state."""
        path = f"{self._entry(alias)}/rename"
        answer = self._connection.ask("POST", path, json={"alias": new}, headers=if_match(etag))
        return self._connection.read(answer, Entry)

    def delete_entry(self, alias: str, *, etag: str | None = None) -> None:
        """Hide an entry; ``undelete_entry`` brings it back."""
        self._connection.ask("DELETE", self._entry(alias), headers=if_match(etag))

    def undelete_entry(self, alias: str) -> Entry:
        """Bring the entry back that was deleted last under an alias."""
        answer = self._connection.ask("POST", f"{self._entry(alias)}/undelete")
        return self._connection.read(answer, Entry)

    def purge_entry(self, alias: str, confirm: str, *, etag: str | None = None) -> int:
        """Destroy an entry, living or deleted; ``confirm`` is the alias once more.

        Returns the number of private keys that were destroyed.
        """
        query = {"purge": True, "confirm": confirm}
        path = self._entry(alias)
        answer = self._connection.ask("DELETE", path, query=query, headers=if_match(etag))
        return self._connection.read(answer, _Destroyed).keys_destroyed

    def plan_rollback(self, alias: str, version: int, *, consent: Consent = NO_CONSENT) -> Plan:
        """Return what making an older version current again would do."""
        return self._roll_back(alias, {"version": version}, {**consent.query, "dry_run": True})

    def roll_back(
        self,
        alias: str,
        version: int,
        *,
        note: str | None = None,
        consent: Consent = NO_CONSENT,
        digest: str | None = None,
    ) -> Plan:
        """Make an older version current again; ``digest`` is that of the plan that was looked at.

        Raises EntryChanged if the plan is another one now.
        """
        query = {**consent.query, "digest": digest}
        return self._roll_back(alias, given(version=version, note=note), query)

    def _roll_back(self, alias: str, body: object, query: Mapping[str, object]) -> Plan:
        path = f"{self._entry(alias)}/rollback"
        answer = self._connection.ask("POST", path, query=query, json=body)
        return self._connection.read(answer, Plan)

    def list_signing_requests(self, alias: str) -> Iterator[SigningRequest]:
        """Yield the signing requests of an entry with their content; the audit log tells of it."""
        return self._items(f"{self._entry(alias)}/signing-requests", Page[SigningRequest])

    def download(self, alias: str, form: Form, *, view: View = "current") -> File:
        """Return public content of an entry as a file."""
        query = {"as": form, "view": view}
        return file_of(self._connection.ask("GET", f"{self._entry(alias)}/download", query=query))

    def export_keystore(
        self, form: Literal["jks", "jceks", "p12"], *, backup: str | None = None
    ) -> File:
        """Return the certificates of the keystore, or of a backup, as a truststore."""
        query = {"as": form, "backup": backup}
        return file_of(self._connection.ask("GET", f"{self._path}/export", query=query))


def file_of(answer: Answer) -> File:
    """Return the file of an answer; its name leads to no other folder, whatever the server says."""
    media_type = answer.headers.get("content-type", "application/octet-stream")
    told = answer.headers.get("keysteward-notices", "[]")
    try:
        notices = msgspec.json.decode(told.encode(), type=tuple[Notice, ...])
    except msgspec.DecodeError:
        notices = ()
    name = _name(answer.headers.get("content-disposition", ""))
    return File(name, media_type.partition(";")[0], answer.content, notices)


def _name(disposition: str) -> str:
    """Return the name of a file in a Content-Disposition (RFC 8187 section 3.2)."""
    encoded = disposition.partition("filename*=UTF-8''")[2].partition(";")[0]
    name = unquote(encoded) if encoded else disposition.partition('filename="')[2].partition('"')[0]
    safe = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name)
    return safe if safe.strip(".") else "download"
