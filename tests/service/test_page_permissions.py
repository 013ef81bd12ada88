import re
from collections.abc import Iterator

import pytest

from keysteward.rights import PERMISSIONS, Permission, Role
from keysteward.ui import application
from keysteward.ui.routing import Route, Routes
from keysteward.web.access import Access
from tests.architecture.documents import DOCS
from tests.fresh import Fresh
from tests.ui import faces
from tests.ui.faces import Face

pytestmark = pytest.mark.sqlite_alone
"""Who is let in is decided before the database is asked for more than the account."""

ROUTES = application.all_routes()
every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
guarded_route = pytest.mark.parametrize(
    "route",
    [r for r in ROUTES if isinstance(r.permission, Permission)],
    ids=lambda r: f"{r.method} {r.path}",
)


@pytest.fixture(scope="module")
def face(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    """Return the page of a fresh installation."""
    folder = tmp_path_factory.mktemp("page") / "data"
    with fresh.keystore(folder) as settings, faces.opened(settings) as opened:
        yield opened


def _address(route: Route, keystore: str = "default") -> str:
    return re.sub(r"{\w+}", "1", route.path.replace("{keystore}", keystore))


def _ask(face: Face, route: Route, who: str, keystore: str = "default") -> tuple[int, str]:
    """Send a request that does nothing; give status and slug."""
    address = _address(route, keystore)
    if route.method == "POST":
        # Without a token nothing is done, whoever may.
        answer = face.post(address, who=who, token="none")
    else:
        answer = face.get(address, who=who, part="dialog")
    found = re.search(r'data-slug="([^"]+)"', answer.text)
    return answer.status_code, found[1] if found else ""


@guarded_route
@pytest.mark.parametrize("role", Role)
def test_role_is_let_in_exactly_where_its_permissions_say(
    route: Route, role: Role, face: Face
) -> None:
    """Without the permission it is refused for that, with it for nothing else."""
    refused = _ask(face, route, role.value) == (403, "not-permitted")
    assert refused is (route.permission not in PERMISSIONS[role])


@every_route
def test_nobody_is_let_in_where_a_session_is_needed(route: Route, face: Face) -> None:
    """Without a session every address but those of the sign-in answers 401."""
    status, slug = _ask(face, route, "")
    assert (route.permission is not Access.EVERYBODY) == ((401, "not-signed-in") == (status, slug))


@every_route
def test_keystore_of_others_does_not_exist(route: Route, face: Face) -> None:
    """One that the account may not see is answered like one that is not there."""
    if "{keystore}" not in route.path or route.permission is Permission.PROVIDER_KEYS_EDIT:
        return
    told = {_ask(face, route, "restricted", name) for name in ("default", "nowhere")}
    assert {(404, "keystore-unknown")} == told


def test_documentation_lists_the_permission_of_every_route() -> None:
    """docs/permissions.md has each route with its permission and roles, and no other."""
    text = (DOCS / "permissions.md").read_text()
    found = r"^\| `(\w+) (/(?!rest/)\S*)` \| (.+?) \| (.*?) \|$"
    rows = re.findall(found, text, re.MULTILINE)
    assert sorted(map(_row, ROUTES), key=_by_address) == rows


def _by_address(row: tuple[str, str, str, str]) -> tuple[str, str]:
    return row[1], row[0]


def _row(route: Route) -> tuple[str, str, str, str]:
    needed = route.permission
    if isinstance(needed, Permission):
        roles = ", ".join(role.value for role in Role if needed in PERMISSIONS[role])
        return route.method, route.path, f"`{needed}`", roles
    who = "everybody" if needed is Access.EVERYBODY else "every account"
    return route.method, route.path, needed.value, who


def test_route_without_a_permission_cannot_be_made() -> None:
    """To forget the permission is an error of the program, before any request."""
    with pytest.raises(TypeError):
        Routes().get("/forgotten")  # type: ignore[call-arg]  # what is tested
