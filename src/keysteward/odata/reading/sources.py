"""Where entries are read from: what SAP calls keystores are views of one, or a backup of it."""

from dataclasses import dataclass

from keysteward.entries import Entry, View
from keysteward.keystore.steward import Steward
from keysteward.odata import errors, model
from keysteward.odata.contract import Call
from keysteward.problems import AliasNotFound, BackupNotFound
from keysteward.storage.catalogue import CatalogueEntry, Source
from keysteward.storage.records import Base

SYSTEM = "system"
BACKUP = "backup_admin_system"
"""The one backup that SAP has; here it is the backup of this name."""
NEW = "KeyRenewal"
HISTORY = "KeyHistory"

_VIEWS = {SYSTEM: View.CURRENT, NEW: View.NEW, HISTORY: View.HISTORY}

_LISTED = frozenset({SYSTEM, BACKUP, NEW})
WITH_HISTORY = _LISTED | {HISTORY}
"""The names for which SAP gives out certificates and chains."""
_OF_HISTORY = frozenset({"Certificate", "ChainCertificates", "ChainResource"})
"""Navigations for which SAP takes the name of the history, too."""
_PARTS = frozenset(
    {
        model.CERTIFICATE_RESOURCE.name,
        model.CERTIFICATE_CHAIN_RESOURCE.name,
        model.CERTIFICATE_SIGNING_REQUEST.name,
        model.SSH_KEY_RESOURCE.name,
        model.CHAIN_CERTIFICATE.name,
    }
)
"""Types whose sets hold what an entry has, also one of the history."""


@dataclass(frozen=True, slots=True)
class Place:
    """A keystore in SAP's sense. ``source`` is None for a backup that nobody made yet."""

    name: str
    source: Source | None

    @property
    def query(self) -> str:
        """What the addresses of what is in it end in."""
        return "" if self.source is View.CURRENT else f"?keystoreName={self.name}"


def of_call(call: Call) -> Place:
    """Return where the entries of an address are read from. Raises RequestInvalid."""
    resource = call.resource
    if resource.set.type is model.HISTORY_KEYSTORE_ENTRY:
        return named(call.steward, HISTORY, WITH_HISTORY)
    navigation = "" if resource.navigation is None else resource.navigation.name
    if navigation == "SigningRequest":
        allowed = frozenset({SYSTEM})
    elif navigation in _OF_HISTORY or resource.set.type.name in _PARTS:
        allowed = WITH_HISTORY
    else:
        allowed = _LISTED
    return named(call.steward, call.options.keystore_name or SYSTEM, allowed)


def named(steward: Steward, name: str, allowed: frozenset[str] = _LISTED) -> Place:
    """Return a keystore by its name. Raises RequestInvalid in SAP's words."""
    if name not in allowed:
        raise errors.keystore_name_invalid(name)
    if name != BACKUP:
        return Place(name, _VIEWS[name])
    try:
        return Place(name, steward.store.get_backup(steward.keystore_id, BACKUP))
    except BackupNotFound:
        return Place(name, None)


def require_system(call: Call) -> None:
    """Refuse what is possible for current entries alone. Raises RequestInvalid."""
    named(call.steward, call.options.keystore_name or SYSTEM, frozenset({SYSTEM}))


def find(steward: Steward, place: Place, alias: str) -> CatalogueEntry:
    """Return what a list shows of one entry. Raises AliasNotFound."""
    if place.source is not None:
        found = steward.store.catalogue.find(steward.keystore_id, place.source, alias)
        if found is not None:
            return found
    raise _missing(steward, place, alias)


def get_entry(steward: Steward, place: Place, alias: str) -> Entry:
    """Return one entry with its chain, from a backup as it was. Raises AliasNotFound."""
    if isinstance(place.source, View):
        return steward.store.get_entry(steward.keystore_id, alias, place.source)
    found = find(steward, place, alias)
    base = Base(found.alias, found.id, found.version, found.pending)
    return Entry(
        id=found.id,
        keystore_id=steward.keystore_id,
        alias=found.alias,
        type=found.type,
        owner=found.owner,
        usage=found.usage,
        trusted=found.trusted,
        version=steward.store.get_version(base, found.version),
        pending=None,
        waiting_since=None,
        created_at=found.created_at,
        created_by=found.created_by,
        modified_at=found.modified_at,
        modified_by=found.modified_by,
    )


def _missing(steward: Steward, place: Place, alias: str) -> AliasNotFound:
    keystore = steward.settings.keystore
    if isinstance(place.source, View):
        return AliasNotFound(alias, keystore, place.source.value)
    return AliasNotFound(alias, keystore, backup=BACKUP)
