"""Faults of the account: things that get stuck, zones without stock, an empty purse, and reads that lag."""

import json
from typing import Any

import httpx
import pytest

from tests.emulator.client import Identity, Running, roa, roa_headers, trust

REGION, ZONE = "cn-hangzhou", "cn-hangzhou-h"
VPC, VSWITCH = "vpc-bp1everything00000000", "vsw-bp1everythingh0000000"
CONSOLE = "2021-10-28"
SPEC = '{"Cpu": 4, "MemoryGB": 16}'


def order(emulator: Running, **fault: Any):
    emulator.control("POST", "faults", fault)


@pytest.fixture
def prepared(emulator: Running) -> Running:
    """An account in which clusters and workspaces can be made; its clock stands still."""
    emulator.control("POST", "reset", {"seed": "everything"})
    emulator.control("POST", "clock", {"speed": 0})
    emulator.control("POST", "seed", SECOND_ORDER)
    return emulator


SECOND_ORDER = {
    "bssopenapi": {"orders": [{"product_code": "blinkonecs", "instance_id": "order-2", "region": REGION}]},
    "foas": {"orders": [{"instance_id": "order-2", "region": REGION}]},
}


def create_cluster(emulator: Running, name: str = "second") -> httpx.Response:
    facts = {"orderId": "order-2", "displayName": name, "userOssBucket": "flink-udf-packages"}
    facts |= {"userVpcId": VPC, "userVSwitch": VSWITCH, "zoneId": ZONE}
    return roa(emulator, "POST", "/api/v2/clusters", **facts)


def cluster_state(emulator: Running, name: str = "second") -> str:
    clusters = roa(emulator, "GET", "/api/v2/clusters").json()["Clusters"]["Cluster"]
    return next(cluster["State"] for cluster in clusters if cluster["DisplayName"] == name)


def create_workspace(emulator: Running, charge: str = "POST") -> httpx.Response:
    facts = {"Region": REGION, "InstanceName": "second", "ChargeType": charge, "VpcId": VPC}
    facts |= {"VSwitchIds": json.dumps([VSWITCH]), "Storage": '{"Oss": {"Bucket": "flink-udf-packages"}}'}
    facts |= {"ResourceSpec": SPEC, "Duration": "1", "PricingCycle": "Month"}
    return emulator.rpc(CONSOLE, "CreateInstance", **facts)


def workspaces(emulator: Running) -> dict[str, dict[str, Any]]:
    rows = emulator.ok(CONSOLE, "DescribeInstances", Region=REGION)["Instances"]
    return {row["InstanceName"]: row for row in rows}


def namespaces(emulator: Running) -> dict[str, str]:
    instance = workspaces(emulator)["flink-managed"]["InstanceId"]
    rows = emulator.ok(CONSOLE, "DescribeNamespaces", Region=REGION, InstanceId=instance)["Namespaces"]
    return {row["Namespace"]: row["Status"] for row in rows}


@pytest.mark.parametrize(("name", "state"), [("second", "STARTING"), ("second", "*"), ("*", "STARTING")])
def test_a_cluster_stays_in_its_state_until_the_fault_is_taken_back(prepared: Running, name: str, state: str):
    order(prepared, kind="stuck", name=name, state=state)
    assert create_cluster(prepared).status_code == 200

    prepared.control("POST", "clock", {"advance": 100_000})
    stuck = cluster_state(prepared)
    prepared.control("DELETE", "faults")

    assert (stuck, cluster_state(prepared)) == ("STARTING", "RUNNING")


@pytest.mark.parametrize("fault", [{"name": "third"}, {"name": "second", "state": "EXPANDING"}])
def test_other_clusters_and_states_pass(prepared: Running, fault: dict[str, str]):
    order(prepared, kind="stuck", **fault)
    create_cluster(prepared)

    prepared.control("POST", "clock", {"advance": 100_000})

    assert cluster_state(prepared) == "RUNNING"


def test_a_workspace_gets_stuck_while_it_is_made_and_while_it_goes(prepared: Running):
    order(prepared, kind="stuck", name="second", state="CREATING")
    assert create_workspace(prepared).json()["Success"]
    prepared.control("POST", "clock", {"advance": 100_000})
    creating = workspaces(prepared)["second"]
    prepared.control("DELETE", "faults")
    running = workspaces(prepared)["second"]["ClusterStatus"]
    order(prepared, kind="stuck", name="second", state="DELETING")
    prepared.ok(CONSOLE, "DeleteInstance", Region=REGION, InstanceId=creating["InstanceId"])
    prepared.control("POST", "clock", {"advance": 100_000})
    deleting = workspaces(prepared)["second"]["ClusterStatus"]
    prepared.control("DELETE", "faults")

    assert (creating["ClusterStatus"], running, deleting) == ("CREATING", "RUNNING", "DELETING")
    assert "second" not in workspaces(prepared)


def test_a_namespace_gets_stuck(prepared: Running):
    order(prepared, kind="stuck", name="orders")
    instance = workspaces(prepared)["flink-managed"]["InstanceId"]
    named = {"Region": REGION, "InstanceId": instance, "Namespace": "orders", "ResourceSpec": SPEC}
    prepared.ok(CONSOLE, "CreateNamespace", **named)

    prepared.control("POST", "clock", {"advance": 10_000})
    stuck = namespaces(prepared)["orders"]
    prepared.control("DELETE", "faults")

    assert (stuck, namespaces(prepared)["orders"]) == ("CREATING", "SUCCESS")


@pytest.mark.parametrize("zone", [ZONE, "*"])
def test_a_sold_out_zone_is_shown_as_such_and_nothing_can_be_made_in_it(prepared: Running, zone: str):
    order(prepared, kind="sold-out", name=zone)

    offer = {"RegionId": REGION, "DestinationResource": "InstanceType", "ZoneId": ZONE}
    stock = prepared.ok("2014-05-26", "DescribeAvailableResource", **offer)["AvailableZones"]["AvailableZone"]
    zones = prepared.ok(CONSOLE, "DescribeSupportedZones", Region=REGION)["ZoneIds"]
    cluster, workspace = create_cluster(prepared).json(), create_workspace(prepared).json()
    prepared.control("DELETE", "faults")

    assert [row["Status"] for row in stock] == ["SoldOut"]
    assert ZONE not in zones
    assert cluster["Code"] == "ResourceSoldOut"
    assert workspace["Success"] is False
    assert create_cluster(prepared).status_code == 200


def test_other_zones_have_their_stock(prepared: Running):
    order(prepared, kind="sold-out", name="cn-hangzhou-i")

    assert create_cluster(prepared).status_code == 200
    assert create_workspace(prepared).json()["Success"]


def test_an_account_without_money_buys_nothing(prepared: Running):
    order(prepared, kind="insufficient-balance")

    balance = prepared.ok("2017-12-14", "QueryAccountBalance")["Data"]["AvailableAmount"]
    workspace = create_workspace(prepared, "PRE").json()
    renewal = {"InstanceId": "order-2", "ProductCode": "blinkonecs", "RenewPeriod": 1}
    renewed = prepared.ok("2017-12-14", "RenewInstance", **renewal)
    prepared.control("DELETE", "faults")

    assert balance == "0.00"
    assert (workspace["Success"], workspace["Code"]) == (False, "INSUFFICIENT.AVAILABLE.QUOTA")
    assert (renewed["Success"], renewed["Code"]) == (False, "INSUFFICIENT.AVAILABLE.QUOTA")
    assert prepared.ok("2017-12-14", "QueryAccountBalance")["Data"]["AvailableAmount"] == "10,000.00"
    assert create_workspace(prepared, "PRE").json()["Success"]


def test_trouble_is_no_part_of_the_account(prepared: Running):
    before = prepared.control("GET", "world")

    order(prepared, kind="insufficient-balance")
    order(prepared, kind="stuck", name="flink")

    assert prepared.control("GET", "world") == before
    prepared.control("POST", "reset", {"seed": "everything"})
    assert prepared.ok("2017-12-14", "QueryAccountBalance")["Data"]["AvailableAmount"] == "10,000.00"


def test_a_seed_takes_no_trouble_away(prepared: Running):
    order(prepared, kind="insufficient-balance")

    prepared.control("POST", "seed", {"ram": {"users": [{"name": "dora"}]}})

    assert prepared.ok("2017-12-14", "QueryAccountBalance")["Data"]["AvailableAmount"] == "0.00"


@pytest.mark.parametrize(
    ("version", "action", "expected"),
    [
        ("2017-12-14", "QueryAccountBalance", {"Success": False, "Code": "Busy", "Message": "later"}),
        (CONSOLE, "DescribeInstances", {"Success": False, "Code": "Busy", "Message": "later"}),
    ],
)
def test_a_business_failure_has_the_envelope_of_its_product(
    emulator: Running, version: str, action: str, expected: dict[str, Any]
):
    order(emulator, kind="business-failure", action=action, code="Busy", message="later")

    response = emulator.rpc(version, action, Region=REGION)

    assert (response.status_code, response.json().pop("RequestId") != "") == (200, True)
    assert expected.items() <= response.json().items()


def test_a_business_failure_of_the_data_plane_has_its_envelope(emulator: Running):
    order(emulator, kind="business-failure", product="ververica", code="990399", message="later")
    path = "/api/v2/engine-version-meta.json"
    headers = roa_headers("GET", path, {}, b"", version="2022-07-18") | {"workspace": "w"}

    response = httpx.get(emulator.url + path, headers=headers)

    body = response.json()
    assert (response.status_code, body.pop("requestId") != "") == (200, True)
    assert (body["success"], body["errorCode"], body["errorMessage"]) == (False, "990399", "later")


def listed(emulator: Running) -> list[str]:
    return [user["UserName"] for user in emulator.ok("Ram", "ListUsers")["Users"]["User"]]


@pytest.fixture
def still(emulator: Running) -> Running:
    emulator.control("POST", "clock", {"speed": 0})
    return emulator


def test_a_lagging_read_does_not_see_the_latest_writes(still: Running):
    order(still, kind="lag", seconds=10, times=None)
    seen = []
    for name in ("alice", "bob"):
        still.ok("Ram", "CreateUser", UserName=name)
        seen.append(listed(still))
        still.control("POST", "clock", {"advance": 6})
    seen.append(listed(still))
    still.control("POST", "clock", {"advance": 6})
    seen.append(listed(still))

    assert seen == [[], [], ["alice"], ["alice", "bob"]]


def test_writes_do_not_lag(still: Running):
    order(still, kind="lag", seconds=10, times=None)
    still.ok("Ram", "CreateUser", UserName="alice")

    again = still.rpc("Ram", "CreateUser", UserName="alice")

    assert still.rpc("Ram", "GetUser", UserName="alice").status_code == 404
    assert (again.status_code, again.json()["Code"]) == (409, "EntityAlreadyExists.User")


def test_a_lag_strikes_reads_alone_as_often_as_it_is_ordered(still: Running):
    order(still, kind="lag", seconds=10, action="ListUsers", times=1)

    still.ok("Ram", "CreateUser", UserName="alice")

    assert still.rpc("Ram", "GetUser", UserName="alice").status_code == 200
    assert (listed(still), listed(still)) == ([], ["alice"])


def test_a_deleted_thing_is_still_seen(still: Running):
    still.ok("Ram", "CreateUser", UserName="alice")
    order(still, kind="lag", seconds=10, times=None)

    still.ok("Ram", "DeleteUser", UserName="alice")
    seen = listed(still)
    still.control("DELETE", "faults")

    assert (seen, listed(still)) == (["alice"], [])


def test_rights_and_sessions_do_not_lag(still: Running):
    order(still, kind="lag", seconds=10, times=None)
    alice = still.user("alice", "AliyunSTSAssumeRoleAccess")
    arn = f"acs:ram::{still.cloud.world.account_id}:root"
    still.ok("Ram", "CreateRole", RoleName="admin", AssumeRolePolicyDocument=trust(arn))

    role = arn.replace(":root", ":role/admin")
    session = still.ok("Sts", "AssumeRole", alice, RoleArn=role, RoleSessionName="test")["Credentials"]

    caller = Identity(session["AccessKeyId"], session["AccessKeySecret"], session["SecurityToken"])
    assert still.ok("Sts", "GetCallerIdentity", caller)["IdentityType"] == "AssumedRoleUser"


def test_what_changes_by_itself_is_told_as_it_is(prepared: Running):
    order(prepared, kind="lag", seconds=10_000, times=None)
    prepared.control("POST", "clock", {"advance": 1})
    create_cluster(prepared)
    prepared.control("POST", "clock", {"advance": 10_000})

    assert cluster_state(prepared) == "RUNNING"


def test_without_a_lag_no_copy_of_the_account_is_kept(still: Running):
    still.ok("Ram", "CreateUser", UserName="alice")
    order(still, kind="lag", seconds=10)
    still.ok("Ram", "CreateUser", UserName="bob")
    kept = len(still.cloud.history._before)
    still.control("POST", "clock", {"advance": 11})
    listed(still)
    still.ok("Ram", "CreateUser", UserName="carol")

    assert (kept, len(still.cloud.history._before)) == (1, 0)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "stuck"},
        {"kind": "stuck", "name": ""},
        {"kind": "stuck", "name": "a", "times": 2},
        {"kind": "stuck", "name": "a", "action": "GetUser"},
        {"kind": "sold-out"},
        {"kind": "sold-out", "name": "a", "state": "b"},
        {"kind": "insufficient-balance", "name": "a"},
        {"kind": "throttle", "name": "a"},
        {"kind": "lag"},
        {"kind": "lag", "seconds": 1e9},
        {"kind": "delay", "seconds": 700},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(emulator: Running, fault: dict[str, Any]):
    response = httpx.post(f"{emulator.url}/_emulator/faults", json=fault)

    assert response.status_code == 400
    assert response.json()["error"]
    assert emulator.control("GET", "faults") == {"faults": []}
