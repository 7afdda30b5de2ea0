"""The workspace of fully managed Flink: its price, its order, the wait for RUNNING."""

from __future__ import annotations

from dataclasses import dataclass

from alicloud import foasconsole, foasconsole_prices, vpc_vswitches
from alicloud.call import PLANNED
from alicloud.errors import Unmet
from alicloud.foasconsole import Workspace
from alicloud.session import Session
from alicloud.settle import settle
from alicloud.shared_reads import WAITING
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.account import Account
from tasks.approval import require
from tasks.oss_bucket import check_bucket_again, ensure_bucket
from tasks.progress import Look, timing_of, wait_key, wait_with_progress
from tasks.service_role import SERVICE_AGAIN, check_service_again
from tasks.step import needs_of, step
from tasks.vswitch import check_vswitches_again


@dataclass(frozen=True)
class Quote:
    """What the workspace costs, in words."""

    text: str


@step("Workspace {name}, as it is", "R24", needs=(need(foasconsole.describe_instances),))
def find_workspace(cloud: Session, name: str) -> Workspace | None:
    """Look whether the workspace exists."""
    return foasconsole.pick_workspace(name, cloud.recall(foasconsole.describe_instances(cloud.region, name)))


@step("Workspace {name}, which must be RUNNING", "R24", needs=(need(foasconsole.describe_instances),))
def require_workspace(cloud: Session, name: str) -> Workspace:
    """Find the workspace that namespaces are made in.

    Raises:
        Unmet: it does not exist or is not RUNNING.
    """
    found = foasconsole.pick_workspace(name, cloud.recall(foasconsole.describe_instances(cloud.region, name)))
    if found is None or not foasconsole.workspace_ready(found):
        state = "does not exist" if found is None else f"is {found.status}"
        raise Unmet(f"Workspace {name} {state}.", remedy="Run create-cluster first, or wait until it is RUNNING.")
    return found


@step("Workspace {name}, which must exist", "R24", needs=(need(foasconsole.describe_instances),))
def require_standing(cloud: Session, name: str) -> Workspace:
    """Find the workspace that something is done to, whatever its state.

    Raises:
        Unmet: it does not exist.
    """
    found = foasconsole.pick_workspace(name, cloud.send(foasconsole.describe_instances(cloud.region, name)))
    if found is None:
        raise Unmet(f"Workspace {name} does not exist.", remedy="Run create-cluster first.")
    return found


@step("Zone {zone} for fully managed Flink", "R18", "R24", needs=(need(foasconsole.describe_supported_zones),))
def check_managed_zone(cloud: Session, zone: str, workspace: Workspace | None) -> None:
    """Check that fully managed Flink is sold in the zone.

    Raises:
        Unmet: it is not; the message names the zones where it is.
    """
    if workspace is not None:
        return
    zones = cloud.recall(foasconsole.describe_supported_zones(cloud.region))
    if zone not in zones:
        raise Unmet(
            f"Fully managed Flink is not sold in zone {zone}.",
            remedy=f"Choose one of {', '.join(zones) or 'no zone at all in this region'}, or submit a ticket.",
        )


@step("Price of the workspace", "R13", "R24", needs=(need(foasconsole_prices.query_create_instance_price),))
def check_price(
    cloud: Session, environment: Environment, workspace: Workspace | None, vpc: Vpc, vswitches: list[VSwitch]
) -> Quote | None:
    """Ask what the workspace costs, and whether the environment allows it to be ordered.

    Returns:
        The price in words; None when the workspace exists.

    Raises:
        ManualStep: the environment does not allow ordering.
        Unmet: it costs more than allowed, or the price reply hides a refusal.
    """
    if workspace is not None:
        return None
    spec = desired.workspace(environment, vpc.vpc_id, [vswitch.vswitch_id for vswitch in vswitches])
    price = cloud.send(foasconsole_prices.query_create_instance_price(spec))
    if price is None:
        raise Unmet("The price of the workspace is not known.", remedy="Retry this run.")
    foasconsole_prices.check_price(price, environment.safety.max_price, environment.safety.may_order)
    return Quote(foasconsole_prices.price_text(spec, price))


@step(
    "Workspace {environment.cluster.name}",
    "R13",
    "R24",
    once=True,
    needs=(
        need(foasconsole.create_instance, "ordered"),
        need(foasconsole.describe_instances),
        *needs_of(ensure_bucket),
        *SERVICE_AGAIN,
        need(vpc_vswitches.describe_vswitches),
    ),
)
def ensure_workspace(
    cloud: Session, environment: Environment, vpc: Vpc, vswitches: list[VSwitch], quote: Quote | None
) -> Workspace:
    """Order the workspace when it does not exist; `quote` stands for the check that came before.

    Raises:
        Uncertain: the answer to CreateInstance was lost and no workspace was seen within the settle window.
    """
    spec = desired.workspace(environment, vpc.vpc_id, [vswitch.vswitch_id for vswitch in vswitches])
    read = foasconsole.describe_instances(cloud.region, spec.name)
    if not cloud.dry and foasconsole.workspace_changes(spec, cloud.recall(read)):
        require(environment, cloud.journal)
        if spec.bucket:
            check_bucket_again(cloud, desired.bucket(environment))
        check_vswitches_again(cloud, environment, vswitches)
        check_service_again(cloud, environment)
    planned = (foasconsole.planned_workspace(spec),) if cloud.dry else None
    rows = settle(cloud, read, spec, foasconsole.workspace_changes, planned, foasconsole.workspace_key(spec))
    found = foasconsole.pick_workspace(spec.name, rows)
    if found is None:
        raise Unmet(f"Workspace {spec.name} vanished after its creation.", remedy="Retry this run.")
    return found


@step("Workspace {workspace.name}, until it is RUNNING", "R22", "R24", needs=(need(foasconsole.describe_instances),))
def wait_for_workspace(cloud: Session, environment: Environment, workspace: Workspace, account: Account) -> Workspace:
    """Wait until the workspace is RUNNING.

    Raises:
        TimedOut: it stays CREATING; the ticket's text stands in an artifact.
        Unmet: it is disabled, being deleted, or in an unknown state.
    """
    if workspace.instance_id == PLANNED or foasconsole.workspace_ready(workspace):
        return workspace
    if cloud.dry:
        cloud.ledger.on_its_way = True
        return workspace
    seen = [workspace]

    def look(fresh_seconds: float) -> Look:
        if fresh_seconds:
            rows, age = WAITING.read(cloud, foasconsole.describe_instances(cloud.region), fresh_seconds)
        else:
            rows, age = cloud.send(foasconsole.describe_instances(cloud.region, workspace.name)), 0.0
        found = foasconsole.pick_workspace(workspace.name, rows)
        seen.append(found or workspace)
        now = seen[-1]
        ready = foasconsole.workspace_ready(found)
        return Look(ready, now.label, now.created_ms, now.percent, being_made=now.status == "CREATING", age=age)

    def ticket(elapsed: float) -> str:
        requests = [write.request_id for write in cloud.ledger.writes if write.action == "CreateInstance"]
        return foasconsole.ticket_text(seen[-1], account.account_id, elapsed, requests)

    timing = timing_of(cloud, environment)
    wait_with_progress(cloud, look, timing, wait_key(environment), f"Workspace {workspace.name}", ticket)
    return seen[-1]
