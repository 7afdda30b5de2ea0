"""What a cluster of exclusive mode has to share out, and the queues that it is shared out to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import CLUSTERS, allowed_by
from alicloud.foas import ABSENT_CLUSTER, PRODUCT, VERSION, cluster_path

# 1 CU = 1 vCPU and 4 GiB. Source: foas 2018-11-11, CreateQueue.
VCORES_PER_CU = 100
MIB_PER_CU = 4096


@dataclass(frozen=True)
class ClusterResource:
    """What the slaves of a cluster hold."""

    total_vcores: int
    total_mib: int

    @property
    def cus(self) -> int:
        return min(self.total_vcores // VCORES_PER_CU, self.total_mib // MIB_PER_CU)


@dataclass(frozen=True)
class Queue:
    """A share of a cluster: jobs in it may take up to `max_*`."""

    cluster_id: str
    name: str
    max_vcores: int
    used_vcores: int
    max_mib: int
    used_mib: int

    @property
    def cus(self) -> int:
        # Rounded: the cloud answers 599 vcores for 600. Source: foas 2018-11-11, sample of GetClusterQueueInfo.
        return min(round(self.max_vcores / VCORES_PER_CU), round(self.max_mib / MIB_PER_CU))

    @property
    def used_cus(self) -> float:
        return max(self.used_vcores / VCORES_PER_CU, self.used_mib / MIB_PER_CU)


@allowed_by("stream:GetClusterResource", CLUSTERS)
def get_cluster_resource(cluster_id: str) -> Call[ClusterResource | None]:
    """Read how much the cluster has. Source: foas 2018-11-11, GetClusterResource."""
    return Call(
        PRODUCT,
        VERSION,
        "GetClusterResource",
        Kind.READ,
        lambda body: _resource(body["Resource"]),
        method="GET",
        path=cluster_path(cluster_id, "resource"),
        absent=ABSENT_CLUSTER,
    )


@allowed_by("stream:GetClusterQueueInfo", CLUSTERS)
def get_cluster_queue_info(cluster_id: str) -> Call[tuple[Queue, ...]]:
    """Read all queues of a cluster. Source: foas 2018-11-11, GetClusterQueueInfo."""
    return Call(
        PRODUCT,
        VERSION,
        "GetClusterQueueInfo",
        Kind.READ,
        lambda body: tuple(_queue(row) for row in body["Queues"]["Queue"]),
        method="GET",
        path=cluster_path(cluster_id, "queueinfo"),
        absent=ABSENT_CLUSTER,
        missing=(),
    )


def _resource(row: Mapping[str, Any]) -> ClusterResource:
    return ClusterResource(
        total_vcores=int(row["TotalVirtualCores"]),
        total_mib=int(row["TotalMB"]),
    )


def _queue(row: Mapping[str, Any]) -> Queue:
    external = json.loads(row.get("ExternalInfo") or "{}")

    def number(name: str) -> int:
        # A number that is too large is shown as -9999; the real one stands in ExternalInfo.
        value = int(row[name])
        return int(external[name[0].lower() + name[1:]]) if value == -9999 else value

    return Queue(
        cluster_id=row["ClusterId"],
        name=row["QueueName"],
        max_vcores=number("MaxVCore"),
        used_vcores=number("UsedVCore"),
        max_mib=number("MaxMem"),
        used_mib=number("UsedMem"),
    )
