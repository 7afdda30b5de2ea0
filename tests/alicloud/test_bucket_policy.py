"""A bucket can be made public by its policy too, not by its ACL alone."""

import json

import pytest

from alicloud import oss
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
