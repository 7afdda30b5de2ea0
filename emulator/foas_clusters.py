"""Exclusive clusters: making, changing, describing and destroying them."""

from __future__ import annotations

import json
from typing import Any

from emulator import ecs
from emulator.foas import (
    COMPUTE_UNITS,
    MEGABYTES,
    VCORES,
    Cluster,
    Order,
    State,
    checked,
    milliseconds,
    user_id,
)
from emulator.foas_creation import (
    check_bucket,
    check_pass_role,
    check_role,
    check_stock,
    check_vpc,
    check_vswitch,
    make_nodes,
)
from emulator.foas_life import begin, find_cluster, running_cluster, settle
from emulator.foas_orders import usable_order
from emulator.pages import by_index
from emulator.request import Refusal, Request
from emulator.world import World

NAME = "[a-z][a-z0-9_]{2,63}"  # Source: ROS resource ALIYUN::FOAS::Cluster
MINIMUM_SLAVES = 2  # Source: foas 2018-11-11, CreateCellClusterOrder and ShrinkCluster


def create_cluster(world: World, request: Request) -> dict[str, Any]:
    """Make the cluster of an order; half an hour later it is RUNNING. Source: foas 2018-11-11, CreateCluster."""
    names = ("displayName", "userOssBucket", "userVpcId", "userVSwitch", "zoneId")
    name, bucket, vpc_id, vswitch_id, zone = request.required(*names)
    order = usable_order(world, request)
    checked(NAME, "displayName", name)
    _check_name_is_free(world, name, order.region)
    check_role(world)
    check_pass_role(world, request)
    check_bucket(world, bucket, order.region)
    check_vpc(world, vpc_id, order.region)
    check_vswitch(world, vswitch_id, vpc_id, zone, order.master_number + order.slave_number)
    check_stock(world, zone, order.master_spec, order.slave_spec)

    description, operator = request.text("description"), user_id(request.caller)
    cluster = make_cluster(world, order, name, description, bucket, vpc_id, vswitch_id, zone, operator)
    return {"ClusterId": cluster.cluster_id}


def make_cluster(
    world: World,
    order: Order,
    name: str,
    description: str,
    bucket: str,
    vpc_id: str,
    vswitch_id: str,
    zone: str,
    operator: str,
) -> Cluster:
    """Make a cluster and what the service makes in the customer's VPC: a security group, an interface per node."""
    cluster_id = world.identifiers.letters(24)
    group_id = ecs.make_service_security_group(world, vpc_id, order.region, f"flink-{cluster_id}")
    masters = make_nodes(world, vswitch_id, group_id, "master", order.master_spec, order.master_number)
    slaves = make_nodes(world, vswitch_id, group_id, "slave", order.slave_spec, order.slave_number)
    cluster = Cluster(
        cluster_id=cluster_id,
        name=name,
        description=description,
        order_id=order.instance_id,
        region=order.region,
        zone=zone,
        bucket=bucket,
        vpc_id=vpc_id,
        vswitch_ids=[vswitch_id],
        security_group_id=group_id,
        operator=operator,
        created_at=world.now(),
        modified_at=world.now(),
        pay_model=order.pay_model,
        nodes=masters + slaves,
    )
    begin(world, cluster, "STARTING", world.delays.cluster)
    world.part(State).clusters[cluster_id] = cluster
    order.cluster_id = cluster_id
    return cluster


def list_cluster(world: World, request: Request) -> dict[str, Any]:
    settle(world)
    region = request.text("region") or request.region
    # UNCONFIRMED: displayName matches exactly.
    wanted = (request.text("clusterId"), request.text("displayName"), request.text("state"))
    clusters = world.part(State).clusters.values()
    rows = [row for row in clusters if _matches(row, wanted) and region in ("", row.region)]
    page, facts = by_index(request, rows, capital=False)
    return {**facts, "Clusters": {"Cluster": [_shown(world, cluster) for cluster in page]}}


def get_cluster_details(world: World, request: Request) -> dict[str, Any]:
    cluster = find_cluster(world, request, request.path.get("clusterId", ""))
    details = {
        "StorageType": "HDFS",
        "UserOssInfo": _oss_facts(cluster),
        "UserVpcId": cluster.vpc_id,
        "UserSGId": cluster.security_group_id,
        "UserVSwitchList": json.dumps(cluster.vswitch_ids),
        "IsMixDeploy": False,
        "InstanceInfos": _instance_facts(cluster),
    }
    return {"Details": {**_shown(world, cluster), **details}}


def get_cluster_resource(world: World, request: Request) -> dict[str, Any]:
    """Say what jobs take of the cluster: nothing, as no job runs here. What queues reserve does not count as allocated.

    Source: foas 2018-11-11, samples of GetClusterResource and ListProjectBindQueueResource.
    """
    units = find_cluster(world, request, request.path.get("clusterId", "")).units()
    return {
        "Resource": {
            "TotalMB": units * MEGABYTES,
            "AllocatedMB": 0,
            "AvailableMB": units * MEGABYTES,
            "TotalVirtualCores": units * VCORES,
            "AllocatedVirtualCores": 0,
            "AvailableVirtualCores": units * VCORES,
        }
    }


def get_cluster_engine_versions(world: World, request: Request) -> dict[str, Any]:
    find_cluster(world, request, request.path.get("clusterId", ""))
    return {"EngineVersions": {"EngineVersion": ["current--blink-3.4.4", "blink-3.6.8", "blink-3.7.10"]}}


def get_cluster_metrics(world: World, request: Request) -> dict[str, Any]:
    """Answer every query with a series of one point: an idle cluster."""
    find_cluster(world, request, request.path.get("clusterId", ""))
    request.required("metricJson")
    wanted = request.json("metricJson")
    queries = wanted.get("queries") if isinstance(wanted, dict) else None
    if not isinstance(queries, list) or not all(isinstance(query, dict) for query in queries):
        raise Refusal(400, "InvalidMetricJson", "The specified metricJson has no list of queries.")
    now = str(int(world.now()))
    series = [{"MetricName": str(query.get("metric", "")), "Summary": 0.0, "Dps": {now: 0.0}} for query in queries]
    return {"Metrics": {"Metric": [{**one, "Tags": {}} for one in series]}}


def destroy_cluster(world: World, request: Request) -> dict[str, Any]:
    """Release a pay-as-you-go cluster for good. UNCONFIRMED: it is refused while a project is on it."""
    cluster = _changeable(world, request)
    names = [
        project.name for project in world.part(State).projects.values() if project.cluster_id == cluster.cluster_id
    ]
    if names:
        raise Refusal(400, "ClusterInUse", f"The cluster still has projects: {', '.join(names[:5])}.")

    begin(world, cluster, "DESTROYING", world.delays.cluster_destruction)
    world.part(State).queues.pop(cluster.cluster_id, None)
    return {}


def expand_cluster(world: World, request: Request) -> dict[str, Any]:
    """Add slaves until there are `count`. Source: foas 2018-11-11, ExpandCluster."""
    cluster = _changeable(world, request)
    slaves = cluster.of("slave")
    count, model = request.integer("count", 0, 1, 1000), request.text("model", slaves[0].model)
    more = count - len(slaves)
    if model != slaves[0].model:
        raise Refusal(400, "InvalidModel", f"The slaves of the cluster are {slaves[0].model}, not {model}.")
    if more <= 0:
        raise Refusal(400, "InvalidCount", f"The cluster has {len(slaves)} slaves already; count is the new total.")
    vswitch_id = request.text("userVSwitch", cluster.vswitch_ids[0])
    check_vswitch(world, vswitch_id, cluster.vpc_id, cluster.zone, more)
    check_stock(world, cluster.zone, model)

    cluster.joining = make_nodes(world, vswitch_id, cluster.security_group_id, "slave", model, more)
    if vswitch_id not in cluster.vswitch_ids:
        cluster.vswitch_ids.append(vswitch_id)
    begin(world, cluster, "EXPANDING", world.delays.cluster_change)
    return {}


def shrink_cluster(world: World, request: Request) -> dict[str, Any]:
    """Remove slaves by id; only this form is supported. Source: foas 2018-11-11, ShrinkCluster."""
    cluster = _changeable(world, request)
    leaving = set(request.one("instanceIds").split(","))
    staying = [node for node in cluster.of("slave") if node.instance_id not in leaving]
    if not leaving <= {node.instance_id for node in cluster.of("slave")}:
        raise Refusal(400, "InvalidInstanceIds", "Not every one of instanceIds is a slave of the cluster.")
    if len(staying) < MINIMUM_SLAVES:
        raise Refusal(400, "InvalidInstanceIds", f"At least {MINIMUM_SLAVES} slaves must stay.")
    reserved = sum(queue.vcores for queue in world.part(State).queues.get(cluster.cluster_id, {}).values())
    if reserved > sum(COMPUTE_UNITS[node.model] for node in staying) * VCORES:
        raise Refusal(400, "InsufficientClusterResource", "The slaves that stay are too few for the queues.")

    cluster.leaving = sorted(leaving)
    begin(world, cluster, "REDUCING", world.delays.cluster_change)
    return {}


def modify_master_spec(world: World, request: Request) -> dict[str, Any]:
    cluster = _changeable(world, request)
    model = request.one("masterTargetModel")
    if model not in COMPUTE_UNITS or model == cluster.of("master")[0].model:
        raise Refusal(400, "InvalidMasterTargetModel", f"The masters cannot become {model}.")
    check_stock(world, cluster.zone, model)

    cluster.next_master_spec = model
    begin(world, cluster, "UPGRADING", world.delays.cluster_change)
    return {}


def _changeable(world: World, request: Request) -> Cluster:
    """Give a RUNNING cluster that may be changed by API: only pay-as-you-go ones may."""
    cluster = running_cluster(world, request, request.path.get("clusterId", ""))
    if cluster.pay_model != "post":
        message = f"The cluster {cluster.cluster_id} is a subscription; only pay-as-you-go clusters can be changed."
        raise Refusal(400, "OperationDenied.Subscription", message)
    return cluster


def _check_name_is_free(world: World, name: str, region: str) -> None:
    # UNCONFIRMED: names are unique among the clusters of a region.
    for cluster in world.part(State).clusters.values():
        if (cluster.name, cluster.region) == (name, region) and cluster.phase != "DESTROYED":
            raise Refusal(409, "ClusterNameAlreadyExists", f"Cluster {cluster.cluster_id} has the name {name}.")


def _matches(cluster: Cluster, wanted: tuple[str, str, str]) -> bool:
    facts = (cluster.cluster_id, cluster.name, cluster.phase)
    return all(value in ("", fact) for value, fact in zip(wanted, facts, strict=True))


def _shown(world: World, cluster: Cluster) -> dict[str, Any]:
    return {
        "ClusterId": cluster.cluster_id,
        "DisplayName": cluster.name,
        "Description": cluster.description,
        "State": cluster.phase,
        "RegionId": cluster.region,
        "ZoneId": cluster.zone,
        "OwnerId": world.account_id,
        "Operator": cluster.operator,
        "GmtCreate": milliseconds(cluster.created_at),
        "GmtModified": milliseconds(cluster.modified_at),
    }


def _oss_facts(cluster: Cluster) -> str:
    internal = f"oss-{cluster.region}-internal.aliyuncs.com"
    facts = {
        "endpoint": f"oss-{cluster.region}.aliyuncs.com",
        "vpcEndpoint": internal,
        "oxsEndpoint": internal,
        "accessId": None,
        "accessKey": None,
        "bucket": cluster.bucket,
    }
    return json.dumps(facts, separators=(",", ":"))


def _instance_facts(cluster: Cluster) -> str:
    # UNCONFIRMED: what stands in InstanceInfos; it is known to name ids, models, interfaces and addresses.
    facts = {
        role: [
            {"instanceId": node.instance_id, "model": node.model, "eniId": node.interface_id, "ip": node.address}
            for node in cluster.of(role)
        ]
        for role in ("master", "slave")
    }
    return json.dumps(facts, separators=(",", ":"))


ROUTES = {
    ("POST", "/api/v2/clusters"): create_cluster,
    ("GET", "/api/v2/clusters"): list_cluster,
    ("GET", "/api/v2/clusters/{clusterId}/details"): get_cluster_details,
    ("DELETE", "/api/v2/clusters/{clusterId}"): destroy_cluster,
    ("PUT", "/api/v2/clusters/{clusterId}/expand"): expand_cluster,
    ("PUT", "/api/v2/clusters/{clusterId}/shrink"): shrink_cluster,
    ("PUT", "/api/v2/clusters/{clusterId}/specification"): modify_master_spec,
    ("GET", "/api/v2/clusters/{clusterId}/resource"): get_cluster_resource,
    ("GET", "/api/v2/clusters/{clusterId}/engineversions"): get_cluster_engine_versions,
    ("POST", "/api/v2/clusters/{clusterId}/metrics"): get_cluster_metrics,
}
