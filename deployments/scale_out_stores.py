"""PostgreSQL and Redis of our own, on loopback, from the programs that the machine has."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.local import NotStarted

INSTALL = "apt-get install postgresql redis-server haproxy"
OWNER = "postgres"  # initdb refuses root, and Debian's package makes this user
USER = "prefect"
_DEBIAN = "/usr/lib/postgresql"


@dataclass(frozen=True)
class Programs:
    """Where the programs are that Debian packages."""

    postgres: str
    initdb: str
    pg_isready: str
    redis_server: str
    haproxy: str


def find_programs(debian: Path = Path(_DEBIAN)) -> Programs:
    """Find the programs on PATH, or PostgreSQL's where Debian puts them, the newest version first.

    Raises:
        NotStarted: some are missing; says what to install.
    """
    newest = sorted(debian.glob("*/bin"), key=lambda path: int(path.parent.name.partition(".")[0]), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *map(str, newest)])
    names = ("postgres", "initdb", "pg_isready", "redis-server", "haproxy")
    found = {name.replace("-", "_"): shutil.which(name, path=path) for name in names}
    missing = [name for name in names if not found[name.replace("-", "_")]]
    if missing:
        raise NotStarted(f"Not installed: {', '.join(missing)}. Install with: {INSTALL}")
    return Programs(**{name: str(place) for name, place in found.items()})


def unprivileged(command: list[str]) -> list[str]:
    """Give the command as root must run it: as PostgreSQL's user, in the same process, so that its pid is ours."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups", *command]


def make_cluster(programs: Programs, folder: Path, password: str, environment: Mapping[str, str]) -> None:
    """Make PostgreSQL's files once, with a superuser that a password is asked of.

    Raises:
        NotStarted: initdb failed, with what it said.
    """
    data = folder / "data"
    if (data / "PG_VERSION").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "password"
    secret.touch(0o600)
    secret.write_text(password, "ascii")
    _hand_over(folder, secret)
    command = [programs.initdb, "-D", str(data), f"--username={USER}", f"--pwfile={secret}", "--auth=scram-sha-256"]
    command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        unprivileged(command), cwd="/", env=dict(environment), capture_output=True, text=True, check=False
    )
    secret.unlink()
    if done.returncode:
        raise NotStarted(f"initdb failed: {done.stderr.strip()} (user {OWNER} must be able to reach {folder})")


def _hand_over(*paths: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam(OWNER)
        for path in paths:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def postgres_command(programs: Programs, folder: Path, port: int) -> list[str]:
    """Give the command of a PostgreSQL that listens on loopback alone."""
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"]
    options = [part for setting in settings for part in ("-c", setting)]
    return unprivileged([programs.postgres, "-D", str(folder / "data"), *options])


def redis_command(programs: Programs, folder: Path, port: int, password: str) -> list[str]:
    """Give the command of a Redis that listens on loopback alone and keeps what it was told.

    Its settings go into a file that only we may read: a password on the command line is seen by everybody.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "redis.conf"
    settings.touch(0o600)
    settings.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\nappendonly yes\nappendfsync everysec\n"
        f"maxmemory-policy noeviction\nrequirepass {password}\n",
        "utf-8",
    )
    return [programs.redis_server, str(settings)]
