"""audit show: filters, lines of JSON, and an alias in the past."""

import json
import re
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keysteward.entries import Action
from keysteward.settings import Settings
from tests import commands, terminals
from tests import steward as steward_
from tests.command.authority import ROOT

LONG_ALIAS = "a partner with a very long name " * 3


@pytest.fixture
def client(settings: Settings, files: Path) -> Settings:
    """Add "client", refuse a response, upload one, and rename it to "partner"."""

    def run(*arguments: str, status: int = 0) -> None:
        done = commands.inside(settings.data, *arguments)
        assert (status, "") == (done.status, "" if status else done.stderr)

    run("keypair", "add", "client", str(files / "key.pem"))
    run("response", "upload", "client", str(files / "other.pem"), status=5)
    run("response", "upload", "client", str(files / "good.pem"), "--fingerprint-verified")
    run("rename", "client", "partner")
    return settings


def _show(client: Settings, *arguments: str) -> commands.Run:
    return commands.inside(client.data, "audit", "show", *arguments)


def _now(**later: float) -> str:
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


def test_table_says_why_something_was_refused(client: Settings) -> None:
    """The problem's slug stands beside the outcome, not in the JSON alone."""
    _, refused = _show(client, "--outcome", "refused").stdout.splitlines()
    assert " refused: public-key-mismatch " in refused


def test_action_that_there_is_not_is_wrong_usage(client: Settings) -> None:
    """A misspelt word is no empty log."""
    run = _show(client, "--action", "renames")
    assert (2, True) == (run.status, "'renames' is no action" in run.stderr)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), [1, 2, 3, 4, 5]),
        (("--last", "2"), [4, 5]),
        (("--alias", "client"), [2, 3, 4, 5]),
        (("--alias", "partner"), []),
        (("--actor", "nobody"), []),
        (("--action", "signing-response"), [3, 4]),
        (("--action", "signing-response", "--outcome", "refused"), [3]),
        (("--outcome", "done", "--alias", "client", "--last", "2"), [4, 5]),
        (("--since", "2020-01-01"), [1, 2, 3, 4, 5]),
        (("--since", "9999-12-31"), []),
        (("--until", "9999-12-31"), [1, 2, 3, 4, 5]),
        (("--until", "2020-01-01T12:00"), []),
    ],
)
def test_filters_choose_rows(
    client: Settings, tmp_path: Path, filters: tuple[str, ...], expected: list[int]
) -> None:
    """In a table, as JSON and as lines of JSON alike; each asked of its own copy of the log."""

    def show(*form: str) -> commands.Run:
        copy = tmp_path / f"copy{''.join(form)}"
        shutil.copytree(client.data, copy)
        return commands.inside(copy, "audit", "show", *form, *filters)

    table = show()
    found = show("--json").json
    lines = [json.loads(line) for line in show("--json-lines").stdout.splitlines()]
    assert expected == [row["sequence"] for row in found]
    assert found == lines
    printed = [int(line.split()[0]) for line in table.stdout.splitlines()[1:]]
    assert expected == printed
    if not expected:
        assert "No rows.\n" == table.stdout


def test_time_is_meant_as_far_as_it_is_written(client: Settings) -> None:
    """--until takes in the whole day, minute or second that it names; a zone is respected."""
    row = _show(client, "--json", "--last", "1").json[0]
    at = datetime.fromisoformat(row["at"])
    day, minute, second = at.strftime("%Y-%m-%d|%Y-%m-%d %H:%M|%Y-%m-%dT%H:%M:%S").split("|")
    for named in (day, minute, second, row["at"]):
        assert row in _show(client, "--json", "--until", named).json
        assert row in _show(client, "--json", "--since", named, "--until", named).json
    earlier = (at - timedelta(microseconds=1)).isoformat()
    assert row not in _show(client, "--json", "--until", earlier).json
    zoned = (at - timedelta(microseconds=1)).astimezone().isoformat()
    assert row not in _show(client, "--json", "--until", zoned).json
    assert row not in _show(client, "--json", "--since", _now(hours=1)).json


def test_lines_of_json_are_all_rows(client: Settings) -> None:
    """More than a table shows, each a line of its own, with its detail."""
    for number in range(30):
        for words in (("rename", "partner", f"p{number}"), ("rename", f"p{number}", "partner")):
            commands.inside(client.data, *words)
    lines = _show(client, "--json-lines").stdout.splitlines()
    assert list(range(1, 66)) == [json.loads(line)["sequence"] for line in lines]
    assert {"new_alias": "partner"} == json.loads(lines[-1])["detail"]
    assert 50 == len(_show(client, "--json").json)


def test_question_is_a_row_itself(client: Settings) -> None:
    """Who asked, and for what; it shows to whoever asks next."""
    _show(client, "--alias", "client", "--last", "3")
    _show(client, "--alias", "client", "--at", "9999-12-31")
    rows = _show(client, "--json").json[5:]
    assert ["read-audit-log", "read-audit-log"] == [row["action"] for row in rows]
    assert [
        {"alias": "client", "last": 3},
        {"alias": "client", "at": "9999-12-31T23:59:59.999999+00:00"},
    ] == [row["detail"] for row in rows]


def test_events_of_sap_are_lines_of_json(client: Settings) -> None:
    """The rename is two; what was refused is none; filters choose the rows behind them."""
    events = [json.loads(line) for line in _show(client, "--sap").stdout.splitlines()]
    assert [
        ("Create", "client"),
        ("Create", "client"),
        ("Delete", "client"),
        ("Create", "partner"),
    ] == [(event["action"], event["objectId"]) for event in events]
    assert {"X.509 Key-Pair"} == {event["objectType"] for event in events}
    assert {"Subject CN", "Issuer CN", "Serial Number"} == set(events[0]["attributes"])
    renamed = _show(client, "--sap", "--action", "rename").stdout.splitlines()
    assert events[2:] == [json.loads(line) for line in renamed]


def test_alias_in_the_past_is_told_with_its_certificate(client: Settings) -> None:
    """Since when, by whom, why, from which file, under which root; and what it is called today."""
    rows = _show(client, "--json").json
    run = _show(client, "--alias", "client", "--at", rows[3]["at"])
    assert (0, "") == (run.status, run.stderr)
    root = steward_.read(ROOT)[0].fingerprint
    for said in (rows[3]["detail"]["chain"][0], root, "signing-response", "partner"):
        assert said in run.stdout
    answer = _show(client, "--alias", "client", "--at", rows[3]["at"], "--json").json
    active = answer["active"]
    assert (2, rows[3]["at"], rows[3]) == (active["version"], active["since"], active["row"])
    assert [("root", root, rows[3]["actor"])] == [
        (one["what"], one["sha256"], one["by"]) for one in active["assents"]
    ]
    assert ["partner"] == [entry["alias_now"] for entry in answer["entries"]]


def test_time_at_which_no_entry_had_the_alias_is_told(client: Settings) -> None:
    """It is an answer, and the periods tell when one had it."""
    run = _show(client, "--alias", "client", "--at", "9999-12-31")
    assert 0 == run.status
    assert "no entry had the alias 'client'" in run.stdout
    assert None is _show(client, "--alias", "client", "--at", "2020-01-01", "--json").json["active"]
    unknown = _show(client, "--alias", "nobody", "--at", "2020-01-01")
    assert 4 == unknown.status
    assert "[alias-not-found]" in unknown.stderr


def test_answer_fits_a_terminal_and_is_one_line_each_in_a_pipe(client: Settings) -> None:
    """On 80 columns, also with a long alias."""
    assert 0 == commands.inside(client.data, "rename", "partner", LONG_ALIAS.strip()).status
    words = ("audit", "show", "--alias", LONG_ALIAS.strip(), "--at", "9999-12-31")
    status, screen = terminals.run(client.data, *words, COLUMNS="80", NO_COLOR="1")
    assert 0 == status
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen).replace("\r", "").splitlines()
    assert max(len(line) for line in lines) <= 80
    piped = commands.inside(client.data, *words).stdout
    assert 3 == sum(line.startswith("1 ") for line in piped.splitlines())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--at", "2026-01-01"), "--at goes with --alias"),
        (("--at", "2026-01-01", "--alias", "a", "--last", "3"), "--at goes with --alias"),
        (("--at", "yesterday", "--alias", "a"), "is no date like"),
        (("--since", "yesterday"), "is no date like"),
        (("--until", "0001-01-01T00:00+23:00"), "outside the calendar"),
        (("--json", "--json-lines"), "choose one"),
        (("--json-lines", "--sap"), "choose one"),
        (("--alias", "a", "--at", "2020-01-01", "--sap"), "alone"),
        (("--outcome", "maybe"), "'maybe' is not one of"),
        (("--last", "0"), "too small"),
    ],
)
def test_wrong_question_is_explained(
    settings: Settings, arguments: tuple[str, ...], words: str
) -> None:
    """As wrong usage."""
    run = _show(settings, *arguments)
    assert (2, "") == (run.status, run.stdout)
    assert words in " ".join(run.stderr.replace("│", " ").split())


def test_actions_are_completed(settings: Settings) -> None:
    """From the words that the log is written with."""
    run = commands.inside(
        settings.data,
        _KEYSTEWARD_COMPLETE="complete_bash",
        COMP_WORDS="keysteward audit show --action rena",
        COMP_CWORD="4",
    )
    assert [Action.RENAME.value] == run.stdout.split()


def test_follow_prints_rows_as_they_come(client: Settings) -> None:
    """Those of before, then each new one at once, until Ctrl-C, which is a good end."""
    command = (*commands.COMMAND, "audit", "show", "--follow", "--json-lines", "--last", "1")
    following = subprocess.Popen(
        (*command, "--action", "rename"),
        env=commands.environment(client.data),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with following:
        try:
            assert following.stdout is not None
            first = json.loads(following.stdout.readline())
            assert 0 == commands.inside(client.data, "rename", "partner", "again").status
            second = json.loads(following.stdout.readline())
            following.send_signal(signal.SIGINT)
            _, complaints = following.communicate(timeout=60)
        finally:
            following.kill()
    assert ("client", "partner") == (first["alias"], second["alias"])
    assert first["sequence"] < second["sequence"]
    assert (0, b"") == (following.returncode, complaints)


def test_follow_goes_with_filters_alone(client: Settings) -> None:
    """What has no end has no document of JSON, and no last day."""
    for more in (("--json",), ("--sap",), ("--until", "2030-01-01"), ("--installation",)):
        assert 2 == _show(client, "--follow", *more).status
