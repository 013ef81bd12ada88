"""keystore create and list, copy: what they say, refuse, and print for scripts."""

from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands
from tests.commands import Run


@pytest.fixture
def client(settings: Settings, files: Path) -> Settings:
    """Add the key pairs "client" and "a=b", and make the keystore "other"."""
    key = str(files / "key.pem")
    for words in (
        ("keypair", "add", "client", key),
        ("keypair", "add", "a=b", key),
        ("keystore", "create", "other"),
    ):
        assert 0 == commands.inside(settings.data, *words).status
    return settings


def _copy(client: Settings, *words: str) -> Run:
    return commands.inside(client.data, "copy", *words)


def _aliases(client: Settings, keystore: str) -> list[str]:
    run = commands.inside(client.data, "list", "--json", "--keystore", keystore)
    return [entry["alias"] for entry in run.json]


def test_keystores_are_made_and_listed(client: Settings) -> None:
    """The one that commands work on is marked; a taken name is refused."""
    taken = commands.inside(client.data, "keystore", "create", "other")
    assert (6, True) == (taken.status, "[name-taken]" in taken.stderr)
    listed = commands.inside(client.data, "keystore", "list").stdout.split()
    assert ["Keystore", "default", "chosen", "other"] == listed
    printed = commands.inside(client.data, "keystore", "list", "--json", "--keystore", "other")
    assert [
        {"name": "default", "chosen": False},
        {"name": "other", "chosen": True},
    ] == printed.json


def test_copy_says_what_came_in(client: Settings) -> None:
    """Once more there is nothing to do."""
    first = _copy(client, "client", "a=b", "--to", "other")
    assert (0, "Copied to 'other': 2 new.") == (first.status, first.stdout.splitlines()[0])
    assert ["a=b", "client"] == _aliases(client, "other")
    again = _copy(client, "client", "--to", "other")
    assert "There was nothing to copy to 'other': 1 unchanged.\n" == again.stdout


def test_copy_gets_other_names(client: Settings) -> None:
    """The alias itself may have an equals sign; what names no alias is wrong usage."""
    words = ("client", "a=b", "--to", "other", "--as", "a=b=c=d", "--as", "client=x")
    assert 0 == _copy(client, *words).status
    assert ["c=d", "x"] == _aliases(client, "other")
    for wrong in ("x", "nobody=x", "clientx"):
        run = _copy(client, "client", "--to", "other", "--as", wrong)
        assert (2, True) == (run.status, "ALIAS=NEW" in run.stderr)


def test_dry_run_stores_nothing(client: Settings, files: Path) -> None:
    """It shows what would be refused, with the status that the copy would have."""
    key = str(files / "placeholder.pem"), "--not-trusted", "--keystore", "other"
    assert 0 == commands.inside(client.data, "certificate", "add", "client", *key).status
    dry = _copy(client, "client", "a=b", "--to", "other", "--dry-run")
    assert dry.stdout.startswith("A copy to 'other' would mean: 1 new, 1 not imported.")
    assert "Nothing was stored." in dry.stdout
    real = _copy(client, "client", "a=b", "--to", "other")
    assert (6, 6, "") == (dry.status, real.status, real.stdout)
    assert "[alias-exists]" in real.stderr
    assert ["client"] == _aliases(client, "other")
    over = _copy(client, "client", "a=b", "--to", "other", "--overwrite")
    assert 0 == over.status
    assert "instead of a certificate" in over.stdout


def test_copy_prints_its_plan_for_scripts(client: Settings) -> None:
    """Done, tried, and refused have the same shape."""
    dry = _copy(client, "client", "--to", "other", "--json", "--dry-run")
    done = _copy(client, "client", "--to", "other", "--json")
    refused = _copy(client, "nobody", "--to", "other", "--json")
    assert [0, 0, 4] == [run.status for run in (dry, done, refused)]
    assert dry.json.keys() == done.json.keys() == refused.json.keys()
    assert [True, False] == [run.json["dry_run"] for run in (dry, done)]
    assert {"client": "new"} == {e["alias"]: e["status"] for e in done.json["entries"]}
    assert "alias-not-found" == refused.json["problem"]["slug"]


def test_unknown_keystore_is_missing(client: Settings) -> None:
    """By the names that there are."""
    run = _copy(client, "client", "--to", "nowhere")
    assert 4 == run.status
    assert "'default', 'other'" in run.stderr
