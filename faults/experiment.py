"""The primary is killed again and again while clients write to two nodes, and what came of it."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import psycopg
from rich.console import Console

from bench import authority
from faults import asking, attempts, cluster, etcd, judgement
from faults.asking import NotInTime
from faults.attempts import Outcome, Stored
from faults.clients import Clients, Credentials
from faults.cluster import Cluster, Node
from faults.nodes import Server, Site
from faults.probe import Probe
from faults.processes import Processes

_HOSTS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
"""All of 127.0.0.0/8 is this machine on Linux."""
_NODES = 2
_WORKERS = ("--workers", "2")
_SHARED = "contested"
"""The entry that clients of both nodes upload to."""
_PROBE = "probe"
"""Database of the bare loop."""
_WARM_SECONDS = 5
_SILENT_SECONDS = 0.5
_WAITING = " while commits wait for the replicas"
_OUTAGE_SECONDS = 120
"""Longer than any outage may last."""
_CATCH_UP_SECONDS = 30
_VERSIONS = (
    "SELECT e.alias, v.number, encode(c.sha256, 'hex') FROM versions v"
    " JOIN entries e ON e.id = v.entry_id"
    " LEFT JOIN version_certificates p"
    " ON p.entry_id = v.entry_id AND p.number = v.number AND p.position = 0"
    " LEFT JOIN certificates c ON c.id = p.certificate_id ORDER BY 1, 2, 3"
)
_CURRENT = "SELECT alias, current_version FROM entries"


@dataclass(frozen=True, slots=True)
class Kill:
    """One failover; all times in seconds."""

    victim: str
    successor: str
    promoted: float
    """Until the new primary began its timeline, by Patroni's history."""
    bare: float
    """Longest pause between two commits of the bare loop."""
    writing: tuple[float, ...]
    """Longest pause between two confirmed uploads, for each node."""
    reading: float
    """Longest pause between two good reads, of all clients."""
    returned: float
    """Until the killed server replicated again."""
    unknown: int
    """How many uploads were answered that their outcome is not known."""


@dataclass(slots=True)
class Experiment:
    """What runs, and what was seen."""

    console: Console
    cluster: Cluster
    site: Site
    servers: Sequence[Server]
    clients: Clients
    probe: Probe
    first: dict[str, int]
    """Number of the last version of each entry before the first kill."""
    kills: list[Kill] = field(default_factory=list)
    unknown_stored: int = 0
    """How many uploads whose outcome was not known are stored."""
    audit: str = ""
    """What the check of the audit log printed."""

    def run(self, kills: int) -> list[str]:
        """Kill the primary that many times; return what did not come back."""
        try:
            time.sleep(_WARM_SECONDS)
            for number in range(kills):
                self._kill(in_doubt=number % 2 == 1)
                time.sleep(_WARM_SECONDS)
        except NotInTime as error:
            return [str(error)]
        return []

    def _kill(self, *, in_doubt: bool) -> None:
        """Kill the primary, wait for its successor and both nodes, and for its own return.

        With ``in_doubt`` the replicas fall silent a moment before, so that commits wait for them:
        what the primary has sent by then comes to life with its successor although nobody was told.
        """
        victim = asking.wait_for("a leader", _OUTAGE_SECONDS, self.cluster.leader)
        self.console.print(f"Killing {victim.name}{_WAITING if in_doubt else ''} ...")
        with self.cluster.replicas_stopped() if in_doubt else nullcontext():
            time.sleep(_SILENT_SECONDS if in_doubt else 0)
            begin, wall = time.monotonic(), datetime.now(UTC)
            self.cluster.kill(victim)
        asking.wait_for("uploads to both nodes", _OUTAGE_SECONDS, lambda: self._writes_since(begin))
        self.cluster.start(victim)
        self.cluster.wait_whole()
        returned = time.monotonic() - begin
        at, successor = self.cluster.promotions()[-1]
        self.kills.append(
            Kill(
                victim.name,
                successor,
                (at - wall).total_seconds(),
                attempts.longest_pause(self.probe.written, begin - 1, begin + returned),
                self._writing_pauses(begin - 1, begin + returned),
                self._reading_pause(begin - 1, begin + returned),
                returned,
                self._unknown_since(begin),
            )
        )

    def _writes_since(self, begin: float) -> bool:
        """Tell whether each node and the bare loop have written again after a kill."""
        # The first second may still bring answers to what was committed before.
        since = begin + 1
        nodes = {
            one.node
            for one in list(self.clients.attempts)
            if one.outcome is Outcome.CONFIRMED and one.ended > since
        }
        return len(nodes) == _NODES and self.probe.written[-1:] > [since]

    def _unknown_since(self, begin: float) -> int:
        answers = list(self.clients.attempts)
        return sum(one.outcome is Outcome.UNKNOWN and one.ended > begin for one in answers)

    def _writing_pauses(self, begin: float, end: float) -> tuple[float, ...]:
        done = [one for one in self.clients.attempts if one.outcome is Outcome.CONFIRMED]
        return tuple(
            attempts.longest_pause((o.ended for o in done if o.node == server.name), begin, end)
            for server in self.servers
        )

    def _reading_pause(self, begin: float, end: float) -> float:
        good = (one.ended for one in self.clients.readings if one.good)
        return attempts.longest_pause(good, begin, end)

    def judge(self) -> list[str]:
        """End the clients and return every promise that was broken."""
        self.clients.stop()
        self.probe.stop()
        self._wait_until_all_have_all()
        found = {node.name: self._stored(node) for node in self.cluster.nodes}
        versions, current = found[self.cluster.nodes[0].name]
        broken = judgement.broken(
            *(self.clients.attempts, self.clients.readings, versions, current, self.first)
        )
        there = {one.sha256 for one in versions}
        unknown = [one for one in self.clients.attempts if one.outcome is Outcome.UNKNOWN]
        self.unknown_stored = sum(one.sha256 in there for one in unknown)
        broken += [f"{n} has other versions" for n, f in found.items() if f != (versions, current)]
        try:
            self.audit = self.site.run("audit", "verify").strip()
        except RuntimeError as error:
            broken.append(f"the audit log is not sound: {error}")
        return broken

    def _stored(self, node: Node) -> tuple[list[Stored], dict[str, int]]:
        """Return all versions and the current ones as one server has them."""
        with self.cluster.connect(node, cluster.SCOPE) as connection:
            versions = [Stored(*row) for row in connection.execute(_VERSIONS)]
            current = dict(connection.execute(_CURRENT).fetchall())
        return versions, current

    def _wait_until_all_have_all(self) -> None:
        """Wait until the replicas have what the primary has. Raises NotInTime."""
        leader = asking.wait_for("a leader", _OUTAGE_SECONDS, self.cluster.leader)
        ((end,),) = self.cluster.ask(leader, "SELECT pg_current_wal_flush_lsn()")
        behind = f"SELECT pg_last_wal_replay_lsn() >= '{end}'"
        for node in self.cluster.nodes:
            if node != leader:
                caught_up = partial(self._is, node, behind)
                asking.wait_for(f"{node.name} has caught up", _CATCH_UP_SECONDS, caught_up)

    def _is(self, node: Node, condition: str) -> bool:
        return self.cluster.ask(node, condition) == [(True,)]


def start(running: Processes, console: Console) -> Experiment:
    """Start everything and let clients work."""
    console.print("Starting etcd, Patroni and PostgreSQL on three addresses ...")
    servers = cluster.start(running, _HOSTS, etcd.start(running, _HOSTS))
    site = Site(running, _databases(servers))
    console.print("Starting two nodes of Keysteward ...")
    site.create()
    secret = site.add_client("load")
    aliases = [_SHARED, *(f"own-{number}" for number in range(1, _NODES + 1))]
    clients = Clients(authority.found(), {alias: site.add_key_pair(alias) for alias in aliases})
    nodes = site.serve(_NODES, *_WORKERS)
    token = Credentials("load", secret).token(nodes[0])
    first = _first_uploads(clients, nodes[0], token)
    probe = Probe(_bare_url(servers))
    probe.start()
    for number, node in enumerate(nodes, 1):
        for alias in (_SHARED, _SHARED, f"own-{number}"):
            clients.write(node, token, alias)
        clients.read(node, token)
    return Experiment(console, servers, site, nodes, clients, probe, first)


def _first_uploads(clients: Clients, server: Server, token: str) -> dict[str, int]:
    """Confirm the CA's root and return each entry's version. Raises RuntimeError if refused."""
    done = [clients.upload(server, token, a, "?fingerprint_verified=true") for a in clients.keys]
    refused = [one.answer for one in done if one.version is None]
    if refused:
        raise RuntimeError(f"first uploads: {refused}")
    return {one.alias: one.version or 0 for one in done}


def _databases(servers: Cluster) -> str:
    """Make role, database and the bare loop's own one; return the database's URL."""
    leader = asking.wait_for("a leader", _OUTAGE_SECONDS, servers.leader)
    with servers.connect(leader, "postgres") as connection:
        connection.execute(f"CREATE ROLE keysteward LOGIN PASSWORD '{servers.password}'".encode())
        for name in (cluster.SCOPE, _PROBE):
            connection.execute(
                f"CREATE DATABASE {name} OWNER keysteward TEMPLATE template0"
                " ENCODING 'UTF8' LOCALE 'C'".encode()
            )
    with psycopg.connect(_bare_url(servers)) as connection:
        connection.execute("CREATE TABLE probe (at timestamptz NOT NULL DEFAULT now())")
    hosts = "&".join(f"host={node.address}" for node in servers.nodes)
    login = f"keysteward:{servers.password}"
    return f"postgresql+psycopg://{login}@/{cluster.SCOPE}?{hosts}"


def _bare_url(servers: Cluster) -> str:
    hosts = ",".join(node.address for node in servers.nodes)
    login = f"keysteward:{servers.password}"
    return f"postgresql://{login}@{hosts}/{_PROBE}?target_session_attrs=read-write"
