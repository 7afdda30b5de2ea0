"""One run at a time on a cluster, as far as one Prefect server sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists
from prefect.logging import get_run_logger

from blocks.environment import Environment
from tasks.place import away

LEASE_SECONDS = 60.0  # the least that Prefect takes; a run that is killed holds its turn no longer than this
SOON_SECONDS = 2.0
AGAIN_SECONDS = 10.0  # between two looks whether who waits is to end


class Turn:
    """The turn of a run on its environment's cluster: a slot of a global concurrency limit, held while entered.

    Two runs at once would both find that the workspace is missing; so would runs of two environments that name the
    same one, which is why the turn goes by account, region and cluster. The slot's lease is renewed while the run
    lives; it shows in the dashboard under Concurrency.

    Args:
        account: whose cluster it is; empty where that could not be read.
        check: raises when who waits is to end.
    """

    def __init__(self, environment: Environment, account: str, check: Callable[[], None] = lambda: None) -> None:
        self.account = account
        self._cluster = environment.cluster.name
        self._name = f"realtime-compute-{account}-{environment.region}-{self._cluster}"
        self._check = check
        self._held = ExitStack()

    def __enter__(self) -> Turn:
        """Wait until no other run works on the cluster, and keep others out from here on.

        Who waits gives up his place in the process meanwhile: who has the turn may need it.
        """
        _ensure_limit(self._name)
        if not self._takes(SOON_SECONDS):
            get_run_logger().info("Another run works on %s: waiting for its end.", self._cluster)
            with away():
                while not self._takes(AGAIN_SECONDS):
                    self._check()
        return self

    def _takes(self, seconds: float) -> bool:
        try:
            slot = concurrency(self._name, timeout_seconds=seconds, lease_duration=LEASE_SECONDS, strict=True)
            self._held.enter_context(slot)
        except TimeoutError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Let others work meanwhile, and wait for a turn again."""
        self._held.close()
        yield
        self.__enter__()


def _ensure_limit(name: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.upsert_global_concurrency_limit_by_name(name, 1)
        except ObjectAlreadyExists:
            return  # another run made it at the same moment
