"""The shape of an answer: which properties it has, which navigations are expanded in it."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache

from keysteward.odata import edm, model
from keysteward.odata.edm import EntityType, Navigation, Property
from keysteward.odata.query.options import Path
from keysteward.problems import RequestInvalid


@dataclass(frozen=True, slots=True)
class Shape:
    """What is written of entities of one type; all in the order of the type."""

    type: EntityType
    properties: tuple[Property, ...]
    deferred: tuple[Navigation, ...]
    """Navigations of which only the address is written."""
    expanded: tuple[tuple[Navigation, "Shape"], ...]

    def of(self, navigation: str) -> "Shape | None":
        """Return the shape of an expanded navigation, None if it is not expanded."""
        return next((shape for each, shape in self.expanded if each.name == navigation), None)


@cache
def whole(entity_type: EntityType) -> Shape:
    """Return the shape of an answer to which no option was given, the same one each time."""
    return build(entity_type, (), ())


def build(
    entity_type: EntityType,
    select: tuple[Path, ...],
    expand: tuple[Path, ...],
    passed: tuple[EntityType, ...] = (),
) -> Shape:
    """Return the shape that ``$select`` and ``$expand`` ask for.

    A selected navigation is expanded if ``$expand`` names it, and is an address otherwise; an
    expanded one that is not selected is left out (OData V2, "URI Conventions", section 4.8).

    ``passed`` are the types on the way here. Raises RequestInvalid for a name that the type does
    not have, and for an expansion that would multiply the answer.
    """
    properties = edm.properties_of(entity_type)
    navigations = edm.navigations_of(entity_type)
    _require_known(select, {"*", *properties, *navigations}, entity_type, "$select")
    _require_known([path for path in select if len(path) > 1], navigations, entity_type, "$select")
    _require_known(expand, navigations, entity_type, "$expand")
    selected = {path[0] for path in select}
    to_expand = {path[0] for path in expand}
    for name in to_expand:
        _require_linear(navigations[name], (*passed, entity_type))
    wanted = [each for name, each in navigations.items() if not select or name in selected]
    everything = not select or "*" in selected
    return Shape(
        entity_type,
        tuple(each for name, each in properties.items() if everything or name in selected),
        deferred=tuple(each for each in wanted if each.name not in to_expand),
        expanded=tuple(
            (each, _inner(each, select, expand, (*passed, entity_type)))
            for each in wanted
            if each.name in to_expand
        ),
    )


def _inner(
    navigation: Navigation,
    select: tuple[Path, ...],
    expand: tuple[Path, ...],
    passed: tuple[EntityType, ...],
) -> Shape:
    """Return the shape of what a navigation leads to; selected as a whole it has everything."""
    whole_one = (navigation.name,) in select
    return build(
        model.target_of(navigation).type,
        () if whole_one else _behind(navigation, select),
        _behind(navigation, expand),
        passed,
    )


def _require_linear(navigation: Navigation, passed: tuple[EntityType, ...]) -> None:
    """Refuse what would make an answer grow faster than the keystore.

    That is to come back to a type, and to go from each of many entities to their one keystore and
    from there to all of its entries again.
    """
    if any(navigation.target == each.name for each in passed):
        raise RequestInvalid(f"$expand: {navigation.name} leads back to where it comes from.")
    if navigation.many and passed[-1] is model.KEYSTORE and len(passed) > 1:
        raise RequestInvalid(f"$expand: {navigation.name} only if the address names the keystore.")


def _behind(navigation: Navigation, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(path[1:] for path in paths if path[0] == navigation.name and len(path) > 1)


def _require_known(
    paths: Iterable[Path], known: Container[str], entity_type: EntityType, option: str
) -> None:
    for name, *_ in paths:
        if name not in known:
            raise RequestInvalid(f"{option}: {entity_type.name} has no {name[:60]!r} there.")
