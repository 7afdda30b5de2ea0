from types import SimpleNamespace

import pytest

from alicloud.errors import Unmet
from alicloud.snapshot import Ledger
from alicloud.vpc import Vpc
from blocks.environment import AttachedStorage
from tasks.attached_storage import check_attached_storage

VPC = Vpc("vpc-ours", "ours", "10.0.0.0/8", "Available", "cn-hangzhou")
HERE = {"region": "cn-hangzhou"}


def check(*storages):
    cloud = SimpleNamespace(region="cn-hangzhou", ledger=Ledger())
    check_attached_storage.fn(cloud, [AttachedStorage(**storage) for storage in storages], VPC)


@pytest.mark.requirement("R15")
def test_storage_in_region_and_vpc_or_behind_a_private_connection_is_in_reach():
    check(
        {"name": "public-log", **HERE},
        {"name": "orders-db", "vpc_id": "vpc-ours", **HERE},
        {"name": "lake", "vpc_id": "vpc-other", "connected": True, **HERE},
    )


@pytest.mark.requirement("R15")
def test_each_storage_out_of_reach_is_named_with_its_remedy():
    with pytest.raises(Unmet) as refused:
        check(
            {"name": "far", "region": "cn-beijing"},
            {"name": "near", **HERE},
            {"name": "next-door", "vpc_id": "vpc-other", **HERE},
            {"name": "far-and-connected", "region": "cn-beijing", "vpc_id": "vpc-other", "connected": True},
        )

    assert refused.value.message.splitlines() == [
        "far is in cn-beijing, the cluster in cn-hangzhou: move or replicate it to cn-hangzhou.",
        "next-door is in vpc-other, the cluster in vpc-ours: connect the VPCs (Express Connect), then set "
        "`connected: true`.",
        "far-and-connected is in cn-beijing, the cluster in cn-hangzhou: move or replicate it to cn-hangzhou.",
    ]
