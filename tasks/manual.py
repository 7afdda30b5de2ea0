"""Manual steps: what only a person can do. The run says what, and goes on once the cloud shows that it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from alicloud import prerequisites
from alicloud.errors import AlibabaCloudError, ManualStep, together
from alicloud.redaction import redacted
from alicloud.session import Session
from blocks.environment import Environment
from tasks.events import tell
from tasks.inert import linked, one_line, plain
from tasks.place import away

LOOK_SECONDS = 30.0  # of the cloud's time; each look costs the reads of a plan
LEAST_SECONDS = 2.0  # of ours: a person is no faster on an emulator whose clock runs fast


def may_wait(environment: Environment, refusals: Sequence[AlibabaCloudError]) -> bool:
    """Say whether nothing but manual steps stands in the way, and the run may wait for them."""
    waits = environment.safety.manual_minutes > 0
    return waits and bool(refusals) and all(isinstance(error, ManualStep) for error in refusals)


@task(name="manual", task_run_name="A person's turn: see artifact todo-{environment.name}", cache_policy=NO_CACHE)
@redacted()
def wait_for_person(
    environment: Environment,
    cloud: Session,
    steps: Sequence[AlibabaCloudError],
    look: Callable[[], Sequence[AlibabaCloudError]],
) -> None:
    """Say what a person has to do, and wait until the cloud shows that it is done.

    Args:
        steps: what has to be done.
        look: carries the procedure out dry and gives what stands in the way now.

    Raises:
        ManualStep: it was not done in time.
    """
    deadline = cloud.clock.wall() + environment.safety.manual_minutes * 60  # our time, which is a person's
    told = ""
    while steps:
        if (todo := _todo(environment, steps)) != told:
            _tell(environment, steps, told := todo)
        left_seconds = deadline - cloud.clock.wall()
        if left_seconds <= 0:
            raise together(steps)
        with away():
            cloud.clock.wait(min(max(LOOK_SECONDS / cloud.clock.speed, LEAST_SECONDS), left_seconds))
        found = look()
        left = [error for error in found if isinstance(error, ManualStep)]
        steps = left if left or not any(error.transient for error in found) else steps


def _tell(environment: Environment, steps: Sequence[AlibabaCloudError], todo: str) -> None:
    create_markdown_artifact(
        todo, key=f"todo-{environment.name}", description=plain(f"{environment.name}: what a person has to do")
    )
    for error in steps:
        get_run_logger().info("%s", one_line(str(error)))
    tell(environment, "manual", str(together(steps)))


def _todo(environment: Environment, steps: Sequence[AlibabaCloudError]) -> str:
    """Write what has to be done, with links."""
    lines = "\n".join(f"{number}. {linked(str(error))}" for number, error in enumerate(steps, 1))
    links = prerequisites.console_links(environment.region, environment.cluster.mode, environment.account)
    return (
        f"# To do by a person: {plain(environment.name)}\n\n{lines}\n\n"
        f"The console: <{links['Realtime Compute']}>\n\n"
        "While the run is Running, no Retry is needed: it looks again and again, and goes on by itself once the cloud "
        f"shows that this is done. After {environment.safety.manual_minutes:g} minutes it fails; then Retry it.\n"
    )
