"""What entities lead to, read along with them: each address in an answer leads somewhere."""

from collections.abc import Iterator

import pytest

from keysteward.entries import View
from keysteward.keystore.steward import Steward
from tests import pki_maker, providers
from tests import steward as steward_
from tests.odata import face
from tests.odata.face import Client, entry
from tests.pki_maker import issue

NAVIGATIONS = "ChainCertificates,Certificate,Sshkey,Keystore,ChainResource,SigningRequest"


@pytest.fixture
def everywhere(client: Client, steward: Steward) -> None:
    """Put an entry into each of SAP's keystores, and one into the history."""
    steward_.add(steward, "shop", issue("shop", pki_maker.make_key("rsa2048")))
    made = client.post("KeystoreResources", {"Name": "backup_admin_system"})
    assert made.status_code == 200, made.text
    for name, view in (("one", View.CURRENT), ("two", View.NEW)):
        leaf = providers.leaf(name, not_after=pki_maker.NOT_AFTER)
        providers.supply(steward, leaf, view=view)
    renewal = f"{entry(providers.ALIAS)}?keystoreName=KeyRenewal&activate=true"
    assert client.delete(renewal).status_code == 204
    restored = entry(f"[1]_{providers.ALIAS}", "HistoryKeystoreEntries")
    assert client.put(f"{restored}?copy=true", json={"Status": None}).status_code == 204


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize(
    "address",
    [
        f"{entry('shop')}?",
        "KeystoreEntries?$filter=Alias eq 'shop'&",
        "KeystoreEntries?keystoreName=backup_admin_system&",
        "KeystoreEntries?keystoreName=KeyRenewal&",
        "Keystores('KeyRenewal')/Entries?",
        "HistoryKeystoreEntries?",
    ],
)
def test_every_navigation_is_expanded_and_each_address_leads_on(
    client: Client, address: str
) -> None:
    """In every keystore; what only takes a chain, or a keystore without a page, says so."""
    answer = client.get(f"{address}$expand={NAVIGATIONS}")
    assert answer.status_code == 200, answer.text
    found = answer.json()["d"]
    one = found["results"][0] if "results" in found else found
    assert one["Alias"] == one["ChainResource"]["Alias"] == one["Certificate"]["Alias"]
    addresses = set(_addresses(one))
    assert len(addresses) > 8
    statuses = {each: client.get(each.removeprefix(face.ROOT)).status_code for each in addresses}
    refused = {each.removeprefix(face.ROOT) for each, status in statuses.items() if status != 200}
    assert all(_is_documented(each) for each in refused), refused


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("name", ["system", "backup_admin_system", "KeyRenewal"])
def test_entries_expanded_of_a_keystore_expand_what_is_theirs(client: Client, name: str) -> None:
    """The content of the keystore that was asked for, not that of the current one."""
    answer = client.get(f"Keystores('{name}')?$expand=Entries/Certificate,Entries/ChainResource")
    (one, *_) = answer.json()["d"]["Entries"]["results"]
    source = one["Certificate"]["__metadata"]["media_src"].removeprefix(face.ROOT)
    plain = f"KeystoreEntries('{one['Hexalias']}')/Certificate/$value?keystoreName={name}"
    assert client.get(plain).content == client.get(source).content
    chain = one["ChainResource"]["__metadata"]["media_src"].removeprefix(face.ROOT)
    assert "application/pkcs7-mime" == client.get(chain).headers["content-type"]


def _addresses(value: object) -> Iterator[str]:
    """Yield each address in an entity and in what is expanded of it."""
    if isinstance(value, list):
        for each in value:
            yield from _addresses(each)
    elif isinstance(value, dict):
        metadata = value.get("__metadata", {})
        yield from (metadata[name] for name in ("uri", "media_src") if name in metadata)
        deferred = value.get("__deferred")
        if deferred:
            yield deferred["uri"]
        for name, each in value.items():
            if name not in ("__metadata", "__deferred"):
                yield from _addresses(each)


def _is_documented(address: str) -> bool:
    """Return whether the contract refuses a read: chains, the history, requests of others."""
    if address.startswith("CertificateChainResources(") and "/" not in address:
        return True
    if address.startswith("Keystores('KeyHistory')"):
        return True
    request = address.startswith("CertificateSigningRequests(")
    return request and "/$value?keystoreName=" in address
