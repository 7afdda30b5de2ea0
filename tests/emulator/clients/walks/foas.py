"""Every action of foas once, on an order that was paid."""

import json
from collections.abc import Callable
from typing import Any

ORDER = "blinkonecs_cn-order-0001"
SEED: dict[str, Any] = {
    "ram": {
        "roles": [
            {
                "name": "AliyunStreamDefaultRole",
                "service": "stream.aliyuncs.com",
                "policies": ["AliyunStreamRolePolicy", "AliyunVPCFullAccess", "AliyunECSFullAccess"],
            }
        ]
    },
    "vpc": {
        "vpcs": [
            {
                "id": "vpc-1",
                "name": "flink",
                "cidr": "10.0.0.0/8",
                "vswitches": [{"id": "vsw-1", "cidr": "10.0.1.0/24", "zone": "cn-hangzhou-h"}],
            }
        ]
    },
    "oss": {"buckets": [{"name": "flink-udf", "objects": [{"key": "udf/a.jar", "text": "a jar"}]}]},
    "bssopenapi": {
        "orders": [{"product_code": "blinkonecs", "instance_id": ORDER, "region": "cn-hangzhou", "paid": True}],
    },
    "foas": {"orders": [{"instance_id": ORDER, "region": "cn-hangzhou", "pay_model": "post"}]},
}
CLUSTER = {
    "orderId": ORDER,
    "displayName": "orders",
    "description": "for orders",
    "userOssBucket": "flink-udf",
    "userVpcId": "vpc-1",
    "userVSwitch": "vsw-1",
    "zoneId": "cn-hangzhou-h",
}
QUEUE = "root.clicks"

Call = Callable[..., Any]
Wait = Callable[[float], None]


def walk(call: Call, wait: Wait) -> None:
    at = cluster(call, wait)
    projects(call, at)
    packages(call)
    tags(call, at["clusterId"])
    call("UnbindQueue", projectName="clicks", queueName=QUEUE, **at)
    call("DeleteQueue", queueName=QUEUE, **at)
    call("DeleteProject", projectName="clicks")
    changes(call, wait, at)


def cluster(call: Call, wait: Wait) -> dict[str, str]:
    at = {"clusterId": call("CreateCluster", **CLUSTER)["ClusterId"]}
    wait(1800)
    call("ListCluster", displayName="orders", pageIndex=1, pageSize=10)
    call("GetClusterDetails", **at)
    call("GetClusterResource", **at)
    call("GetClusterEngineVersions", **at)
    call("GetClusterMetrics", **at, metricJson='{"queries":[{"metric":"system.cpu.user"}]}')
    call("CreateQueue", **at, queueName=QUEUE, maxVcore=200, maxMemMB=8192)
    call("UpdateQueue", **at, queueName=QUEUE, maxVcore=300, maxMemMB=12288)
    call("GetClusterQueueInfo", **at)
    return at


def projects(call: Call, at: dict[str, str]) -> None:
    on = {"projectName": "clicks"}
    call("CreateProject", deployType="cell", name="clicks", description="ä & <b>", **at)
    call("GetProject", **on)
    call("ListJob", **on)
    call("ListProject", **at)
    call("UpdateProject", **on, globalJobConfig="a=b")
    call("UpdateProjectConfig", ProjectName="clicks", IsOpenBatchSQL="true")
    call("BindQueue", **on, **at, queueName=QUEUE)
    call("ListProjectBindQueue", **on)
    call("ListProjectBindQueueResource", **on)


def packages(call: Call) -> None:
    on, package = {"projectName": "clicks"}, {"projectName": "clicks", "packageName": "a.jar"}
    call("CreatePackage", **package, type="JAR", ossBucket="flink-udf", ossPath="udf/a.jar", description="one")
    call("UpdatePackage", **package, description="two")
    call("GetPackage", **package)
    call("ListPackage", **on, pageIndex=1, pageSize=10)
    call("GetRefPackageJob", **package)
    call("DeletePackage", **package)


def tags(call: Call, cluster_id: str) -> None:
    call("TagResources", ResourceIds=json.dumps([cluster_id]), Tags='[{"Key":"k","Value":"v"}]')
    call("ListTagResources", ResourceIds=cluster_id)
    call("UntagResources", ResourceIds=cluster_id, All=True)


def changes(call: Call, wait: Wait, at: dict[str, str]) -> None:
    call("ExpandCluster", **at, count=4)
    wait(600)
    nodes = json.loads(call("GetClusterDetails", **at)["Details"]["InstanceInfos"])
    call("ShrinkCluster", **at, instanceIds=nodes["slave"][0]["instanceId"])
    wait(600)
    call("ModifyMasterSpec", **at, masterTargetModel="Ecs_8c32g")
    wait(600)
    call("DestroyCluster", **at)
