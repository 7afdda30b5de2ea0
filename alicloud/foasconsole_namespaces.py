"""Namespaces of a managed workspace (foasconsole 2021-10-28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alicloud.call import Call, Kind, index_pages
from alicloud.call_rights import WORKSPACES, allowed_by
from alicloud.errors import Unmet
from alicloud.foasconsole import PAGE_SIZE, PRODUCT, VERSION, resource_spec, succeeded
from alicloud.states import Progress, progress

# Source: foasconsole 2021-10-28, DescribeNamespaces, Status.
NAMESPACE_STATES: Mapping[str, Progress] = {
    "CREATING": Progress.WAIT,
    "MODIFYING": Progress.WAIT,
    "SUCCESS": Progress.READY,
    "DELETING": Progress.FAILED,
    "FAILED": Progress.FAILED,
}


@dataclass(frozen=True)
class Namespace:
    name: str
    status: str
    cpu: int
    used_cus: float = 0.0  # by jobs that run
    ha: bool = False
    created_at: float = field(default=0.0, compare=False)  # seconds since 1970


@dataclass(frozen=True)
class NamespaceSpec:
    """The namespace that is wanted, with its compute units."""

    region: str
    instance_id: str
    name: str
    cus: int


@allowed_by("stream:DescribeVvpNamespaces", WORKSPACES)
def describe_namespaces(region: str, instance_id: str) -> Call[tuple[Namespace, ...]]:
    """List the namespaces of a workspace. Source: foasconsole 2021-10-28, DescribeNamespaces."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeNamespaces",
        Kind.READ,
        lambda body: tuple(_namespace(row) for row in succeeded(body)["Namespaces"]),
        {"Region": region, "InstanceId": instance_id, "PageSize": str(PAGE_SIZE)},
        method="GET",
        missing=(),
        next_page=index_pages(PAGE_SIZE, "PageIndex"),
    )


def namespace_key(instance_id: str, name: str) -> str:
    """Give the key by which a journal knows a namespace."""
    return f"foasconsole:namespace/{instance_id}/{name}"


@allowed_by("stream:CreateVvpNamespace", WORKSPACES)
def create_namespace(spec: NamespaceSpec) -> Call[None]:
    """Make a namespace; a second one of the name is refused. Source: foasconsole 2021-10-28, CreateNamespace."""
    return Call(
        PRODUCT,
        VERSION,
        "CreateNamespace",
        Kind.IDEMPOTENT,
        lambda body: _nothing(succeeded(body)),
        {
            "Region": spec.region,
            "InstanceId": spec.instance_id,
            "Namespace": spec.name,
            "ResourceSpec": resource_spec(spec.cus),
        },
        means=f"create namespace {spec.name} with {spec.cus} CUs",
        creates=namespace_key(spec.instance_id, spec.name),
    )


def namespace_changes(desired: NamespaceSpec, actual: tuple[Namespace, ...]) -> list[Call[Any]]:
    """Decide whether the namespace must be made.

    Raises:
        Unmet: its last operation failed, it is being deleted, or it has other compute units; scaling is a step of
            its own.
    """
    found = next((row for row in actual if row.name == desired.name), None)
    if found is None:
        return [create_namespace(desired)]
    means = progress(NAMESPACE_STATES, found.status, f"Namespace {found.name}")
    if means is Progress.FAILED:
        raise Unmet(f"Namespace {found.name} is {found.status}.", remedy="Look at it in the console, then Retry.")
    if means is Progress.READY and found.cpu != desired.cus:
        raise Unmet(
            f"Namespace {found.name} has {found.cpu} CUs, wanted {desired.cus}.",
            remedy="Run the deployment scale, which brings it to that; or correct the environment.",
        )
    return []


def namespace_ready(name: str) -> Callable[[tuple[Namespace, ...]], bool]:
    """Make the test whether a namespace is ready, for `settle.wait_until`."""

    def ready(rows: tuple[Namespace, ...]) -> bool:
        found = next((row for row in rows if row.name == name), None)
        if found is None:
            return False
        means = progress(NAMESPACE_STATES, found.status, f"Namespace {name}")
        if means is Progress.FAILED:
            raise Unmet(f"Namespace {name} is {found.status}.", remedy="Look at it in the console, then Retry.")
        return means is Progress.READY

    return ready


def _namespace(row: Mapping[str, Any]) -> Namespace:
    # GuaranteedResourceSpec is what belongs to the namespace for certain; older replies have ResourceSpec alone.
    spec = row.get("GuaranteedResourceSpec") or row.get("ResourceSpec") or {}
    used = float((row.get("ResourceUsed") or {}).get("Cu") or 0.0)
    created_at = int(row.get("GmtCreate") or 0) / 1000
    return Namespace(row["Namespace"], row["Status"], int(spec.get("Cpu") or 0), used, bool(row.get("Ha")), created_at)


def _nothing(_body: Any) -> None:
    return None
