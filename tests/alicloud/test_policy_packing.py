import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alicloud.policy import MAX_DOCUMENT_BYTES
from alicloud.policy_packing import documents


def read(texts):
    """Give what documents allow: pairs of action and resource."""
    pairs = set()
    for statement in (each for text in texts for each in json.loads(text)["Statement"]):
        assert statement["Effect"] == "Allow"
        pairs |= {
            (action, where) for action in as_list(statement["Action"]) for where in as_list(statement["Resource"])
        }
    return pairs


def as_list(value):
    return [value] if isinstance(value, str) else value


def pairs_of(grants):
    return {(action, where) for action, resources in grants.items() for where in resources}


def test_actions_on_the_same_resources_share_a_statement():
    (text,) = documents({"ram:GetUser": ["b", "a"], "ram:UpdateUser": ["a", "b", "a"], "ram:GetRole": ["r"]})

    assert json.loads(text) == {
        "Version": "1",
        "Statement": [
            {"Action": "ram:GetRole", "Effect": "Allow", "Resource": "r"},
            {"Action": ["ram:GetUser", "ram:UpdateUser"], "Effect": "Allow", "Resource": ["a", "b"]},
        ],
    }


@pytest.mark.parametrize("grants", [{}, {"ram:GetUser": []}])
def test_nothing_granted_needs_no_document(grants):
    assert documents(grants) == []


def test_what_is_longer_than_a_document_becomes_several():
    grants = {"ram:GetUser": [f"acs:ram:*:1234567890123456:user/somebody-{number:03}" for number in range(300)]}

    texts = documents(grants)

    assert len(texts) == 4  # halves of halves
    assert all(len(text.encode()) <= MAX_DOCUMENT_BYTES for text in texts)
    assert read(texts) == pairs_of(grants)


def test_many_actions_on_one_resource_are_parted_too():
    grants = {f"stream:Action{number:04}": ["*"] for number in range(600)}

    texts = documents(grants)

    assert len(texts) > 1
    assert read(texts) == pairs_of(grants)


def test_a_single_right_that_fits_into_no_document_is_a_fault_of_ours():
    with pytest.raises(AssertionError, match="longer than 100 bytes"):
        documents({"ram:GetUser": ["x" * 100]}, limit=100)


NAMES = st.text("abc:/*-", min_size=1, max_size=12)


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=8), max_size=12), st.integers(120, 600))
def test_documents_allow_what_is_granted_and_nothing_else_and_none_is_too_long(grants, limit):
    texts = documents(grants, limit)

    assert read(texts) == pairs_of(grants)
    assert all(len(text.encode()) <= limit for text in texts)
    assert documents(dict(reversed(grants.items())), limit) == texts
