"""A scaled-out Prefect on one machine: PostgreSQL, Redis, several API servers behind a balancer, services, workers."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from deployments.local import BATCHES, ROOT, SERVER_SECONDS, Local, NotStarted, answers_in, free_port
from deployments.register import WORK_POOL
from deployments.scale_out_processes import descendants, kill, runs
from deployments.scale_out_stores import (
    USER,
    Programs,
    find_programs,
    make_cluster,
    postgres_command,
    redis_command,
)

BALANCER = ROOT / "deployments" / "scale-out" / "haproxy.cfg"
SERVERS = ("api-1", "api-2")  # as haproxy.cfg names them
STORE_SECONDS = 30.0


@dataclass
class ScaleOut(Local):
    """Every part is a process of ours on a free loopback port, and `parts` gives it by its name."""

    parts: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @cached_property
    def programs(self) -> Programs:
        return find_programs()

    def environment(self) -> dict[str, str]:
        """Give the variables of workers and runs: they outlast four minutes without server or database.

        Prefect's client asks again when nobody answers, and for 429, 502 and 503. Its server can answer 500 while
        PostgreSQL goes down, which is as passing.
        """
        return {
            **super().environment(),
            "PREFECT_CLIENT_MAX_RETRIES": "7",
            "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,504",
        }

    def server_environment(self) -> dict[str, str]:
        """Give the variables that all API servers and the services share.

        The list of what the services do next (PREFECT_SERVER_DOCKET_URL) stays in memory, since they run once. With it
        on Redis, Prefect 3.8.8 was seen to stand still for up to five minutes after a restart of Redis: no schedule
        fires and no dead run is noticed.
        """
        redis = f"redis://:{self._password('redis')}@127.0.0.1:{self._port('redis')}"
        database = f"{USER}:{self._password('postgres')}@127.0.0.1:{self._port('postgres')}/postgres"
        alone = super().server_environment()
        return {
            **{name: value for name, value in alone.items() if name not in BATCHES},
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{database}",
            "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
            "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
            "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
            "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
            "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
            "PREFECT_REDIS_MESSAGING_URL": f"{redis}/0",
            "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": f"{redis}/0",
        }

    def start_server(self) -> None:
        """Start the stores, the balancer and the API servers, which are all that an API needs."""
        self.prefect_url = self.prefect_url or f"http://127.0.0.1:{self._port('balancer')}"
        self.start_postgres()
        self.start_redis()
        self._migrate()
        self._start_balancer()
        first, *others = SERVERS
        self.start_api_server(first)
        self.wait_for_api_server(first)  # it registers Prefect's own blocks: of two at once, one fails and ends
        for name in others:
            self.start_api_server(name)

    def start_services(self) -> None:
        """Start the background services, once for all API servers, and best after what they act on is registered.

        Seen with Prefect 3.8.8: they read the automations, and seconds later begin to listen for new ones. One that is
        made in between they do not know until they, or PostgreSQL, are started again.
        """
        self._start("services", ["-m", "deployments.server", "server", "services", "start"], self.server_environment())

    def start_postgres(self) -> None:
        folder, port = self.state / "postgres", self._port("postgres")
        make_cluster(self.programs, folder, self._password("postgres"), self._inherited())
        self._spawn("postgres", postgres_command(self.programs, folder, port), self._inherited())
        ready = [self.programs.pg_isready, "-h", "127.0.0.1", "-p", str(port)]
        self._until("postgres", lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)

    def start_redis(self) -> None:
        port = self._port("redis")
        command = redis_command(self.programs, self.state / "redis", port, self._password("redis"))
        self._spawn("redis", command, self._inherited())
        self._until("redis", lambda: _listens(port))

    def start_api_server(self, name: str) -> None:
        """Start an API server on its port, without the services, which run once for all."""
        arguments = ["-m", "deployments.server", "server", "start", "--no-services", "--host", "127.0.0.1"]
        self._start(name, [*arguments, "--port", str(self._port(name))], self.server_environment())

    def wait_for_api_server(self, name: str) -> None:
        """Wait until an API server answers and reaches the database."""
        if not answers_in(f"{self.api_url(name)}/ready", SERVER_SECONDS, lambda: self.parts[name].poll() is None):
            raise NotStarted(f"The server {name} did not come up: see {self.state / f'{name}.log'}")

    def api_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._port(name)}/api"

    def start_workers(self, count: int, limit: int) -> list[str]:
        """Start process workers on the work pool and give their names."""
        names = [f"worker-{number}" for number in range(1, count + 1)]
        for name in names:
            self.start_worker(WORK_POOL, name=name, limit=limit)
        return names

    def carries_out(self, worker: str, run: str) -> bool:
        """Say whether a worker's processes carry out a flow run."""
        return worker in self.parts and any(runs(pid, run) for pid in descendants(self.parts[worker].pid))

    # What may happen to parts

    def kill_with_runs(self, name: str) -> None:
        """Kill a part and every process below it, as the end of its machine does."""
        process = self.parts.pop(name)
        below = descendants(process.pid)
        process.kill()
        kill(below)
        process.wait()

    def end(self, name: str) -> None:
        """Ask a part to end, as an orderly restart does: for PostgreSQL its fast shutdown."""
        process = self.parts.pop(name)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=STORE_SECONDS)

    def stop(self) -> None:
        """End every process: the stores last, and runs that outlived their worker too."""
        stores = [self.parts[name] for name in ("redis", "postgres") if name in self.parts]
        below = [pid for process in self.processes if process not in stores for pid in descendants(process.pid)]
        self.processes = [process for process in self.processes if process not in stores]
        super().stop()
        kill(below)
        for name in ("redis", "postgres"):
            if name in self.parts:
                self.end(name)
        self.parts.clear()

    def _spawn(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        super()._spawn(name, command, environment)
        self.parts[name] = self.processes[-1]

    def _migrate(self) -> None:
        """Bring the database to what this Prefect wants, once: servers that start together would get into a fight."""
        arguments = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
        with self._log("migration") as log:
            done = subprocess.run(
                arguments, cwd=ROOT, env=self.server_environment(), stdout=log, stderr=log, check=False
            )
        if done.returncode:
            raise NotStarted(f"The database could not be upgraded: see {self.state / 'migration.log'}")

    def _start_balancer(self) -> None:
        places = {f"SCALE_OUT_API_{n}": f"127.0.0.1:{self._port(name)}" for n, name in enumerate(SERVERS, 1)}
        bind = {"SCALE_OUT_BIND": f"127.0.0.1:{self._port('balancer')}"}
        command = [self.programs.haproxy, "-db", "-f", str(BALANCER)]
        self._spawn("balancer", command, {**self._inherited(), **places, **bind})

    def _password(self, store: str) -> str:
        return self._kept_secret(f"{store}.password", lambda: secrets.token_hex(24).encode())

    def _port(self, name: str) -> int:
        if name not in self.ports:
            self.ports[name] = free_port()
        return self.ports[name]

    def _until(self, name: str, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + STORE_SECONDS
        while time.monotonic() < end and self.parts[name].poll() is None:
            if ready():
                return
            time.sleep(0.05)
        raise NotStarted(f"The {name} did not come up: see {self.state / f'{name}.log'}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
