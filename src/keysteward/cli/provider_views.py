"""How the provider's new and replaced keys look: words for people, members of JSON for scripts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rich.text import Text

from keysteward.keystore.provider_keys import HistoryKey, NewProviderKey


@dataclass(frozen=True, slots=True)
class More:
    """What is shown of an entry besides what every entry has."""

    rows: tuple[tuple[str, str | Text], ...] = ()
    members: Mapping[str, object] = field(default_factory=dict)
    """Of the JSON."""


def more_of(known: NewProviderKey | HistoryKey | None, now: datetime) -> More:
    """Return how a new key, or one in the history, is shown; nothing of a current entry."""
    if isinstance(known, NewProviderKey):
        return More(_rows(known, now), members(known))
    if isinstance(known, HistoryKey):
        return More(_past_rows(known), past_members(known))
    return More()


def activation(key: NewProviderKey, now: datetime) -> str:
    """Return in words when a new key is activated by itself, or why it waits for a person."""
    if key.held:
        return "held, waits for a person"
    if key.replaces_until is None:
        return "waits for a person: no active key"
    if key.activates_at is None:
        return "waits for a person: does not outlive the active key"
    if key.activates_at <= now:
        return "due: with the next daily run"
    return f"by itself on {key.activates_at:%Y-%m-%d}"


def members(key: NewProviderKey) -> dict[str, object]:
    """Return what scripts get of a new key besides its entry."""
    return {
        "arrived_at": key.arrived_at,
        "held": key.held,
        "replaces_until": key.replaces_until,
        "activates_at": key.activates_at,
    }


def past_members(key: HistoryKey) -> dict[str, object]:
    """Return what scripts get of a replaced key besides its entry."""
    told = key.activation
    return {
        "original_alias": told.original_alias,
        "sequence": told.sequence,
        "active_from": told.active_from,
        "activated_by": told.activated_by,
        "active_until": told.active_until,
        "deactivated_by": told.deactivated_by,
    }


def _rows(key: NewProviderKey, now: datetime) -> tuple[tuple[str, str | Text], ...]:
    return (
        ("Arrived", f"{key.arrived_at:%Y-%m-%d %H:%M} UTC"),
        ("Activation", activation(key, now)),
    )


def _past_rows(key: HistoryKey) -> tuple[tuple[str, str | Text], ...]:
    told = key.activation
    return (
        ("Original alias", told.original_alias),
        ("Active from", f"{told.active_from:%Y-%m-%d %H:%M} UTC by {told.activated_by}"),
        ("Active until", f"{told.active_until:%Y-%m-%d %H:%M} UTC by {told.deactivated_by}"),
    )
