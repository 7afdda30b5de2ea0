"""One run at a time on a cluster, as far as one Prefect server sees them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists
from prefect.logging import get_run_logger

from blocks.environment import Environment

LEASE_SECONDS = 60.0  # the least that Prefect takes; a run that is killed holds its turn no longer than this
SOON_SECONDS = 2.0


class Turn:
    """The turn of a run on its environment's cluster: a slot of a global concurrency limit, held while entered.

    Two runs at once would both find that the workspace is missing; so would runs of two environments that name the
    same one, which is why the turn goes by region and cluster. The slot's lease is renewed while the run lives; it
    shows in the dashboard under Concurrency.
    """

    def __init__(self, environment: Environment) -> None:
        self._cluster = environment.cluster.name
        self._name = f"realtime-compute-{environment.region}-{self._cluster}"
        self._held = ExitStack()

    def __enter__(self) -> Turn:
        """Wait until no other run works on the cluster, and keep others out from here on."""
        _ensure_limit(self._name)
        try:
            self._held.enter_context(_slot(self._name, SOON_SECONDS))
        except TimeoutError:
            get_run_logger().info("Another run works on %s: waiting for its end.", self._cluster)
            self._held.enter_context(_slot(self._name, None))
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Let others work meanwhile, and wait for a turn again."""
        self._held.close()
        yield
        self.__enter__()


def _slot(name: str, seconds: float | None) -> AbstractContextManager[None]:
    return concurrency(name, timeout_seconds=seconds, lease_duration=LEASE_SECONDS, strict=True)


def _ensure_limit(name: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.upsert_global_concurrency_limit_by_name(name, 1)
        except ObjectAlreadyExists:
            return  # another run made it at the same moment
