"""recovery export and restore, as a person and a script use them."""

import os
import select
import stat
import subprocess
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, installations, receivers
from tests import steward as steward_
from tests.commands import Run
from tests.steward import Clock

PASSPHRASE = b"six random words of a test only\n"
STDIN = "--password-stdin"


@pytest.fixture(scope="module")
def furnished(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return an installation with something of everything."""
    folder = tmp_path_factory.mktemp("furnished")
    settings = steward_.copy_template(keystore_template, folder / "data")
    with steward_.opened(settings, Clock()) as steward:
        installations.furnish(steward)
    return settings


@pytest.fixture(scope="module")
def exported(furnished: Settings) -> Path:
    """Return its recovery file."""
    file = furnished.data.parent / "all.recovery"
    assert 0 == _export(furnished, file).status
    return file


def _export(settings: Settings, file: Path | str, *options: str) -> Run:
    command = ("recovery", "export", str(file), STDIN, *options)
    return commands.inside(settings.data, *command, stdin=PASSPHRASE)


def _restore(folder: Path, file: Path | str, *options: str, stdin: bytes = PASSPHRASE) -> Run:
    return commands.inside(folder, "recovery", "restore", str(file), STDIN, *options, stdin=stdin)


def _process(
    settings: Settings, *arguments: str, stdout: int
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        (*commands.COMMAND, *arguments),
        input=PASSPHRASE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=commands.environment(settings.data),
        check=False,
        timeout=60,
    )


def _conversation(
    settings: Settings, arguments: tuple[str, ...], dialogue: tuple[tuple[str, bytes], ...]
) -> tuple[int, str]:
    """Run the command on a pseudo-terminal, answer each prompt once it stands there."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        (*commands.COMMAND, *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**commands.environment(settings.data), "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    screen, read_until, left = b"", 0, list(dialogue)
    try:
        while True:
            ready, _, _ = select.select([ours], [], [], 60)
            assert ready, screen
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            screen += piece
            if left and left[0][0].encode() in screen[read_until:]:
                read_until = len(screen)
                os.write(ours, left.pop(0)[1])
        return process.wait(60), screen.decode()
    finally:
        os.close(ours)
        process.kill()
        process.wait()


_QUESTIONS = (
    ("list",),
    ("list", "--deleted"),
    ("list", "--waiting"),
    ("list", "--keystore", installations.SECOND),
    ("versions", "shop client"),
    ("show", "shop client"),
    ("backup", "list"),
    ("backup", "show", "first"),
    ("backup", "compare", "first"),
    ("provider", "new"),
    ("provider", "history"),
)


def test_restored_installation_gives_the_same_answers(
    furnished: Settings, exported: Path, tmp_path: Path
) -> None:
    """Lists, versions, backups, provider views and the other keystore are as they were."""
    folder = tmp_path / "elsewhere"
    assert 0 == _restore(folder, exported).status
    for question in _QUESTIONS:
        before, after = (
            commands.inside(data, *question, "--json") for data in (furnished.data, folder)
        )
        assert (0, "") == (before.status, before.stderr), question
        assert before.json, question
        assert before.json == after.json, question


def test_export_tells_what_the_file_holds_and_restore_what_came_back(
    keystore_template: Path, tmp_path: Path
) -> None:
    """The head that was printed is in the restored log, and the new one is printed."""
    settings = steward_.copy_template(keystore_template, tmp_path / "data")
    file, folder = tmp_path / "all.recovery", tmp_path / "elsewhere"
    written = _export(settings, file, "--json").json
    assert ["default"] == written["keystores"]
    assert 2 == written["rows"]["audit"]
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    restored = _restore(folder, file, "--json").json
    assert written["sealing_keys"] == restored["sealing_keys"]
    assert {**written["rows"], "audit": 3} == restored["rows"]
    verify = ("audit", "verify", "--json", "--expect", written["head"])
    verified = commands.inside(folder, *verify).json
    assert (True, True) == (verified["clean"], verified["expected_found"])
    assert restored["head"] == verified["head"]


def test_words_name_keystores_numbers_and_what_to_do(
    furnished: Settings, exported: Path, tmp_path: Path
) -> None:
    """A person reads where things are and that other nodes keep working."""
    said = _restore(tmp_path / "elsewhere", exported)
    assert (0, "") == (said.status, said.stderr)
    assert "default, second" in said.stdout
    assert "other nodes and older backups keep working" in said.stdout
    again = _export(furnished, tmp_path / "again.recovery")
    assert "every private key included" in again.stdout


def test_streams_carry_the_file(furnished: Settings, tmp_path: Path) -> None:
    """- is standard output and standard input; what the file holds is told on standard error."""
    command = ("recovery", "export", "-", STDIN)
    written = _process(furnished, *command, stdout=subprocess.PIPE)
    assert 0 == written.returncode
    assert written.stdout.startswith(b"keysteward recovery\n\x01")
    assert b"default, second" in written.stderr
    stdin = PASSPHRASE + written.stdout
    assert 0 == _restore(tmp_path / "elsewhere", "-", stdin=stdin).status


def test_file_that_is_there_is_not_overwritten(furnished: Settings, tmp_path: Path) -> None:
    """Nor does a file stay that could not be written whole."""
    file = tmp_path / "notes"
    file.write_text("mine")
    run = _export(furnished, file)
    assert (6, True) == (run.status, "[file-exists]" in run.stderr)
    assert "mine" == file.read_text()
    short = ("recovery", "export", str(tmp_path / "new"), STDIN)
    run = commands.inside(furnished.data, *short, stdin=b"hunter2\n")
    assert (5, True) == (run.status, "[passphrase-too-short]" in run.stderr)
    assert not (tmp_path / "new").exists()


def test_full_disk_is_named(furnished: Settings) -> None:
    """What cannot be written is no error of the program."""
    with Path("/dev/full").open("wb") as full:
        run = _process(furnished, "recovery", "export", "-", STDIN, stdout=full.fileno())
    assert (5, True) == (run.returncode, b"[file-unreadable]" in run.stderr)
    assert b"Traceback" not in run.stderr


def test_refusals_name_what_is_wrong(exported: Path, settings: Settings, tmp_path: Path) -> None:
    """A wrong passphrase, a keystore in the way, a file that is none, no passphrase at all."""
    folder = tmp_path / "elsewhere"
    for status, slug, run in (
        (5, "password-wrong", _restore(folder, exported, stdin=b"six other words of a test\n")),
        (5, "password-wrong", _restore(folder, exported, stdin=b"")),
        (6, "keystore-exists", _restore(settings.data, exported)),
        (5, "recovery-unreadable", _restore(folder, __file__)),
        (5, "file-unreadable", _restore(folder, tmp_path)),
        (5, "file-unreadable", _restore(folder, tmp_path / "nothing")),
    ):
        assert (status, True) == (run.status, f"[{slug}]" in run.stderr), run
    bare = commands.inside(folder, "recovery", "restore", str(exported))
    assert (2, True) == (bare.status, "--password-stdin" in bare.stderr)
    assert not folder.exists()


def test_folder_that_cannot_be_made_is_named(exported: Path) -> None:
    """The system's reason stands with the data folder, not with the recovery file."""
    run = _restore(Path("/proc/nowhere"), exported)
    assert (5, True) == (run.status, "[data-folder-unusable]" in run.stderr)


def test_passphrase_is_asked_for_twice(furnished: Settings, tmp_path: Path) -> None:
    """At a terminal; a slip in one of them asks again, and neither is shown."""
    file = tmp_path / "all.recovery"
    first, second = ("Passphrase for the file, ", PASSPHRASE), ("The same again:", PASSPHRASE)
    slip = ("The same again:", b"another slip\n")
    dialogue = (first, slip, first, second)
    status, screen = _conversation(furnished, ("recovery", "export", str(file)), dialogue)
    assert (0, True) == (status, "two different ones" in screen), screen
    assert PASSPHRASE.strip().decode() not in screen
    assert 0 == _restore(tmp_path / "elsewhere", file).status


def test_passphrase_that_is_too_short_is_asked_for_again(
    furnished: Settings, tmp_path: Path
) -> None:
    """Before it is repeated; the prompt says how long it has to be."""
    file = tmp_path / "all.recovery"
    asked = "Passphrase for the file, of 12 characters or more: "
    dialogue = ((asked, b"hunter2\n"), (asked, PASSPHRASE), ("The same again:", PASSPHRASE))
    status, screen = _conversation(furnished, ("recovery", "export", str(file)), dialogue)
    assert (0, True, 2) == (status, "Too short." in screen, screen.count(asked)), screen
    assert 0 == _restore(tmp_path / "elsewhere", file).status


def test_terminal_gets_no_binary_file(furnished: Settings) -> None:
    """Standard output that is a terminal is refused, before anybody is asked."""
    status, screen = _conversation(furnished, ("recovery", "export", "-"), ())
    assert (5, True) == (status, "[file-unreadable]" in screen), screen


def test_restored_key_connects(exported: Path, tmp_path: Path) -> None:
    """A receiver that demands the client certificate greets it."""
    folder = tmp_path / "elsewhere"
    assert 0 == _restore(folder, exported).status
    server = receivers.server_chain()
    add = ("certificate", "add", "receiver", "-", "--fingerprint-verified")
    assert 0 == commands.inside(folder, *add, stdin=server[1].pem).status
    with receivers.openssl_receiver(tmp_path / "r", server, (installations.ROOT,)) as receiver:
        address = f"{receiver.host}:{receiver.port}"
        run = commands.run(folder, "connect", address, "--alias", "shop client")
    assert (0, True) == (run.status, "sent: CN=client" in run.stdout), run
