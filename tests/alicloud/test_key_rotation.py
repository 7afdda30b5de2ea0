"""When an AccessKey is replaced, disabled, deleted: a table."""

import pytest

from alicloud.errors import Unmet
from alicloud.key_rotation import RotationSpec, rotation
from alicloud.ram_logon import UserKey

DAY = 86_400.0
NOW = 1_000 * DAY


def key(name, age_days, active=True):
    return UserKey(name, active, NOW - age_days * DAY)


def decided(keys, replaced=(), disabled=None, signing=()):
    days = {name: NOW - ago * DAY for name, ago in (disabled or {}).items()}
    spec = RotationSpec("alice", 90 * DAY, 7 * DAY, NOW, frozenset(signing), frozenset(replaced), days)
    return [(call.action, call.parameters.get("UserAccessKeyId", "")) for call in rotation(spec, keys)]


@pytest.mark.parametrize(
    ("keys", "facts", "calls"),
    [
        ([], {}, []),
        ([key("old", 90)], {}, []),
        ([key("old", 91)], {}, [("CreateAccessKey", "")]),
        ([key("old", 91, active=False)], {}, []),
        ([key("old", 91)], {"signing": ["old"]}, [("CreateAccessKey", "")]),
        ([key("new", 7), key("old", 99)], {"replaced": ["old"]}, [("UpdateAccessKey", "old")]),
        ([key("new", 6.9), key("old", 99)], {"replaced": ["old"]}, []),
        ([key("new", 14), key("old", 99, False)], {"replaced": ["old"], "disabled": {"old": 6.9}}, []),
        (
            [key("new", 14), key("old", 99, False)],
            {"replaced": ["old"], "disabled": {"old": 7}},
            [("DeleteAccessKey", "old")],
        ),
        ([key("new", 99), key("old", 199, False)], {"replaced": ["old"]}, []),  # somebody else has disabled it
        ([key("one", 10), key("two", 20)], {}, []),
        ([key("one", 10), key("two", 99, False)], {}, []),
    ],
)
def test_the_next_step_of_a_rotation(keys, facts, calls):
    assert decided(keys, **facts) == calls


@pytest.mark.parametrize(
    ("keys", "facts", "cause"),
    [
        ([key("one", 10), key("two", 99)], {}, "has two AccessKeys"),
        ([key("new", 9), key("old", 99)], {"replaced": ["old"], "signing": ["old"]}, "it signs this run"),
        ([key("new", 9, False), key("old", 99)], {"replaced": ["old"]}, "which replaces it, is inactive"),
    ],
)
def test_what_only_a_person_can_decide_is_refused(keys, facts, cause):
    with pytest.raises(Unmet, match=cause):
        decided(keys, **facts)
