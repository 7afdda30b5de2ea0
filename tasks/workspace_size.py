"""The size of a workspace that runs: compute units, and what of them its namespaces have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alicloud import foasconsole, foasconsole_prices
from alicloud import foasconsole_namespaces as namespaces
from alicloud import foasconsole_scaling as sizes
from alicloud.call import Call
from alicloud.errors import Unmet
from alicloud.foas_scaling import Direction
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace
from alicloud.foasconsole_prices import Price
from alicloud.session import Session
from alicloud.settle import settle, wait_until
from blocks import desired
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.account import Account
from tasks.slow_change import SlowChange, bring
from tasks.step import needs_of, step
from tasks.workspace import Quote


@dataclass(frozen=True)
class WorkspaceNow:
    """A workspace as it is, with its namespaces."""

    workspace: Workspace
    namespaces: tuple[Namespace, ...]


@step(
    "Namespaces of workspace {workspace.name}, {direction}",
    "R24",
    needs=(
        need(namespaces.describe_namespaces),
        need(sizes.modify_namespace_spec_v2),
        need(sizes.modify_prepay_namespace_spec),
    ),
)
def ensure_namespace_sizes(
    cloud: Session, environment: Environment, workspace: Workspace, direction: Direction
) -> None:
    """Give namespaces their compute units: fewer before the workspace shrinks, more after it has grown.

    The default namespace gives up what the others are to have.

    Raises:
        Unmet: they do not fit, or jobs use more.
    """

    def decide(spec: sizes.WorkspaceSize, actual: tuple[Namespace, ...]) -> list[Call[Any]]:
        return sizes.namespace_size_changes(spec, workspace, actual, direction)

    read = namespaces.describe_namespaces(cloud.region, workspace.instance_id)
    what = f"Namespaces of workspace {workspace.name}"
    wait_until(cloud, read, sizes.all_ready, what)
    settle(cloud, read, desired.workspace_size(environment), decide)
    wait_until(cloud, read, sizes.all_ready, what)


@step(
    "Price of the change of workspace {workspace.name}",
    "R13",
    "R24",
    once=True,
    needs=(
        need(foasconsole.describe_instances),
        need(namespaces.describe_namespaces),
        need(foasconsole_prices.query_modify_instance_price),
        need(sizes.modify_instance_spec),
        need(sizes.modify_prepay_instance_spec),
    ),
)
def check_price_of_change(cloud: Session, environment: Environment, workspace: Workspace) -> Quote | None:
    """Ask what the wanted size costs, and whether the environment allows it to be ordered.

    Returns:
        The price in words; None when the workspace has that size.

    Raises:
        ManualStep: the environment does not allow ordering.
        Unmet: it costs more than allowed, or an unpaid order is in the way.
    """
    now = read_workspace(cloud, workspace)
    if not sizes.size_changes(desired.workspace_size(environment), now.workspace, now.namespaces):
        return None
    price = _price(cloud, environment, workspace)
    return Quote(change_text(now.workspace, price))


@step(
    "Size of workspace {workspace.name}",
    "R13",
    "R24",
    once=True,
    needs=needs_of(check_price_of_change),
)
def ensure_workspace_size(
    cloud: Session, environment: Environment, workspace: Workspace, account: Account
) -> Workspace:
    """Order the wanted compute units, and wait until the workspace has them.

    Raises:
        Unmet: more than is allowed, fewer than namespaces hold, or dearer than allowed.
        Uncertain: the answer to the order was lost, and nothing is seen of it.
    """
    change = SlowChange(
        what=f"Workspace {workspace.name}",
        read=lambda: read_workspace(cloud, workspace),
        decide=lambda now: sizes.size_changes(desired.workspace_size(environment), now.workspace, now.namespaces),
        resting=lambda now: foasconsole.workspace_ready(now.workspace),
        label=lambda now: f"{now.workspace.label}, {now.workspace.cpu} CUs",
        check=lambda _now, _call: _price(cloud, environment, workspace),
        reached=lambda now, makes: makes == sizes.size_key(now.workspace.instance_id, now.workspace.cpu),
        # UNCONFIRMED: whether a workspace that is being changed shows it; so it may take as long as is allowed.
        unseen_seconds=environment.cluster.timeout_minutes * 60,
        ticket=lambda now, elapsed: foasconsole.ticket_text(now.workspace, account.account_id, elapsed, ()),
    )
    return bring(cloud, environment, change).workspace


def read_workspace(cloud: Session, workspace: Workspace) -> WorkspaceNow:
    """Read a workspace that was found, and its namespaces.

    Raises:
        Unmet: it is gone.
    """
    rows = cloud.send(foasconsole.describe_instances(cloud.region, workspace.name))
    found = foasconsole.pick_workspace(workspace.name, rows)
    if found is None:
        raise Unmet(f"Workspace {workspace.name} is gone.", remedy="Find out who released it.")
    return WorkspaceNow(found, cloud.send(namespaces.describe_namespaces(cloud.region, found.instance_id)))


def check_quote(environment: Environment, price: Price | None, what: str) -> Price:
    """Check that something may be ordered at its price; what costs nothing needs no permission.

    Raises:
        ManualStep: the environment does not allow ordering.
        Unmet: the price is not known or more than allowed, or an unpaid order is in the way.
    """
    if price is None:
        raise Unmet(f"The price is not known: {what}.", remedy="Retry this run.")
    if price.code or price.trade > 0:
        foasconsole_prices.check_price(price, environment.safety.max_price, environment.safety.may_order, what)
    return price


def change_text(workspace: Workspace, price: Price) -> str:
    """Write what a change of size costs as an operator reads it."""
    for_ = "for what is left of the term" if workspace.charge_type == "PRE" else "more an hour"
    return f"{foasconsole_prices.about(price)} {for_}" if price.trade > 0 else "nothing, and nothing comes back"


def _price(cloud: Session, environment: Environment, workspace: Workspace) -> Price:
    cus = desired.workspace_size(environment).cus
    price = cloud.send(foasconsole_prices.query_modify_instance_price(cloud.region, workspace.instance_id, cus))
    return check_quote(environment, price, f"Workspace {workspace.name} with {cus} CUs")
