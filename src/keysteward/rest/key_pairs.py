"""Key pairs: generated, given a new key, and the requests with which a CA certifies them."""

from keysteward.formats import file_names
from keysteward.keystore import key_pairs, signing_requests
from keysteward.keystore.signing_requests import RequestWish
from keysteward.pki import requests
from keysteward.problems import AliasNotFound
from keysteward.rest import models
from keysteward.rest.entries import EDIT, READ, shown
from keysteward.rest.routing import ENTRY, KEYSTORE, Answer, Call, Content, Routes
from keysteward.rest.wishes import NewKeyPair, Renewal, RequestWanted

routes = Routes("Key pairs", "Private keys that are made here and never leave.")


def _generated(call: Call[None, NewKeyPair]) -> Answer[models.Entry]:
    return shown(call, call.steward.store.get_entry(call.steward.keystore_id, call.body.alias))


@routes.on("POST", f"{KEYSTORE}/key-pairs", EDIT, status=201, slow=True, again=_generated)
def generate_key_pair(call: Call[None, NewKeyPair]) -> Answer[models.Entry]:
    """Make a key pair with a self-signed placeholder certificate under a new alias."""
    wanted = call.body
    made = key_pairs.generate_key_pair(
        *(call.steward, call.caller, wanted.alias, wanted.spec, wanted.wish), usage=wanted.usage
    )
    return shown(call, made)


def _renewed(call: Call[None, Renewal]) -> Answer[models.Entry]:
    return shown(call, call.steward.store.get_entry(call.steward.keystore_id, call.alias))


@routes.on("POST", f"{ENTRY}/renew", EDIT, slow=True, again=_renewed)
def renew_key_pair(call: Call[None, Renewal]) -> Answer[models.Entry]:
    """Make a pending key under the same alias; the live one stays until its response comes."""
    wanted = call.body
    return shown(
        call,
        key_pairs.renew_key_pair(
            *(call.steward, call.caller, call.alias, wanted.spec), replace=wanted.replace
        ),
    )


def _written(call: Call[None, RequestWanted]) -> Answer[Content]:
    entry = call.steward.store.get_entry(call.steward.keystore_id, call.alias)
    found = call.steward.store.list_requests(entry.id)
    if not found:
        raise AliasNotFound(call.alias, call.steward.settings.keystore)
    return _pem(call.alias, requests.to_pem(found[-1].der))


@routes.on(
    "POST",
    f"{ENTRY}/signing-requests",
    READ,
    status=201,
    again=_written,
    media_types=("application/pkcs10",),
)
def write_signing_request(call: Call[None, RequestWanted]) -> Answer[Content]:
    """Write a signing request (PKCS#10 in PEM) for the pending key, else for the current one.

    It says what the key's certificate says unless the body says otherwise. It is recorded, and the
    entry waits for its response.
    """
    wanted = call.body
    wish = RequestWish(
        subject=wanted.subject.subject,
        san=wanted.san,
        usage=wanted.usage,
        hash_name=wanted.hash,
        of_current_key=wanted.current_key,
    )
    pem = signing_requests.write_signing_request(call.steward, call.caller, call.alias, wish)
    return _pem(call.alias, pem)


def _pem(alias: str, pem: bytes) -> Answer[Content]:
    name = file_names.safe_file_name(alias, ".csr")
    disposition = {"Content-Disposition": file_names.content_disposition(name)}
    return Answer(Content("application/pkcs10", pem), headers=disposition)
