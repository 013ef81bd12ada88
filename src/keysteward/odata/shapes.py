"""The shape of an answer: which properties it has, which navigations are expanded in it."""

from dataclasses import dataclass

from keysteward.odata import edm, model
from keysteward.odata.edm import EntityType, Navigation, Property
from keysteward.odata.options import Path
from keysteward.problems import RequestInvalid

_MOST_LEVELS = 3
"""Navigations that can be expanded one inside another; chains of a keystore's entries take two."""


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


def whole(entity_type: EntityType) -> Shape:
    """Return the shape of an answer to which no option was given."""
    return build(entity_type, (), ())


def build(
    entity_type: EntityType,
    select: tuple[Path, ...],
    expand: tuple[Path, ...],
    level: int = 0,
) -> Shape:
    """Return the shape that ``$select`` and ``$expand`` ask for.

    A selected navigation is expanded if ``$expand`` names it, and is an address otherwise; an
    expanded one that is not selected is left out (OData V2, "URI Conventions", section 4.8).

    Raises RequestInvalid for a name that the type does not have, or too many levels.
    """
    if level > _MOST_LEVELS:
        raise RequestInvalid(f"$expand goes {_MOST_LEVELS} levels deep at most.")
    properties = edm.properties_of(entity_type)
    navigations = edm.navigations_of(entity_type)
    for path in select:
        if path != ("*",) and (len(path) == 1 or path[0] not in navigations):
            _require(path[0], {**properties, **navigations}, entity_type, "$select")
            if len(path) > 1:
                raise RequestInvalid(f"$select: {path[0]} has no properties of its own.")
    for path in expand:
        _require(path[0], navigations, entity_type, "$expand")
    selected = {path[0] for path in select}
    deferred = []
    expanded = []
    for name, navigation in navigations.items():
        if select and name not in selected:
            continue
        inner_expand = tuple(path[1:] for path in expand if path[0] == name and len(path) > 1)
        if any(path[0] == name for path in expand):
            target = model.target_of(navigation).type
            inner_select = tuple(path[1:] for path in select if path[0] == name and len(path) > 1)
            # Selecting the navigation itself asks for all of what it leads to.
            inner_select = () if (name,) in select else inner_select
            expanded.append((navigation, build(target, inner_select, inner_expand, level + 1)))
        else:
            deferred.append(navigation)
    everything = not select or "*" in selected
    return Shape(
        entity_type,
        tuple(each for name, each in properties.items() if everything or name in selected),
        tuple(deferred),
        tuple(expanded),
    )


def _require(name: str, known: object, entity_type: EntityType, option: str) -> None:
    if not isinstance(known, dict) or name not in known:
        raise RequestInvalid(f"{option}: {entity_type.name} has no {name[:60]!r}.")
