"""The size of a managed workspace and of its namespaces (foasconsole 2021-10-28)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from alicloud.call import Call, Kind
from alicloud.call_rights import WORKSPACES, allowed_by
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.foasconsole import PRODUCT, VERSION, Workspace, resource_spec, succeeded
from alicloud.foasconsole_namespaces import NAMESPACE_STATES, Namespace
from alicloud.states import Progress, progress

Direction = Literal["smaller", "larger"]


@dataclass(frozen=True)
class WorkspaceSize:
    """The size that is wanted, in compute units, of a workspace and of those namespaces that are named."""

    region: str
    cus: int
    max_cus: int
    namespaces: Mapping[str, int] = field(default_factory=dict)


@allowed_by("stream:ModifyInstanceSpec", WORKSPACES)
def modify_instance_spec(region: str, workspace: Workspace, cus: int) -> Call[None]:
    """Order another size of a workspace that is paid as it is used.

    Once only: it buys, and has no ClientToken. Source: foasconsole 2021-10-28, ModifyInstanceSpec.
    """
    return _resized("ModifyInstanceSpec", region, workspace, cus)


@allowed_by("stream:ModifyPrepayInstanceSpec", WORKSPACES)
def modify_prepay_instance_spec(region: str, workspace: Workspace, cus: int) -> Call[None]:
    """Order another size of a subscribed workspace, which is paid at once.

    Once only: it buys, and has no ClientToken. Source: foasconsole 2021-10-28, ModifyPrepayInstanceSpec.
    """
    return _resized("ModifyPrepayInstanceSpec", region, workspace, cus)


def _resized(action: str, region: str, workspace: Workspace, cus: int) -> Call[None]:
    return Call(
        PRODUCT,
        VERSION,
        action,
        Kind.ONCE,
        lambda body: _nothing(succeeded(body)),
        {"Region": region, "InstanceId": workspace.instance_id, "ResourceSpec": resource_spec(cus)},
        means=f"scale workspace {workspace.name} ({workspace.instance_id}) to {cus} CUs",
        makes=size_key(workspace.instance_id, cus),
    )


def size_key(instance_id: str, cus: int) -> str:
    """Give the key of the size: whoever reads that many units knows that what was to bring them has done so."""
    return f"workspace/{instance_id}/cus/{cus}"


@allowed_by("stream:ModifyNamespaceSpecV2", WORKSPACES)
def modify_namespace_spec_v2(region: str, workspace: Workspace, namespace: Namespace, cus: int) -> Call[None]:
    """Set the compute units of a namespace; it is a target, so a second call changes nothing.

    Source: foasconsole 2021-10-28, ModifyNamespaceSpecV2.
    """
    size = {"GuaranteedResourceSpec": resource_spec(cus), "Ha": "true" if namespace.ha else "false"}
    return _shared("ModifyNamespaceSpecV2", region, workspace, namespace, cus, size)


@allowed_by("stream:ModifyPrepayNamespaceSpec", WORKSPACES)
def modify_prepay_namespace_spec(region: str, workspace: Workspace, namespace: Namespace, cus: int) -> Call[None]:
    """Set the compute units of a namespace of a subscribed workspace; it is a target.

    Source: foasconsole 2021-10-28, ModifyPrepayNamespaceSpec.
    """
    size = {"ResourceSpec": resource_spec(cus)}
    return _shared("ModifyPrepayNamespaceSpec", region, workspace, namespace, cus, size)


def _shared(
    action: str, region: str, workspace: Workspace, namespace: Namespace, cus: int, size: Mapping[str, str]
) -> Call[None]:
    return Call(
        PRODUCT,
        VERSION,
        action,
        Kind.IDEMPOTENT,
        lambda body: _nothing(succeeded(body)),
        {"Region": region, "InstanceId": workspace.instance_id, "Namespace": namespace.name, **size},
        means=f"set the CUs of namespace {namespace.name} to {cus}",
    )


def size_changes(desired: WorkspaceSize, workspace: Workspace, namespaces: Sequence[Namespace]) -> list[Call[Any]]:
    """Decide whether another size must be ordered.

    Raises:
        Unmet: more than is allowed, or fewer than the namespaces hold.
    """
    if workspace.cpu == desired.cus:
        return []
    what = f"Workspace {workspace.name} ({workspace.instance_id})"
    if workspace.cpu < 1:
        raise Unmet(f"{what} does not tell its compute units.", remedy="Look at it in the console.")
    if workspace.cpu < desired.cus and desired.cus > desired.max_cus:
        raise Unmet(
            f"{what} would have {desired.cus} CUs, more than safety.max_compute_units ({desired.max_cus}).",
            remedy="Raise the limit on purpose, or ask for fewer.",
        )
    namespace_targets(desired, workspace, namespaces)
    change = Change("CUs", str(workspace.cpu), str(desired.cus))
    modify = modify_prepay_instance_spec if workspace.charge_type == "PRE" else modify_instance_spec
    return [replace(modify(desired.region, workspace, desired.cus), changes=(change,))]


def namespace_targets(desired: WorkspaceSize, workspace: Workspace, namespaces: Sequence[Namespace]) -> dict[str, int]:
    """Give the compute units that each namespace must have for all of them to fit: the default one gives way.

    Raises:
        Unmet: they do not fit, or jobs use more than would be left.
    """
    default = f"{workspace.name}-default"
    targets = {each.name: desired.namespaces.get(each.name, each.cpu) for each in namespaces if not each.ha}
    used = {each.name: max(1, math.ceil(each.used_cus)) for each in namespaces}
    if default in targets and default not in desired.namespaces:
        rest = desired.cus - sum(cus for name, cus in targets.items() if name != default)
        targets[default] = min(targets[default], max(rest, 0))
    for name, cus in targets.items():
        if cus < used[name]:
            raise Unmet(
                f"Namespace {name} would be left {cus} CUs; its jobs use {used[name]}, or it needs 1 to exist.",
                remedy="Stop jobs, or give the workspace more compute units.",
            )
    if sum(targets.values()) > desired.cus:
        raise Unmet(
            f"The namespaces of workspace {workspace.name} hold {sum(targets.values())} CUs, more than {desired.cus}.",
            remedy="Give namespaces fewer, delete those that nobody needs, or ask for a larger workspace.",
        )
    return targets


def namespace_size_changes(
    desired: WorkspaceSize, workspace: Workspace, namespaces: Sequence[Namespace], direction: Direction
) -> list[Call[Any]]:
    """Decide which namespaces must become smaller (before the workspace does) or larger (after it has).

    What is being changed is left alone until it is ready.

    Raises:
        Unmet: they do not fit, jobs use more, or one has FAILED.
    """
    targets = namespace_targets(desired, workspace, namespaces)
    modify = modify_prepay_namespace_spec if workspace.charge_type == "PRE" else modify_namespace_spec_v2
    calls: list[Call[Any]] = []
    for each in namespaces:
        wanted = targets.get(each.name, each.cpu)
        if wanted == each.cpu or (wanted < each.cpu) != (direction == "smaller") or not _ready(each):
            continue
        change = Change("CUs", str(each.cpu), str(wanted))
        calls.append(replace(modify(desired.region, workspace, each, wanted), changes=(change,)))
    return calls


def all_ready(namespaces: Sequence[Namespace]) -> bool:
    """Say whether no namespace is being changed.

    Raises:
        Unmet: one has FAILED, or is in a state that we do not know.
    """
    ready = [_ready(each) for each in namespaces]  # each is looked at, so that a FAILED one is found
    return all(ready)


def _ready(namespace: Namespace) -> bool:
    means = progress(NAMESPACE_STATES, namespace.status, f"Namespace {namespace.name}")
    if means is Progress.FAILED and namespace.status != "DELETING":
        raise Unmet(
            f"Namespace {namespace.name} is {namespace.status}.", remedy="Look at it in the console, then Retry."
        )
    return means is Progress.READY


def _nothing(_body: Any) -> None:
    return None
