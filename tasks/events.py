"""Events of ours: what automations and other deployments can be triggered by."""

from __future__ import annotations

from typing import Literal

from prefect.events import emit_event
from prefect.runtime import flow_run

from blocks.environment import Environment

# What has become of an environment. `drift`: a plan would write; `stuck`: a creation takes longer than is allowed;
# `manual`: a run waits for what only a person can do.
News = Literal["ready", "drift", "stuck", "manual"]


def tell(environment: Environment, news: News, text: str, resources: list[dict[str, str]] | None = None) -> None:
    """Emit `realtime-compute.environment.<news>`, related to the flow run.

    Args:
        text: what happened, in one line; stands in the payload as `summary`.
        resources: what exists or is concerned, as rows of names and ids; no secrets.
    """
    name = environment.name
    related = [{"prefect.resource.id": f"prefect.flow-run.{flow_run.id}", "prefect.resource.role": "flow-run"}]
    emit_event(
        event=f"realtime-compute.environment.{news}",
        resource={
            "prefect.resource.id": f"realtime-compute.environment.{name}",
            "prefect.resource.name": name,
            "realtime-compute.region": environment.region,
            "realtime-compute.mode": environment.cluster.mode,
        },
        related=related if flow_run.id else [],
        payload={"summary": text, "resources": resources or []},
    )
