"""alibabacloud_vpc20160428 against the emulator."""

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from tests.emulator.clients.actions import expected
from tests.emulator.clients.paging import by_number
from tests.emulator.clients.walks import vpc

REGION = {"RegionId": "cn-hangzhou"}
IDS = [f"{i}" for i in range(5)]
VSWITCHES = [{"id": f"vsw-{i}", "cidr": f"10.0.{i}.0/24", "zone": "cn-hangzhou-h"} for i in IDS]
NETWORKS = {
    "vpc": {
        "vpcs": [
            {"id": "vpc-0", "cidr": "10.0.0.0/8", "name": "one", "vswitches": VSWITCHES},
            *({"id": f"vpc-{i}"} for i in IDS[1:]),
        ]
    }
}


def test_nothing_of_any_reply_is_lost(v2, wait):
    client = v2("vpc")

    vpc.walk(client, wait)

    assert client.called == expected("alibabacloud_*", "vpc")


def test_networks_are_read_to_the_last_page(v2, sow):
    sow(NETWORKS)

    networks = by_number(v2("vpc"), "DescribeVpcs", "Vpcs.Vpc", **REGION)
    vswitches = by_number(v2("vpc"), "DescribeVSwitches", "VSwitches.VSwitch", VpcId="vpc-0", **REGION)

    assert sorted(row["VpcId"] for row in networks) == [f"vpc-{i}" for i in IDS]
    assert sorted(row["VSwitchId"] for row in vswitches) == [f"vsw-{i}" for i in IDS]


def test_a_client_token_makes_one_network(v2):
    client, wanted = v2("vpc"), {**REGION, "ClientToken": "once", "CidrBlock": "10.0.0.0/8"}
    first = client("CreateVpc", **wanted)["VpcId"]

    second = client("CreateVpc", **wanted)["VpcId"]

    assert second == first
    with pytest.raises(ClientException) as refused:
        client.send("CreateVpc", **{**wanted, "CidrBlock": "172.16.0.0/12"})
    assert refused.value.status_code in (400, 403)


def test_a_network_in_use_is_not_deleted(v2, sow):
    sow(NETWORKS)

    with pytest.raises(ClientException) as refused:
        v2("vpc").send("DeleteVpc", VpcId="vpc-0", **REGION)

    assert "DependencyViolation" in refused.value.code
