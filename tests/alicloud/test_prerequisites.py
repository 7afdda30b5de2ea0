import json

import pytest

from alicloud import policy, prerequisites

# The vendor's document, product by product.
_LISTED = """
ots:List* ots:DescribeTable ots:Get* ots:*Row
dhs:Create* dhs:List* dhs:Get* dhs:PutRecords dhs:DeleteTopic
log:List* log:Get* log:Post*
mns:List* mns:Get* mns:Send* mns:Publish* mns:Subscribe
drds:DescribeDrdsInstance drds:ModifyDrdsIpWhiteList
rds:Describe* rds:ModifySecurityIps*
vpc:DescribeVpcs vpc:DescribeVSwitches
ecs:CreateSecurityGroup ecs:AuthorizeSecurityGroup ecs:CreateNetworkInterface ecs:DescribeNetworkInterfaces
ecs:AttachNetworkInterface ecs:DescribeNetworkInterfacePermissions ecs:CreateNetworkInterfacePermission
oss:*
"""
ROLE_ACTIONS = _LISTED.split()


def wanted(actions):
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


@pytest.mark.requirement("R8")
def test_the_roles_policy_allows_exactly_what_the_document_lists():
    assert policy.differences(wanted(ROLE_ACTIONS), prerequisites.role_policy_document()) == []


@pytest.mark.requirement("R9")
def test_the_custom_policy_has_the_network_statements_and_nothing_else():
    network = [action for action in ROLE_ACTIONS if action.startswith(("vpc:", "ecs:"))]

    document = prerequisites.exclusive_policy_document(open_for_creation=True)

    assert policy.differences(wanted(network), document) == []


@pytest.mark.requirement("R10")
def test_the_tightened_policy_lacks_exactly_the_two_rights_on_security_groups():
    opened = prerequisites.exclusive_policy_document(open_for_creation=True)
    tightened = prerequisites.exclusive_policy_document(open_for_creation=False)

    assert policy.differences(opened, tightened) == [
        "+ Allow ecs:AuthorizeSecurityGroup on *",
        "+ Allow ecs:CreateSecurityGroup on *",
    ]


PEOPLE = [
    (("*",), ["acs:stream:*:*:*"]),
    (("risk",), ["acs:stream:*:*:risk"]),
    (("risk", "billing"), ["acs:stream:*:*:billing", "acs:stream:*:*:risk"]),
    (("risk", "*"), ["acs:stream:*:*:*"]),
]


@pytest.mark.requirement("R3")
@pytest.mark.parametrize(("projects", "resources"), PEOPLE)
def test_people_may_use_the_projects_that_are_named(projects, resources):
    expected = {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "stream:*", "Resource": resources},
            {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "acs:ram:*:*:*"},
        ],
    }

    document = prerequisites.people_policy_document(projects)

    assert json.loads(document)["Version"] == "1"
    assert policy.differences(expected, document) == []


def test_the_order_of_projects_does_not_change_the_text():
    assert prerequisites.people_policy_document(["a", "b"]) == prerequisites.people_policy_document(["b", "a"])


def test_all_documents_fit_into_what_ram_accepts():
    documents = [prerequisites.role_policy_document(), prerequisites.exclusive_policy_document(True)]

    assert all(len(text.encode()) <= policy.MAX_DOCUMENT_BYTES for text in documents)


@pytest.mark.requirement("R7")
def test_a_role_for_a_service_trusts_that_service_alone():
    assert json.loads(prerequisites.trust_policy("stream.aliyuncs.com")) == {
        "Version": "1",
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["stream.aliyuncs.com"]}}
        ],
    }


LOGON = [
    ("acme", "cn-hangzhou", "https://signin.aliyun.com/acme.onaliyun.com/login.htm"),
    ("", "cn-hangzhou", "https://signin.aliyun.com/1234567890120000.onaliyun.com/login.htm"),
    ("acme", "ap-southeast-1", "https://signin.alibabacloud.com/acme.onaliyun.com/login.htm"),
]


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(("alias", "region", "url"), LOGON)
def test_users_log_on_at_the_accounts_own_address(alias, region, url):
    assert prerequisites.logon_url("1234567890120000", alias, region) == url


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(
    ("mode", "role"), [("exclusive", prerequisites.EXCLUSIVE_ROLE), ("managed", prerequisites.MANAGED_ROLE)]
)
def test_the_console_links_lead_to_the_role_of_the_mode(mode, role):
    links = prerequisites.console_links("cn-hangzhou", mode, "1234567890120000")

    assert set(links) >= {"RAM users", "RAM roles", "VPC", "OSS", "Realtime Compute", "Authorize"}
    assert links["RAM roles"].endswith(role)
    assert all(url.startswith("https://") for url in links.values())


def test_the_console_links_of_a_region_abroad_lead_to_the_international_site():
    links = prerequisites.console_links("ap-southeast-1", "managed", "1234567890120000")

    assert all(".alibabacloud.com/" in url for url in links.values())
