import json
import re

import pytest

from keysteward.rest import application
from keysteward.rest.routing import Operation, Routes
from keysteward.rights import PERMISSIONS, Permission, Role
from keysteward.web.access import Access
from tests.architecture.documents import DOCS
from tests.rest.faces import Face

pytestmark = pytest.mark.sqlite_alone
"""Who is let in is decided before the database is asked for more than the account."""

OPERATIONS = application.operations()
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
guarded_operation = pytest.mark.parametrize(
    "operation",
    [o for o in OPERATIONS if isinstance(o.permission, Permission)],
    ids=lambda o: o.name,
)
# The account of the test is an administrator's.
keystore_operation = pytest.mark.parametrize(
    "operation",
    [
        o
        for o in OPERATIONS
        if "{keystore}" in o.path and o.permission is not Permission.PROVIDER_KEYS_EDIT
    ],
    ids=lambda o: o.name,
)


def _address(operation: Operation, keystore: str = "default") -> str:
    filled = operation.path.replace("{keystore}", keystore)
    return re.sub(r"{\w+}", "1", filled)


def _slug(content: bytes) -> str:
    return str(json.loads(content)["slug"])


@guarded_operation
@pytest.mark.parametrize("role", Role)
def test_role_is_let_in_exactly_where_its_permissions_say(
    operation: Operation, role: Role, face: Face
) -> None:
    """A role without the permission is refused for that; one with it is refused for nothing else.

    No request here is complete, so none of them does anything.
    """
    answer = face.ask(operation.method, f"{_address(operation)}?unknown=1", role.value)
    if operation.permission in PERMISSIONS[role]:
        assert (400, "request-invalid") == (answer.status_code, _slug(answer.content))
    else:
        assert (403, "not-permitted") == (answer.status_code, _slug(answer.content))
        assert operation.permission == answer.json()["permission"]


@every_operation
def test_nobody_is_let_in_where_a_permission_is_needed(operation: Operation, face: Face) -> None:
    """Without credentials every address but that of the sign-in answers 401 and how to sign in."""
    answer = face.ask(operation.method, f"{_address(operation)}?unknown=1", "")
    if operation.permission is Access.EVERYBODY:
        assert 400 == answer.status_code
    else:
        assert (401, "not-signed-in") == (answer.status_code, _slug(answer.content))
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@keystore_operation
def test_keystore_of_others_does_not_exist(operation: Operation, face: Face) -> None:
    """One that the account may not see is answered like one that is not there, word for word."""
    body: dict[str, object] = {"json": {}} if operation.json_body else {}
    query = "?alias=x&as=jks" if operation.query else ""
    answers = [
        face.ask(operation.method, f"{_address(operation, name)}{query}", "restricted", **body)
        for name in ("default", "nowhere")
    ]
    known = {answer.status_code for answer in answers}
    assert known in ({400}, {404})
    told = [re.sub(r'"(instance|name)":"[^"]*",?', "", answer.text) for answer in answers]
    assert told[0] == told[1].replace("nowhere", "default")


@every_operation
def test_other_methods_are_refused_with_those_that_fit(operation: Operation, face: Face) -> None:
    """405 names every method of the address."""
    answer = face.ask("TRACE", _address(operation))
    fitting = {o.method for o in OPERATIONS if o.path == operation.path}
    assert 405 == answer.status_code
    allowed = set(answer.headers["Allow"].split(", "))
    assert fitting | ({"HEAD"} if "GET" in fitting else set()) == allowed


def test_route_without_a_permission_cannot_be_made() -> None:
    """To forget the permission is an error of the program, before any request."""
    with pytest.raises(TypeError):
        Routes("Tests", "").on("GET", "/forgotten")  # type: ignore[call-arg]  # what is tested


def test_documentation_lists_the_permission_of_every_route() -> None:
    """docs/permissions.md has each route with its permission and roles, and no other."""
    text = (DOCS / "permissions.md").read_text()
    rows = re.findall(r"^\| `(\w+) (/rest/v1\S+)` \| (.+?) \| (.*?) \|$", text, re.MULTILINE)
    assert [_row(operation) for operation in OPERATIONS] == rows


def _row(operation: Operation) -> tuple[str, str, str, str]:
    needed = operation.permission
    if isinstance(needed, Permission):
        roles = ", ".join(role.value for role in Role if needed in PERMISSIONS[role])
        return operation.method, f"/rest/v1{operation.path}", f"`{needed}`", roles
    who = "everybody" if needed is Access.EVERYBODY else "every account"
    return operation.method, f"/rest/v1{operation.path}", needed.value, who
