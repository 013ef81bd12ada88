"""A person at a terminal: colours, questions, completion, and Ctrl-C. Real processes, real pty."""

import array
import fcntl
import os
import re
import signal
import subprocess
import termios
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, providers, terminals
from tests import steward as steward_
from tests.command.authority import ROOT
from tests.terminals import CTRL_C, WAIT_SECONDS

VERIFIED = "--fingerprint-verified"


def _at_terminal(
    data: Path, *arguments: str, expecting: str = "", answer: str = "", **more: str
) -> tuple[int, str]:
    """Run the command on a pseudo-terminal, answer its question, return status and screen."""
    answers = ((expecting, answer),) if expecting else ()
    return terminals.run(data, *arguments, answers=answers, **more)


@pytest.fixture
def client(settings: Settings, files: Path) -> Settings:
    """Add the key pair "client" with a placeholder."""
    key = str(files / "key.pem")
    assert 0 == commands.inside(settings.data, "keypair", "add", "client", key).status
    return settings


def test_terminal_gets_colours_and_words(client: Settings, files: Path) -> None:
    """An ended certificate is coloured, and said to have ended."""
    upload = ("response", "upload", "client", str(files / "expired.pem"), "--fingerprint-verified")
    override = ("--override", "certificate-expired")
    assert 0 == commands.inside(client.data, *upload, *override).status
    status, screen = _at_terminal(client.data, "list")
    assert 0 == status
    assert "\x1b[1;31m" in screen
    assert "days ago" in screen
    assert "\x1b" not in _at_terminal(client.data, "list", NO_COLOR="1", TERM="dumb")[1]


def test_narrow_terminal_is_told_what_is_not_shown(client: Settings) -> None:
    """Below the table; a pipe has room for everything and gets the table alone."""
    screen = _at_terminal(client.data, "list", COLUMNS="60")[1]
    assert "Not shown for lack of room: " in screen
    assert "Not shown" not in commands.inside(client.data, "list", COLUMNS="60").stdout


@pytest.mark.parametrize(("answer", "status", "version"), [("y\n", 0, 2), ("n\n", 6, 1)])
def test_unknown_root_is_asked_about_with_its_fingerprint(
    client: Settings, files: Path, answer: str, status: int, version: int
) -> None:
    """A yes confirms just the certificate that was shown; a no changes nothing."""
    found, screen = _at_terminal(
        *(client.data, "response", "upload", "client", str(files / "good.pem")),
        expecting="[y/N]",
        answer=answer,
    )
    (root,) = steward_.read(ROOT)
    assert root.fingerprint in screen
    assert root.fingerprint_sha1 in screen
    assert status == found
    assert (status == 6) is screen.rstrip().endswith("Nothing was changed.")
    assert "root-not-trusted" not in screen or status == 0
    shown = commands.inside(client.data, "show", "client", "--json").json
    assert version == shown["version"]


@pytest.mark.parametrize(
    ("answer", "status", "aliases"), [("y\n", 0, ["client"]), ("n\n", 6, []), (CTRL_C, 130, [])]
)
def test_restore_is_asked_about_with_its_plan(
    client: Settings, answer: str, status: int, aliases: list[str]
) -> None:
    """A yes carries out just what was shown; anything else changes nothing."""
    for words in (("backup", "create", "before"), ("delete", "client")):
        assert 0 == commands.inside(client.data, *words).status
    found, screen = _at_terminal(
        *(client.data, "backup", "restore"), expecting="[y/N]", answer=answer, NO_COLOR="1"
    )
    assert status == found, screen
    assert "A restore from 'before' would mean: 1 new." in screen
    listed = commands.inside(client.data, "list", "--json").json
    assert aliases == [entry["alias"] for entry in listed]


def test_purge_asks_for_the_alias(client: Settings) -> None:
    """Typed right, the entry is destroyed."""
    status, screen = _at_terminal(
        client.data, "delete", "client", "--purge", expecting="to confirm", answer="client\n"
    )
    assert (0, True) == (status, "destroyed" in screen)
    assert [] == commands.inside(client.data, "list", "--json").json


def test_purge_takes_the_alias_from_a_pipe(client: Settings) -> None:
    """For scripts."""
    run = commands.run(client.data, "delete", "client", "--purge", stdin=b"client\n")
    assert (0, "") == (run.status, run.stderr)


def test_password_is_asked_for_and_not_shown(settings: Settings, tmp_path: Path) -> None:
    """What is typed does not appear on the screen."""
    file = tmp_path / "encrypted.pem"
    file.write_bytes(ROOT.key_pem(password=b"hush hush"))
    status, screen = _at_terminal(
        *(settings.data, "keypair", "add", "client", str(file)),
        expecting="Password of the key file",
        answer="hush hush\n",
    )
    assert 0 == status, screen
    assert "hush" not in screen


def test_password_for_scripts_is_not_shown_at_a_terminal(
    settings: Settings, tmp_path: Path
) -> None:
    """The option that reads standard input does not make the terminal show it."""
    file = tmp_path / "encrypted.pem"
    file.write_bytes(ROOT.key_pem(password=b"hush hush"))
    status, screen = _at_terminal(
        *(settings.data, "keypair", "add", "client", str(file), "--password-stdin"),
        expecting="Password of the key file",
        answer="hush hush\n",
    )
    assert (0, False) == (status, "hush" in screen)


def test_password_can_be_given_up(settings: Settings, tmp_path: Path) -> None:
    """Ctrl-C at the question ends with its status and its line."""
    file = tmp_path / "encrypted.pem"
    file.write_bytes(ROOT.key_pem(password=b"hush hush"))
    status, screen = _at_terminal(
        *(settings.data, "keypair", "add", "client", str(file)),
        expecting="Password of the key file",
        answer=CTRL_C,
    )
    assert (130, True) == (status, "Stopped; nothing was changed." in screen)


def test_purge_of_what_is_not_there_asks_nothing(client: Settings) -> None:
    """Neither for an unknown alias, nor for an entry of somebody else."""
    status, screen = _at_terminal(client.data, "delete", "nobody", "--purge")
    assert (4, False) == (status, "to confirm" in screen)
    status, screen = _at_terminal(client.data, "delete", "client", "--purge", "--as", "provider")
    assert (7, False) == (status, "to confirm" in screen)


def _plain(screen: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen).replace("\r", "").splitlines()


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_list_fits_the_terminal(client: Settings, files: Path, columns: int) -> None:
    """Alias, end and state stand unbroken in one line; what has no room is left out."""
    root = str(files / "root.pem")
    assert (
        0 == commands.inside(client.data, "certificate", "add", "the root", root, VERIFIED).status
    )
    screen = _at_terminal(client.data, "list", COLUMNS=str(columns), NO_COLOR="1")[1]
    lines = _plain(screen)
    assert max(map(len, lines)) <= columns
    (line,) = (line for line in lines if line.startswith("the root  "))
    assert re.search(r"20\d\d-\d\d-\d\d \([\d,]+ days left\)  trusted( |$)", line)
    assert ("Owner" in lines[0], "Subject" in lines[0]) == (columns == 200, columns > 80)


def test_list_tells_owners_apart_where_they_differ(client: Settings, files: Path) -> None:
    """They have no room on a narrow terminal, but go last."""
    key = str(files / "key.pem")
    commands.inside(client.data, "keypair", "add", "sap_x", key, "--as", "provider")
    screen = _at_terminal(client.data, "list", COLUMNS="72", NO_COLOR="1")[1]
    table, note = screen.split("Not shown for lack of room: ")
    assert "Tenant Administrator" in table
    assert "Issuer" not in table
    assert "Issuer" in note


@pytest.mark.parametrize(
    "arguments", [("versions", "client"), ("audit", "show", "--alias", "client")]
)
def test_times_and_words_of_a_table_stay_whole(
    client: Settings, arguments: tuple[str, ...]
) -> None:
    """On 80 columns each row is one line."""
    screen = _at_terminal(client.data, *arguments, COLUMNS="80", NO_COLOR="1")[1]
    rows = commands.inside(client.data, *arguments, "--json").json
    lines = _plain(screen)
    table = [line for line in lines if not line.startswith("Not shown")]
    assert 1 + len(rows) == len(table)
    assert max(map(len, lines)) <= 80


def test_refusal_at_a_terminal_is_a_paragraph(client: Settings, files: Path) -> None:
    """Title and slug first, then what to do, indented and broken between words only."""
    other = str(files / "other.pem")
    status, screen = _at_terminal(
        client.data, "response", "upload", "client", other, COLUMNS="80", NO_COLOR="1"
    )
    title, *detail = _plain(screen)
    assert 5 == status
    assert title.startswith("keysteward: The certificate belongs to another key")
    assert title.endswith("[public-key-mismatch]")
    assert detail
    assert all(line.startswith("  ") for line in detail)
    piped = commands.inside(client.data, "response", "upload", "client", other).stderr
    assert set(" ".join(detail).split()) <= set(piped.split())


def _supply(client: Settings) -> None:
    """Let the provider supply its key "sap_key" to the current and to the new keys."""
    file = client.data.parent / "delivery.pem"
    ends = datetime.now(UTC) + timedelta(days=9)
    file.write_bytes(providers.delivery(providers.leaf("new", not_after=ends)).data)
    supply = ("provider", "supply", "sap_key", str(file), "--as", "provider")
    for options in ((), ("--current",)):
        assert 0 == commands.inside(client.data, *supply, *options).status


@pytest.mark.parametrize(
    ("answer", "status", "waiting"), [("y\n", 0, 0), ("n\n", 6, 1), (CTRL_C, 130, 1)]
)
def test_activation_is_asked_about_with_its_plan(
    client: Settings, answer: str, status: int, waiting: int
) -> None:
    """What would be overwritten stands above the question; anything but a yes changes nothing."""
    _supply(client)
    found, screen = _at_terminal(
        *(client.data, "provider", "activate", "sap_key"),
        expecting="Activate? [y/N]",
        answer=answer,
        NO_COLOR="1",
    )
    assert status == found, screen
    assert 1 == screen.count("would overwrite 'sap_key' (version 1)")
    assert (status == 6) is screen.rstrip().endswith("Nothing was changed.")
    assert waiting == len(commands.inside(client.data, "provider", "new", "--json").json)


def test_answer_that_is_neither_yes_nor_no_is_asked_for_again(client: Settings) -> None:
    """In words, and nothing happens before it is one of them."""
    _supply(client)
    found, screen = terminals.run(
        *(client.data, "provider", "activate", "sap_key"),
        answers=(("Activate? [y/N]", "maybe\n"), ("Answer y for yes", "YES\n")),
    )
    assert (0, 2) == (found, screen.count("Activate? [y/N]")), screen


def test_daily_job_answers_a_person_who_looks(client: Settings) -> None:
    """In a terminal it says that there was nothing to do; else it is silent then."""
    status, screen = _at_terminal(client.data, "provider", "activate", "--due", NO_COLOR="1")
    assert (0, ["No key is due."]) == (status, screen.splitlines())


def test_completion_script_is_printed(tmp_path: Path) -> None:
    """For the shell that runs the command."""
    # With another command behind it bash stays the parent.
    script = '"$@"; status=$?; exit $status'
    run = subprocess.run(
        ("bash", "-c", script, "bash", *commands.COMMAND, "--show-completion"),
        env=commands.environment(tmp_path),
        capture_output=True,
        check=False,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert (0, "") == (run.returncode, run.stderr)
    assert "complete_bash" in run.stdout
    assert "keysteward" in run.stdout


def test_completion_offers_commands_and_aliases(client: Settings) -> None:
    """What a shell asks while somebody types."""

    def complete(words: str) -> list[str]:
        run = commands.run(
            client.data,
            _KEYSTEWARD_COMPLETE="complete_bash",
            COMP_WORDS=words,
            COMP_CWORD=str(words.count(" ")),
        )
        return run.stdout.split()

    assert ["rollback"] == complete("keysteward rol")
    assert ["client"] == complete("keysteward show cl")
    _supply(client)
    assert ["sap_key"] == complete("keysteward provider hold s")
    assert [] == complete("keysteward provider hold c")
    assert ["sap_key"] == complete("keysteward show --view new s")
    assert [] == complete("keysteward provider restore [")


@pytest.mark.parametrize("moment", ["reading", "asking"])
def test_ctrl_c_ends_quietly(client: Settings, files: Path, moment: str) -> None:
    """No traceback, no success, nothing changed."""
    before = steward_.rows(client)
    if moment == "asking":
        status, screen = _at_terminal(
            *(client.data, "response", "upload", "client", str(files / "good.pem")),
            expecting="[y/N]",
            answer=CTRL_C,
        )
    else:
        process = subprocess.Popen(
            (*commands.COMMAND, "response", "upload", "client", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=commands.environment(client.data),
        )
        assert process.stdin
        process.stdin.write(b"-----BEGIN CERT")
        process.stdin.flush()
        _wait_until_read(process.stdin.fileno())
        process.send_signal(signal.SIGINT)
        screen = process.communicate(timeout=WAIT_SECONDS)[0].decode()
        status = process.returncode
    assert 130 == status
    assert "Stopped" in screen
    assert ("nothing was changed" in screen) == (moment == "asking")
    assert "Traceback" not in screen
    assert before == steward_.rows(client)


def _wait_until_read(pipe: int) -> None:
    """Return when nothing written is left in a pipe."""
    for _ in range(WAIT_SECONDS * 20):
        left = array.array("i", [0])
        fcntl.ioctl(pipe, termios.FIONREAD, left)
        if left[0] == 0:
            return
        time.sleep(0.05)
    pytest.fail("the command does not read its standard input")


def test_reader_who_goes_away_ends_the_command_quietly(client: Settings) -> None:
    """As in ``keysteward ... | head -0``."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        (*commands.COMMAND, "list", "--json"),
        stdout=writing,
        stderr=subprocess.PIPE,
        env=commands.environment(client.data),
        check=False,
        timeout=WAIT_SECONDS,
    )
    os.close(writing)
    assert 0 != done.returncode
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
