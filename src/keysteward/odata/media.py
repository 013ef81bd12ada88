"""The public content of one entry as media entities: certificate, chain, request, SSH key."""

from keysteward.keystore import downloads
from keysteward.keystore.downloads import DownloadKind
from keysteward.odata import contract, model, sources
from keysteward.odata.contract import Call
from keysteward.odata.edm import EntityType
from keysteward.odata.entities import Entity, Value
from keysteward.odata.paths import Key
from keysteward.odata.writers import Content
from keysteward.storage import sap_texts


def content(call: Call, key: Key, kind: DownloadKind) -> Content:
    """Return the bytes of one form of an entry's content. Raises AliasNotFound."""
    place = sources.of_call(call)
    entry = sources.get_entry(call.steward, place, contract.alias_of(key))
    found = downloads.download(call.steward, call.caller, entry, kind)
    return Content(found.content, found.media_type)


def entity(call: Call, key: Key, entity_type: EntityType, media_type: str) -> Entity:
    """Return what is said of the content beside it. Raises AliasNotFound."""
    place = sources.of_call(call)
    alias = sources.find(call.steward, place, contract.alias_of(key)).alias
    values: dict[str, Value] = {"Hexalias": sap_texts.hexalias(alias)}
    if entity_type is not model.CERTIFICATE_SIGNING_REQUEST:
        values["Alias"] = alias
    return Entity(entity_type, values, query=place.query, content_type=media_type)
