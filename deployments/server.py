"""Runs Prefect's command with garbage collection in a thread of its own: `python -m deployments.server server start`.

A cursor of SQLite that the collector frees waits for its connection, and that one for the database's write lock, for up
to a minute. When the collector runs in the thread of the server's event loop, whoever holds the lock cannot give it
back meanwhile, and the whole server stands still; seen with Prefect 3.8.8 as soon as some runs come at once.
"""

from __future__ import annotations

import gc
import runpy
import threading
from itertools import count

EVERY_SECONDS = 5.0
SETTLED = 6  # collections until the server is up; what has lived through one of them is not looked through again


def collect_apart(ended: threading.Event, every_seconds: float = EVERY_SECONDS) -> threading.Thread:
    """Collect garbage in a thread, and nowhere else, until `ended` is set.

    What the server loads as it starts is left out: to look through it takes half a second, in which all stands still.
    """

    def collect() -> None:
        for number in count(1):
            if ended.wait(every_seconds):
                return
            gc.collect()
            if number <= SETTLED:
                gc.freeze()

    gc.disable()
    thread = threading.Thread(target=collect, name="garbage", daemon=True)
    thread.start()
    return thread


if __name__ == "__main__":
    collect_apart(threading.Event())
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
