"""`make scale-out-demo`: a scaled-out Prefect on this machine, and a fleet of environments prepared with it.

Starts PostgreSQL, Redis, two API servers behind a balancer, the background services, workers and an emulator on free
loopback ports, runs `prepare-fleet` for environments of both modes, shows what exists, and ends. With --chaos it kills
an API server and a worker with its fleet, and starts PostgreSQL and Redis again, in the middle of the runs; an operator
presses Retry where the run of an environment has died. Its exit status is 0 when all is there once and was paid for
once.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect.settings import PREFECT_API_KEY, PREFECT_API_URL, temporary_settings
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alicloud.redaction import install
from deployments.demo import account_variables
from deployments.local import ROOT, NotStarted
from deployments.register import register
from deployments.scale_out_chaos import Chaos, NotRecovered
from deployments.scale_out_fleet import Account, Fleet, wrong
from deployments.scale_out_parts import ScaleOut
from deployments.scale_out_runs import FLEETS, Operator, Run, start
from deployments.watch import Prefect

SPEED = 20.0  # the half hour of STARTING takes a minute and a half: time enough to kill things
PATIENCE_SECONDS = 900.0
UNDER_WAY_SECONDS = 180.0


@dataclass(frozen=True)
class Outcome:
    """How it ended."""

    runs: list[Run]
    seconds: float
    wrong: list[str]
    sent: int
    wanted: int
    again: int

    @property
    def good(self) -> bool:
        """Say whether nothing is lost, nothing is there twice, and all was paid for once."""
        complete = all(run.succeeded for run in self.runs) and not self.wrong
        return complete and self.sent == self.wanted and self.again == 0


@dataclass
class Demo:
    """The fleet, and the parts that prepare it."""

    local: ScaleOut
    fleet: Fleet
    console: Console

    def prepare(self, workers: int) -> tuple[Prefect, Account, list[str]]:
        """Start and register everything, with a new account, and give the names of the workers too."""
        self.local.state.mkdir(parents=True, exist_ok=True)
        (self.local.state / "world.json").unlink(missing_ok=True)
        self.local.start_server()
        self.local.start_emulator(str(self.fleet.seed(self.local.state)), SPEED)
        self.local.wait_for_server()
        prefect = Prefect(self.local.prefect_url)
        self._register()
        self.local.deploy()
        self.local.start_services()
        deployment = prefect.get("/deployments/name/prepare-fleet/prepare-fleet")["id"]
        change = {"concurrency_limit": FLEETS}
        prefect.http.patch(f"{prefect.url}/api/deployments/{deployment}", json=change).raise_for_status()
        names = self.local.start_workers(workers, limit=-(-self.fleet.count // max(1, workers - 1)))
        return prefect, Account(self.local.emulator_url), names

    def _register(self) -> None:
        """Register the environments with this server, whatever server the caller's own settings name."""
        ours = {PREFECT_API_URL: f"{self.local.prefect_url}/api", PREFECT_API_KEY: None}
        with temporary_settings(ours):
            documents = self.fleet.write(self.local.state / "environments")
            register(documents, account_variables(self.local.emulator_url, SPEED))

    def run(self, workers: int, chaos: bool) -> Outcome:
        """Prepare the whole fleet, under blows if asked to, then once more, which must write nothing."""
        prefect, account, names = self.prepare(workers)
        self._say(f"Dashboard {self.local.prefect_url}   emulator {self.local.emulator_url}")
        began = time.monotonic()
        runs = start(prefect, self.fleet.names)
        operator = Operator(prefect, runs, self._say)
        blows = self._chaos(operator, prefect, account, names, began) if chaos else None
        operator.until(operator.all_ended, PATIENCE_SECONDS)
        seconds = time.monotonic() - began
        if blows is not None:
            self.console.print(_blows(blows, runs))
        last = account.last_call()
        faults = self._again(prefect) + (blows.missed() if blows else [])
        sent, again = account.sent(), sum(account.writes(last).values())
        faults += wrong(self.fleet.wanted(), account.exists())
        return Outcome(runs, seconds, faults, sent, self.fleet.count, again)

    def _chaos(
        self, operator: Operator, prefect: Prefect, account: Account, workers: Sequence[str], began: float
    ) -> Chaos:
        """Strike once two environments have been ordered, and every run is under way."""
        chaos = Chaos(self.local, operator, prefect, workers, began)
        operator.until(
            lambda: account.sent() >= 2 and all(run.running or run.succeeded for run in operator.runs),
            UNDER_WAY_SECONDS,
        )
        chaos.strike()
        return chaos

    def _again(self, prefect: Prefect) -> list[str]:
        """Prepare everything a second time, which must find all as wanted, and name the runs that did not."""
        self._say("once more: nothing may be written")
        runs = start(prefect, self.fleet.names)
        operator = Operator(prefect, runs, self._say)
        operator.until(operator.all_ended, PATIENCE_SECONDS)
        return [f"{run.name} again: {run.state.get('name')}" for run in runs if not run.succeeded]

    def _say(self, text: str) -> None:
        self.console.print(f"{time.strftime('%H:%M:%S')}  {escape(text)}", highlight=False, soft_wrap=True)


def _blows(chaos: Chaos, runs: Sequence[Run]) -> Table:
    """Draw what was killed, when, what followed and how long it took."""
    table = Table(title="What was killed, and what followed", title_justify="left", show_lines=True)
    for column in ("What", "At", "Runs", "What followed", "For"):
        table.add_column(column, overflow="fold")
    for blow in chaos.blows:
        table.add_row(blow.what, f"{blow.at_seconds:.0f} s", str(blow.running), blow.followed, f"{blow.seconds:.1f} s")
    for run in runs:
        for death in run.deaths:
            at, until_now = f"{death.at - chaos.began:.0f} s", f"{run.since - death.at:.1f} s"
            said = f"{death.said}. Retry was pressed; {run.state.get('name')} at last."
            table.add_row(escape(run.name), at, "", escape(said), until_now)
    return table


def _close(console: Console, outcome: Outcome) -> None:
    for run in outcome.runs:
        colour = "green" if run.succeeded else "red"
        console.print(f"[{colour}]{run.name}: {run.state.get('name')}[/], {run.retries} times retried", highlight=False)
    for line in outcome.wrong:
        console.print(f"[red]{escape(line)}[/]")
    console.print(
        f"{len(outcome.runs)} environments in {outcome.seconds:.0f} s; {outcome.sent} orders sent for {outcome.wanted} "
        f"wanted; {len(outcome.wrong)} things wrong; {outcome.again} writes of a second run.",
        highlight=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    install()
    parser = argparse.ArgumentParser(prog="python -m deployments.scale_out", description=__doc__.split("\n")[0])
    parser.add_argument("--chaos", action="store_true", help="kill parts in the middle of the runs")
    parser.add_argument("--environments", type=int, default=6)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--state", type=Path, default=ROOT / ".state" / "scale-out", help="database, world and logs")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140, emoji=False)
    local = ScaleOut(options.state.resolve())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        outcome = Demo(local, Fleet(options.environments), console).run(options.workers, options.chaos)
    except (NotStarted, NotRecovered) as error:
        console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        local.stop()
    _close(console, outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
