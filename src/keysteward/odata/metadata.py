"""``$metadata``: the model as EDMX 1.0 (CSDL 2.0), with base types or with all of them flattened.

Associations and sets are the same in both. Names that are not known of SAP's document (the
container's, those of the association sets) are ours.
"""

from collections.abc import Iterable
from functools import cache

from keysteward.odata import edm, model
from keysteward.odata.edm import Association, End, EntityType, Navigation, Property
from keysteward.odata.writers import Content
from keysteward.odata.xml_text import DECLARATION, attributes

_EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
_METADATA = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_CSDL = "http://schemas.microsoft.com/ado/2008/09/edm"
_CONTAINER = "SecurityContent"


@cache
def document(*, flat: bool = False) -> Content:
    """Return the document; flat ones are for clients that ignore the attribute BaseType."""
    types = (each for each in model.ENTITY_TYPES if not flat or each.name in model.SETS_OF_TYPES)
    schema = "".join(
        (
            *(_entity_type(each, flat=flat) for each in types),
            *map(_association, model.ASSOCIATIONS),
            _container(),
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


def _entity_type(entity_type: EntityType, *, flat: bool) -> str:
    named = {"Name": entity_type.name}
    if entity_type.base is not None and not flat:
        named["BaseType"] = entity_type.base.qualified_name
    if entity_type.has_stream:
        named["m:HasStream"] = "true"
    key = entity_type.key if flat else entity_type.declared_key
    properties: Iterable[Property] = entity_type.properties
    navigations: Iterable[Navigation] = entity_type.navigations
    if flat:
        properties = edm.properties_of(entity_type).values()
        # A navigation starts at its association's own type; an inherited one would need another.
        navigations = entity_type.navigations
    parts = (*map(_property, properties), *map(_navigation, navigations))
    references = "".join(f"<PropertyRef{attributes({'Name': name})}/>" for name in key)
    written_key = f"<Key>{references}</Key>" if key else ""
    return f"<EntityType{attributes(named)}>{written_key}{''.join(parts)}</EntityType>"


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


def _container() -> str:
    sets = "".join(
        f"<EntitySet{attributes({'Name': each.name, 'EntityType': each.type.qualified_name})}/>"
        for each in model.ENTITY_SETS
    )
    named = {"Name": _CONTAINER, "m:IsDefaultEntityContainer": "true"}
    association_sets = "".join(map(_association_set, model.ASSOCIATIONS))
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
