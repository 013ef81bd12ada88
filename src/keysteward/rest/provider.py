"""Keys of the provider: supplied, waiting, activated, in the history."""

import hashlib

from keysteward.entries import View
from keysteward.keystore import activations, provider_keys, supplies
from keysteward.keystore.activations import Activated, ActivationPlan
from keysteward.problems import EntryChanged, Problem
from keysteward.rest import errors, models, representations
from keysteward.rest.entries import EDIT, READ, shown
from keysteward.rest.routing import KEYSTORE, Answer, Call, File, Routes
from keysteward.rest.uploads import KEY_PAIR_LIMIT, key_upload
from keysteward.rest.wishes import Activating, Destination, KeyPairFile, Planning, Supplying
from keysteward.rights import Permission

NEW = f"{KEYSTORE}/provider/new"
HISTORY = f"{KEYSTORE}/provider/history"

SUPPLY = Permission.PROVIDER_KEYS_EDIT

routes = Routes("Keys of the provider", "What the provider supplies, and how it becomes active.")


def _supplied(call: Call[Supplying, File | KeyPairFile]) -> Answer[models.StoredEntry]:
    store, asked = call.steward.store, call.query
    entry = store.find_entry(call.steward.keystore_id, asked.alias, asked.view)
    found = entry or store.get_entry(call.steward.keystore_id, asked.alias)
    return _stored(call, supplies.Supplied(found))


def _stored(call: Call[object, object], found: supplies.Supplied) -> Answer[models.StoredEntry]:
    return Answer(
        models.StoredEntry(
            entry=representations.entry(call.steward, found.entry),
            notices=representations.notices(found.notices),
            changed=found.changed,
        )
    )


@routes.on(
    "POST",
    f"{KEYSTORE}/provider/supply",
    SUPPLY,
    status=201,
    limit=KEY_PAIR_LIMIT,
    slow=True,
    again=_supplied,
)
def supply(call: Call[Supplying, File | KeyPairFile]) -> Answer[models.StoredEntry]:
    """Take a key pair or a certificate from the provider, as a new entry or as the next version."""
    asked = call.query
    found = supplies.supply(
        *(call.steward, call.caller, asked.alias),
        key_upload(call.steward, call.body, asked.key),
        view=asked.view,
        usage=asked.usage,
        trusted=asked.trusted,
    )
    return _stored(call, found)


@routes.on("GET", NEW, READ)
def list_new(call: Call[None, None]) -> Answer[models.Page[models.NewKey]]:
    """The keys that wait to be activated, by alias, and from when on that happens by itself."""
    found = provider_keys.list_new(call.steward)
    return Answer(models.Page(items=tuple(map(representations.new_key, found))))


@routes.on("DELETE", f"{NEW}/{{alias}}", SUPPLY)
def withdraw(call: Call[None, None]) -> Answer[models.Destroyed]:
    """Take a new key away before it is activated; its private key is destroyed."""
    destroyed = provider_keys.withdraw(call.steward, call.caller, call.alias)
    return Answer(models.Destroyed(keys_destroyed=destroyed))


def _waiting(call: Call[None, None]) -> Answer[models.Entry]:
    store = call.steward.store
    return shown(call, store.get_entry(call.steward.keystore_id, call.alias, View.NEW))


@routes.on("POST", f"{NEW}/{{alias}}/hold", EDIT, again=_waiting)
def hold(call: Call[None, None]) -> Answer[models.Entry]:
    """Let a new key wait for a person instead of its day."""
    return shown(call, provider_keys.hold(call.steward, call.caller, call.alias))


@routes.on("POST", f"{NEW}/{{alias}}/release", EDIT, again=_waiting)
def release(call: Call[None, None]) -> Answer[models.Entry]:
    """Let a new key wait for its day again."""
    return shown(call, provider_keys.hold(call.steward, call.caller, call.alias, held=False))


@routes.on("GET", HISTORY, READ)
def list_history(call: Call[None, None]) -> Answer[models.Page[models.HistoryKey]]:
    """The keys that were replaced, by original alias and number."""
    found = provider_keys.list_history(call.steward)
    return Answer(models.Page(items=tuple(map(representations.history_key, found))))


def _restored(call: Call[None, Destination]) -> Answer[models.Entry]:
    original = call.alias.partition("]_")[2]
    alias = call.body.destination or original
    store = call.steward.store
    return shown(call, store.get_entry(call.steward.keystore_id, alias, View.NEW))


@routes.on("POST", f"{HISTORY}/{{alias}}/restore", EDIT, status=201, again=_restored)
def restore_from_history(call: Call[None, Destination]) -> Answer[models.Entry]:
    """Copy a replaced key to the new ones, where it waits like any other."""
    return shown(
        call,
        provider_keys.restore(
            call.steward, call.caller, call.alias, destination=call.body.destination
        ),
    )


def _finished(call: Call[Planning, Activating]) -> Answer[models.Activations]:
    """Go on with what an attempt had not come to; what it did is told from what is there."""
    waiting = {new.entry.alias for new in provider_keys.list_new(call.steward)}
    wanted = call.body.aliases
    aliases = _due(call) if wanted is None else tuple(a for a in wanted if a in waiting)
    return _activate(call, aliases, done=tuple(a for a in wanted or () if a not in waiting))


@routes.on("POST", f"{KEYSTORE}/provider/activate", EDIT, again=_finished)
def activate(call: Call[Planning, Activating]) -> Answer[models.Activations]:
    """Make new keys the active ones of their aliases; the pairs before go to the history.

    Each key has a transaction of its own, and one that is refused does not hold up the others. With
    `dry_run` nothing is stored; name the digest to carry out exactly what you have seen.
    """
    wanted = call.body.aliases
    aliases = _due(call) if wanted is None else tuple(dict.fromkeys(wanted))
    plans = [_planned(call, alias) for alias in aliases]
    digest = _digest(plans)
    if call.query.dry_run:
        steps = tuple(_step(alias, plan) for alias, plan in zip(aliases, plans, strict=True))
        return Answer(models.Activations(digest=digest, committed=False, activations=steps))
    if call.query.digest not in (None, digest):
        raise EntryChanged("provider keys", "what would be done is no longer what was shown.")
    return _activate(call, aliases)


def _due(call: Call[object, object]) -> tuple[str, ...]:
    now = call.steward.clock()
    return tuple(
        new.entry.alias
        for new in provider_keys.list_new(call.steward)
        if new.activates_at is not None and new.activates_at <= now
    )


def _planned(call: Call[object, object], alias: str) -> ActivationPlan | Problem:
    try:
        return activations.plan_activation(call.steward, alias)
    except Problem as problem:
        if not problem.refuses:
            raise
        return problem


def _activate(
    call: Call[object, object], aliases: tuple[str, ...], done: tuple[str, ...] = ()
) -> Answer[models.Activations]:
    plans: list[ActivationPlan | Problem] = []
    steps = [_there(call, alias) for alias in done]
    for alias in aliases:
        try:
            found = activations.activate(call.steward, call.caller, alias, accept=plans.append)
            steps.append(_step(alias, found.plan, found))
        except Problem as problem:
            if not problem.refuses:
                raise
            plans.append(problem)
            steps.append(_step(alias, problem))
    return Answer(
        models.Activations(digest=_digest(plans), committed=True, activations=tuple(steps))
    )


def _there(call: Call[object, object], alias: str) -> models.ActivationStep:
    """Return what became of a key that waits no more."""
    try:
        entry = call.steward.store.get_entry(call.steward.keystore_id, alias)
    except Problem as problem:
        return _step(alias, problem)
    return models.ActivationStep(
        alias=alias,
        outcome=None,
        creates=False,
        chain=tuple(map(representations.certificate, entry.version.chain)),
        replaced=None,
        replaced_version=None,
        notices=(),
        version=entry.version.number,
        history_alias=None,
        problem=None,
    )


def _digest(plans: list[ActivationPlan | Problem]) -> str:
    parts = (plan.slug if isinstance(plan, Problem) else plan.digest for plan in plans)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _step(
    alias: str, plan: ActivationPlan | Problem, done: Activated | None = None
) -> models.ActivationStep:
    if isinstance(plan, Problem):
        return models.ActivationStep(
            alias=alias,
            outcome=None,
            creates=False,
            chain=(),
            replaced=None,
            replaced_version=None,
            notices=(),
            version=None,
            history_alias=None,
            problem=errors.inside(plan),
        )
    current = plan.current
    return models.ActivationStep(
        alias=alias,
        outcome=plan.outcome,
        creates=current is None,
        chain=tuple(map(representations.certificate, plan.waiting.version.chain)),
        replaced=None
        if current is None
        else representations.certificate(current.version.certificate),
        replaced_version=None if current is None else current.version.number,
        notices=representations.notices(plan.notices),
        version=None if done is None else done.version,
        history_alias=None if done is None else done.history_alias,
        problem=None,
    )
