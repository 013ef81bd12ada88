"""Several keystores in one installation, and entries copied from one to another."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from keysteward.entries import Action, Caller, Entry, EntryType, Owner, Reason
from keysteward.keystore import intake, key_pairs, names
from keysteward.keystore.intake import Arrival, Decision, Intake, Mode, Status
from keysteward.keystore.steward import Steward, require_administrator
from keysteward.problems import AliasExists, EntryOwnedByProvider
from keysteward.storage.audit import DONE, AuditEvent

_ANOTHER = "Give the copy another alias"
_IF_TAKEN = f"{_ANOTHER}, or have that entry overwritten."


def create_keystore(steward: Steward, caller: Caller, name: str) -> int:
    """Make another, empty tenant keystore in this installation, and return its id.

    Raises InstallationOwnedByTenant, NameInvalid, NameTaken.
    """
    with steward.recording_refusals(caller, Action.KEYSTORE_CREATED, None):
        require_administrator(caller)
        names.require_name(name)
        return steward.store.create_keystore(name, caller.name, steward.clock(), steward.receipt)


def steward_of(steward: Steward, name: str) -> Steward:
    """Return a steward of another keystore of the same installation. Raises KeystoreUnknown."""
    return replace(
        steward,
        keystore_id=steward.store.get_keystore(name),
        settings=replace(steward.settings, keystore=name),
    )


def plan_copy(
    steward: Steward,
    caller: Caller,
    aliases: Mapping[str, str],
    target: Steward,
    *,
    overwrite: bool = False,
) -> Intake:
    """Return what a copy would make of each entry in the target; nothing is stored.

    What ``copy_entries`` would refuse of a single entry is its decision's problem.

    Args:
        steward: where the entries are.
        caller: who; the tenant administrator, whose entries they are.
        aliases: from the alias here to the alias there.
        target: where the copies come to; may be the same keystore, for other aliases.
        overwrite: entries that are there get the content of the copy as a new version.

    Raises AliasNotFound, EntryOwnedByProvider, EntryOwnedByTenant for an entry that is not the
    caller's to copy, AliasExists for two that would get one alias, or one that would get its own.
    """
    return _plan(steward, caller, aliases, target, overwrite=overwrite)[0]


def copy_entries(
    steward: Steward,
    caller: Caller,
    aliases: Mapping[str, str],
    target: Steward,
    *,
    overwrite: bool = False,
    accept: Callable[[Intake], None] = lambda plan: None,
) -> Intake:
    """Copy current entries to a keystore of the same installation: all of them, or none.

    A copy has the current chain, key, usage and mark of trust; versions, pending key and signing
    requests stay behind. A private key is opened in memory alone and sealed anew for the target.
    Both keystores' audit logs tell of it. The plan is handed to ``accept`` before anything is
    written, which may raise to refuse it.

    Raises what ``plan_copy`` does or has among its decisions (AliasExists unless ``overwrite``,
    KeyPairInTheWay, AliasInvalid, …), KeystoreTooLarge, and EntryChanged if another writer of the
    target was faster.
    """
    with steward.recording_refusals(caller, Action.COPIED_TO, None):
        plan, entries = _plan(steward, caller, aliases, target, overwrite=overwrite)
        for problem in (decision.problem for decision in plan.decisions):
            if problem is not None:
                raise problem
        accept(plan)
        if plan.changes_anything:
            opened = tuple(_opened(steward, entries, decision) for decision in plan.decisions)
            source, destination = steward.settings.keystore, target.settings.keystore
            with target.writing(caller) as writing:
                detail = {"from": source, "aliases": dict(aliases)}
                intake.carry_out(
                    *(target, writing, replace(plan, decisions=opened), Reason.COPIED, detail),
                    note=f"from {source}",
                )
                left = {"to": destination, "aliases": dict(aliases)}
                event = AuditEvent(Action.COPIED_TO, DONE, None, None, None, left)
                writing.audit_all([event], steward.keystore_id)
    return plan


def _plan(
    steward: Steward,
    caller: Caller,
    aliases: Mapping[str, str],
    target: Steward,
    *,
    overwrite: bool,
) -> tuple[Intake, dict[str, Entry]]:
    """Return the plan, and the entries by their aliases in the target; no key is opened yet."""
    entries = {}
    for alias, new in aliases.items():
        entry = steward.store.get_entry(steward.keystore_id, alias)
        steward.require_right(entry, caller)
        if entry.owner is Owner.PROVIDER:
            raise EntryOwnedByProvider(entry.alias, steward.settings.provider)
        if new in entries or (target.keystore_id, new) == (steward.keystore_id, alias):
            raise AliasExists(new, remedy=f"{_ANOTHER}.")
        entries[new] = entry
    arrivals = [
        Arrival(new, e.version.chain, e.type, e.usage, e.trusted) for new, e in entries.items()
    ]
    mode = Mode.OVERWRITE if overwrite else Mode.ADD
    return intake.plan(target, caller, arrivals, mode, if_taken=_IF_TAKEN), entries


def _opened(steward: Steward, entries: Mapping[str, Entry], decision: Decision) -> Decision:
    """Return a decision whose key pair, if it is to be written, has its private key in clear."""
    arrival = decision.arrival
    writes = decision.status in (Status.NEW, Status.CHANGED)
    if arrival is None or arrival.type is not EntryType.KEY_PAIR or not writes:
        return decision
    pkcs8 = key_pairs.unseal_private_key(steward, entries[decision.alias].version)
    return replace(decision, arrival=replace(arrival, pkcs8=pkcs8))
