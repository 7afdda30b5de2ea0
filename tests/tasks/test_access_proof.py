import pytest

from alicloud.effective_rights import Decision, Held, Principal, Verdict
from alicloud.escalation import escalations
from alicloud.policy import document, statement
from alicloud.ram_policies import Attachment
from blocks.access_probes import Probe
from tasks import access_proof
from tasks.access_proof import LiveProof, LiveRow, Proof, Row

HELD = Held(Attachment("wide"), document([statement(["ram:PassRole", "stream:*"])]))
GRANTED, REFUSED = Verdict(Decision.ALLOWED, (HELD,)), Verdict(Decision.NOT_GRANTED)
MAYBE = Verdict(Decision.CONDITIONAL, (HELD,), "if Bool acs:MFAPresent=true")


def row(who="user alice", expected="may", verdict=GRANTED):
    return Row(who, Probe("use project orders", "stream:GetProject", "x", expected, "R3"), verdict)


def live(verdict, allowed):
    return LiveRow(Probe("list VPCs", "vpc:DescribeVpcs", "x"), verdict, allowed, "")


@pytest.mark.parametrize(
    ("verdict", "allowed", "sign"),
    [
        (GRANTED, True, "="),
        (GRANTED, False, "!"),
        (REFUSED, True, "!"),
        (REFUSED, False, "="),
        (MAYBE, True, ""),
        (MAYBE, False, ""),
        (GRANTED, None, ""),
        (REFUSED, None, ""),
    ],
)
def test_the_cloud_contradicts_only_what_is_certain(verdict, allowed, sign):
    found = live(verdict, allowed)
    proof = Proof("dev", (row(),), live=LiveProof("probe", (found,)))

    assert found.sign == sign
    assert bool(proof.broken) == (sign == "!")
    assert ("not as wanted" in proof.summary()) == (sign == "!")


def test_what_is_not_as_wanted_is_said_with_whom_what_and_why():
    proof = Proof("dev", (row(), row("user bob", "may not"), row("user carol", "may", REFUSED)), missing=("user dave",))

    assert proof.broken == [
        "user dave does not exist",
        "user bob: use project orders: allowed, but must not be possible (R3)",
        "user carol: use project orders: not granted, but must be allowed (R3)",
    ]
    assert proof.summary() == "not as wanted: 3 of 4"


def test_what_could_not_be_read_is_never_called_proven():
    proof = Proof("dev", (row(),), unread=(("Rights of user bob", "NoPermission"),))

    assert proof.summary() == "not proven: 1 could not be read"
    assert "## Could not be read" in proof.markdown()


def test_a_long_matrix_shows_first_what_differs_and_counts_what_it_leaves_out(monkeypatch):
    monkeypatch.setattr(access_proof, "MOST_ROWS", 4)
    monkeypatch.setattr(access_proof, "MOST_LINES", 1)
    proof = Proof(
        "dev", (*(row(f"user u{number}") for number in range(10)), *(row(f"user {n}", "may not") for n in ("x", "y")))
    )

    told = proof.markdown()

    assert "| user u1 |" in told and "| user u2 |" not in told
    assert "| `!` | user x |" in told and "| `!` | user y |" in told
    assert "And 8 more, 0 of them not as wanted." in told
    assert "- and 1 more" in told


def test_a_path_is_told_once_for_each_policy_with_everybody_who_holds_it():
    people = [Principal("user", f"u{number}", (HELD,)) for number in range(12)]

    told = Proof("dev", (), tuple(f for who in people for f in escalations(who, "1"))).markdown()

    assert told.count("| passrole-on-everything |") == 1
    assert "user u9 and 2 more | wide (Custom) |" in told


def test_a_path_under_a_condition_is_told_as_a_possibility():
    body = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a": "true"}}}}'
    who = Principal("user", "alice", (Held(Attachment("p"), body),))

    told = Proof("dev", (), tuple(escalations(who, "1"))).markdown()

    assert "perhaps do everything in the account" in told
    assert "perhaps hand any role to a service" in told  # which stays when the administrator's condition does not hold
