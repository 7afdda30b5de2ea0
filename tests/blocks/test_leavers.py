"""Who leaves does not stay, and whose key is replaced is a user."""

import pytest
from pydantic import ValidationError

from tests.flows.running import environment

LEAVER = {"name": "Bob", "since": "2026-11-24"}


@pytest.mark.parametrize(
    ("mode", "people", "place"),
    [
        ("exclusive", {"leavers": [LEAVER]}, "people.users.1.name: bob is among people.leavers"),
        ("exclusive", {"leavers": [LEAVER]}, "people.groups.0.members.1: bob is among people.leavers"),
        ("managed", {"leavers": [LEAVER | {"name": "carol"}]}, "projects.0.managers.0: carol is among people.leavers"),
        ("exclusive", {"leavers": [LEAVER | {"name": "x"}] * 2}, "people.leavers.1.name: leaver x is named 2 times"),
        ("exclusive", {"access_keys": [{"user": "erin"}]}, "people.access_keys.0.user: erin is not among people.users"),
        ("exclusive", {"access_keys": [{"user": "bob"}] * 2}, "people.access_keys.1.user: user bob is named twice"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(mode, people, place):
    with pytest.raises(ValidationError) as refused:
        environment(mode, people=people)

    assert place in str(refused.value)
