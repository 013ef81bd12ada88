"""The provider's keys in a keystore on a server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from keysteward.cli.desk import ProviderKeys
from keysteward.cli.desk_values import ActivationStep, Stored
from keysteward.cli.remote import values, wishes
from keysteward.client import Keystore
from keysteward.client import values as told
from keysteward.entries import Entry, View
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.provider_keys import HistoryKey, NewProviderKey
from keysteward.pki.usages import Usage


@dataclass(frozen=True, slots=True)
class _ProviderKeys:
    keystore: Keystore

    def supply(
        self, alias: str, upload: KeyUpload, view: View, usage: Usage | None, *, trusted: bool
    ) -> Stored:
        found = self.keystore.supply(
            *(alias, upload.data),
            certificate=wishes.beside(upload),
            password=values.text_of(upload.password),
            key=upload.choose,
            view="current" if view is View.CURRENT else "new",
            usage=usage.value if usage else None,
            trusted=trusted,
        )
        return values.stored(found)

    def details(self, entry: Entry) -> NewProviderKey | HistoryKey | None:
        if entry.view is View.CURRENT:
            return None
        view: Literal["new", "history"] = "new" if entry.view is View.NEW else "history"
        found = self.keystore.get_entry(entry.alias, view=view)
        return values.shown(found).provided

    def list_new(self) -> Sequence[NewProviderKey]:
        return [values.new_key(one) for one in self.keystore.list_new_keys()]

    def list_history(self) -> Sequence[HistoryKey]:
        return [values.history_key(one) for one in self.keystore.list_history_keys()]

    def hold(self, alias: str, *, held: bool) -> Entry:
        work = self.keystore.hold if held else self.keystore.release
        return values.entry(work(alias))

    def withdraw(self, alias: str) -> int:
        return self.keystore.withdraw(alias)

    def restore(self, alias: str, destination: str | None) -> Entry:
        return values.entry(self.keystore.restore_from_history(alias, destination=destination))

    def plan_activation(self, alias: str) -> ActivationStep:
        return _only(self.keystore.plan_activation([alias]))

    def activate(
        self, alias: str, accept: Callable[[ActivationStep], None] | None
    ) -> ActivationStep:
        digest = None
        if accept is not None:
            plan = self.keystore.plan_activation([alias])
            accept(_only(plan))
            digest = plan.digest
        return _only(self.keystore.activate([alias], digest=digest))

    def activate_due(self) -> Sequence[ActivationStep]:
        return [values.step(one) for one in self.keystore.activate().activations]


def provider_keys(keystore: Keystore) -> ProviderKeys:
    """Return the provider's part of the desk."""
    return _ProviderKeys(keystore)


def _only(found: told.Activations) -> ActivationStep:
    """Return what became of the one key that was asked about; raise what refused it."""
    step = values.step(found.activations[0])
    if step.problem is not None:
        raise step.problem
    return step
