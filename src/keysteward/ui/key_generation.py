"""Create: key pairs and SSH keys that are made here; and the new key of a renewal.

Labels, what has to be typed, and what is proposed are SAP's. Kinds of keys that SAP does not offer
stand under Advanced.
"""

from datetime import UTC, datetime, time

from keysteward.entries import Entry
from keysteward.keystore import aliases, key_pairs, ssh_keys
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.steward import require_key_pair
from keysteward.pki.key_pairs import DEFAULT_YEARS, build_validity
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import FieldInvalid
from keysteward.rights import Permission
from keysteward.ui import key_choices, shell
from keysteward.ui.forms import Form
from keysteward.ui.language import later
from keysteward.ui.routing import ENTRY, KEYSTORE, Leave, Page, Routes, Visit

routes = Routes()

KEY_PAIR = f"{KEYSTORE}/create/key-pair"
SSH_KEY = f"{KEYSTORE}/create/ssh-key"
RENEWAL = f"{ENTRY}/renew"

_EDIT = Permission.SECURITY_MATERIAL_EDIT

_LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


@routes.get(KEY_PAIR, _EDIT)
def key_pair_dialog(visit: Visit) -> Page:
    """Ask what the new key pair shall be."""
    return Page("create_key_pair.html", _proposals(visit, DEFAULT_YEARS, Usage.TLS_CLIENT))


@routes.post(KEY_PAIR, _EDIT, slow=True)
def create_key_pair(visit: Visit) -> Leave:
    """Make a key pair, whose page offers its signing request then."""
    form = visit.form
    alias, spec = form.required("alias"), key_choices.spec_of(form)
    made = key_pairs.generate_key_pair(
        *(visit.steward, visit.caller, alias, spec, _wish(visit, DEFAULT_YEARS)),
        usage=_usage(form),
    )
    return _made(visit, made, later("Key pair {alias} is created."))


@routes.get(SSH_KEY, _EDIT)
def ssh_key_dialog(visit: Visit) -> Page:
    """Ask what the new SSH key shall be."""
    return Page("create_ssh_key.html", _proposals(visit, ssh_keys.YEARS, Usage.SSH))


@routes.post(SSH_KEY, _EDIT, slow=True)
def create_ssh_key(visit: Visit) -> Leave:
    """Make an SSH key, under SAP's alias for its type unless another one is typed."""
    spec = key_choices.spec_of(visit.form)
    made = key_pairs.generate_key_pair(
        *(visit.steward, visit.caller, visit.form.text("alias") or f"id_{spec.type}", spec),
        _wish(visit, ssh_keys.YEARS),
        usage=Usage.SSH,
    )
    return _made(visit, made, later("SSH key {alias} is created."))


@routes.get(RENEWAL, _EDIT)
def renewal_dialog(visit: Visit) -> Page:
    """Ask for the kind of the new key. Raises for what has none: certificates, the provider's."""
    entry = visit.steward.store.get_entry(visit.steward.keystore_id, visit.alias)
    visit.steward.require_right(entry, visit.caller)
    require_key_pair(entry)
    address = f"{shell.entry_address(visit.keystore, entry.alias)}/renew"
    choices = key_choices.choices_for(entry.usage, visit.steward.clock())
    return Page("renew.html", {"entry": entry, "address": address, "choices": choices})


@routes.post(RENEWAL, _EDIT, slow=True)
def renew(visit: Visit) -> Leave:
    """Make a new key that waits for its response beside the current one."""
    form = visit.form
    spec = key_choices.spec_of(form) if key_choices.type_of(form) else None
    renewed = key_pairs.renew_key_pair(
        *(visit.steward, visit.caller, visit.alias, spec), replace=form.ticked("replace")
    )
    return _made(
        visit, renewed, later("{alias} has a new key pair, which waits beside the current one.")
    )


def _subject(form: Form) -> Subject:
    """Return the subject that was typed. Raises FieldInvalid without name or country."""
    return Subject(
        common_name=form.required("cn"),
        organizational_unit=form.optional("ou"),
        organization=form.optional("o"),
        locality=form.optional("l"),
        state=form.optional("st"),
        country=form.required("c"),
        email=form.optional("email"),
    )


def _proposals(visit: Visit, years: int, usage: Usage) -> dict[str, object]:
    now = visit.steward.clock()
    proposed = build_validity(now, years=years)
    return {
        "choices": key_choices.choices_for(usage, now),
        "usages": [usage for usage in Usage if usage is not Usage.SSH],
        "longest": aliases.MOST_CHARACTERS,
        "not_before": proposed.not_before.date().isoformat(),
        "not_after": proposed.not_after.date().isoformat(),
    }


def _wish(visit: Visit, years: int) -> PlaceholderWish:
    """Return what the certificate shall say.

    The proposed days stand for this very moment and the one so many years later; another day is
    valid from its beginning, and until its end, in UTC. Raises FieldInvalid.
    """
    form, subject = visit.form, _subject(visit.form)
    start, end = _day(form, "not_before"), _day(form, "not_after")
    now = visit.steward.clock()
    not_before = None if start is None or start.date() == now.date() else start
    not_after = build_validity(now, not_before, years=years).not_after
    if end is not None and end.date() != not_after.date():
        not_after = datetime.combine(end.date(), _LAST_SECOND)
    hash_name = key_choices.hash_of(form)
    return PlaceholderWish(subject, form.lines("san"), not_before, not_after, hash_name)


def _day(form: Form, name: str) -> datetime | None:
    """Return the beginning of a day, in UTC; None if none was typed. Raises FieldInvalid."""
    typed = form.text(name)
    if not typed:
        return None
    try:
        return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise FieldInvalid(name, "Write the day as in 2030-12-31.") from error


def _usage(form: Form) -> Usage:
    try:
        return Usage(form.text("usage") or Usage.TLS_CLIENT)
    except ValueError as error:
        raise FieldInvalid("usage", "Choose one of the usages.") from error


def _made(visit: Visit, entry: Entry, message: str) -> Leave:
    said = visit.text(message, alias=entry.alias)
    return Leave(shell.entry_address(visit.keystore, entry.alias), said)
