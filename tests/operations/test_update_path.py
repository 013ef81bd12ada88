"""No private key is loaded on the way from a signing response to the new chain: counted."""

import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from keysteward.keystore import key_pairs, signing_requests, signing_responses, versions
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.pki import private_keys
from keysteward.pki.subjects import Subject
from keysteward.problems import Problem, PublicKeyMismatch
from keysteward.sealing.sealer import Sealer
from keysteward.storage.store import Store
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, TENANT, VERIFIED

ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
KEY = pki_maker.make_key("rsa2048")

_LOADERS = (
    (serialization, "load_der_private_key"),
    (serialization, "load_pem_private_key"),
    (serialization, "load_ssh_private_key"),
    (private_keys, "from_pkcs8"),
    (private_keys, "read_private_key"),
    (Sealer, "unseal"),
    (Store, "get_private_key"),
    (ssl.SSLContext, "load_cert_chain"),
)


@pytest.fixture
def loads(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the entry "client" with a recorded request, then note each load of a private key."""
    steward_.add(steward, "client", issue("client", KEY))
    steward_.ask(steward, "client")
    noted: list[str] = []
    for owner, name in _LOADERS:
        monkeypatch.setattr(owner, name, _noting(getattr(owner, name), name, noted))
    return noted


def _noting(function: object, name: str, noted: list[str]) -> object:
    assert callable(function)

    def loader(*arguments: object, **named: object) -> object:
        noted.append(name)
        return function(*arguments, **named)

    return loader


def _response() -> tuple[Issued, ...]:
    return issue("client", KEY, CA, eku=("clientAuth",)), CA, ROOT


def test_update_loads_no_private_key(steward: Steward, loads: list[str]) -> None:
    """Neither plan nor upload nor repeated upload nor rollback open or unseal a key of ours.

    The trial of what TLS takes loads a throw-away key of the same kind, which is none of ours; it
    is made once per kind of key, before the count.
    """
    steward_.upload(steward, "client", *_response())
    del loads[:]
    response = _response()
    data = b"".join(one.pem for one in response)
    signing_responses.plan_signing_response(steward, TENANT, "client", data, VERIFIED)
    steward_.upload(steward, "client", *response)
    steward_.upload(steward, "client", *response, consent=PLAIN)
    versions.roll_back(steward, TENANT, "client", 2, PLAIN)
    assert [] == loads


def test_first_update_unseals_no_private_key(steward: Steward, loads: list[str]) -> None:
    """Not even for the trial of what TLS takes is the entry's own key opened."""
    steward_.upload(steward, "client", *_response())
    assert {"unseal", "get_private_key", "from_pkcs8"}.isdisjoint(loads)


def test_refused_update_loads_no_private_key(steward: Steward, loads: list[str]) -> None:
    """Nor does a response for another key, nor a file with a private key in it."""
    other = issue("other", issuer=CA)
    with pytest.raises(PublicKeyMismatch):
        steward_.upload(steward, "client", other, CA, ROOT)
    for data in (other.key_pem(), other.pem + other.key_pem()):
        with pytest.raises(Problem):
            signing_responses.upload_signing_response(steward, TENANT, "client", data, VERIFIED)
    assert [] == loads


def test_counting_counts(steward: Steward, loads: list[str]) -> None:
    """A signing request does open the key, and the count sees it."""
    signing_requests.write_signing_request(steward, TENANT, "client", RequestWish(Subject()))
    assert {"unseal", "get_private_key", "from_pkcs8"} <= set(loads)
    entry = steward.store.get_entry(steward.keystore_id, "client")
    del loads[:]
    key_pairs.unseal_private_key(steward, entry.version)
    assert ["get_private_key", "unseal"] == loads
