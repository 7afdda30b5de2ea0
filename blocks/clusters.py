"""What Flink runs on: an exclusive cluster, or a managed workspace."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blocks.names import ClusterName, OptionalOrderId, Specification, Text, WorkspaceName
from blocks.section import Section


class Nodes(Section):
    """Nodes of one kind in an exclusive order (R13)."""

    specification: Specification = Field(title="Specification", description="e.g. Ecs_8c32g")
    number: int = Field(ge=1, le=1000, title="Number")


USUAL_MASTER = Nodes(specification="Ecs_4c16g", number=3)
USUAL_SLAVE = Nodes(specification="Ecs_8c32g", number=3)


class ExclusiveCluster(Section):
    """An exclusive cluster on an existing, paid order (R12 to R14, R21)."""

    mode: Literal["exclusive"] = Field("exclusive", title="Mode")
    name: ClusterName = Field(title="Cluster name")
    description: Text = Field(title="Description", min_length=1)
    order_id: OptionalOrderId = Field(
        "", title="Order", description="Instance id of the paid order. Empty: the only one without a cluster."
    )
    order_product_code: str = Field(
        "blinkonecs",
        pattern=r"^[A-Za-z0-9_]{2,60}$",
        title="Product code of the order",
        description="As billing calls it; the vendor does not publish it.",
    )
    master: Nodes | None = Field(
        None, title="Master nodes of the order", description="See below. Left out: `scale` leaves them as they are."
    )
    slave: Nodes | None = Field(
        None, title="Slave nodes of the order", description="See below. Left out: `scale` leaves them as they are."
    )
    duration_months: int = Field(1, ge=1, le=36, title="Months", description="Of a renewal: 1 to 9, 12, 24 or 36.")
    auto_renew: bool = Field(False, title="Renew automatically", description="Off: renewals are left as they are.")
    expected_minutes: float = Field(30, gt=0, le=600, title="Expected minutes until RUNNING")
    timeout_minutes: float = Field(60, gt=0, le=1440, title="Minutes after which a ticket is due")
    poll_seconds: float = Field(45, ge=1, le=600, title="Seconds between two looks")

    @property
    def nodes(self) -> int:
        """How many addresses the cluster takes in its vSwitch."""
        return sum(nodes.number for nodes in self._expected)

    @property
    def machines(self) -> list[str]:
        """The specifications of its nodes."""
        return sorted({nodes.specification for nodes in self._expected})

    @property
    def _expected(self) -> tuple[Nodes, Nodes]:
        """The nodes that the order has as far as we know: of what is not said, those of the smallest usual order."""
        return self.master or USUAL_MASTER, self.slave or USUAL_SLAVE


class ManagedWorkspace(Section):
    """A workspace of fully managed Flink (R24)."""

    mode: Literal["managed"] = Field("managed", title="Mode")
    name: WorkspaceName = Field(title="Workspace name")
    charge_type: Literal["PayAsYouGo", "Subscription"] = Field("PayAsYouGo", title="Billing")
    compute_units: int = Field(ge=1, le=10_000, title="Compute units (CU)", description="1 CU = 1 vCPU and 4 GiB.")
    duration_months: int = Field(1, ge=1, le=36, title="Months", description="Subscription only.")
    auto_renew: bool = Field(False, title="Renew automatically", description="Subscription only.")
    storage: Literal["bucket", "managed"] = Field("bucket", title="Storage")
    expected_minutes: float = Field(10, gt=0, le=600, title="Expected minutes until RUNNING")
    timeout_minutes: float = Field(40, gt=0, le=1440, title="Minutes after which a ticket is due")
    poll_seconds: float = Field(20, ge=1, le=600, title="Seconds between two looks")

    @property
    def nodes(self) -> int:
        """Free addresses that we ask of the vSwitches: one per CU, and a margin for the service's own.

        UNCONFIRMED: the vendor publishes no formula for managed workspaces.
        """
        return self.compute_units + 4
