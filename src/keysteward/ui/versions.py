"""Versions of an entry: two of them side by side, and the way back to one."""

from functools import partial

from keysteward.entries import Version
from keysteward.keystore import signing_responses, versions
from keysteward.keystore.trust import Consent
from keysteward.problems import OVERRIDES, FieldInvalid, RequestInvalid, VersionNotFound
from keysteward.rights import Permission
from keysteward.storage.records import Base
from keysteward.ui import entry_places, plans, shell
from keysteward.ui.entry_places import Place
from keysteward.ui.routing import ENTRY, Leave, Page, Routes, Visit
from keysteward.ui.wording import overrides, words
from keysteward.values import Fingerprint

ROLLBACK = f"{ENTRY}/rollback/{{number}}"

_MOST_DIGITS = 18

routes = Routes()


def _compare(tab: str, visit: Visit) -> Page:
    """Show two versions side by side, the older one first."""
    place = entry_places.find(visit, tab)
    numbers = sorted(_number(place, visit.query.get(name, "")) for name in ("a", "b"))
    old, new = (_version(visit, place, number) for number in numbers)
    return Page(
        "compare.html",
        {
            "place": place,
            "old": old,
            "new": new,
            "rows": plans.compare(old.chain, new.chain),
            "word": lambda value: words.of(value, visit.language.code),
        },
    )


for _tab, _path in entry_places.PLACES.items():
    if _tab != "backup":
        routes.get(f"{_path}/compare", Permission.MONITORING_DATA_READ)(partial(_compare, _tab))


@routes.get(ROLLBACK, Permission.SECURITY_MATERIAL_EDIT)
def rollback_dialog(visit: Visit) -> Page:
    """Show what rolling back would do, with everything overridden that it asks for."""
    place = entry_places.find(visit, "current")
    number = _number(place, visit.path["number"])
    plan = versions.plan_rollback(
        visit.steward, visit.caller, visit.alias, number, Consent(OVERRIDES)
    )
    language = visit.language.code
    now = visit.steward.clock()
    return Page(
        "rollback.html",
        {
            "place": place,
            "number": number,
            "plan": plans.show(plan, place.entry.version.chain, now, language),
            "asked": [(slug, overrides.accepted(slug, language)) for slug in plan.overridden],
        },
    )


@routes.post(ROLLBACK, Permission.SECURITY_MATERIAL_EDIT)
def roll_back(visit: Visit) -> Leave:
    """Make an older version current again, exactly as its plan was shown."""
    place = entry_places.find(visit, "current")
    number = _number(place, visit.path["number"])
    accepted = frozenset(visit.form.all("override"))
    note = visit.form.optional("note")
    if accepted and note is None:
        raise FieldInvalid("note", "Say why: what is overridden is kept with its reason.")
    done = versions.roll_back(
        *(visit.steward, visit.caller, visit.alias, number, Consent(accepted)),
        note=note,
        accept=signing_responses.expect(None, Fingerprint(visit.form.required("digest"))),
    )
    said = visit.text(
        "{alias} has the content of version {number} again, as version {new}.",
        alias=visit.alias,
        number=number,
        new=done.version,
    )
    return Leave(shell.entry_address(visit.keystore, visit.alias), said)


def _number(place: Place, text: str) -> int:
    """Return the number of a version. Raises RequestInvalid for what is no number."""
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    raise RequestInvalid(f"Name versions of {place.entry.alias!r} by their numbers.")


def _version(visit: Visit, place: Place, number: int) -> Version:
    if number == 0:
        raise VersionNotFound(place.entry.alias, number)
    return visit.steward.store.get_version(Base.of(place.entry), number)
