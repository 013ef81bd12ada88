"""Commands about users and API clients: what they say, refuse, and print for scripts."""

import json
from pathlib import Path

import pytest

from keysteward.accounts import sign_in, tokens
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import commands
from tests import steward as steward_
from tests.commands import Run
from tests.steward import Clock

_PASSWORD = b"a password for tests"


@pytest.fixture
def data(settings: Settings) -> Settings:
    """Return an installation with the keystore "other" and the administrator "root"."""
    for words in ("keystore create other", "user add root --role administrator"):
        assert 0 == commands.inside(settings.data, *words.split()).status
    return settings


def _run(data: Settings, *words: str, stdin: bytes = b"") -> Run:
    return commands.inside(data.data, *words, stdin=stdin)


def _signs_in(data: Settings, name: str, password: str | bytes) -> bool:
    """Tell whether a user may do something; what a one-time password opens is not enough."""
    given = password.encode() if isinstance(password, str) else password
    with steward_.opened(data, Clock()) as steward:
        return not sign_in.sign_in(steward, name, Secret(given), "").must_change_password


def _password(run: Run) -> str:
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("One-time password: ")]
    return line.rpartition(" ")[2]


def test_init_makes_the_first_administrator(tmp_path: Path) -> None:
    """Its one-time password is printed; without a name init tells how to make one."""
    run = commands.inside(tmp_path / "one", "init", "--admin", "root")
    settings = steward_.settings_for(tmp_path / "one")
    assert "'root' is the first administrator." in run.stdout
    assert not _signs_in(settings, "root", _password(run))
    (user,) = _run(settings, "user", "list", "--json").json
    assert (["administrator"], None) == (user["roles"], user["keystores"])
    plain = commands.inside(tmp_path / "two", "init")
    assert "keysteward user add NAME --role administrator" in plain.stdout
    assert [] == commands.inside(tmp_path / "two", "user", "list", "--json").json


def test_init_takes_a_password(tmp_path: Path) -> None:
    """And prints none."""
    run = commands.inside(
        tmp_path / "data", "init", "--admin", "root", "--password-stdin", stdin=_PASSWORD + b"\n"
    )
    assert "One-time" not in run.stdout
    assert _signs_in(steward_.settings_for(tmp_path / "data"), "root", _PASSWORD)


@pytest.mark.parametrize(
    ("words", "stdin", "status"),
    [
        (("--admin", "a:b"), b"", 5),
        (("--admin", "root", "--password-stdin"), b"short\n", 5),
        (("--admin", "root", "--password-stdin"), b"", 5),
        (("--password-stdin",), _PASSWORD, 2),
    ],
)
def test_init_makes_nothing_for_a_wrong_administrator(
    tmp_path: Path, words: tuple[str, ...], stdin: bytes, status: int
) -> None:
    """Whoever tries again finds no half of it."""
    run = commands.inside(tmp_path / "data", "init", *words, stdin=stdin)
    assert status == run.status
    assert not (tmp_path / "data").exists()


def test_user_is_made_with_a_one_time_password(data: Settings) -> None:
    """Printed this once, and for scripts as JSON."""
    run = _run(data, "user", "add", "ann", "--role", "viewer", "--role", "operator")
    assert 0 == run.status
    assert not _signs_in(data, "ann", _password(run))
    other = _run(data, "user", "add", "bob", "--role", "viewer", "--json").json
    assert (True, ["viewer"]) == (other["must_change_password"], other["roles"])
    assert not _signs_in(data, "bob", other["password"])


def test_user_is_made_with_a_given_password(data: Settings) -> None:
    """And sees the keystores that are named."""
    words = ("--role", "viewer", "--keystore-access", "other", "--password-stdin")
    run = _run(data, "user", "add", "ann", *words, stdin=_PASSWORD + b"\n")
    assert (0, False) == (run.status, "One-time" in run.stdout)
    assert _signs_in(data, "ann", _PASSWORD)
    listed = {user["name"]: user for user in _run(data, "user", "list", "--json").json}
    assert ["other"] == listed["ann"]["keystores"]
    assert "password" not in listed["ann"]
    assert ["ann", "viewer", "other", "enabled"] == (
        _run(data, "user", "list").stdout.splitlines()[1].split()[:4]
    )


def test_user_is_changed(data: Settings) -> None:
    """Option by option; the rest stays."""
    _run(data, "user", "add", "ann", "--role", "viewer", "--keystore-access", "other")
    for words, member, expected in (
        (("--role", "operator"), "roles", ["operator"]),
        (("--keystore-access", "default", "--keystore-access", "other"), "keystores", 2),
        (("--all-keystores",), "keystores", None),
        (("--disable",), "disabled_at", "disabled"),
        (("--enable",), "disabled_at", None),
    ):
        found = _run(data, "user", "change", "ann", *words, "--json").json
        value = found[member]
        if expected == 2:
            assert ["default", "other"] == value
        elif expected == "disabled":
            assert value.endswith("Z")
        else:
            assert expected == value
        assert "operator" in found["roles"]
    shown = _run(data, "user", "change", "ann", "--disable").stdout
    assert "disabled" in shown
    both = _run(data, "user", "change", "ann", "--all-keystores", "--keystore-access", "other")
    assert 2 == both.status


def test_user_gets_another_password(data: Settings) -> None:
    """A one-time password, or one that is given."""
    _run(data, "user", "add", "ann", "--role", "viewer")
    run = _run(data, "user", "password", "ann")
    assert not _signs_in(data, "ann", _password(run))
    given = _run(data, "user", "password", "ann", "--password-stdin", stdin=_PASSWORD)
    assert (0, False) == (given.status, "One-time" in given.stdout)
    assert _signs_in(data, "ann", _PASSWORD)


@pytest.mark.parametrize(
    ("words", "status", "slug"),
    [
        (("user", "remove", "root"), 6, "last-administrator"),
        (("user", "change", "root", "--disable"), 6, "last-administrator"),
        (("user", "remove", "nobody"), 4, "account-not-found"),
        (("user", "add", "root", "--role", "viewer"), 6, "name-taken"),
        (("user", "add", "a:b", "--role", "viewer"), 5, "name-invalid"),
        (("user", "add", "a", "--role", "viewer", "--role", "provider"), 5, "roles-invalid"),
        (("user", "add", "a", "--role", "viewer", "--as", "provider"), 7, "installation-owned"),
        (("user", "add", "a", "--role", "viewer", "--keystore-access", "x"), 4, "keystore-unknown"),
        (("user", "password", "root", "--password-stdin"), 5, "password-too-weak"),
        (("client", "remove", "nobody"), 4, "account-not-found"),
        (("client", "rotate", "nobody"), 4, "account-not-found"),
        (("client", "remove", "nobody", "--secret", "1"), 4, "account-not-found"),
    ],
)
def test_refusals_have_their_status(
    data: Settings, words: tuple[str, ...], status: int, slug: str
) -> None:
    """And change nothing."""
    before = steward_.rows(data)
    run = _run(data, *words)
    assert (status, "") == (run.status, run.stdout)
    assert f"[{slug}" in run.stderr
    assert before == steward_.rows(data)


def test_removed_user_is_gone(data: Settings) -> None:
    """The last administrator is not removed before there is another one."""
    _run(data, "user", "add", "ann", "--role", "administrator")
    assert 0 == _run(data, "user", "remove", "root").status
    assert ["ann"] == [user["name"] for user in _run(data, "user", "list", "--json").json]


def test_client_signs_in_with_what_is_printed(data: Settings) -> None:
    """As text and as JSON; a rotation leaves both secrets right and says how to end the old one."""
    made = _run(data, "client", "add", "pipeline", "--role", "operator", "--json").json
    rotated = _run(data, "client", "rotate", "pipeline", "--days", "30")
    secret = rotated.stdout.partition("Client secret:")[2].split()[0]
    with steward_.opened(data, Clock()) as steward:
        for one in (made["client_secret"], secret):
            tokens.issue(steward, made["client_id"], Secret(one.encode()), "")
    assert "Next: keysteward client remove pipeline --secret 1" in rotated.stdout
    third = _run(data, "client", "rotate", "pipeline")
    assert (6, True) == (third.status, "[too-many-secrets]" in third.stderr)
    assert 0 == _run(data, "client", "remove", "pipeline", "--secret", "1").status
    (client,) = _run(data, "client", "list", "--json").json
    assert [2] == [one["secret"] for one in client["secrets"]]
    assert secret not in json.dumps(client)


def test_clients_are_changed_listed_and_removed(data: Settings) -> None:
    """A line for each secret, with its end; without any it is said how to make one."""
    assert "keysteward client add" in _run(data, "client", "list").stdout
    _run(data, "client", "add", "pipeline", "--role", "operator", "--days", "10")
    _run(data, "client", "rotate", "pipeline")
    shown = _run(data, "client", "change", "pipeline", "--role", "viewer", "--disable").stdout
    header, first, second = shown.splitlines()
    assert "Secret ends" in header
    assert ["pipeline", "viewer", "all", "disabled", "1"] == first.split()[:5]
    assert "9 days left" in first
    assert "2" == second.split()[0]
    changed = _run(
        data, "client", "change", "pipeline", "--keystore-access", "other", "--json"
    ).json
    assert ["other"] == changed["keystores"]
    assert 0 == _run(data, "client", "remove", "pipeline").status
    assert [] == _run(data, "client", "list", "--json").json


def test_log_of_the_installation_is_shown(data: Settings) -> None:
    """With the account of each row; the keystore's log has none of them."""
    _run(data, "client", "add", "pipeline", "--role", "operator")
    shown = _run(data, "audit", "show", "--installation").stdout
    assert ["secret-added", "done", "pipeline"] == shown.splitlines()[-1].split()[-3:]
    rows = _run(data, "audit", "show", "--installation", "--json", "--action", "user-added").json
    assert ["root"] == [row["detail"]["account"] for row in rows]
    lines = _run(data, "audit", "show", "--installation", "--json-lines").stdout.splitlines()
    assert "user-added" == json.loads(lines[0])["action"]
    actions = [row["action"] for row in _run(data, "audit", "show", "--json").json]
    assert not {"user-added", "client-added"} & set(actions)
    assert 0 == _run(data, "audit", "verify").status
    for words in (("--alias", "a"), ("--sap",), ("--alias", "a", "--at", "2026-06-01")):
        assert 2 == _run(data, "audit", "show", "--installation", *words).status
