"""Projects of an exclusive cluster: the project, its queue, its packages."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import foas_projects
from alicloud.call import PLANNED, Kind
from alicloud.errors import ManualStep, Unmet
from alicloud.foas_projects import Package, PackageSpec, Project, ProjectSpec, QueueSpec
from alicloud.foas_queues import Queue

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["foas/2018-11-11"]

SPEC = ProjectSpec("clicks", "click stream", "c1", 4, ("1376771854400000",), "1376771854400000")
PROJECT = Project("clicks", "c1", "ENABLE")
SHARE = QueueSpec("c1", "clicks", 4)
QUEUE = Queue("c1", "root.clicks", 400, 0, 16384, 0)
UDF = PackageSpec("clicks", "orders.jar", "udf/orders.jar")

WRITES = [
    (foas_projects.create_project(SPEC), "POST", "/api/v2/projects"),
    (foas_projects.create_queue(SHARE), "POST", "/api/v2/clusters/c1/queue"),
    (foas_projects.update_queue(SHARE), "PUT", "/api/v2/clusters/c1/queue"),
    (foas_projects.bind_queue(SHARE), "POST", "/api/v2/projects/clicks/queue"),
    (foas_projects.create_package(UDF), "POST", "/api/v2/projects/clicks/packages"),
    (foas_projects.update_package(UDF), "PUT", "/api/v2/projects/clicks/packages/orders.jar"),
]


def test_the_published_projects_are_read():
    found = foas_projects.list_project().parse(SAMPLES["ListProject"]["body"])

    assert found == (Project("example", "rcmp9x37ztfb63g1x7lt0000", "ENABLE", "example description"),)


def test_the_published_bindings_are_read():
    found = foas_projects.list_project_bind_queue("project1").parse(SAMPLES["ListProjectBindQueue"]["body"])

    assert found == ("root.project1",)


def test_the_published_packages_are_read():
    found = foas_projects.list_package("project1").parse(SAMPLES["ListPackage"]["body"])

    assert found == (Package("aliyun-java-sdk-foas-2.9.0.jar", "path1/path2/a.jar"),)


@pytest.mark.parametrize(("call", "method", "path"), WRITES, ids=[call.action for call, _, _ in WRITES])
def test_a_write_may_be_repeated_goes_where_it_belongs_and_says_what_it_means(call, method, path):
    assert call.kind is Kind.IDEMPOTENT
    assert (call.method, call.path) == (method, path)
    assert "clicks" in call.means
    assert call.parse(SAMPLES[call.action]["body"]) is None


@pytest.mark.parametrize(
    "call", [foas_projects.list_project(), foas_projects.list_package("clicks")], ids=lambda call: call.action
)
def test_lists_are_read_to_their_last_page(call):
    assert call.next_page({"PageIndex": 1, "TotalPage": 2}) == {"pageIndex": "2", "pageSize": "100"}
    assert call.next_page({"PageIndex": 2, "TotalPage": 2}) is None


@pytest.mark.parametrize(
    "call", [foas_projects.list_project_bind_queue("clicks"), foas_projects.list_package("clicks")]
)
def test_a_project_that_does_not_exist_has_neither_queue_nor_packages(call):
    assert "ProjectNotFound" in call.absent
    assert call.missing == ()


@pytest.mark.requirement("R23")
def test_a_project_is_made_on_its_cluster_with_its_managers():
    call = foas_projects.create_project(SPEC)

    assert call.parameters == {
        "deployType": "cell",
        "name": "clicks",
        "clusterId": "c1",
        "managerIds": "1376771854400000",
        "description": "click stream",
    }


@pytest.mark.requirement("R23")
@pytest.mark.parametrize(
    ("actual", "actions"),
    [
        ((), ["CreateProject"]),
        ((PROJECT,), []),
        ((replace(PROJECT, name="clicks2"),), ["CreateProject"]),
        ((replace(PROJECT, description="other"),), []),  # it cannot be changed, and does no harm
    ],
)
def test_a_project_is_made_only_when_it_is_missing(actual, actions):
    assert [call.action for call in foas_projects.project_changes(SPEC, actual)] == actions


@pytest.mark.parametrize("cluster_id", ["c1", PLANNED])
def test_a_project_on_another_cluster_is_refused(cluster_id):
    with pytest.raises(Unmet, match="exists on cluster c2") as caught:
        foas_projects.project_changes(replace(SPEC, cluster_id=cluster_id), (replace(PROJECT, cluster_id="c2"),))

    assert caught.value.remedy


@pytest.mark.requirement("R23")
@pytest.mark.parametrize(("cus", "vcores", "megabytes"), [(1, "100", "4096"), (4, "400", "16384")])
def test_a_compute_unit_is_a_core_and_four_gib(cus, vcores, megabytes):
    call = foas_projects.create_queue(replace(SHARE, cus=cus))

    assert call.parameters == {"queueName": "root.clicks", "maxVcore": vcores, "maxMemMB": megabytes}


@pytest.mark.requirement("R23")
@pytest.mark.parametrize(
    ("actual", "actions"),
    [
        ((), ["CreateQueue"]),
        ((replace(QUEUE, name="root"), replace(QUEUE, name="root.clicks2")), ["CreateQueue"]),
        ((QUEUE,), []),
        ((replace(QUEUE, max_vcores=399),), []),  # the cloud rounds
        ((replace(QUEUE, max_vcores=300, max_mib=12288),), ["UpdateQueue"]),
        ((replace(QUEUE, max_vcores=500, max_mib=20480),), ["UpdateQueue"]),
        ((replace(QUEUE, max_vcores=500, max_mib=20480, used_vcores=400),), ["UpdateQueue"]),
        ((replace(QUEUE, max_mib=12288),), ["UpdateQueue"]),  # too little memory
    ],
)
def test_a_queue_is_made_or_resized_to_what_is_wanted(actual, actions):
    assert [call.action for call in foas_projects.queue_changes(SHARE, actual)] == actions


@pytest.mark.parametrize("used", [{"used_vcores": 450}, {"used_mib": 18432}])
def test_a_queue_is_not_made_smaller_than_its_jobs(used):
    large = replace(QUEUE, max_vcores=500, max_mib=20480, **used)

    with pytest.raises(Unmet, match=r"use 4\.5 CUs"):
        foas_projects.queue_changes(SHARE, (large,))


@pytest.mark.requirement("R23")
@pytest.mark.parametrize(
    ("actual", "actions"), [((), ["BindQueue"]), (("root.clicks",), []), (("root.other", "root.clicks"), [])]
)
def test_a_queue_is_bound_once(actual, actions):
    calls = foas_projects.binding_changes(SHARE, actual)

    assert [call.action for call in calls] == actions
    assert all(call.parameters == {"clusterId": "c1", "queueName": "root.clicks"} for call in calls)


def test_a_project_bound_to_another_queue_is_left_to_a_person():
    with pytest.raises(Unmet, match=r"root\.other") as caught:
        foas_projects.binding_changes(SHARE, ("root.other",))

    assert "Unbind" in caught.value.remedy


@pytest.mark.requirement("R23")
def test_projects_never_get_more_than_the_cluster_has():
    foas_projects.check_capacity(18, 18)

    with pytest.raises(Unmet, match="19 CUs, the cluster has 18"):
        foas_projects.check_capacity(19, 18)


@pytest.mark.requirement("R12", "R23")
def test_a_project_is_created_by_the_account_not_by_a_ram_user():
    foas_projects.check_account(True)

    with pytest.raises(ManualStep) as caught:
        foas_projects.check_account(False)

    assert "AccessKey of the account" in caught.value.remedy


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("actual", "actions"),
    [
        ((), ["CreatePackage"]),
        ((Package("other.jar", "udf/orders.jar"),), ["CreatePackage"]),
        ((Package("orders.jar", "udf/orders.jar"),), []),
        ((Package("orders.jar", "old/orders.jar"),), ["UpdatePackage"]),
    ],
)
def test_a_package_is_registered_once_and_follows_its_object(actual, actions):
    calls = foas_projects.package_changes(UDF, actual)

    assert [call.action for call in calls] == actions
    assert all(call.parameters["ossPath"] == "udf/orders.jar" for call in calls)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.jar", "JAR"), ("a.py", "PYTHON"), ("a.zip", "PYTHON"), ("a.sh", "SCRIPT")]
)
def test_the_type_of_a_package_follows_its_name(name, kind):
    assert foas_projects.create_package(replace(UDF, name=name)).parameters["type"] == kind
