"""Renewal: a subscription that ends soon is prolonged once, or renews itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alicloud import (
    bssopenapi,
    bssopenapi_renewal,
    foasconsole,
    foasconsole_namespaces,
    foasconsole_prices,
    foasconsole_renewal,
)
from alicloud.bssopenapi import OrderedInstance
from alicloud.call import Call
from alicloud.errors import ManualStep
from alicloud.foasconsole import Workspace
from alicloud.renewal import moment, was_renewed
from alicloud.session import Session
from alicloud.settle import settle
from blocks import desired
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.account import Account
from tasks.slow_change import SlowChange, bring
from tasks.step import needs_of, step
from tasks.workspace import Quote
from tasks.workspace_size import check_quote, read_workspace

ORDER_SECONDS = 300.0  # that billing may take until an order of ours is seen


@step(
    "Automatic renewal of workspace {workspace.name}",
    "R12",
    "R24",
    needs=(
        need(bssopenapi.query_instance),
        need(bssopenapi_renewal.set_renewal, "auto_renewed"),
    ),
)
def ensure_auto_renewal(cloud: Session, environment: Environment, workspace: Workspace) -> OrderedInstance | None:
    """Let billing renew the workspace by itself, where the environment wants that; else leave it as it is.

    Returns:
        What billing tells of it; None when it does not list it and nothing is wanted of it.

    Raises:
        ManualStep: billing does not list it.
        Unmet: it cannot renew itself by so many months.
    """
    read = bssopenapi.query_instance(workspace.instance_id)
    return _auto_renewal(cloud, environment, read, workspace.instance_id)


@step(
    "Automatic renewal of cluster {environment.cluster.name}",
    "R12",
    needs=(
        need(bssopenapi.query_available_instances),
        need(bssopenapi_renewal.set_renewal, "auto_renewed"),
    ),
)
def ensure_order_auto_renewal(cloud: Session, environment: Environment, account: Account) -> OrderedInstance | None:
    """Let billing renew the cluster's order by itself, where the environment wants that; else leave it as it is.

    Args:
        account: stands for the check that came before.

    Raises:
        ManualStep: billing does not tell which order it is.
        Unmet: it cannot renew itself by so many months.
    """
    wanted = desired.exclusive(environment)
    read = bssopenapi.query_available_instances(wanted.order_product_code, cloud.region)
    return _auto_renewal(cloud, environment, read, wanted.order_id)


def _auto_renewal(
    cloud: Session, environment: Environment, read: Call[tuple[OrderedInstance, ...]], instance_id: str
) -> OrderedInstance | None:
    def decide(wanted: bssopenapi_renewal.TermSpec, rows: tuple[OrderedInstance, ...]) -> list[Call[Any]]:
        if not wanted.auto_renew:
            return []
        found = bssopenapi_renewal.pick_instance(rows, instance_id, environment.region)
        return bssopenapi_renewal.auto_renewal_changes(wanted, found)

    rows = settle(cloud, read, desired.term(environment, 0), decide)
    found = [row for row in rows if row.instance_id == instance_id or (not instance_id and row.region == cloud.region)]
    return found[0] if len(found) == 1 else None


# Managed mode


@step(
    "Price of the renewal of workspace {workspace.name}",
    "R13",
    "R24",
    once=True,
    needs=(
        need(foasconsole.describe_instances),
        need(foasconsole_namespaces.describe_namespaces),
        need(foasconsole_prices.query_renew_instance_price),
        need(foasconsole_renewal.renew_instance),
    ),
)
def check_price_of_renewal(
    cloud: Session, environment: Environment, workspace: Workspace, bought: OrderedInstance | None, within_days: int
) -> Quote | None:
    """Ask what the renewal costs, and whether the environment allows it.

    Returns:
        The price in words; None when nothing is to be renewed.

    Raises:
        ManualStep: the environment does not allow ordering, or nobody can see whether it renews itself.
        Unmet: it costs more than allowed, or an unpaid order is in the way.
    """
    if not _missing(cloud, environment, bought, within_days)(read_workspace(cloud, workspace).workspace):
        return None
    price = _price(cloud, environment, workspace)
    months = environment.cluster.duration_months
    return Quote(f"{price.trade} {price.currency} for {months} month{'s' if months > 1 else ''} more")


@step(
    "Subscription of workspace {workspace.name}",
    "R12",
    "R24",
    once=True,
    needs=needs_of(check_price_of_renewal),
)
def ensure_renewal(
    cloud: Session,
    environment: Environment,
    workspace: Workspace,
    bought: OrderedInstance | None,
    within_days: int,
    account: Account,
) -> Workspace:
    """Renew the workspace when it ends within so many days; not one that is pay-as-you-go or renews itself.

    Raises:
        Uncertain: the answer to RenewInstance was lost, and the end has not moved.
    """
    change = SlowChange(
        what=f"Subscription of workspace {workspace.name}",
        read=lambda: read_workspace(cloud, workspace).workspace,
        decide=_missing(cloud, environment, bought, within_days),
        resting=lambda _now: True,
        label=lambda now: now.label,
        check=lambda _now, _call: _price(cloud, environment, workspace),
        reached=lambda now, makes: was_renewed(now.instance_id, moment(now.expires_ms / 1000), makes),
        unseen_seconds=ORDER_SECONDS,
        ticket=lambda now, _elapsed: (
            f"Workspace {now.name} ({now.instance_id}) of {account.account_id} is not renewed."
        ),
    )
    return bring(cloud, environment, change)


def _missing(
    cloud: Session, environment: Environment, bought: OrderedInstance | None, within_days: int
) -> Callable[[Workspace], list[Call[Any]]]:
    by_itself = environment.cluster.auto_renew or bssopenapi_renewal.renews_itself(bought)

    def decide(now: Workspace) -> list[Call[Any]]:
        if by_itself:
            return []
        calls = foasconsole_renewal.renewal_changes(desired.renewal(environment, within_days), now, cloud.clock.now())
        if calls and bought is None:
            raise ManualStep(
                f"Workspace {now.name} ({now.instance_id}) ends soon, and billing does not list it: nobody can see "
                "whether it renews itself, and a renewal besides would be paid as well.",
                remedy="Look in the console (Expenses, Renewal), with the Alibaba Cloud account; if it does not renew "
                "itself, renew it there. This run goes on once its end has moved.",
            )
        return calls

    return decide


def _price(cloud: Session, environment: Environment, workspace: Workspace) -> foasconsole_prices.Price:
    months = environment.cluster.duration_months
    price = cloud.send(foasconsole_prices.query_renew_instance_price(cloud.region, workspace.instance_id, months))
    return check_quote(environment, price, f"The renewal of workspace {workspace.name}")


# Exclusive mode


@step(
    "Subscription of cluster {environment.cluster.name}",
    "R12",
    once=True,
    needs=(
        need(bssopenapi.query_available_instances),
        need(bssopenapi_renewal.renew_instance),
    ),
)
def ensure_order_renewal(
    cloud: Session, environment: Environment, bought: OrderedInstance | None, within_days: int, account: Account
) -> OrderedInstance:
    """Renew the cluster's order when it ends within so many days; not one that is pay-as-you-go or renews itself.

    Args:
        bought: stands for the automatic renewal that came before.

    Raises:
        ManualStep: billing does not tell which order it is, or the environment does not allow to spend money.
        Uncertain: the answer to RenewInstance was lost, and the end has not moved.
    """
    wanted = desired.exclusive(environment)
    query = bssopenapi.query_available_instances(wanted.order_product_code, cloud.region)

    def read() -> OrderedInstance:
        return bssopenapi_renewal.pick_instance(cloud.send(query), wanted.order_id, environment.region)

    def decide(now: OrderedInstance) -> list[Call[Any]]:
        return bssopenapi_renewal.renewal_changes(desired.term(environment, within_days), now, cloud.clock.now())

    def reached(now: OrderedInstance, makes: str) -> bool:
        return was_renewed(now.instance_id, now.end_time, makes)

    change = SlowChange(
        what=f"Order of cluster {wanted.name}",
        read=read,
        decide=decide,
        resting=lambda _now: True,
        label=lambda now: f"{now.status} until {now.end_time}",
        check=lambda _now, call: _check_money(environment, call),
        reached=reached,
        unseen_seconds=ORDER_SECONDS,
        ticket=lambda now, _elapsed: f"Order {now.instance_id} of account {account.account_id} is not renewed.",
    )
    return bring(cloud, environment, change)


def _check_money(environment: Environment, call: Call[Any]) -> None:
    """Refuse to spend what nobody has allowed.

    UNCONFIRMED: the modules by which billing prices this product, so nobody can ask what a renewal costs.

    Raises:
        ManualStep: safety does not allow it.
    """
    safety = environment.safety
    if not safety.may_order or safety.max_price is not None:
        raise ManualStep(
            f"To {call.means} costs money, and what it costs cannot be asked for exclusive mode.",
            remedy="Renew it in the console, with the Alibaba Cloud account; or set safety.may_order without "
            "safety.max_price. Then Retry this run.",
        )
