import pytest

from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.policy import document, statement
from alicloud.policy_diff import document_changes, widens

OLD = document([statement(["ecs:A", "ecs:B"]), statement("oss:*", "acs:oss:*:*:b", "Deny")])


def test_actions_that_come_and_go_stand_together_by_what_they_are_on():
    new = document([statement(["ecs:B", "ecs:C", "ecs:D"]), statement("oss:Get*", "acs:oss:*:*:b")])

    assert document_changes(new, OLD) == (
        Change("Allow on *", "", "ecs:C, ecs:D"),
        Change("Allow on acs:oss:*:*:b", "", "oss:Get*"),
        Change("Allow on *", "ecs:A", ""),
        Change("Deny on acs:oss:*:*:b", "oss:*", ""),
    )


def test_another_way_of_writing_the_same_is_no_change():
    spread = {"Statement": [statement("ECS:b"), statement("oss:*", ["acs:oss:*:*:b"], "Deny"), statement(["ecs:a"])]}

    assert document_changes(spread, OLD) == ()


def test_what_is_no_document_is_refused():
    with pytest.raises(Unmet):
        document_changes(OLD, "[")


@pytest.mark.parametrize(
    ("change", "wider"),
    [
        (Change("Allow on *", "", "ecs:A"), True),
        (Change("Allow on *", "ecs:A", ""), False),
        (Change("Deny on *", "ecs:A", ""), True),
        (Change("Deny on *", "", "ecs:A"), False),
    ],
)
def test_a_change_widens_when_somebody_may_do_more(change, wider):
    assert widens([change]) is wider
