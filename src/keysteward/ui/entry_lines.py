"""Lines of a list of entries: what its columns show, in the words of the page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from babel import numbers

from keysteward.entries import ChainState, EntryType, View
from keysteward.keystore import backups, roots
from keysteward.storage.catalogue import SOON, CatalogueEntry
from keysteward.storage.page_sql import Sort
from keysteward.storage.pages import Count
from keysteward.storage.records import Backup
from keysteward.ui import actions
from keysteward.ui.actions import Facts, Offer, Surroundings
from keysteward.ui.language import later
from keysteward.ui.routing import Visit
from keysteward.ui.wording import words

_DAY = timedelta(days=1)
_WITH_ROOT = frozenset({ChainState.COMPLETE, ChainState.SELF_SIGNED})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list; its label is to be translated."""

    name: str
    label: str
    sort: Sort | None = None


COLUMNS = (
    Column("alias", later("Alias"), Sort.ALIAS),
    Column("type", later("Type"), Sort.TYPE),
    Column("valid-until", later("Valid Until"), Sort.VALID_UNTIL),
    Column("days-left", later("Days Left")),
    Column("modified", later("Last Modified At"), Sort.MODIFIED),
    Column("subject", later("Subject DN"), Sort.SUBJECT),
    Column("issuer", later("Issuer DN"), Sort.ISSUER),
    Column("chain", later("Chain")),
    Column("usage", later("Usage")),
    Column("state", later("State")),
)
"""In their order; the alias and the actions are always shown."""


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate ends, as it is said and coloured."""

    days: int
    """Whole days that are left; below zero those since its end."""
    level: str
    """``ended``, ``soon``, ``early`` (not valid yet) or empty."""
    words: str
    """Empty where the date says enough."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list."""

    entry: CatalogueEntry
    validity: Validity
    type: str
    usage: str
    chain: str
    """Empty for a lone certificate."""
    menu: int
    """Which of the page's menus is its own."""


Menu = tuple[tuple[tuple[Offer, str], ...], ...]
"""The groups of a menu, each offer with the reason why it is not available."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a page. Many of them have the same menu, which is written once."""

    lines: tuple[Line, ...]
    menus: tuple[Menu, ...]


def surroundings(visit: Visit) -> Surroundings:
    """Return what decides about actions besides an entry."""
    return Surroundings(
        visit.principal.permissions, visit.steward.settings.provider, len(visit.keystores)
    )


def lines_of(
    visit: Visit,
    entries: Iterable[CatalogueEntry],
    view: View | None = View.CURRENT,
    backup: Backup | None = None,
    held: Collection[str] = (),
) -> Lines:
    """Return the lines of entries of a view, or of a backup without a view.

    Their menus offer what an entry there has; a deleted one has an empty menu. ``held`` are the
    aliases of new keys that wait for a person.
    """
    around = surroundings(visit)
    found: dict[Menu, int] = {}
    lines = []
    for entry in entries:
        gone = entry.deleted_at is not None
        menu = () if gone else _menu(visit, _facts(visit, entry, view, backup, held), around)
        number = found.setdefault(menu, len(found))
        lines.append(_line(visit, entry, number))
    return Lines(tuple(lines), tuple(found))


def facts_of(
    visit: Visit,
    entry: CatalogueEntry,
    view: View | None = View.CURRENT,
    backup: Backup | None = None,
) -> Facts:
    """Return what decides about the actions of an entry."""
    return Facts(
        entry.alias,
        entry.type,
        entry.owner,
        entry.key,
        has_root=_has_root(visit, entry, view, backup),
        pending=entry.pending is not None,
        view=view,
    )


def _facts(
    visit: Visit,
    entry: CatalogueEntry,
    view: View | None,
    backup: Backup | None,
    held: Collection[str],
) -> Facts:
    facts = facts_of(visit, entry, view, backup)
    return replace(facts, held=entry.alias in held) if view is View.NEW else facts


def counted(visit: Visit, count: Count) -> str:
    """Write a count as the language does, with a plus sign if there may be more."""
    number = numbers.format_decimal(count.number, locale=visit.language.code)
    return f"{number}+" if count.more else number


def validity_of(visit: Visit, not_before: datetime, not_after: datetime) -> Validity:
    """Return how long a certificate is valid yet."""
    left = not_after - visit.steward.clock()
    days = left // _DAY
    if left < timedelta():
        since = -left // _DAY
        if since == 0:
            return Validity(0, "ended", visit.text("Ended today"))
        return Validity(
            -since, "ended", visit.texts("Ended a day ago", "Ended {n} days ago", since)
        )
    if not_before > visit.steward.clock():
        return Validity(days, "early", visit.text("Not valid yet"))
    if left >= SOON:
        return Validity(days, "", "")
    if days == 0:
        return Validity(days, "soon", visit.text("Ends within a day"))
    return Validity(days, "soon", visit.texts("Ends in a day", "Ends in {n} days", days))


def _line(visit: Visit, entry: CatalogueEntry, menu: int) -> Line:
    code = visit.language.code
    return Line(
        entry,
        validity_of(visit, entry.not_before, entry.not_after),
        words.of(entry.type, code),
        # What a lone certificate is used for is known to nobody.
        words.of(entry.usage, code) if entry.type is EntryType.KEY_PAIR else "",
        "" if entry.chain_state is None else words.of(entry.chain_state, code),
        menu,
    )


def _menu(visit: Visit, facts: Facts, around: Surroundings) -> Menu:
    groups = actions.offers(facts, around)
    return tuple(tuple((o, actions.said(o, visit.text)) for o in group) for group in groups)


def _has_root(
    visit: Visit, entry: CatalogueEntry, view: View | None, backup: Backup | None
) -> bool:
    """Tell whether a root can be downloaded; looks for it only if the chain has none."""
    if entry.type is EntryType.CERTIFICATE or entry.chain_state in _WITH_ROOT:
        return True
    steward = visit.steward
    if backup is not None:
        return roots.has_root(steward, backups.get_entry(steward, backup, entry.alias))
    found = steward.store.find_entry(steward.keystore_id, entry.alias, view or View.CURRENT)
    return found is not None and roots.has_root(steward, found)
