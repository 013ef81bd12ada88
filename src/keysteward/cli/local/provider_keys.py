"""The provider's keys in a local keystore."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from keysteward.cli.desk import ProviderKeys
from keysteward.cli.desk_values import ActivationStep, Stored
from keysteward.entries import Caller, Entry, View
from keysteward.keystore import activations, supplies
from keysteward.keystore import provider_keys as operations
from keysteward.keystore.activations import Activated, ActivationPlan
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

    def plan_activation(self, alias: str) -> ActivationStep:
        return _planned(activations.plan_activation(self.steward, alias))

    def activate(
        self, alias: str, accept: Callable[[ActivationStep], None] | None
    ) -> ActivationStep:
        def accept_(plan: ActivationPlan) -> None:
            if accept is not None:
                accept(_planned(plan))

        return _done(activations.activate(self.steward, self.caller, alias, accept=accept_))

    def activate_due(self) -> Sequence[ActivationStep]:
        found = activations.activate_due(self.steward, self.caller, self.steward.clock())
        return [
            ActivationStep(one.alias, problem=one.problem)
            if one.activated is None
            else _done(one.activated)
            for one in found
        ]


def provider_keys(steward: Steward, caller: Caller) -> ProviderKeys:
    """Return the provider's part of the desk."""
    return _ProviderKeys(steward, caller)


def _planned(plan: ActivationPlan) -> ActivationStep:
    current = plan.current.version if plan.current else None
    return ActivationStep(
        alias=plan.alias,
        chain=plan.waiting.version.chain,
        replaced=current.certificate if current else None,
        replaced_version=current.number if current else None,
        notices=plan.notices,
    )


def _done(done: Activated) -> ActivationStep:
    step = _planned(done.plan)
    return replace(step, version=done.version, history_alias=done.history_alias)


def details(steward: Steward, entry: Entry) -> NewProviderKey | HistoryKey | None:
    """Return what is known of a new key, or of one in the history; None of a current entry."""
    found: Sequence[NewProviderKey | HistoryKey] = ()
    if entry.view is View.NEW:
        found = operations.list_new(steward)
    elif entry.view is View.HISTORY:
        found = operations.list_history(steward)
    return next((key for key in found if key.entry.id == entry.id), None)
