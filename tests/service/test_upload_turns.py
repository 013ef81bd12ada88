"""Uploads to one entry wait for each other, and nobody else waits for them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import steward as steward_
from tests.fresh import Fresh
from tests.odata.face import hexalias
from tests.pki_maker import Issued, issue, make_key
from tests.rest import faces
from tests.rest.faces import PASSWORD, Face

_ROOT = issue("Root", ca=True)

_MANY = 40
"""More than any server has worker threads."""

Upload = Callable[[Face, str, Issued], int]


@pytest.fixture(scope="module")
def face(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    """Return the application of an installation with a root that is trusted."""
    folder = tmp_path_factory.mktemp("turns") / "data"
    with fresh.keystore(folder) as settings, faces.opened(settings) as opened:
        steward_.add_anchor(opened.steward, "root", _ROOT)
        yield opened


def _key_pair(face: Face, alias: str) -> Issued:
    """Make an entry with a certificate of its own, and return one of the root for its key."""
    key = make_key("p256")
    steward_.add(face.steward, alias, issue(alias, key))
    return issue(alias, key, _ROOT, eku=("clientAuth",))


def _over_rest(face: Face, alias: str, answer: Issued) -> int:
    path = f"/keystores/default/entries/{alias}/signing-response"
    return face.ask("PUT", path, content=answer.pem).status_code


def _over_odata(face: Face, alias: str, answer: Issued) -> int:
    path = f"/api/v1/CertificateChainResources('{hexalias(alias)}')/$value"
    me = ("administrator", PASSWORD)
    token = face.client.get("/api/v1/", auth=me, headers={"X-CSRF-Token": "Fetch"})
    headers = {"X-CSRF-Token": token.headers.get("X-CSRF-Token", "")}
    return face.client.put(path, auth=me, content=answer.pem, headers=headers).status_code


@pytest.mark.parametrize(("upload", "done"), [(_over_rest, 200), (_over_odata, 204)])
def test_uploads_that_wait_keep_nobody_else_waiting(face: Face, upload: Upload, done: int) -> None:
    """While one entry's uploads stand in line, those to another one are read and planned."""
    crowded, other = f"crowded-{done}", f"other-{done}"
    answer, others = _key_pair(face, crowded), _key_pair(face, other)
    planning = f"/keystores/default/entries/{other}/signing-response?dry_run=true"
    store = face.steward.store
    with ThreadPoolExecutor(_MANY) as crowd:
        with store.writing(face.steward.keystore_id, "another", face.steward.clock()):
            sent = [crowd.submit(upload, face, crowded, answer) for _ in range(_MANY)]
            plans = [face.ask("PUT", planning, content=others.pem).status_code for _ in range(20)]
            waiting = sum(not one.done() for one in sent)
        taken = [one.result() for one in sent]
    assert ([200] * 20, _MANY) == (plans, waiting)
    assert [done] * _MANY == taken
