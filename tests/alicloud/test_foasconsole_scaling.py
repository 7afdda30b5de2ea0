"""The size of a managed workspace and its namespaces: what is decided from what there is."""

import pytest

from alicloud import foasconsole_scaling as sizes
from alicloud.errors import Unmet
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace
from alicloud.foasconsole_scaling import WorkspaceSize


def workspace(cus=16, charge="POST"):
    return Workspace("f-1", "r1", "flink", "RUNNING", "cn-hangzhou-h", "vpc-1", ("vsw-1",), charge, cus, 1)


def namespaces(payments=8, default=8, used=0.0, default_used=0.0, status="SUCCESS"):
    return (Namespace("flink-default", "SUCCESS", default, default_used), Namespace("payments", status, payments, used))


def size(cus=16, payments=8, most=40):
    return WorkspaceSize("cn-hangzhou", cus, most, {"payments": payments})


@pytest.mark.parametrize(
    ("wanted", "charge", "actions"),
    [
        (size(16), "POST", []),
        (size(24), "POST", ["ModifyInstanceSpec"]),
        (size(12), "POST", ["ModifyInstanceSpec"]),
        (size(24), "PRE", ["ModifyPrepayInstanceSpec"]),
        (size(40), "POST", ["ModifyInstanceSpec"]),
    ],
)
def test_a_workspace_is_brought_to_the_wanted_size(wanted, charge, actions):
    calls = sizes.size_changes(wanted, workspace(charge=charge), namespaces())

    assert [call.action for call in calls] == actions
    assert all(call.once_only and call.makes == f"workspace/f-1/cus/{wanted.cus}" for call in calls)


@pytest.mark.parametrize(
    ("wanted", "has", "shares", "text"),
    [
        (size(41), 16, namespaces(), "more than safety.max_compute_units (40)"),
        (size(8), 16, namespaces(), "Namespace flink-default would be left 0 CUs"),
        (size(12, 4), 16, namespaces(used=5.5), "Namespace payments would be left 4 CUs; its jobs use 6"),
        (size(10), 16, namespaces(default_used=3), "Namespace flink-default would be left 2 CUs; its jobs use 3"),
        (size(16), 0, namespaces(), "does not tell its compute units"),
    ],
)
def test_what_may_not_be_is_refused(wanted, has, shares, text):
    with pytest.raises(Unmet) as refused:
        sizes.size_changes(wanted, workspace(has), shares)

    assert text in str(refused.value)


def test_namespaces_that_hold_more_than_is_wanted_are_named():
    others = (Namespace("payments", "SUCCESS", 8), Namespace("fraud", "SUCCESS", 8))

    with pytest.raises(Unmet, match="hold 16 CUs, more than 12"):
        sizes.size_changes(size(12), workspace(), others)


@pytest.mark.parametrize(
    ("wanted", "direction", "changed"),
    [
        (size(16, 8), "smaller", []),
        (size(12, 8), "smaller", [("flink-default", "4")]),
        (size(12, 6), "smaller", [("flink-default", "6"), ("payments", "6")]),
        (size(24, 12), "smaller", []),
        (size(24, 12), "larger", [("payments", "12")]),
        (size(16, 12), "smaller", [("flink-default", "4")]),
        (size(12, 6), "larger", []),
    ],
)
def test_namespaces_give_up_first_what_they_lose_and_the_default_one_gives_way(wanted, direction, changed):
    calls = sizes.namespace_size_changes(wanted, workspace(), namespaces(), direction)

    assert [(call.parameters["Namespace"], call.changes[0].after) for call in calls] == changed


def test_a_namespace_that_is_being_changed_is_left_alone():
    shares = namespaces(status="MODIFYING")

    assert sizes.namespace_size_changes(size(24, 12), workspace(), shares, "larger") == []
    assert not sizes.all_ready(shares)


def test_one_that_has_failed_is_told():
    with pytest.raises(Unmet, match="payments is FAILED"):
        sizes.all_ready(namespaces(status="FAILED"))
