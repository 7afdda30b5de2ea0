"""What changes an environment that runs, as graphs of steps: its size, its term, its billing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flows.procedure import Handle, identify, keep_journal
from tasks.cluster import require_standing_cluster
from tasks.conversion import check_price_of_conversion, ensure_billing, refuse_conversion
from tasks.renewal import (
    check_price_of_renewal,
    ensure_auto_renewal,
    ensure_order_auto_renewal,
    ensure_order_renewal,
    ensure_renewal,
)
from tasks.run import Run
from tasks.scaling import (
    ensure_masters,
    ensure_queue_size,
    ensure_slaves,
    rest_of_cluster,
)
from tasks.workspace import require_standing, require_workspace
from tasks.workspace_size import check_price_of_change, ensure_namespace_sizes, ensure_workspace_size


def scaling(run: Run) -> None:
    """The wanted size. What shares the cluster gives up first what it is to lose, and gets last what it is to have."""
    account = identify(run)
    journal = keep_journal(run, account)
    (_scale_cluster if run.environment.cluster.mode == "exclusive" else _scale_workspace)(run, account, journal)


def _scale_cluster(run: Run, account: Handle, journal: Handle) -> None:
    environment = run.environment
    cluster = run.step(rest_of_cluster, environment, account, after=[journal])
    smaller = [run.step(ensure_queue_size, project, cluster, "smaller") for project in environment.projects]
    masters = run.step(ensure_masters, environment, cluster, account, after=smaller)
    slaves = run.step(ensure_slaves, environment, masters, account)
    for project in environment.projects:
        run.step(ensure_queue_size, project, slaves, "larger")


def _scale_workspace(run: Run, account: Handle, journal: Handle) -> None:
    environment = run.environment
    workspace = run.step(require_standing, environment.cluster.name, after=[account, journal])
    price = run.step(check_price_of_change, environment, workspace)
    smaller = run.step(ensure_namespace_sizes, environment, workspace, "smaller", after=[price])
    sized = run.step(ensure_workspace_size, environment, workspace, account, after=[smaller])
    run.step(ensure_namespace_sizes, environment, sized, "larger")


def renewals(within_days: int) -> Callable[[Run], Any]:
    """Make the procedure that renews what ends within so many days."""

    def renewal(run: Run) -> None:
        account = identify(run)
        journal = keep_journal(run, account)
        if run.environment.cluster.mode == "exclusive":
            cluster = run.step(require_standing_cluster, run.environment.cluster.name, after=[account, journal])
            bought = run.step(ensure_order_auto_renewal, run.environment, account, after=[cluster])
            run.step(ensure_order_renewal, run.environment, bought, within_days, account)
        else:
            _renew_workspace(run, account, journal, within_days)

    renewal.__doc__ = f"The subscription, if it ends within {within_days} days."
    return renewal


def _renew_workspace(run: Run, account: Handle, journal: Handle, within_days: int) -> None:
    environment = run.environment
    workspace = run.step(require_standing, environment.cluster.name, after=[account, journal])
    bought = run.step(ensure_auto_renewal, environment, workspace)
    price = run.step(check_price_of_renewal, environment, workspace, bought, within_days)
    run.step(ensure_renewal, environment, workspace, bought, within_days, account, after=[price])


def conversion(run: Run) -> None:
    """The wanted billing."""
    account = identify(run)
    environment = run.environment
    if environment.cluster.mode == "exclusive":
        run.step(refuse_conversion, environment, account)
        return
    journal = keep_journal(run, account)
    workspace = run.step(require_workspace, environment.cluster.name, after=[journal])
    price = run.step(check_price_of_conversion, environment, workspace)
    run.step(ensure_billing, environment, workspace, account, after=[price])
