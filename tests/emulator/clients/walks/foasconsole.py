"""Every action of foasconsole once: a subscription, its changes, its namespaces, and the service for AI."""

from collections.abc import Callable
from typing import Any

SEED: dict[str, Any] = {
    "vpc": {
        "vpcs": [
            {
                "id": "vpc-1",
                "name": "flink",
                "cidr": "10.0.0.0/8",
                "vswitches": [
                    {"id": "vsw-1", "cidr": "10.0.1.0/24", "zone": "cn-hangzhou-h"},
                    {"id": "vsw-2", "cidr": "10.0.2.0/24", "zone": "cn-hangzhou-h"},
                ],
            }
        ]
    },
    "oss": {"buckets": [{"name": "flink-udf"}]},
    "bssopenapi": {"balance": 100_000},
}
HERE = {"Region": "cn-hangzhou"}
MONTH = {"Duration": 1, "PricingCycle": "Month"}
WANTED = {
    **HERE,
    "InstanceName": "orders",
    "VpcId": "vpc-1",
    "VSwitchIds": ["vsw-1", "vsw-2"],
    "ResourceSpec": {"Cpu": 10, "MemoryGB": 40},
}
BUCKET = {"Oss": {"Bucket": "flink-udf"}}

Call = Callable[..., Any]
Wait = Callable[[float], None]


def spec(cpu: int) -> dict[str, Any]:
    return {"ResourceSpec": {"Cpu": cpu, "MemoryGB": 4 * cpu}}


def walk(call: Call, wait: Wait) -> None:
    call("DescribeSupportedRegions")
    call("DescribeSupportedZones", **HERE)
    call("QueryCreateInstancePrice", **WANTED, **MONTH, ChargeType="PRE", Storage=BUCKET)
    mine = workspace(call, wait)
    prices(call, mine)
    changes(call, wait, mine)
    namespaces(call, wait, mine)
    tags(call, mine["InstanceId"])
    conversions(call, wait, mine)
    call("DeleteInstance", **mine)
    service_for_ai(call)


def workspace(call: Call, wait: Wait) -> dict[str, Any]:
    tag = [{"Key": "a", "Value": "b"}]
    reply = call("CreateInstance", **WANTED, **MONTH, ChargeType="PRE", Storage=BUCKET, Tag=tag)
    mine = {**HERE, "InstanceId": reply["OrderInfo"]["InstanceId"]}
    call("DescribeInstances", **mine)
    wait(600)
    call("DescribeInstances", **HERE, InstanceName="orders", PageIndex=1, PageSize=10, Tags=tag)
    return mine


def prices(call: Call, mine: dict[str, Any]) -> None:
    call("QueryModifyInstancePrice", **mine, **spec(20))
    call("QueryRenewInstancePrice", **mine, **MONTH)
    call("QueryConvertPrepayInstancePrice", **mine)
    call("QueryConvertInstancePrice", **mine, **MONTH, IsAutoRenew=False, NamespaceResourceSpecs=shares())


def shares() -> list[dict[str, Any]]:
    return [{"Namespace": "orders-default", **spec(10)}]


def changes(call: Call, wait: Wait, mine: dict[str, Any]) -> None:
    call("RenewInstance", **mine, **MONTH)
    for action, cpu in (("ModifyInstanceSpec", 12), ("ModifyPrepayInstanceSpec", 14), ("ConvertHybridInstance", 4)):
        call(action, **mine, **spec(cpu))
        wait(300)
    call("ModifyElasticResourceSpec", **mine, **spec(5))
    wait(300)
    call("DescribeInstances", **mine)
    call("ModifyInstanceVswitch", InstanceId=mine["InstanceId"], HaVSwitchIds=[], VSwitchIds=["vsw-2"])
    wait(300)


def namespaces(call: Call, wait: Wait, mine: dict[str, Any]) -> None:
    new = {**mine, "Namespace": "orders-new"}
    call("CreateNamespace", **new, **spec(2))
    wait(20)
    call("DescribeNamespaces", **mine, PageIndex=1, PageSize=10)
    call("ModifyPrepayNamespaceSpec", **new, **spec(3))
    wait(20)
    call("ModifyNamespaceSpecV2", **new, Ha=False, GuaranteedResourceSpec={"Cpu": 4, "MemoryGB": 16})
    wait(20)
    call("DescribeNamespaces", **new)
    call("DeleteNamespace", **new)
    wait(20)


def tags(call: Call, instance_id: str) -> None:
    tagged = {"RegionId": "cn-hangzhou", "ResourceType": "vvpinstance", "ResourceId": [instance_id]}
    call("TagResources", **tagged, Tag=[{"Key": "k", "Value": "v"}])
    call("ListTagResources", **tagged)
    call("UntagResources", **tagged, TagKey=["k"])


def conversions(call: Call, wait: Wait, mine: dict[str, Any]) -> None:
    call("ConvertPrepayInstance", **mine)
    wait(300)
    call("ConvertInstance", **mine, **MONTH, IsAutoRenew=False, NamespaceResourceSpecs=shares())
    wait(300)
    call("ConvertPrepayInstance", **mine)
    wait(300)


def service_for_ai(call: Call) -> None:
    call("OpenFlinkAiService", **HERE)
    call("GetFlinkAiService", **HERE)
    call("GetFlinkAiServiceFreeQuota", **HERE)
    call("ModifyAiServiceProtection", **HERE, DeletionProtection=False)
    call("CloseFlinkAiService", **HERE)
