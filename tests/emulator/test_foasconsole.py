import json

import pytest
from pydantic import TypeAdapter

from emulator import (
    bssopenapi,
    ecs,
    foasconsole,
    foasconsole_ai,
    foasconsole_changes,
    foasconsole_namespaces,
    foasconsole_overview,
    foasconsole_prices,
    foasconsole_seed,
    foasconsole_tags,
    foasconsole_workspaces,
    oss_state,
    vpc_seed,
)
from emulator.request import Caller, Refusal, Request
from emulator.world import Clock, World
from tests.emulator.shape import SAMPLES, differences, sample

REGION, ZONE = "cn-hangzhou", "cn-hangzhou-b"
ACCOUNT = "1376771854400000"
OWNER = Caller("Account", ACCOUNT, "LTAI", principal_id=ACCOUNT)
MODULES = (
    foasconsole_workspaces,
    foasconsole_namespaces,
    foasconsole_changes,
    foasconsole_prices,
    foasconsole_tags,
    foasconsole_ai,
)
HANDLERS = {action: handler for module in MODULES for action, handler in module.ROUTES.items()}
PAY_AS_YOU_GO = {
    "Region": REGION,
    "InstanceName": "orders",
    "ChargeType": "POST",
    "VpcId": "vpc-1",
    "VSwitchIds": '["vsw-1", "vsw-2"]',
    "Storage": '{"Oss": {"Bucket": "flink-udf"}}',
    "ResourceSpec": '{"Cpu": 10, "MemoryGB": 40}',
}
SUBSCRIPTION = {**PAY_AS_YOU_GO, "ChargeType": "PRE", "Duration": "1", "PricingCycle": "Month"}


def spec(cpu):
    return json.dumps({"Cpu": cpu, "MemoryGB": 4 * cpu})


def call(world, action, parameters=None):
    return HANDLERS[action](world, Request(action, OWNER, {"RegionId": REGION, **(parameters or {})}, region=REGION))


def refused(world, action, parameters):
    before = snapshot(world)
    with pytest.raises(Refusal) as caught:
        call(world, action, parameters)
    assert snapshot(world) == before, "a refused call left a trace"
    if caught.value.status == 200:
        assert caught.value.body["Success"] is False
    return caught.value.code


def snapshot(world):
    return {name: TypeAdapter(type(part)).dump_json(part) for name, part in world.parts.items()}


@pytest.fixture
def world():
    world = World(clock=Clock(wall=lambda: 1_700_000_000.0))
    one = {"id": "vsw-1", "cidr": "10.0.1.0/24", "zone": ZONE}
    two = {"id": "vsw-2", "cidr": "10.0.2.0/24", "zone": ZONE}
    full = {"id": "vsw-3", "cidr": "10.0.3.0/24", "zone": ZONE, "free": 0}
    network = {"id": "vpc-1", "name": "flink", "cidr": "10.0.0.0/8", "vswitches": [one, two, full]}
    vpc_seed.seed(world, {"vpcs": [network, {"id": "vpc-2", "cidr": "172.16.0.0/12"}]})
    world.part(oss_state.State).buckets["flink-udf"] = oss_state.Bucket("flink-udf", ACCOUNT, REGION)
    world.part(bssopenapi.State).balance_cents = 10_000_000
    for kind in (foasconsole.State, ecs.State):
        world.part(kind)
    return world


def bought(world, wanted=PAY_AS_YOU_GO, **changes):
    """Buy a workspace and give the parameters that name it."""
    instance_id = call(world, "CreateInstance", {**wanted, **changes})["OrderInfo"]["InstanceId"]
    return {"InstanceId": instance_id, "Region": REGION}


def running(world, wanted=PAY_AS_YOU_GO, **changes):
    named = bought(world, wanted, **changes)
    world.clock.advance(world.delays.workspace)
    described(world, named)
    return named


def described(world, named):
    return call(world, "DescribeInstances", named)["Instances"][0]


def namespaces(world, named):
    rows = call(world, "DescribeNamespaces", named)["Namespaces"]
    return {row["Namespace"]: (row["ResourceSpec"]["Cpu"], row["Status"]) for row in rows}


def balance(world):
    return world.part(bssopenapi.State).balance_cents


def test_every_action_answers_like_the_published_samples(world):
    named = running(world, SUBSCRIPTION, Tag='[{"Key":"a","Value":"b"}]')
    here, term = {"Region": REGION}, {"Duration": "1", "PricingCycle": "Month"}
    mine = {**named, "Namespace": "orders-new"}
    tagged = {"ResourceType": "vvpinstance", "ResourceId.1": named["InstanceId"]}
    specs = [{"Namespace": "orders-default", "ResourceSpec": {"Cpu": 10, "MemoryGB": 40}}]
    converted = {**named, **term, "IsAutoRenew": "false", "NamespaceResourceSpecs": json.dumps(specs)}
    script = [
        ("CreateInstance", {**PAY_AS_YOU_GO, "Storage": '{"FullyManaged": true}'}),
        ("DescribeInstances", named),
        ("DescribeSupportedRegions", {}),
        ("DescribeSupportedZones", here),
        ("QueryCreateInstancePrice", SUBSCRIPTION),
        ("QueryModifyInstancePrice", {**named, "ResourceSpec": spec(20)}),
        ("QueryRenewInstancePrice", {**named, **term}),
        ("QueryConvertPrepayInstancePrice", named),
        ("QueryConvertInstancePrice", converted),
        ("RenewInstance", {**named, **term}),
        ("ModifyInstanceSpec", {**named, "ResourceSpec": spec(12)}),
        ("ModifyPrepayInstanceSpec", {**named, "ResourceSpec": spec(14)}),
        ("ConvertHybridInstance", {**named, "ResourceSpec": spec(4)}),
        ("ModifyElasticResourceSpec", {**named, "ResourceSpec": spec(5)}),
        ("ModifyInstanceVswitch", {"InstanceId": named["InstanceId"], "HaVSwitchIds": "[]", "VSwitchIds": '["vsw-2"]'}),
        ("CreateNamespace", {**mine, "ResourceSpec": spec(2)}),
        ("DescribeNamespaces", named),
        ("ModifyPrepayNamespaceSpec", {**mine, "ResourceSpec": spec(3)}),
        ("ModifyNamespaceSpecV2", {**mine, "Ha": "false", "GuaranteedResourceSpec": spec(4)}),
        ("DeleteNamespace", mine),
        ("TagResources", {**tagged, "Tag.1.Key": "k", "Tag.1.Value": "v"}),
        ("ListTagResources", tagged),
        ("UntagResources", {**tagged, "TagKey.1": "k"}),
        ("ConvertPrepayInstance", named),
        ("ConvertInstance", converted),
        ("ConvertPrepayInstance", named),
        ("DeleteInstance", named),
        ("OpenFlinkAiService", here),
        ("GetFlinkAiService", here),
        ("GetFlinkAiServiceFreeQuota", here),
        ("ModifyAiServiceProtection", {**here, "DeletionProtection": "false"}),
        ("CloseFlinkAiService", here),
    ]
    for action, parameters in script:
        reply = call(world, action, parameters)
        world.clock.advance(world.delays.workspace_change)
        assert differences(reply, sample("foasconsole/2021-10-28", action)) == [], action
        assert reply["Success"] is True

    assert {action for action, _ in script} == set(HANDLERS) == set(SAMPLES["foasconsole/2021-10-28"])


def test_a_workspace_turns_running_after_its_time_and_shows_its_stages(world):
    named = bought(world)

    first = described(world, named)
    world.clock.advance(world.delays.workspace / 2)
    half = described(world, named)
    world.clock.advance(world.delays.workspace / 2)
    last = described(world, named)

    assert [row["ClusterStatus"] for row in (first, half, last)] == ["CREATING", "CREATING", "RUNNING"]
    assert [row["OrderState"] for row in (first, half, last)] == ["NOT_INIT", "NOT_INIT", "NORMAL"]
    assert [row["ClusterState"]["ClusterStage"]["CurrentStage"] for row in (first, half, last)] == [1, 3, 4]
    assert sum(stage["Weight"] for stage in last["ClusterState"]["ClusterStage"]["TotalStageWithWeight"]) == 100
    assert last["ResourceId"] != last["InstanceId"]


def test_the_default_namespace_comes_by_itself_and_has_everything(world):
    named = bought(world)

    assert namespaces(world, named) == {"orders-default": (10, "CREATING")}
    world.clock.advance(world.delays.workspace)
    assert namespaces(world, named) == {"orders-default": (10, "SUCCESS")}


def test_a_second_call_buys_a_second_workspace(world):
    first, second = bought(world), bought(world)

    rows = call(world, "DescribeInstances", {"Region": REGION, "InstanceName": "orders"})["Instances"]

    assert {row["InstanceId"] for row in rows} == {first["InstanceId"], second["InstanceId"]}


def test_a_new_workspace_may_be_invisible_for_a_while(world):
    world.part(foasconsole.State).visible_after = 30.0
    named = bought(world)

    assert call(world, "DescribeInstances", named)["Instances"] == []
    world.clock.advance(30)
    assert described(world, named)["ClusterStatus"] == "CREATING"


def test_a_workspace_named_stuck_stays_creating(world):
    world.part(foasconsole.State).stuck.append("orders")

    assert described(world, running(world))["ClusterStatus"] == "CREATING"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"InstanceName": "Orders"}, "InvalidInstanceName"),
        ({"InstanceName": "orders-"}, "InvalidInstanceName"),
        ({"InstanceName": ""}, "MissingInstanceName"),
        ({"Region": "mars"}, "InvalidRegion"),
        ({"ChargeType": "FREE"}, "InvalidChargeType"),
        ({"ChargeType": "PRE"}, "MissingDuration"),
        ({"ResourceSpec": '{"Cpu": 10, "MemoryGB": 41}'}, "InvalidResourceSpec"),
        ({"ResourceSpec": '{"Cpu": true, "MemoryGB": 4}'}, "InvalidResourceSpec"),
        ({"ResourceSpec": "10"}, "InvalidResourceSpec"),
        ({"VpcId": "vpc-9"}, "InvalidVpcId.NotFound"),
        ({"VpcId": "vpc-2"}, "InvalidVpc.Name"),
        ({"VSwitchIds": "[]"}, "InvalidVSwitchIds"),
        ({"VSwitchIds": '["vsw-9"]'}, "InvalidVSwitchId.NotFound"),
        ({"VSwitchIds": '["vsw-3"]'}, "InsufficientIpAddress"),
        ({"Storage": "{}"}, "InvalidStorage"),
        ({"Storage": '{"FullyManaged": true, "Oss": {"Bucket": "flink-udf"}}'}, "InvalidStorage"),
        ({"Storage": '{"Oss": {"Bucket": "nobodys"}}'}, "OssBucketNotFound"),
        ({"ResourceSpec": spec(10_000), "ChargeType": "PRE", "Duration": "3", "PricingCycle": "Year"}, "INSUFFICIENT"),
    ],
)
def test_a_workspace_is_refused_for_what_it_asks(world, changes, code):
    assert refused(world, "CreateInstance", {**PAY_AS_YOU_GO, **changes}).startswith(code)


@pytest.mark.parametrize(("field", "value"), [("owner", "1"), ("acl", "public-read"), ("region", "cn-beijing")])
def test_a_workspace_is_refused_for_its_bucket(world, field, value):
    setattr(world.part(oss_state.State).buckets["flink-udf"], field, value)

    assert "OssBucket" in refused(world, "CreateInstance", PAY_AS_YOU_GO)


def test_a_workspace_is_refused_in_a_closed_zone(world):
    world.part(foasconsole.State).closed_zones.append(ZONE)

    assert refused(world, "CreateInstance", PAY_AS_YOU_GO) == "UnsupportedZone"
    assert ZONE not in call(world, "DescribeSupportedZones", {"Region": REGION})["ZoneIds"]


def test_an_order_costs_what_the_price_query_says(world):
    price = call(world, "QueryCreateInstancePrice", SUBSCRIPTION)["PriceInfo"]
    before = balance(world)

    bought(world, SUBSCRIPTION)

    assert (price["OriginalAmount"], price["DiscountAmount"], price["TradeAmount"]) == (4368.0, 655.2, 3712.8)
    assert before - balance(world) == 371_280


def test_every_renewal_renews_again(world):
    named = running(world, SUBSCRIPTION)
    before = described(world, named)["ResourceExpiredTime"]

    for _ in range(2):
        call(world, "RenewInstance", {**named, "Duration": "1", "PricingCycle": "Month"})

    assert described(world, named)["ResourceExpiredTime"] - before >= 59 * 86_400_000


def test_pay_as_you_go_is_deleted_and_a_subscription_is_not(world):
    kept, gone = running(world, SUBSCRIPTION), running(world)

    assert refused(world, "DeleteInstance", kept) == "OperationDenied.Subscription"
    assert refused(world, "RenewInstance", {**gone, "Duration": "1", "PricingCycle": "Month"}) == "IncorrectChargeType"
    call(world, "DeleteInstance", gone)
    assert described(world, gone)["ClusterStatus"] == "DELETING"
    world.clock.advance(world.delays.workspace_deletion)
    assert call(world, "DescribeInstances", gone)["Instances"] == []
    assert refused(world, "DeleteInstance", gone) == "InstanceNotFound"


def test_a_deleted_workspace_leaves_nothing_in_the_network(world):
    named = running(world)
    assert len(world.part(ecs.State).interfaces) == 2

    call(world, "DeleteInstance", named)
    world.clock.advance(world.delays.workspace_deletion)
    call(world, "DescribeInstances", named)

    assert world.part(ecs.State).interfaces == world.part(ecs.State).security_groups == {}


def test_a_new_size_comes_after_its_time(world):
    named = running(world)

    call(world, "ModifyInstanceSpec", {**named, "ResourceSpec": spec(20)})

    assert described(world, named)["ResourceSpec"] == {"Cpu": 10, "MemoryGB": 40}
    assert refused(world, "ModifyInstanceSpec", {**named, "ResourceSpec": spec(30)}) == "InstanceIsChanging"
    world.clock.advance(world.delays.workspace_change)
    assert described(world, named)["ResourceSpec"] == {"Cpu": 20, "MemoryGB": 80}
    assert refused(world, "ModifyPrepayInstanceSpec", {**named, "ResourceSpec": spec(5)}) == "IncorrectChargeType"
    assert refused(world, "ModifyInstanceSpec", {**named, "ResourceSpec": spec(5)}) == "InsufficientResource"


def test_an_unpaid_order_shows_inside_a_successful_price_reply(world):
    named = running(world, SUBSCRIPTION)
    world.part(foasconsole.State).unpaid.append(named["InstanceId"])

    reply = call(world, "QueryModifyInstancePrice", {**named, "ResourceSpec": spec(20)})

    assert reply["Success"] is True
    assert reply["PriceInfo"]["Code"] == "ORDER.INST_HAS_UNPAID_ORDER"
    wanted = {**named, "ResourceSpec": spec(20)}
    assert refused(world, "ModifyPrepayInstanceSpec", wanted) == "ORDER.INST_HAS_UNPAID_ORDER"


def test_an_expired_subscription_is_disabled(world):
    named = running(world, SUBSCRIPTION)

    world.clock.advance(32 * 86_400)

    row = described(world, named)
    assert (row["ClusterStatus"], row["OrderState"]) == ("DISABLE", "CEASE")


def test_a_namespace_takes_from_the_default_one(world):
    named = running(world)

    call(world, "CreateNamespace", {**named, "Namespace": "clicks", "ResourceSpec": spec(4)})

    assert namespaces(world, named) == {"orders-default": (6, "SUCCESS"), "clicks": (4, "CREATING")}
    world.clock.advance(world.delays.namespace)
    assert namespaces(world, named)["clicks"] == (4, "SUCCESS")


def test_namespaces_never_hold_more_than_the_workspace(world):
    named = running(world)
    clicks = {**named, "Namespace": "clicks"}

    assert refused(world, "CreateNamespace", {**clicks, "ResourceSpec": spec(10)}) == "InsufficientResource"
    call(world, "CreateNamespace", {**clicks, "ResourceSpec": spec(9)})
    assert refused(world, "CreateNamespace", {**clicks, "ResourceSpec": spec(1)}) == "NamespaceAlreadyExists"
    more = {**named, "Namespace": "more", "ResourceSpec": spec(1)}
    assert refused(world, "CreateNamespace", more) == "InsufficientResource"
    assert refused(world, "CreateNamespace", {**more, "Namespace": "Bad_Name"}) == "InvalidNamespace"
    assert refused(world, "CreateNamespace", {**more, "ResourceSpec": spec(0)}) == "InvalidResourceSpec"
    assert refused(world, "DeleteNamespace", clicks) == "IncorrectNamespaceStatus"
    world.clock.advance(world.delays.namespace)
    call(world, "DeleteNamespace", clicks)
    world.clock.advance(world.delays.namespace)
    assert namespaces(world, named) == {"orders-default": (1, "SUCCESS")}
    call(world, "CreateNamespace", {**clicks, "ResourceSpec": spec(9)})


def test_a_namespace_is_resized_after_its_time(world):
    named = running(world, SUBSCRIPTION)
    clicks = {**named, "Namespace": "clicks"}
    call(world, "CreateNamespace", {**clicks, "ResourceSpec": spec(2)})
    world.clock.advance(world.delays.namespace)

    call(world, "ModifyPrepayNamespaceSpec", {**clicks, "ResourceSpec": spec(5)})

    assert namespaces(world, named) == {"orders-default": (5, "SUCCESS"), "clicks": (2, "MODIFYING")}
    world.clock.advance(world.delays.namespace)
    assert namespaces(world, named)["clicks"] == (5, "SUCCESS")
    assert refused(world, "ModifyPrepayNamespaceSpec", {**clicks, "ResourceSpec": spec(10)}) == "InsufficientResource"


def test_a_namespace_needs_a_running_workspace(world):
    named = bought(world)

    assert refused(world, "CreateNamespace", {**named, "Namespace": "clicks"}) == "IncorrectInstanceStatus"
    assert refused(world, "CreateNamespace", {**named, "InstanceId": "x", "Namespace": "n"}) == "InstanceNotFound"


def test_the_list_is_filtered_and_paged(world):
    for name in ("a1", "b1", "c1"):
        bought(world, InstanceName=name, Tag=json.dumps([{"Key": "name", "Value": name}]))
    here = {"Region": REGION}

    page = call(world, "DescribeInstances", {**here, "PageSize": "2", "PageIndex": "2"})
    tagged = call(world, "DescribeInstances", {**here, "Tags": '[{"Key":"name","Value":"b1"}]'})
    elsewhere = call(world, "DescribeInstances", {"Region": "cn-beijing"})

    assert ([row["InstanceName"] for row in page["Instances"]], page["TotalPage"]) == (["c1"], 2)
    assert [row["InstanceName"] for row in tagged["Instances"]] == ["b1"]
    assert elsewhere["TotalCount"] == 0


@pytest.mark.parametrize("action", sorted(HANDLERS))
@pytest.mark.parametrize("value", ["", "\udcff\x00é", "9" * 400, "[[", "-1", '{"a": [null]}', "null", "[1]", "[{}]"])
def test_hostile_input_is_refused_and_never_breaks(world, action, value):
    named = running(world, SUBSCRIPTION)
    names = "Namespace Duration PricingCycle ResourceSpec NamespaceResourceSpecs VSwitchIds HaVSwitchIds Storage Tags"
    names += " Tag Tag.1.Key ResourceId.1 TagKey.1 PageIndex NextToken Ha GuaranteedResourceSpec InstanceName"

    for hostile in names.split():
        try:
            reply = call(world, action, {**SUBSCRIPTION, **named, "ResourceType": "vvpinstance", hostile: value})
        except Refusal as refusal:
            assert refusal.status in (200, 400, 404)
        else:
            assert reply["Success"] is True


def test_a_seed_makes_a_workspace_with_namespaces(world):
    row = {"name": "orders", "vpc_id": "vpc-1", "vswitch_ids": ["vsw-1"], "bucket": "flink-udf", "cpu": 10}
    row |= {"charge_type": "PRE", "namespaces": [{"name": "clicks", "cpu": 3}]}

    foasconsole_seed.seed(world, {"workspaces": [row], "unpaid": ["orders"]})

    found = call(world, "DescribeInstances", {"Region": REGION})["Instances"][0]
    assert (found["ClusterStatus"], found["OrderState"]) == ("RUNNING", "NORMAL")
    named = {"InstanceId": found["InstanceId"], "Region": REGION}
    assert namespaces(world, named) == {"orders-default": (7, "SUCCESS"), "clicks": (3, "SUCCESS")}
    assert world.part(foasconsole.State).unpaid == [found["InstanceId"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Orders"},
        {"vpc_id": "vpc-9"},
        {"vswitch_ids": []},
        {"bucket": "nobodys"},
        {"cpu": 0},
        {"namespaces": [{"name": "clicks", "cpu": 10}]},
        {"namespaces": [{"name": "orders-default", "cpu": 1}]},
        {"status": "DELETING"},
        {"unknown": 1},
    ],
)
def test_an_impossible_seed_is_refused(world, changes):
    row = {"name": "orders", "vpc_id": "vpc-1", "vswitch_ids": ["vsw-1"], "cpu": 10}

    with pytest.raises(ValueError):
        foasconsole_seed.seed(world, {"workspaces": [{**row, **changes}]})


def test_the_state_survives_as_json(world):
    running(world)
    adapter = TypeAdapter(foasconsole.State)
    state = world.part(foasconsole.State)

    assert adapter.validate_json(adapter.dump_json(state)) == state


def test_the_overview_shows_progress(world):
    bought(world)
    world.clock.advance(world.delays.workspace / 2)

    tables = foasconsole_overview.overview(world)

    assert tables["Workspaces"][0]["Status"] == {"progress": 0.5, "label": "CREATING"}
    assert tables["Namespaces"][0]["Namespace"] == "orders-default"


def test_rights_are_asked_for_the_workspace(world):
    request = Request("DescribeInstances", OWNER, {"Region": REGION, "InstanceId": "f-cn-1"}, region=REGION)

    assert foasconsole.resource(world, request) == f"acs:stream:{REGION}:{ACCOUNT}:vvpinstance/f-cn-1"
    assert foasconsole.PERMISSIONS["DescribeInstances"] == "stream:DescribeVvpInstances"
