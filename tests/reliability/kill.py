"""kill -9 in the middle of real runs: `python -m tests.reliability.kill`, or `make torture-kill`.

For writes drawn by the seed, the process of a flow is killed before or after the write, or its worker with it, or the
emulator, or the Prefect server; then an operator presses Retry. In the end the account must be what an undisturbed run
leaves, with nothing made or paid twice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.reliability.killing import sample, table, torture, undisturbed
from tests.reliability.outcomes import BAD
from tests.reliability.stacks import SEEDS, SLOTS, stack


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.kill", description=__doc__.split("\n")[0])
    parser.add_argument("--mode", choices=[*SEEDS, "both"], default="both")
    parser.add_argument("--count", type=int, default=12, help="flows killed in each mode")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slots", type=int, default=SLOTS, help="cases at a time")
    options = parser.parse_args(arguments)
    modes = list(SEEDS) if options.mode == "both" else [options.mode]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, stack(Path(folder), options.slots) as running:
        known = {mode: undisturbed(running, running.slots[0], mode) for mode in modes}
        results = torture(running, sample(known, options.count, options.seed), known, told=print)
    print(table(results))
    print(f"\nseed {options.seed}, {len(results)} cases in {time.monotonic() - started:.0f} s")
    return 1 if any(result.outcome in BAD for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
