"""Every action of ECS once."""

import json
from collections.abc import Callable
from typing import Any

NETWORK = {
    "id": "vpc-1",
    "name": "net",
    "cidr": "10.0.0.0/8",
    "vswitches": [{"id": "vsw-1", "cidr": "10.0.1.0/24", "zone": "cn-hangzhou-h"}],
}
SEED: dict[str, Any] = {"vpc": {"vpcs": [NETWORK]}}
REGION = {"RegionId": "cn-hangzhou"}
TAGS = [{"Key": "team", "Value": "data"}]
SSH = [{"IpProtocol": "tcp", "PortRange": "22/22", "SourceCidrIp": "10.0.0.0/8", "Description": "ssh", "Priority": "2"}]

Call = Callable[..., Any]


def walk(call: Call, wait: Callable[[float], None]) -> None:
    group, other = security_groups(call)
    interface = interfaces(call, group, other)
    call("DescribeZones", **REGION)
    call("DescribeRegions")
    call("DescribeAvailableResource", **REGION, DestinationResource="InstanceType", Cores=4, Memory=16.0)
    call("RevokeSecurityGroup", **REGION, SecurityGroupId=group, Permissions=SSH)
    call("DeleteNetworkInterface", **REGION, NetworkInterfaceId=interface)
    wait(10)
    call("DeleteSecurityGroup", **REGION, SecurityGroupId=group)


def security_groups(call: Call) -> tuple[str, str]:
    made = {**REGION, "VpcId": "vpc-1", "Tag": TAGS}
    group = call("CreateSecurityGroup", **made, SecurityGroupName="one", Description="the first")["SecurityGroupId"]
    other = call("CreateSecurityGroup", **made, SecurityGroupName="two")["SecurityGroupId"]
    call("AuthorizeSecurityGroup", **REGION, SecurityGroupId=group, Permissions=SSH)
    member = [{"IpProtocol": "ALL", "PortRange": "-1/-1", "SourceGroupId": other}]
    call("AuthorizeSecurityGroup", **REGION, SecurityGroupId=group, Permissions=member)
    call("DescribeSecurityGroups", **REGION, SecurityGroupIds=json.dumps([group, other]))
    call("DescribeSecurityGroupAttribute", **REGION, SecurityGroupId=group)
    call("DescribeSecurityGroupReferences", **REGION, SecurityGroupId=[group, other])
    return group, other


def interfaces(call: Call, group: str, other: str) -> str:
    wanted = {"VSwitchId": "vsw-1", "SecurityGroupIds": [group, other], "NetworkInterfaceName": "eni", "Tag": TAGS}
    reply = call("CreateNetworkInterface", **REGION, **wanted, SecondaryPrivateIpAddressCount=1)
    call("DescribeNetworkInterfaces", **REGION, NetworkInterfaceId=[reply["NetworkInterfaceId"]])
    return str(reply["NetworkInterfaceId"])
