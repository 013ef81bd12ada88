"""``$metadata``: the model as EDMX 1.0 (CSDL 2.0), with base types or with all of them flattened.

In the flattened document a type that inherits navigations has associations of its own for them.
Names that are not known of SAP's document (the container's, those of the association sets) are
ours.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from keysteward.odata import edm, model
from keysteward.odata.edm import Association, End, EntityType, Navigation, Property
from keysteward.odata.formats.writers import Content
from keysteward.odata.formats.xml_text import DECLARATION, attributes

_EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
_METADATA = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_CSDL = "http://schemas.microsoft.com/ado/2008/09/edm"
_CONTAINER = "SecurityContent"


@cache
def document(*, flat: bool = False) -> Content:
    """Return the document; flat ones are for clients that ignore the attribute BaseType."""
    types = model.ENTITY_TYPES
    associations = model.ASSOCIATIONS
    if flat:
        types = tuple(_flattened(each.type) for each in model.ENTITY_SETS)
        associations += tuple(
            _inherited(each.type, navigation)
            for each in model.ENTITY_SETS
            for navigation in _inherited_navigations(each.type)
        )
    schema = "".join(
        (
            *map(_entity_type, types),
            *map(_association, associations),
            _container(associations),
        )
    )
    services = attributes({"m:DataServiceVersion": "2.0", "xmlns:m": _METADATA})
    text = (
        f"{DECLARATION}<edmx:Edmx{attributes({'Version': '1.0', 'xmlns:edmx': _EDMX})}>"
        f"<edmx:DataServices{services}>"
        f"<Schema{attributes({'Namespace': edm.NAMESPACE, 'xmlns': _CSDL})}>{schema}</Schema>"
        "</edmx:DataServices></edmx:Edmx>"
    )
    return Content(text.encode(), "application/xml;charset=utf-8")


def _flattened(entity_type: EntityType) -> EntityType:
    """Return a type that declares itself what it otherwise inherits."""
    navigations = (
        *entity_type.navigations,
        *(
            replace(each, association=_inherited(entity_type, each).name)
            for each in _inherited_navigations(entity_type)
        ),
    )
    return EntityType(
        entity_type.name,
        declared_key=entity_type.key,
        properties=tuple(edm.properties_of(entity_type).values()),
        navigations=navigations,
        has_stream=entity_type.has_stream,
    )


def _inherited_navigations(entity_type: EntityType) -> tuple[Navigation, ...]:
    every = edm.navigations_of(entity_type).values()
    return tuple(each for each in every if each not in entity_type.navigations)


def _inherited(entity_type: EntityType, navigation: Navigation) -> Association:
    """Return the association of a type's own for a navigation of its base type."""
    original = next(each for each in model.ASSOCIATIONS if each.name == navigation.association)
    first, second = (
        replace(end, type=entity_type.name) if end.role == navigation.source_role else end
        for end in original.ends
    )
    return Association(f"{entity_type.name}_{navigation.name}", (first, second))


def _entity_type(entity_type: EntityType) -> str:
    named = {"Name": entity_type.name}
    if entity_type.base is not None:
        named["BaseType"] = entity_type.base.qualified_name
    if entity_type.has_stream:
        named["m:HasStream"] = "true"
    references = "".join(
        f"<PropertyRef{attributes({'Name': name})}/>" for name in entity_type.declared_key
    )
    key = f"<Key>{references}</Key>" if references else ""
    properties = "".join(map(_property, entity_type.properties))
    navigations = "".join(map(_navigation, entity_type.navigations))
    return f"<EntityType{attributes(named)}>{key}{properties}{navigations}</EntityType>"


def _property(property_: Property) -> str:
    named = {"Name": property_.name, "Type": property_.type.value}
    named["Nullable"] = "true" if property_.nullable else "false"
    if property_.max_length is not None:
        named["MaxLength"] = str(property_.max_length)
    return f"<Property{attributes(named)}/>"


def _navigation(navigation: Navigation) -> str:
    named = {
        "Name": navigation.name,
        "Relationship": f"{edm.NAMESPACE}.{navigation.association}",
        "FromRole": navigation.source_role,
        "ToRole": navigation.target_role,
    }
    return f"<NavigationProperty{attributes(named)}/>"


def _association(association: Association) -> str:
    ends = "".join(map(_end, association.ends))
    return f"<Association{attributes({'Name': association.name})}>{ends}</Association>"


def _end(end: End) -> str:
    named = {"Type": f"{edm.NAMESPACE}.{end.type}"}
    named.update(Multiplicity="*" if end.many else "0..1", Role=end.role)
    return f"<End{attributes(named)}/>"


def _container(associations: Iterable[Association]) -> str:
    sets = "".join(
        f"<EntitySet{attributes({'Name': each.name, 'EntityType': each.type.qualified_name})}/>"
        for each in model.ENTITY_SETS
    )
    named = {"Name": _CONTAINER, "m:IsDefaultEntityContainer": "true"}
    association_sets = "".join(map(_association_set, associations))
    return f"<EntityContainer{attributes(named)}>{sets}{association_sets}</EntityContainer>"


def _association_set(association: Association) -> str:
    named = {
        "Name": f"{association.name}Set",
        "Association": f"{edm.NAMESPACE}.{association.name}",
    }
    ends = "".join(
        f"<End{attributes({'EntitySet': model.SETS_OF_TYPES[end.type].name, 'Role': end.role})}/>"
        for end in association.ends
    )
    return f"<AssociationSet{attributes(named)}>{ends}</AssociationSet>"
