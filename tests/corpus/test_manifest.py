"""Every case of the folder that KEYSTEWARD_CORPUS names, through the command line.

Without that folder each test is skipped; ``test_own_cases.py`` needs none.
"""

import subprocess
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, steward
from tests.commands import Run
from tests.corpus import manifest
from tests.corpus.manifest import Case

CASES = manifest.cases()
ALIAS = "partner key"

pytestmark = pytest.mark.skipif(
    not CASES, reason=f"set {manifest.VARIABLE} to a folder with a manifest of signing responses"
)


def _every_case(*, accepted: bool | None = None) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if accepted is None or case.rejected is not accepted]
    return pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in chosen])


def _public_key(case: Case, folder: Path) -> Path:
    """Write the key's public half as openssl does."""
    file = folder / "public.pem"
    command = ("openssl", "pkey", "-in", str(case.key), "-pubout", "-out", str(file))
    subprocess.run(command, check=True, capture_output=True)
    return file


def _rests_on_the_request(case: Case) -> bool:
    """Whether the case is a warning only because of what the request asked for."""
    if case.expected != "warn":
        return False
    run = commands.inside(
        None, "response", "check", str(case.file), "--for", str(case.csr), "--json"
    )
    warnings = {n["slug"] for n in run.json["notices"] if n["severity"] == "warning"}
    return bool(warnings) and warnings <= {"subject-differs", "san-missing"}


def _assert_judged(case: Case, run: Run, *, without_request: bool = False) -> None:
    found = run.json
    assert found["outcome"] in case.allowed | ({"accept"} if without_request else set())
    if found["outcome"] == "reject":
        assert run.status == 5
        assert found["problem"]["slug"] in run.stderr
        assert found["chain"] == []
        return
    assert run.status == 0
    assert found["problem"] is None
    assert tuple(link["sha256"] for link in found["chain"]) in case.chains
    assert set(case.notices) <= {notice["slug"] for notice in found["notices"]}


@_every_case()
def test_check_judges_as_expected_against_the_signing_request(case: Case) -> None:
    """Outcome, exact chain and notices of a case are those of the manifest."""
    run = commands.inside(
        None, "response", "check", str(case.file), "--for", str(case.csr), "--json"
    )
    _assert_judged(case, run)
    assert ["loss"] == run.json["not_checked"] or run.status == 5


@_every_case()
def test_check_judges_as_expected_against_the_current_certificate(case: Case) -> None:
    """The placeholder certificate as reference gives the same as the request."""
    reference = str(case.certificate)
    run = commands.inside(None, "response", "check", str(case.file), "--for", reference, "--json")
    _assert_judged(case, run)
    assert run.json["not_checked"] == []


@_every_case()
def test_check_judges_as_expected_against_the_public_key(case: Case, tmp_path: Path) -> None:
    """The bare public key gives the same, but for what only a request can say."""
    reference = str(_public_key(case, tmp_path))
    run = commands.inside(None, "response", "check", str(case.file), "--for", reference, "--json")
    _assert_judged(case, run, without_request=_rests_on_the_request(case))
    assert ["subject", "san", "loss"] == run.json["not_checked"] or run.status == 5


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in CASES[::8]])
def test_check_works_as_a_process_without_any_keystore(case: Case, tmp_path: Path) -> None:
    """The installed command gives the same as in this process, with the file on standard input."""
    run = commands.run(
        tmp_path / "nothing here",
        *("response", "check", "-", "--for", str(case.csr), "--json"),
        stdin=case.file.read_bytes(),
    )
    _assert_judged(case, run)
    assert not (tmp_path / "nothing here").exists()


def _added(case: Case, settings: Settings, *, with_certificate: bool) -> None:
    given = ("--certificate", str(case.certificate)) if with_certificate else ()
    run = commands.inside(settings.data, "keypair", "add", ALIAS, str(case.key), *given)
    assert (0, "") == (run.status, run.stderr)


def _upload(settings: Settings, case: Case, *options: str) -> Run:
    return commands.inside(
        settings.data, "response", "upload", ALIAS, str(case.file), "--json", *options
    )


def _assert_audit_is_clean(settings: Settings) -> None:
    assert commands.inside(settings.data, "audit", "verify").status == 0


@_every_case()
@pytest.mark.parametrize("with_certificate", [True, False], ids=["placeholder", "key-alone"])
def test_upload_judges_as_expected_with_the_fingerprint_confirmed(
    case: Case, settings: Settings, *, with_certificate: bool
) -> None:
    """What is accepted is the current chain afterwards; what is rejected leaves every row alone."""
    _added(case, settings, with_certificate=with_certificate)
    before = steward.rows(settings)
    run = _upload(settings, case, "--fingerprint-verified")
    unasked = not with_certificate and _rests_on_the_request(case)
    _assert_judged(case, run, without_request=unasked)
    assert run.json["alias"] == ALIAS
    if run.status:
        assert before == steward.rows(settings)
        assert run.json["version"] is None
    else:
        shown = commands.inside(settings.data, "show", ALIAS, "--json").json
        assert tuple(link["sha256"] for link in shown["chain"]) in case.chains
        assert (2, "signing-response") == (shown["version"], shown["reason"])
    _assert_audit_is_clean(settings)


@_every_case(accepted=True)
def test_upload_asks_for_a_confirmation_while_the_root_is_unknown(
    case: Case, settings: Settings
) -> None:
    """Without it the upload is refused with root-not-trusted, and nothing has changed."""
    _added(case, settings, with_certificate=True)
    before = steward.rows(settings)
    run = _upload(settings, case)
    if run.json["problem"]["slug"] == "root-not-trusted":
        assert run.status == 6
        assert run.json["problem"]["override"] is False
    else:
        assert "reject" in case.allowed
        assert run.status == 5
    assert before == steward.rows(settings)
    _assert_audit_is_clean(settings)


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c.name) for c in CASES if "reject" not in c.allowed]
)
def test_upload_repeated_is_already_current(case: Case, settings: Settings) -> None:
    """The same file once more is a success that stores nothing."""
    _added(case, settings, with_certificate=True)
    assert _upload(settings, case, "--fingerprint-verified").status == 0
    before = steward.rows(settings)
    again = _upload(settings, case)
    assert (0, 2) == (again.status, again.json["version"])
    assert "already-current" in [notice["slug"] for notice in again.json["notices"]]
    assert before == steward.rows(settings)
