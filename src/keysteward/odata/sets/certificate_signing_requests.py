"""CertificateSigningRequests: a request is built, signed and recorded with each reading."""

from keysteward.keystore import signing_requests
from keysteward.keystore.signing_requests import RequestWish
from keysteward.odata import contract, model
from keysteward.odata.changing import answers
from keysteward.odata.contract import Call
from keysteward.odata.entities import Entity
from keysteward.odata.formats.writers import Content
from keysteward.odata.paths import Key
from keysteward.odata.reading import media, sources
from keysteward.pki.subjects import Subject

_MEDIA_TYPE = media.MEDIA_TYPES[model.CERTIFICATE_SIGNING_REQUEST.name]


def find(call: Call, key: Key) -> Entity:
    """Return what is said of an entry's signing request; none is made yet. Raises AliasNotFound."""
    return media.entity(call, key, model.CERTIFICATE_SIGNING_REQUEST)


def content(call: Call, key: Key) -> Content:
    """Return a new request in PEM; from now on the entry waits for its response.

    It is for the pending key if there is one. For HEAD none is made. Raises AliasNotFound,
    NotAKeyPair, SigningRequestNotAvailable.
    """
    sources.require_system(call)
    alias = contract.alias_of(key)
    if call.head:
        find(call, key)
        return Content(b"", _MEDIA_TYPE)
    pem = answers.tried(
        call,
        lambda: signing_requests.write_signing_request(
            call.steward, call.caller, alias, RequestWish(Subject())
        ),
    )
    return Content(pem, _MEDIA_TYPE)
