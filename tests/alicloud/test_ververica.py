"""Members of a managed namespace."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import ververica
from alicloud.call import PLANNED, Kind
from alicloud.errors import Refused
from alicloud.ververica import Member, MemberSpec

PUBLISHED = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())
SAMPLES = PUBLISHED["ververica/2022-07-18"]
PATH = "/gateway/v2/namespaces/clicks/members"

SPEC = MemberSpec("b3690a1655da47", "clicks", "42", "EDITOR")
CALLS = [
    ververica.list_members("b3690a1655da47", "clicks"),
    ververica.create_member(SPEC),
    ververica.update_member(SPEC),
]


def test_the_published_members_are_read():
    assert ververica.list_members("w", "clicks").parse(SAMPLES["ListMembers"]["body"]) == (Member("", ""),)


@pytest.mark.parametrize("data", [[], None])
def test_a_namespace_may_have_no_members(data):
    assert ververica.list_members("w", "clicks").parse({"success": True, "data": data}) == ()


@pytest.mark.parametrize("call", CALLS[1:], ids=lambda call: call.action)
def test_the_published_answers_to_writes_are_read(call):
    assert call.parse(SAMPLES[call.action]["body"]) is None


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.action)
def test_a_200_that_is_no_success_is_a_refusal(call):
    with pytest.raises(Refused) as caught:
        call.parse(PUBLISHED["_errors"]["ververica_business_failure"]["body"])

    assert (caught.value.code, caught.value.text) == ("990301", "not found")


@pytest.mark.parametrize(
    ("call", "kind", "method"),
    [(CALLS[0], Kind.READ, "GET"), (CALLS[1], Kind.IDEMPOTENT, "POST"), (CALLS[2], Kind.IDEMPOTENT, "PUT")],
    ids=lambda value: getattr(value, "action", ""),
)
def test_every_call_names_the_workspace_in_a_header(call, kind, method):
    assert (call.kind, call.method, call.path) == (kind, method, PATH)
    assert call.headers == {"workspace": "b3690a1655da47"}


@pytest.mark.parametrize("call", CALLS[1:], ids=lambda call: call.action)
def test_a_write_sends_json(call):
    assert call.document == {"member": "user:42", "role": "EDITOR"}
    assert "user:42" in call.means


def test_a_namespace_that_does_not_exist_yet_has_no_members():
    call = ververica.list_members("w", "clicks")

    assert call.absent == {"990301"}
    assert call.missing == ()


@pytest.mark.parametrize(("workspace", "namespace"), [(PLANNED, "clicks"), ("w", PLANNED)])
def test_a_call_about_a_planned_workspace_knows_it(workspace, namespace):
    assert ververica.list_members(workspace, namespace).concerns_planned


@pytest.mark.parametrize(
    ("index", "total", "following"),
    [(1, 100, None), (1, 101, {"pageIndex": "2", "pageSize": "100"}), (2, 101, None), (1, 0, None)],
)
def test_the_list_is_read_to_its_last_page(index, total, following):
    body = {"pageIndex": index, "pageSize": 100, "totalSize": total}

    assert CALLS[0].next_page(body) == following


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("role", "actual", "actions"),
    [
        ("EDITOR", (), ["CreateMember"]),
        ("EDITOR", (Member("user:421", "EDITOR"),), ["CreateMember"]),
        ("EDITOR", (Member("user:42", "EDITOR"),), []),
        ("EDITOR", (Member("user: 42", "editor"),), []),  # the samples print a space
        ("EDITOR", (Member("user:42", "VIEWER"),), ["UpdateMember"]),
        ("VIEWER", (Member("user:42", "EDITOR"),), ["UpdateMember"]),
        ("OWNER", (Member("user:42", "EDITOR"),), ["UpdateMember"]),
        ("VIEWER", (Member("user:42", "OWNER"),), []),  # an owner is never lowered
        ("VIEWER", (Member("user:42", "owner"),), []),
    ],
)
def test_a_user_gets_the_wanted_role_and_an_owner_stays_one(role, actual, actions):
    assert [call.action for call in ververica.member_changes(replace(SPEC, role=role), actual)] == actions
