"""Everybody of a kind in an account, page by page."""

import pytest

from alicloud import ram_listing
from alicloud.clock import Clock
from alicloud.ram_listing import ListedPolicy, ListedRole
from alicloud.session import Identity, Session
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.flows.running import start_emulator


@pytest.fixture(scope="module")
def cloud():
    with start_emulator() as running:
        running.reset("everything")
        with Session(
            Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET), "cn-hangzhou", {"*": running.url}, Clock(1000)
        ) as session:
            yield session


def test_all_users_and_groups_are_listed(cloud):
    users, groups = cloud.send(ram_listing.list_users()), cloud.send(ram_listing.list_groups())

    assert {user.name for user in users} == {"alice", "bob", "flink-prep", "carol"}
    assert len({user.user_id for user in users}) == 4
    assert set(groups) == {"realtime-compute", "auditors"}


def test_custom_policies_alone_are_listed_with_how_often_they_are_attached(cloud):
    policies = cloud.send(ram_listing.list_policies())

    assert ListedPolicy("realtime-compute-all", 1) in policies
    assert "AdministratorAccess" not in {policy.name for policy in policies}


def test_roles_are_listed_with_their_descriptions(cloud):
    roles = cloud.send(ram_listing.list_roles())

    assert ListedRole("flink-admin", "what people of the account may become") in roles


@pytest.mark.parametrize(
    ("call", "name", "row", "other"),
    [
        (ram_listing.list_groups(), "Groups", {"Group": [{"GroupName": "a"}]}, "a"),
        (ram_listing.list_users(), "Users", {"User": [{"UserName": "a", "UserId": "1"}]}, None),
    ],
)
def test_the_next_page_is_asked_for_by_its_marker(call, name, row, other):
    body = {name: row, "IsTruncated": True, "Marker": "more"}

    assert call.next_page(body) == {"Marker": "more"}
    assert len(call.parse(body)) == 1
    assert other is None or call.parse(body) == (other,)
