"""Conversion: the billing of a workspace is brought to what the environment says."""

from __future__ import annotations

from alicloud import foasconsole, foasconsole_conversion, foasconsole_namespaces, foasconsole_prices
from alicloud.errors import ManualStep
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_prices import Price
from alicloud.session import Session
from blocks import desired
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.account import Account
from tasks.renewal import ORDER_SECONDS
from tasks.slow_change import SlowChange, bring
from tasks.step import needs_of, step
from tasks.workspace import Quote
from tasks.workspace_size import WorkspaceNow, check_quote, read_workspace


@step("Billing of cluster {environment.cluster.name}", "R12")
def refuse_conversion(cloud: Session, environment: Environment, account: Account) -> None:
    """Say that the billing of an exclusive cluster has no API.

    Args:
        account: stands for the check that came before.

    Raises:
        ManualStep: always.
    """
    raise ManualStep(
        f"No API converts the billing of exclusive cluster {environment.cluster.name}.",
        remedy="Convert it in the console, with the Alibaba Cloud account; no flow of ours asks for it.",
    )


@step(
    "Price of the conversion of workspace {workspace.name}",
    "R13",
    "R24",
    once=True,
    needs=(
        need(foasconsole.describe_instances),
        need(foasconsole_conversion.convert_instance),
        need(foasconsole_conversion.convert_prepay_instance),
        need(foasconsole_namespaces.describe_namespaces),
        need(foasconsole_prices.query_convert_instance_price),
        need(foasconsole_prices.query_convert_prepay_instance_price),
    ),
)
def check_price_of_conversion(cloud: Session, environment: Environment, workspace: Workspace) -> Quote | None:
    """Ask what the wanted billing costs, and whether the environment allows it.

    Returns:
        The price in words; None when it is billed so.

    Raises:
        ManualStep: the environment does not allow ordering.
        Unmet: it costs more than allowed, or an unpaid order is in the way.
    """
    now, spec = read_workspace(cloud, workspace), desired.billing(environment)
    if not foasconsole_conversion.conversion_changes(spec, now.workspace, now.namespaces):
        return None
    price = _price(cloud, environment, now)
    months = f"for {spec.months} month{'s' if spec.months > 1 else ''}"
    return Quote(f"{price.trade} {price.currency} {months if spec.charge_type == 'PRE' else 'an hour'}")


@step(
    "Billing of workspace {workspace.name}",
    "R13",
    "R24",
    once=True,
    needs=needs_of(check_price_of_conversion),
)
def ensure_billing(cloud: Session, environment: Environment, workspace: Workspace, account: Account) -> Workspace:
    """Convert the workspace to the wanted billing.

    Raises:
        Uncertain: the answer to the conversion was lost, and the billing has not changed.
    """
    spec = desired.billing(environment)
    change = SlowChange(
        what=f"Billing of workspace {workspace.name}",
        read=lambda: read_workspace(cloud, workspace),
        decide=lambda now: foasconsole_conversion.conversion_changes(spec, now.workspace, now.namespaces),
        resting=lambda now: foasconsole.workspace_ready(now.workspace),
        label=lambda now: f"{now.workspace.label}, {now.workspace.charge_type}",
        check=lambda now, _call: _price(cloud, environment, now),
        reached=lambda now, makes: makes == _key(now.workspace),
        unseen_seconds=ORDER_SECONDS,
        ticket=lambda now, elapsed: foasconsole.ticket_text(now.workspace, account.account_id, elapsed, ()),
    )
    return bring(cloud, environment, change).workspace


def _price(cloud: Session, environment: Environment, now: WorkspaceNow) -> Price:
    """Ask the price of the very order that would be placed."""
    spec, instance_id = desired.billing(environment), now.workspace.instance_id
    query = foasconsole_prices.query_convert_prepay_instance_price(cloud.region, instance_id)
    if spec.charge_type == "PRE":
        rows = foasconsole_conversion.namespace_specs(now.workspace, now.namespaces)
        query = foasconsole_prices.query_convert_instance_price(
            cloud.region, instance_id, rows, spec.months, spec.auto_renew
        )
    return check_quote(environment, cloud.send(query), f"The conversion of workspace {now.workspace.name}")


def _key(workspace: Workspace) -> str:
    return foasconsole_conversion.billing_key(workspace.instance_id, workspace.charge_type)
