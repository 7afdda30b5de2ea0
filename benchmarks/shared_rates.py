"""`python -m benchmarks.shared_rates`: three processes that use one account, with and without a shared rate.

Each sends as many reads of an action of ten calls a second as it may. Prints the calls, those that the emulator refused
as too many, and the calls a second that all of them reached together.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from alicloud import bssopenapi
from alicloud.errors import Throttled
from alicloud.limiter import Limiter
from alicloud.session import Identity, Session
from deployments.demo import EMULATOR_KEY
from deployments.local import ROOT, Local

PROCESSES, CALLS, LATENCY_MS = 3, 60, 50
RATE = 10.0  # of QueryAvailableInstances, a second


def main() -> int:
    if len(sys.argv) > 1:
        return _call(sys.argv[1], sys.argv[2] == "shared")
    with tempfile.TemporaryDirectory() as folder:
        local = Local(Path(folder))
        try:
            local.start_server()
            local.start_emulator("nothing", 1.0, LATENCY_MS)
            local.wait_for_server()
            return 0 if _measure(local) else 1
        finally:
            local.stop()


def _measure(local: Local) -> bool:
    refused: dict[str, int] = {}
    for way in ("alone", "shared"):
        httpx.post(f"{local.emulator_url}/_emulator/rates", json={"rates": "default"}, trust_env=False)
        since, began = _calls(local, 0)["last"], time.monotonic()
        command = [sys.executable, "-m", "benchmarks.shared_rates", local.emulator_url, way]
        started = [subprocess.Popen(command, cwd=ROOT, env=local.environment()) for _ in range(PROCESSES)]
        if any(process.wait() for process in started):
            raise SystemExit("a process failed")
        seconds, calls = time.monotonic() - began, _calls(local, since)["calls"]
        refused[way] = sum(call["code"].startswith("Throttling") for call in calls)
        answered = len(calls) - refused[way]
        print(
            f"{PROCESSES} processes, {way}: {answered} calls answered and {refused[way]} refused as too many "
            f"in {seconds:.1f} s; published are {RATE:g} a second"
        )
    return refused["shared"] == 0


def _call(url: str, shares: bool) -> int:
    from tasks.shared_rates import SharedRates

    limiter = SharedRates(inner=Limiter()) if shares else Limiter()
    key_id, secret = EMULATOR_KEY.values()
    identity = Identity(key_id, secret)
    with Session(identity, "cn-hangzhou", {"*": url}, limiter=limiter, attempts=1) as cloud:
        sent = 0
        while sent < CALLS:
            try:
                cloud.send(bssopenapi.query_available_instances("blinkonecs", "cn-hangzhou"))
                sent += 1
            except Throttled:
                continue  # the limiter has slowed down
    return 0


def _calls(local: Local, since: int) -> dict[str, Any]:
    answer = httpx.get(f"{local.emulator_url}/_emulator/calls?since={since}", trust_env=False)
    told: dict[str, Any] = json.loads(answer.text)
    return told


if __name__ == "__main__":
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    sys.exit(main())
