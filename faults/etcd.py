"""Three members of etcd, in which Patroni keeps who leads."""

from dataclasses import dataclass
from functools import partial

from faults import asking, processes
from faults.processes import Processes

_START_SECONDS = 30
_HEARTBEAT_MILLISECONDS = 250
_ELECTION_MILLISECONDS = 2_500
"""Longer than etcd's own times: on a busy machine a member is late that is not gone."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member."""

    name: str
    host: str
    port: int
    peer_port: int

    @property
    def peer_url(self) -> str:
        """Where the others reach it."""
        return f"http://{self.host}:{self.peer_port}"


def start(running: Processes, hosts: tuple[str, ...]) -> list[str]:
    """Start a member on each address and return ``HOST:PORT`` of each once they agree."""
    members = [
        Member(f"etcd{n}", host, processes.free_port(host), processes.free_port(host))
        for n, host in enumerate(hosts, 1)
    ]
    together = ",".join(f"{one.name}={one.peer_url}" for one in members)
    for one in members:
        _start(running, one, together)
    for one in members:
        asking.wait_for(f"{one.name} is healthy", _START_SECONDS, partial(_healthy, one))
    return [f"{one.host}:{one.port}" for one in members]


def _start(running: Processes, member: Member, together: str) -> None:
    url = f"http://{member.host}:{member.port}"
    options = {
        "name": member.name,
        "data-dir": str(running.folder / member.name),
        "listen-client-urls": url,
        "advertise-client-urls": url,
        "listen-peer-urls": member.peer_url,
        "initial-advertise-peer-urls": member.peer_url,
        "initial-cluster": together,
        "initial-cluster-state": "new",
        "initial-cluster-token": running.folder.name,
        "heartbeat-interval": str(_HEARTBEAT_MILLISECONDS),
        "election-timeout": str(_ELECTION_MILLISECONDS),
    }
    command = ["etcd", *(f"--{name}={value}" for name, value in options.items())]
    running.start(member.name, *command, environment=processes.environment(running.folder))


def _healthy(member: Member) -> bool:
    answer = asking.ask(member.host, member.port, "/health")
    return answer is not None and answer.get("health") == "true"
