import gc
import threading
import weakref

import pytest

from deployments.server import collect_apart


class Ring:
    """Garbage that only the collector can free."""

    def __init__(self, told):
        self.ring = self
        weakref.finalize(self, told)


@pytest.fixture
def ended():
    """Ends the collecting thread and gives the collector back to the others."""
    event = threading.Event()
    yield event
    event.set()
    gc.enable()


def test_garbage_is_collected_in_a_thread_of_its_own(ended):
    threads, collected = [], threading.Event()

    def told():
        threads.append(threading.current_thread())
        collected.set()

    thread = collect_apart(ended, every_seconds=0.05)
    Ring(told)

    assert collected.wait(30)
    assert threads == [thread]
    assert not gc.isenabled()
