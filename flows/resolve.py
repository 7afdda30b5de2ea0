"""resolve: an operator says that a write whose answer was lost had no effect."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from tasks.lease import resolve_intent
from tasks.opening import opening


@flow(name="resolve", flow_run_name="resolve {environment}")
def resolve(environment: str, intent: str, reason: str) -> Any:
    """Declare that an order or creation, of which no run could find out whether it was made, was not made.

    The next run may then send it again, so be certain: a declaration that is wrong buys it twice. What was made needs
    no declaration: a run adopts it as soon as the cloud shows it.

    Args:
        environment: name of a Flink Environment block.
        intent: the id that the failed run names, such as 3f29c0a1b7de.
        reason: how you know, such as "Expenses and the console show no order at 10:42"; it stays in the journal.
    """
    with opening(environment) as opened:
        told = resolve_intent(opened.journal, intent, reason)
        return Completed(message=told)
