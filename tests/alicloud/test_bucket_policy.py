"""A bucket can be made public by its policy too, not by its ACL alone."""

import json

import pytest

from alicloud import oss
from alicloud.bucket_policy import opens_to_everybody
from alicloud.errors import Unmet


def bucket_policy(effect="Allow", principal=("*",), **more):
    statement = {
        "Effect": effect,
        "Principal": list(principal),
        "Action": ["oss:GetObject"],
        "Resource": ["acs:oss:*:*:b/*"],
    }
    return json.dumps({"Version": "1", "Statement": [statement | more]})


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("principal", [("*",), ("20214760404935xxxx", "*")])
def test_a_bucket_whose_policy_lets_everybody_in_is_refused(principal):
    with pytest.raises(Unmet, match=r"OSS bucket b is public"):
        oss.check_bucket_policy("b", bucket_policy(principal=principal))


def given(**condition):
    return bucket_policy(Condition={operator: dict([line]) for operator, line in condition.items()})


OPEN = {
    "a condition that everybody can meet": given(Bool=("acs:SecureTransport", ["true"])),
    "every address": given(IpAddress=("acs:SourceIp", ["0.0.0.0/0"])),
    "half of all addresses": given(IpAddress=("acs:SourceIp", ["128.0.0.0/1"])),
    "one network and every address": given(IpAddress=("acs:SourceIp", ["10.0.0.0/8", "::/0"])),
    "all addresses but some": given(NotIpAddress=("acs:SourceIp", ["10.0.0.0/8"])),
    "no address at all": given(IpAddress=("acs:SourceIp", [])),
    "what is no address": given(IpAddress=("acs:SourceIp", ["*"])),
    "every VPC": given(StringLike=("acs:SourceVpc", ["vpc-*"])),
    "one VPC and every one": given(StringLike=("acs:SourceVpc", ["vpc-1", "*"])),
    "all VPCs but one": given(StringNotEquals=("acs:SourceVpc", ["vpc-1"])),
    "a prefix": given(StringLike=("oss:Prefix", ["udf/"])),
    "an operator that holds without the key": given(StringEqualsIfExists=("acs:SourceVpc", ["vpc-1"])),
    "nobody is named": json.dumps({"Statement": {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}}),
    "a role of every account": bucket_policy(principal=("arn:sts::*:assumed-role/x",)),
}
CLOSED = {
    "an address": given(IpAddress=("acs:SourceIp", "203.0.113.7")),
    "networks": given(IpAddress=("acs:SourceIp", ["10.0.0.0/8", "2001:db8::/32"])),
    "a VPC": given(StringEquals=("acs:SourceVpc", ["vpc-1"])),
    "a VPC, beside what everybody can meet": given(
        StringEquals=("acs:SourceVpcId", "vpc-1"), Bool=("acs:SecureTransport", "true")
    ),
    "a key": given(StringEquals=("acs:AccessId", ["LTAI5t"])),
    "everybody is kept out": bucket_policy(effect="Deny"),
}


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("text", OPEN.values(), ids=OPEN)
def test_a_condition_that_does_not_fix_the_source_opens_the_bucket_all_the_same(text):
    assert opens_to_everybody(text)


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("text", CLOSED.values(), ids=CLOSED)
def test_a_condition_that_fixes_the_source_keeps_the_bucket_closed(text):
    assert not opens_to_everybody(text)


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    "text",
    [
        "",
        bucket_policy(effect="Deny"),
        bucket_policy(principal=("20214760404935xxxx",)),
        bucket_policy(Condition={"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}}),
    ],
)
def test_a_bucket_whose_policy_names_who_may_come_in_is_taken(text):
    oss.check_bucket_policy("b", text)
