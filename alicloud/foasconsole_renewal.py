"""The renewal of a subscribed workspace (foasconsole 2021-10-28): once for each end, however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import WORKSPACES, allowed_by
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.foasconsole import PRODUCT, VERSION, Workspace, succeeded
from alicloud.foasconsole_prices import term
from alicloud.renewal import due, moment, renewal_key


@dataclass(frozen=True)
class RenewalSpec:
    """What is wanted: that the workspace does not end within so many days; else it is renewed for `months`."""

    region: str
    months: int
    within_days: int


@allowed_by("stream:RenewVvpInstance", WORKSPACES)
def renew_instance(region: str, workspace: Workspace, months: int) -> Call[None]:
    """Prolong a subscription, which is paid at once.

    Once only: each call prolongs it again. The key holds the end that it is counted from, so that the same renewal is
    never sent twice, and the next one may be. Source: foasconsole 2021-10-28, RenewInstance.
    """
    ends = moment(workspace.expires_ms / 1000)
    return Call(
        PRODUCT,
        VERSION,
        "RenewInstance",
        Kind.ONCE,
        lambda body: _nothing(succeeded(body)),
        {"Region": region, "InstanceId": workspace.instance_id, **term(months)},
        means=f"renew workspace {workspace.name} ({workspace.instance_id}) from {ends} by {months} "
        f"month{'s' if months > 1 else ''}",
        makes=renewal_key(workspace.instance_id, ends),
        changes=(Change("ends", ends, f"{months} month{'s' if months > 1 else ''} later"),),
    )


def renewal_changes(desired: RenewalSpec, workspace: Workspace, now: float) -> list[Call[Any]]:
    """Decide whether the workspace must be renewed now.

    Raises:
        Unmet: the cloud does not tell when the subscription ends.
    """
    if workspace.charge_type != "PRE":
        return []
    if workspace.expires_ms <= 0:
        raise Unmet(
            f"The cloud does not tell when workspace {workspace.name} ({workspace.instance_id}) ends.",
            remedy="Renew it in the console.",
        )
    if not due(workspace.expires_ms / 1000, now, desired.within_days, desired.months):
        return []
    return [renew_instance(desired.region, workspace, desired.months)]


def _nothing(_body: object) -> None:
    return None
