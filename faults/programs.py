"""The programs of others that the experiment runs, and where they are."""

import importlib.util
import os
import shutil
from pathlib import Path

_PACKAGES = {
    "etcd": "etcd-server",
    "patroni": "patroni",
    "pg_rewind": "postgresql",
    "postgres": "postgresql",
    "setpriv": "util-linux",
}
_SERVERS = Path("/usr/lib/postgresql")
"""Debian keeps PostgreSQL's servers here, one folder for each version, and on nobody's PATH."""


def server_folder() -> Path | None:
    """Return where the newest PostgreSQL server's programs are."""
    packaged = [one for one in _SERVERS.glob("*/bin") if (one / "postgres").exists()]
    if packaged:
        return max(packaged, key=lambda folder: [int(n) for n in folder.parent.name.split(".")])
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def search_path() -> str:
    """Return the PATH that finds them all."""
    folders = [server_folder(), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    return os.pathsep.join(str(folder) for folder in folders if folder)


def missing() -> list[str]:
    """Return what is not installed, each with what brings it."""
    path = search_path()
    absent = {p for name, p in _PACKAGES.items() if shutil.which(name, path=path) is None}
    found = [f"Debian package {package}" for package in sorted(absent)]
    if importlib.util.find_spec("psycopg") is None:
        found.append("keysteward[postgres]")
    return found
