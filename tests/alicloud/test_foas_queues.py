"""What a cluster has to share out, and its queues."""

import json
from pathlib import Path

import pytest

from alicloud import foas_queues
from alicloud.call import PLANNED, Kind
from alicloud.foas_queues import ClusterResource, Queue

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["foas/2018-11-11"]


def test_the_published_resource_is_read():
    found = foas_queues.get_cluster_resource("c1").parse(SAMPLES["GetClusterResource"]["body"])

    assert found == ClusterResource(600, 24576)
    assert found.cus == 6


def test_the_published_queues_are_read_and_a_vcore_lost_to_rounding_does_not_count():
    (found,) = foas_queues.get_cluster_queue_info("c1").parse(SAMPLES["GetClusterQueueInfo"]["body"])

    assert found == Queue("h6272cj4etgqe7oets4s0000", "root.cloudpay_dev", 599, 50, 24576, 2816)
    assert found.cus == 6


def test_a_number_too_large_for_the_queue_is_taken_from_the_other_place():
    body = json.loads(json.dumps(SAMPLES["GetClusterQueueInfo"]["body"]))
    body["Queues"]["Queue"][0]["MaxVCore"] = -9999

    (found,) = foas_queues.get_cluster_queue_info("c1").parse(body)

    assert found.max_vcores == 600


@pytest.mark.parametrize(
    ("vcores", "mib", "cus"), [(600, 24576, 6), (650, 24576, 6), (600, 20480, 5), (0, 0, 0), (99, 4096, 0)]
)
def test_the_compute_units_of_a_cluster_are_what_both_cores_and_memory_give(vcores, mib, cus):
    assert ClusterResource(vcores, mib).cus == cus


def test_jobs_use_the_larger_of_cores_and_memory():
    assert Queue("c1", "root.a", 600, 50, 24576, 8192).used_cus == 2


@pytest.mark.parametrize(
    ("call", "missing"),
    [(foas_queues.get_cluster_resource(PLANNED), None), (foas_queues.get_cluster_queue_info(PLANNED), ())],
    ids=lambda value: getattr(value, "action", ""),
)
def test_reads_are_gets_that_a_dry_run_can_answer_for_a_planned_cluster(call, missing):
    assert (call.kind, call.method, call.missing) == (Kind.READ, "GET", missing)
    assert call.concerns_planned
