"""Every action of VPC once."""

from collections.abc import Callable
from typing import Any

SEED: dict[str, Any] = {}
REGION = "cn-hangzhou"
TAGS = [{"Key": "team", "Value": "data"}, {"Key": "cost", "Value": ""}]


def walk(call: Callable[..., Any], wait: Callable[[float], None]) -> None:
    region = {"RegionId": REGION}
    network = {"VpcId": call("CreateVpc", **region, VpcName="net", CidrBlock="10.0.0.0/8", Tag=TAGS)["VpcId"]}
    wait(5)
    where = {**region, **network, "CidrBlock": "10.0.1.0/24", "ZoneId": "cn-hangzhou-h"}
    subnet = {"VSwitchId": call("CreateVSwitch", **where, VSwitchName="sub", ClientToken="t", Tag=TAGS)["VSwitchId"]}
    wait(5)
    call("ModifyVpcAttribute", **region, **network, VpcName="named", Description="for Flink")
    call("ModifyVSwitchAttribute", **region, **subnet, VSwitchName="named", Description="for Flink")
    call("DescribeVpcs", **region, **network)
    call("DescribeVpcAttribute", **region, **network)
    call("DescribeVSwitches", **network)
    call("DescribeVSwitchAttributes", **region, **subnet)
    call("DescribeZones", **region)
    call("DescribeRegions")
    call("DeleteVSwitch", **region, **subnet)
    wait(5)
    call("DeleteVpc", **region, **network)
