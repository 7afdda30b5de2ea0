"""The embedded default: an emulator, a Prefect server and a worker on loopback, each a process of ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent
SERVER_SECONDS = 120  # the first start makes the database
# What no child of ours is given: another Prefect's settings, and AccessKeys, which flows have from their block.
WITHHELD = ("PREFECT_", "ALIBABA_CLOUD_")
# Of a server that keeps its messages in memory. Where they are in Redis, a batch that is not written yet would be lost
# with its process, though Redis was told that it has arrived. Prefect 3.8.8 takes part of a second for no pause at all.
BATCHES = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
}


class NotStarted(Exception):
    """A part did not come up; the message names its log file."""


@dataclass
class Local:
    """Processes of the embedded default. `state` keeps the world, Prefect's home, and logs between starts."""

    state: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    emulator_url: str = ""
    prefect_url: str = ""

    def environment(self) -> dict[str, str]:
        """Give the variables of every process: Prefect at home here, nothing sent out, nothing shown of clouds."""
        port = self.prefect_url.rpartition(":")[2]
        return {
            **self._inherited(),
            "PREFECT_HOME": str(self.state / "prefect"),
            "PREFECT_PROFILES_PATH": str(self.state / "prefect" / "profiles.toml"),
            "PREFECT_API_URL": f"{self.prefect_url}/api",
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": port,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_RUNNER_POLL_FREQUENCY": "2",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "PREFECT_CLI_PROMPT": "false",
            "DO_NOT_TRACK": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONPATH": str(ROOT),
        }

    def server_environment(self) -> dict[str, str]:
        """Give the variables of the server, which alone has the key that secrets are encrypted with.

        It keeps leases of concurrency slots on disk: a server that forgot them would never free the slot of a run that
        died while it was down. What happens to task runs and other events it writes many at a time: one by one took
        half of its time, and on SQLite each waits for the one lock.
        """
        return {
            **self.environment(),
            **BATCHES,
            "PREFECT_SERVER_ENCRYPTION_KEY": self._encryption_key(),
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        }

    def start_emulator(self, seed: str, speed: float, latency_ms: int = 0) -> None:
        """Start the emulator on a free port, or again on its own; its world is kept in a file, seeded when new.

        Args:
            seed: name of a seed, used when there is no world yet.
            speed: how many times faster than ours its clock runs.
            latency_ms: added to each answer.
        """
        self.emulator_url = self.emulator_url or f"http://127.0.0.1:{free_port()}"
        port, data = self.emulator_url.rpartition(":")[2], self.state / "world.json"
        arguments = ["-m", "emulator", "--port", port, "--speed", str(speed), "--latency-ms", str(latency_ms)]
        arguments += ["--data", str(data), *([] if data.exists() else ["--seed-account", seed])]
        self._start("emulator", arguments, self._inherited())
        self._wait_for("emulator", f"{self.emulator_url}/_emulator/health", 30)

    def start_server(self) -> None:
        """Start a Prefect server on a free port, or again on its own; `wait_for_server` says when it answers."""
        self.prefect_url = self.prefect_url or f"http://127.0.0.1:{free_port()}"
        port = self.prefect_url.rpartition(":")[2]
        arguments = ["-m", "deployments.server", "server", "start", "--host", "127.0.0.1", "--port", port]
        self._start("server", arguments, self.server_environment())

    def wait_for_server(self) -> None:
        self._wait_for("server", f"{self.prefect_url}/api/health", SERVER_SECONDS)

    def start_worker(self, pool: str, queue: str = "", name: str = "worker", limit: int = 0) -> None:
        """Start a process worker on a work pool, or on one queue of it.

        Args:
            pool: the work pool.
            queue: one of its queues; all when empty.
            name: of the worker's log.
            limit: how many runs it carries out at a time; 0 for as many as come.
        """
        arguments = ["-m", "prefect", "worker", "start", "--pool", pool, "--type", "process"]
        arguments += ["--work-queue", queue] if queue else []
        arguments += ["--limit", str(limit)] if limit else []
        self._start(name, arguments, self.environment())

    def deploy(self) -> None:
        """Deploy everything in prefect.yaml."""
        arguments = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        with self._log("deploy") as log:
            done = subprocess.run(arguments, cwd=ROOT, env=self.environment(), stdout=log, stderr=log, check=False)
        if done.returncode:
            raise NotStarted(f"prefect deploy --all failed: see {self.state / 'deploy.log'}")

    def stop(self) -> None:
        """End every process that was started here, the youngest first."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def _start(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._spawn(name, [sys.executable, *arguments], environment)

    def _spawn(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        with self._log(name) as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        self.processes.append(process)

    def _inherited(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith(WITHHELD)}

    def _log(self, name: str) -> IO[str]:
        self.state.mkdir(parents=True, exist_ok=True)
        return (self.state / f"{name}.log").open("a", encoding="utf-8")

    def _wait_for(self, name: str, url: str, seconds: float) -> None:
        process = self.processes[-1]
        if not answers_in(url, seconds, lambda: process.poll() is None):
            raise NotStarted(f"The {name} did not come up: see {self.state / f'{name}.log'}")

    def _encryption_key(self) -> str:
        """Give the key that Prefect encrypts secrets with, made once into a file that only we may read."""
        return self._kept_secret("encryption.key", Fernet.generate_key)

    def _kept_secret(self, name: str, make: Callable[[], bytes]) -> str:
        path = self.state / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
        return path.read_text("ascii").strip()


def answers_in(url: str, seconds: float, alive: Callable[[], bool] = lambda: True) -> bool:
    """Ask until an address answers with 200, for as long as its process lives and at most so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and alive():
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return True
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    return False


def free_port() -> int:
    """Give a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
