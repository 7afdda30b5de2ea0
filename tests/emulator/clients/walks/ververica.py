"""Every action of ververica once, in a workspace that runs."""

from collections.abc import Callable
from typing import Any

from tests.emulator.clients.walks import foasconsole

SEED: dict[str, Any] = {
    **foasconsole.SEED,
    "ram": {"users": [{"name": "alice"}]},
    "foasconsole": {
        "workspaces": [
            {
                "name": "orders",
                "vpc_id": "vpc-1",
                "vswitch_ids": ["vsw-1"],
                "bucket": "flink-udf",
                "cpu": 10,
                "status": "RUNNING",
            }
        ]
    },
}
JAR = {"name": "udf", "jarUrl": "oss://flink-udf/a.jar", "dependencyJarUris": ["oss://flink-udf/b.jar"]}

Call = Callable[..., Any]


def walk(call: Call, user_id: str) -> None:
    """Walk with a `call` that knows workspace and namespace."""
    members(call, user_id)
    targets(call)
    call("CreateUdfArtifact", body=JAR)
    call("GetUdfArtifacts")


def members(call: Call, user_id: str) -> None:
    alice = f"user:{user_id}"
    call("CreateMember", body={"member": alice, "role": "VIEWER"})
    call("UpdateMember", body={"member": alice, "role": "EDITOR"})
    call("GetMember", member=alice)
    call("ListMembers", pageIndex=1, pageSize=10)
    call("DeleteMember", member=alice)


def targets(call: Call) -> None:
    small = {"deployment_target_name": "small"}
    call("CreateDeploymentTarget", deploymentTargetName="small", body={"cpu": 1.0, "memory": "4 GiB"})
    call("ListDeploymentTargets", pageIndex=1, pageSize=10)
    call("UpdateDeploymentTarget", **small, body={"cpu": 2.5, "memory": "8 GiB"})
    call("DeleteDeploymentTarget", **small)
