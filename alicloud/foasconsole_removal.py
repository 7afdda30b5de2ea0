"""What takes workspaces and namespaces of fully managed Flink away (foasconsole 2021-10-28)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from alicloud.call import Call, Kind, index_pages
from alicloud.call_rights import WORKSPACES, allowed_by
from alicloud.foasconsole import PAGE_SIZE, PRODUCT, VERSION, Workspace, created_workspace_key, succeeded
from alicloud.foasconsole_namespaces import Namespace, namespace_key

GOING = ("DELETING", "DELETED")


@allowed_by("stream:DescribeSupportedRegions", WORKSPACES)
def describe_supported_regions() -> Call[tuple[str, ...]]:
    """List the regions where workspaces may be. Source: foasconsole 2021-10-28, DescribeSupportedRegions."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeSupportedRegions",
        Kind.READ,
        lambda body: tuple(str(row["Region"]) for row in succeeded(body)["Regions"]),
        {"PageSize": str(PAGE_SIZE)},
        method="GET",
        missing=(),
        next_page=index_pages(PAGE_SIZE, "PageIndex"),
    )


@allowed_by("stream:DeleteVvpNamespace", WORKSPACES)
def delete_namespace(region: str, instance_id: str, name: str) -> Call[None]:
    """Delete a namespace; one with running jobs is refused. Source: foasconsole 2021-10-28, DeleteNamespace."""
    return Call(
        PRODUCT,
        VERSION,
        "DeleteNamespace",
        Kind.IDEMPOTENT,
        lambda body: _nothing(succeeded(body)),
        {"Region": region, "InstanceId": instance_id, "Namespace": name},
        done=frozenset({"NamespaceNotFound", "InstanceNotFound"}),  # UNCONFIRMED: the codes
        means=f"delete namespace {name} of workspace {instance_id}",
        removes=namespace_key(instance_id, name),
    )


@allowed_by("stream:DeleteVvpInstance", WORKSPACES)
def delete_instance(region: str, workspace: Workspace) -> Call[None]:
    """Release a pay-as-you-go workspace, which cannot be taken back.

    A subscription cannot be deleted by API. Source: foasconsole 2021-10-28, DeleteInstance.
    """
    return Call(
        PRODUCT,
        VERSION,
        "DeleteInstance",
        Kind.IDEMPOTENT,
        lambda body: _nothing(succeeded(body)),
        {"Region": region, "InstanceId": workspace.instance_id},
        done=frozenset({"InstanceNotFound"}),  # UNCONFIRMED: the code
        means=f"release workspace {workspace.name} ({workspace.instance_id})",
        removes=created_workspace_key(region, workspace.name),
    )


def namespace_removal(where: tuple[str, str, str], actual: Sequence[Namespace]) -> list[Call[Any]]:
    """Decide whether a namespace must be deleted; one that is DELETING is on its way.

    Args:
        where: region, id of the workspace, and name.
    """
    found = [row for row in actual if row.name == where[2] and row.status != "DELETING"]
    return [delete_namespace(*where) for _ in found]


def workspace_removal(where: tuple[str, str], actual: Sequence[Workspace]) -> list[Call[Any]]:
    """Decide whether a workspace must be released; one that is DELETING is on its way.

    Args:
        where: region and id of the workspace.
    """
    region, instance_id = where
    found = [row for row in actual if row.instance_id == instance_id and row.status not in GOING]
    return [delete_instance(region, row) for row in found]


def namespace_gone(name: str) -> Callable[[tuple[Namespace, ...]], bool]:
    """Make the test whether a namespace is gone, for `settle.wait_until`."""
    return lambda rows: all(row.name != name for row in rows)


def workspace_gone(instance_id: str) -> Callable[[tuple[Workspace, ...]], bool]:
    """Make the test whether a workspace is gone, for `settle.wait_until`."""
    return lambda rows: all(row.instance_id != instance_id or row.status == "DELETED" for row in rows)


def _nothing(_body: Any) -> None:
    return None
