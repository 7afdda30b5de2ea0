import pytest

from alicloud import dry_runs, ram, ram_policies, sts, vpc
from alicloud.errors import Unsettled


def test_a_dry_run_asks_for_one_and_its_success_is_an_answer():
    call = dry_runs.create_vpc()

    assert call.is_read
    assert call.parameters["DryRun"] == "true"
    assert "DryRunOperation" in call.absent


def test_a_dry_run_that_the_cloud_takes_for_a_true_one_is_told_at_once():
    with pytest.raises(Unsettled, match="took a dry run of CreateVpc for a true one: vpc-1 was made") as told:
        dry_runs.create_vpc().parse({"VpcId": "vpc-1"})

    assert f"Delete the VPC named {dry_runs.NAME}" in told.value.remedy


@pytest.mark.parametrize(
    ("call", "harmless"),
    [
        (dry_runs.create_vpc(), True),
        (vpc.describe_vpcs(), True),
        (ram_policies.get_role("flink"), True),
        (vpc.create_vpc(vpc.VpcSpec("dev", "cn-hangzhou", name="x", cidr="10.0.0.0/8")), False),
        (ram.create_group(ram.GroupSpec("flink")), False),
        (sts.assume_role("acs:ram::1:role/flink", "probe"), False),
    ],
    ids=lambda each: getattr(each, "action", ""),
)
def test_only_reads_and_dry_runs_are_harmless(call, harmless):
    assert dry_runs.is_harmless(call) is harmless
