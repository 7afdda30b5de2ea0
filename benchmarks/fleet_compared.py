"""Other ways than a fleet, measured on the same emulator: a script, a process for each environment, a playbook."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from benchmarks import fleet_ansible
from benchmarks.fleet_script import prepare_one_after_the_other
from benchmarks.fleet_stack import Stack, run_apart, stack
from benchmarks.prepare import CHAINS
from deployments.local import Local

COMPARED = 3  # environments


def compare(modes: Sequence[str], database: str) -> Iterator[dict[str, Any]]:
    """Measure other ways on the same emulator: a sequential script, a process for each environment, a playbook."""
    for mode in modes:
        with _compared(mode, database) as (local, _):
            yield _row(mode, prepare_one_after_the_other(local.emulator_url, mode, COMPARED, _slowly(mode)))
        with _compared(mode, database) as (local, names):
            yield _row(mode, _processes(local, names))
    if not fleet_ansible.installed():
        print("Ansible and its modules cannot be installed here: not compared")
        return
    with _compared(modes[-1], database) as (local, _):
        yield _row(modes[-1], fleet_ansible.prepare_by_playbook(local.emulator_url, modes[-1], COMPARED))
    with _compared(modes[-1], database) as (local, names):
        yield _row(modes[-1], _processes(local, names, fleet_ansible.PARTS))


def _compared(mode: str, database: str) -> AbstractContextManager[tuple[Stack, list[str]]]:
    return stack(mode, COMPARED, _slowly(mode), database)


def _slowly(mode: str) -> float:
    return CHAINS[mode] / 20.0


def _processes(local: Local, names: Sequence[str], steps: Sequence[str] = ()) -> dict[str, Any]:
    """Run `prepare` for each environment in a process of its own, all at once."""
    began = time.monotonic()
    with ThreadPoolExecutor(COMPARED) as pool:
        told = list(pool.map(lambda name: run_apart(local, "prepare", name, *steps), names))
    return {
        "way": "a process for each" + (", only the parts that Ansible has" if steps else ""),
        "seconds": time.monotonic() - began,
        "cpu": sum(each["cpu_seconds"] for each in told) / COMPARED,
        "peak_mib": sum(each["peak_mib"] for each in told),
    }


def _row(mode: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"mode": mode, "size": COMPARED, **told}
