"""The billing of a workspace: what is decided from what there is."""

import json
from dataclasses import replace

import pytest

from alicloud import foasconsole_conversion
from alicloud.errors import Unmet
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_conversion import BillingSpec
from alicloud.foasconsole_namespaces import Namespace

WORKSPACE = Workspace("f-1", "r1", "flink", "RUNNING", "z", "vpc-1", ("vsw-1",), "POST", 16, 1)
SHARES = (Namespace("payments", "SUCCESS", 8), Namespace("flink-default", "SUCCESS", 4))


def spec(charge_type):
    return BillingSpec("cn-hangzhou", charge_type, 3, True)


@pytest.mark.parametrize(
    ("has", "wanted", "actions"),
    [
        ("POST", "POST", []),
        ("PRE", "PRE", []),
        ("POST", "PRE", ["ConvertInstance"]),
        ("PRE", "POST", ["ConvertPrepayInstance"]),
    ],
)
def test_a_workspace_is_converted_when_it_is_billed_otherwise(has, wanted, actions):
    calls = foasconsole_conversion.conversion_changes(spec(wanted), replace(WORKSPACE, charge_type=has), SHARES)

    assert [call.action for call in calls] == actions
    assert all(call.once_only and call.makes == f"workspace/f-1/billing/{wanted}" for call in calls)


def test_a_subscription_is_for_the_namespaces_as_they_are_and_what_is_free():
    (call,) = foasconsole_conversion.conversion_changes(spec("PRE"), WORKSPACE, SHARES)

    rows = json.loads(call.parameters["NamespaceResourceSpecs"])
    assert {row["Namespace"]: row["ResourceSpec"]["Cpu"] for row in rows} == {"payments": 8, "flink-default": 8}
    assert (call.parameters["Duration"], call.parameters["PricingCycle"]) == ("3", "Month")
    assert call.parameters["IsAutoRenew"] == "true"


def test_nothing_is_converted_while_a_namespace_is_being_changed_or_the_billing_is_not_known():
    changing = (*SHARES, Namespace("fraud", "MODIFYING", 2))

    with pytest.raises(Unmet, match="is being changed"):
        foasconsole_conversion.conversion_changes(spec("PRE"), WORKSPACE, changing)
    with pytest.raises(Unmet, match="none of PRE, POST"):
        foasconsole_conversion.conversion_changes(spec("PRE"), replace(WORKSPACE, charge_type=""), SHARES)
