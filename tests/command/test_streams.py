"""Standard input, output and error, files, and what a pipe gets to see."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from keysteward.settings import Settings
from tests import commands, pki_maker
from tests import steward as steward_
from tests.command.authority import CA, KEY, ROOT
from tests.pki_maker import issue

NEVER_IN_A_PIPE = ("\x1b", "\r", "\x07", "\x9b")


def test_minus_is_standard_input_wherever_a_file_is_read(settings: Settings, files: Path) -> None:
    """Key, certificate, response and reference."""

    def run(name: str, *arguments: str) -> commands.Run:
        found = commands.inside(settings.data, *arguments, stdin=(files / name).read_bytes())
        assert (0, "") == (found.status, found.stderr)
        return found

    run("key.pem", "keypair", "add", "client", "-", "--certificate", str(files / "placeholder.pem"))
    run("placeholder.pem", "keypair", "add", "b", str(files / "key.pem"), "--certificate", "-")
    run("root.pem", "certificate", "add", "root", "-", "--fingerprint-verified")
    run("good.pem", "response", "check", "-", "--for", str(files / "request.pem"))
    run("request.pem", "response", "check", str(files / "good.pem"), "--for", "-")
    run("good.pem", "response", "upload", "client", "-")


def test_standard_input_serves_one_file_alone(files: Path) -> None:
    """Two minuses are a misunderstanding, and are refused rather than read as empty."""
    data = (files / "good.pem").read_bytes()
    run = commands.inside(None, "response", "check", "-", "--for", "-", stdin=data)
    assert 0 != run.status
    assert "" == run.stdout


def test_password_comes_from_standard_input(settings: Settings, tmp_path: Path) -> None:
    """Its first line; a wrong one is refused without being repeated."""
    file = tmp_path / "encrypted.pem"
    file.write_bytes(issue("x", KEY).key_pem(password=b"correct horse"))
    arguments = ("keypair", "add", "client", str(file), "--password-stdin")
    wrong = commands.inside(settings.data, *arguments, stdin=b"battery staple\n")
    assert 5 == wrong.status
    assert "[password-wrong]" in wrong.stderr
    assert "battery" not in wrong.stderr
    right = commands.inside(settings.data, *arguments, stdin=b"correct horse\nmore\n")
    assert (0, "") == (right.status, right.stderr)


def test_request_goes_to_standard_output_alone(settings: Settings, files: Path) -> None:
    """So that a redirected file is a request and nothing else."""
    commands.inside(settings.data, "keypair", "add", "client", str(files / "key.pem"))
    for out in ((), ("--out", "-")):
        run = commands.inside(settings.data, "csr", "client", "--cn", "x", *out)
        assert (0, "") == (run.status, run.stderr)
        assert run.stdout.startswith("-----BEGIN CERTIFICATE REQUEST-----\n")
        assert run.stdout.endswith("-----END CERTIFICATE REQUEST-----\n")


def test_request_is_written_to_a_new_file_only(settings: Settings, files: Path) -> None:
    """An existing file stays as it is, and then the request is not recorded either."""
    commands.inside(settings.data, "keypair", "add", "client", str(files / "key.pem"))
    out = files / "new.csr"
    arguments = ("csr", "client", "--cn", "x", "--out", str(out))
    assert 0 == commands.inside(settings.data, *arguments).status
    first = out.read_bytes()
    assert KEY.public_key() == x509.load_pem_x509_csr(first).public_key()
    before = steward_.rows(settings)
    assert 6 == commands.inside(settings.data, *arguments).status
    assert first == out.read_bytes()
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("csr", "client", "--cn", "x")])
def test_full_disk_behind_standard_output_is_explained(
    settings: Settings, files: Path, words: tuple[str, ...]
) -> None:
    """In one line; and a request that nobody got is not waited for."""
    commands.inside(settings.data, "keypair", "add", "client", str(files / "key.pem"))
    before = steward_.rows(settings)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            (*commands.COMMAND, *words),
            stdout=full,
            stderr=subprocess.PIPE,
            env=commands.environment(settings.data),
            check=False,
        )
    expected = "keysteward: The file cannot be used. 'standard output': no space left on device. "
    assert (5, f"{expected}[file-unreadable]\n") == (done.returncode, done.stderr.decode())
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("out", ["missing/new.csr", "text.txt/new.csr", "."])
def test_request_that_cannot_be_written_is_not_recorded(
    settings: Settings, files: Path, out: str
) -> None:
    """A folder that is not there, a file in its place, a folder as the target."""
    commands.inside(settings.data, "keypair", "add", "client", str(files / "key.pem"))
    before = steward_.rows(settings)
    run = commands.inside(settings.data, "csr", "client", "--cn", "x", "-o", str(files / out))
    assert run.status in (5, 6)
    assert before == steward_.rows(settings)


def test_request_that_is_refused_leaves_no_file(settings: Settings, files: Path) -> None:
    """Not even an empty one."""
    out = files / "new.csr"
    run = commands.inside(settings.data, "csr", "nobody", "--out", str(out))
    assert 4 == run.status
    assert not out.exists()


def test_output_into_a_pipe_is_plain_and_unbroken(settings: Settings, files: Path) -> None:
    """No colours, no cursor movements; the longest alias and subject stay on their line."""
    alias = "a" * 120 + " " + "b" * 129
    subject = f"CN={'c' * 60},OU={'d' * 60},O={'e' * 60},L={'f' * 60}"
    leaf = issue(subject, KEY, CA, eku=("clientAuth",))
    (files / "long.pem").write_bytes(leaf.pem + CA.pem + ROOT.pem)
    long = str(files / "long.pem")
    runs = [
        commands.inside(settings.data, *arguments)
        for arguments in (
            ("keypair", "add", alias, str(files / "key.pem")),
            ("response", "check", long, "--for", str(files / "request.pem")),
            ("response", "upload", alias, long, "--fingerprint-verified"),
            ("list",),
            ("show", alias),
            ("versions", alias),
            ("audit", "show"),
            ("response", "upload", alias, str(files / "other.pem")),
        )
    ]
    text = "".join(run.stdout + run.stderr for run in runs)
    assert not [mark for mark in NEVER_IN_A_PIPE if mark in text]
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    listed, shown = runs[3].stdout, runs[4].stdout
    assert 2 == listed.count("\n")
    assert f"{alias} " in listed
    for one in (listed, shown, runs[1].stdout):
        assert subject in one
    assert [1] == [run.stderr.count("\n") for run in runs if run.status]


@pytest.mark.parametrize(
    "alias", ["[2]_x", "[bold]x[/bold]", "[/]", ":key:", "{x}", "%s", "\\[x]", "-dash", "a/b c"]
)
def test_alias_is_printed_as_it_is(settings: Settings, files: Path, alias: str) -> None:
    """Brackets are no markup, colons no emoji."""
    run = commands.inside(settings.data, "keypair", "add", "--", alias, str(files / "key.pem"))
    assert 0 == run.status
    assert f"'{alias}'" in run.stdout
    listed = commands.inside(settings.data, "list").stdout.splitlines()[1]
    assert listed.startswith(f"{alias} ")
    assert alias in commands.inside(settings.data, "show", "--", alias).stdout
    refused = commands.inside(settings.data, "rename", "--", alias, "sap_x").stderr
    assert "[alias-reserved]" in refused


HOSTILE = "evil\x1b[2J\x1b]0;owned\x07\x9b31m\u202etxt\r\n\x00\x7f"


def test_hostile_names_are_printed_harmlessly(settings: Settings, files: Path) -> None:
    """Control and direction characters of a CA's names never reach the terminal."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOSTILE)])
    root = issue(name, ca=True)
    leaf = issue(name, KEY, root, eku=("clientAuth",))
    (files / "evil.pem").write_bytes(leaf.pem + root.pem)
    (files / "evil-root.pem").write_bytes(root.pem)
    (files / "evil-other.pem").write_bytes(issue(name, issuer=root).pem)
    evil = str(files / "evil.pem")
    runs = [
        commands.inside(settings.data, *arguments)
        for arguments in (
            ("keypair", "add", "client", str(files / "key.pem")),
            ("response", "check", evil, "--for", str(files / "request.pem")),
            ("response", "check", evil, "--for", str(files / "request.pem"), "--json"),
            ("response", "upload", "client", evil),
            ("response", "upload", "client", str(files / "evil-other.pem")),
            ("response", "upload", "client", evil, "--fingerprint-verified"),
            ("certificate", "add", "root", str(files / "evil-root.pem"), "--not-trusted"),
            ("list",),
            ("list", "--json"),
            ("show", "client"),
            ("versions", "client"),
            ("rollback", "client", "1"),
            ("show", HOSTILE.replace("\x00", "")),
            ("rename", HOSTILE.replace("\x00", ""), "b"),
            ("audit", "show"),
            ("audit", "show", "--json"),
        )
    ]
    assert [0, 0, 0, 6, 5, 0, 0, 0, 0, 0, 0, 0, 4, 4, 0, 0] == [run.status for run in runs]
    for run in runs:
        text = (run.stdout + run.stderr).replace("\n", "")
        assert text.isprintable(), run
    assert "evil" in runs[7].stdout


@pytest.mark.parametrize("reason", [HOSTILE.replace("\x00", ""), "plain [bold]"])
def test_reason_of_a_rollback_is_printed_harmlessly(
    settings: Settings, files: Path, reason: str
) -> None:
    """It was typed by somebody else than who reads it."""
    commands.inside(settings.data, "keypair", "add", "client", str(files / "key.pem"))
    upload = ("response", "upload", "client", str(files / "good.pem"), "--fingerprint-verified")
    assert 0 == commands.inside(settings.data, *upload).status
    done = commands.inside(settings.data, "rollback", "client", "1", "--reason", reason)
    shown = commands.inside(settings.data, "versions", "client")
    assert (0, 0) == (done.status, shown.status)
    assert shown.stdout.replace("\n", "").isprintable()
    as_json = commands.inside(settings.data, "versions", "client", "--json").json
    assert reason in [version["note"] for version in as_json]


def test_hostile_words_of_the_command_line_are_printed_harmlessly(settings: Settings) -> None:
    """An alias or a file name that somebody pasted."""
    word = HOSTILE.replace("\x00", "")
    for arguments in (
        ("show", word),
        ("rename", word, "b"),
        ("keypair", "add", word, "missing"),
        ("keypair", "add", "a", word),
        ("connect", word),
    ):
        run = commands.inside(settings.data, *arguments)
        assert run.status in (4, 5)
        assert run.stderr.replace("\n", "").isprintable(), run.stderr


def test_encrypted_key_without_a_password_is_refused_without_a_question(
    settings: Settings, tmp_path: Path
) -> None:
    """Where no person sits at a terminal, nothing is asked for."""
    file = tmp_path / "encrypted.pem"
    file.write_bytes(issue("x", pki_maker.make_key("p256")).key_pem(password=b"secret"))
    run = commands.inside(settings.data, "keypair", "add", "client", str(file))
    assert (5, "") == (run.status, run.stdout)
    assert "[password-wrong]" in run.stderr
