"""Three PostgreSQL servers under Patroni, replicating synchronously.

``synchronous_mode_strict`` is on: a commit is confirmed when a second server has it, also in the
moments after a failover in which the new primary is still alone. Without it such a commit would be
on one disk only. What it costs is that writing waits while no second server is there; with the
members of etcd on the same three machines nobody could write then anyhow.
"""

import json
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from faults import asking, processes, programs
from faults.processes import Processes

SCOPE = "keysteward"
TTL_SECONDS = 20
"""The least that Patroni's documentation allows: how long a lost leader keeps its key."""
_LOOP_SECONDS = 2
_RETRY_SECONDS = 5
_FIRST_START_SECONDS = 120
_RETURN_SECONDS = 120
_DYNAMIC = {
    "ttl": TTL_SECONDS,
    "loop_wait": _LOOP_SECONDS,
    "retry_timeout": _RETRY_SECONDS,
    "maximum_lag_on_failover": 1_048_576,
    "synchronous_mode": True,
    "synchronous_mode_strict": True,
    "postgresql": {
        "use_pg_rewind": True,
        "use_slots": True,
        "parameters": {
            "max_connections": 100,
            "shared_buffers": "64MB",
            # A replica asks the new primary before that has made a slot for it, and waits this long
            # until it asks again; nothing is confirmed meanwhile.
            "wal_retrieve_retry_interval": "500ms",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Node:
    """One server and its Patroni."""

    name: str
    host: str
    port: int
    api_port: int
    folder: Path
    """Of its database files."""

    @property
    def address(self) -> str:
        """``HOST:PORT`` of the database server."""
        return f"{self.host}:{self.port}"


@dataclass(slots=True)
class Cluster:
    """The nodes, those that do not run now included."""

    running: Processes
    nodes: tuple[Node, ...]
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    """Of every role; made for one run."""
    _patronis: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, node: Node) -> None:
        """Start Patroni on a node, which starts the database server."""
        file = self.running.folder / f"{node.name}.json"
        self._patronis[node.name] = self.running.start(
            node.name,
            *("patroni", str(file)),
            environment=processes.environment(self.running.folder),
        )

    def kill(self, node: Node) -> None:
        """Kill Patroni and every process of the database server, as a power cut would."""
        patroni = self._patronis.pop(node.name)
        processes.kill(patroni.pid, *processes.working_in(node.folder))
        processes.kill(*processes.working_in(node.folder))
        patroni.wait()

    @contextmanager
    def replicas_stopped(self) -> Iterator[None]:
        """Have no replica take anything from the primary for the time of a context.

        What the primary sends meanwhile waits in the network's buffers: afterwards the replicas
        take it, also if the primary is gone.
        """
        receivers = [
            process
            for node in self.nodes
            for process in processes.working_in(node.folder)
            if "walreceiver" in processes.command_line(process)
        ]
        processes.send(signal.SIGSTOP, receivers)
        try:
            yield
        finally:
            processes.send(signal.SIGCONT, receivers)

    def leader(self) -> Node | None:
        """Return who leads by what Patroni says; None while nobody does."""
        named = [m["name"] for m in self.members() if m["role"] == "leader"]
        return next((node for node in self.nodes if node.name in named), None)

    def members(self) -> list[dict[str, Any]]:
        """Return the members as any Patroni that answers knows them."""
        return list(self._any("/cluster", {}).get("members", ()))

    def promotions(self) -> list[tuple[datetime, str]]:
        """Return when each new timeline began and who began it, as Patroni's history has it."""
        rows = self._any("/history", [])
        return [(datetime.fromisoformat(row[3]), row[4]) for row in rows if len(row) > 4]

    def is_whole(self) -> bool:
        """Tell whether all others stream from the leader, and one of them is synchronous."""
        leader = self.leader()
        if leader is None or not any(m["role"] == "sync_standby" for m in self.members()):
            return False
        others = {node.name for node in self.nodes} - {leader.name}
        states = {
            str(name): str(sync)
            for name, sync in self.ask(
                leader,
                "SELECT application_name, sync_state FROM pg_stat_replication"
                " WHERE state = 'streaming'",
            )
        }
        return others == set(states) and "sync" in states.values()

    def wait_whole(self) -> None:
        """Wait until it is. Raises NotInTime."""
        asking.wait_for("every server replicates again", _RETURN_SECONDS, self.is_whole)

    def ask(self, node: Node, question: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Return the rows of a query to one server as its superuser; none if it does not answer."""
        with suppress(psycopg.OperationalError), self.connect(node, database) as connection:
            return connection.execute(question.encode()).fetchall()
        return []

    def connect(self, node: Node, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect to one server as its superuser."""
        return psycopg.connect(
            host=node.host,
            port=node.port,
            dbname=database,
            user="postgres",
            password=self.password,
            connect_timeout=3,
            autocommit=True,
        )

    def _any(self, path: str, otherwise: Any) -> Any:  # noqa: ANN401 - JSON of Patroni
        for node in self.nodes:
            answer = asking.ask(node.host, node.api_port, path)
            if answer is not None:
                return answer
        return otherwise


def start(running: Processes, hosts: tuple[str, ...], etcd: list[str]) -> Cluster:
    """Start a node on each address and return the cluster once it replicates."""
    nodes = tuple(_node(running.folder, n, host) for n, host in enumerate(hosts, 1))
    cluster = Cluster(running, nodes)
    for node in nodes:
        file = running.folder / f"{node.name}.json"
        file.touch(mode=0o600)
        # Patroni reads YAML, of which JSON is a part.
        file.write_text(json.dumps(_configuration(cluster, node, etcd), indent=1))
        processes.give(file)
        cluster.start(node)
    asking.wait_for("a leader", _FIRST_START_SECONDS, cluster.leader)
    cluster.wait_whole()
    return cluster


def _node(folder: Path, number: int, host: str) -> Node:
    name = f"node{number}"
    ports = processes.free_port(host), processes.free_port(host)
    return Node(name, host, *ports, folder / name)


def _configuration(cluster: Cluster, node: Node, etcd: list[str]) -> dict[str, Any]:
    api = f"{node.host}:{node.api_port}"
    roles = {"superuser": "postgres", "replication": "replicator"}
    as_role: Callable[[str], dict[str, str]] = lambda name: {  # noqa: E731 - two lines for two uses
        "username": name,
        "password": cluster.password,
    }
    return {
        "scope": SCOPE,
        "name": node.name,
        "restapi": {"listen": api, "connect_address": api},
        "etcd3": {"hosts": etcd},
        "bootstrap": {
            "dcs": _DYNAMIC,
            "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
        },
        "postgresql": {
            "listen": node.address,
            "connect_address": node.address,
            "data_dir": str(node.folder),
            "bin_dir": str(programs.server_folder()),
            "pgpass": str(cluster.running.folder / f"{node.name}.pgpass"),
            "authentication": {use: as_role(name) for use, name in roles.items()},
            "parameters": {
                "unix_socket_directories": str(cluster.running.folder),
                # In the folder, so that nothing of a killed server stays anywhere else.
                "dynamic_shared_memory_type": "mmap",
            },
            "pg_hba": [
                "host replication replicator 127.0.0.0/8 scram-sha-256",
                "host all all 127.0.0.0/8 scram-sha-256",
            ],
        },
    }
