"""What a measured fleet runs on: a Prefect server, an emulator and an account, registered environments, a runner."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from benchmarks.fleet_world import account, member
from benchmarks.prepare import LATENCY_MS
from deployments.demo import account_variables
from deployments.local import ROOT, Local
from deployments.scale_out_parts import ScaleOut
from deployments.scale_out_stores import USER


@dataclass
class Stack(ScaleOut):
    """One Prefect server with all its services, on SQLite or on a PostgreSQL of our own."""

    database: str = "postgresql"

    def server_environment(self) -> dict[str, str]:
        variables = Local.server_environment(self)
        return variables | ({"PREFECT_SERVER_DATABASE_CONNECTION_URL": self._url()} if self._postgres else {})

    def start_server(self) -> None:
        if self._postgres:
            self.start_postgres()
        Local.start_server(self)

    def size(self) -> tuple[int, float]:
        """Count the rows of Prefect's database, and its MiB."""
        return asyncio.run(_size_of_postgres(self._url(""))) if self._postgres else _size_of_sqlite(self.state)

    @property
    def _postgres(self) -> bool:
        return self.database == "postgresql"

    def _url(self, driver: str = "+asyncpg") -> str:
        place = f"127.0.0.1:{self._port('postgres')}"
        return f"postgresql{driver}://{USER}:{self._password('postgres')}@{place}/postgres"


@contextmanager
def stack(mode: str, size: int, speed: float, database: str) -> Iterator[tuple[Stack, list[str]]]:
    """Start a server and an emulator with an account for so many environments, and register them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as another user
        local = Stack(Path(folder), database=database)
        try:
            local.start_server()
            local.start_emulator("nothing", speed, LATENCY_MS)
            local.wait_for_server()
            control(local, "POST", "rates", {"rates": "default"})
            control(local, "POST", "seed", account(mode, size))
            yield local, _register(local, mode, size, speed)
        finally:
            local.stop()


def _register(local: Local, mode: str, size: int, speed: float) -> list[str]:
    """Register in a process of its own: Prefect reads its settings once, and each stack has another server."""
    documents = local.state / "documents"
    documents.mkdir()
    names = []
    for number in range(1, size + 1):
        document = member(mode, number)
        names.append(document["name"])
        (documents / f"{document['name']}.yaml").write_text(json.dumps(document), "utf-8")
    variables = account_variables(local.emulator_url, speed)
    command = [sys.executable, "-m", "deployments.register", *map(str, sorted(documents.iterdir()))]
    subprocess.run(command, cwd=ROOT, env={**local.environment(), **variables}, check=True, stdout=subprocess.DEVNULL)
    return names


def run_apart(local: Local, *arguments: str) -> dict[str, Any]:
    environment = {**local.environment(), "PREFECT_LOGGING_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "benchmarks.fleet_runner", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if not lines:
        raise SystemExit(f"the runner ended with {done.returncode}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def calls_of(local: Local, since: int = 0) -> Any:
    return control(local, "GET", f"calls?since={since}")


def control(local: Local, method: str, name: str, content: Any = None) -> Any:
    url = f"{local.emulator_url}/_emulator/{name}"
    answer = httpx.request(method, url, json=content, trust_env=False, timeout=60)
    answer.raise_for_status()
    return answer.json()


def _size_of_sqlite(state: Path) -> tuple[int, float]:
    path = state / "prefect" / "prefect.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        rows = sum(database.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables)
    return rows, sum(each.stat().st_size for each in path.parent.glob("prefect.db*")) / 2**20


async def _size_of_postgres(url: str) -> tuple[int, float]:
    database = await asyncpg.connect(url)
    try:
        names = await database.fetch("select tablename from pg_tables where schemaname = 'public'")
        rows = 0
        for row in names:
            rows += await database.fetchval(f'select count(*) from "{row["tablename"]}"')
        return rows, await database.fetchval("select pg_database_size(current_database())") / 2**20
    finally:
        await database.close()
