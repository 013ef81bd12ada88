"""Update Signing Response without a browser: what is shown, asked, refused and stored."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from cryptography import x509
from httpx2 import Response

from keysteward.entries import Version
from keysteward.keystore import key_pairs, lifecycle, signing_responses
from keysteward.pki.certificates import Certificate
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.settings import RESPONSE_LIMIT_BYTES
from tests import pki_maker
from tests import steward as steward_
from tests.corpus import case as case_
from tests.corpus import own_cases
from tests.corpus.case import Case
from tests.pki_maker import Issued, issue
from tests.steward import PROVIDER, TENANT, VERIFIED
from tests.ui.faces import ENTRIES, Face

ROOT = issue("Root", ca=True)
CA = issue("CA", issuer=ROOT, ca=True)
ENDED = datetime(2025, 1, 1, tzinfo=UTC)
"""Before the clock of these tests."""

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_ROOT = steward_.read(ROOT)[0].fingerprint
Fields = dict[str, str | list[str]]
CONFIRMED: Fields = {"trust_root": str(_ROOT)}


@dataclass(frozen=True, slots=True)
class Desk:
    """An entry that waits for its response, and the dialog for it."""

    face: Face
    alias: str
    key: Issued

    @property
    def address(self) -> str:
        """The dialog's."""
        return f"{ENTRIES}/{quote(self.alias, safe='')}/signing-response"

    @property
    def version(self) -> Version:
        """What is current."""
        return self.face.steward.store.get_entry(self.face.steward.keystore_id, self.alias).version

    @property
    def versions(self) -> tuple[Version, ...]:
        """All of them, the last one first."""
        store, keystore_id = self.face.steward.store, self.face.steward.keystore_id
        return store.list_versions(store.get_entry(keystore_id, self.alias))[::-1]

    def answer(self, **options: object) -> bytes:
        """Return what the CA makes for the key: certificate, CA and root in PEM."""
        chosen: dict[str, object] = {"issuer": CA, "eku": ("clientAuth",), **options}
        leaf = issue("client", self.key.key, **chosen)  # type: ignore[arg-type]  # of issue
        return leaf.pem + CA.pem + ROOT.pem

    def plan(self, file: bytes, **fields: str | list[str]) -> str:
        """Have a file planned, and return what is shown below it."""
        answer = self._send(f"{self.address}/plan", file, fields)
        assert 200 == answer.status_code, answer.text
        return answer.text

    def update(self, file: bytes, **fields: str | list[str]) -> str:
        """Press Update after a plan was shown, with its hidden fields, and return the answer."""
        shown = dict(_HIDDEN.findall(self.plan(file, **fields)))
        answer = self.press(file, **{**shown, **fields})
        assert 200 == answer.status_code, answer.text
        return answer.text

    def press(self, file: bytes, **fields: str | list[str]) -> Response:
        """Press Update with these fields."""
        return self._send(self.address, file, fields)

    def _send(self, address: str, file: bytes, fields: Fields) -> Response:
        return self.face.post(address, fields, files={"file": ("response", file)})


@pytest.fixture
def desk(face: Face, request: pytest.FixtureRequest) -> Desk:
    """Return an entry of the test's own."""
    key = issue("client", pki_maker.make_key())
    alias = re.sub(r"\W", " ", str(request.node.name))[:60].strip()
    steward_.add(face.steward, alias, key)
    return Desk(face, alias, key)


@pytest.fixture(scope="module")
def of_the_corpus(face: Face) -> Desk:
    """Return the entry that the cases of the corpus are for."""
    key = issue(case_.SUBJECT, case_.KEY)
    steward_.add(face.steward, "corpus", key)
    return Desk(face, "corpus", key)


# ---- the dialog


def test_dialog_says_alias_formats_and_limit(desk: Desk) -> None:
    """And it has no filter of file types."""
    page = desk.face.get(desk.address, part="dialog").text
    assert f"<bdi>{desk.alias}</bdi>" in page
    assert "PKCS#7 (binary, PEM or base64)" in page
    assert "PkiPath. At most 30,720 bytes." in page
    assert (f'data-limit="{RESPONSE_LIMIT_BYTES}"', True) == (
        re.findall(r'data-limit="\d+"', page)[0],
        "accept=" not in page,
    )


def test_dialog_speaks_german(desk: Desk) -> None:
    """Its limit has the German separator."""
    german = {"Accept-Language": "de"}
    page = desk.face.get(desk.address, part="dialog", **german).text
    assert "Höchstens 30.720 Byte." in page


@pytest.mark.parametrize(
    ("alias", "status", "slug"),
    [
        ("nobody", 404, "alias-not-found"),
        ("a root", 422, "not-a-key-pair"),
        ("sap_key", 403, "entry-owned-by-provider"),
    ],
)
def test_entries_that_take_no_response_are_refused(
    face: Face, alias: str, status: int, slug: str
) -> None:
    """When the dialog is opened, and when a file is sent nevertheless."""
    steward = face.steward
    if steward.store.find_entry(steward.keystore_id, "a root") is None:
        steward_.add_anchor(steward, "a root", issue("another root", ca=True))
        steward_.add(steward, "sap_key", issue("sap"), caller=PROVIDER)
    address = f"{ENTRIES}/{quote(alias)}/signing-response"
    file = {"file": ("x", ROOT.pem)}
    for answer in (
        face.get(address, part="dialog"),
        face.post(f"{address}/plan", files=file),
        face.post(address, {"digest": "0"}, files=file),
    ):
        assert (status, True) == (answer.status_code, f'data-slug="{slug}"' in answer.text)


@pytest.mark.parametrize("path", ["", "/plan"])
def test_who_may_not_edit_may_not_send_a_response(desk: Desk, path: str) -> None:
    """A viewer is refused with what is missing."""
    file = {"file": ("x", ROOT.pem)}
    answer = desk.face.post(f"{desk.address}{path}", files=file, who="viewer")
    assert (403, True) == (answer.status_code, 'data-slug="not-permitted"' in answer.text)


# ---- plans and what is stored


def test_plan_is_shown_and_update_stores_just_that(desk: Desk) -> None:
    """Old and new, the chain, the kind of file; afterwards the new chain is current."""
    file = desk.answer(san=("DNS:a.example",))
    shown = desk.plan(file, **CONFIRMED)
    assert "The file fits." in shown
    assert "Kind of file" in shown
    assert "<mark><bdi>DNS:a.example</bdi></mark>" in shown
    assert 3 == shown.count("from the file")
    assert 1 == desk.version.number
    done = desk.update(file, **CONFIRMED)
    assert "Signing response for key pair" in done
    assert (2, 3) == (desk.version.number, len(desk.version.chain))
    for way in ("connectivity?alias=", "/download/p7b", ENTRIES):
        assert way in done


def test_certificate_from_the_keystore_is_said_to_be_from_there(desk: Desk) -> None:
    """Where each certificate of the chain came from can be seen."""
    ca = issue("Known CA", issuer=ROOT, ca=True)
    steward_.add_anchor(desk.face.steward, "known ca", ca)
    shown = desk.plan(issue("client", desk.key.key, ca).der)
    assert (1, True) == (shown.count("from the file"), "from the keystore" in shown)
    assert "chain-completed-from-keystore" in shown


def test_file_that_is_current_already_changes_nothing(desk: Desk) -> None:
    """That is said before, and after Update."""
    file = desk.answer()
    desk.update(file, **CONFIRMED)
    assert "An update changes nothing." in desk.plan(file)
    assert "nothing was changed" in desk.update(file)
    assert 2 == desk.version.number


def test_update_without_a_shown_plan_shows_it_first(desk: Desk) -> None:
    """Nothing is stored that nobody could see."""
    answer = desk.press(desk.answer(), **CONFIRMED)
    assert (200, True) == (answer.status_code, 'name="digest"' in answer.text)
    assert 1 == desk.version.number


@pytest.mark.parametrize("path", ["", "/plan"])
def test_form_without_a_file_asks_for_one(desk: Desk, path: str) -> None:
    """Beside the field for it."""
    answer = desk.face.post(f"{desk.address}{path}")
    assert (422, True) == (answer.status_code, 'data-field="file"' in answer.text)


# ---- the topmost certificate


def test_unknown_root_is_to_be_compared_by_its_fingerprint(desk: Desk) -> None:
    """The question has both fingerprints; what would be done is shown, and cannot be done yet."""
    file, root = _strange(desk)
    shown = desk.plan(file)
    digest = ":".join(re.findall("..", root.fingerprint)).upper()
    assert f"<code>{digest}</code>" in shown
    assert "CN=client" in shown.partition("Chosen certificate")[2]
    assert 'name="digest"' not in shown
    assert "The file fits" not in shown
    assert "The file fits" in desk.plan(file, trust_root=root.fingerprint)


def test_confirmation_of_another_root_confirms_nothing(desk: Desk) -> None:
    """A tick is for the one certificate that was shown with it."""
    file, _ = _strange(desk)
    shown = desk.plan(file, trust_root=_ROOT)
    assert 'name="digest"' not in shown


def test_confirmed_root_is_added_as_a_trusted_certificate_if_that_is_ticked(desk: Desk) -> None:
    """Under the alias that was proposed, or another one."""
    file, root = _strange(desk)
    ticks = {"trust_root": root.fingerprint, "add_root": "yes"}
    shown = desk.plan(file, **ticks)
    proposed = re.findall(r'name="alias" type="Text" value="([^"]*)"', shown)
    assert ["Strange Root"] == proposed
    done = desk.update(file, **ticks, alias=proposed[0])
    assert "trusted, as" in done
    steward = desk.face.steward
    added = steward.store.get_entry(steward.keystore_id, "Strange Root")
    assert (True, (root,)) == (added.trusted, added.version.chain)


@pytest.mark.parametrize(
    ("alias", "slug"),
    [("", "field-invalid"), ("sap_x", "alias-reserved"), ("taken", "alias-exists")],
)
def test_alias_that_the_root_cannot_have_stores_nothing(desk: Desk, alias: str, slug: str) -> None:
    """It is refused beside its field, before the response is stored."""
    steward = desk.face.steward
    if steward.store.find_entry(steward.keystore_id, "taken") is None:
        desk.face.generate("taken")
    file, root = _strange(desk)
    ticks = {"trust_root": str(root.fingerprint), "add_root": "yes"}
    shown = dict(_HIDDEN.findall(desk.plan(file, **ticks)))
    answer = desk.press(file, **shown, **ticks, alias=alias)
    assert (f'data-slug="{slug}"', 'data-field="alias"') == (
        re.findall(r'data-slug="[^"]*"', answer.text)[0],
        re.findall(r'data-field="[^"]*"', answer.text)[0],
    )
    assert 1 == desk.version.number


def _strange(desk: Desk) -> tuple[bytes, Certificate]:
    root = issue("Strange Root", ca=True)
    leaf = issue("client", desk.key.key, root, eku=("clientAuth",))
    return leaf.pem + root.pem, steward_.read(root)[0]


# ---- refusals


def test_problem_that_can_be_overridden_offers_that_with_a_reason(desk: Desk) -> None:
    """The tick says what is accepted; the reason stays with the version."""
    file = desk.answer(not_after=ENDED)
    shown = desk.plan(file)
    assert 'data-slug="certificate-expired"' in shown
    assert 'name="override" value="certificate-expired"' in shown
    assert 'name="note"' not in shown
    ticks = {"override": "certificate-expired", **CONFIRMED}
    shown = desk.plan(file, **ticks)
    assert 'name="note"' in shown
    refused = desk.press(file, **dict(_HIDDEN.findall(shown)), **ticks)
    assert (422, True) == (refused.status_code, 'data-field="note"' in refused.text)
    desk.update(file, **ticks, note="until the new one comes")
    assert (2, "until the new one comes") == (desk.version.number, desk.version.note)


def test_two_problems_are_overridden_one_after_the_other(desk: Desk) -> None:
    """A tick that was set stays beside the one that comes next."""
    file = issue("client", desk.key.key, CA, not_after=ENDED).der + CA.der + ROOT.der + b"trailing"
    shown = desk.plan(file)
    first, second = "trailing-bytes", "certificate-expired"
    assert f'data-slug="{first}"' in shown
    shown = desk.plan(file, override=[first], **CONFIRMED)
    assert f'data-slug="{second}"' in shown
    assert {first, second} == set(re.findall(r'name="override" value="([^"]*)"', shown))
    done = desk.plan(file, override=[first, second], **CONFIRMED)
    assert 'name="digest"' in done


def test_override_of_nothing_known_is_refused(desk: Desk) -> None:
    """Only what the operation offers can be overridden."""
    answer = desk.press(desk.answer(), digest="0", override="public-key-mismatch", note="x")
    assert (True, 1) == ("override-invalid" in answer.text, desk.version.number)


def test_misfit_leads_to_the_alias_that_it_belongs_to(desk: Desk) -> None:
    """With a link that takes the file along; names full of markup are harmless text."""
    other = '<img src=x onerror="alert(1)"> \u05d0'
    steward = desk.face.steward
    key = issue("other")
    if steward.store.find_entry(steward.keystore_id, other) is None:
        steward_.add(steward, other, key)
    shown = desk.plan(issue("other", key.key, CA).pem)
    assert 'data-slug="public-key-mismatch"' in shown
    assert f'data-open="{ENTRIES}/{quote(other, safe="")}/signing-response" data-carry' in shown
    assert "<img" not in shown
    assert f"<bdi>{html.escape(other, quote=True).replace('&quot;', '&#34;')}</bdi>" in shown


def test_misfit_of_an_earlier_version_leads_to_its_rollback(desk: Desk) -> None:
    """The certificate that is wanted back is the entry's own."""
    first = desk.answer()
    desk.update(first, **CONFIRMED)
    _renew(desk)
    shown = desk.plan(first)
    assert f'data-open="{ENTRIES}/{quote(desk.alias)}/rollback/2"' in shown


def test_misfit_of_a_key_that_was_given_up_leads_nowhere(desk: Desk) -> None:
    """Another certificate for an old key is wanted by nobody."""
    desk.update(desk.answer(), **CONFIRMED)
    _renew(desk)
    shown = desk.plan(desk.answer())
    assert ("which was given up" in shown, "data-open" in shown) == (True, False)


def test_misfit_of_another_keystore_says_nothing_of_it(desk: Desk) -> None:
    """What another keystore holds is not told."""
    steward = desk.face.steward
    elsewhere = replace(steward, keystore_id=steward.store.get_keystore("production"))
    key = issue("secret name")
    if elsewhere.store.find_entry(elsewhere.keystore_id, "secret name") is None:
        steward_.add(elsewhere, "secret name", key)
    shown = desk.plan(issue("subject", key.key, CA).pem)
    assert ("secret name" in shown, "data-open" in shown) == (False, False)


@pytest.mark.parametrize("extra", [1, 100_000])
def test_file_above_the_limit_is_refused(desk: Desk, extra: int) -> None:
    """Just above by the operation, far above before it is read."""
    file = desk.answer().ljust(RESPONSE_LIMIT_BYTES + extra, b"\n")
    answer = desk.press(file, digest="0")
    assert "too-large" in answer.text
    assert 1 == desk.version.number


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.name)
        for c in own_cases.CASES
        if c.refused and not (c.key or c.current or c.entries or c.refused == "placeholder-again")
    ],
)
def test_refused_files_say_why_and_store_nothing(of_the_corpus: Desk, case: Case) -> None:
    """Whatever a file is, there is a sentence about it; a tick only where one is allowed."""
    shown = of_the_corpus.plan(case.data)
    assert f'class="refusal" data-slug="{case.refused}"' in shown
    assert case.overridden == ('name="override"' in shown)
    assert "digest" not in dict(_HIDDEN.findall(shown))
    assert f'data-slug="{case.refused}"' in of_the_corpus.press(case.data, digest="0").text
    assert 1 == of_the_corpus.version.number


def test_own_placeholder_is_refused(desk: Desk) -> None:
    """A self-signed certificate of the entry is no answer of a CA, but may be overridden."""
    shown = desk.plan(desk.key.pem)
    assert 'name="override" value="placeholder-again"' in shown


# ---- two at once


def test_entry_that_was_changed_meanwhile_is_shown_with_the_new_plan(desk: Desk) -> None:
    """By whom, when and what; Update again carries out what is shown then."""
    file = desk.answer()
    fields = {**CONFIRMED, "latest_version": "1"}
    shown = dict(_HIDDEN.findall(desk.plan(file, **fields)))
    signing_responses.upload_signing_response(
        desk.face.steward, TENANT, desk.alias, desk.answer(serial=0xBEEF), VERIFIED
    )
    answer = desk.press(file, **{**fields, **shown})
    assert "The entry was changed after you opened this." in answer.text
    assert f"<bdi>{TENANT.name}</bdi>" in answer.text
    assert "data-in-region" in answer.text
    assert 2 == desk.version.number
    again = dict(_HIDDEN.findall(answer.text))
    assert ("2", True) == (again["base_version"], again["digest"] != shown["digest"])
    assert "Signing response for key pair" in desk.press(file, **{**fields, **again}).text
    assert 3 == desk.version.number


def test_plan_that_became_another_one_is_shown_again(desk: Desk) -> None:
    """Although the entry is as it was: nothing is done that was not seen."""
    file = desk.answer()
    answer = desk.press(file, **CONFIRMED, digest="0" * 64, base_version="1")
    assert "is no longer what was shown" in answer.text
    assert 'name="digest"' in answer.text
    assert 1 == desk.version.number


def test_entry_that_was_deleted_meanwhile_is_said_to_be_gone(desk: Desk) -> None:
    """The form stays, with what went wrong."""
    file = desk.answer()
    shown = dict(_HIDDEN.findall(desk.plan(file, **CONFIRMED)))
    lifecycle.delete_entry(desk.face.steward, TENANT, desk.alias)
    answer = desk.press(file, **shown, **CONFIRMED)
    assert (404, True) == (answer.status_code, 'data-slug="alias-not-found"' in answer.text)


def _renew(desk: Desk) -> None:
    steward = desk.face.steward
    key_pairs.renew_key_pair(steward, TENANT, desk.alias, parse_key_spec("ec", None, "P-256"))
    request = steward_.ask(steward, desk.alias)
    public = x509.load_pem_x509_csr(request).public_key()
    steward_.upload(steward, desk.alias, issue("client", issuer=CA, public_key=public), CA, ROOT)


def test_updates_that_wait_keep_nobody_else_waiting(desk: Desk) -> None:
    """While those of one entry stand in line, every other page is answered."""
    many = 40  # More than any server has worker threads.
    file = desk.answer()
    shown = {**dict(_HIDDEN.findall(desk.plan(file, **CONFIRMED))), **CONFIRMED}
    steward = desk.face.steward
    with ThreadPoolExecutor(many) as crowd:
        with steward.store.writing(steward.keystore_id, "another", steward.clock()):
            sent = [crowd.submit(desk.press, file, **shown) for _ in range(many)]
            seen = [desk.face.get(ENTRIES).status_code for _ in range(20)]
            waiting = sum(not one.done() for one in sent)
        answers = [one.result().status_code for one in sent]
    assert ([200] * 20, many) == (seen, waiting)
    assert [200] * many == answers
    assert [2, 1] == [version.number for version in desk.versions]
