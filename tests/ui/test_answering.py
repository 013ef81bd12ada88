import json
import re
from urllib.parse import unquote, urljoin

import pytest

from keysteward.accounts import users
from keysteward.keystore import key_pairs
from keysteward.rights import Role
from keysteward.ui import shell
from keysteward.values import Secret
from tests.steward import TENANT
from tests.ui.faces import ENTRIES, KEYSTORE, PASSWORD, Face


def test_page_that_needs_a_session_leads_to_the_sign_in_and_back(face: Face) -> None:
    """The address that somebody wanted is kept, and nothing but an own one."""
    answer = face.get(f"{ENTRIES}/x/rename", who="")
    assert 303 == answer.status_code
    assert f"/sign-in?next={ENTRIES.replace('/', '%2F')}%2Fx%2Frename" == answer.headers["location"]
    asked = face.get(answer.headers["location"], who="")
    assert f'name="next" value="{ENTRIES}/x/rename"' in asked.text


@pytest.mark.parametrize(
    "foreign", ["https://other.example/", "//other.example/", "/\\other.example", "javascript:x"]
)
def test_sign_in_leads_to_no_other_site(foreign: str, face: Face) -> None:
    """Whatever a link says, the browser stays at this server."""
    asked = face.client.get("/sign-in", params={"next": foreign})
    assert 'name="next" value="/"' in asked.text
    form = {"name": "viewer", "password": "correct horse battery staple", "next": foreign}
    answer = face.post("/sign-in", form, who="")
    assert (200, "/") == (answer.status_code, answer.json()["address"])


def test_background_request_without_a_session_is_refused_with_401(face: Face) -> None:
    """The page then asks for name and password beside the form, and nothing of it is lost."""
    answer = face.get(KEYSTORE, who="", part="list")
    assert (401, True) == (answer.status_code, 'data-slug="not-signed-in"' in answer.text)
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("token", ["", "A" * 36])
def test_form_without_its_token_does_nothing(token: str, face: Face) -> None:
    """403, and the entry keeps its name."""
    face.generate(f"kept-{len(token)}")
    address = f"{ENTRIES}/kept-{len(token)}/rename"
    answer = face.post(address, {"new_alias": "changed"}, token=token)
    assert (403, True) == (answer.status_code, 'data-slug="csrf-token-missing"' in answer.text)
    assert "CSRF" not in answer.text
    assert 'data-title="The form is out of date"' in answer.text
    assert face.steward.store.find_entry(face.steward.keystore_id, "changed") is None


def test_refused_form_says_which_field_it_is_about(face: Face) -> None:
    """The message is a piece of HTML that the page puts beside the field."""
    face.generate("here")
    answer = face.post(f"{ENTRIES}/here/rename", {"new_alias": "  "})
    assert (422, True) == (answer.status_code, 'data-field="new_alias"' in answer.text)
    assert "<html" not in answer.text
    assert 2 == answer.text.count("This field must not be empty.")
    assert "A field of the form" not in answer.text


def test_done_form_tells_where_to_go_on(face: Face) -> None:
    """The page goes there and shows the message."""
    face.generate("old name")
    answer = face.post(f"{ENTRIES}/old%20name/rename", {"new_alias": "a/b?c#ü"})
    told = json.loads(answer.text)
    assert f"{ENTRIES}/a%2Fb%3Fc%23%C3%BC" == told["address"]
    assert "a/b?c#ü" in told["message"]
    assert face.get(f"{told['address']}/rename").status_code == 200


def test_dialog_is_a_page_of_its_own_by_its_address(face: Face) -> None:
    """The same form, with and without everything around it."""
    face.generate("twice")
    whole = face.get(f"{ENTRIES}/twice/rename").text
    part = face.get(f"{ENTRIES}/twice/rename", part="dialog").text
    assert "<html" in whole
    assert "<html" not in part
    form = re.search(r"<form.*</form>", part, re.DOTALL)
    assert form is not None
    assert form[0] in whole


def test_pages_allow_nothing_from_elsewhere(face: Face) -> None:
    """The content security policy has neither another host nor inline scripts and styles."""
    answer = face.get(KEYSTORE)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "no-store" == answer.headers["cache-control"]
    assert not re.search(r"<[^>]+ (on\w+|style)=", answer.text)
    assert not re.search(r"<script(?![^>]* src=)", answer.text)


def test_alias_full_of_html_is_text(face: Face) -> None:
    """Escaped wherever it is shown."""
    alias = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    face.generate(alias)
    entry = face.steward.store.get_entry(face.steward.keystore_id, alias)
    assert entry.alias == alias
    text = face.get(f"{ENTRIES}/{shell.segment(alias)}/rename").text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("alias", [".", ".."])
def test_alias_of_dots_is_no_folder(alias: str, face: Face) -> None:
    """Browsers would go elsewhere with it; its address leads to the entry, and so do its forms."""
    face.generate(alias)
    address = shell.entry_address("default", alias)
    assert urljoin("http://localhost/", address) == f"http://localhost{address}"
    assert unquote(address).rpartition("/")[2] not in (".", "..")
    assert 200 == face.get(address).status_code
    answer = face.post(f"{address}/rename", {"new_alias": f"of dots {len(alias)}"})
    assert 200 == answer.status_code
    assert face.steward.store.find_entry(face.steward.keystore_id, alias) is None


def test_account_without_a_keystore_signs_out_all_the_same(face: Face) -> None:
    """Its session ends in the server, not only in the browser."""
    none: frozenset[str] = frozenset()
    password, roles = Secret(PASSWORD.encode()), frozenset({Role.VIEWER})
    users.add_user(face.steward, TENANT, "none", password, roles, none)
    assert 200 == face.get("/password", who="none").status_code
    assert 404 == face.get("/", who="none").status_code
    assert 200 == face.post("/sign-out", who="none").status_code
    assert 303 == face.get("/password", who="none").status_code


def test_unknown_address_is_a_page_for_browsers_and_a_problem_for_programs(face: Face) -> None:
    """404 both times."""
    page = face.get("/nowhere/at/all", Accept="text/html,*/*")
    program = face.get("/nowhere/at/all", Accept="application/json")
    assert (404, 404) == (page.status_code, program.status_code)
    assert page.text.lstrip().startswith("<!doctype html>")
    assert "resource-unknown" == program.json()["slug"]


def test_language_is_what_the_browser_wants_until_it_is_chosen(face: Face) -> None:
    """An Accept-Language header first, the cookie of a choice above it."""
    german = face.get("/sign-in", who="", **{"Accept-Language": "fr, de-CH;q=0.9, en;q=0.8"})
    assert '<html lang="de"' in german.text
    assert "Anmelden" in german.text
    chosen = face.client.post(
        "/preferences",
        data={"language": "en", "theme": "dark", "next": "/password"},
        files={"nothing": ("", b"")},
        headers={"Keysteward-Part": "form"},
    )
    cookies = "; ".join(c.partition(";")[0] for c in chosen.headers.get_list("set-cookie"))
    face.client.cookies.clear()
    again = face.client.get("/sign-in", headers={"Cookie": cookies, "Accept-Language": "de"})
    assert '<html lang="en" data-theme="dark"' in again.text


def test_key_is_in_no_page(face: Face) -> None:
    """What a page shows of a key pair is public."""
    face.generate("secret-keeper")
    entry = face.steward.store.get_entry(face.steward.keystore_id, "secret-keeper")
    key = key_pairs.unseal_private_key(face.steward, entry.version).reveal()
    text = face.get(f"{ENTRIES}/secret-keeper/rename").content
    assert key not in text
    assert b"PRIVATE KEY" not in text
