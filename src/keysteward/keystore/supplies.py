"""What the provider supplies: key pairs and certificates, to Current or to New."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from keysteward.entries import Caller, Entry, EntryType, Owner, Reason, View
from keysteward.formats import responses
from keysteward.keystore import aliases, certificates, key_files, key_pairs, provider_keys
from keysteward.keystore.key_files import KeyFile
from keysteward.keystore.steward import Steward
from keysteward.pki import chains, public_keys
from keysteward.pki.certificates import Certificate
from keysteward.pki.chains import Verifier
from keysteward.pki.usages import Usage
from keysteward.problems import (
    CertificateUnreadable,
    KeyPairInTheWay,
    NotAKeyPair,
    NotTheProvider,
    Problem,
    UploadTooLarge,
)
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Alias, Fingerprint, Secret

_SUPPLIED = Reason.SUPPLIED.value


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the provider supplies: a file with a key pair, or with one certificate."""

    data: bytes = field(repr=False)
    password: Secret | None = None
    choose: str | None = None
    """Which of several keys of a file; see ``key_files.read_key_file``."""
    certificates: tuple[Certificate, ...] = ()
    """The key's certificate and chain, in any order, if the file does not hold them."""
    usage: Usage | None = None
    """Of a key pair; None keeps that of the key which it follows."""
    trusted: bool = True
    """Of a certificate: whether it is an anchor, or only completes chains."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """The entry with what was supplied, and what else of the file was not taken, in words."""

    entry: Entry
    left: tuple[str, ...] = ()


def supply(
    steward: Steward, caller: Caller, alias: str, delivery: Delivery, *, view: View = View.NEW
) -> Supplied:
    """Take an entry from the provider, as a new one or as the next version of its own one.

    What the file holds decides whether it is a key pair or a certificate; certificates need no
    activation and go to Current alone. The provider is not asked whether it trusts its own chains.
    What is there already as it comes is not written again.

    Raises NotTheProvider, AliasInvalid, AliasReserved, NotAKeyPair, KeyPairInTheWay, EntryChanged,
    and for the file what ``key_files.read_key_file`` does, CertificateUnreadable, UploadTooLarge.
    """
    with steward.recording_refusals(caller, _SUPPLIED, alias):
        if caller.owner is not Owner.PROVIDER:
            raise NotTheProvider(alias, steward.settings.provider)
        name = aliases.new_alias(alias, caller)
        if _is_certificate(delivery.data):
            if view is not View.CURRENT:
                raise NotAKeyPair(name, "it needs no activation: supply it to Current (--current).")
            return Supplied(_supply_certificate(steward, caller, name, delivery))
        return _supply_key_pair(steward, caller, name, delivery, view)


def _supply_key_pair(
    steward: Steward, caller: Caller, name: Alias, delivery: Delivery, view: View
) -> Supplied:
    there = steward.store.find_entry(steward.keystore_id, name, view)
    followed = there or steward.store.find_entry(steward.keystore_id, name)
    if followed is not None:
        steward.require_right(followed, caller)
    provider_keys.require_no_certificate(steward, name)
    file = key_files.read_key_file(
        delivery.data,
        delivery.password,
        choose=delivery.choose,
        certificates=delivery.certificates,
        settings=steward.settings,
    )
    chain = _chain_of(file, steward.clock())
    usage = delivery.usage or (followed.usage if followed else Usage.TLS_CLIENT)
    if there is not None and (there.version.chain, there.usage) == (chain, usage):
        return Supplied(there, file.left)
    new = NewEntry(name, EntryType.KEY_PAIR, Owner.PROVIDER, usage, view=view)
    with steward.writing(caller) as writing:
        key_id = key_pairs.store_key(steward, writing, file.key, chain[0])
        version = NewVersion(Reason.SUPPLIED, chain, key_id, _digest(delivery.data))
        if there is None:
            entry_id = writing.create_entry(new, version)
            detail = {"view": view, "chain": _fingerprints(chain)}
            writing.audit(_SUPPLIED, name, entry_id, 1, detail)
        else:
            writing.replace_chain(Base.of(there), version, {"view": view})
            writing.describe(there.id, usage, trusted=False)
    return Supplied(steward.store.get_entry(steward.keystore_id, name, view), file.left)


def _supply_certificate(steward: Steward, caller: Caller, name: Alias, delivery: Delivery) -> Entry:
    limit = steward.settings.certificate_limit_bytes
    if len(delivery.data) > limit:
        raise UploadTooLarge("a certificate", limit, "KEYSTEWARD_CERTIFICATE_LIMIT_BYTES")
    found = certificates.read_certificates(delivery.data)
    if len(found) != 1:
        raise CertificateUnreadable(f"The file holds {len(found)} certificates instead of one.")
    there = steward.store.find_entry(steward.keystore_id, name)
    if there is not None:
        steward.require_right(there, caller)
        if there.type is EntryType.KEY_PAIR:
            raise KeyPairInTheWay(name)
        if (there.version.chain, there.trusted) == (found, delivery.trusted):
            return there
    version = NewVersion(Reason.SUPPLIED, found, None, _digest(delivery.data))
    detail = {"view": View.CURRENT, "trusted": delivery.trusted}
    with steward.writing(caller) as writing:
        if there is None:
            new = NewEntry(
                *(name, EntryType.CERTIFICATE, Owner.PROVIDER, Usage.TLS_CLIENT, delivery.trusted)
            )
            entry_id = writing.create_entry(new, version)
            chain = {"chain": _fingerprints(found)}
            writing.audit(_SUPPLIED, name, entry_id, 1, {**detail, **chain})
        else:
            writing.replace_chain(Base.of(there), version, detail)
            writing.describe(there.id, there.usage, trusted=delivery.trusted)
    return steward.store.get_entry(steward.keystore_id, name)


def _is_certificate(data: bytes) -> bool:
    """Tell whether a file holds certificates and no private key beside them."""
    try:
        return not responses.read(data).private_key_found
    except Problem:
        return False


def _chain_of(file: KeyFile, now: datetime) -> tuple[Certificate, ...]:
    verifier = Verifier()
    spki = public_keys.spki(file.key.public_key())
    chosen = chains.choose_certificate(file.certificates, frozenset({spki}), now, verifier)
    if chosen is None:
        raise CertificateUnreadable(
            "The file holds a key without its certificate, and none was given with it."
        )
    return chains.build_chain(chosen, file.certificates, now, verifier).certificates


def _digest(data: bytes) -> Fingerprint:
    return Fingerprint(hashlib.sha256(data).hexdigest())


def _fingerprints(chain: tuple[Certificate, ...]) -> list[Fingerprint]:
    return [certificate.fingerprint for certificate in chain]
