"""The public content of one entry as media entities: certificate, chain, request, SSH key."""

from keysteward.keystore import downloads
from keysteward.keystore.downloads import DownloadKind
from keysteward.odata import contract, model
from keysteward.odata.contract import Call
from keysteward.odata.edm import EntityType
from keysteward.odata.entities import Entity, Value
from keysteward.odata.formats.writers import Content
from keysteward.odata.paths import Key
from keysteward.odata.reading import sources
from keysteward.odata.reading.sources import Place
from keysteward.storage import sap_texts

MEDIA_TYPES = {
    model.CERTIFICATE_RESOURCE.name: "application/pkix-cert",
    model.CERTIFICATE_CHAIN_RESOURCE.name: "application/pkcs7-mime",
    model.CERTIFICATE_SIGNING_REQUEST.name: "application/pkcs10",
    model.SSH_KEY_RESOURCE.name: "text/plain",
}
"""What the content of a media entity is, by the name of its type."""


def content(call: Call, key: Key, kind: DownloadKind) -> Content:
    """Return the bytes of one form of an entry's content. Raises AliasNotFound."""
    place = sources.of_call(call)
    entry = sources.get_entry(call.steward, place, contract.alias_of(key))
    found = downloads.download(call.steward, call.caller, entry, kind)
    return Content(found.content, found.media_type)


def entity(call: Call, key: Key, entity_type: EntityType) -> Entity:
    """Return what is said of the content beside it. Raises AliasNotFound."""
    place = sources.of_call(call)
    alias = sources.find(call.steward, place, contract.alias_of(key)).alias
    return of_alias(alias, place, entity_type)


def of_alias(alias: str, place: Place, entity_type: EntityType) -> Entity:
    """Return the same of an entry that is known to be there."""
    hexalias = sap_texts.hexalias(alias)
    values: dict[str, Value] = {"Hexalias": hexalias}
    if entity_type is not model.CERTIFICATE_SIGNING_REQUEST:
        values["Alias"] = alias
    source = None
    if entity_type is model.CERTIFICATE_CHAIN_RESOURCE:
        # Its own address only takes a chain, as SAP's.
        source = f"KeystoreEntries('{hexalias}')/ChainResource/$value{place.query}"
    media_type = MEDIA_TYPES[entity_type.name]
    return Entity(
        entity_type, values, query=place.query, content_type=media_type, content_path=source
    )
