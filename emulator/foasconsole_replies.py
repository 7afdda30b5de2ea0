"""A workspace as DescribeInstances shows it."""

from __future__ import annotations

from typing import Any

from emulator import vpc
from emulator.foasconsole import Workspace, shown_spec
from emulator.foasconsole_life import expires_at, progress
from emulator.world import World

# UNCONFIRMED: the names and weights of the stages of a creation.
STAGES = (("CreateOrder", 5), ("PrepareNetwork", 25), ("CreateCluster", 50), ("InstallComponents", 20))


def shown(world: World, workspace: Workspace, status: str, order_state: str) -> dict[str, Any]:
    facts = {
        **_identity(world, workspace),
        **_network(world, workspace),
        **_resources(workspace),
        "ClusterStatus": status,
        "ClusterState": _cluster_state(world, workspace, status),
        "OrderState": order_state,
        "Storage": _storage(workspace, order_state),
        "OssInfo": {
            "AccessId": "",
            "AccessKey": "",
            "Bucket": workspace.bucket,
            "BucketVersioningStatus": "",
            "Endpoint": f"oss-{workspace.region}-internal.aliyuncs.com",
        },
        "HostAliases": [],
        "AskClusterId": "",
        "Ansm": False,
        "DeletionProtection": False,
        "SupportDisasterRecoveryDrill": False,
    }
    if workspace.charge_type == "PRE":
        facts["ResourceExpiredTime"] = int(expires_at(world, workspace) * 1000)
    return facts


def _identity(world: World, workspace: Workspace) -> dict[str, Any]:
    return {
        "InstanceId": workspace.instance_id,
        "InstanceName": workspace.name,
        "ResourceId": workspace.resource_id,
        "Region": workspace.region,
        "ZoneId": workspace.zone,
        "Uid": world.account_id,
        "ChargeType": workspace.charge_type,
        "ArchitectureType": workspace.architecture,
        "MonitorType": workspace.monitor_type,
        "ResourceGroupId": workspace.resource_group_id,
        "ResourceCreateTime": int(workspace.created_at * 1000),
        "Tags": [{"Key": key, "Value": value} for key, value in workspace.tags.items()],
    }


def _network(world: World, workspace: Workspace) -> dict[str, Any]:
    network = vpc.find_vpc(world, workspace.vpc_id)
    info = {"VpcId": workspace.vpc_id, "RegionId": workspace.region}
    if network:
        info |= {
            "VpcName": network.name,
            "CidrBlock": network.cidr,
            "Description": network.description,
            "Status": network.status(world.now()),
        }
    plain = [_vswitch(world, vswitch_id) for vswitch_id in workspace.vswitch_ids]
    return {
        "VpcId": workspace.vpc_id,
        "VpcInfo": info,
        "VSwitchIds": list(workspace.vswitch_ids),
        # A text here, a number in HaVSwitchInfo. Source: foasconsole 2021-10-28, DescribeInstances.
        "VSwitchInfo": [{**row, "AvailableIpAddressCount": str(row["AvailableIpAddressCount"])} for row in plain],
        "Ha": workspace.ha,
        "HaZoneId": workspace.ha_zone,
        "HaVSwitchIds": list(workspace.ha_vswitch_ids),
        "HaVSwitchInfo": [_vswitch(world, vswitch_id) for vswitch_id in workspace.ha_vswitch_ids],
    }


def _vswitch(world: World, vswitch_id: str) -> dict[str, Any]:
    vswitch = vpc.find_vswitch(world, vswitch_id)
    if vswitch is None:
        return {"VSwitchId": vswitch_id, "AvailableIpAddressCount": 0}
    return {
        "VSwitchId": vswitch.id,
        "VSwitchName": vswitch.name,
        "VSwitchCidr": vswitch.cidr,
        "ZoneId": vswitch.zone,
        "RegionId": vswitch.region,
        "VpcId": vswitch.vpc_id,
        "Description": vswitch.description,
        "AvailableIpAddressCount": vpc.free_addresses(world, vswitch),
    }


def _resources(workspace: Workspace) -> dict[str, Any]:
    kinds = [f"{kind}Used{what}" for kind in ("Elastic", "Guaranteed", "Ha", "") for what in ("Cpu", "Memory")]
    used: dict[str, Any] = dict.fromkeys(kinds, 0.0)
    used |= {f"{kind}UsedResource": 0.0 for kind in ("Elastic", "Guaranteed", "Ha", "")}
    return {
        "ResourceSpec": shown_spec(workspace.cpu),
        "HaResourceSpec": shown_spec(workspace.ha_cpu),
        "Elastic": bool(workspace.elastic_instance_id),
        "ElasticInstanceId": workspace.elastic_instance_id,
        "ElasticOrderState": "NORMAL" if workspace.elastic_instance_id else "",
        "ElasticResourceSpec": shown_spec(workspace.elastic_cpu),
        "ClusterUsedResources": {"ClusterId": workspace.resource_id, "Ha": workspace.ha, **used},
        "ClusterUsedStorage": {"ClusterId": workspace.resource_id, "UsedStorage": 0.0},
    }


def _storage(workspace: Workspace, order_state: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "FullyManaged": not workspace.bucket,
        "OrderState": "" if workspace.bucket else order_state,
        "SupportCreateFullyManagedStorage": False,
        "SupportMigrationProgressDetection": False,
    }
    return {**facts, "Oss": {"Bucket": workspace.bucket}} if workspace.bucket else facts


def _cluster_state(world: World, workspace: Workspace, status: str) -> dict[str, Any]:
    done = progress(world, workspace)
    current = _stage(done * sum(weight for _, weight in STAGES))
    network = vpc.find_vpc(world, workspace.vpc_id)
    return {
        "ClusterId": workspace.resource_id,
        "Status": status,
        "SubStatus": STAGES[current - 1][0] if done < 1 else "",
        "CreateTimeout": False,
        "Url": f"https://vvp.console.aliyun.com/web/{workspace.resource_id}/zh/",
        "VpcCidr": network.cidr if network else "",
        "ClusterStage": {
            "ClusterId": workspace.resource_id,
            "CurrentStage": current,
            "Status": "RUNNING" if done < 1 else "SUCCESS",
            "Message": "",
            "TotalStageWithWeight": [
                {"StepIndex": index, "StepName": name, "Weight": weight}
                for index, (name, weight) in enumerate(STAGES, start=1)
            ],
        },
        "UserSlbDto": {"ExistSlb": False, "SlbId": "", "SlbIp": "", "SlbStatus": "", "UserSlbListeners": []},
    }


def _stage(weight_done: float) -> int:
    for index, (_, weight) in enumerate(STAGES, start=1):
        weight_done -= weight
        if weight_done < 0:
            return index
    return len(STAGES)
