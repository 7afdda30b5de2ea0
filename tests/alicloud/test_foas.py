"""Clusters of exclusive mode: what is read, decided, waited for, and written into a ticket."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import foas
from alicloud.call import PLANNED, Kind
from alicloud.errors import Unmet
from alicloud.foas import Cluster, ClusterSpec

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["foas/2018-11-11"]

SPEC = ClusterSpec("flink", "jobs", "blinkonecs_1", "udf", "vpc-1", "vsw-1", "cn-hangzhou-h")
LISTED = Cluster("c1", "flink", "jobs", "RUNNING", "cn-hangzhou", "cn-hangzhou-h", 1612693397000)
DETAILED = replace(LISTED, vpc_id="vpc-1", vswitch_ids=("vsw-1",), bucket="udf", security_group_id="sg-1")
DESTROYED = replace(LISTED, cluster_id="c0", state="DESTROYED")
DESTROYING = replace(LISTED, cluster_id="c0", state="DESTROYING")


def test_the_published_list_is_read():
    found = foas.list_cluster().parse(SAMPLES["ListCluster"]["body"])

    cluster_id, text = "rulpqd442sgxbtw9736r0000", "example description"
    assert found == (Cluster(cluster_id, "Example", text, "RUNNING", "cn-beijing", "cn-beijing-e", 1605609438000),)


def test_the_published_details_are_read():
    found = foas.get_cluster_details("c1").parse(SAMPLES["GetClusterDetails"]["body"])

    assert (found.cluster_id, found.state, found.zone) == ("7cmedvslzs8q9n7pkfx50000", "STARTING", "cn-shanghai-f")
    assert (found.vpc_id, found.vswitch_ids) == ("vpc-uf6aq156h1gy06dzf0000", ("vsw-uf6v128q9khll8e9ucyhj",))
    assert (found.security_group_id, found.bucket) == ("sg-abcd", "example-bucket")


def test_details_without_network_and_bucket_are_read():
    row = SAMPLES["ListCluster"]["body"]["Clusters"]["Cluster"][0]

    found = foas.get_cluster_details("c1").parse({"Details": row})

    assert (found.vpc_id, found.vswitch_ids, found.security_group_id, found.bucket) == ("", (), "", "")


def test_the_published_creation_gives_the_id():
    assert foas.create_cluster(SPEC).parse(SAMPLES["CreateCluster"]["body"]) == "cmy99ugusuco66x9qc6k0000"


@pytest.mark.parametrize(
    ("index", "pages", "following"),
    [(1, 1, None), (1, 2, {"pageIndex": "2", "pageSize": "100"}), (2, 2, None), (1, 0, None)],
)
def test_the_list_is_read_to_its_last_page(index, pages, following):
    assert foas.list_cluster().next_page({"PageIndex": index, "TotalPage": pages}) == following


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (foas.list_cluster(), ()),
        (foas.get_cluster_details(PLANNED), None),
    ],
    ids=lambda value: getattr(value, "action", ""),
)
def test_reads_are_gets_that_a_dry_run_can_answer_for_a_planned_cluster(call, missing):
    assert (call.kind, call.method, call.missing) == (Kind.READ, "GET", missing)
    assert call.concerns_planned is (call.action != "ListCluster")


@pytest.mark.requirement("R21")
def test_a_creation_names_order_network_bucket_and_zone_and_is_sent_once():
    call = foas.create_cluster(SPEC)

    assert call.kind is Kind.ONCE
    assert (call.method, call.path) == ("POST", "/api/v2/clusters")
    assert call.parameters == {
        "orderId": "blinkonecs_1",
        "displayName": "flink",
        "description": "jobs",
        "userOssBucket": "udf",
        "userVpcId": "vpc-1",
        "userVSwitch": "vsw-1",
        "zoneId": "cn-hangzhou-h",
    }
    assert "flink" in call.means


def test_a_cluster_without_a_description_is_described_by_its_name():
    assert foas.create_cluster(replace(SPEC, description="")).parameters["description"] == "flink"


@pytest.mark.requirement("R21")
@pytest.mark.parametrize(
    ("actual", "actions"),
    [
        ((), ["CreateCluster"]),
        ((LISTED,), []),
        ((DETAILED,), []),
        ((replace(LISTED, state="STARTING"),), []),
        ((replace(LISTED, state="MAINTAINING"),), []),
        ((replace(LISTED, description="other"),), []),  # it cannot be changed, and does no harm
        ((replace(LISTED, name="Flink"),), ["CreateCluster"]),
        ((replace(LISTED, name="flink2"),), ["CreateCluster"]),  # should the filter match loosely
        ((DESTROYED,), ["CreateCluster"]),
        ((DESTROYED, LISTED), []),
        ((DESTROYING, LISTED), []),
    ],
)
def test_a_cluster_is_made_only_when_there_is_none_of_its_name(actual, actions):
    assert [call.action for call in foas.cluster_changes(SPEC, actual)] == actions


@pytest.mark.requirement("R21")
@pytest.mark.parametrize(
    ("actual", "words"),
    [
        ((replace(LISTED, zone="cn-hangzhou-i"),), ["c1", "zone is cn-hangzhou-i, wanted cn-hangzhou-h"]),
        ((replace(DETAILED, vpc_id="vpc-2"),), ["VPC is vpc-2, wanted vpc-1"]),
        ((replace(DETAILED, bucket="other"),), ["bucket is other, wanted udf"]),
        ((replace(DETAILED, vswitch_ids=("vsw-2", "vsw-3")),), ["vSwitch is vsw-2, vsw-3, wanted vsw-1"]),
        ((LISTED, replace(LISTED, cluster_id="c2")), ["2 clusters", "c1, c2"]),
        ((DESTROYING,), ["c0", "being destroyed", "Wait"]),
    ],
)
def test_a_cluster_that_is_not_the_wanted_one_is_refused_with_a_remedy(actual, words):
    with pytest.raises(Unmet) as caught:
        foas.cluster_changes(SPEC, actual)

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy


def test_a_cluster_that_was_scaled_out_into_another_vswitch_is_still_the_wanted_one():
    foas.check_cluster(SPEC, replace(DETAILED, vswitch_ids=("vsw-0", "vsw-1")))


def test_a_planned_cluster_satisfies_what_it_was_planned_for():
    planned = foas.planned_cluster(SPEC)

    assert planned.cluster_id == PLANNED
    assert foas.cluster_changes(SPEC, (planned,)) == []


@pytest.mark.requirement("R22")
@pytest.mark.parametrize(
    ("state", "ready"),
    [("STARTING", False), ("RUNNING", True), ("EXPANDING", False), ("REDUCING", False), ("UPGRADING", False)],
)
def test_a_cluster_is_ready_when_it_is_running(state, ready):
    assert foas.cluster_ready(replace(LISTED, state=state)) is ready


def test_a_cluster_that_is_not_seen_yet_is_not_ready():
    assert foas.cluster_ready(None) is False


@pytest.mark.requirement("R22")
@pytest.mark.parametrize("state", ["DESTROYING", "DESTROYED", "PAUSED", ""])
def test_waiting_ends_at_a_state_that_leads_nowhere_or_that_nobody_knows(state):
    with pytest.raises(Unmet) as caught:
        foas.cluster_ready(replace(LISTED, state=state))

    assert "c1" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.requirement("R22")
def test_a_ticket_has_every_fact_and_no_whole_account_id():
    text = foas.ticket_text(SPEC, DETAILED, "1376771854400000", 3600, ["REQ-1", "REQ-2"])

    facts = ["flink", "c1", "blinkonecs_1", "RUNNING", "60 minutes", "2021-02-07 10:23:17 UTC", "cn-hangzhou-h"]
    places = ["cn-hangzhou", "vpc-1", "vsw-1", "sg-1", "udf", "REQ-1, REQ-2", "1376...0000"]
    assert all(fact in text for fact in facts + places)
    assert "1376771854400000" not in text


def test_a_ticket_can_be_written_when_little_is_known():
    text = foas.ticket_text(SPEC, LISTED, "123", 0, [])

    assert "none known" in text
    assert "none yet" in text
    assert "123" not in text.splitlines()[1]
