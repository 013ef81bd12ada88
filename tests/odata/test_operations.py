"""Every set, every method, every role: exactly what docs/permissions.md says."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from keysteward.keystore import keystores
from keysteward.keystore.steward import Steward
from keysteward.odata import model
from keysteward.odata.sets import LIVE_SETS
from keysteward.rights import PERMISSIONS, Role
from tests import pki_maker, providers
from tests import steward as steward_
from tests.odata import face
from tests.odata.face import Client
from tests.steward import TENANT

GUIDE = Path(__file__).parents[2] / "docs" / "permissions.md"
ROLES = (Role.ADMINISTRATOR, Role.OPERATOR, Role.VIEWER, Role.PROVIDER)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "MERGE", "PATCH", "OPTIONS")
ALIAS = "walk"

_HEX = face.hexalias(ALIAS)
_STATUS = {"Status": None}


def _table() -> dict[tuple[str, str], str]:
    """Return the permission of each set and method as the documentation says."""
    row = re.compile(r"^\| (\w+) \| ([A-Z, ]+) \| `(\w+)` \|$", re.MULTILINE)
    rows = row.findall(GUIDE.read_text("utf-8"))
    return {
        (set_, method): permission
        for set_, methods, permission in rows
        for method in methods.split(", ")
    }


def _address(set_: str, method: str) -> tuple[str, object]:
    """Return an address of a set where the method means something, and a body."""
    if set_ in ("Keystores", "KeystoreResources"):
        entity = f"{set_}('system')"
    elif set_ == "ChainCertificates":
        entity = f"{set_}(Hexalias='{_HEX}',Index=0)"
    elif set_ == "HistoryKeystoreEntries":
        entity = f"{set_}('{face.hexalias('[1]_sap_x')}')"
    elif set_ == "RuntimeSyncInfos":
        return set_, None
    else:
        entity = f"{set_}('{_HEX}')"
    if method == "POST":
        return set_, {}
    media = model.SETS[set_].type.has_stream
    return f"{entity}/$value" if media and method == "PUT" else entity, _STATUS


@pytest.fixture
def programs(steward: Steward, client: Client) -> dict[str, Client]:
    """Return a program for each role, and one that may see another keystore alone."""
    steward_.add(steward, ALIAS, pki_maker.issue(ALIAS, eku=("clientAuth",)))
    keystores.create_keystore(steward, TENANT, "elsewhere")
    http = client.http
    found = {role.value: face.sign_in(http, steward, role, name=role.value) for role in ROLES}
    found["stranger"] = face.sign_in(
        http, steward, Role.ADMINISTRATOR, name="s", keystores=frozenset({"elsewhere"})
    )
    return found


@pytest.mark.parametrize("set_", [live.set.name for live in LIVE_SETS])
def test_every_method_of_a_set_asks_for_the_documented_permission(
    programs: dict[str, Client], set_: str
) -> None:
    """Who has it passes to the operation, who has not gets 403; nobody gets 401; else 405."""
    table = _table()
    for method in METHODS:
        permission = table.get((set_, "GET" if method == "HEAD" else method))
        address, body = _address(set_, method)
        for role in ROLES:
            answer = programs[role.value].call(method, address, json=body)
            told = (role, method, answer.status_code, answer.text)
            if permission is None:
                assert answer.status_code == (501 if method == "PATCH" else 405), told
            elif permission not in PERMISSIONS[role]:
                assert answer.status_code == 403, told
                assert method == "HEAD" or face.slug(answer) == "not-permitted", told
            else:
                refused = answer.status_code in (401, 403, 405, 501, 500)
                allowed = method == "HEAD" or not refused or face.slug(answer) != "not-permitted"
                assert allowed, told
                assert answer.status_code not in (401, 405, 500, 501), told


@pytest.mark.parametrize("set_", [live.set.name for live in LIVE_SETS])
def test_nobody_and_strangers_get_nothing(programs: dict[str, Client], set_: str) -> None:
    """Without credentials 401; a keystore that is not the account's does not exist for it: 404."""
    for method in METHODS:
        address, body = _address(set_, method)
        http = programs["viewer"].http
        assert http.request(method, f"/api/v1/{address}").status_code == 401
        answer = programs["stranger"].call(method, address, json=body)
        assert answer.status_code == 404
        assert method == "HEAD" or face.slug(answer) == "keystore-unknown"


def test_the_documentation_names_every_operation() -> None:
    """No set and no method is missing from the table, and none is too many."""
    found = {
        (live.set.name, method): permission.value
        for live in LIVE_SETS
        for method, permission in (
            ("GET", live.reads),
            *((method, writing.permission) for method, writing in live.writes.items()),
        )
    }
    assert found == _table()


@pytest.mark.parametrize("address", ["", "$metadata"])
def test_the_service_itself_is_described_to_every_role(
    programs: dict[str, Client], address: str
) -> None:
    """The service document and the metadata need what every role has."""
    assert [200] * 4 == [programs[role.value].get(address).status_code for role in ROLES]
    assert 405 == programs["administrator"].post(address, {}).status_code


def test_a_located_service_is_that_of_its_keystore(programs: dict[str, Client]) -> None:
    """``/location/NAME`` shows that keystore alone; an unknown one, and a foreign one, is 404."""
    elsewhere = replace(programs["stranger"], root="/location/elsewhere/api/v1/")
    assert [] == face.results(elsewhere.get("KeystoreEntries"))
    here = replace(programs["viewer"], root="/location/default/api/v1/")
    found = face.results(here.get("KeystoreEntries"))
    assert [ALIAS] == [one["Alias"] for one in found]
    assert found[0]["__metadata"]["uri"].startswith("http://testserver/location/default/api/v1/K")
    for name in ("nowhere", "default%2Fx", "%"):
        unknown = replace(programs["viewer"], root=f"/location/{name}/api/v1/")
        assert unknown.get("KeystoreEntries").status_code in (400, 404)


def test_the_provider_cannot_write_a_request_for_the_key_of_the_tenant(
    programs: dict[str, Client], steward: Steward
) -> None:
    """The provider reads; a request would be recorded in an entry that is not its own."""
    providers.supply(steward, providers.leaf("one", not_after=pki_maker.NOT_AFTER))
    answer = programs["provider"].get(f"{face.entry(ALIAS)}/SigningRequest/$value")
    assert (403, "entry-owned-by-tenant") == (answer.status_code, face.slug(answer))
    viewer = programs["viewer"].get(f"{face.entry(ALIAS)}/SigningRequest/$value")
    assert viewer.status_code == 200
