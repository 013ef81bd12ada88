"""The provider's keys in a local keystore."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from keysteward.cli.desk import ProviderKeys
from keysteward.cli.desk_values import Stored
from keysteward.entries import Caller, Entry, View
from keysteward.keystore import activations, supplies
from keysteward.keystore import provider_keys as operations
from keysteward.keystore.activations import Activated, ActivationPlan, Due
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.provider_keys import HistoryKey, NewProviderKey
from keysteward.keystore.steward import Steward
from keysteward.pki.usages import Usage


@dataclass(frozen=True, slots=True)
class _ProviderKeys:
    steward: Steward
    caller: Caller

    def supply(
        self, alias: str, upload: KeyUpload, view: View, usage: Usage | None, *, trusted: bool
    ) -> Stored:
        found = supplies.supply(
            self.steward, self.caller, alias, upload, view=view, usage=usage, trusted=trusted
        )
        return Stored(found.entry, found.notices, found.changed)

    def details(self, entry: Entry) -> NewProviderKey | HistoryKey | None:
        return details(self.steward, entry)

    def list_new(self) -> Sequence[NewProviderKey]:
        return operations.list_new(self.steward)

    def list_history(self) -> Sequence[HistoryKey]:
        return operations.list_history(self.steward)

    def hold(self, alias: str, *, held: bool) -> Entry:
        return operations.hold(self.steward, self.caller, alias, held=held)

    def withdraw(self, alias: str) -> int:
        return operations.withdraw(self.steward, self.caller, alias)

    def restore(self, alias: str, destination: str | None) -> Entry:
        return operations.restore(self.steward, self.caller, alias, destination)

    def plan_activation(self, alias: str) -> ActivationPlan:
        return activations.plan_activation(self.steward, alias)

    def activate(self, alias: str, accept: Callable[[ActivationPlan], None] | None) -> Activated:
        asked = (self.steward, self.caller, alias)
        if accept is None:
            return activations.activate(*asked)
        return activations.activate(*asked, accept=accept)

    def activate_due(self) -> Sequence[Due]:
        return activations.activate_due(self.steward, self.caller, self.steward.clock())


def provider_keys(steward: Steward, caller: Caller) -> ProviderKeys:
    """Return the provider's part of the desk."""
    return _ProviderKeys(steward, caller)


def details(steward: Steward, entry: Entry) -> NewProviderKey | HistoryKey | None:
    """Return what is known of a new key, or of one in the history; None of a current entry."""
    found: Sequence[NewProviderKey | HistoryKey] = ()
    if entry.view is View.NEW:
        found = operations.list_new(steward)
    elif entry.view is View.HISTORY:
        found = operations.list_history(steward)
    return next((key for key in found if key.entry.id == entry.id), None)
