import string

import pytest

from alicloud.ram import UserSpec
from blocks.people import Handover
from tasks import ram_user
from tests.tasks.conftest import connected


@pytest.mark.requirement("R1")
def test_a_user_is_made_once_and_brought_to_what_is_wanted(account, cloud):
    for name in ("Alice", "Alice", "Alice A."):
        user = ram_user.ensure_user.fn(cloud, UserSpec("alice", display_name=name))

    assert user.display_name == "Alice A."
    assert account.writes() == ["CreateUser", "UpdateUser"]


@pytest.mark.requirement("R1")
def test_a_plan_draws_no_password_and_writes_none_down(account):
    with connected(account, dry=True) as plan:
        ram_user.ensure_logon.fn(plan, "alice", True, "logon-plan-alice", Handover())

        assert [write.action for write in plan.ledger.writes] == ["CreateLoginProfile"]
    assert account.writes() == []


@pytest.mark.requirement("R2")
@pytest.mark.parametrize("length", [24, 32])
def test_every_password_has_letters_of_each_kind_that_a_policy_may_ask_for(length):
    passwords = [ram_user._password(length) for _ in range(200)]

    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+-_=")
    assert {len(password) for password in passwords} == {length}
    assert [password for password in passwords if not all(set(kind) & set(password) for kind in kinds)] == []
    assert len(set(passwords)) == 200
    assert len({password[0] for password in passwords}) > 20  # no kind has its fixed place
