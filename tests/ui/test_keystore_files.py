import hashlib
import re
from dataclasses import replace

import pytest

from keysteward.keystore import backups, keystores, lifecycle
from keysteward.keystore.steward import Steward
from keysteward.ui import shell
from tests import keystore_files
from tests import steward as steward_
from tests.foreign_keystores import pkcs8
from tests.keystore_files import KeyEntry
from tests.pki_maker import Issued, issue
from tests.steward import TENANT
from tests.ui.faces import Face

PASSWORD = "test-only"
HOSTILE = "<b>'&\"</b>"
ROOT = issue("Root", ca=True)
ONE, OTHER = issue("one", issuer=ROOT), issue("other")
_GROUP = re.compile(r'class="group group-([a-z-]+)".*?</summary>(.*?)</details>', re.DOTALL)
_TOLD = re.compile(r'<span class="told"><bdi>(.*?)</bdi>')
_DIGEST = re.compile(r'name="digest" value="([^"]+)"')


@pytest.fixture
def keystore(face: Face, request: pytest.FixtureRequest) -> tuple[str, Steward]:
    """Return address and steward of a keystore of the test's own, with one entry."""
    name = f"of {request.node.name}"
    keystores.create_keystore(face.steward, TENANT, name)
    own = replace(face.steward, keystore_id=face.steward.store.get_keystore(name))
    steward_.add(own, "there", issue("there"))
    return f"/keystores/{shell.segment(name)}", own


def _jks(*entries: tuple[str, Issued], trusted: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    keys = [KeyEntry(alias, pkcs8(made), (made.der,)) for alias, made in entries]
    return keystore_files.write_jks(keys, PASSWORD, trusted)


def _files(data: bytes) -> dict[str, tuple[str, bytes]]:
    return {"file": ("a.jks", data)}


def _aliases(steward: Steward) -> set[str]:
    return {state.alias for state in steward.store.list_states(steward.keystore_id)}


def _groups(html: str) -> dict[str, list[str]]:
    """Return the aliases of each group that is shown."""
    return {name: _TOLD.findall(text) for name, text in _GROUP.findall(html)}


def test_plan_needs_file_and_password_and_refuses_wrong_ones(
    face: Face, keystore: tuple[str, Steward]
) -> None:
    """Nothing is complained about before it was typed; what is wrong stands beside its field."""
    plan = f"{keystore[0]}/add/keystore/plan"
    answer = face.post(plan, {"action": "add"})
    assert (200, None) == (answer.status_code, _DIGEST.search(answer.text))
    data = keystore_files.write_pkcs12([KeyEntry("a", pkcs8(ONE), (ONE.der,))], PASSWORD, 1_000)
    answer = face.post(plan, {"action": "add"}, files=_files(data))
    assert "Give the password of the file" in answer.text
    assert _DIGEST.search(answer.text) is None
    answer = face.post(plan, {"password": "wrong"}, files=_files(data))
    assert 422 == answer.status_code
    assert 'data-field="password" data-slug="password-wrong"' in answer.text
    answer = face.post(plan, {"password": PASSWORD}, files=_files(b"no keystore"))
    assert 'data-field="file" data-slug="not-a-keystore"' in answer.text


def test_plan_names_everything_that_the_file_would_do(
    face: Face, keystore: tuple[str, Steward]
) -> None:
    """Also what becomes a trust anchor; aliases are harmless text, and nothing is stored."""
    base, steward = keystore
    data = _jks(("there", OTHER), ("new", ONE), trusted=((HOSTILE, ROOT.der),))
    form = {"action": "add", "password": PASSWORD}
    answer = face.post(f"{base}/add/keystore/plan", form, files=_files(data))
    shown = "&lt;b&gt;&#39;&amp;&#34;&lt;/b&gt;"
    assert {"added": ["new", shown], "preserved": ["there"]} == _groups(answer.text)
    assert "Trust anchor, SHA-256:" in answer.text
    assert hashlib.sha256(ROOT.der).digest().hex(":").upper() in answer.text
    assert PASSWORD not in answer.text
    answer = face.post(
        f"{base}/add/keystore/plan", {**form, "overwrite": "yes"}, files=_files(data)
    )
    assert ["there"] == _groups(answer.text)["overwritten"]
    assert {"there"} == _aliases(steward)


def test_what_was_not_shown_is_shown_first(face: Face, keystore: tuple[str, Steward]) -> None:
    """Without a plan, and with one that was overtaken; what was shown is done, to the letter."""
    base, steward = keystore
    add, data = f"{base}/add/keystore", _jks(("new", ONE))
    form = {"action": "add", "password": PASSWORD}
    planned = face.post(add, form, files=_files(data)).text
    assert "data-in-region" in planned
    assert {"there"} == _aliases(steward)
    digest = _DIGEST.findall(planned)[0]
    steward_.add(steward, "new", OTHER)
    again = face.post(add, {**form, "digest": digest}, files=_files(data)).text
    assert "What would be done is no longer what was shown." in again
    assert {"preserved": ["new"]} == _groups(again)
    form["overwrite"] = "yes"
    shown = face.post(add, form, files=_files(data)).text
    digest = _DIGEST.findall(shown)[0]
    done = face.post(add, {**form, "digest": digest}, files=_files(data)).text
    assert "data-done" in done
    assert {"overwritten": ["new"]} == _groups(done)
    entry = steward.store.get_entry(steward.keystore_id, "new")
    assert ONE.der == entry.version.certificate.der


def test_replacing_has_to_be_confirmed_for_the_plan_that_was_shown(
    face: Face, keystore: tuple[str, Steward]
) -> None:
    """Not at all, or for another plan, is refused beside the tick; the numbers are told."""
    base, steward = keystore
    add, data = f"{base}/add/keystore", _jks(("new", ONE))
    form = {"action": "replace", "password": PASSWORD}
    planned = face.post(f"{add}/plan", form, files=_files(data)).text
    assert {"removed": ["there"], "added": ["new"]} == _groups(planned)
    assert "One entry is deleted. I have looked at its name." in planned
    digest = _DIGEST.findall(planned)[0]
    for confirmed in ({}, {"confirm": "yes"}):
        refused = face.post(add, {**form, "digest": digest, **confirmed}, files=_files(data))
        assert 'data-field="confirm"' in refused.text
    assert {"there"} == _aliases(steward)
    done = face.post(add, {**form, "digest": digest, "confirm": digest}, files=_files(data)).text
    assert {"removed": ["there"], "added": ["new"]} == _groups(done)
    assert {"new"} == _aliases(steward)


def test_public_content_is_for_whoever_may_download_it(
    face: Face, keystore: tuple[str, Steward]
) -> None:
    """With SAP's names; other formats do not exist."""
    base, steward = keystore
    backups.create_backup(steward, TENANT, "one")
    lifecycle.delete_entry(steward, TENANT, "there")
    for address, name in (("", "Content"), ("/backup/one", "ContentBackup")):
        for kind in ("jks", "jceks", "p12"):
            answer = face.get(f"{base}{address}/download/{kind}")
            assert 200 == answer.status_code
            disposition = answer.headers["content-disposition"]
            assert f'filename="Public{name}Keystore.{kind}"' in disposition
            assert 403 == face.get(f"{base}{address}/download/{kind}", who="viewer").status_code
    assert b"there" in face.get(f"{base}/backup/one/download/jks").content
    assert b"there" not in face.get(f"{base}/download/jks").content
    assert 404 == face.get(f"{base}/download/pem").status_code
    assert 404 == face.get(f"{base}/backup/none/download/jks").status_code
