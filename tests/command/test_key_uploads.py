"""keypair add and update, certificate add and update: files, passwords, choices, trust."""

from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, key_uploads, pki_maker, terminals
from tests import steward as steward_
from tests.command.authority import CA, KEY, ROOT, leaf
from tests.commands import Run
from tests.pki_maker import issue

VERIFIED = "--fingerprint-verified"


@pytest.fixture
def client(settings: Settings, files: Path) -> Settings:
    """Add the key pair "client" with a placeholder."""
    key, certificate = str(files / "key.pem"), str(files / "placeholder.pem")
    arguments = ("keypair", "add", "client", key, "--certificate", certificate)
    assert 0 == commands.inside(settings.data, *arguments).status
    return settings


@pytest.fixture
def pkcs12(files: Path) -> str:
    """Return the name of a PKCS#12 with KEY and its chain, under the password "geheim"."""
    data = key_uploads.openssl_pkcs12(files, leaf(), CA, ROOT, password="geheim")
    (files / "client.p12").write_bytes(data)
    return str(files / "client.p12")


@pytest.fixture
def several(files: Path) -> str:
    """Return the name of a PKCS#12 with the keys "first" and "second", under "changeit"."""
    data = key_uploads.keytool_pkcs12("first", "second", password="changeit")
    (files / "several.p12").write_bytes(data)
    return str(files / "several.p12")


def _shown(settings: Settings, alias: str) -> Run:
    return commands.inside(settings.data, "show", alias, "--json")


@pytest.mark.parametrize("command", ["add", "update"])
def test_pkcs12_needs_its_password_and_a_trusted_root(
    client: Settings, pkcs12: str, command: str
) -> None:
    """Each refusal has its status and slug; with both it is stored, chain and all."""
    alias = {"add": "new", "update": "client"}[command]
    upload = ("keypair", command, alias, pkcs12)
    (root,) = steward_.read(ROOT)
    given = (*upload, "--password-stdin")
    for words, password, status, said in (
        (upload, b"", 5, "[password-wrong]"),
        (given, b"falsch\n", 5, "[password-wrong]"),
        (given, b"geheim\n", 6, root.fingerprint),
        ((*given, "--trust-root", "0" * 64), b"geheim\n", 6, "[root-not-trusted]"),
        ((*given, "--trust-root", "abc"), b"geheim\n", 2, "64 hexadecimal digits"),
    ):
        run = commands.inside(client.data, *words, stdin=password)
        assert (status, "") == (run.status, run.stdout)
        assert said in run.stderr.replace("\n", " ")
        assert "geheim" not in run.stderr
    confirmed = root.fingerprint.upper()
    spelled = ":".join(confirmed[n : n + 2] for n in range(0, 64, 2))
    run = commands.inside(client.data, *given, "--trust-root", spelled, stdin=b"geheim\n")
    number = {"add": 1, "update": 2}[command]
    assert (0, "") == (run.status, run.stderr)
    done = {"add": "Added", "update": "Updated"}[command]
    assert run.stdout.startswith(f"{done} '{alias}': EC secp256r1, ")
    assert f"version {number}.\n" in run.stdout
    assert 3 == len(_shown(client, alias).json["chain"])


def test_update_with_the_same_gets_one_line(client: Settings, pkcs12: str) -> None:
    """And scripts get the notice."""
    given = ("keypair", "update", "client", pkcs12, "--password-stdin", VERIFIED)
    commands.inside(client.data, *given, stdin=b"geheim\n")
    again = commands.inside(client.data, *given, stdin=b"geheim\n")
    assert "'client' has this key and chain already (version 2).\n" == again.stdout
    printed = commands.inside(client.data, *given, "--json", stdin=b"geheim\n").json
    assert ["already-current"] == [notice["slug"] for notice in printed["notices"]]
    assert 2 == printed["version"]


def test_several_keys_are_named_and_chosen(settings: Settings, several: str) -> None:
    """By name or place; a key that is not there is missing."""
    add = ("keypair", "add", "chosen", several, "--password-stdin", VERIFIED)
    password = b"changeit\n"
    refused = commands.inside(settings.data, *add, stdin=password)
    assert 6 == refused.status
    assert "'first', 'second'" in refused.stderr
    assert "--key NAME" in refused.stderr
    missing = commands.inside(settings.data, *add, "--key", "third", stdin=password)
    assert (4, True) == (missing.status, "[key-not-in-file]" in missing.stderr)
    run = commands.inside(settings.data, *add, "--key", "second", stdin=password)
    assert 0 == run.status
    assert "CN=second" in run.stdout
    assert "rest-of-file-left" in run.stdout
    update = ("keypair", "update", *add[2:], "--key", "#1")
    assert 0 == commands.inside(settings.data, *update, stdin=password).status
    assert "CN=first" == _shown(settings, "chosen").json["chain"][0]["subject"]


def test_person_chooses_the_key_at_the_terminal(settings: Settings, several: str) -> None:
    """Password, key and trust are asked for in this order; a number out of range again."""
    status, screen = terminals.run(
        *(settings.data, "keypair", "add", "chosen", several),
        answers=(
            ("Password of the key file", "changeit\n"),
            ("Number of the one to take", "3\n"),
            ("A number from 1 to 2.", "2\n"),
            ("its owner publishes? [y/N]", "y\n"),
        ),
    )
    assert 0 == status, screen
    assert "1  first" in screen
    assert "changeit" not in screen
    assert "CN=second" == _shown(settings, "chosen").json["chain"][0]["subject"]


def test_chain_file_beside_the_key_is_bounded(client: Settings, files: Path) -> None:
    """By the limit of key pairs, and so is the key's own file."""
    key, good = str(files / "key.pem"), str(files / "good.pem")
    for words in (
        ("keypair", "update", "client", key, "--certificate", good),
        ("keypair", "update", "client", good),
    ):
        run = commands.inside(client.data, *words, VERIFIED, KEYSTEWARD_KEY_PAIR_LIMIT_BYTES="1000")
        assert (5, "") == (run.status, run.stdout)
        assert "[upload-too-large]" in run.stderr
        assert "1,000 bytes" in run.stderr


def test_expired_key_pair_is_taken_by_override(client: Settings, files: Path) -> None:
    """With a warning."""
    key, expired = str(files / "key.pem"), str(files / "expired.pem")
    update = ("keypair", "update", "client", key, "--certificate", expired, VERIFIED)
    refused = commands.inside(client.data, *update)
    assert (5, True) == (refused.status, "[certificate-expired]" in refused.stderr)
    run = commands.inside(client.data, *update, "--override", "certificate-expired")
    assert (0, True) == (run.status, "certificate-expired" in run.stdout)


# ---- certificates


def test_certificate_is_confirmed_by_its_fingerprint(settings: Settings, files: Path) -> None:
    """Or by whatever it has; a script gets the fingerprint to compare."""
    (root,) = steward_.read(ROOT)
    add = ("certificate", "add", "root", str(files / "root.pem"))
    refused = commands.inside(settings.data, *add)
    assert (6, "") == (refused.status, refused.stdout)
    assert f"--trust-root {root.fingerprint}" in refused.stderr
    assert 0 == commands.inside(settings.data, *add, "--trust-root", root.fingerprint).status
    under = ("certificate", "add", "ca", str(files / "ca.pem"))
    assert 0 == commands.inside(settings.data, *under).status


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 6)])
def test_unknown_certificate_is_asked_about_at_the_terminal(
    settings: Settings, files: Path, answer: str, status: int
) -> None:
    """With both fingerprints; a no stores nothing."""
    found, screen = terminals.run(
        *(settings.data, "certificate", "add", "root", str(files / "root.pem")),
        answers=(("[y/N]", answer),),
    )
    (root,) = steward_.read(ROOT)
    assert status == found
    assert root.fingerprint in screen
    assert root.fingerprint_sha1 in screen
    listed = commands.inside(settings.data, "list", "--json").json
    assert (status == 0) == bool(listed)


def test_certificate_is_updated_under_its_alias(settings: Settings, files: Path) -> None:
    """Its mark stays unless another is given; the same file again is one line."""
    add = ("certificate", "add", "root", str(files / "root.pem"), VERIFIED)
    commands.inside(settings.data, *add)
    (files / "next.pem").write_bytes(issue("CN=Root,O=Test Trust", ROOT.key, ca=True).pem)
    update = ("certificate", "update", "root", str(files / "next.pem"))
    done = commands.inside(settings.data, *update)
    assert (0, True) == (done.status, done.stdout.startswith("Updated 'root' as trusted"))
    again = commands.inside(settings.data, *update)
    assert "'root' is this certificate already (version 2).\n" == again.stdout
    marked = commands.inside(settings.data, *update, "--not-trusted", "--json").json
    assert (3, False) == (marked["version"], marked["trusted"])


def test_certificate_that_is_here_already_is_named(settings: Settings, files: Path) -> None:
    """In words and for scripts; it is taken all the same."""

    def add(alias: str, *options: str) -> Run:
        words = ("certificate", "add", alias, str(files / "root.pem"), "--not-trusted", *options)
        return commands.inside(settings.data, *words)

    assert "certificate-held-twice" not in add("root").stdout
    assert "certificate-held-twice" in add("again").stdout
    third = add("third", "--json")
    assert ["certificate-held-twice"] == [n["slug"] for n in third.json["notices"]]


def test_certificate_file_is_bounded(settings: Settings, files: Path) -> None:
    """By its own limit, whether it comes as a file or through standard input."""
    large = b"x" * 10_000 + ROOT.pem
    (files / "large.pem").write_bytes(large)
    for name in (str(files / "large.pem"), "-"):
        run = commands.inside(settings.data, "certificate", "add", "root", name, stdin=large)
        assert (5, "") == (run.status, run.stdout)
        assert "10,240 bytes" in run.stderr
        assert "[upload-too-large]" in run.stderr


def test_key_pair_is_not_updated_by_a_certificate(client: Settings, files: Path) -> None:
    """The refusal names the command that is meant."""
    run = commands.inside(client.data, "certificate", "update", "client", str(files / "good.pem"))
    assert (6, True) == (run.status, "keysteward response upload" in run.stderr)


def test_key_alone_does_not_update(client: Settings, files: Path) -> None:
    """The certificate in use would be lost; the key in use alone changes nothing."""
    other = issue("x", pki_maker.make_key("p256"))
    (files / "other-key.pem").write_bytes(other.key_pem())
    update = ("keypair", "update", "client")
    refused = commands.inside(client.data, *update, str(files / "other-key.pem"))
    assert (5, True) == (refused.status, "[certificate-missing]" in refused.stderr)
    (files / "own-key.pem").write_bytes(issue("x", KEY).key_pem())
    own = commands.inside(client.data, *update, str(files / "own-key.pem"))
    assert (0, True) == (own.status, "already (version 1)" in own.stdout)
