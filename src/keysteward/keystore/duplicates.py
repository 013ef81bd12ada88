"""What of an entry the keystore holds a second time, under another alias."""

from collections.abc import Iterable, Iterator

from keysteward.entries import Entry, EntryType
from keysteward.keystore.steward import Steward
from keysteward.notices import NoticeKind
from keysteward.values import Notice

_MOST_NAMED = 5


def remarks(steward: Steward, entry: Entry) -> tuple[Notice, ...]:
    """Return the notices of a current entry that was just written; an empty tuple is usual."""
    if entry.type is EntryType.CERTIFICATE:
        return tuple(_of_certificate(steward, entry))
    return tuple(_of_key(steward, entry))


def _of_certificate(steward: Steward, entry: Entry) -> Iterator[Notice]:
    certificate = entry.version.certificate
    named = steward.store.find_certificate_entries(steward.keystore_id, certificate.subject_name)
    if named.count(certificate) < 2:
        return
    # Rare enough to walk all entries for the aliases.
    aliases = [
        state.alias
        for state in steward.store.list_states(steward.keystore_id)
        if state.type is EntryType.CERTIFICATE
        and state.content.chain == (certificate.fingerprint,)
        and state.entry_id != entry.id
    ]
    yield NoticeKind.CERTIFICATE_HELD_TWICE.about(
        f"The same certificate is in the keystore as {_listed(aliases)} as well."
    )


def _of_key(steward: Steward, entry: Entry) -> Iterator[Notice]:
    owners = [
        owner
        for owner in steward.store.find_owner_of_public_key(
            steward.keystore_id, entry.version.certificate.public_key_sha256
        )
        if owner.entry_id != entry.id
    ]
    if owners:
        aliases = dict.fromkeys(owner.alias for owner in owners)
        yield NoticeKind.KEY_HELD_TWICE.about(
            f"The same private key is in the keystore as {_listed(aliases)} as well."
        )


def _listed(aliases: Iterable[str]) -> str:
    quoted = [repr(alias) for alias in aliases]
    more = f" and {len(quoted) - _MOST_NAMED} more" if len(quoted) > _MOST_NAMED else ""
    return ", ".join(quoted[:_MOST_NAMED]) + more
