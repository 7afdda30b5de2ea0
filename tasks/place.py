"""The place of a run among others in the same process: so many are worked on at once; who waits makes room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar


class Place:
    """One of so many places, held while entered. A fleet gives each of its runs one.

    Safe to use from the many threads of a run: while any of them is away, the place is free for another run.
    """

    def __init__(self, places: threading.Semaphore) -> None:
        self.stopped = False
        self._places = places
        self._away = 0
        self._stops: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._moving = threading.Lock()  # who comes back has the place before another leaves it again

    def __enter__(self) -> Place:
        self._places.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._places.release()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Make room, and come back when there is room again."""
        with self._moving:
            self._away += 1
            if self._away == 1:
                self._places.release()
        try:
            yield
        finally:
            with self._moving:
                self._away -= 1
                if self._away == 0:
                    self._places.acquire()

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Say what ends the run; it is called at once when the run is to end already."""
        with self._lock:
            self._stops.append(stop)
            stopped = self.stopped
        if stopped:
            stop()

    def stop(self) -> None:
        """End the run, as an operator wants it."""
        with self._lock:
            self.stopped, stops = True, list(self._stops)
        for each in stops:
            each()


PLACE: ContextVar[Place | None] = ContextVar("place", default=None)  # none: the run has its process to itself


def in_fleet() -> bool:
    """Say whether other runs work in this process too."""
    return PLACE.get() is not None


@contextmanager
def away() -> Iterator[None]:
    """Leave this run's place while there is nothing to do but to wait."""
    place = PLACE.get()
    with place.left() if place else nullcontext():
        yield
