"""CertificateChainResources: a signing response takes effect, the main job of a keystore."""

from keysteward.keystore import aliases, signing_responses
from keysteward.keystore.downloads import DownloadKind
from keysteward.keystore.signing_responses import Uploaded
from keysteward.odata import model
from keysteward.odata.changing import answers, uploads
from keysteward.odata.contract import Answer, BodyLimit, Call
from keysteward.odata.entities import Entity
from keysteward.odata.formats.writers import Content
from keysteward.odata.paths import Key
from keysteward.odata.reading import media, sources
from keysteward.problems import RequestInvalid, SigningResponseTooLarge
from keysteward.settings import Settings
from keysteward.web import conditions

_TRIES = 5
"""Of an upload that loses against writers of other processes."""


def find(call: Call, key: Key) -> Entity:
    """Return what is said of an entry's chain. Raises RequestInvalid at an address of its own."""
    _require_navigation(call)
    return media.entity(call, key, model.CERTIFICATE_CHAIN_RESOURCE)


def content(call: Call, key: Key) -> Content:
    """Return the chain as PKCS#7 in PEM. Raises as ``find``."""
    _require_navigation(call)
    return media.content(call, key, DownloadKind.P7B)


def limit(settings: Settings, media_type: str) -> BodyLimit:
    """Return the limit of a signing response."""
    most = settings.response_limit_bytes
    return uploads.limit(media_type, most, SigningResponseTooLarge(most))


def update(call: Call) -> Answer:
    """Give a key pair the certificate and chain of a signing response.

    Raises what ``upload_signing_response`` does; EntryChanged for an If-Match that names another
    state, and without one if other writers were faster each time.
    """
    sources.require_system(call)
    alias = call.alias
    aliases.require_own(alias, call.caller)
    data, consent = uploads.read(call), uploads.consent(call)
    call.told["upload"] = "reject"
    uploaded = signing_responses.upload_signing_response(
        *(answers.guarded(call), call.caller, alias, data, consent),
        tries=1 if call.if_match is not None else _TRIES,
    )
    call.told["upload"] = uploaded.plan.outcome
    return answers.changed(call, _etag(call, uploaded))


def _etag(call: Call, uploaded: Uploaded) -> str | None:
    """Return the ETag that the entry has now; asked for again only if a key was pending."""
    plan = uploaded.plan
    if plan.base_pending is None:
        return conditions.etag(plan.entry_id, uploaded.version, None)
    entry = call.steward.store.find_by_id(plan.entry_id)
    return None if entry is None else conditions.etag_of(entry)


def _require_navigation(call: Call) -> None:
    if call.resource.navigation is None:
        address = "KeystoreEntries('…')/ChainResource/$value"
        raise RequestInvalid(f"A chain is read at {address}; this address only takes one.")
