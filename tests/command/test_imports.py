"""``keysteward import``: the plan, the question, the result, and what scripts are told."""

import hashlib
import os
import re
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, keystore_files
from tests import steward as steward_
from tests.commands import Run
from tests.foreign_keystores import pkcs8
from tests.keystore_files import KeyEntry
from tests.pki_maker import issue

PASSWORD = "test-only"
_GIVEN = f"{PASSWORD}\n".encode()
_SECONDS = 60

ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
ONE, TWO = (issue(name, issuer=CA) for name in ("one", "two"))


def _entry(alias: str, key: bytes = b"") -> KeyEntry:
    return KeyEntry(alias, key or pkcs8(ONE), (ONE.der, CA.der, ROOT.der))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A JKS with the key pair "one"."""
    return _file(tmp_path, _entry("one"))


def _file(folder: Path, *entries: KeyEntry, name: str = "given.jks") -> Path:
    path = folder / name
    path.write_bytes(keystore_files.write_jks(entries, PASSWORD))
    return path


def _import(settings: Settings, file: Path, *options: str, given: bytes = _GIVEN) -> Run:
    arguments = ("import", str(file), "--password-stdin", *options)
    return commands.inside(settings.data, *arguments, stdin=given)


def _aliases(settings: Settings) -> list[str]:
    return [one["alias"] for one in commands.inside(settings.data, "list", "--json").json]


# ---- what becomes trusted


@pytest.mark.parametrize("option", ["--dry-run", "--yes"])
def test_roots_that_become_trusted_are_shown_with_their_fingerprints(
    settings: Settings, tmp_path: Path, option: str
) -> None:
    """Whoever made the file could have put a root of his own into it."""
    given = tmp_path / "given.p12"
    given.write_bytes(keystore_files.write_pkcs12([_entry("one")], PASSWORD, rounds=1))
    said = "Whatever ends in these is trusted from then on; compare the fingerprints:"

    assert said not in _import(settings, given, "--no-roots", "--dry-run").stdout
    run = _import(settings, given, option)

    assert re.search(
        rf"{re.escape(said)}\nAlias +SHA-256\nRoot +{hashlib.sha256(ROOT.der).hexdigest()}$",
        run.stdout,
        re.MULTILINE,
    )


def test_script_is_told_what_becomes_trusted(settings: Settings, tmp_path: Path) -> None:
    """Of every entry, with its fingerprint."""
    given = tmp_path / "given.p12"
    given.write_bytes(keystore_files.write_pkcs12([_entry("one")], PASSWORD, rounds=1))

    entries = _import(settings, given, "--dry-run", "--json").json["entries"]

    assert {"one": False, "Root": True} == {one["alias"]: one["trusted"] for one in entries}


# ---- statuses


def test_import_with_yes_is_done(settings: Settings, file: Path) -> None:
    """Every new entry has its line."""
    run = _import(settings, file, "--yes")

    assert (0, "") == (run.status, run.stderr)
    assert "Imported from a JKS file: 1 new." in run.stdout
    assert re.search(r"^one +Key Pair +new +2044-01-01 .*CN=one$", run.stdout, re.MULTILINE)
    assert ["one"] == _aliases(settings)


def test_import_without_confirmation_stores_nothing(settings: Settings, file: Path) -> None:
    """The refusal says what would happen, and how to look at it."""
    run = _import(settings, file)

    assert (6, "") == (run.status, run.stdout)
    assert "This import adds 1 entry." in run.stderr
    assert "--dry-run" in run.stderr
    assert [] == _aliases(settings)


def test_dry_run_shows_the_plan(settings: Settings, file: Path) -> None:
    """And stores nothing, not even in the audit log."""
    before = steward_.rows(settings, without=())

    run = _import(settings, file, "--dry-run")

    assert (0, "") == (run.status, run.stderr)
    assert "This import from a JKS file would mean: 1 new." in run.stdout
    assert "Nothing was stored." in run.stdout
    assert before == steward_.rows(settings, without=())


def test_taken_alias_is_no_failure(settings: Settings, tmp_path: Path, file: Path) -> None:
    """Mode add was chosen to leave what is there; the line says so."""
    _import(settings, file, "--yes")
    other = _file(tmp_path, KeyEntry("one", pkcs8(TWO), (TWO.der,)), _entry("new"), name="other")

    run = _import(settings, other, "--yes")

    assert 0 == run.status
    assert "1 new, 1 not imported" in run.stdout
    remedy = "It stays as it is; it gets the new content if existing entries are overwritten."
    assert re.search(rf"^one +Key Pair +not imported .*{remedy}$", run.stdout, re.MULTILINE)


@pytest.mark.parametrize("options", [("--yes",), ("--dry-run",), ("--yes", "--json")])
def test_entry_that_cannot_come_in_has_its_status(
    settings: Settings, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """The others are there; a script sees by the status that one is not."""
    run = _import(settings, _file(tmp_path, _entry("sap_one"), _entry("one")), *options)

    assert (5, "") == (run.status, run.stderr)
    assert "sap_one" in run.stdout
    assert (["one"] if "--yes" in options else []) == _aliases(settings)


def test_second_import_needs_no_confirmation(settings: Settings, file: Path) -> None:
    """For nothing would change."""
    _import(settings, file, "--yes")

    run = _import(settings, file)

    assert (0, "") == (run.status, run.stderr)
    assert "There was nothing to import from the JKS file: 1 unchanged." in run.stdout


@pytest.mark.parametrize("given", [b"wrong\n", b"\n", b""])
def test_wrong_password_is_refused(settings: Settings, file: Path, given: bytes) -> None:
    """A wrong one, an empty line, and none; it is not shown."""
    run = _import(settings, file, "--yes", given=given)

    assert (5, "") == (run.status, run.stdout)
    assert "[password-wrong]" in run.stderr
    assert "wrong\n" not in run.stderr


def test_password_of_the_keys_is_the_second_line(settings: Settings, tmp_path: Path) -> None:
    """Where they have one of their own; without it they stay outside, and a script sees it."""
    file = tmp_path / "two.jks"
    file.write_bytes(keystore_files.write_jks([_entry("one")], PASSWORD, key_password="another"))

    run = _import(settings, file, "--yes")
    assert (5, []) == (run.status, _aliases(settings))
    assert "There was nothing to import from the JKS file: 1 not imported." in run.stdout
    assert re.search(r"^one +Key Pair +not imported .*of its keys", run.stdout, re.MULTILINE)
    assert "--key-password takes the password of the keys." in run.stderr
    (entry,) = _import(settings, file, "--dry-run", "--json").json["entries"]
    assert ("not-imported", "password-wrong") == (entry["status"], entry["problem"]["slug"])

    run = _import(settings, file, "--yes", "--key-password", given=_GIVEN + b"another\n")
    assert (0, ["one"]) == (run.status, _aliases(settings))


@pytest.mark.parametrize("given", [b"test-only", _GIVEN, _GIVEN + b"\n"])
def test_missing_second_line_is_wrong_usage(
    settings: Settings, tmp_path: Path, given: bytes
) -> None:
    """It is not taken for no password: the script has forgotten one."""
    file = tmp_path / "two.jks"
    file.write_bytes(keystore_files.write_jks([_entry("one")], PASSWORD, key_password="another"))

    run = _import(settings, file, "--yes", "--key-password", given=given)

    assert (2, "") == (run.status, run.stdout)
    assert "no second line" in run.stderr


def test_password_of_the_keys_needs_somebody_to_give_it(settings: Settings, file: Path) -> None:
    """Neither a terminal nor ``--password-stdin``: nothing is there to ask."""
    run = commands.inside(settings.data, "import", str(file), "--yes", "--key-password", stdin=b"")

    assert 2 == run.status
    assert "needs a terminal" in run.stderr


@pytest.mark.parametrize("given", [_GIVEN, b""])
@pytest.mark.parametrize("option", ["--dry-run", "--yes"])
def test_file_that_no_password_proves_is_said_to_be(
    settings: Settings, tmp_path: Path, given: bytes, option: str
) -> None:
    """Certificates alone open without a password; then anybody may have altered them."""
    file = tmp_path / "roots.jks"
    file.write_bytes(keystore_files.write_jks([], PASSWORD, [("root", ROOT.der)]))

    in_json = _import(settings, file, "--dry-run", "--json", given=given).json
    run = _import(settings, file, option, given=given)

    assert 0 == run.status
    assert bool(given) == in_json["proven"]
    assert bool(given) == ("Nothing proves that the file is unaltered" not in run.stdout)


def test_file_comes_from_standard_input(settings: Settings) -> None:
    """One that needs no password; both from there do not go."""
    data = keystore_files.write_jks([], PASSWORD, [("root", ROOT.der)])

    run = commands.inside(settings.data, "import", "-", "--yes", stdin=data)
    assert (0, ["root"]) == (run.status, _aliases(settings))

    run = commands.inside(settings.data, "import", "-", "--yes", "--password-stdin", stdin=data)
    assert 2 == run.status


def test_large_file_is_refused_by_name_of_the_setting(settings: Settings, file: Path) -> None:
    """Two megabytes unless more is allowed."""
    arguments = ("import", str(file), "--password-stdin", "--yes")
    run = commands.inside(
        settings.data, *arguments, stdin=_GIVEN, KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES="100"
    )

    assert 5 == run.status
    assert "KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES" in run.stderr


# ---- scripts


def test_json_names_every_entry(settings: Settings, tmp_path: Path) -> None:
    """Unchanged and skipped ones included."""
    _import(settings, _file(tmp_path, _entry("one")), "--yes")
    secret = keystore_files.java_secret("aes", b"\xac\xed\x00\x05p")
    named = [keystore_files.java_certificate(a, ROOT.der) for a in ("root", "sap_root")]
    file = tmp_path / "all.jceks"
    file.write_bytes(keystore_files.java_store(keystore_files.JCEKS, [*named, secret], PASSWORD))

    run = _import(settings, file, "--yes", "--json", "--mode", "replace")

    said = run.json
    assert 5 == run.status
    assert {"dry_run": False, "format": "JCEKS", "mode": "replace", "problem": None} == {
        name: said[name] for name in ("dry_run", "format", "mode", "problem")
    }
    assert [("root", "new"), ("sap_root", "not-imported"), ("one", "removed")] == [
        (entry["alias"], entry["status"]) for entry in said["entries"]
    ]
    assert "alias-reserved" == said["entries"][1]["problem"]["slug"]
    counts = {"new": 1, "changed": 0, "unchanged": 0, "removed": 1, "not-imported": 1}
    assert counts == said["counts"]
    assert [{"name": "aes", "reason": "a secret key, which has no place here"}] == said["skipped"]


@pytest.mark.parametrize(
    ("given", "slug", "status"),
    [(b"wrong\n", "password-wrong", 5), (_GIVEN, "confirmation-required", 6)],
)
def test_json_of_a_refusal_has_the_same_members(
    settings: Settings, file: Path, given: bytes, slug: str, status: int
) -> None:
    """A script finds the problem where else it finds none."""
    done = _import(settings, file, "--dry-run", "--json").json

    run = _import(settings, file, "--json", given=given)

    assert (status, slug) == (run.status, run.json["problem"]["slug"])
    assert done.keys() == run.json.keys()


def test_hundreds_of_entries_are_all_in_a_pipe(settings: Settings, tmp_path: Path) -> None:
    """One line each, for the program that reads them."""
    entries = [_entry(f"e-{number:03}") for number in range(300)]

    run = _import(settings, _file(tmp_path, *entries), "--yes")

    assert 2 + 300 == len(run.stdout.splitlines())


# ---- a person at a terminal


def _at_terminal(
    settings: Settings, arguments: Sequence[str], *answers: tuple[str, str]
) -> tuple[int, list[str]]:
    """Answer each question when it stands there; return status and lines of the screen."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        (*commands.COMMAND, *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**commands.environment(settings.data), "TERM": "dumb", "COLUMNS": "80"},
        start_new_session=True,
    )
    os.close(theirs)
    screen, seen, left = b"", 0, list(answers)
    try:
        while select.select([ours], [], [], _SECONDS)[0]:
            try:
                screen += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if left and left[0][0].encode() in screen[seen:]:
                seen = len(screen)
                os.write(ours, f"{left.pop(0)[1]}\n".encode())
        return process.wait(_SECONDS), screen.decode().replace("\r", "").splitlines()
    finally:
        os.close(ours)
        process.kill()
        process.wait()


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 6)])
def test_person_sees_the_plan_and_decides(
    settings: Settings, file: Path, answer: str, status: int
) -> None:
    """The password is not shown, the plan is, once; a no stores nothing."""
    found, lines = _at_terminal(
        settings, ("import", str(file)), ("Password", PASSWORD), ("Go on?", answer)
    )

    assert status == found, lines
    screen = "\n".join(lines)
    assert PASSWORD not in screen
    assert "This import from a JKS file would mean: 1 new." in screen
    assert 1 == len([line for line in lines if line.startswith("one ")])
    assert ("Imported: 1 new." in screen) == (answer == "y")
    assert (["one"] if answer == "y" else []) == _aliases(settings)


def test_many_entries_fit_the_eyes(settings: Settings, tmp_path: Path) -> None:
    """Forty of what is new, and how many more; but all that is refused, in 80 columns."""
    entries = [_entry(f"e-{number:03}") for number in range(100)]
    entries += [_entry(f"sap_{number:03}") for number in range(50)]

    status, lines = _at_terminal(
        settings,
        ("import", str(_file(tmp_path, *entries)), "--dry-run"),
        ("Password", PASSWORD),
    )

    assert 5 == status
    assert 40 == len([line for line in lines if line.startswith("e-")])
    assert 50 == len([line for line in lines if line.startswith("sap_")])
    assert "… and 60 more; --json lists them all." in lines
    assert max(map(len, lines)) <= 80
