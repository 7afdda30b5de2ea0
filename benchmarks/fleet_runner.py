"""One run in a process of its own, measured: `python -m benchmarks.fleet_runner prepare-fleet fleet 16`.

After `prepare` and an environment the steps may follow that it is narrowed to.

Prints a line of JSON: state, seconds from the flow's start to its end, CPU seconds of the process, its peak memory in
MiB, the seconds that the imports took, and how many looks at what is being made were taken in how many seconds.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any


def main() -> int:
    kind, what, *rest = sys.argv[1:]
    begun = time.monotonic()
    from alicloud.shared_reads import WAITING
    from flows.prepare import prepare
    from flows.prepare_fleet import prepare_fleet

    imported = time.monotonic()
    state: Any
    if kind == "prepare-fleet":
        state = prepare_fleet(tag=what, at_once=int(rest[0]), return_state=True)
    else:
        state = prepare(what, rest, return_state=True)
    ended, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    facts = {
        "state": state.name,
        "message": state.message,
        "seconds": ended - imported,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
        "import_seconds": imported - begun,
        "looks": len(WAITING.sent_at),
        "looked_seconds": max(WAITING.sent_at) - min(WAITING.sent_at) if WAITING.sent_at else 0.0,
    }
    print(json.dumps(facts), flush=True)
    return 0 if state.is_completed() else 1


if __name__ == "__main__":
    sys.exit(main())
