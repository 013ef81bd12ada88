"""The provider's keys on the command line: what is shown, asked, and refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from keysteward.settings import Settings
from tests import commands, providers
from tests.commands import Run
from tests.pki_maker import Issued
from tests.providers import ALIAS, CA, ROOT

AS_PROVIDER = ("--as", "provider")
NOW = datetime.now(UTC).replace(microsecond=0)
_SHA256 = hashes.SHA256()
ACTIVE = providers.leaf("active", not_after=NOW + timedelta(days=20))
NEXT = providers.leaf("next", not_after=NOW + timedelta(days=400))
ENDING = providers.leaf("ending", not_after=NOW + timedelta(hours=12))


def _file(folder: Path, issued: Issued) -> str:
    file = folder / "delivery.pem"
    file.write_bytes(providers.delivery(issued).data)
    return str(file)


def _supply(settings: Settings, issued: Issued, *options: str, alias: str = ALIAS) -> Run:
    file = _file(settings.data.parent, issued)
    run = commands.inside(settings.data, "provider", "supply", alias, file, *AS_PROVIDER, *options)
    assert (0, "") == (run.status, run.stderr)
    return run


def _run(settings: Settings, *arguments: str, status: int = 0, named: str = "SAP") -> Run:
    run = commands.inside(settings.data, *arguments, KEYSTEWARD_PROVIDER=named)
    assert status == run.status, run.stderr
    return run


@pytest.fixture
def waiting(settings: Settings) -> Settings:
    """A keystore with an active key of the provider and the next one waiting."""
    _supply(settings, ACTIVE, "--current")
    _supply(settings, NEXT)
    return settings


def test_new_key_is_listed_with_its_day(waiting: Settings) -> None:
    """Under the provider's name, with arrival and the day of its activation, by both commands."""
    day = (NOW + timedelta(days=19)).date().isoformat()
    for arguments in (("provider", "new"), ("list", "--new")):
        title, columns, line = _run(waiting, *arguments).stdout.splitlines()
        assert "New SAP keys:" == title
        assert ["Alias", "Arrived", "Activation", "Valid", "until"] == columns.split()[:5]
        assert line.startswith(f"{ALIAS}  {NOW.date().isoformat()}  by itself on {day}  ")
        (told,) = _run(waiting, *arguments, "--json").json
        assert (ALIAS, False) == (told["alias"], told["held"])
        assert told["activates_at"].startswith(day)
        assert told["replaces_until"].startswith((NOW + timedelta(days=20)).date().isoformat())
    assert "next" not in _run(waiting, "list").stdout


def test_provider_has_the_name_that_the_setting_gives(settings: Settings) -> None:
    """In the headings and in refusals."""
    named = "Hoster"
    assert "No new Hoster keys.\n" == _run(settings, "list", "--new", named=named).stdout
    assert "The Hoster key history is empty.\n" == (
        _run(settings, "provider", "history", named=named).stdout
    )
    arguments = ("provider", "supply", ALIAS, _file(settings.data.parent, NEXT))
    assert "Hoster alone supplies" in _run(settings, *arguments, status=7, named=named).stderr


def test_list_of_new_keys_takes_no_other_condition(settings: Settings) -> None:
    """What cannot be combined is refused rather than ignored."""
    for other in (("--deleted",), ("--waiting",), ("--expiring", "3")):
        assert "--new is another list" in _run(settings, "list", "--new", *other, status=2).stderr


def test_supplied_key_is_described(settings: Settings) -> None:
    """Where it is, what it is, and what becomes of it; again, with what is wrong with it."""
    text = _supply(settings, NEXT).stdout
    assert f"'{ALIAS}' is among the new SAP keys: EC secp256r1, CN=platform.example" in text
    assert "waits for a person: no active key" in text
    assert f"'{ALIAS}' was already among" in _supply(settings, NEXT).stdout
    told = _supply(settings, ACTIVE, "--json").json
    assert ("new", 2, "supplied") == (told["view"], told["version"], told["reason"])
    assert [] == told["notices"]


def test_supplied_certificate_goes_to_current(settings: Settings) -> None:
    """And only there; without the option the refusal names it."""
    file = settings.data.parent / "root.pem"
    file.write_bytes(ROOT.pem)
    supply = ("provider", "supply", "sap_root", str(file), *AS_PROVIDER)
    assert "--current" in _run(settings, *supply, status=5).stderr
    run = _run(settings, *supply, "--current", "--not-trusted")
    assert "'sap_root' is among the current entries: CN=Platform Root, version 1." in run.stdout
    assert "completes chains" in _run(settings, "show", "sap_root").stdout


def test_activation_is_shown_before_it_is_done(waiting: Settings) -> None:
    """A dry run stores nothing; without a person or --yes nothing happens either."""
    activate = ("provider", "activate", ALIAS)
    dry = _run(waiting, *activate, "--dry-run").stdout
    assert f"would overwrite '{ALIAS}' (version 1)" in dry
    assert "key-changed" in dry
    assert dry.endswith("Nothing was stored.\n")
    refused = _run(waiting, *activate, status=6)
    assert "[confirmation-required]" in refused.stderr
    assert "--dry-run" in refused.stderr
    assert 1 == len(_run(waiting, "provider", "new", "--json").json)


def test_activation_says_where_the_old_pair_is(waiting: Settings) -> None:
    """And what to do next; a second time there is nothing to activate."""
    activate = ("provider", "activate", ALIAS, "--yes")
    text = _run(waiting, *activate).stdout
    assert f"'{ALIAS}' is now version 2; the pair before it is '[1]_{ALIAS}'" in text
    assert text.endswith(f"Next: keysteward connect HOST:PORT --alias {ALIAS}\n")
    assert "[alias-not-found]" in _run(waiting, *activate, status=4).stderr
    reasons = [v["reason"] for v in _run(waiting, "versions", ALIAS, "--json").json]
    assert ["activated", "supplied"] == reasons


def test_activation_that_makes_an_entry_says_so(settings: Settings) -> None:
    """Before and afterwards."""
    _supply(settings, NEXT)
    activate = ("provider", "activate", ALIAS)
    assert "this activation would make the entry" in _run(settings, *activate, "--dry-run").stdout
    assert "the alias had no key before" in _run(settings, *activate, "--yes").stdout


def test_activation_is_told_in_json(waiting: Settings) -> None:
    """The plan, what was done, and a refusal, in one shape."""
    activate = ("provider", "activate", ALIAS, "--json")
    plan = _run(waiting, *activate, "--dry-run").json
    assert ("accept", False, 1) == (plan["outcome"], plan["creates"], plan["replaced_version"])
    assert (None, None, True) == (plan["version"], plan["history_alias"], plan["dry_run"])
    assert "confirmation-required" == _run(waiting, *activate, status=6).json["problem"]["slug"]
    done = _run(waiting, *activate, "--yes").json
    assert (2, f"[1]_{ALIAS}", False) == (done["version"], done["history_alias"], done["dry_run"])
    assert plan["chain"] == done["chain"]
    assert "alias-not-found" == _run(waiting, *activate, "--yes", status=4).json["problem"]["slug"]


def test_daily_job_says_what_it_did_and_else_nothing(settings: Settings) -> None:
    """So that cron sends a mail on the days that matter."""
    due = ("provider", "activate", "--due")
    assert "" == _run(settings, *due).stdout
    _supply(settings, ENDING, "--current")
    _supply(settings, NEXT)
    _supply(settings, ACTIVE, "--current", alias="sap_other")
    _supply(settings, NEXT, alias="sap_other")
    assert "due: with the next daily run" in _run(settings, "provider", "new").stdout
    assert _run(settings, *due).stdout.startswith(f"'{ALIAS}' is now version 2;")
    assert [] == _run(settings, *due, "--json").json


def test_daily_job_tells_what_it_could_not_do(settings: Settings) -> None:
    """As the outcome, after everything else is done."""
    _supply(settings, NEXT, alias="sap_a")
    file = settings.data.parent / "ending.pem"
    file.write_bytes(ENDING.pem)
    _run(settings, "provider", "supply", "sap_a", str(file), "--current", *AS_PROVIDER)
    _supply(settings, ENDING, "--current")
    _supply(settings, NEXT)
    run = _run(settings, "provider", "activate", "--due", status=5)
    assert f"'{ALIAS}' is now version 2" in run.stdout
    assert "[not-a-key-pair]" in run.stderr


@pytest.mark.parametrize("words", [(), (ALIAS, "--due"), ("--due", "--dry-run")])
def test_activation_needs_one_key_or_the_due_ones(settings: Settings, words: tuple[str]) -> None:
    """Anything else is a misunderstanding."""
    _run(settings, "provider", "activate", *words, status=2)


def test_held_key_waits_and_is_released(waiting: Settings) -> None:
    """Each time the answer says what becomes of it."""
    assert "held, waits for a person" in _run(waiting, "provider", "hold", ALIAS).stdout
    assert "held, waits for a person" in _run(waiting, "list", "--new").stdout
    assert "by itself on" in _run(waiting, "provider", "hold", ALIAS, "--release").stdout


def test_history_is_listed_and_restored_from(waiting: Settings) -> None:
    """To the original alias or another one of the provider's; the entry stays in the history."""
    _run(waiting, "provider", "activate", ALIAS, "--yes")
    title, columns, line = _run(waiting, "provider", "history").stdout.splitlines()
    assert "SAP key history:" == title
    assert columns.startswith("Alias")
    assert line.startswith(f"[1]_{ALIAS}  {NOW.date().isoformat()}")
    (told,) = _run(waiting, "provider", "history", "--json").json
    assert (f"[1]_{ALIAS}", ALIAS, 1) == (told["alias"], told["original_alias"], told["sequence"])
    restore = ("provider", "restore", f"[1]_{ALIAS}")
    text = _run(waiting, *restore).stdout
    assert f"'[1]_{ALIAS}' waits as '{ALIAS}' among the new SAP keys." in text
    assert "does not outlive the active key" in text
    assert f"Next: keysteward provider activate {ALIAS}" in text
    assert "[alias-exists]" in _run(waiting, *restore, status=6).stderr
    other = _run(waiting, *restore, "--to", "sap_other", "--json").json
    assert ("sap_other", "new", "restored") == (other["alias"], other["view"], other["reason"])
    assert "[alias-reserved]" in _run(waiting, *restore, "--to", "mine", status=7).stderr
    assert "[alias-invalid]" in _run(waiting, "provider", "restore", ALIAS, status=5).stderr
    assert 1 == len(_run(waiting, "provider", "history", "--json").json)


def test_views_are_shown_like_entries(waiting: Settings) -> None:
    """With what is known of them besides; each view has its own entry of the alias."""
    _run(waiting, "provider", "activate", ALIAS, "--yes")
    _supply(waiting, ACTIVE)
    past = f"[1]_{ALIAS}"
    for alias, view, issued, words in (
        (ALIAS, "current", NEXT, ("in use",)),
        (ALIAS, "new", ACTIVE, ("waiting to be activated", "Arrived", "Activation")),
        (past, "history", ACTIVE, ("replaced", "Original alias", "Active from", "Active until")),
    ):
        shown = _run(waiting, "show", alias, "--view", view)
        told = _run(waiting, "show", alias, "--view", view, "--json").json
        assert [] == [word for word in words if word not in shown.stdout]
        assert (view, issued.certificate.fingerprint(_SHA256).hex()) == (
            *(told["view"], told["chain"][0]["sha256"]),
        )
        versions = _run(waiting, "versions", alias, "--view", view, "--json").json
        assert told["chain"] == versions[0]["chain"]
    assert "[alias-not-found]" in _run(waiting, "show", past, status=4).stderr
    assert "[alias-not-found]" in _run(waiting, "show", "x", "--view", "new", status=4).stderr


def test_key_and_its_chain_come_in_two_files(settings: Settings, tmp_path: Path) -> None:
    """As with any other key pair; encrypted, with its password on standard input."""
    password = b"for this test alone"
    (tmp_path / "key.pem").write_bytes(NEXT.key_pem(password=password))
    (tmp_path / "chain.pem").write_bytes(NEXT.pem + CA.pem + ROOT.pem)
    arguments = ("provider", "supply", ALIAS, str(tmp_path / "key.pem"), "--password-stdin")
    chain = ("--certificate", str(tmp_path / "chain.pem"), "--json")
    run = commands.inside(settings.data, *arguments, *chain, *AS_PROVIDER, stdin=password + b"\n")
    assert (0, "") == (run.status, run.stderr)
    assert 3 == len(run.json["chain"])


def test_withdrawn_key_waits_no_more(waiting: Settings) -> None:
    """The provider takes it away, and the tenant cannot."""
    refused = _run(waiting, "provider", "withdraw", ALIAS, status=7)
    assert "[not-the-provider]" in refused.stderr
    done = _run(waiting, "provider", "withdraw", ALIAS, *AS_PROVIDER)
    assert f"'{ALIAS}' does not wait any more; its private key is destroyed.\n" == done.stdout
    assert "No new SAP keys.\n" == _run(waiting, "provider", "new").stdout
    _run(waiting, "provider", "withdraw", ALIAS, *AS_PROVIDER, status=4)
