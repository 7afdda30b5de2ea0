import json

import pytest
from pydantic import TypeAdapter

from emulator import (
    bssopenapi,
    bssopenapi_seed,
    ecs,
    foas,
    foas_clusters,
    foas_life,
    foas_orders,
    foas_overview,
    foas_packages,
    foas_projects,
    foas_queues,
    foas_seed,
    foas_tags,
    oss_state,
    ram,
    vpc,
    vpc_seed,
)
from emulator.request import Caller, Refusal, Request
from emulator.world import Clock, World
from tests.emulator.shape import differences, sample

REGION, ZONE = "cn-hangzhou", "cn-hangzhou-b"
ACCOUNT = "1376771854400000"
OWNER = Caller("Account", ACCOUNT, "LTAI", principal_id=ACCOUNT)
ALICE = Caller("RAMUser", ACCOUNT, "LTAI", "alice", "2000000000000001")
CLUSTER = {
    "orderId": "blinkonecs_1",
    "displayName": "orders",
    "description": "for orders",
    "userOssBucket": "flink-udf",
    "userVpcId": "vpc-1",
    "userVSwitch": "vsw-1",
    "zoneId": ZONE,
}
TRUST = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["stream.aliyuncs.com"]}}
MODULES = (foas_orders, foas_clusters, foas_queues, foas_projects, foas_packages, foas_tags)
HANDLERS = {
    "".join(word.capitalize() for word in handler.__name__.split("_")): handler
    for module in MODULES
    for handler in module.ROUTES.values()
}


def call(world, action, parameters=None, path=None, caller=OWNER, region=REGION):
    return HANDLERS[action](world, Request(action, caller, parameters or {}, path or {}, region=region))


def refused(world, action, parameters=None, path=None, **more):
    before = snapshot(world)
    with pytest.raises(Refusal) as caught:
        call(world, action, parameters, path, **more)
    assert snapshot(world) == before, "a refused call left a trace"
    return caught.value.code


def snapshot(world):
    """Everything but how many identifiers were drawn."""
    return {name: TypeAdapter(type(part)).dump_json(part) for name, part in world.parts.items()}


@pytest.fixture
def world():
    world = World(clock=Clock(wall=lambda: 1_700_000_000.0))
    wide = {"id": "vsw-1", "cidr": "10.0.1.0/24", "zone": ZONE}
    narrow = {"id": "vsw-2", "cidr": "10.0.2.0/24", "zone": ZONE, "free": 5}
    network = {"id": "vpc-1", "name": "flink", "cidr": "10.0.0.0/8", "vswitches": [wide, narrow]}
    vpc_seed.seed(world, {"vpcs": [network, {"id": "vpc-2", "cidr": "172.16.0.0/12"}]})
    buckets = world.part(oss_state.State).buckets
    buckets["flink-udf"] = oss_state.Bucket("flink-udf", ACCOUNT, REGION)
    oss_state.store(world, buckets["flink-udf"], "udf/a.jar", oss_state.ObjectVersion("", 0.0))
    role = ram.Role("AliyunStreamDefaultRole", "3000", json.dumps({"Version": "1", "Statement": [TRUST]}), 0.0, 0.0)
    role.policies["System/AliyunStreamRolePolicy"] = ram.Link(0.0, 0.0)
    world.part(ram.State).roles[role.name] = role
    orders = [
        {"instance_id": "blinkonecs_1", "region": REGION},
        {"instance_id": "blinkonecs_2", "region": REGION, "pay_model": "post"},
        {"instance_id": "blinkonecs_3", "region": REGION, "paid": False},
        {"instance_id": "blinkonecs_4", "region": "cn-beijing"},
    ]
    foas_seed.seed(world, {"orders": orders})
    return world


@pytest.fixture
def cluster_id(world):
    return running(world)


def running(world, **changes):
    cluster_id = call(world, "CreateCluster", {**CLUSTER, **changes})["ClusterId"]
    world.clock.advance(world.delays.cluster)
    return cluster_id


def details(world, cluster_id):
    return call(world, "GetClusterDetails", path={"clusterId": cluster_id})["Details"]


def queue(name, units):
    return {"queueName": name, "maxVcore": str(100 * units), "maxMemMB": str(4096 * units)}


def test_every_action_answers_like_the_published_samples(world):
    cluster_id = running(world, orderId="blinkonecs_2")
    at, on = {"clusterId": cluster_id}, {"projectName": "clicks"}
    package = {**on, "packageName": "a.jar"}
    created = {"deployType": "cell", "name": "clicks", "clusterId": cluster_id}
    jar = {"packageName": "a.jar", "type": "JAR", "ossPath": "udf/a.jar"}
    bound = {"clusterId": cluster_id, "queueName": "root.clicks"}
    tags = {"ResourceIds": json.dumps([cluster_id]), "Tags": '[{"Key":"k","Value":"v"}]'}
    metrics = {"metricJson": '{"queries":[{"metric":"system.cpu.user"}]}'}
    script = [
        ("ListCluster", {}, {}),
        ("GetClusterDetails", {}, at),
        ("GetClusterResource", {}, at),
        ("GetClusterEngineVersions", {}, at),
        ("GetClusterMetrics", metrics, at),
        ("CreateQueue", queue("root.clicks", 2), at),
        ("UpdateQueue", queue("root.clicks", 3), at),
        ("GetClusterQueueInfo", {}, at),
        ("CreateProject", created, {}),
        ("GetProject", {}, on),
        ("ListProject", {}, {}),
        ("UpdateProject", {"globalJobConfig": "a=b"}, on),
        ("UpdateProjectConfig", {"ProjectName": "clicks", "IsOpenBatchSQL": "true"}, {}),
        ("BindQueue", bound, on),
        ("ListProjectBindQueue", {}, on),
        ("ListProjectBindQueueResource", {}, on),
        ("CreatePackage", jar, on),
        ("UpdatePackage", {"description": "new"}, package),
        ("GetPackage", {}, package),
        ("ListPackage", {}, on),
        ("GetRefPackageJob", {}, package),
        ("ListJob", {}, on),
        ("DeletePackage", {}, package),
        ("UnbindQueue", bound, on),
        ("DeleteQueue", {"queueName": "root.clicks"}, at),
        ("DeleteProject", {}, on),
        ("TagResources", tags, {}),
        ("ListTagResources", {"ResourceIds": cluster_id}, {}),
        ("UntagResources", {"ResourceIds": cluster_id, "All": "true"}, {}),
        ("ExpandCluster", {"count": "4"}, at),
        ("ShrinkCluster", {}, at),
        ("ModifyMasterSpec", {"masterTargetModel": "Ecs_8c32g"}, at),
        ("DestroyCluster", {}, at),
    ]
    driven = {"CreateCluster", "CreateCellClusterOrder"}
    for action, parameters, path in script:
        if action == "ShrinkCluster":
            slave = json.loads(details(world, cluster_id)["InstanceInfos"])["slave"][0]["instanceId"]
            parameters = {"instanceIds": slave}
        if action == "ListJob":
            world.part(foas.State).jobs["clicks"] = ["hourly"]
        reply = call(world, action, parameters, path)
        world.clock.advance(world.delays.cluster_change)
        if action == "GetClusterMetrics":
            assert list(reply["Metrics"]["Metric"][0].pop("Dps").values()) == [0.0]  # its keys are times
        assert differences(reply, sample("foas/2018-11-11", action)) == [], action
        driven.add(action)

    assert driven == set(HANDLERS)


def test_a_cluster_turns_running_after_its_time(world):
    cluster_id = call(world, "CreateCluster", CLUSTER)["ClusterId"]

    assert details(world, cluster_id)["State"] == "STARTING"
    world.clock.advance(world.delays.cluster - 1)
    assert details(world, cluster_id)["State"] == "STARTING"
    world.clock.advance(1)
    assert details(world, cluster_id)["State"] == "RUNNING"
    assert len(cluster_id) == 24


def test_a_cluster_has_a_security_group_and_an_interface_per_node(world, cluster_id):
    facts = details(world, cluster_id)

    group = ecs.find_security_group(world, facts["UserSGId"])
    nodes = [node for nodes in json.loads(facts["InstanceInfos"]).values() for node in nodes]
    assert group.vpc_id == "vpc-1"
    assert len(nodes) == 6
    assert {ecs.find_interface(world, node["eniId"]).address for node in nodes} == {node["ip"] for node in nodes}
    assert json.loads(facts["UserVSwitchList"]) == ["vsw-1"]
    assert json.loads(facts["UserOssInfo"])["bucket"] == "flink-udf"


@pytest.mark.parametrize("victim", ["security group", "interface"])
def test_without_its_network_a_cluster_starts_for_ever(world, victim):
    cluster_id = call(world, "CreateCluster", CLUSTER)["ClusterId"]
    cluster = world.part(foas.State).clusters[cluster_id]
    if victim == "interface":
        ecs.remove_interface(world, cluster.nodes[0].interface_id)
    else:
        ecs.remove_security_group(world, cluster.security_group_id)

    world.clock.advance(10 * world.delays.cluster)

    assert details(world, cluster_id)["State"] == "STARTING"


def test_a_cluster_named_stuck_never_finishes(world):
    world.part(foas.State).stuck.append("orders")

    cluster_id = running(world)

    assert details(world, cluster_id)["State"] == "STARTING"


def test_a_cluster_that_was_seen_running_survives_the_loss_of_an_interface(world, cluster_id):
    foas_life.settle(world)
    ecs.remove_interface(world, world.part(foas.State).clusters[cluster_id].nodes[0].interface_id)

    assert details(world, cluster_id)["State"] == "RUNNING"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"orderId": "285769237053"}, "InvalidOrder"),
        ({"orderId": "blinkonecs_3"}, "OrderNotPaid"),
        ({"orderId": "blinkonecs_4"}, "InvalidOrder.Region"),
        ({"orderId": ""}, "MissingOrderId"),
        ({"displayName": "Orders"}, "InvalidDisplayName"),
        ({"displayName": "ab"}, "InvalidDisplayName"),
        ({"displayName": "orders\n"}, "InvalidDisplayName"),
        ({"userOssBucket": "nobodys"}, "OssBucketNotFound"),
        ({"userVpcId": "vpc-9"}, "InvalidVpcId.NotFound"),
        ({"userVpcId": "vpc-2"}, "InvalidVpc.Name"),
        ({"userVSwitch": "vsw-9"}, "InvalidVSwitchId.NotFound"),
        ({"userVSwitch": "vsw-2"}, "InsufficientIpAddress"),
        ({"zoneId": "cn-hangzhou-e"}, "InvalidZoneId"),
    ],
)
def test_a_cluster_is_refused_for_what_it_asks(world, changes, code):
    assert refused(world, "CreateCluster", {**CLUSTER, **changes}) == code


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("owner", "1", "OssBucketForbidden"),
        ("region", "cn-beijing", "InvalidOssBucket.Region"),
        ("storage_class", "IA", "InvalidOssBucket.StorageClass"),
        ("acl", "public-read", "InvalidOssBucket.Acl"),
    ],
)
def test_a_cluster_is_refused_for_its_bucket(world, field, value, code):
    setattr(world.part(oss_state.State).buckets["flink-udf"], field, value)

    assert refused(world, "CreateCluster", CLUSTER) == code


@pytest.mark.parametrize(
    ("break_role", "code"),
    [
        (lambda role: role.policies.clear(), "ServiceRoleNotAuthorized"),
        (lambda role: setattr(role, "trust_policy", "{}"), "ServiceRoleNotTrusted"),
        (
            lambda role: setattr(role, "trust_policy", role.trust_policy.replace("stream", "ecs")),
            "ServiceRoleNotTrusted",
        ),
    ],
)
def test_a_cluster_is_refused_for_its_role(world, break_role, code):
    break_role(world.part(ram.State).roles["AliyunStreamDefaultRole"])

    assert refused(world, "CreateCluster", CLUSTER) == code


def test_a_cluster_is_refused_without_role(world):
    world.part(ram.State).roles.clear()

    assert refused(world, "CreateCluster", CLUSTER) == "ServiceRoleNotFound"


def test_a_cluster_is_refused_when_a_policy_denies_the_role_its_interface(world):
    deny = {"Version": "1", "Statement": [{"Action": "ecs:CreateNetworkInterface", "Effect": "Deny", "Resource": "*"}]}
    state = world.part(ram.State)
    state.policies["no"] = ram.Policy("no", 0.0, 0.0, {"v1": ram.Version(json.dumps(deny), 0.0)})
    state.roles["AliyunStreamDefaultRole"].policies["Custom/no"] = ram.Link(0.0, 0.0)

    assert refused(world, "CreateCluster", CLUSTER) == "ServiceRoleNotAuthorized"


def test_a_cluster_is_refused_in_a_zone_without_stock(world):
    world.part(ecs.State).stock[ZONE] = "SoldOut"

    assert refused(world, "CreateCluster", CLUSTER) == "ResourceSoldOut"


def test_an_order_is_good_for_one_cluster(world, cluster_id):
    assert refused(world, "CreateCluster", {**CLUSTER, "displayName": "second"}) == "OrderAlreadyUsed"


def test_an_order_that_has_expired_is_refused(world):
    world.clock.advance(400 * 86_400)

    assert refused(world, "CreateCluster", CLUSTER) == "OrderExpired"


def test_the_name_of_a_cluster_is_taken_once(world, cluster_id):
    assert refused(world, "CreateCluster", {**CLUSTER, "orderId": "blinkonecs_2"}) == "ClusterNameAlreadyExists"


def test_exclusive_mode_is_no_longer_sold(world):
    wanted = {
        "payModel": "post",
        "region": REGION,
        "masterSpec": "Ecs_4c16g",
        "masterNum": "3",
        "slaveSpec": "Ecs_8c32g",
        "slaveNum": "2",
    }

    assert refused(world, "CreateCellClusterOrder", wanted) == "OperationDenied.NoLongerSold"


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("DestroyCluster", {}),
        ("ExpandCluster", {"count": "4"}),
        ("ShrinkCluster", {"instanceIds": "i-1"}),
        ("ModifyMasterSpec", {"masterTargetModel": "Ecs_8c32g"}),
    ],
)
def test_a_subscription_is_not_changed_by_api(world, cluster_id, action, parameters):
    details(world, cluster_id)

    assert refused(world, action, parameters, {"clusterId": cluster_id}) == "OperationDenied.Subscription"


def test_expanding_brings_slaves_and_compute_units_at_its_end(world):
    cluster_id = running(world, orderId="blinkonecs_2")
    at = {"clusterId": cluster_id}

    call(world, "ExpandCluster", {"count": "5", "model": "Ecs_8c32g"}, at)

    assert details(world, cluster_id)["State"] == "EXPANDING"
    assert call(world, "GetClusterResource", path=at)["Resource"]["TotalVirtualCores"] == 1800
    assert refused(world, "ExpandCluster", {"count": "6"}, at) == "IncorrectClusterState"
    world.clock.advance(world.delays.cluster_change)
    assert details(world, cluster_id)["State"] == "RUNNING"
    assert call(world, "GetClusterResource", path=at)["Resource"]["TotalVirtualCores"] == 3000
    assert refused(world, "ExpandCluster", {"count": "5"}, at) == "InvalidCount"


def test_shrinking_keeps_two_slaves_and_what_the_queues_reserve(world):
    cluster_id = running(world, orderId="blinkonecs_2")
    at = {"clusterId": cluster_id}
    slaves = [node["instanceId"] for node in json.loads(details(world, cluster_id)["InstanceInfos"])["slave"]]

    assert refused(world, "ShrinkCluster", {"instanceIds": ",".join(slaves[:2])}, at) == "InvalidInstanceIds"
    assert refused(world, "ShrinkCluster", {"instanceIds": "i-unknown"}, at) == "InvalidInstanceIds"
    call(world, "CreateQueue", queue("root.big", 13), at)
    assert refused(world, "ShrinkCluster", {"instanceIds": slaves[0]}, at) == "InsufficientClusterResource"
    call(world, "UpdateQueue", queue("root.big", 12), at)
    call(world, "ShrinkCluster", {"instanceIds": slaves[0]}, at)
    world.clock.advance(world.delays.cluster_change)

    assert len(json.loads(details(world, cluster_id)["InstanceInfos"])["slave"]) == 2
    assert vpc.free_addresses(world, vpc.find_vswitch(world, "vsw-1")) == 252 - 5


def test_a_destroyed_cluster_leaves_nothing_in_the_network(world):
    cluster_id = running(world, orderId="blinkonecs_2")

    call(world, "DestroyCluster", path={"clusterId": cluster_id})
    assert details(world, cluster_id)["State"] == "DESTROYING"
    world.clock.advance(world.delays.cluster_destruction)

    assert details(world, cluster_id)["State"] == "DESTROYED"
    assert world.part(ecs.State).interfaces == {}
    assert world.part(ecs.State).security_groups == {}


def test_a_cluster_is_seen_in_its_own_region_alone(world, cluster_id):
    assert call(world, "ListCluster", {"displayName": "orders"})["TotalCount"] == 1
    assert call(world, "ListCluster", region="cn-beijing")["TotalCount"] == 0
    assert call(world, "ListCluster", {"displayName": "order"})["TotalCount"] == 0
    assert refused(world, "GetClusterDetails", {}, {"clusterId": cluster_id}, region="cn-beijing") == "ClusterNotFound"


def test_a_ram_user_creates_no_project(world, cluster_id):
    wanted = {"deployType": "cell", "name": "clicks", "clusterId": cluster_id}

    with pytest.raises(Refusal, match=f"main account {ACCOUNT}") as caught:
        call(world, "CreateProject", wanted, caller=ALICE)

    assert caught.value.status == 403


def test_a_project_needs_a_running_cluster_and_a_name_of_its_own(world):
    cluster_id = call(world, "CreateCluster", CLUSTER)["ClusterId"]
    wanted = {"deployType": "cell", "name": "clicks", "clusterId": cluster_id}

    assert refused(world, "CreateProject", wanted) == "IncorrectClusterState"
    world.clock.advance(world.delays.cluster)
    call(world, "CreateProject", wanted)
    assert refused(world, "CreateProject", wanted) == "ProjectAlreadyExists"
    assert refused(world, "CreateProject", {**wanted, "deployType": "public", "name": "x12"}) == "InvalidDeployType"
    assert call(world, "GetProject", path={"projectName": "clicks"})["Project"]["ClusterId"] == cluster_id
    assert call(world, "ListProject", {"deployType": "CELL"})["TotalCount"] == 1


def test_queues_never_reserve_more_than_the_cluster_has(world, cluster_id):
    at = {"clusterId": cluster_id}
    call(world, "CreateQueue", queue("root.a", 10), at)

    assert refused(world, "CreateQueue", queue("root.b", 9), at) == "InsufficientClusterResource"
    assert refused(world, "UpdateQueue", queue("root.a", 19), at) == "InsufficientClusterResource"
    assert refused(world, "CreateQueue", queue("root.a", 1), at) == "QueueAlreadyExists"
    assert refused(world, "CreateQueue", queue("root.a.b", 1), at) == "InvalidQueueName"
    assert refused(world, "CreateQueue", {**queue("root.c", 1), "maxVcore": "-1"}, at) == "InvalidMaxVcore"
    call(world, "CreateQueue", queue("root.b", 8), at)
    assert [row["MaxMem"] for row in call(world, "GetClusterQueueInfo", path=at)["Queues"]["Queue"]] == [40960, 32768]


def test_a_project_and_a_queue_are_bound_one_to_one(world, cluster_id):
    at = {"clusterId": cluster_id}
    for name in ("one", "two"):
        call(world, "CreateQueue", queue(f"root.{name}", 1), at)
        call(world, "CreateProject", {"deployType": "cell", "name": name, "clusterId": cluster_id})
    one, two = {"projectName": "one"}, {"projectName": "two"}
    call(world, "BindQueue", {**at, "queueName": "root.one"}, one)

    assert refused(world, "BindQueue", {**at, "queueName": "root.two"}, one) == "ProjectAlreadyBound"
    assert refused(world, "BindQueue", {**at, "queueName": "root.one"}, two) == "QueueAlreadyBound"
    assert refused(world, "BindQueue", {**at, "queueName": "root.no"}, two) == "QueueNotFound"
    assert refused(world, "DeleteQueue", {"queueName": "root.one"}, at) == "QueueInUse"
    assert refused(world, "UnbindQueue", {**at, "queueName": "root.two"}, one) == "QueueNotBound"
    call(world, "DeleteProject", path=one)
    call(world, "DeleteQueue", {"queueName": "root.one"}, at)
    assert call(world, "ListProjectBindQueue", path=two)["Queues"] == {"Queue": []}


def test_a_package_is_an_object_of_the_bucket_of_the_cluster(world, cluster_id):
    call(world, "CreateProject", {"deployType": "cell", "name": "clicks", "clusterId": cluster_id})
    on, jar = {"projectName": "clicks"}, {"packageName": "a.jar", "type": "JAR", "ossPath": "udf/a.jar"}

    assert refused(world, "CreatePackage", {**jar, "ossPath": "udf/b.jar"}, on) == "OssObjectNotFound"
    assert refused(world, "CreatePackage", {**jar, "type": "EXE"}, on) == "InvalidType"
    call(world, "CreatePackage", jar, on)
    assert refused(world, "CreatePackage", jar, on) == "PackageAlreadyExists"
    package = call(world, "GetPackage", path={**on, "packageName": "a.jar"})["Package"]
    assert (package["OssBucket"], package["OssPath"]) == ("flink-udf", "udf/a.jar")


@pytest.mark.parametrize("action", sorted(set(HANDLERS) - {"CreateCellClusterOrder"}))
@pytest.mark.parametrize("value", ["", "\udcff\x00é", "9" * 400, "[[", "-1", '{"a": [null]}', "null", "[1]"])
def test_hostile_input_is_refused_and_never_breaks(world, cluster_id, action, value):
    names = "clusterId displayName projectName queueName maxVcore maxMemMB gpu metricJson count instanceIds"
    names += " ResourceIds Tags TagKeys pageIndex pageSize type ossPath packageName masterTargetModel userVSwitch"
    path = {"clusterId": cluster_id, "projectName": value, "packageName": value}

    try:
        reply = call(world, action, {**CLUSTER, **dict.fromkeys(names.split(), value)}, path)
    except Refusal as refusal:
        assert 400 <= refusal.status < 500
    else:
        assert isinstance(reply, dict)


def test_a_seed_makes_a_running_cluster_with_projects(world):
    cluster = {"name": "seeded", "order_id": "blinkonecs_1", "bucket": "flink-udf", "vpc_id": "vpc-1"}
    cluster |= {"vswitch_id": "vsw-1", "zone": ZONE}
    project = {"name": "clicks", "cluster": "seeded", "cus": 18}

    foas_seed.seed(world, {"clusters": [cluster], "projects": [project]})

    row = call(world, "ListProjectBindQueueResource", path={"projectName": "clicks"})["Queues"]["Queue"][0]
    assert (row["QueueName"], row["MaxVCore"]) == ("root.clicks", 1800)
    assert call(world, "ListCluster")["Clusters"]["Cluster"][0]["State"] == "RUNNING"


@pytest.mark.parametrize(
    "data",
    [
        {"orders": [{"instance_id": "blinkonecs_1", "region": REGION}]},
        {"orders": [{"instance_id": "x", "region": "mars"}]},
        {"orders": [{"instance_id": "x", "region": REGION, "slave_number": 1}]},
        {"orders": [{"instance_id": "x", "region": REGION, "slave_spec": "Ecs_1c1g"}]},
        {"orders": "x"},
        {"clusters": [{"name": "abc"}]},
        {"projects": [{"name": "abc", "cluster": "none", "cus": 1}]},
        {"unknown": []},
    ],
)
def test_an_impossible_seed_is_refused(world, data):
    with pytest.raises(ValueError):
        foas_seed.seed(world, data)


def test_an_order_of_the_billing_seed_says_whether_it_is_paid(world):
    bought = {"product_code": "blinkonecs", "instance_id": "blinkonecs_9", "region": REGION, "paid": False}
    bssopenapi_seed.seed(world, {"orders": [bought]})

    foas_seed.seed(world, {"orders": [{"instance_id": "blinkonecs_9", "region": REGION}]})

    assert refused(world, "CreateCluster", {**CLUSTER, "orderId": "blinkonecs_9"}) == "OrderNotPaid"
    assert bssopenapi.find_instance(world, "blinkonecs_1") is not None


def test_the_state_survives_as_json(world, cluster_id):
    adapter = TypeAdapter(foas.State)
    state = world.part(foas.State)

    assert adapter.validate_json(adapter.dump_json(state)) == state


def test_the_overview_shows_progress(world):
    call(world, "CreateCluster", CLUSTER)
    world.clock.advance(world.delays.cluster / 2)

    tables = foas_overview.overview(world)

    assert tables["Exclusive clusters"][0]["State"] == {"progress": 0.5, "label": "STARTING"}
    assert len(tables["Orders of exclusive clusters"]) == 4


def test_rights_are_asked_for_the_bare_name_of_a_project(world):
    request = Request("GetProject", ALICE, {}, {"projectName": "clicks"}, region=REGION)

    assert foas.resource(world, request) == f"acs:stream:{REGION}:{ACCOUNT}:clicks"
