"""What can be done with an entry, and why something cannot: for the row's menu and the own page.

Labels and their order are SAP's. What the operations would refuse anyway is said before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from keysteward.entries import Entry, EntryType, Owner, View
from keysteward.formats.ssh import public_keys as ssh_keys
from keysteward.keystore import signing_requests
from keysteward.pki.public_keys import KeyKind
from keysteward.rights import Permission
from keysteward.ui.language import later
from keysteward.ui.routing import Visit


@dataclass(frozen=True, slots=True)
class Facts:
    """What the answer depends on, of an entry of one of the views or of a backup."""

    alias: str
    type: EntryType
    owner: Owner
    key: KeyKind
    has_root: bool
    """Whether there is one at the end of its chain, or above it in the keystore."""
    pending: bool = False
    """Whether a new key waits for its response."""
    view: View | None = View.CURRENT
    """None in a backup."""
    held: bool | None = None
    """Whether a new key waits for a person; None if that is not asked."""

    @classmethod
    def of(cls, entry: Entry, *, has_root: bool, view: View | None = View.CURRENT) -> "Facts":
        """Return what the answer depends on of an entry that was read whole."""
        return cls(
            entry.alias,
            entry.type,
            entry.owner,
            entry.version.certificate.key,
            has_root,
            pending=entry.pending is not None,
            view=view,
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the answer depends on besides the entry."""

    permissions: frozenset[Permission]
    provider: str
    """As it is shown."""
    keystores: int
    """How many the account may see."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of a menu. Its texts are to be translated; in the label is the ``provider``."""

    label: str
    path: str
    """Behind the address of the entry."""
    window: bool = True
    """Whether it opens a window; it downloads a file otherwise."""
    reason: str = ""
    """Why it is not available; empty if it is."""
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    """What the reason is filled with."""

    @property
    def name(self) -> str:
        """A word for it, the same in all languages."""
        return self.path.replace("/", "-")


Why = tuple[str, Mapping[str, str]]

_AVAILABLE: Why = ("", MappingProxyType({}))
_NOT_PERMITTED = later("Your roles do not permit this.")
_OF_PROVIDER = later("{provider} owns this entry and maintains it.")
_SSH_KEY = later("This is an SSH key, which no certification authority certifies.")
_RENEWED = later("A new key pair of this entry waits for its signing response.")
_NO_ROOT = later("The root certificate is neither in the chain nor in the keystore.")
_NOT_OPENSSH = later("OpenSSH has no keys of the type {key}.")
_ONE_KEYSTORE = later("There is no other keystore.")


def offers(facts: Facts, around: Surroundings) -> tuple[tuple[Offer, ...], ...]:
    """Return the groups of a menu, in order; what is not available has its reason.

    Entries of backups are there to be looked at and downloaded, keys of the provider's other views
    also to become active or to wait for that.
    """
    is_key_pair = facts.type is EntryType.KEY_PAIR
    downloads = _of_key_pair(facts) if is_key_pair else _of_certificate()
    if facts.view is not View.CURRENT:
        own = _of_provider_key(facts, around)
        return (own, downloads) if own else (downloads,)
    change = _change(facts, around)
    whole = (
        _offer(later("Rename"), "rename", change),
        _offer(later("Update"), "update", change),
        _offer(later("Delete"), "delete", change),
    )
    copy = change
    if not copy[0] and around.keystores < 2:
        copy = _why(_ONE_KEYSTORE)
    copying = _offer(later("Copy to Keystore"), "copy", copy)
    if not is_key_pair:
        return whole, downloads, (copying,)
    request = _request(facts, around)
    renewal = _why(_RENEWED) if facts.pending and not change[0] else change
    return (
        whole,
        (*downloads, _offer(later("Download Signing Request"), "signing-request", request)),
        (
            _offer(later("Update Signing Response"), "signing-response", change),
            _offer(later("Renew With New Key Pair"), "renew", renewal),
            copying,
        ),
    )


def _of_provider_key(facts: Facts, around: Surroundings) -> tuple[Offer, ...]:
    """Return what becomes of a key that waits, or that was replaced; nothing of a backup."""
    edit = _permitted(Permission.SECURITY_MATERIAL_EDIT, around)
    if facts.view is View.HISTORY:
        return (_offer(later("Add to New %(provider)s Keys"), "restore", edit),)
    if facts.view is not View.NEW:
        return ()
    activate = _offer(later("Activate"), "activate", edit)
    if facts.held is None:
        return (activate,)
    waiting = _offer(later("Hold"), "hold", edit)
    return (activate, _offer(later("Release"), "release", edit) if facts.held else waiting)


def _of_key_pair(facts: Facts) -> tuple[Offer, ...]:
    root = _AVAILABLE if facts.has_root else _why(_NO_ROOT)
    openssh = _AVAILABLE
    if not ssh_keys.is_for_openssh(facts.key):
        openssh = _why(_NOT_OPENSSH, key=str(facts.key))
    return (
        _file(later("Download Certificate"), "cer"),
        _file(later("Download Certificate Chain"), "p7b"),
        _file(later("Download Root Certificate"), "rootca", root),
        _file(later("Download Public OpenSSH Key"), "pub", openssh),
    )


def _of_certificate() -> tuple[Offer, ...]:
    return (_file(later("Download"), "cer"),)


def _change(facts: Facts, around: Surroundings) -> Why:
    if facts.owner is Owner.PROVIDER:
        return _why(_OF_PROVIDER, provider=around.provider)
    return _permitted(Permission.SECURITY_MATERIAL_EDIT, around)


def _request(facts: Facts, around: Surroundings) -> Why:
    """Say why there is no signing request; who may not change anything may download one."""
    if facts.owner is Owner.PROVIDER:
        return _why(_OF_PROVIDER, provider=around.provider)
    if signing_requests.is_ssh_key(facts.alias):
        return _why(_SSH_KEY)
    return _permitted(Permission.MONITORING_DATA_READ, around)


def _permitted(permission: Permission, around: Surroundings) -> Why:
    return _AVAILABLE if permission in around.permissions else _why(_NOT_PERMITTED)


def _why(reason: str, **values: str) -> Why:
    return reason, MappingProxyType(values)


def _offer(label: str, path: str, why: Why) -> Offer:
    return Offer(label, path, reason=why[0], values=why[1])


def _file(label: str, kind: str, why: Why = _AVAILABLE) -> Offer:
    return Offer(label, f"download/{kind}", window=False, reason=why[0], values=why[1])


def labelled(offer: Offer, visit: Visit) -> str:
    """Return the label of an offer in the language of the page."""
    written = visit.language.gettext(offer.label)
    return written % {"provider": visit.steward.settings.provider}


def said(offer: Offer, text: Callable[..., str]) -> str:
    """Return why an offer is not available, in a language: ``text`` is ``Visit.text``."""
    return text(offer.reason, **offer.values) if offer.reason else ""
