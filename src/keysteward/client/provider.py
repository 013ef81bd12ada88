"""Keys that the provider supplies: new ones, their activation, their history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from keysteward.client.part import Part, given, plain, segment, text_of
from keysteward.client.values import Activations, Entry, HistoryKey, NewKey, Page, StoredEntry
from keysteward.values import Secret


class _Destroyed(msgspec.Struct):
    keys_destroyed: int


class ProviderKeys(Part):
    """The provider's keys; supplying and withdrawing are the provider's alone."""

    def supply(
        self,
        alias: str,
        file: bytes,
        *,
        certificate: bytes | None = None,
        password: str | Secret | None = None,
        key: str | None = None,
        view: Literal["new", "current"] = "new",
        usage: str | None = None,
        trusted: bool = True,
    ) -> StoredEntry:
        """Bring a key pair or a certificate."""
        query = {
            "alias": alias,
            "view": view,
            "usage": usage,
            "trusted": "true" if trusted else "false",
        }
        body = given(
            file=plain(file), certificate=plain(certificate), password=text_of(password), key=key
        )
        path = f"{self._provider}/supply"
        answer = self._connection.ask("POST", path, query=query, json=body)
        return self._connection.read(answer, StoredEntry)

    def list_new_keys(self) -> Iterator[NewKey]:
        """Yield the keys that wait to be activated."""
        return self._items(f"{self._provider}/new", Page[NewKey])

    def list_history_keys(self) -> Iterator[HistoryKey]:
        """Yield the keys that were replaced."""
        return self._items(f"{self._provider}/history", Page[HistoryKey])

    def hold(self, alias: str) -> Entry:
        """Let a new key wait for a person instead of its day."""
        return self._connection.read(
            self._connection.ask("POST", f"{self._new(alias)}/hold"), Entry
        )

    def release(self, alias: str) -> Entry:
        """Let a new key be activated by itself again."""
        return self._connection.read(
            self._connection.ask("POST", f"{self._new(alias)}/release"), Entry
        )

    def withdraw(self, alias: str) -> int:
        """Take a new key away; return the number of private keys destroyed."""
        answer = self._connection.ask("DELETE", self._new(alias))
        return self._connection.read(answer, _Destroyed).keys_destroyed

    def restore_from_history(self, alias: str, *, destination: str | None = None) -> Entry:
        """Copy a key from the history to the new keys, under its original alias or another."""
        path = f"{self._provider}/history/{segment(alias)}/restore"
        answer = self._connection.ask("POST", path, json=given(destination=destination))
        return self._connection.read(answer, Entry)

    def plan_activation(self, aliases: Sequence[str] | None = None) -> Activations:
        """Return what activating new keys would mean; without aliases those whose day has come."""
        return self._activate(aliases, {"dry_run": True})

    def activate(
        self, aliases: Sequence[str] | None = None, *, digest: str | None = None
    ) -> Activations:
        """Make new keys the active ones; without aliases those whose day has come.

        ``digest`` is that of the plan that was looked at. Raises EntryChanged for another one.
        """
        return self._activate(aliases, {"digest": digest})

    def _activate(self, aliases: Sequence[str] | None, query: Mapping[str, object]) -> Activations:
        body = given(aliases=None if aliases is None else list(aliases))
        path = f"{self._provider}/activate"
        answer = self._connection.ask("POST", path, query=query, json=body)
        return self._connection.read(answer, Activations)

    @property
    def _provider(self) -> str:
        return f"{self._path}/provider"

    def _new(self, alias: str) -> str:
        return f"{self._provider}/new/{segment(alias)}"
