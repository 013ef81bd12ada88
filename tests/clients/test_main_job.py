"""Programs that people have do the main job with Keysteward as with SAP's service, unmodified.

Each makes a key pair, has its request signed by a CA of openssl, uploads the answer, renames and
deletes. After each step the keystore itself is asked, by the command line.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import commands, peers
from tests.clients import authority, curl_client, node_client, python_client, terraform_client
from tests.clients.authority import Authority
from tests.clients.contract import ODataClient, Place, RefusedError, Shown
from tests.servers import Server

FORMS = {
    "pyodata": "DER",
    "contiva": "DER",
    "cloud-sdk": "PEM",
    "curl": "PEM",
    "terraform": "bundle",
}
"""The clients, and in which form each gets the CA's answer."""

LIMITED, FIRST_FAILURE = 429, 500


@pytest.fixture(params=FORMS)
def client(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Iterator[ODataClient]:
    """Each client, signed in."""
    if request.param == "pyodata":
        with python_client.connected(place) as made:
            yield made
    elif request.param == "curl":
        yield curl_client.connect(place, tmp_path / "curl")
    elif request.param == "terraform":
        yield terraform_client.connect(place)
    else:
        node_client.require_packages()
        generated = {}
        if request.param == "cloud-sdk":
            folder: Path = request.getfixturevalue("cloud_sdk")
            generated = {"GENERATED": str(folder / "generated" / "keystore" / "index.js")}
        module = node_client.FOLDER / f"{request.param}.mjs"
        with node_client.connected(module, place, tmp_path, **generated) as made:
            yield made


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    """A CA that the keystore has never heard of."""
    peers.require("openssl")
    return authority.make(tmp_path / "ca", tmp_path.name)


@pytest.fixture
def form(request: pytest.FixtureRequest) -> str:
    """The form of the CA's answers to this client."""
    return FORMS[request.node.callspec.params["client"]]


def test_main_job(
    client: ODataClient, form: str, server: Server, place: Place, ca: Authority
) -> None:
    """From the new key pair to the deleted entry, with the confirmation of an unknown root."""
    who = f"client:{place.client_id}"
    alias, new = f"shop {place.client_id}", f"Geschäft/{place.client_id}"
    subject = f"CN={place.client_id}, C=DE"

    def kept(*command: str) -> Any:  # noqa: ANN401 - as the command printed it
        return _keysteward(server, *command, "--json").json

    assert alias not in client.aliases()
    client.generate(alias, place.client_id)
    assert ("generated", who) == _last_version(kept("versions", alias))
    assert alias in client.aliases()
    assert Shown(alias, "Key Pair", subject, subject, 2048) == client.show(alias)

    signing_request = client.signing_request(alias)
    (kept_request,) = kept("show", alias)["signing_requests"]
    assert who == kept_request["created_by"]
    leaf = ca.sign(signing_request)

    for data, verified, status, text in (
        (ca.root.read_bytes(), True, 400, "The public key of the CA Reply is different from"),
        (ca.answer(leaf, form), False, 409, "notTrusted"),
    ):
        with pytest.raises(RefusedError) as refused:
            client.upload(alias, data, verified=verified)
        assert status == refused.value.status
        assert text in refused.value.text
        assert 1 == len(kept("versions", alias))
    client.upload(alias, ca.answer(leaf, form), verified=True)
    assert ("signing-response", who) == _last_version(kept("versions", alias))
    ca.verify(_keysteward(server, "export", alias, "--as", "pem").stdout.encode())

    issuing = f"CN={ca.name} issuing, O=Example Trust, C=DE"
    root = f"CN={ca.name} root, O=Example Trust, C=DE"
    assert Shown(alias, "Key Pair", subject, issuing, 2048) == client.show(alias)
    assert [root, issuing, subject] == client.chain(alias)

    client.rename(alias, new)
    assert ("renamed", who) == _last_version(kept("versions", new))
    assert 4 == _keysteward(server, "show", alias, status=4).status
    assert subject == client.show(new).subject

    client.delete(new)
    assert new not in client.aliases()
    assert new in [entry["alias"] for entry in kept("list", "--deleted")]
    deeds = ["generate", "signing-request", *["signing-response"] * 3, "rename", "delete"]
    assert deeds == [
        row["action"]
        for row in kept("audit", "show", "--actor", who)
        # Where the Terraform provider fetches its token for a deletion is the whole keystore.
        if row["action"] != "read-keystore"
    ]


def test_no_client_met_a_limit_or_an_error_of_the_server(server: Server) -> None:
    """All of the above goes with the limits that everyone gets; some clients would hide a 429."""
    statuses = {line["status"] for line in server.log if "status" in line}
    assert {200, 204} <= statuses
    assert not [status for status in statuses if status == LIMITED or status >= FIRST_FAILURE]


def test_terraform_fetches_its_token_where_it_writes(place: Place) -> None:
    """Whatever that address answers to a GET: nothing there, and no such method."""
    client = terraform_client.connect(place)
    alias = f"shop {place.client_id}"
    client.generate(alias, place.client_id)
    with pytest.raises(RefusedError):
        client.upload(alias, b"no response", verified=True)
    client.delete(alias)
    assert [404, 400, 200] == [status for _, status in client.fetched]
    assert alias not in client.aliases()


def _keysteward(server: Server, *arguments: str, status: int = 0) -> commands.Run:
    done = commands.inside(server.settings.data, *arguments)
    assert status == done.status, done.stderr
    return done


def _last_version(versions: list[dict[str, Any]]) -> tuple[str, str]:
    return versions[0]["reason"], versions[0]["created_by"]
