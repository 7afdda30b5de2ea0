"""Looks at an account by the name of a credentials block alone: no environment, no turn, no lease, and no write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prefect import Task

from alicloud.endpoints import REGIONS
from alicloud.errors import Misconfigured
from alicloud.redaction import redacted
from alicloud.session import Session
from blocks.credentials import AlibabaCloudCredentials
from blocks.names import BLOCK_NAME
from blocks.shown import shown
from tasks.opening import session_name, stopping

# Carries out a step with these arguments and gives a handle of its result: a run's `step`, or a Looking's.
Step = Callable[..., Any]


@dataclass(frozen=True)
class Looking:
    """An account that is only looked at: its session is dry and refuses to send a write."""

    cloud: Session

    def step(self, task: Task[..., Any], *arguments: Any) -> Any:
        """Carry out a step as a Prefect task."""
        return task.submit(self.cloud, *arguments)


@contextmanager
def looking(credentials: str, region: str) -> Iterator[Looking]:
    """Open the account of a credentials block in a region.

    Raises:
        Misconfigured: there is no such block, or no such region.
    """
    if region not in REGIONS:
        known = ", ".join(sorted(REGIONS))
        raise Misconfigured(f"{shown(region)} is no region; known are {known}.", remedy="Give one of them.")
    block = _block(credentials)
    with redacted(), block.get_session(region, session_name()) as cloud, stopping(cloud):
        yield Looking(cloud.dry_run())


def _block(name: str) -> AlibabaCloudCredentials:
    if not re.fullmatch(BLOCK_NAME[0], name):
        raise Misconfigured(f"{shown(name)} cannot be the name of a block.", remedy=f"Give {BLOCK_NAME[1]}.")
    try:
        block = AlibabaCloudCredentials.load(name)
    except (ValueError, RuntimeError):
        raise Misconfigured(
            f"There is no usable Alibaba Cloud Credentials block named {name}.",
            remedy="Create it in the dashboard under Blocks, then Retry this run.",
        ) from None
    assert isinstance(block, AlibabaCloudCredentials)  # noqa: S101  load is sync in a sync flow
    return block
