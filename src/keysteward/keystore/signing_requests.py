"""Signing requests: what is sent to the CA, recorded so that its answer can be compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from keysteward.entries import Action, Caller, Entry, Owner, Version
from keysteward.keystore import key_pairs
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.pki import contents, private_keys, requests, subjects
from keysteward.pki.contents import Content
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import EntryChanged, SigningRequestNotAvailable, SubjectInvalid
from keysteward.storage.records import Base
from keysteward.values import Fingerprint

_SSH_ALIASES = frozenset({"id_rsa", "id_dsa"})
"""SSH keys of the tenant; SAP's help page excludes them from signing requests."""


@dataclass(frozen=True, slots=True)
class RequestWish:
    """What the request shall say other than the certificate does; empty leaves it as it is."""

    subject: Subject
    san: Sequence[str] = ()
    usage: Usage | None = None
    hash_name: str | None = None
    of_current_key: bool = False
    """For the current key although a pending one waits."""
    without: frozenset[str] = frozenset()
    """Parts of the subject, as ``Subject`` calls them, and ``san``, that it leaves out although the
    certificate has them."""
    public_key: Fingerprint | None = None
    """SHA-256 of the public key that it has to be for; None for whichever it is."""


def write_signing_request(
    steward: Steward,
    caller: Caller,
    alias: str,
    wish: RequestWish,
    *,
    deliver: Callable[[bytes], None] = lambda pem: None,
) -> bytes:
    """Return a PKCS#10 request in PEM for the pending key if there is one, else the current key.

    Subject, alternative names and usage are those of the key's certificate unless the wish says
    otherwise. The request is handed to ``deliver``, then it is recorded and the entry waits for its
    response: what cannot be delivered is not waited for.

    Raises AliasNotFound, NotAKeyPair, EntryOwnedByProvider, SigningRequestNotAvailable,
    SubjectInvalid, KeyTypeUnsupported, EntryChanged if it would be for another key than wished.
    """
    with steward.recording_refusals(caller, Action.SIGNING_REQUEST, alias):
        entry = steward.store.get_entry(steward.keystore_id, alias)
        require_available(steward, caller, entry)
        version = entry.version if wish.of_current_key else entry.pending or entry.version
        if wish.public_key not in (None, version.certificate.public_key_sha256):
            raise EntryChanged(entry.alias, "it has another key than the one that was shown.")
        content = _content(entry, version, wish)
        key = private_keys.from_pkcs8(key_pairs.unseal_private_key(steward, version))
        der = requests.build_request(key, content, wish.hash_name)
        pem = requests.to_pem(der)
        deliver(pem)
        with steward.writing(caller, shared=True) as writing:
            writing.record_request(Base.of(entry), der, version.certificate.public_key_sha256)
            detail = {"public_key_sha256": version.certificate.public_key_sha256}
            writing.audit(Action.SIGNING_REQUEST, entry.alias, entry.id, version.number, detail)
    return pem


def is_ssh_key(alias: str) -> bool:
    """Tell whether an alias is one of those under which SSH keys are, which no CA certifies."""
    return alias in _SSH_ALIASES


def require_available(steward: Steward, caller: Caller, entry: Entry) -> None:
    """Raise what ``write_signing_request`` does for an entry that no request is written for."""
    if entry.owner is Owner.PROVIDER:
        raise SigningRequestNotAvailable(
            entry.alias, f"the entry is owned by {steward.settings.provider}, who renews it."
        )
    steward.require_right(entry, caller)
    require_key_pair(entry)
    if is_ssh_key(entry.alias):
        raise SigningRequestNotAvailable(
            entry.alias, "it is an SSH key; no CA certifies it. Give out its public key instead."
        )


def _content(entry: Entry, version: Version, wish: RequestWish) -> Content:
    content = contents.of_certificate(version.certificate, wish.usage or entry.usage)
    name = subjects.leave_out(content.name, wish.without - {"san"})
    content = replace(content, name=subjects.change_name(name, wish.subject))
    if wish.san or "san" in wish.without:
        content = replace(content, san=subjects.build_san(wish.san))
    if not content.name.rdns:
        raise SubjectInvalid("subject", "the key has none yet; say at least the common name.")
    return content
