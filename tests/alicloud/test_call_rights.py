"""Each call that the house can send has the rights it needs written down."""

import pytest

from alicloud.call_rights import ACCOUNT_ONLY, READS, RIGHTS, WRITES
from tests.reliability.test_kinds import BUILDERS, CALLS

KINDS = ("User", "Group", "Role")
# What one builder makes for each kind of principal.
FAMILIES = {f"{stem}{kind}" for stem in ("ListPoliciesFor", "AttachPolicyTo", "DetachPolicyFrom") for kind in KINDS}


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_every_call_has_its_rights_among_the_reads_or_the_writes_as_its_kind_is(name):
    call = CALLS[name]

    key = (call.product, call.action)

    reads = call.is_read and call.parameters.get("DryRun") != "true"  # a dry run needs the rights of the write
    assert (key in READS, key in WRITES) == (reads, not reads)


def test_no_right_is_written_down_for_a_call_that_nobody_can_send():
    built = {(call.product, call.action) for call in CALLS.values()}

    stale = {key for key in RIGHTS if key not in built and key[1] not in FAMILIES}

    assert stale == set()
    assert set(ACCOUNT_ONLY) <= set(WRITES)


@pytest.mark.parametrize("key", sorted(RIGHTS), ids="-".join)
def test_a_right_is_of_one_product_and_on_that_product_s_resources(key):
    for right in RIGHTS[key]:
        product, _, action = right.name.partition(":")
        assert action and "*" not in right.name
        assert right.resources
        wanted = "ram" if product in ("ram", "sts") else product
        assert all(where == "*" or where.startswith(f"acs:{wanted}:") for where in right.resources)


def test_only_what_has_no_resource_of_its_own_is_on_everything():
    on_everything = {right.name for rights in RIGHTS.values() for right in rights if "*" in right.resources}

    assert on_everything == {
        "vpc:DescribeZones",
        "ecs:DescribeAvailableResource",
        "bssapi:QueryAvailableInstances",
        "bssapi:RenewInstance",
        "bssapi:SetRenewal",
        "actiontrail:LookupEvents",
    }


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (("Ram", "GetUser"), {"account", "user"}),
        (("Ram", "CreateUser"), {"account"}),
        (("Ram", "AttachPolicyToGroup"), {"account", "group", "policy"}),
        (("oss", "AppendObject"), {"account", "bucket", "key"}),
        (("Vpc", "DescribeZones"), set()),
    ],
)
def test_a_right_says_which_names_its_resources_want(key, names):
    (right,) = RIGHTS[key]

    assert right.placeholders == names
