"""What scripts are told: the members of design, at least, in each outcome."""

import json
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands
from tests import steward as steward_
from tests.command.authority import CA, KEY, ROOT, leaf
from tests.commands import Run

CHECKED = {"outcome", "chain", "notices", "not_checked", "problem"}
UPLOADED = CHECKED | {"alias", "version"}


@pytest.fixture
def client(settings: Settings, files: Path) -> Settings:
    """Add the key pair "client" with a placeholder."""
    key, certificate = str(files / "key.pem"), str(files / "placeholder.pem")
    run = commands.inside(
        settings.data, "keypair", "add", "client", key, "--certificate", certificate
    )
    assert 0 == run.status
    return settings


def _upload(client: Settings, file: Path, *options: str) -> Run:
    return commands.inside(
        client.data, "response", "upload", "client", str(file), "--json", *options
    )


def _assert_shape(run: Run, members: set[str]) -> None:
    found = run.json
    assert members <= found.keys()
    for link in found["chain"]:
        assert {"sha256", "subject", "source"} <= link.keys()
        assert link["source"] in ("response", "keystore")
        assert 64 == len(link["sha256"])
        assert link["sha256"] == link["sha256"].lower()
    for notice in found["notices"]:
        assert {"slug", "severity", "detail"} <= notice.keys()
        assert notice["severity"] in ("info", "warning")
    if found["outcome"] == "reject":
        assert {"slug", "title", "detail", "override"} <= found["problem"].keys()
        assert isinstance(found["problem"]["override"], bool)
        assert [] == found["chain"]
    else:
        warned = any(n["severity"] == "warning" for n in found["notices"])
        assert ("warn" if warned else "accept") == found["outcome"]
        assert found["problem"] is None


@pytest.mark.parametrize(
    ("file", "outcome", "status"),
    [
        ("good.pem", "accept", 0),
        ("server-only.pem", "warn", 0),
        ("expired.pem", "reject", 5),
        ("text.txt", "reject", 5),
        ("missing.pem", "reject", 5),
    ],
)
@pytest.mark.parametrize(
    ("reference", "not_checked"),
    [
        ("request.pem", ["loss"]),
        ("placeholder.pem", []),
        ("public.pem", ["subject", "san", "loss"]),
    ],
)
def test_check_prints_outcome_chain_notices_and_what_was_not_checked(
    files: Path, file: str, outcome: str, status: int, reference: str, not_checked: list[str]
) -> None:
    """For each outcome and each kind of reference."""
    (files / "public.pem").write_bytes(steward_.public_pem(KEY))
    run = commands.inside(
        None, "response", "check", str(files / file), "--for", str(files / reference), "--json"
    )
    _assert_shape(run, CHECKED)
    assert (status, outcome) == (run.status, run.json["outcome"])
    assert ([] if status else not_checked) == run.json["not_checked"]


def test_check_names_each_certificate_of_the_chain(files: Path) -> None:
    """End-entity first, by fingerprint and subject."""
    run = commands.inside(
        None,
        *("response", "check", str(files / "good.pem"), "--for", str(files / "request.pem")),
        "--json",
    )
    subjects = [link["subject"] for link in run.json["chain"]]
    assert ["CN=client.example,O=Partner", "CN=Issuing,O=Test Trust", "CN=Root,O=Test Trust"] == (
        subjects
    )
    (root,) = steward_.read(ROOT)
    assert root.fingerprint == run.json["chain"][-1]["sha256"]
    assert ["root-not-trusted"] == [n["slug"] for n in run.json["notices"]]
    assert "info" == run.json["notices"][0]["severity"]


def test_upload_prints_alias_and_version_in_each_outcome(client: Settings, files: Path) -> None:
    """Refused, taken, and already current."""
    run = _upload(client, files / "good.pem")
    _assert_shape(run, UPLOADED)
    assert (6, "reject", "client", None) == (
        *(run.status, run.json["outcome"], run.json["alias"], run.json["version"]),
    )
    (root,) = steward_.read(ROOT)
    problem = run.json["problem"]
    assert ("root-not-trusted", False) == (problem["slug"], problem["override"])
    assert (root.fingerprint, root.subject) == (problem["sha256"], problem["subject"])
    run = _upload(client, files / "good.pem", "--trust-root", root.fingerprint.upper())
    _assert_shape(run, UPLOADED)
    assert (0, "accept", "client", 2) == (
        *(run.status, run.json["outcome"], run.json["alias"], run.json["version"]),
    )
    run = _upload(client, files / "good.pem")
    _assert_shape(run, UPLOADED)
    assert (0, "accept", 2) == (run.status, run.json["outcome"], run.json["version"])


def test_upload_says_what_can_be_overridden(client: Settings, files: Path) -> None:
    """The slug that it names is the one to give."""
    run = _upload(client, files / "expired.pem", "--fingerprint-verified")
    assert run.json["problem"]["override"] is True
    slug = run.json["problem"]["slug"]
    options = ("--fingerprint-verified", "--override", slug, "--reason", "until Monday")
    run = _upload(client, files / "expired.pem", *options)
    _assert_shape(run, UPLOADED)
    assert (0, "warn", 2) == (run.status, run.json["outcome"], run.json["version"])
    versions = commands.inside(client.data, "versions", "client", "--json").json
    assert ["until Monday"] == [v["note"] for v in versions if v["version"] == 2]


def test_dry_run_stores_nothing_and_names_the_plan_to_commit(client: Settings, files: Path) -> None:
    """Its digest is taken by --expect-plan, and refused once the entry has changed."""
    before = steward_.rows(client)
    options = (files / "good.pem", "--fingerprint-verified")
    dry = _upload(client, *options, "--dry-run")
    _assert_shape(dry, UPLOADED)
    assert (0, True, 1) == (dry.status, dry.json["dry_run"], dry.json["version"])
    assert before == steward_.rows(client)
    done = _upload(client, *options, "--expect-plan", dry.json["plan"], "--expect-version", "1")
    assert (0, 2) == (done.status, done.json["version"])
    late = _upload(client, files / "newer.pem", "--expect-plan", dry.json["plan"])
    assert (6, "entry-changed") == (late.status, late.json["problem"]["slug"])


def test_source_says_what_the_keystore_added(client: Settings, files: Path) -> None:
    """A chain completed from certificate entries."""
    for alias in ("root", "ca"):
        file = str(files / f"{alias}.pem")
        commands.inside(client.data, "certificate", "add", alias, file, "--fingerprint-verified")
    (files / "alone.pem").write_bytes(leaf().pem)
    run = _upload(client, files / "alone.pem")
    assert ["response", "keystore", "keystore"] == [link["source"] for link in run.json["chain"]]
    assert ["chain-completed-from-keystore"] == [n["slug"] for n in run.json["notices"]]


def test_lists_print_times_in_utc_and_numbers_as_numbers(client: Settings, files: Path) -> None:
    """The commands list, show, versions and audit show are JSON that needs no table parser."""
    _upload(client, files / "good.pem", "--fingerprint-verified")
    (listed,) = commands.inside(client.data, "list", "--json").json
    assert ("client", "key-pair", "tenant", 2) == (
        *(listed["alias"], listed["type"], listed["owner"], listed["version"]),
    )
    assert "2044-01-01T00:00:00Z" == listed["not_after"]
    shown = commands.inside(client.data, "show", "client", "--json").json
    assert steward_.read(CA)[0].fingerprint == shown["chain"][1]["sha256"]
    found = commands.inside(client.data, "versions", "client", "--json").json
    assert {1, 2} == {version["version"] for version in found}
    assert [2] == [version["version"] for version in found if version["current"]]
    assert found == commands.inside(client.data, "history", "client", "--json").json
    rows = commands.inside(client.data, "audit", "show", "--json").json
    assert ["keystore-created", "add-key-pair", "signing-response"] == [r["action"] for r in rows]
    report = commands.inside(client.data, "audit", "verify", "--json").json
    assert (True, 4) == (report["clean"], report["rows"])
    again = commands.inside(client.data, "audit", "verify", "--expect", report["head"])
    assert 0 == again.status


def test_json_is_all_of_standard_output(client: Settings, files: Path) -> None:
    """Also for a refusal, whose line for people goes to standard error."""
    run = _upload(client, files / "other.pem")
    assert run.json == json.loads(run.stdout)
    assert run.stderr.startswith("keysteward: ")


def test_waiting_entries_are_listed_until_their_response(client: Settings, files: Path) -> None:
    """List --waiting before the request, after it, and after the response."""
    listed: list[list[str]] = []

    def look() -> None:
        found = commands.inside(client.data, "list", "--waiting", "--json")
        assert 0 == found.status
        listed.append([entry["alias"] for entry in found.json])

    look()
    commands.inside(client.data, "csr", "client")
    look()
    _upload(client, files / "good.pem", "--fingerprint-verified")
    look()
    assert [[], ["client"], []] == listed


def test_new_entries_are_printed_as_they_are_shown(settings: Settings, files: Path) -> None:
    """What makes an entry prints what show prints of it afterwards; uploads add notices."""
    for alias, arguments in {
        "made": ("keypair", "generate", "made", "--cn", "made", "--type", "ed25519"),
        "added": ("keypair", "add", "added", str(files / "key.pem")),
        "root": ("certificate", "add", "root", str(files / "root.pem"), "--not-trusted"),
    }.items():
        run = commands.inside(settings.data, *arguments, "--json")
        assert (0, "") == (run.status, run.stderr)
        shown = commands.inside(settings.data, "show", alias, "--json").json
        assert shown == {name: run.json[name] for name in run.json if name != "notices"}
    renewed = commands.inside(settings.data, "keypair", "renew", "made", "--json")
    assert (1, 2) == (renewed.json["version"], renewed.json["pending"])


def test_rollback_prints_its_plan_in_each_outcome(client: Settings, files: Path) -> None:
    """Tried, done, and refused."""
    _upload(client, files / "good.pem", "--fingerprint-verified")

    def roll_back(*words: str) -> Run:
        run = commands.inside(client.data, "rollback", "client", *words, "--json")
        _assert_shape(run, UPLOADED)
        return run

    tried, done, refused = roll_back("1", "--dry-run"), roll_back("1"), roll_back("9")
    assert (0, True, 2) == (tried.status, tried.json["dry_run"], tried.json["version"])
    assert (0, "warn", 3) == (done.status, done.json["outcome"], done.json["version"])
    assert (4, "version-not-found") == (refused.status, refused.json["problem"]["slug"])
