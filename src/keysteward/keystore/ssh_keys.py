"""SSH keys, and RSA keys in PKCS#1: key pairs with a self-signed certificate of a given subject."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from keysteward.entries import Action, Caller, Entry, EntryType, Reason
from keysteward.formats import ssh
from keysteward.keystore import aliases, duplicates, judgement, names
from keysteward.keystore.key_pairs import PlaceholderWish, StoredKeyPair, store_key
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.notices import NoticeKind
from keysteward.pki import contents, key_pairs, pem_blocks, private_keys, public_keys, subjects
from keysteward.pki.certificates import read_certificate
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.usages import Usage
from keysteward.problems import PrivateKeyUnreadable, UploadTooLarge
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Alias, Notice, Secret

YEARS = 10
"""Life of the certificate in calendar years, unless asked otherwise; as in SAP's monitor."""

_RSA_HASH = "sha256"
"""As in SAP's monitor, which has SHA-256/RSA chosen for RSA keys."""

_SETTING = "KEYSTEWARD_KEY_FILE_LIMIT_BYTES"
_UPDATE_SSH = "update that entry with this SSH key"
_UPDATE_RSA = "update that entry with this RSA key"

_NAMELESS = "rsa_key"

_PKCS1 = "RSA PRIVATE KEY"

_PEM_OF_PKCS1 = (
    "An RSA key is given here as PEM in the form of PKCS#1, which begins with 'BEGIN RSA PRIVATE "
    "KEY'."
)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the key goes: a new alias, or an entry that gets another version."""

    alias: Alias
    entry: Entry | None
    usage: Usage
    default_hash: str | None


def add_ssh_key(
    steward: Steward,
    caller: Caller,
    alias: str,
    data: bytes,
    wish: PlaceholderWish,
    *,
    passphrase: Secret | None = None,
    update: bool = False,
) -> StoredKeyPair:
    """Take an SSH key in: OpenSSH's own form, PuTTY's (PPK 2 and 3), or PEM.

    Its certificate is self-signed, of the wish's subject, for ten years unless it says otherwise.
    ``update`` gives the key to a key pair that is there, under its unchanged alias, and makes it
    one for SSH. If it has the key and the names already, nothing is stored unless the wish asks for
    a validity or a hash: who has pinned the certificate would have to pin another one for nothing.

    Raises UploadTooLarge, PrivateKeyUnreadable, PasswordWrong, KeyDerivationTooCostly,
    KeyTypeUnsupported, SubjectInvalid, ValidityInvalid; AliasExists, AliasInvalid, AliasReserved;
    with ``update`` AliasNotFound, NotAKeyPair, EntryOwnedByProvider, EntryChanged.
    """
    with steward.recording_refusals(caller, _action(Usage.SSH, update=update), alias):
        target = _target(steward, caller, alias, Usage.SSH, update=update)
        key = read_ssh_key(steward, data, passphrase)
        return _store(steward, caller, target, key, wish)


def add_rsa_key(
    steward: Steward,
    caller: Caller,
    alias: str,
    data: bytes,
    wish: PlaceholderWish,
    *,
    update: bool = False,
) -> StoredKeyPair:
    """Take an RSA key in: PKCS#1 in PEM, not encrypted.

    Its certificate is self-signed, of the wish's subject, with SHA-256 and for ten years unless it
    says otherwise. ``update`` gives the key to a key pair that is there, under its unchanged alias
    and usage, and stores nothing for the same key with the same names, like ``add_ssh_key``.

    Raises what ``add_ssh_key`` does; the file is refused for any other form, and the refusal says
    as what it can be added.
    """
    with steward.recording_refusals(caller, _action(Usage.TLS_CLIENT, update=update), alias):
        target = _target(steward, caller, alias, Usage.TLS_CLIENT, update=update)
        key = read_rsa_key(steward, data)
        return _store(steward, caller, target, key, wish)


def read_ssh_key(steward: Steward, data: bytes, passphrase: Secret | None) -> PrivateKey:
    """Return the key of a file as ``add_ssh_key`` takes it, and raises what that does of it."""
    _require_small(steward, data, "an SSH key")
    return ssh.read_private_key(data, passphrase, steward.settings.derivation_limit_rounds)


def read_rsa_key(steward: Steward, data: bytes) -> PrivateKey:
    """Return the key of a file as ``add_rsa_key`` takes it, and raises what that does of it."""
    _require_small(steward, data, "an RSA key")
    return _read_pkcs1(data)


def propose_alias(file_name: str) -> str:
    """Return an alias made of a file's name: without folders and extension, and always valid."""
    base = re.split(r"[/\\]", file_name)[-1]
    stem = base.rpartition(".")[0] or base
    alias = names.readable(names.readable(stem).strip("-."))
    if aliases.is_reserved(alias):
        alias = f"key_{alias}"
    return names.readable(alias[: aliases.MOST_CHARACTERS]) or _NAMELESS


def _action(usage: Usage, *, update: bool) -> Action:
    if update:
        return Action.UPLOADED
    return Action.ADD_SSH_KEY if usage is Usage.SSH else Action.ADD_RSA_KEY


def _target(steward: Steward, caller: Caller, alias: str, usage: Usage, *, update: bool) -> _Target:
    default_hash = None if usage is Usage.SSH else _RSA_HASH
    if not update:
        name = aliases.new_alias(alias, caller)
        steward.require_free(
            name, EntryType.KEY_PAIR, _UPDATE_SSH if usage is Usage.SSH else _UPDATE_RSA
        )
        return _Target(name, None, usage, default_hash)
    entry = steward.store.get_entry(steward.keystore_id, alias)
    steward.require_right(entry, caller)
    require_key_pair(entry)
    kept = usage if usage is Usage.SSH else entry.usage
    return _Target(entry.alias, entry, kept, default_hash)


def _require_small(steward: Steward, data: bytes, what: str) -> None:
    limit = steward.settings.key_file_limit_bytes
    if len(data) > limit:
        raise UploadTooLarge(what, limit, _SETTING)


def _read_pkcs1(data: bytes) -> PrivateKey:
    blocks = [b for b in pem_blocks.find(data) if b.label.endswith("PRIVATE KEY")]
    labels = {block.label for block in blocks}
    if labels == {_PKCS1} and not any(b"Proc-Type:" in block.body for block in blocks):
        return private_keys.read_private_key(data).key
    raise PrivateKeyUnreadable(f"{_instead(data, labels)} {_PEM_OF_PKCS1}")


def _instead(data: bytes, labels: set[str]) -> str:
    """Return in sentences what a file is that holds no clear PKCS#1, and what takes it."""
    if data.startswith(b"PuTTY-User-Key-File-"):
        return "The file is a PuTTY key. Add it as an SSH key."
    if "OPENSSH PRIVATE KEY" in labels:
        return "The file is a key in OpenSSH's own form. Add it as an SSH key."
    if labels:
        first = min(labels)
        what = "an encrypted key" if first == _PKCS1 else f"a key in PEM under the label {first!r}"
        return f"The file holds {what}. Add it as a key pair."
    if data.startswith(b"\x30"):
        return "The file is binary, a key in DER or a PKCS#12 keystore. Add it as a key pair."
    return "The file holds no whole private key."


def _store(
    steward: Steward, caller: Caller, target: _Target, key: PrivateKey, wish: PlaceholderWish
) -> StoredKeyPair:
    """Write the key with its certificate, as the entry's first version or as its next one."""
    content = Content(subjects.build_name(wish.subject), subjects.build_san(wish.san), target.usage)
    if target.entry is not None and _is_there(target.entry, key, content, wish):
        same = f"{target.alias!r} has this key with this subject already; nothing is stored."
        notice = NoticeKind.ALREADY_CURRENT.about(same)
        return StoredKeyPair(target.entry, (notice,), changed=False)
    validity = key_pairs.build_validity(
        steward.clock(), wish.not_before, wish.not_after, years=YEARS
    )
    certificate = read_certificate(
        key_pairs.build_placeholder(
            *(key, content, validity, wish.hash_name or target.default_hash)
        )
    )
    detail = {"key": str(certificate.key)}
    with steward.writing(caller) as writing:
        key_id = store_key(steward, writing, key, certificate)
        version = NewVersion(Reason.UPLOADED, (certificate,), key_id)
        if target.entry is not None:
            writing.replace_chain(Base.of(target.entry), version, detail)
            writing.describe(target.entry.id, target.usage, trusted=False)
        else:
            new = NewEntry(target.alias, EntryType.KEY_PAIR, caller.owner, target.usage)
            entry_id = writing.create_entry(new, version)
            action = _action(target.usage, update=False)
            chain = {"chain": [certificate.fingerprint]}
            writing.audit(action, target.alias, entry_id, 1, {**chain, **detail})
    entry = steward.store.get_entry(steward.keystore_id, target.alias)
    notices = (*_usage_changed(target), *judgement.of_tls(certificate, target.usage))
    return StoredKeyPair(entry, (*notices, *duplicates.remarks(steward, entry)))


def _is_there(entry: Entry, key: PrivateKey, content: Content, wish: PlaceholderWish) -> bool:
    current = entry.version.certificate
    return (
        public_keys.spki(key.public_key()) == current.spki
        and contents.of_certificate(current, entry.usage) == content
        and (wish.not_before, wish.not_after, wish.hash_name) == (None, None, None)
    )


def _usage_changed(target: _Target) -> Iterator[Notice]:
    if target.entry is not None and target.entry.usage is not target.usage:
        yield NoticeKind.USAGE_CHANGED.about(
            f"{target.alias!r} was a key pair for {target.entry.usage}, and is one for "
            f"{target.usage} now."
        )
