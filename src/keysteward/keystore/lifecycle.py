"""What happens to a whole entry: renamed, deleted, brought back, destroyed."""

from collections.abc import Iterable

from keysteward.entries import Action, Caller, Entry
from keysteward.keystore import aliases
from keysteward.keystore.steward import Steward
from keysteward.problems import AliasExists, AliasNotFound, ConfirmationRequired, NothingDeleted
from keysteward.storage.records import Base
from keysteward.values import Alias


def rename_entry(steward: Steward, caller: Caller, alias: str, new: str) -> Entry:
    """Give an entry another alias, as a new version with the same content and key.

    Raises AliasNotFound, AliasExists, AliasInvalid, AliasReserved, EntryOwnedByProvider,
    EntryChanged if another writer was faster.
    """
    with steward.recording_refusals(caller, Action.RENAME, alias):
        entry = _own_entry(steward, caller, alias)
        name = aliases.new_alias(new, caller)
        _require_free(steward, entry, name)
        with steward.writing(caller) as writing:
            number = writing.rename(Base.of(entry), name)
            writing.audit(Action.RENAME, entry.alias, entry.id, number, {"new_alias": name})
    return steward.store.get_entry(steward.keystore_id, name)


def delete_entry(steward: Steward, caller: Caller, alias: str) -> Entry:
    """Hide an entry; it can be listed and brought back, and its keys stay sealed.

    Raises AliasNotFound, EntryOwnedByProvider, EntryChanged.
    """
    with steward.recording_refusals(caller, Action.DELETE, alias):
        entry = _own_entry(steward, caller, alias)
        with steward.writing(caller) as writing:
            writing.delete(Base.of(entry))
            writing.audit(Action.DELETE, entry.alias, entry.id, entry.version.number, {})
    return entry


def delete_entries(steward: Steward, caller: Caller, aliases_: Iterable[str]) -> tuple[Entry, ...]:
    """Hide many entries, all in one transaction, and return them; what is not there is no error.

    Raises AliasReserved for an alias that is not the caller's to have, also where there is no such
    entry; EntryOwnedByProvider, EntryOwnedByTenant, and EntryChanged if another writer was faster.
    """
    with steward.recording_refusals(caller, Action.DELETE, None):
        names = list(dict.fromkeys(aliases_))
        for name in names:
            aliases.require_own(name, caller)
        found = (steward.store.find_entry(steward.keystore_id, name) for name in names)
        entries = tuple(entry for entry in found if entry is not None)
        for entry in entries:
            steward.require_right(entry, caller)
        if entries:
            with steward.writing(caller) as writing:
                for entry in entries:
                    writing.delete(Base.of(entry))
                    number = entry.version.number
                    writing.audit(Action.DELETE, entry.alias, entry.id, number, {})
    return entries


def undelete_entry(steward: Steward, caller: Caller, alias: str) -> Entry:
    """Bring the entry that was deleted last under this alias back.

    Raises NothingDeleted if none was, AliasExists if the alias is taken again.
    """
    with steward.recording_refusals(caller, Action.UNDELETE, alias):
        entry = steward.store.find_deleted(steward.keystore_id, alias)
        if entry is None:
            living = steward.store.find_entry(steward.keystore_id, alias)
            raise NothingDeleted(alias, living is not None)
        steward.require_right(entry, caller)
        if steward.store.find_entry(steward.keystore_id, alias) is not None:
            raise AliasExists(
                entry.alias, remedy="Rename or delete that one, then the deleted one can come back."
            )
        with steward.writing(caller) as writing:
            writing.undelete(entry.id)
            writing.audit(Action.UNDELETE, entry.alias, entry.id, entry.version.number, {})
    return steward.store.get_entry(steward.keystore_id, alias)


def purge_entry(steward: Steward, caller: Caller, alias: str, typed: str) -> int:
    """Destroy an entry, living or deleted, with every private key that nothing else uses.

    Returns the number of private keys destroyed. Certificates stay: they are public and shared.
    ``typed`` is the alias once more. Raises ConfirmationRequired, AliasNotFound,
    EntryOwnedByProvider, EntryChanged.
    """
    with steward.recording_refusals(caller, Action.PURGE, alias):
        try:
            entry = _own_entry(steward, caller, alias)
        except AliasNotFound:
            entry = _deleted_entry(steward, caller, alias)
        if typed != entry.alias:
            raise ConfirmationRequired(
                f"Purging destroys the keys of {entry.alias!r} for good.",
                "Type the alias to confirm.",
            )
        with steward.writing(caller) as writing:
            destroyed = len(writing.purge(Base.of(entry)))
            detail = {"keys_destroyed": destroyed}
            writing.audit(Action.PURGE, entry.alias, entry.id, entry.version.number, detail)
    return destroyed


def _require_free(steward: Steward, entry: Entry, new: Alias) -> None:
    if new == entry.alias:
        raise AliasExists(new, remedy="It is this very one: it is called so already.")
    if steward.store.find_entry(steward.keystore_id, new) is not None:
        raise AliasExists(new, remedy="Choose another alias, or rename or delete that entry first.")


def _own_entry(steward: Steward, caller: Caller, alias: str) -> Entry:
    entry = steward.store.get_entry(steward.keystore_id, alias)
    steward.require_right(entry, caller)
    return entry


def _deleted_entry(steward: Steward, caller: Caller, alias: str) -> Entry:
    entry = steward.store.find_deleted(steward.keystore_id, alias)
    if entry is None:
        raise AliasNotFound(alias, steward.settings.keystore)
    steward.require_right(entry, caller)
    return entry
