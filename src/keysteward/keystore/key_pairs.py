"""Key pairs come into being: generated, added from a file, or renewed with a new key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from keysteward.entries import Caller, Entry, EntryType, Reason, Version
from keysteward.keystore import aliases
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.pki import chains, contents, key_pairs, private_keys, public_keys, subjects
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.chains import Verifier
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import KeySpec, PrivateKey
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import AliasExists, CertificateOfAnotherKey, PendingKeyExists
from keysteward.sealing.sealer import SealedKey, SealingContext
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.storage.transaction import Transaction
from keysteward.values import Alias, Secret


@dataclass(frozen=True, slots=True)
class PlaceholderWish:
    """What the self-signed certificate of a generated key shall say; None leaves the default."""

    subject: Subject
    san: Sequence[str] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    hash_name: str | None = None


def generate_key_pair(
    steward: Steward,
    caller: Caller,
    alias: str,
    spec: KeySpec,
    wish: PlaceholderWish,
    *,
    usage: Usage = Usage.TLS_CLIENT,
) -> Entry:
    """Make a key pair with a self-signed placeholder certificate under a new alias.

    Raises AliasExists, AliasInvalid, AliasReserved, SubjectInvalid, ValidityInvalid,
    KeyTypeUnsupported.
    """
    with steward.recording_refusals(caller, "generate", alias):
        name = aliases.new_alias(alias, caller)
        content = Content(subjects.build_name(wish.subject), subjects.build_san(wish.san), usage)
        validity = key_pairs.build_validity(steward.clock(), wish.not_before, wish.not_after)
        # Found out before the key is made, which can take seconds.
        key_pairs.signature_hash(spec.key_type, wish.hash_name)
        contents.extensions(content, spec.key_type)
        _require_free(steward, name)
        key = key_pairs.generate(spec)
        placeholder = read_certificate(
            key_pairs.build_placeholder(key, content, validity, wish.hash_name)
        )
        with steward.writing(caller) as writing:
            key_id = store_key(steward, writing, key, placeholder)
            entry_id = writing.create_entry(
                NewEntry(name, EntryType.KEY_PAIR, caller.owner, usage),
                NewVersion(Reason.GENERATED, (placeholder,), key_id),
            )
            writing.audit("generate", name, entry_id, 1, {"key": str(placeholder.key)})
    return steward.store.get_entry(steward.keystore_id, name)


def add_key_pair(
    steward: Steward,
    caller: Caller,
    alias: str,
    data: bytes,
    *,
    password: Secret | None = None,
    certificates: Sequence[Certificate] = (),
    usage: Usage = Usage.TLS_CLIENT,
) -> Entry:
    """Take an existing private key into the keystore under a new alias.

    ``certificates`` hold its certificate and chain in any order; those that lie in the key's own
    file count as well. Without any the key gets a placeholder with an empty subject: nothing is
    known of it yet.

    Raises AliasExists, AliasInvalid, AliasReserved, PrivateKeyUnreadable, KeyTypeUnsupported,
    CertificateOfAnotherKey, and the chain's problems.
    """
    with steward.recording_refusals(caller, "add-key-pair", alias):
        name = aliases.new_alias(alias, caller)
        _require_free(steward, name)
        imported = private_keys.read_private_key(data, password)
        chain = _chain_of(
            imported.key, (*certificates, *imported.certificates), usage, steward.clock()
        )
        with steward.writing(caller) as writing:
            key_id = store_key(steward, writing, imported.key, chain[0])
            entry_id = writing.create_entry(
                NewEntry(name, EntryType.KEY_PAIR, caller.owner, usage),
                NewVersion(Reason.UPLOADED, chain, key_id),
            )
            writing.audit("add-key-pair", name, entry_id, 1, {"key": str(chain[0].key)})
    return steward.store.get_entry(steward.keystore_id, name)


def renew_key_pair(
    steward: Steward,
    caller: Caller,
    alias: str,
    spec: KeySpec | None = None,
    *,
    replace: bool = False,
) -> Entry:
    """Make a pending key pair under the same alias; the live one stays until its response comes.

    Subject, alternative names and usage are taken over, and the kind of key unless ``spec`` says
    otherwise. ``replace`` gives up a pending key that is there already; it stays in the versions.

    Raises PendingKeyExists, AliasNotFound, NotAKeyPair, EntryOwnedByProvider.
    """
    with steward.recording_refusals(caller, "renew", alias):
        entry = steward.store.get_entry(steward.keystore_id, alias)
        steward.require_right(entry, caller)
        require_key_pair(entry)
        if entry.pending is not None and not replace:
            raise PendingKeyExists(entry.alias, entry.pending.number)
        current = entry.version.certificate
        content = contents.of_certificate(current, entry.usage)
        key = key_pairs.generate(spec or key_pairs.spec_of(current.key))
        validity = key_pairs.build_validity(steward.clock())
        placeholder = read_certificate(key_pairs.build_placeholder(key, content, validity))
        with steward.writing(caller) as writing:
            key_id = store_key(steward, writing, key, placeholder)
            number = writing.set_pending(
                Base.of(entry), NewVersion(Reason.RENEWAL, (placeholder,), key_id)
            )
            writing.audit("renew", entry.alias, entry.id, number, {"key": str(placeholder.key)})
    return steward.store.get_entry(steward.keystore_id, entry.alias)


def _require_free(steward: Steward, alias: Alias) -> None:
    """Refuse a taken alias before the slow part; the transaction looks again."""
    if steward.store.find_entry(steward.keystore_id, alias) is not None:
        raise AliasExists(alias)


def store_key(
    steward: Steward, writing: Transaction, key: PrivateKey, certificate: Certificate
) -> int:
    """Seal a key that belongs to a certificate, unless it is known, and return its row's id."""
    pkcs8 = private_keys.to_pkcs8(key)

    def seal(context: SealingContext) -> SealedKey:
        return steward.sealer.seal(pkcs8, context)

    return writing.add_private_key(certificate.public_key_sha256, seal)


def _chain_of(
    key: PrivateKey, given: Sequence[Certificate], usage: Usage, now: datetime
) -> tuple[Certificate, ...]:
    """Return the chain for the key, or a placeholder without subject if none is given."""
    if not given:
        content = Content(x509.Name([]), None, usage)
        validity = key_pairs.build_validity(now)
        return (read_certificate(key_pairs.build_placeholder(key, content, validity)),)
    spki = public_keys.spki(key.public_key())
    verifier = Verifier()
    chosen = chains.choose_certificate(given, frozenset({spki}), now, verifier)
    if chosen is None:
        raise CertificateOfAnotherKey(given[0].subject)
    return chains.build_chain(chosen, given, now, verifier).certificates


def unseal_private_key(steward: Steward, version: Version) -> Secret:
    """Return the clear private key (PKCS#8 DER) of a key pair's version.

    For what signs requests and opens connections; the bytes live in memory alone. Raises
    SealedKeyDamaged if the sealed key was altered.
    """
    if version.private_key_id is None:
        raise TypeError("a key pair's version without a private key")
    sealed, context = steward.store.get_private_key(version.private_key_id)
    return steward.sealer.unseal(sealed, context)
