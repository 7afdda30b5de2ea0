"""The typed classes of aliyun-python-sdk-* against the emulator."""

import json
from importlib import import_module

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException

from tests.emulator.client import Identity
from tests.emulator.clients.actions import expected
from tests.emulator.clients.paging import by_marker, by_number, by_token
from tests.emulator.clients.v1 import PACKAGES
from tests.emulator.clients.walks import bssopenapi, foas, ram, sts
from tests.emulator.shape import UNPUBLISHED, differences, sample

SAMPLES = {
    "ram": "Ram/2015-05-01",
    "sts": "Sts/2015-04-01",
    "vpc": "Vpc/2016-04-28",
    "ecs": "Ecs/2014-05-26",
    "bssopenapi": "BssOpenApi/2017-12-14",
    "foas": "foas/2018-11-11",
}
ALICE = Identity("LTAI5tAliceOfTheWalk", "alice-secret")
INDEX = ("pageIndex", "pageSize", "TotalCount")


@pytest.mark.parametrize("section", PACKAGES)
def test_every_class_is_understood_and_answered_as_published(v1, sow, wait, section):
    walk = import_module(f"tests.emulator.clients.walks.{section}")
    sow(walk.SEED)
    client = v1(section, ALICE) if section == "sts" else v1(section)

    walk.walk(client, wait)

    assert set(client.replies) == expected("aliyun-python-sdk-*", section)
    strange = {}
    published = {action: replies for action, replies in client.replies.items() if action not in UNPUBLISHED["Ram"]}
    for action, replies in published.items():
        for reply in replies:
            if action == "GetClusterMetrics":
                reply["Metrics"]["Metric"][0].pop("Dps")  # its keys are times
            if found := differences(reply, sample(SAMPLES[section], action)):
                strange[action] = found
    assert strange == {}


def test_an_exclusive_order_is_no_longer_sold(v1):
    specs = {"masterSpec": "Ecs_4c16g", "masterNum": 3, "slaveSpec": "Ecs_8c32g", "slaveNum": 2}

    with pytest.raises(ServerException) as refused:
        v1("foas")("CreateCellClusterOrder", payModel="post", region="cn-hangzhou", **specs)

    assert refused.value.get_error_code() == "OperationDenied.NoLongerSold"


@pytest.mark.parametrize(
    ("version", "walk"), [("2015-05-01", ram.service_linked_roles), ("2017-12-14", bssopenapi.newest)]
)
def test_what_has_no_class_is_called_by_name(v1, sow, version, walk):
    sow(bssopenapi.SEED)
    client = v1("ram")

    walk(lambda action, **parameters: client.untyped(version, action, **flat(parameters)))


def test_the_resource_manager_is_called_by_name(v1, wait):
    client = v1("ram")

    def call(action, **parameters):
        return client.untyped("2020-03-31", action, **parameters)

    role = call("CreateServiceLinkedRole", ServiceName="flink.aliyuncs.com")["Role"]["RoleName"]
    task = {"DeletionTaskId": call("DeleteServiceLinkedRole", RoleName=role)["DeletionTaskId"]}
    assert call("GetServiceLinkedRoleDeletionStatus", **task)["Status"] != "SUCCEEDED"
    wait(600)
    assert call("GetServiceLinkedRoleDeletionStatus", **task)["Status"] == "SUCCEEDED"


def flat(parameters):
    """Number the lists of structures: Parameter.1.Code."""
    found = {}
    for name, value in parameters.items():
        if isinstance(value, list):
            found |= {f"{name}.{i + 1}.{key}": text for i, item in enumerate(value) for key, text in item.items()}
        else:
            found[name] = value
    return found


def test_users_are_read_to_the_last_page(v1, sow):
    sow({"ram": {"users": [{"name": f"u{i}"} for i in range(5)]}})

    rows = by_marker(v1("ram"), "ListUsers", "Users.User")

    assert [row["UserName"] for row in rows] == [f"u{i}" for i in range(5)]


def test_networks_are_read_to_the_last_page(v1, sow):
    sow({"vpc": {"vpcs": [{"id": f"vpc-{i}"} for i in range(5)]}})

    rows = by_number(v1("vpc"), "DescribeVpcs", "Vpcs.Vpc")

    assert {row["VpcId"] for row in rows} == {f"vpc-{i}" for i in range(5)}


def test_security_groups_are_read_to_the_last_page(v1, sow):
    groups = [{"id": f"sg-{i}", "vpc_id": "vpc-0"} for i in range(5)]
    sow({"vpc": {"vpcs": [{"id": "vpc-0"}]}, "ecs": {"security_groups": groups}})

    rows = by_token(v1("ecs"), "DescribeSecurityGroups", "SecurityGroups.SecurityGroup", MaxResults=2)

    assert {row["SecurityGroupId"] for row in rows} == {f"sg-{i}" for i in range(5)}


def test_orders_are_read_to_the_last_page(v1, sow):
    sow(bssopenapi.SEED)
    client = v1("bssopenapi")
    bought = {client("CreateInstance", **bssopenapi.BUYING)["Data"]["OrderId"] for _ in range(3)}

    pages = ("PageNum", "PageSize", "TotalCount")
    rows = by_number(client, "QueryOrders", "OrderList.Order", pages, "Data", **bssopenapi.ALWAYS)

    assert bought < {row["OrderId"] for row in rows}
    assert len(rows) == 5


def test_clusters_projects_and_packages_are_read_to_the_last_page(v1, sow):
    orders = [f"blinkonecs_cn-{i}" for i in range(5)]
    place = {"bucket": "flink-udf", "vpc_id": "vpc-1", "vswitch_id": "vsw-1", "zone": "cn-hangzhou-h"}
    clusters = [
        {"name": f"cluster-{i}".replace("-", "_"), "order_id": order, "state": "RUNNING", **place}
        for i, order in enumerate(orders)
    ]
    bought = [{"product_code": "blinkonecs", "instance_id": order, "region": "cn-hangzhou"} for order in orders]
    sow(
        {
            **foas.SEED,
            "bssopenapi": {"orders": bought},
            "foas": {
                "orders": [{"instance_id": order, "region": "cn-hangzhou"} for order in orders],
                "clusters": clusters,
                "projects": [{"name": f"project{i}", "cluster": "cluster_0", "cus": 1} for i in range(5)],
            },
        }
    )
    client = v1("foas")
    jar = {"projectName": "project0", "type": "JAR", "ossBucket": "flink-udf", "ossPath": "udf/a.jar"}
    for i in range(5):
        client("CreatePackage", packageName=f"{i}.jar", **jar)

    found = by_number(client, "ListCluster", "Clusters.Cluster", INDEX)
    projects = by_number(client, "ListProject", "Projects.Project", INDEX)
    packages = by_number(client, "ListPackage", "Packages.Package", INDEX, projectName="project0")

    assert {row["DisplayName"] for row in found} == {f"cluster_{i}" for i in range(5)}
    assert {row["Name"] for row in projects} == {f"project{i}" for i in range(5)}
    assert {row["PackageName"] for row in packages} == {f"{i}.jar" for i in range(5)}


def test_a_session_signs_with_its_token(v1, sow):
    sow(sts.SEED)
    role = "acs:ram::1376771854400000:role/worker"
    given = v1("sts", ALICE)("AssumeRole", RoleArn=role, RoleSessionName="walk")["Credentials"]
    session = Identity(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])

    me = v1("sts", session)("GetCallerIdentity")
    projects = v1("foas", session)("ListProject")

    assert me["IdentityType"] == "AssumedRoleUser"
    assert projects["Projects"] == {"Project": []}


def test_odd_text_survives_the_way_in_query_form_and_path(v1, sow):
    text = "Älice 愛 & <b> a+b c%20~*'()"
    client = v1("ram")
    client("CreateUser", UserName="alice", DisplayName=text)
    sow(foas.SEED)

    created = v1("foas")("CreateCluster", **{**foas.CLUSTER, "description": text})["ClusterId"]

    assert client("GetUser", UserName="alice")["User"]["DisplayName"] == text
    details = v1("foas")("GetClusterDetails", clusterId=created)["Details"]
    assert details["Description"] == text
    assert json.loads(details["UserVSwitchList"]) == ["vsw-1"]
