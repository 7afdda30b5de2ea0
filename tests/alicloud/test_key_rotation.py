"""When an AccessKey is replaced, disabled, deleted: a table."""

import pytest

from alicloud.errors import Unmet
from alicloud.journal_record import Entry, Record, What
from alicloud.key_rotation import UNTOLD, RotationSpec, replaced_keys, rotation
from alicloud.ram_keys import creation_key, fingerprint
from alicloud.ram_logon import UserKey

DAY = 86_400.0
NOW = 1_000 * DAY


def key(name, age_days, active=True):
    return UserKey(name, active, NOW - age_days * DAY)


def decided(keys, replaced=(), disabled=None, signing=()):
    days = {name: NOW - ago * DAY for name, ago in (disabled or {}).items()}
    pairs = {old: {fingerprint(new) if new else UNTOLD} for old, new in dict(replaced).items()}
    spec = RotationSpec("alice", 90 * DAY, 7 * DAY, NOW, frozenset(signing), pairs, days)
    return [(call.action, call.parameters.get("UserAccessKeyId", "")) for call in rotation(spec, keys)]


@pytest.mark.parametrize(
    ("keys", "facts", "calls"),
    [
        ([], {}, []),
        ([key("old", 90)], {}, []),
        ([key("old", 91)], {}, [("CreateAccessKey", "")]),
        ([key("old", 91, active=False)], {}, []),
        ([key("old", 91)], {"signing": ["old"]}, [("CreateAccessKey", "")]),
        ([key("new", 7), key("old", 99)], {"replaced": {"old": "new"}}, [("UpdateAccessKey", "old")]),
        ([key("new", 6.9), key("old", 99)], {"replaced": {"old": "new"}}, []),
        ([key("new", 14), key("old", 99, False)], {"replaced": {"old": "new"}, "disabled": {"old": 6.9}}, []),
        (
            [key("new", 14), key("old", 99, False)],
            {"replaced": {"old": "new"}, "disabled": {"old": 7}},
            [("DeleteAccessKey", "old")],
        ),
        ([key("new", 99), key("old", 199, False)], {"replaced": {"old": "new"}}, []),  # somebody else has disabled it
        ([key("others", 80), key("old", 89)], {"replaced": {"old": "new"}}, []),
        ([key("others", 80), key("old", 99, False)], {"replaced": {"old": "new"}, "disabled": {"old": 70}}, []),
        ([key("which", 6.9), key("old", 99)], {"replaced": {"old": UNTOLD}}, []),
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
        ([key("others", 10), key("old", 99)], {"replaced": {"old": "new"}}, "has two AccessKeys"),
        ([key("which", 7), key("old", 89)], {"replaced": {"old": UNTOLD}}, "does not say whether by AccessKey ...hich"),
        (
            [key("which", 14), key("old", 99, False)],
            {"replaced": {"old": UNTOLD}, "disabled": {"old": 7}},
            "does not say whether by",
        ),
        ([key("new", 9), key("old", 99)], {"replaced": {"old": "new"}, "signing": ["old"]}, "it signs this run"),
        ([key("new", 9, False), key("old", 99)], {"replaced": {"old": "new"}}, "which replaces it, is inactive"),
    ],
)
def test_what_only_a_person_can_decide_is_refused(keys, facts, cause):
    with pytest.raises(Unmet, match=cause):
        decided(keys, **facts)


def test_the_journal_tells_which_key_has_replaced_which_and_that_an_earlier_version_did_not():
    asked = Entry(What.INTENT, "1", "", "r", makes=creation_key("alice", "a"))
    again = Entry(What.INTENT, "2", "", "r", makes=creation_key("alice", "a"))
    lost = Entry(What.INTENT, "3", "", "r", makes=creation_key("alice", "b"))
    seen = [Entry(What.SEEN, "4", "", "r", intent="1"), Entry(What.SEEN, "5", "", "r", intent="2", made="f")]

    assert replaced_keys(Record(entries=[asked, again, lost, *seen]), "alice") == {"a": {UNTOLD, "f"}}
