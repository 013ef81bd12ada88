"""docs/operations.md: its files and commands, on three machines that are addresses of this one."""

import json
import re
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import psycopg
import pytest

from faults import asking, processes
from faults.processes import Processes
from tests import commands, machines
from tests.architecture.documents import DOCS, ROOT
from tests.machines import HTTPS, Machine

PAGE = DOCS / "operations.md"
_RULES = "/etc/prometheus/rules/keysteward.yml"
_UNIT = "/etc/systemd/system/keysteward.service"
_ELSEWHERE = re.compile(r"^(User|EnvironmentFile|SupplementaryGroups)=.*\n", re.MULTILINE)
"""Lines of the unit that name what only a real machine has."""
_SECONDS = 90
_FOR_TESTS = {"KEYSTEWARD_WORKERS": "2", "KEYSTEWARD_METRICS_OPEN": "true"}


@pytest.fixture(scope="module")
def running() -> Iterator[Processes]:
    """Return a folder in which programs run until the tests of this module end."""
    machines.require()
    with processes.opened(adopting=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def cluster(running: Processes) -> Sequence[Machine]:
    """Return three machines on which everything but Keysteward runs, the first one leading."""
    made = machines.make(running, PAGE)
    for one in made:
        one.start("etcd", **one.variables("/etc/default/etcd"))
    for one in made:
        one.start("patroni", f"{one.root}/etc/patroni/config.yml")
        one.start("haproxy", "-db", "-f", f"{one.root}/etc/haproxy/haproxy.cfg")
        one.start("pgbouncer", f"{one.root}/etc/pgbouncer/pgbouncer.ini")
        asking.wait_for("a server", _SECONDS, partial(_is_up, one))
    asking.wait_for("a synchronous standby", _SECONDS, lambda: _synchronous(made[0]))
    return made


def _is_up(machine: Machine) -> bool:
    try:
        with _connect(machine):
            return True
    except psycopg.OperationalError:
        return False


def _synchronous(machine: Machine) -> bool:
    with _connect(machine) as connection:
        states = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
    return sorted(states) == [("async",), ("sync",)]


def _connect(machine: Machine) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=machine.environment["PGHOST"], user="postgres", autocommit=True)


@pytest.fixture(scope="module")
def outputs(cluster: Sequence[Machine]) -> dict[str, str]:
    """Run the page's commands in their order, with Keysteward started where the page says so."""
    found = {}
    for line in machines.commands_of(PAGE):
        if line.startswith("curl"):
            _serve(cluster)
        found[line] = cluster[0].run(line)
    return found


def _serve(cluster: Sequence[Machine]) -> None:
    """Bring the sealing keys onto the second machine, and start Keysteward on both."""
    first, second = (Path(f"{one.root}/var/lib/keysteward") for one in cluster[:2])
    shutil.copytree(first / "sealing", second / "sealing")
    for one in cluster[:2]:
        settings = one.variables("/etc/keysteward/environment") | _FOR_TESTS
        environment = commands.environment(None, **settings)
        environment["PYTHONPATH"] = str(ROOT / "src")
        name, command = f"{one.name}-keysteward", (*commands.COMMAND, "serve")
        one.running.start(name, *command, environment=environment, as_server=False)
    for one in cluster[:2]:
        asking.wait_for("readiness", _SECONDS, partial(_get, one, 8470, "/readyz"))


def _get(machine: Machine, port: int, path: str) -> str:
    """Return what is answered over TLS; nothing if nobody does."""
    context = ssl.create_default_context(cafile=f"{machine.root}/etc/ssl/cluster/ca.pem")
    try:
        with urllib.request.urlopen(
            f"https://{machine.address}:{port}{path}", context=context, timeout=5
        ) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


@pytest.mark.slow
def test_commands_of_the_guide_do_what_it_says(outputs: dict[str, str]) -> None:
    """A keystore is made behind pgbouncer, served, dumped, and restored from the dump whole."""
    verified = [out for line, out in outputs.items() if "audit verify" in line]
    assert 2 == len(verified)
    assert all("are whole and in order" in one for one in verified)
    (ready,) = (json.loads(out) for line, out in outputs.items() if line.startswith("curl"))
    assert "ok" == ready["status"]
    assert any("pg_verifybackup" in line for line in outputs)


@pytest.mark.slow
@pytest.mark.usefixtures("outputs")
def test_every_proxy_leads_to_a_server_that_is_ready(cluster: Sequence[Machine]) -> None:
    """Clients reach Keysteward through each machine, also that on which it does not run."""
    for one in cluster:
        found = asking.wait_for(
            f"{one.name} passes requests on", _SECONDS, partial(_get, one, HTTPS, "/readyz")
        )
        assert "ok" == json.loads(found)["status"]


@pytest.mark.slow
@pytest.mark.usefixtures("outputs")
def test_alert_rules_name_numbers_that_there_are(cluster: Sequence[Machine]) -> None:
    """Every number in the rules is one that Keysteward or Patroni tells."""
    first = cluster[0]
    rules = Path(f"{first.root}{_RULES}").read_text()
    numbers = _get(first, 8008, "/metrics") + _get(first, 8470, "/metrics")
    wanted = set(re.findall(r"\b(?:patroni|keysteward)_\w+", rules))
    told = {name for name in wanted if re.search(rf"^(# TYPE )?{name}\b", numbers, re.MULTILINE)}
    assert 8 < len(wanted)
    assert set() == wanted - told


@pytest.mark.slow
def test_programs_take_the_files_of_the_guide(cluster: Sequence[Machine]) -> None:
    """HAProxy, Patroni and systemd have no word against what is written for them."""
    first = cluster[0]
    checked = first.run("haproxy -c -f /etc/haproxy/haproxy.cfg")
    assert "Configuration file is valid" in checked
    if shutil.which("systemd-analyze") is None:
        return
    unit = Path(f"{first.root}{_UNIT}")
    text = unit.read_text().replace("/usr/local/bin/keysteward serve", "/bin/true")
    unit.write_text(_ELSEWHERE.sub("", text))
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if str(unit) in line]
    assert (0, []) == (done.returncode, complaints)
