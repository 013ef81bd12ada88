"""The commands of backup: what they say, ask, refuse, and print for scripts."""

import pytest

from keysteward.cli.session import Session
from keysteward.keystore import backups
from keysteward.settings import Settings
from tests import commands
from tests import steward as steward_
from tests.command.authority import KEY, ROOT
from tests.commands import Run
from tests.pki_maker import issue
from tests.steward import TENANT, Clock


@pytest.fixture
def client(settings: Settings) -> Settings:
    """Add the key pair "client" and the certificate "root", and back them up as "before"."""
    with steward_.opened(settings, Clock()) as steward:
        steward_.add(steward, "client", issue("client", KEY))
        steward_.add_anchor(steward, "root", ROOT)
        backups.create_backup(steward, TENANT, "before")
    return settings


def _backup(client: Settings, *words: str, stdin: bytes = b"") -> Run:
    return commands.inside(client.data, "backup", *words, stdin=stdin)


def _aliases(client: Settings) -> list[str]:
    return [e["alias"] for e in commands.inside(client.data, "list", "--json").json]


def _change(client: Settings) -> None:
    """Rename the key pair, delete the certificate, make another key pair."""
    for words in (
        ("rename", "client", "moved"),
        ("delete", "root"),
        ("keypair", "generate", "new", "--cn", "new", "--type", "ed25519"),
    ):
        assert 0 == commands.inside(client.data, *words).status


def test_created_backup_says_how_much_it_holds(client: Settings) -> None:
    """With the name that it got, and what is kept if that is limited."""
    assert "Backup 'after' holds 2 entries.\n" == _backup(client, "create", "after").stdout
    commands.inside(client.data, "delete", "root")
    limited = commands.inside(
        client.data, "backup", "create", "last", KEYSTEWARD_BACKUPS_KEPT="2"
    ).stdout
    assert "Backup 'last' holds 1 entry.\nThe newest 2 backups are kept.\n" == limited
    assert ["last", "after"] == [b["name"] for b in _backup(client, "list", "--json").json]


def test_backup_gets_a_name_of_its_own(client: Settings) -> None:
    """The time, which scripts are told."""
    made = _backup(client, "create", "--json").json
    assert (made["created_at"][:19], 2) == (made["name"][:19], made["size"])
    assert made == _backup(client, "list", "--json").json[0]


def test_list_is_empty_at_first(settings: Settings) -> None:
    """It says so, and scripts get an empty list."""
    assert "No backups yet.\n" == _backup(settings, "list").stdout
    assert [] == _backup(settings, "list", "--json").json


def test_list_has_a_line_for_each_backup(client: Settings) -> None:
    """Newest first, with size, time and maker."""
    _backup(client, "create", "after")
    heading, first, second = _backup(client, "list").stdout.splitlines()
    assert ["Name", "Entries", "When", "(UTC)", "Who"] == heading.split()
    assert ["after", "2"] == first.split()[:2]
    assert second.startswith("before  ")


def test_show_lists_the_entries_as_they_were(client: Settings) -> None:
    """As list does; the newest backup's if none is named."""
    then = commands.inside(client.data, "list", "--json").json
    _change(client)
    shown = _backup(client, "show")
    assert shown.stdout == _backup(client, "show", "before").stdout
    assert shown.stdout.startswith("Backup 'before' (20")
    assert "UTC): 2 entries.\n" in shown.stdout
    assert ["Alias", "client", "root"] == [
        line.split()[0] for line in shown.stdout.split("\n")[1:-1]
    ]
    entries = _backup(client, "show", "--json").json["entries"]
    members = ("alias", "type", "version", "sha256", "not_after", "subject", "key", "trusted")
    assert [{m: e[m] for m in members} for e in then] == [
        {m: e[m] for m in members} for e in entries
    ]


def test_compare_says_what_happened_since(client: Settings) -> None:
    """Line by line, with the other name of a renamed entry."""
    assert "0 differences, 2 entries unchanged." in _backup(client, "compare").stdout
    _change(client)
    _, *lines = _backup(client, "compare").stdout.splitlines()
    assert [
        "Alias   Since then  What",
        "client  removed     is 'moved' now",
        "moved   new         was 'client'",
        "new     new",
        "root    removed",
    ] == lines
    found = _backup(client, "compare", "before", "--json").json
    assert ("before", 0) == (found["name"], found["unchanged"])
    assert {"alias": "client", "since": "removed", "parts": [], "renamed": "moved"} == (
        found["differences"][0]
    )


def test_compare_names_the_parts_that_differ(client: Settings) -> None:
    """A pending key, here."""
    commands.inside(client.data, "keypair", "renew", "client")
    run = _backup(client, "compare")
    assert "1 difference, 1 entry unchanged." in run.stdout
    assert "client  changed     pending" in run.stdout


def test_dry_run_shows_the_plan_and_stores_nothing(client: Settings) -> None:
    """What vanishes is named, what stays is counted."""
    commands.inside(client.data, "delete", "client")
    commands.inside(client.data, "keypair", "generate", "new", "--cn", "new", "--type", "ed25519")
    before = steward_.rows(client, without=())
    run = _backup(client, "restore", "--mode", "replace", "--dry-run")
    first, _, *rows, last = run.stdout.splitlines()
    assert "A restore from 'before' would mean: 1 new, 1 unchanged, 1 removed." == first
    assert [["client", "Key Pair", "new"], ["new", "Key Pair", "removed"]] == [
        [cell.strip() for cell in row.split("  ") if cell][:3] for row in rows
    ]
    assert "Nothing was stored." == last
    assert before == steward_.rows(client, without=())


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_restore_without_a_person_needs_yes(client: Settings, options: tuple[str, ...]) -> None:
    """It is refused with what it would do."""
    _change(client)
    before = steward_.rows(client)
    run = _backup(client, "restore", "--mode", "replace", *options)
    assert 6 == run.status
    assert "This restore adds 2 and removes 2 entries." in run.stderr
    assert run.stderr.endswith("[confirmation-required]\n")
    assert before == steward_.rows(client)
    if options:
        assert ("confirmation-required", []) == (
            *(run.json["problem"]["slug"], run.json["entries"]),
        )


def test_restore_that_changes_nothing_needs_no_yes(client: Settings) -> None:
    """There is nothing to confirm."""
    run = _backup(client, "restore", "--mode", "replace")
    assert (0, "There was nothing to restore from 'before': 2 unchanged.\n") == (
        *(run.status, run.stdout),
    )


@pytest.mark.parametrize(
    ("options", "aliases"),
    [
        (("--alias", "root"), ["moved", "new", "root"]),
        (("--alias", "root", "--alias", "client"), ["client", "moved", "new", "root"]),
        ((), ["client", "moved", "new", "root"]),
        (("--mode", "replace"), ["client", "root"]),
    ],
)
def test_restore_brings_back_what_was_chosen(
    client: Settings, options: tuple[str, ...], aliases: list[str]
) -> None:
    """One entry, several, all, or all and nothing else."""
    _change(client)
    run = _backup(client, "restore", "before", "--yes", *options)
    assert (0, "") == (run.status, run.stderr)
    assert run.stdout.startswith("Restored from 'before': ")
    assert aliases == _aliases(client)
    assert "restored: before" in commands.inside(client.data, "versions", "root").stdout


def test_restore_says_what_was_left_out_and_what_is_given_up(client: Settings) -> None:
    """Entry by entry, in words."""
    commands.inside(client.data, "keypair", "renew", "client")
    left = _backup(client, "restore", "--mode", "add", "--yes").stdout
    assert "There was nothing to restore from 'before': 1 unchanged, 1 not imported." in left
    assert "An entry 'client' exists already." in left
    done = _backup(client, "restore", "--yes").stdout
    assert "its pending key (version 2) is given up" in done


def test_restore_tells_of_another_key_and_another_type(client: Settings) -> None:
    """Who connects with the alias should know."""
    for alias in ("client", "root"):
        commands.inside(client.data, "delete", alias)
        generate = ("keypair", "generate", alias, "--cn", "x", "--type", "ed25519")
        commands.inside(client.data, *generate)
    plan = _backup(client, "restore", "--mode", "replace", "--dry-run").stdout
    assert "another private key" in plan
    assert "instead of a key pair" in plan
    kept = _backup(client, "restore", "--yes").stdout
    assert "'root' is a key pair, and what comes is a certificate" in kept


def test_restore_prints_its_entries_for_scripts(client: Settings) -> None:
    """Unchanged ones included; the plan and the result look alike."""
    commands.inside(client.data, "delete", "client")
    plan = _backup(client, "restore", "--dry-run", "--json").json
    done = _backup(client, "restore", "--yes", "--json").json
    assert (True, False) == (plan.pop("dry_run"), done.pop("dry_run"))
    assert plan == done
    assert ("before", "overwrite", None) == (done["backup"], done["mode"], done["problem"])
    assert {"new": 1, "changed": 0, "unchanged": 1, "removed": 0, "not-imported": 0} == (
        done["counts"]
    )
    client_, root = done["entries"]
    assert ("client", "new", "key-pair", "CN=client", None) == (
        *(client_["alias"], client_["status"], client_["type"], client_["subject"]),
        client_["problem"],
    )
    assert ("root", "unchanged", "certificate") == (root["alias"], root["status"], root["type"])


@pytest.mark.parametrize(("answer", "status", "restored"), [(b"y\n", 0, True), (b"n\n", 6, False)])
def test_person_is_shown_the_plan_and_asked(
    client: Settings,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
    status: int,
    restored: bool,  # noqa: FBT001
) -> None:
    """A yes does just that; a no changes nothing."""
    monkeypatch.setattr(Session, "interactive", True)
    commands.inside(client.data, "delete", "client")
    run = _backup(client, "restore", "--mode", "replace", stdin=answer)
    assert status == run.status
    assert "A restore from 'before' would mean: 1 new, 1 unchanged." in run.stdout
    assert "Restore? [y/N]" in run.stdout
    assert restored == ("Restored from 'before'.\n" in run.stdout)
    assert ("" if restored else "Nothing was changed.\n") == run.stderr
    assert restored == ("client" in _aliases(client))


@pytest.mark.parametrize(
    ("words", "status", "slug"),
    [
        (("create", "before"), 6, "name-taken"),
        (("create", "a\nb"), 5, "name-invalid"),
        (("create", "x" * 101), 5, "name-invalid"),
        (("show", "nothing"), 4, "backup-not-found"),
        (("compare", "nothing"), 4, "backup-not-found"),
        (("restore", "nothing", "--yes"), 4, "backup-not-found"),
        (("delete", "nothing"), 4, "backup-not-found"),
        (("restore", "--alias", "nobody", "--yes"), 4, "alias-not-found"),
        (("create", "theirs", "--as", "provider"), 7, "backup-owned-by-tenant"),
        (("restore", "--yes", "--as", "provider"), 7, "backup-owned-by-tenant"),
        (("delete", "before", "--as", "provider"), 7, "backup-owned-by-tenant"),
    ],
)
def test_refusal_has_its_status_and_changes_nothing(
    client: Settings, words: tuple[str, ...], status: int, slug: str
) -> None:
    """In one line on standard error."""
    before = steward_.rows(client)
    run = _backup(client, *words)
    assert (status, "", 1) == (run.status, run.stdout, run.stderr.count("\n"))
    assert run.stderr.endswith(f"[{slug}]\n")
    assert before == steward_.rows(client)


def test_some_entries_cannot_replace_all(client: Settings) -> None:
    """That is wrong usage."""
    run = _backup(client, "restore", "--alias", "client", "--mode", "replace")
    assert (2, True) == (run.status, "leave --alias out" in run.stderr)


def test_newest_of_no_backups_is_missing(settings: Settings) -> None:
    """The message says how to make one."""
    for words in (("show",), ("compare",), ("restore", "--yes")):
        run = _backup(settings, *words)
        assert (4, True) == (run.status, "'backup create' makes one" in run.stderr)


def test_deleted_backup_says_which_keys_went_with_it(client: Settings) -> None:
    """Those of purged entries that it was the last to hold."""
    _backup(client, "create", "other")
    purge = ("delete", "client", "--purge")
    assert 0 == commands.inside(client.data, *purge, stdin=b"client\n").status
    assert "Backup 'other' is deleted.\n" == _backup(client, "delete", "other").stdout
    last = _backup(client, "delete", "before").stdout
    assert "A private key of purged entries, which it was the last to hold, went with it." in last
