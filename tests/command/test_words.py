"""What the command says to people after it did something, and what it advises to do next."""

import shlex
from pathlib import Path

import pytest

from keysteward.pki import tls_support
from keysteward.pki.tls_support import Trial
from keysteward.settings import Settings
from tests import commands, pki_maker
from tests import steward as steward_
from tests.command.authority import CA, KEY, ROOT, leaf

VERIFIED = "--fingerprint-verified"


@pytest.fixture
def client(settings: Settings, files: Path) -> Settings:
    """Add the key pair "client" with a placeholder."""
    key, certificate = str(files / "key.pem"), str(files / "placeholder.pem")
    arguments = ("keypair", "add", "client", key, "--certificate", certificate)
    assert 0 == commands.inside(settings.data, *arguments).status
    return settings


def _next(run: commands.Run) -> list[str]:
    (advice,) = (line for line in run.stdout.splitlines() if line.startswith("Next: "))
    return shlex.split(advice.removeprefix("Next: keysteward"))


@pytest.mark.parametrize("alias", ["plain", "-dash", "with blank", "it's", "a/b", "..", "$HOME"])
def test_next_command_can_be_copied(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alias: str
) -> None:
    """Whatever the alias is, the request is written into this folder."""
    monkeypatch.chdir(tmp_path)
    made = commands.inside(
        settings.data, "keypair", "generate", "--cn", "x", "--type", "ed25519", "--", alias
    )
    assert (0, "") == (made.status, made.stderr)
    before = set(tmp_path.iterdir())
    asked = commands.inside(settings.data, *_next(made))
    assert (0, "") == (asked.status, asked.stderr)
    assert 1 == len(set(tmp_path.iterdir()) - before)


def test_next_command_asks_for_the_name_that_is_missing(settings: Settings, files: Path) -> None:
    """A key without any certificate has no subject yet."""
    added = commands.inside(settings.data, "keypair", "add", "bare", str(files / "key.pem"))
    assert ["--cn", "NAME"] == _next(added)[-2:]


def test_next_after_an_upload_is_a_connection(client: Settings, files: Path) -> None:
    """With the alias that was updated."""
    run = commands.inside(
        client.data,
        "response",
        "upload",
        "client",
        str(files / "good.pem"),
        "--fingerprint-verified",
    )
    assert ["connect", "HOST:PORT", "--alias", "client"] == _next(run)


@pytest.mark.parametrize(("usage", "remarks"), [("tls-client", 1), ("signature", 0)])
def test_key_that_tls_cannot_use_is_remarked_upon(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, usage: str, remarks: int
) -> None:
    """It is made all the same, and only connections would need it."""
    trial = Trial((), "This TLS knows no such keys.")
    monkeypatch.setattr(tls_support, "try_certificate", lambda certificate: trial)
    words = ("keypair", "generate", "made", "--cn", "x", "--type", "ec", "--usage", usage)
    run = commands.inside(settings.data, *words)
    assert (0, remarks) == (run.status, run.stdout.count("This TLS knows no such keys."))


@pytest.mark.parametrize(
    ("options", "said"), [((), "are accepted from now on."), (("--not-trusted",), "completes")]
)
def test_added_certificate_is_said_to_be_good_for(
    settings: Settings, files: Path, options: tuple[str, ...], said: str
) -> None:
    """For connections and uploads, or for chains alone."""
    root = str(files / "root.pem")
    run = commands.inside(settings.data, "certificate", "add", "root", root, VERIFIED, *options)
    assert said in run.stdout
    assert "no CA" not in run.stdout


def test_added_certificate_of_no_ca_is_remarked_upon(settings: Settings, tmp_path: Path) -> None:
    """Somebody meant its issuer, most likely."""
    file = tmp_path / "leaf.pem"
    file.write_bytes(leaf().pem)
    run = commands.inside(settings.data, "certificate", "add", "leaf", str(file), VERIFIED)
    assert (0, True) == (run.status, "It is no CA's certificate" in run.stdout)


@pytest.mark.parametrize(
    ("name", "found"),
    [("text.txt", "plain text"), ("request.pem", "request"), ("good.pem", "3 certificates")],
)
def test_file_that_is_no_certificate_is_named(
    settings: Settings, files: Path, name: str, found: str
) -> None:
    """Nothing is said of signing responses, which nobody spoke of."""
    run = commands.inside(settings.data, "certificate", "add", "x", str(files / name))
    assert 5 == run.status
    assert found in run.stderr
    assert "response" not in run.stderr


def test_dry_run_under_an_unknown_root_shows_the_plan(client: Settings, files: Path) -> None:
    """And the fingerprint to confirm; with both the shown plan is committed."""
    upload = ("response", "upload", "client", str(files / "good.pem"))
    dry = commands.inside(client.data, *upload, "--dry-run")
    (root,) = steward_.read(ROOT)
    assert 6 == dry.status
    assert "would replace version 1" in dry.stdout
    assert root.fingerprint in dry.stderr
    digest = dry.stdout.split()[-1]
    options = ("--expect-plan", digest, "--trust-root", root.fingerprint)
    assert 0 == commands.inside(client.data, *upload, *options).status


def test_response_that_is_current_already_gets_one_line(client: Settings, files: Path) -> None:
    """And one more while another response is waited for."""
    upload = ("response", "upload", "client", str(files / "good.pem"), "--fingerprint-verified")
    commands.inside(client.data, *upload)
    current = "'client' has this chain already (version 2); nothing was stored.\n"
    assert current == commands.inside(client.data, *upload).stdout
    commands.inside(client.data, "keypair", "renew", "client", "--type", "ed25519")
    missing = "The response to the pending key (version 3) is still missing.\n"
    assert current + missing == commands.inside(client.data, *upload).stdout


def test_comparison_marks_serial_numbers_that_differ_at_the_end_alone(
    client: Settings, files: Path
) -> None:
    """As those of a CA that counts do."""
    digits = "56F73DEBC0533589A0B1C2D3E4F5A6B7C8D9E0F"
    for last in "12":
        serial = int(digits + last, 16)
        (files / "counted.pem").write_bytes(leaf(serial=serial).pem + CA.pem + ROOT.pem)
        upload = ("response", "upload", "client", str(files / "counted.pem"))
        run = commands.inside(client.data, *upload, "--fingerprint-verified")
        assert 0 == run.status
    (line,) = (line for line in run.stdout.splitlines() if "Serial number" in line)
    assert ["*", "Serial", "number", "56F73DEBC053…E0F1", "56F73DEBC053…E0F2"] == line.split()


def test_rollback_names_the_version_that_is_back(client: Settings, files: Path) -> None:
    """And says so if it is current already."""
    upload = ("response", "upload", "client", str(files / "good.pem"), "--fingerprint-verified")
    commands.inside(client.data, *upload)
    done = commands.inside(client.data, "rollback", "client", "1").stdout
    assert done.startswith("'client' is now version 3, with the chain of version 1.\n")
    again = commands.inside(client.data, "rollback", "client", "3").stdout
    assert "'client' has the chain and key of version 3 already.\n" == again


def test_stored_chain_is_shown_without_sources(client: Settings, files: Path) -> None:
    """All of it lies in the keystore; of a response it is said what did."""
    good = str(files / "good.pem")
    commands.inside(client.data, "response", "upload", "client", good, "--fingerprint-verified")
    shown = commands.inside(client.data, "show", "client").stdout
    assert steward_.read(CA)[0].subject in shown
    assert "From" not in shown
    checked = commands.inside(None, "response", "check", good, "--for", str(files / "request.pem"))
    assert "From" in checked.stdout


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("request.pem", "lost against the current certificate (a request does not tell)."),
        ("public.pem", "Not checked: the subject, the alternative names, what would be lost"),
    ],
)
def test_check_says_in_words_what_was_not_checked(files: Path, reference: str, said: str) -> None:
    """And why."""
    (files / "public.pem").write_bytes(steward_.public_pem(KEY))
    run = commands.inside(
        None, "response", "check", str(files / "good.pem"), "--for", str(files / reference)
    )
    assert said in run.stdout


def test_deleted_entries_are_listed_with_the_day(client: Settings) -> None:
    """Not as if they were in use."""
    commands.inside(client.data, "delete", "client")
    (entry,) = commands.inside(client.data, "list", "--deleted", "--json").json
    listed = commands.inside(client.data, "list", "--deleted").stdout
    assert f"deleted {entry['deleted_at'][:10]}" in listed
    assert "in use" not in listed


@pytest.mark.parametrize(
    ("living", "said"), [("client", "A living entry"), ("nobody", "list --deleted")]
)
def test_undelete_says_what_has_the_alias(client: Settings, living: str, said: str) -> None:
    """A living entry, or none at all."""
    assert said in commands.inside(client.data, "undelete", living).stderr


def test_purge_counts_what_it_destroyed(client: Settings, files: Path) -> None:
    """No key, one, several."""
    good = str(files / "good.pem")
    commands.inside(client.data, "certificate", "add", "root", str(files / "root.pem"), VERIFIED)
    commands.inside(client.data, "response", "upload", "client", good)
    commands.inside(client.data, "keypair", "renew", "client", "--type", "ed25519")
    one = pki_maker.issue("one", pki_maker.make_key("p256"))
    (files / "one.pem").write_bytes(one.key_pem())
    commands.inside(client.data, "keypair", "add", "one", str(files / "one.pem"))
    said = [
        commands.inside(client.data, "delete", alias, "--purge", stdin=alias.encode()).stdout
        for alias in ("root", "one", "client")
    ]
    assert [
        "'root' is destroyed for good.\n",
        "'one' and its private key are destroyed for good.\n",
        "'client' and its 2 private keys are destroyed for good.\n",
    ] == said


def test_commands_without_a_keystore_offer_no_options_for_one() -> None:
    """They would do nothing."""
    for words, offered in ((("demo",), False), (("response", "check"), False), (("list",), True)):
        assert offered == ("--keystore" in commands.inside(None, *words, "--help").stdout)


@pytest.mark.parametrize(
    "words",
    [
        *("init", "serve", "recovery export", "recovery restore"),
        *("database backup", "database copy", "database upgrade"),
    ],
)
def test_commands_of_the_installation_offer_no_server_and_no_provider(words: str) -> None:
    """They refuse both; the data folder is what they work on."""
    offered = commands.inside(None, *words.split(), "--help").stdout
    assert "--data" in offered
    assert [] == [option for option in ("--server", "--ca ", "--as ") if option in offered]


def test_purge_says_what_backups_keep(client: Settings) -> None:
    """Nobody takes a key for destroyed that one backup or several still hold."""
    said = []
    for name in ("first", "second"):
        commands.inside(client.data, "backup", "create", name)
        purge = ("delete", "client", "--purge")
        said.append(commands.inside(client.data, *purge, stdin=b"client").stdout)
        commands.inside(client.data, "backup", "restore", "first", "--mode", "add", "--yes")
    stay = "versions of it: they stay, sealed, and are destroyed with"
    assert [
        f"'client' is in no list any more. The backup 'first' holds {stay} that backup.\n",
        f"'client' is in no list any more. 2 backups hold {stay} the last of them.\n",
    ] == said
