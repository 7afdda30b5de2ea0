"""From pay-as-you-go to subscription and back: the billing of a managed workspace (foasconsole 2021-10-28)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import WORKSPACES, allowed_by
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.foasconsole import PRODUCT, VERSION, Workspace, succeeded
from alicloud.foasconsole_namespaces import Namespace
from alicloud.foasconsole_prices import term
from alicloud.foasconsole_scaling import all_ready

BILLING = {"PRE": "subscription", "POST": "pay-as-you-go"}
_OTHER = {"PRE": "POST", "POST": "PRE"}


@dataclass(frozen=True)
class BillingSpec:
    """The billing that is wanted: `charge_type` PRE (a subscription of `months`) or POST (pay-as-you-go)."""

    region: str
    charge_type: str
    months: int
    auto_renew: bool


@allowed_by("stream:ConvertInstance", WORKSPACES)
def convert_instance(spec: BillingSpec, workspace: Workspace, namespaces: Sequence[Namespace]) -> Call[None]:
    """Make a subscription of pay-as-you-go; it is paid at once.

    Once only: it buys a term, and has no ClientToken. Source: foasconsole 2021-10-28, ConvertInstance.
    """
    parameters = {
        "Region": spec.region,
        "InstanceId": workspace.instance_id,
        "NamespaceResourceSpecs": namespace_specs(workspace, namespaces),
        "IsAutoRenew": "true" if spec.auto_renew else "false",
        **term(spec.months),
    }
    return _conversion("ConvertInstance", workspace, "PRE", parameters)


@allowed_by("stream:ConvertPrepayInstance", WORKSPACES)
def convert_prepay_instance(region: str, workspace: Workspace) -> Call[None]:
    """Make pay-as-you-go of a subscription.

    Once only: it gives up a term that was paid. Source: foasconsole 2021-10-28, ConvertPrepayInstance.
    """
    parameters = {"Region": region, "InstanceId": workspace.instance_id}
    return _conversion("ConvertPrepayInstance", workspace, "POST", parameters)


def billing_key(instance_id: str, charge_type: str) -> str:
    """Give the key of the billing: whoever reads it knows that what was to bring it has done so."""
    return f"workspace/{instance_id}/billing/{charge_type}"


def conversion_changes(spec: BillingSpec, workspace: Workspace, namespaces: Sequence[Namespace]) -> list[Call[Any]]:
    """Decide whether the billing must be converted.

    Raises:
        Unmet: a namespace is being changed, or the cloud tells a billing that we do not know.
    """
    if workspace.charge_type == spec.charge_type:
        return []
    if workspace.charge_type not in BILLING:
        raise Unmet(
            f"The billing of workspace {workspace.name} is {workspace.charge_type or '(not told)'}, which is none of "
            f"{', '.join(BILLING)}.",
            remedy="Convert it in the console.",
        )
    if spec.charge_type == "POST":
        return [convert_prepay_instance(spec.region, workspace)]
    if not all_ready(namespaces):
        raise Unmet(
            f"A namespace of workspace {workspace.name} is being changed.", remedy="Retry this run in a minute."
        )
    return [convert_instance(spec, workspace, namespaces)]


def namespace_specs(workspace: Workspace, namespaces: Sequence[Namespace]) -> str:
    """Write the size of each namespace, as it is; what none of them holds goes to the default one, or it would be lost.

    UNCONFIRMED: that the subscription has the sum of its namespaces.
    """
    sizes = {each.name: each.cpu for each in namespaces}
    free = workspace.cpu - sum(each.cpu for each in namespaces if not each.ha)
    taker = f"{workspace.name}-default" if f"{workspace.name}-default" in sizes else next(iter(sizes), "")
    if taker and free > 0:
        sizes[taker] += free
    rows = [{"Namespace": name, "ResourceSpec": {"Cpu": cus, "MemoryGB": 4 * cus}} for name, cus in sizes.items()]
    return json.dumps(rows, separators=(",", ":"))


def _conversion(action: str, workspace: Workspace, charge_type: str, parameters: dict[str, str]) -> Call[None]:
    change = Change("billing", BILLING[_OTHER[charge_type]], BILLING[charge_type])
    call: Call[None] = Call(
        PRODUCT,
        VERSION,
        action,
        Kind.ONCE,
        lambda body: _nothing(succeeded(body)),
        parameters,
        means=f"convert workspace {workspace.name} ({workspace.instance_id}) to {BILLING[charge_type]}",
        makes=billing_key(workspace.instance_id, charge_type),
    )
    return replace(call, changes=(change,))


def _nothing(_body: Any) -> None:
    return None
