"""The page of one entry: its chain with the attributes of each certificate, and its past."""

from functools import partial

from keysteward.entries import ChainState, View
from keysteward.keystore import lifecycle, roots, trust
from keysteward.pki.certificates import Certificate
from keysteward.problems import RootMissing
from keysteward.rights import Permission
from keysteward.ui import actions, certificates, entry_places, plans, shell
from keysteward.ui.actions import Facts, Offer, Surroundings
from keysteward.ui.certificates import Attribute
from keysteward.ui.entry_places import Place
from keysteward.ui.routing import ENTRY, Leave, Page, Routes, Visit
from keysteward.ui.wording import words

routes = Routes()


def _show(tab: str, visit: Visit) -> Page:
    """Show an entry; ``?element=N`` selects a certificate, counted from 1 at the end entity."""
    place = entry_places.find(visit, tab)
    store, entry = visit.steward.store, place.entry
    chain = entry.version.chain
    chosen = _element(visit, len(chain))
    links = tuple(reversed(plans.show_chain(chain, visit.steward.clock())))
    past = place.tab != "backup"
    offers = _offers(visit, place)
    return Page(
        "entry.html",
        {
            "place": place,
            "entry": entry,
            "offers": {offer.path: offer for offer in offers},
            "why": partial(actions.said, text=visit.text),
            "reasons": _reasons(visit, offers),
            "facts": _facts(visit, place),
            "links": links,
            "names": tuple(map(certificates.short_name, chain)),
            "chosen": chosen,
            "link": links[chosen],
            "groups": certificates.groups(visit, place, chain[chosen]),
            "pem": certificates.pem(chain[chosen]),
            "same": _elsewhere(visit, place, chain[chosen]),
            "requests": tuple(reversed(store.list_requests(entry.id))) if past else (),
            "versions": place.versions(visit),
            "word": lambda value: words.of(value, visit.language.code),
            "state_of": partial(plans.state_of, now=visit.steward.clock()),
        },
        parts={"element": "entry_element.html"},
    )


for _tab, _path in entry_places.PLACES.items():
    routes.get(_path, Permission.MONITORING_DATA_READ)(partial(_show, _tab))


@routes.post(f"{ENTRY}/restore", Permission.SECURITY_MATERIAL_EDIT)
def restore(visit: Visit) -> Leave:
    """Bring the entry back that was deleted last under the alias."""
    entry = lifecycle.undelete_entry(visit.steward, visit.caller, visit.alias)
    said = visit.text("{alias} is restored.", alias=entry.alias)
    # With a query, because without one the browser stays where "deleted" is asked for.
    return Leave(f"{shell.entry_address(visit.keystore, entry.alias)}?element=1", said)


def _element(visit: Visit, elements: int) -> int:
    """Return the index of the certificate that is asked for; the first one if there is none."""
    asked = visit.query.get("element", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 5 and 0 < int(asked) <= elements:
        return int(asked) - 1
    return 0


def _elsewhere(visit: Visit, place: Place, certificate: Certificate) -> list[str]:
    """Return the aliases of other entries that are this very certificate."""
    found = visit.steward.store.find_aliases_of(place.entry.keystore_id, certificate)
    return [alias for alias in found if not (place.living and alias == place.entry.alias)]


def _offers(visit: Visit, place: Place) -> tuple[Offer, ...]:
    if place.deleted:
        return ()
    entry = place.entry
    facts = Facts(
        alias=entry.alias,
        type=entry.type,
        owner=entry.owner,
        key=entry.version.certificate.key,
        has_root=_has_root(visit, place),
        pending=entry.pending is not None,
        view=None if place.backup else entry.view,
    )
    around = Surroundings(
        permissions=visit.principal.permissions,
        provider=visit.steward.settings.provider,
        keystores=len(visit.keystores),
    )
    return tuple(offer for group in actions.offers(facts, around) for offer in group)


def _reasons(visit: Visit, offers: tuple[Offer, ...]) -> tuple[tuple[str, list[str]], ...]:
    """Return why something cannot be done, each reason with the labels of what it is about."""
    found: dict[str, list[str]] = {}
    for offer in offers:
        if offer.reason:
            why = actions.said(offer, visit.text)
            found.setdefault(why, []).append(actions.labelled(offer, visit))
    return tuple(found.items())


def _has_root(visit: Visit, place: Place) -> bool:
    try:
        roots.get_root(visit.steward, place.entry)
    except RootMissing:
        return False
    return True


def _facts(visit: Visit, place: Place) -> tuple[Attribute, ...]:
    """Return what is said of the entry as a whole."""
    entry, language = place.entry, visit.language.code
    type_ = Attribute(visit.text("Entry Type"), (words.of(entry.type, language),))
    if not place.is_key_pair:
        trusted = _trust_of_certificate(visit, place)
        return type_, Attribute(visit.text("Trusted"), (trusted,))
    chain = entry.version.chain
    state = ChainState.of(chain)
    facts: tuple[Attribute, ...] = (
        type_,
        Attribute(visit.text("Usage"), (words.of(entry.usage, language),)),
        Attribute(visit.text("Certificate chain"), (words.of(state, language),)),
    )
    if state is not ChainState.SELF_SIGNED:
        trusted = _trust_of_chain(visit, place)
        facts = (*facts, Attribute(visit.text("Trusted"), (trusted,)))
    return *facts, *_activation(visit, place)


def _activation(visit: Visit, place: Place) -> tuple[Attribute, ...]:
    """Return when a key of the history was active, and who saw to that."""
    if place.tab != View.HISTORY:
        return ()
    catalogue, entry = visit.steward.store.catalogue, place.entry
    found = catalogue.find(entry.keystore_id, View.HISTORY, entry.alias)
    if found is None or found.activation is None:
        return ()
    active = found.activation
    return (
        Attribute(visit.text("Active From"), moment=active.active_from),
        Attribute(visit.text("Active Until"), moment=active.active_until),
        Attribute(visit.text("Activated By"), (active.activated_by,)),
        Attribute(visit.text("Deactivated By"), (active.deactivated_by,)),
    )


def _trust_of_certificate(visit: Visit, place: Place) -> str:
    if place.entry.trusted:
        return visit.text("yes: chains may end in it")
    return visit.text("no: it only completes chains")


def _trust_of_chain(visit: Visit, place: Place) -> str:
    if trust.is_trusted(visit.steward, place.entry.version.chain, ()):
        return visit.text("yes: the chain ends in a certificate that the keystore trusts")
    return visit.text("no: the keystore does not have the chain's end among what it trusts")
