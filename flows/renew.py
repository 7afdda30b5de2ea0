"""renew: a subscription that ends soon is prolonged, once for each end."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from flows.upkeep import renewals
from tasks.opening import opening


@flow(name="renew", flow_run_name="renew {environment}")
def renew(environment: str, within_days: Annotated[int, Field(ge=1, le=365)] = 30) -> Any:
    """Renew the subscription for cluster.duration_months when it ends soon, or let it renew itself; may spend money.

    The same renewal is never sent twice. Pay-as-you-go, and what renews itself, is left alone.

    Args:
        environment: name of a Flink Environment block.
        within_days: how many days before its end a subscription is renewed.
    """
    procedure = renewals(within_days)
    with opening(environment) as opened:
        opened.foresee(procedure)
        procedure(opened.acting)
        return opened.conclude(procedure, f"No subscription of {environment} ends unnoticed.")
