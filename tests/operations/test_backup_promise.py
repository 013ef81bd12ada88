"""A backup, a thousand random changes, a restore: everything is as it was, and nothing is lost."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509

from keysteward.entries import Caller, Entry, EntryType, Owner, Reason
from keysteward.keystore import audit, backups, key_pairs, lifecycle, versions
from keysteward.keystore.intake import Mode
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.values import Fingerprint
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, PROVIDER, TENANT, Clock

CHANGES = 1000
ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
SPEC = parse_key_spec("ec", None, "P-256")
ALIASES = tuple(f"alias {number}" for number in range(24))
PROVIDERS = tuple(f"sap_{number}" for number in range(4))

Chain = tuple[Fingerprint, ...]


@dataclass
class Walk:
    """Random changes of a keystore, and the chains that each entry of the tenant ever had."""

    steward: Steward
    clock: Clock
    chance: random.Random
    chains: dict[int, set[Chain]] = field(default_factory=dict)
    """By the id of the entry; a purged one's are forgotten."""
    done: dict[str, int] = field(default_factory=dict)

    def change(self) -> None:
        """Make one change; what cannot be done now is drawn again."""
        names = list(_WEIGHTS)
        while True:
            (name,) = self.chance.choices(names, list(_WEIGHTS.values()))
            self.clock.advance(seconds=1)
            if _CHANGES[name](self):
                self.done[name] = self.done.get(name, 0) + 1
                return

    def living(self, owner: Owner = Owner.TENANT, *, pairs: bool = False) -> Entry | None:
        """Return any living entry of an owner, or None if there is none."""
        own = PROVIDERS if owner is Owner.PROVIDER else ALIASES
        present = self.steward.store.list_aliases(self.steward.keystore_id, "", 1000)
        for alias in self.chance.sample(present, len(present)):
            entry = self.steward.store.get_entry(self.steward.keystore_id, alias)
            if alias in own and (not pairs or entry.type is EntryType.KEY_PAIR):
                return entry
        return None

    def free(self, aliases: tuple[str, ...] = ALIASES) -> str | None:
        """Return any alias that no living entry has, or None if all are taken."""
        present = set(self.steward.store.list_aliases(self.steward.keystore_id, "", 1000))
        left = [alias for alias in aliases if alias not in present]
        return self.chance.choice(left) if left else None

    def note(self, alias: str) -> bool:
        """Keep in mind what chains an entry has now."""
        entry = self.steward.store.get_entry(self.steward.keystore_id, alias)
        known = self.chains.setdefault(entry.id, set())
        known |= {_prints(v.chain) for v in (entry.version, entry.pending) if v is not None}
        return True


def _prints(chain: tuple[Certificate, ...]) -> Chain:
    return tuple(certificate.fingerprint for certificate in chain)


def _certified(subject: str, certificate: Certificate) -> Issued:
    key = x509.load_der_x509_certificate(certificate.der).public_key()
    return issue(subject, issuer=CA, public_key=key, eku=("clientAuth",))


def _generate(walk: Walk, caller: Caller = TENANT) -> bool:
    alias = walk.free(PROVIDERS if caller is PROVIDER else ALIASES)
    if alias is None:
        return False
    wish = PlaceholderWish(Subject(alias))
    key_pairs.generate_key_pair(walk.steward, caller, alias, SPEC, wish)
    return caller is PROVIDER or walk.note(alias)


def _add_certificate(walk: Walk) -> bool:
    alias = walk.free()
    if alias is None:
        return False
    trusted = walk.chance.random() < 0.5
    steward_.add_anchor(walk.steward, alias, walk.chance.choice((ROOT, CA)), trusted=trusted)
    return walk.note(alias)


def _upload(walk: Walk) -> bool:
    entry = walk.living(pairs=True)
    if entry is None:
        return False
    target = entry.pending if entry.pending and walk.chance.random() < 0.5 else entry.version
    chain = (_certified(entry.alias, target.certificate), CA, ROOT)
    steward_.upload(walk.steward, entry.alias, *chain)
    return walk.note(entry.alias)


def _renew(walk: Walk) -> bool:
    entry = walk.living(pairs=True)
    if entry is None:
        return False
    key_pairs.renew_key_pair(walk.steward, TENANT, entry.alias, SPEC, replace=True)
    return walk.note(entry.alias)


def _roll_back(walk: Walk) -> bool:
    entry = walk.living(pairs=True)
    if entry is None:
        return False
    now = (entry.version.chain, entry.version.private_key_id)
    numbers = [
        v.number
        for v in walk.steward.store.list_versions(entry)
        if v.reason is not Reason.RENEWAL and (v.chain, v.private_key_id) != now
    ]
    if not numbers:
        return False
    versions.roll_back(walk.steward, TENANT, entry.alias, walk.chance.choice(numbers), PLAIN)
    return walk.note(entry.alias)


def _rename(walk: Walk) -> bool:
    entry, new = walk.living(), walk.free()
    if entry is None or new is None:
        return False
    lifecycle.rename_entry(walk.steward, TENANT, entry.alias, new)
    return walk.note(new)


def _delete(walk: Walk) -> bool:
    entry = walk.living()
    if entry is None:
        return False
    lifecycle.delete_entry(walk.steward, TENANT, entry.alias)
    return True


def _undelete(walk: Walk) -> bool:
    alias = walk.free()
    store, keystore_id = walk.steward.store, walk.steward.keystore_id
    if alias is None or store.find_deleted(keystore_id, alias) is None:
        return False
    lifecycle.undelete_entry(walk.steward, TENANT, alias)
    return walk.note(alias)


def _purge(walk: Walk) -> bool:
    entry = walk.living()
    if entry is None:
        return False
    lifecycle.purge_entry(walk.steward, TENANT, entry.alias, entry.alias)
    del walk.chains[entry.id]
    return True


def _create_backup(walk: Walk) -> bool:
    backups.create_backup(walk.steward, TENANT)
    return True


def _delete_backup(walk: Walk) -> bool:
    found = walk.steward.store.list_backups(walk.steward.keystore_id)
    others = [backup.name for backup in found if backup.name != "the one"]
    if not others:
        return False
    backups.delete_backup(walk.steward, TENANT, walk.chance.choice(others))
    return True


def _restore_some(walk: Walk) -> bool:
    found = walk.steward.store.list_backups(walk.steward.keystore_id)
    backup = walk.chance.choice(found)
    held = [entry.alias for entry in backups.look_into(walk.steward, backup)]
    if not held:
        return False
    chosen = walk.chance.sample(held, min(2, len(held)))
    mode = walk.chance.choice((Mode.ADD, Mode.OVERWRITE))
    plan = backups.restore(walk.steward, TENANT, backup.name, chosen, mode)
    for alias in chosen:
        walk.note(alias)
    return plan.changes_anything


def _change_providers(walk: Walk) -> bool:
    if walk.chance.random() < 0.4:
        return _generate(walk, PROVIDER)
    entry = walk.living(Owner.PROVIDER)
    if entry is None:
        return False
    new = walk.free(PROVIDERS)
    step = walk.chance.randrange(3)
    if step == 0:
        lifecycle.delete_entry(walk.steward, PROVIDER, entry.alias)
    elif step == 1 and new is not None:
        lifecycle.rename_entry(walk.steward, PROVIDER, entry.alias, new)
    else:
        key_pairs.renew_key_pair(walk.steward, PROVIDER, entry.alias, SPEC, replace=True)
    return True


_CHANGES: dict[str, Callable[[Walk], bool]] = {
    "generate": _generate,
    "add certificate": _add_certificate,
    "upload": _upload,
    "renew": _renew,
    "roll back": _roll_back,
    "rename": _rename,
    "delete": _delete,
    "undelete": _undelete,
    "purge": _purge,
    "create backup": _create_backup,
    "delete backup": _delete_backup,
    "restore some": _restore_some,
    "change the provider's": _change_providers,
}
_WEIGHTS = {
    name: 2 if name in ("generate", "upload", "add certificate") else 1 for name in _CHANGES
}


def _contents(steward: Steward) -> dict[str, object]:
    """Return every byte of the tenant's entries that a restore has to bring back."""
    found: dict[str, object] = {}
    for state in steward.store.list_states(steward.keystore_id):
        entry = steward.store.get_entry(steward.keystore_id, state.alias)
        if entry.owner is Owner.TENANT:
            both = [v for v in (entry.version, entry.pending) if v is not None]
            found[entry.alias] = (
                entry.type,
                entry.usage,
                entry.trusted,
                [[certificate.der for certificate in v.chain] for v in both],
                [
                    key_pairs.unseal_private_key(steward, v).reveal()
                    for v in both
                    if entry.type is EntryType.KEY_PAIR
                ],
            )
    return found


def _providers(steward: Steward) -> list[Entry]:
    states = steward.store.list_states(steward.keystore_id)
    aliases = [state.alias for state in states if state.owner is Owner.PROVIDER]
    return [steward.store.get_entry(steward.keystore_id, alias) for alias in aliases]


def _lost(walk: Walk) -> list[tuple[int, Chain]]:
    """Return the chains that their entry, living or deleted, does not have among its versions."""
    lost = []
    for entry_id, chains in walk.chains.items():
        entry = walk.steward.store.find_by_id(entry_id)
        assert entry is not None
        found = {_prints(version.chain) for version in walk.steward.store.list_versions(entry)}
        lost += [(entry_id, chain) for chain in chains - found]
    return lost


def test_restore_after_a_thousand_changes_is_the_backup_again(
    steward: Steward, clock: Clock
) -> None:
    """Byte for byte, keys and pending keys included; the provider's untouched; nothing lost."""
    walk = Walk(steward, clock, random.Random(1))
    for _ in range(14):
        _generate(walk)
    for _ in range(3):
        _add_certificate(walk)
        _renew(walk)
        _upload(walk)
        _generate(walk, PROVIDER)
    backup = backups.create_backup(steward, TENANT, "the one")
    then = _contents(steward)
    assert 17 == backup.size == len(then)

    for _ in range(CHANGES):
        walk.change()
    assert CHANGES == sum(walk.done.values())
    assert _CHANGES.keys() == walk.done.keys()
    assert then != _contents(steward)
    assert [] == _lost(walk)

    providers = _providers(steward)
    backups.restore(steward, TENANT, "the one", None, Mode.REPLACE)
    assert then == _contents(steward)
    assert providers == _providers(steward)
    assert [] == _lost(walk)
    assert () == backups.compare(steward, backup).differences
    assert audit.verify_chain(steward, None).clean
