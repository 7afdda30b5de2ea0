"""The size of an exclusive cluster: what is decided from what there is."""

import json

import pytest

from alicloud import foas_scaling
from alicloud.call import Kind
from alicloud.errors import Unmet
from alicloud.foas import Cluster
from alicloud.foas_projects import QueueSpec
from alicloud.foas_queues import ClusterResource, Queue
from alicloud.foas_scaling import SizeSpec

MASTER, SLAVE, OTHER = "Ecs_4c16g", "Ecs_8c32g", "Ecs_16c64g"


def cluster(slaves=3, masters=3, infos=None):
    rows = {
        "master": [{"instanceId": f"m{number}", "model": MASTER} for number in range(masters)],
        "slave": [{"instanceId": f"s{number}", "model": SLAVE} for number in range(slaves)],
    }
    told = json.dumps(rows) if infos is None else infos
    return Cluster("c1", "flink", "", "RUNNING", "cn-hangzhou", "cn-hangzhou-h", 1, instance_infos=told)


def spec(slaves=3, master=MASTER, masters=3, slave=SLAVE, most=100, queued=0):
    return SizeSpec(master, masters, slave, slaves, most, queued)


RESOURCE = ClusterResource(1800, 18 * 4096)


@pytest.mark.parametrize(
    ("wanted", "action", "parameters"),
    [
        (spec(3), None, {}),
        (spec(5), "ExpandCluster", {"count": "5", "model": SLAVE}),
        (spec(5, most=30), "ExpandCluster", {"count": "5", "model": SLAVE}),
        (spec(2), "ShrinkCluster", {"instanceIds": "s2"}),
        (spec(2, queued=12), "ShrinkCluster", {"instanceIds": "s2"}),
    ],
)
def test_slaves_are_brought_to_the_wanted_number(wanted, action, parameters):
    calls = foas_scaling.slaves_changes(wanted, cluster(), RESOURCE)

    assert [(call.action, call.parameters) for call in calls] == ([(action, parameters)] if action else [])


def test_what_nobody_wants_anything_of_stays():
    silent = spec(None, None, None, None)

    assert foas_scaling.slaves_changes(silent, cluster(9), RESOURCE) == []
    assert foas_scaling.master_changes(silent, cluster(masters=1)) == []
    assert foas_scaling.size_difference(silent, cluster(9)) == ""


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (spec(5, most=29), "would have 30 CUs, more than safety.max_compute_units (29)"),
        (spec(2, queued=13), "has 12 CUs; its queues hold 13"),
        (spec(3, slave=OTHER), "their specification cannot be changed"),
    ],
)
def test_what_may_not_be_is_refused(wanted, text):
    with pytest.raises(Unmet) as refused:
        foas_scaling.slaves_changes(wanted, cluster(), RESOURCE)

    assert text in str(refused.value)


@pytest.mark.parametrize("infos", ["", "{}", "no JSON", "[]", '{"master": [], "slave": []}', '{"slave": 3}'])
def test_nothing_is_guessed_when_the_nodes_are_not_told(infos):
    with pytest.raises(Unmet, match="does not tell its nodes in a form that we know"):
        foas_scaling.slaves_changes(spec(5), cluster(infos=infos), RESOURCE)

    assert foas_scaling.size_difference(spec(5), cluster(infos=infos)) == ""


@pytest.mark.parametrize(("wanted", "actions"), [(spec(), []), (spec(master=OTHER), ["ModifyMasterSpec"])])
def test_masters_are_exchanged_when_others_are_wanted(wanted, actions):
    assert [call.action for call in foas_scaling.master_changes(wanted, cluster())] == actions


def test_only_what_buys_machines_without_a_natural_key_is_sent_once():
    kinds = {
        call.action: call.kind
        for call in (
            foas_scaling.expand_cluster("c1", 5, SLAVE),
            foas_scaling.shrink_cluster("c1", ["s1"]),
            foas_scaling.modify_master_spec("c1", OTHER),
        )
    }

    assert kinds == {
        "ExpandCluster": Kind.ONCE,
        "ShrinkCluster": Kind.IDEMPOTENT,
        "ModifyMasterSpec": Kind.IDEMPOTENT,
    }


def queue(cus, used=0, name="root.orders"):
    return Queue("c1", name, cus * 100, used * 100, cus * 4096, used * 4096)


@pytest.mark.parametrize(
    ("has", "wanted", "direction", "actions"),
    [
        (6, 4, "smaller", ["UpdateQueue"]),
        (6, 4, "larger", []),
        (6, 8, "larger", ["UpdateQueue"]),
        (6, 8, "smaller", []),
        (6, 6, "larger", []),
        (None, 6, "larger", []),
    ],
)
def test_a_queue_shrinks_before_the_cluster_and_grows_after_it(has, wanted, direction, actions):
    queues = () if has is None else (queue(has),)

    calls = foas_scaling.queue_resizes(QueueSpec("c1", "orders", wanted), queues, direction)

    assert [call.action for call in calls] == actions


def test_a_queue_keeps_what_jobs_use():
    with pytest.raises(Unmet, match="use 5 CUs"):
        foas_scaling.queue_resizes(QueueSpec("c1", "orders", 4), (queue(6, 5),), "smaller")


def test_queues_that_no_project_of_ours_has_count_as_they_are():
    queues = (queue(6), queue(3, name="root.others"))

    assert foas_scaling.queued_cus(queues, {"root.orders": 9, "root.new": 4}) == 12
