"""Workspaces and namespaces of fully managed Flink: what is read, decided and waited for."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import foasconsole
from alicloud import foasconsole_namespaces as namespaces
from alicloud.call import PLANNED, Kind
from alicloud.errors import Refused, Unmet
from alicloud.foasconsole import Workspace, WorkspaceSpec
from alicloud.foasconsole_namespaces import Namespace, NamespaceSpec

PATH = Path(__file__).parents[1] / "emulator/response-samples.json"
SAMPLES = json.loads(PATH.read_text())["foasconsole/2021-10-28"]
REGION = "cn-hangzhou"

SPEC = WorkspaceSpec(REGION, "flink", "POST", 10, "vpc-1", ("vsw-1",), "udf", "cn-hangzhou-h")
YEARLY = replace(SPEC, charge_type="PRE", duration=2, pricing_cycle="Year", auto_renew=True)
RUNNING = Workspace(
    "f-cn-1", "b36", "flink", "RUNNING", "cn-hangzhou-h", "vpc-1", ("vsw-1",), "POST", 10, 1629879567394, "udf"
)
NAMESPACE_SPEC = NamespaceSpec(REGION, "f-cn-1", "clicks", 4)
CLICKS = Namespace("clicks", "SUCCESS", 4)

CALLS = [
    foasconsole.describe_instances(REGION),
    foasconsole.create_instance(SPEC),
    foasconsole.describe_supported_zones(REGION),
    namespaces.describe_namespaces(REGION, "f-cn-1"),
    namespaces.create_namespace(NAMESPACE_SPEC),
]


def test_the_published_workspaces_are_read():
    (found,) = foasconsole.describe_instances(REGION).parse(SAMPLES["DescribeInstances"]["body"])

    assert found == Workspace(
        instance_id="f-cn-zvp2q0zik06",
        resource_id="b3690a1655da47",
        name="vvp1",
        status="RUNNING",
        zone="cn-beijing-g",
        vpc_id="vpc-2ze90000000nxfmfcdi",
        vswitch_ids=("vsw-2ze6yqnc1900000psjj0j",),
        charge_type="PRE",
        cpu=10,
        created_ms=1629879567394,
        bucket="oss_flink",
        stage="",
        percent=0,
        expires_ms=1637337600000,
    )


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"ClusterStatus": "CREATING"}, "CREATING"),
        ({"OrderState": "NOT_INIT"}, "CREATING"),
        ({"ClusterStatus": "", "OrderState": "NOT_INIT"}, "CREATING"),
        ({"OrderState": "NORMAL"}, ""),
        ({}, ""),
    ],
)
def test_a_workspace_that_tells_little_is_read(facts, status):
    body = {"Success": True, "Instances": [{"InstanceId": "f-cn-1", "InstanceName": "flink", **facts}]}

    (found,) = foasconsole.describe_instances(REGION).parse(body)

    assert (found.name, found.status, found.percent, found.vswitch_ids) == ("flink", status, None, ())


@pytest.mark.requirement("R22", "R24")
@pytest.mark.parametrize(
    ("current", "stage", "percent"), [(1, "Order", 0), (2, "Network", 5), (3, "Deploy", 30), (4, "", 99)]
)
def test_the_stages_of_a_creation_tell_how_far_it_is(current, stage, percent):
    steps = [(1, "Order", 5), (2, "Network", 25), (3, "Deploy", 70)]
    rows = [{"StepIndex": index, "StepName": name, "Weight": weight} for index, name, weight in steps]
    state = {"ClusterStage": {"CurrentStage": current, "TotalStageWithWeight": rows}}
    row = {"InstanceId": "f", "InstanceName": "n", "ClusterStatus": "CREATING", "ClusterState": state}

    (found,) = foasconsole.describe_instances(REGION).parse({"Success": True, "Instances": [row]})

    assert (found.stage, found.percent) == (stage, percent)
    assert found.label == (f"CREATING, {stage}" if stage else "CREATING")


def test_the_published_order_gives_the_id():
    assert foasconsole.create_instance(SPEC).parse(SAMPLES["CreateInstance"]["body"]) == "f-cn-zvp2q0zik06"


def test_the_published_zones_are_read():
    found = foasconsole.describe_supported_zones(REGION).parse(SAMPLES["DescribeSupportedZones"]["body"])

    assert found == ("cn-beijing-g",)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.action)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Success": False, "Code": "998001", "Message": "Invoke ABM failed"}, "998001"),
        ({"Success": False, "ErrCode": "E1"}, "E1"),
        ({"Success": False}, "BusinessFailure"),
    ],
)
def test_a_200_that_is_no_success_is_a_refusal(call, body, code):
    with pytest.raises(Refused) as caught:
        call.parse(body)

    assert caught.value.code == code


@pytest.mark.parametrize("call", [CALLS[0], CALLS[3]], ids=lambda call: call.action)
def test_lists_are_read_to_their_last_page(call):
    assert call.next_page({"PageIndex": 1, "TotalPage": 2}) == {"PageIndex": "2", "PageSize": "100"}
    assert call.next_page({"PageIndex": 2, "TotalPage": 2}) is None
    assert (call.kind, call.method, call.missing) == (Kind.READ, "GET", ())


@pytest.mark.requirement("R24")
def test_an_order_names_everything_and_is_sent_once():
    call = foasconsole.create_instance(SPEC)

    assert (call.kind, call.method) == (Kind.ONCE, "POST")
    assert {**call.parameters, "ResourceSpec": json.loads(call.parameters["ResourceSpec"])} == {
        "Region": REGION,
        "InstanceName": "flink",
        "ChargeType": "POST",
        "ResourceSpec": {"Cpu": 10, "MemoryGB": 40},
        "Storage": '{"Oss":{"Bucket":"udf"}}',
        "VpcId": "vpc-1",
        "VSwitchIds": '["vsw-1"]',
        "ZoneId": "cn-hangzhou-h",
        "PricingCycle": "Hour",
        "Duration": "1",
        "AutoRenew": "false",
    }
    assert "flink" in call.means


def test_a_subscription_says_for_how_long():
    given = foasconsole.create_instance(YEARLY).parameters

    assert (given["ChargeType"], given["Duration"], given["PricingCycle"], given["AutoRenew"]) == (
        "PRE",
        "2",
        "Year",
        "true",
    )


def test_storage_may_be_managed():
    given = foasconsole.create_instance(replace(SPEC, bucket="", managed_storage=True)).parameters

    assert json.loads(given["Storage"]) == {"FullyManaged": True}


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("spec", "actual", "actions"),
    [
        (SPEC, (), ["CreateInstance"]),
        (SPEC, (RUNNING,), []),
        (SPEC, (replace(RUNNING, status="CREATING"),), []),
        (SPEC, (replace(RUNNING, name="flink2"),), ["CreateInstance"]),  # should the filter match loosely
        (SPEC, (replace(RUNNING, status="DELETED"),), ["CreateInstance"]),
        (SPEC, (replace(RUNNING, status="DELETING"),), ["CreateInstance"]),
        (SPEC, (replace(RUNNING, instance_id="f-cn-0", status="DELETING"), RUNNING), []),
        (SPEC, (replace(RUNNING, cpu=20),), []),  # scaling is a step of its own
        (SPEC, (replace(RUNNING, vswitch_ids=("vsw-0", "vsw-1")),), []),
        (SPEC, (replace(RUNNING, vswitch_ids=(), vpc_id="", bucket=""),), []),  # not told yet
        (replace(SPEC, bucket="", managed_storage=True), (replace(RUNNING, bucket="the-service-s-own"),), []),
    ],
)
def test_a_workspace_is_ordered_only_when_there_is_none_of_its_name(spec, actual, actions):
    assert [call.action for call in foasconsole.workspace_changes(spec, actual)] == actions


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("actual", "words"),
    [
        ((RUNNING, replace(RUNNING, instance_id="f-cn-2")), ["2 workspaces", "f-cn-1, f-cn-2"]),
        ((replace(RUNNING, status="DISABLE"),), ["f-cn-1", "DISABLE", "order"]),
        ((replace(RUNNING, status="PAUSED"),), ["f-cn-1", "PAUSED"]),
        ((replace(RUNNING, vpc_id="vpc-2"),), ["VPC is vpc-2, wanted vpc-1"]),
        ((replace(RUNNING, charge_type="PRE"),), ["billing is PRE, wanted POST"]),
        ((replace(RUNNING, bucket="other"),), ["bucket is other, wanted udf"]),
        ((replace(RUNNING, vswitch_ids=("vsw-2",)),), ["vsw-1", "vsw-2"]),
    ],
)
def test_a_workspace_that_is_not_the_wanted_one_is_refused_with_a_remedy(actual, words):
    with pytest.raises(Unmet) as caught:
        foasconsole.workspace_changes(SPEC, actual)

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy


def test_a_planned_workspace_satisfies_what_it_was_planned_for():
    planned = foasconsole.planned_workspace(SPEC)

    assert (planned.instance_id, planned.resource_id) == (PLANNED, PLANNED)
    assert foasconsole.workspace_changes(SPEC, (planned,)) == []


@pytest.mark.requirement("R24")
def test_a_workspace_is_ready_when_it_is_running():
    assert foasconsole.workspace_ready(RUNNING)
    assert not foasconsole.workspace_ready(replace(RUNNING, status="CREATING"))
    assert not foasconsole.workspace_ready(None)  # reads may lag behind the order


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("status", ["DISABLE", "DELETING", "DELETED", "PAUSED", ""])
def test_waiting_ends_at_a_status_that_leads_nowhere_or_that_nobody_knows(status):
    with pytest.raises(Unmet) as caught:
        foasconsole.workspace_ready(replace(RUNNING, status=status))

    assert "f-cn-1" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.requirement("R22", "R24")
def test_a_ticket_has_every_fact_and_no_whole_account_id():
    stuck = replace(RUNNING, status="CREATING", stage="Network")

    text = foasconsole.ticket_text(stuck, "1376771854400000", 2400, ["REQ-1"])

    facts = ["flink", "f-cn-1", "10 CUs", "CREATING, Network", "40 minutes", "2021-08-25 08:19:27 UTC"]
    places = ["cn-hangzhou-h", "vpc-1", "vsw-1", "udf", "REQ-1", "1376...0000"]
    assert all(fact in text for fact in facts + places)
    assert "1376771854400000" not in text


def test_the_published_namespaces_are_read_by_what_is_guaranteed():
    found = namespaces.describe_namespaces(REGION, "f-cn-1").parse(SAMPLES["DescribeNamespaces"]["body"])

    assert found == (Namespace("ns-1", "SUCCESS", 1, used_cus=1.0, created_at=1629879567.394),)


def test_a_namespace_of_an_older_reply_is_read():
    row = {"Namespace": "ns-1", "Status": "CREATING", "ResourceSpec": {"Cpu": 10, "MemoryGB": 40}}

    found = namespaces.describe_namespaces(REGION, "f-cn-1").parse({"Success": True, "Namespaces": [row]})

    assert found == (Namespace("ns-1", "CREATING", 10),)


@pytest.mark.requirement("R24")
def test_a_namespace_is_made_with_its_compute_units():
    call = namespaces.create_namespace(NAMESPACE_SPEC)

    assert (call.kind, call.method) == (Kind.IDEMPOTENT, "POST")
    assert call.parameters == {
        "Region": REGION,
        "InstanceId": "f-cn-1",
        "Namespace": "clicks",
        "ResourceSpec": '{"Cpu":4,"MemoryGB":16}',
    }
    assert call.parse(SAMPLES["CreateNamespace"]["body"]) is None


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("actual", "actions"),
    [
        ((), ["CreateNamespace"]),
        ((replace(CLICKS, name="flink-default"),), ["CreateNamespace"]),
        ((CLICKS,), []),
        ((replace(CLICKS, status="CREATING", cpu=0),), []),
        ((replace(CLICKS, status="MODIFYING", cpu=2),), []),
    ],
)
def test_a_namespace_is_made_only_when_it_is_missing(actual, actions):
    assert [call.action for call in namespaces.namespace_changes(NAMESPACE_SPEC, actual)] == actions


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (replace(CLICKS, status="FAILED"), ["clicks", "FAILED"]),
        (replace(CLICKS, status="DELETING"), ["clicks", "DELETING"]),
        (replace(CLICKS, status="PAUSED"), ["clicks", "PAUSED"]),
        (replace(CLICKS, cpu=8), ["8 CUs, wanted 4"]),
    ],
)
def test_a_namespace_that_is_not_the_wanted_one_is_refused_with_a_remedy(actual, words):
    with pytest.raises(Unmet) as caught:
        namespaces.namespace_changes(NAMESPACE_SPEC, (actual,))

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("actual", "ready"),
    [
        ((), False),
        ((CLICKS,), True),
        ((replace(CLICKS, status="CREATING"),), False),
        ((Namespace("o", "FAILED", 1),), False),
    ],
)
def test_a_namespace_is_ready_when_its_last_operation_succeeded(actual, ready):
    assert namespaces.namespace_ready("clicks")(actual) is ready


@pytest.mark.parametrize("status", ["FAILED", "DELETING", "PAUSED"])
def test_waiting_for_a_namespace_ends_when_it_cannot_become_ready(status):
    with pytest.raises(Unmet):
        namespaces.namespace_ready("clicks")((replace(CLICKS, status=status),))
