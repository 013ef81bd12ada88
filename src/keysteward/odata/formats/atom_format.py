"""Atom of OData V2: answers alone; ``atom_bodies`` reads what clients send.

Source: OData V2, "AtomPub Format". Texts are escaped one by one and nothing else is put in.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from keysteward.odata import entities, model
from keysteward.odata.edm import Navigation, Property
from keysteward.odata.entities import Entity, Feed, Related, Value
from keysteward.odata.errors import ErrorAnswer
from keysteward.odata.formats import literals, moments
from keysteward.odata.formats.writers import Content
from keysteward.odata.formats.xml_text import DECLARATION, attributes, escape
from keysteward.odata.query.shapes import Shape, whole

DATA = "http://schemas.microsoft.com/ado/2007/08/dataservices"
METADATA = f"{DATA}/metadata"
_ATOM = "http://www.w3.org/2005/Atom"
_APP = "http://www.w3.org/2007/app"

_ENTRY = "application/atom+xml;type=entry;charset=utf-8"
_FEED = "application/atom+xml;type=feed;charset=utf-8"
_XML = "application/xml;charset=utf-8"

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Atom demands that every entry says when it was updated (RFC 4287 section 4.2.15)."""


def write_service(root: str) -> Content:
    """Return the AtomPub service document with all entity sets (RFC 5023 section 8)."""
    collections = "".join(
        f'<collection href="{each.name}"><atom:title>{each.name}</atom:title></collection>'
        for each in model.ENTITY_SETS
    )
    names = attributes({"xmlns": _APP, "xmlns:atom": _ATOM, "xml:base": root})
    workspace = f"<workspace><atom:title>Default</atom:title>{collections}</workspace>"
    media_type = "application/atomsvc+xml;charset=utf-8"
    return _content(f"<service{names}>{workspace}</service>", media_type)


def write_entity(entity: Entity, shape: Shape, root: str) -> Content:
    """Return one entity as an entry."""
    return _content(_entry(entity, shape, root, _namespaces(root)), _ENTRY)


def write_feed(feed: Feed, shape: Shape, root: str) -> Content:
    """Return one page of entities as a feed."""
    path = feed.path or model.SETS_OF_TYPES[shape.type.name].name
    return _content(_feed(feed, shape, root, path, _namespaces(root)), _FEED)


def write_property(property_: Property, value: Value) -> Content:
    """Return one property alone."""
    names = attributes({"xmlns:d": DATA, "xmlns:m": METADATA})
    return _content(_property(property_, value, names), _XML)


def write_link(entity: Entity, root: str) -> Content:
    """Return the address of one related entity."""
    return _content(_uri(entity, root, attributes({"xmlns": DATA})), _XML)


def write_links(related: Sequence[Entity], root: str) -> Content:
    """Return the addresses of several related entities."""
    uris = "".join(_uri(each, root) for each in related)
    return _content(f"<links{attributes({'xmlns': DATA})}>{uris}</links>", _XML)


def write_error(error: ErrorAnswer, root: str) -> Content:
    """Return an error; the certificate to be confirmed is an entry in ``innererror``."""
    detail = "".join(
        f"<{name}>{escape(text)}</{name}>"
        for name, text in (
            ("code", error.slug),
            ("message", error.detail),
            ("title", error.title),
            ("override", "true" if error.overridable else "false"),
        )
    )
    top = ""
    if error.top is not None:
        top = _entry(error.top, whole(error.top.type), root, _namespaces(root))
    return _content(
        f"<error{attributes({'xmlns': METADATA})}><code>{escape(error.code)}</code>"
        f'<message xml:lang="en">{escape(error.message)}</message><innererror><errordetails>'
        f"<errordetail>{detail}</errordetail></errordetails>{top}</innererror></error>",
        _XML,
    )


def _content(document: str, media_type: str) -> Content:
    return Content(f"{DECLARATION}{document}".encode(), media_type)


def _namespaces(root: str) -> str:
    return attributes({"xmlns": _ATOM, "xmlns:m": METADATA, "xmlns:d": DATA, "xml:base": root})


def _feed(feed: Feed, shape: Shape, root: str, path: str, names: str = "") -> str:
    name = path.partition("?")[0].rpartition("/")[2]
    updated = max((_updated(each) for each in feed.entities), default=_NEVER)
    count = "" if feed.count is None else f"<m:count>{feed.count}</m:count>"
    following = ""
    if feed.next is not None:
        following = f"<link{attributes({'rel': 'next', 'href': feed.next})}/>"
    entries = "".join(_entry(each, shape, root) for each in feed.entities)
    return (
        f"<feed{names}><id>{escape(root + path)}</id>"
        f'<title type="text">{escape(name)}</title><updated>{moments.iso(updated)}</updated>'
        f"<author><name/></author>{_link('self', name, path)}{count}{entries}{following}</feed>"
    )


def _entry(entity: Entity, shape: Shape, root: str, names: str = "") -> str:
    path = entities.path(entity)
    address = f"{path}{entity.query}"
    etag = "" if entity.etag is None else attributes({"m:etag": entity.etag})
    term = {"term": entity.type.qualified_name, "scheme": f"{DATA}/scheme"}
    expanded = {navigation.name: inner for navigation, inner in shape.expanded}
    navigations = (*(each for each, _ in shape.expanded), *shape.deferred)
    links = "".join(
        _navigation(entity, path, each, expanded.get(each.name), root) for each in navigations
    )
    return (
        f"<entry{names}{etag}><id>{escape(root + address)}</id>"
        f'<title type="text">{escape(_title(entity))}</title>'
        f"<updated>{moments.iso(_updated(entity))}</updated><author><name/></author>"
        f"{_link('edit', entity.type.name, address)}{links}"
        f"<category{attributes(term)}/>{_entry_content(entity, shape, root)}</entry>"
    )


def _entry_content(entity: Entity, shape: Shape, root: str) -> str:
    """Return the properties; those of a media entity stand beside its content, not in it."""
    written = "".join(_property(each, entity.values.get(each.name)) for each in shape.properties)
    properties = f"<m:properties>{written}</m:properties>"
    if entity.content_type is None:
        return f'<content type="application/xml">{properties}</content>'
    source = f"{root}{entities.content_path(entity)}"
    content = attributes({"type": entity.content_type, "src": source})
    own = entities.address("", entity, "/$value")
    edit = attributes({"rel": "edit-media", "type": entity.content_type, "href": own})
    return f"<link{edit}/><content{content}/>{properties}"


def _navigation(
    entity: Entity, path: str, navigation: Navigation, inner: Shape | None, root: str
) -> str:
    kind = "feed" if navigation.many else "entry"
    href = f"{path}/{navigation.name}{entity.query}"
    link = attributes(
        {
            "rel": f"{DATA}/related/{navigation.name}",
            "type": f"application/atom+xml;type={kind}",
            "title": navigation.name,
            "href": href,
        }
    )
    if inner is None:
        return f"<link{link}/>"
    related = entity.related.get(navigation.name)
    return f"<link{link}><m:inline>{_related(related, inner, root, href)}</m:inline></link>"


def _related(related: Related, shape: Shape, root: str, href: str) -> str:
    if related is None:
        return ""
    if isinstance(related, Entity):
        return _entry(related, shape, root)
    return _feed(Feed(related), shape, root, href)


def _link(rel: str, title: str, href: str) -> str:
    return f"<link{attributes({'rel': rel, 'title': title, 'href': href})}/>"


def _property(property_: Property, value: Value, names: str = "") -> str:
    tag = f"d:{property_.name}"
    if value is None:
        return f'<{tag}{names} m:null="true"/>'
    return f"<{tag}{names}>{escape(literals.to_text(value))}</{tag}>"


def _uri(entity: Entity, root: str, names: str = "") -> str:
    return f"<uri{names}>{escape(entities.address(root, entity))}</uri>"


def _title(entity: Entity) -> str:
    return literals.to_text(entity.values.get("Alias") or entity.values.get("Name"))


def _updated(entity: Entity) -> datetime:
    moment = entity.values.get("LastModifiedTime")
    return moment if isinstance(moment, datetime) else _NEVER
