"""What depends on an entry: said before it is renamed or deleted."""

from collections.abc import Iterator

from keysteward.entries import Entry, EntryType
from keysteward.ui.routing import Visit
from keysteward.values import Alias

_MOST_NAMED = 5


def before_deleting(visit: Visit, entry: Entry) -> Iterator[str]:
    """Yield what is to be known before an entry is deleted."""
    if entry.type is EntryType.CERTIFICATE and entry.trusted:
        yield visit.text(
            "This is a trust anchor: signing responses below it ask for its fingerprint again."
        )
    if entry.waiting_since is not None or entry.pending is not None:
        yield visit.text("A signing response is awaited.")
    if names := visit.steward.store.list_backups_of_entry(entry.id):
        yield visit.text("It stays in the backups {names}.", names=", ".join(names))


def of_chains(visit: Visit, entry: Entry) -> Iterator[str]:
    """Yield what holds of the chains that have a certificate entry in them.

    All entries are walked for that.
    """
    if entry.type is not EntryType.CERTIFICATE:
        return
    aliases = _with_certificate(visit, entry)
    if not aliases:
        return
    named = ", ".join(aliases[:_MOST_NAMED])
    more = len(aliases) - _MOST_NAMED
    if more > 0:
        yield visit.text(
            "The chains of {names} and {more} more have this certificate, and keep it.",
            names=named,
            more=more,
        )
    else:
        yield visit.text("The chains of {names} have this certificate, and keep it.", names=named)
    yield visit.text("Signing responses that leave it out are not completed with it any longer.")


def before_renaming(visit: Visit, entry: Entry) -> Iterator[str]:
    """Yield what is to be known before an entry gets another alias."""
    yield visit.text(
        "Whatever asks for the entry by its alias has to use the new one from then on."
    )
    if entry.waiting_since is not None or entry.pending is not None:
        yield visit.text("A signing response is awaited. It is for the new alias then.")
    if names := visit.steward.store.list_backups_of_entry(entry.id):
        yield visit.text("It keeps its old alias in the backups {names}.", names=", ".join(names))


def _with_certificate(visit: Visit, entry: Entry) -> list[Alias]:
    fingerprint = entry.version.certificate.fingerprint
    return [
        state.alias
        for state in visit.steward.store.list_states(visit.steward.keystore_id)
        if state.type is EntryType.KEY_PAIR and fingerprint in state.content.chain
    ]
