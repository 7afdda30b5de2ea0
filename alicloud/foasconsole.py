"""Workspaces of fully managed Flink (foasconsole 2021-10-28): find, order, states. Prices: `foasconsole_prices`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alicloud.call import PLANNED, Call, Kind, index_pages
from alicloud.call_rights import WORKSPACES, allowed_by
from alicloud.errors import Refused, Unmet
from alicloud.states import Progress, progress

PRODUCT = "foasconsole"
VERSION = "2021-10-28"
PAGE_SIZE = 100  # the most

# Source: foasconsole 2021-10-28, DescribeInstances, ClusterStatus.
WORKSPACE_STATES: Mapping[str, Progress] = {
    "CREATING": Progress.WAIT,
    "RUNNING": Progress.READY,
    "DISABLE": Progress.FAILED,
    "DELETING": Progress.FAILED,
    "DELETED": Progress.FAILED,
}
_GONE = ("DELETING", "DELETED")


@dataclass(frozen=True)
class Workspace:
    """A workspace. `resource_id` is the id that its data plane knows it by; `percent` is None when no stage is told."""

    instance_id: str
    resource_id: str
    name: str
    status: str
    zone: str
    vpc_id: str
    vswitch_ids: tuple[str, ...]
    charge_type: str
    cpu: int
    created_ms: int
    bucket: str = ""
    stage: str = ""
    percent: int | None = None
    expires_ms: int = 0  # of a subscription
    protected: bool = False  # from deletion, by somebody who said so in the console

    @property
    def label(self) -> str:
        return f"{self.status}, {self.stage}" if self.stage and self.status == "CREATING" else self.status


@dataclass(frozen=True)
class WorkspaceSpec:
    """The workspace that is wanted. `charge_type` is POST (pay-as-you-go) or PRE (subscription of `duration`)."""

    region: str
    name: str
    charge_type: str
    cpu: int
    vpc_id: str
    vswitch_ids: tuple[str, ...]
    bucket: str
    zone: str
    managed_storage: bool = False
    duration: int = 1
    pricing_cycle: str = "Month"
    auto_renew: bool = False


@allowed_by("stream:DescribeVvpInstances", WORKSPACES)
def describe_instances(region: str, name: str = "") -> Call[tuple[Workspace, ...]]:
    """List workspaces. Source: foasconsole 2021-10-28, DescribeInstances."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeInstances",
        Kind.READ,
        lambda body: tuple(_workspace(row) for row in succeeded(body)["Instances"]),
        {"Region": region, "PageSize": str(PAGE_SIZE), **({"InstanceName": name} if name else {})},
        method="GET",
        missing=(),
        next_page=index_pages(PAGE_SIZE, "PageIndex"),
    )


def workspace_key(spec: WorkspaceSpec) -> str:
    """Give the key of the order: the same however many compute units are asked for."""
    return f"workspace/{spec.region}/{spec.name}"


def created_workspace_key(region: str, name: str) -> str:
    """Give the key by which a journal knows that the environment has ordered a workspace."""
    return f"foasconsole:workspace/{region}/{name}"


@allowed_by("stream:CreateVvpInstance", WORKSPACES)
def create_instance(spec: WorkspaceSpec) -> Call[str]:
    """Order a workspace, which is paid at once, and give its id.

    Once only: there is no ClientToken, and names are not unique, so a second call buys a second workspace.
    Source: foasconsole 2021-10-28, CreateInstance.
    """
    return Call(
        PRODUCT,
        VERSION,
        "CreateInstance",
        Kind.ONCE,
        lambda body: str(succeeded(body)["OrderInfo"]["InstanceId"]),
        {**order_parameters(spec), "InstanceName": spec.name, "VpcId": spec.vpc_id, "ZoneId": spec.zone},
        means=f"order workspace {spec.name} with {spec.cpu} CUs",
        makes=workspace_key(spec),
        creates=created_workspace_key(spec.region, spec.name),
    )


def workspace_changes(desired: WorkspaceSpec, actual: tuple[Workspace, ...]) -> list[Call[Any]]:
    """Decide whether the workspace must be ordered; one that exists is kept.

    Raises:
        Unmet: it exists with other settings, more than once, or is disabled.
    """
    found = pick_workspace(desired.name, actual)
    if found is None:
        return [create_instance(desired)]
    workspace_ready(found)  # one that is disabled will not become ready
    check_workspace(desired, found)
    return []


def check_workspace(desired: WorkspaceSpec, actual: Workspace) -> None:
    """Check that an existing workspace is the one that is wanted.

    Raises:
        Unmet: another VPC, vSwitch, bucket or billing, or fewer compute units; scaling is not a side effect.
    """
    pairs = [
        ("VPC", desired.vpc_id, actual.vpc_id),
        ("billing", desired.charge_type, actual.charge_type),
        ("bucket", desired.bucket, actual.bucket if desired.bucket else ""),  # managed storage may show one of its own
    ]
    wrong = [f"{what} is {has}, wanted {wanted}" for what, wanted, has in pairs if has and has != wanted]
    lacking = sorted(set(desired.vswitch_ids) - set(actual.vswitch_ids))
    if actual.vswitch_ids and lacking:
        wrong.append(f"vSwitches {', '.join(lacking)} are not among {', '.join(actual.vswitch_ids)}")
    changes = []
    if actual.charge_type and actual.charge_type != desired.charge_type:
        changes.append("convert changes the billing")
    if 0 < actual.cpu < desired.cpu:
        wrong.append(f"it has {actual.cpu} CUs, wanted {desired.cpu}")
        changes.append("scale changes the compute units")
    if wrong:
        by = f", or let a deployment do it ({'; '.join(changes)})" if changes else ""
        raise Unmet(
            f"Workspace {actual.name} ({actual.instance_id}) exists but differs: {'; '.join(wrong)}.",
            remedy=f"Correct the environment to what exists{by}, or give the new workspace another name.",
        )


def pick_workspace(name: str, workspaces: Sequence[Workspace]) -> Workspace | None:
    """Give the workspace of that name; those that are deleted or on their way there do not count.

    Raises:
        Unmet: there are several: one was bought twice, and only a person can say which to keep.
    """
    found = [row for row in workspaces if row.name == name and row.status not in _GONE]
    if len(found) > 1:
        raise Unmet(
            f"There are {len(found)} workspaces with the name {name}: {', '.join(row.instance_id for row in found)}.",
            remedy="Release the one that is not in use in the console, then Retry this run.",
        )
    return found[0] if found else None


def planned_workspace(desired: WorkspaceSpec) -> Workspace:
    """Stand in, in a dry run, for a workspace that does not exist yet."""
    return Workspace(
        PLANNED,
        PLANNED,
        desired.name,
        "CREATING",
        desired.zone,
        desired.vpc_id,
        desired.vswitch_ids,
        desired.charge_type,
        desired.cpu,
        0,
        desired.bucket,
    )


def workspace_ready(workspace: Workspace | None) -> bool:
    """Say whether a workspace is RUNNING. None (reads may lag behind its creation) is not ready yet.

    Raises:
        Unmet: it is disabled, being deleted, or in a state that we do not know.
    """
    if workspace is None:
        return False
    what = f"Workspace {workspace.name} ({workspace.instance_id})"
    means = progress(WORKSPACE_STATES, workspace.status, what)
    if means is Progress.FAILED:
        raise Unmet(f"{what} is {workspace.status}.", remedy="Look at its order in the console (expired, unpaid?).")
    return means is Progress.READY


@allowed_by("stream:DescribeSupportedZones", WORKSPACES)
def describe_supported_zones(region: str) -> Call[tuple[str, ...]]:
    """List the zones where workspaces are sold. Source: foasconsole 2021-10-28, DescribeSupportedZones."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeSupportedZones",
        Kind.READ,
        lambda body: tuple(str(zone) for zone in succeeded(body)["ZoneIds"]),
        {"Region": region},
        method="GET",
        missing=(),
    )


def ticket_text(workspace: Workspace, account_id: str, elapsed_seconds: float, request_ids: Sequence[str]) -> str:
    """Write the ticket for a workspace that stays CREATING: every fact the vendor asks for, and no secret."""
    created = datetime.fromtimestamp(workspace.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return "\n".join(
        [
            f"Realtime Compute for Apache Flink, fully managed: workspace {workspace.name} does not become RUNNING.",
            f"Account: {account_id[:4]}...{account_id[-4:]}",
            f"Workspace: {workspace.name} ({workspace.instance_id}), {workspace.cpu} CUs, {workspace.charge_type}",
            f"State: {workspace.label} for {elapsed_seconds / 60:.0f} minutes, created {created}",
            f"Network: zone {workspace.zone}, VPC {workspace.vpc_id}, vSwitches {', '.join(workspace.vswitch_ids)}",
            f"OSS bucket: {workspace.bucket or 'managed storage'}",
            f"Request ids: {', '.join(request_ids) or 'none known'}",
            "Please say what keeps it from RUNNING, and repair or release it.",
        ]
    )


def succeeded(body: Any) -> Any:
    """Give the body back; a 200 that is no success is a refusal.

    Raises:
        Refused: `Success` is false.
    """
    if body.get("Success") is False:
        code = str(body.get("Code") or body.get("ErrCode") or "BusinessFailure")
        raise Refused(code, str(body.get("Message") or "the service said Success: false without a reason"))
    return body


def resource_spec(cus: int) -> str:
    """Write compute units as the API takes them: memory is four times the cores."""
    return json.dumps({"Cpu": cus, "MemoryGB": 4 * cus}, separators=(",", ":"))


def order_parameters(spec: WorkspaceSpec) -> dict[str, str]:
    """Give what an order and the question for its price have in common."""
    storage: dict[str, Any] = {"FullyManaged": True} if spec.managed_storage else {"Oss": {"Bucket": spec.bucket}}
    return {
        "Region": spec.region,
        "ChargeType": spec.charge_type,
        "ResourceSpec": resource_spec(spec.cpu),
        "Storage": json.dumps(storage, separators=(",", ":")),
        "VSwitchIds": json.dumps(list(spec.vswitch_ids)),
        # UNCONFIRMED for creations: pay-as-you-go is priced by the hour.
        "PricingCycle": spec.pricing_cycle if spec.charge_type == "PRE" else "Hour",
        "Duration": str(spec.duration),
        "AutoRenew": "true" if spec.auto_renew else "false",
    }


def _workspace(row: Mapping[str, Any]) -> Workspace:
    stage, percent = _stage((row.get("ClusterState") or {}).get("ClusterStage") or {})
    storage = ((row.get("Storage") or {}).get("Oss") or {}).get("Bucket") or (row.get("OssInfo") or {}).get("Bucket")
    return Workspace(
        instance_id=row["InstanceId"],
        resource_id=str(row.get("ResourceId") or ""),
        name=row["InstanceName"],
        status=_status(row),
        zone=str(row.get("ZoneId") or ""),
        vpc_id=str(row.get("VpcId") or ""),
        vswitch_ids=tuple(row.get("VSwitchIds") or ()),
        charge_type=str(row.get("ChargeType") or ""),
        cpu=int((row.get("ResourceSpec") or {}).get("Cpu") or 0),
        created_ms=int(row.get("ResourceCreateTime") or 0),
        bucket=str(storage or ""),
        stage=stage,
        percent=percent,
        expires_ms=int(row.get("ResourceExpiredTime") or 0),
        protected=bool(row.get("DeletionProtection")),
    )


def _status(row: Mapping[str, Any]) -> str:
    """Give the status. UNCONFIRMED: one that is ordered but not deployed yet (NOT_INIT) may tell none."""
    return str(row.get("ClusterStatus") or ("CREATING" if row.get("OrderState") == "NOT_INIT" else ""))


def _stage(stage: Mapping[str, Any]) -> tuple[str, int | None]:
    """Give the name of the stage under way, and how many percent of the weights lie behind it."""
    steps = stage.get("TotalStageWithWeight") or []
    total = sum(int(step["Weight"]) for step in steps)
    if not total:
        return "", None
    current = int(stage.get("CurrentStage") or 0)
    behind = sum(int(step["Weight"]) for step in steps if int(step["StepIndex"]) < current)
    name = next((str(step["StepName"]) for step in steps if int(step["StepIndex"]) == current), "")
    return name, min(99, 100 * behind // total)
