"""alibabacloud_ram20150501 against the emulator."""

import json

import pytest

from emulator.products import BY_VERSION
from tests.emulator.clients.actions import expected
from tests.emulator.clients.paging import by_marker
from tests.emulator.clients.walks import ram

NAMES = [f"n{i}" for i in range(5)]
PEOPLE = {
    "ram": {
        "groups": [{"name": name} for name in NAMES],
        "users": [{"name": name, "groups": ["n0"]} for name in NAMES],
        "roles": [{"name": name} for name in NAMES],
        "policies": [{"name": name, "documents": [json.loads(ram.DOCUMENT)]} for name in NAMES],
    }
}


def test_nothing_of_any_reply_is_lost(v2, sow, wait):
    sow(ram.SEED)
    client = v2("ram")

    ram.walk(client, wait)
    ram.service_linked_roles(client)

    assert client.called == expected("alibabacloud_*", "ram")


@pytest.mark.parametrize(
    ("action", "path", "name", "parameters"),
    [
        ("ListUsers", "Users.User", "UserName", {}),
        ("ListGroups", "Groups.Group", "GroupName", {}),
        ("ListRoles", "Roles.Role", "RoleName", {}),
        ("ListPolicies", "Policies.Policy", "PolicyName", {"PolicyType": "Custom"}),
        ("ListUsersForGroup", "Users.User", "UserName", {"GroupName": "n0"}),
    ],
)
def test_a_list_is_read_to_its_last_page(v2, sow, action, path, name, parameters):
    sow(PEOPLE)

    rows = by_marker(v2("ram"), action, path, **parameters)

    assert sorted(row[name] for row in rows) == NAMES


def test_the_many_system_policies_are_read_to_the_last_page(v2):
    client = v2("ram")

    rows = by_marker(client, "ListPolicies", "Policies.Policy", PolicyType="System")

    assert {"AdministratorAccess", "AliyunOSSFullAccess"} <= {row["PolicyName"] for row in rows}
    assert len(rows) == len({row["PolicyName"] for row in rows})


def test_a_reply_is_read_as_objects(v2):
    client = v2("ram")
    client.send("CreateUser", UserName="alice", DisplayName="Älice 愛 & <b>", Comments="a+b c%20~*'()")

    user = client.send("GetUser", UserName="alice").body.user

    assert (user.user_name, user.display_name, user.comments) == ("alice", "Älice 愛 & <b>", "a+b c%20~*'()")
    assert user.user_id.isdigit()
    assert user.create_date.endswith("Z")


def test_tags_travel_as_json_and_come_back(v2):
    client, tag = v2("ram"), [{"Key": "team", "Value": "data"}]
    client("CreateRole", RoleName="worker", AssumeRolePolicyDocument=ram.TRUST, Tag=tag)
    client("CreatePolicy", PolicyName="mine", PolicyDocument=ram.DOCUMENT, Tag=tag)

    roles = client("ListRoles", Tag=tag)["Roles"]["Role"]
    policies = client("ListPolicies", PolicyType="Custom", Tag=tag)["Policies"]["Policy"]
    none = client("ListRoles", Tag=[{"Key": "team", "Value": "other"}])["Roles"]["Role"]

    assert [row["Tags"] for row in roles + policies] == [{"Tag": [{"TagKey": "team", "TagValue": "data"}]}] * 2
    assert none == []


@pytest.mark.parametrize("changed", [{"AccountAlias": "a", "New": "field"}, {"AccountAlias": 1}])
def test_a_field_that_the_sdk_lacks_or_reads_otherwise_does_not_pass(v2, monkeypatch, changed):
    monkeypatch.setitem(BY_VERSION["2015-05-01"].routes, "GetAccountAlias", lambda world, request: changed)

    with pytest.raises(AssertionError):
        v2("ram")("GetAccountAlias")
