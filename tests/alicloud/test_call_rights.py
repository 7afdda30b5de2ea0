"""Each call that the house can send says which rights it needs."""

import pytest

from alicloud.call_rights import rights_of, why_account_only
from alicloud.foas_projects import create_project
from alicloud.oss_objects import append_object
from alicloud.ram import create_user, get_user
from alicloud.ram_policies import attach_policy
from alicloud.sts import get_caller_identity
from alicloud.vpc import describe_zones
from tests.reliability.test_kinds import BUILDERS, CALLS, every_call

SAYING = {name: builder for name, builder in BUILDERS.items() if "rights" in vars(builder)}
RIGHTS = [(name, right) for name, builder in SAYING.items() for right in rights_of(builder)]

# Where the right is called otherwise than the action. Source: those that alicloud/call_rights.py names.
OTHERWISE = {
    ("oss", "HeadObject"): {"GetObject"},
    ("oss", "AppendObject"): {"PutObject"},
    ("oss", "InitiateMultipartUpload"): {"PutObject"},
    ("oss", "UploadPart"): {"PutObject"},
    ("oss", "CompleteMultipartUpload"): {"PutObject"},
    ("foasconsole", "DescribeInstances"): {"DescribeVvpInstances"},
    ("foasconsole", "DescribeNamespaces"): {"DescribeVvpNamespaces"},
    ("foasconsole", "CreateInstance"): {"CreateVvpInstance"},
    ("foasconsole", "CreateNamespace"): {"CreateVvpNamespace"},
    ("foasconsole", "RenewInstance"): {"RenewVvpInstance"},
    ("foasconsole", "DeleteInstance"): {"DeleteVvpInstance"},
    ("foasconsole", "DeleteNamespace"): {"DeleteVvpNamespace"},
}
ADDED = {"PassRole", "DeleteObjectVersion"}  # beside the right that is called like the action


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_every_builder_of_a_call_says_by_which_rights_it_is_allowed(name):
    assert name in SAYING, "put @allowed_by above it; without a right where everybody may send it"


def test_only_who_one_is_may_everybody_ask():
    assert [builder for builder in SAYING.values() if not rights_of(builder)] == [get_caller_identity]


@pytest.mark.parametrize("name", sorted(SAYING))
def test_a_right_to_write_is_said_of_writes_alone(name):
    call = CALLS[name]

    writes = not all(right.is_read for right in rights_of(BUILDERS[name]))

    assert writes == (not call.is_read or call.parameters.get("DryRun") == "true")  # which needs the write's rights


@pytest.mark.parametrize("name", sorted(name for name, builder in SAYING.items() if rights_of(builder)))
def test_the_rights_are_those_of_the_actions_that_the_builder_makes(name):
    for call in every_call(BUILDERS[name]):
        rights = [each for each in rights_of(BUILDERS[name]) if not each.principal or fits(each.principal, call)]

        wanted = OTHERWISE.get((call.product, call.action), {call.action})

        assert {right.action for right in rights} - ADDED == wanted


def fits(principal, call):
    return call.action.endswith(principal.capitalize())


def test_nobody_but_the_account_may_create_a_project_of_exclusive_mode():
    reserved = {name: why_account_only(builder) for name, builder in BUILDERS.items() if why_account_only(builder)}

    assert [BUILDERS[name] for name in reserved] == [create_project]
    assert not any(CALLS[name].is_read for name in reserved)


@pytest.mark.parametrize(("name", "right"), RIGHTS, ids=[f"{name}-{right.name}" for name, right in RIGHTS])
def test_a_right_is_of_one_product_and_on_that_product_s_resources(name, right):
    product, _, action = right.name.partition(":")

    assert action and "*" not in right.name
    assert right.resources
    wanted = "ram" if product in ("ram", "sts") else product
    assert all(where == "*" or where.startswith(f"acs:{wanted}:") for where in right.resources)


def test_only_what_has_no_resource_of_its_own_is_on_everything():
    on_everything = {right.name for _, right in RIGHTS if "*" in right.resources}

    assert on_everything == {
        "vpc:DescribeZones",
        "ecs:DescribeAvailableResource",
        "bssapi:QueryAvailableInstances",
        "bssapi:RenewInstance",
        "bssapi:SetRenewal",
        "actiontrail:LookupEvents",
    }


@pytest.mark.parametrize(
    ("builder", "principal", "names"),
    [
        (get_user, "", {"account", "user"}),
        (create_user, "", {"account"}),
        (attach_policy, "group", {"account", "group", "policy"}),
        (append_object, "", {"account", "bucket", "key"}),
        (describe_zones, "", set()),
    ],
)
def test_a_right_says_which_names_its_resources_want(builder, principal, names):
    (right,) = (each for each in rights_of(builder) if each.principal == principal)

    assert right.placeholders == names
