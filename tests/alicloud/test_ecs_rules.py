"""The rules of security groups, read from the vendor's answers."""

import pytest

from alicloud import ecs_rules

BODY = {"Direction": "ingress", "Policy": "Accept", "IpProtocol": "TCP", "PortRange": "22/22"}


@pytest.mark.parametrize(
    ("source", "shown", "is_open", "is_not_judged"),
    [
        ({"SourceCidrIp": "0.0.0.0/0"}, "0.0.0.0/0", True, False),
        ({"SourceCidrIp": "", "Ipv6SourceCidrIp": "::/0"}, "::/0", True, False),
        ({"SourceCidrIp": "", "SourceGroupId": "sg-1"}, "sg-1", False, False),
        ({"SourceCidrIp": "", "SourcePrefixListId": "pl-1"}, "pl-1", False, True),
    ],
)
def test_a_rule_names_its_source_whatever_kind_it_is(source, shown, is_open, is_not_judged):
    (rule,) = ecs_rules.describe_security_group_attribute("sg-1").parse(
        {"Permissions": {"Permission": [BODY | source]}}
    )

    assert (rule.source, rule.is_open_to_the_world, rule.is_not_judged) == (shown, is_open, is_not_judged)
