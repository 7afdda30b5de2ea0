"""Who joins, leaves and changes projects, and how AccessKeys are replaced: the world before, the world after."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
import yaml

from alicloud import leaving
from alicloud.errors import Uncertain, Unmet
from alicloud.journal_record import Entry, Record, What
from alicloud.session import Session
from emulator import oss_state, ververica
from emulator import ram as emulated
from emulator import ram_keys as console
from emulator.cloud import ACCESS_KEY_ID
from emulator.request import Caller, Request
from flows.procedure import everything
from flows.staff import staff
from tasks import lease
from tasks.opening import Opened
from tests.flows.running import environment
from tests.reliability import quick
from tests.reliability.runs import Hands

DAY = 86_400
PAGE = Path(__file__).parent.parent.parent / "docs" / "people.md"
AGE = pyrage.x25519.Identity.generate()
HANDOVER = {"channel": "file", "public_key": str(AGE.to_public())}
SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
# In each mode: two people, a group that both are in, and who is left when the second has gone.
STAYS = {"exclusive": "alice", "managed": "carol"}
LEAVES = {"exclusive": "bob", "managed": "dave"}
GROUP = {"exclusive": "flink-developers", "managed": "flink-managed-developers"}
PROJECT = {"exclusive": "orders", "managed": "payments"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Flows run in a folder of their own, below which AccessKeys are handed over."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["exclusive", "managed"])
def mode(request):
    return request.param


def wanted(mode, members, leavers=(), logon=False, exact=False, keys=(), **overrides):
    users = [{"name": name, "console_logon": logon} for name in members]
    group = {"name": GROUP[mode], "members": list(members), "projects": [PROJECT[mode]], "exact_members": exact}
    people = {"users": users, "groups": [group], "leavers": list(leavers), "access_keys": list(keys)}
    return environment(mode, people=people | {"handover": HANDOVER}, **overrides)


def leaver(name, account, **fields):
    return {"name": name, "since": _today(account), "grace_days": 30, **fields}


def _today(account):
    return datetime.fromtimestamp(account.running.cloud.world.now(), UTC).date().isoformat()


def state(account):
    return account.running.cloud.world.part(emulated.State)


def give_key(account, user):
    """Let somebody make an AccessKey for a user in the console, and give its id."""
    world = account.running.cloud.world
    root = Caller("Account", world.account_id, ACCESS_KEY_ID)
    reply = console.create_access_key(world, Request("CreateAccessKey", root, {"UserName": user}))
    return reply["AccessKey"]["AccessKeyId"]


def days_pass(account, days):
    account.running.cloud.world.clock.advance(days * DAY)


def begin(account, mode, **facts):
    """Have two people in an environment that is prepared."""
    account.reset(SEEDS[mode], speed=1.0)
    both = wanted(mode, [STAYS[mode], LEAVES[mode]], **facts)
    first = account.run(both, procedure=everything)
    assert first.done, str(first)
    return both


@pytest.mark.requirement("R1", "R4")
def test_who_leaves_has_no_key_no_logon_and_no_group_at_once_and_is_there_until_the_grace_is_over(account, mode):
    begin(account, mode, logon=True)
    key = give_key(account, LEAVES[mode])
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)], logon=True)

    left = account.run(after, procedure=staff)

    gone, others = state(account).users[LEAVES[mode]], state(account).users[STAYS[mode]]
    assert left.done, str(left)
    assert not state(account).keys[key].active
    assert (gone.login, gone.groups) == (None, {})
    assert others.login is not None
    assert list(others.groups) == [GROUP[mode]]
    assert account.run(after, procedure=staff).writes == []


@pytest.mark.requirement("R1")
def test_after_the_grace_the_user_is_deleted_with_the_keys_and_nobody_else_is_touched(account, mode):
    begin(account, mode)
    key, others = give_key(account, LEAVES[mode]), give_key(account, STAYS[mode])
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)])
    assert account.run(after, procedure=staff).done
    days_pass(account, 29)
    early = account.run(after, procedure=staff)
    days_pass(account, 2)

    late = account.run(after, procedure=staff)

    assert (early.error, early.writes) == (None, [])
    assert late.done, str(late)
    assert late.writes == ["DeleteAccessKey", "DeleteUser"]
    assert LEAVES[mode] not in state(account).users
    assert key not in state(account).keys
    assert state(account).keys[others].active
    assert account.run(after, procedure=staff).writes == []


def test_the_grace_begins_when_everything_was_taken_and_not_before(account, mode):
    begin(account, mode)
    give_key(account, LEAVES[mode])
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)])
    days_pass(account, 365)

    first = account.run(after, procedure=staff)
    days_pass(account, 29)
    second = account.run(after, procedure=staff)

    assert first.done, str(first)
    assert (second.error, second.writes) == (None, [])
    assert LEAVES[mode] in state(account).users


ONLY_RIGHTS = {"own policy": "exclusive", "own policy and namespace": "managed", "namespace": "managed"}


def with_one_more(only):
    """Give an environment in which a third person has certain rights alone, the writes that take them, and the mode."""
    mode = ONLY_RIGHTS[only]
    stays = wanted(mode, [STAYS[mode]])
    facts = stays.model_dump(mode="json")
    facts["people"]["users"].append({"name": "zoe", "projects": [PROJECT[mode]] if "policy" in only else []})
    if only == "namespace":
        facts["projects"][0]["managers"] = [STAYS[mode], "zoe"]
    takes = ["DetachPolicyFromUser"] * ("policy" in only) + ["DeleteMember"] * ("namespace" in only)
    return type(stays).model_validate(facts), takes, mode


@pytest.mark.requirement("R1")
@pytest.mark.parametrize("only", ONLY_RIGHTS)
def test_the_grace_begins_when_the_only_right_was_taken_whatever_it_was(account, only):
    before, takes, mode = with_one_more(only)
    account.reset(SEEDS[mode], speed=1.0)
    assert account.run(before, procedure=everything).done
    after = wanted(mode, [STAYS[mode]], [leaver("zoe", account)])
    days_pass(account, 365)
    foreseen = planned(account, after)

    first = account.run(after, procedure=staff)
    days_pass(account, 29)
    early = account.run(after, procedure=staff)
    days_pass(account, 2)
    late = account.run(after, procedure=staff)

    assert first.done, str(first)
    assert sorted(foreseen) == sorted(first.writes) == sorted(takes)
    assert (early.error, early.writes) == (None, [])
    assert late.writes == ["DeleteUser"]


def planned(account, environment):
    """Give the writes that a plan of the people foresees."""
    cloud = Session(quick.ACCOUNT, environment.region, {"*": account.running.url}, account.clock())
    with cloud, lease.keeping(environment, cloud) as journal:
        journal.read()
        planning = Opened(environment, cloud, journal).foreseen(staff)
    assert planning.refusals() == []
    return [write.action for write in planning.cloud.ledger.writes]


def test_a_journal_of_an_earlier_version_that_does_not_tell_of_policies_begins_no_grace_and_knows_nobody():
    intent = Entry(What.INTENT, "1", "2026-01-01T00:00:00Z", "r", action="DetachPolicyFromUser", means="of user bob")
    record = Record(entries=[intent])

    assert leaving.left_at(record, "bob", "1") == 0.0
    assert not leaving.is_known(record, leaving.LeaverSpec("bob", (), "own"), "1", (), ())


def test_a_key_that_was_enabled_again_is_disabled_again_and_the_grace_begins_anew(account, mode):
    begin(account, mode)
    key = give_key(account, LEAVES[mode])
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)])
    assert account.run(after, procedure=staff).done
    days_pass(account, 31)
    state(account).keys[key].active = True

    again = account.run(after, procedure=staff)

    assert again.done, str(again)
    assert again.writes == ["UpdateAccessKey"]
    assert not state(account).keys[key].active


def test_whom_somebody_else_has_made_loses_everything_but_is_never_deleted(account, mode):
    account.reset(SEEDS[mode], speed=1.0)
    account.running.sow({"ram": {"users": [{"name": LEAVES[mode]}]}})
    assert account.run(wanted(mode, [STAYS[mode], LEAVES[mode]]), procedure=everything).done
    key = give_key(account, LEAVES[mode])
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)])
    first = account.run(after, procedure=staff)
    days_pass(account, 400)

    late = account.run(after, procedure=staff)

    assert first.done, str(first)
    assert (late.error, late.writes) == (None, [])
    assert not state(account).keys[key].active
    assert state(account).users[LEAVES[mode]].groups == {}


def test_whom_somebody_else_has_made_anew_under_the_same_name_is_not_deleted(account, mode):
    begin(account, mode)
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)])
    assert account.run(after, procedure=staff).done
    days_pass(account, 10)
    del state(account).users[LEAVES[mode]]
    account.running.sow({"ram": {"users": [{"name": LEAVES[mode]}]}})
    days_pass(account, 400)

    late = account.run(after, procedure=staff)

    assert (late.error, late.writes) == (None, [])
    assert LEAVES[mode] in state(account).users


def test_a_name_that_is_typed_wrongly_stops_the_run_and_touches_nobody(account, mode):
    both = begin(account, mode)
    account.running.sow({"ram": {"users": [{"name": "bobby", "password": "Str0ng-Passw0rd!"}]}})
    key = give_key(account, "bobby")
    typo = wanted(mode, [user.name for user in both.people.users], [leaver("bobby", account, grace_days=1)])
    before = account.running.world()["parts"]["ram"]

    refused = account.run(typo, procedure=staff)

    assert isinstance(refused.error, Unmet)
    assert "nothing tells that it ever was one of this environment's people" in str(refused)
    assert state(account).keys[key].active
    assert account.running.world()["parts"]["ram"]["users"] == before["users"]


def test_a_name_that_nobody_has_is_no_error_and_writes_nothing(account, mode):
    both = begin(account, mode)
    typo = wanted(mode, [user.name for user in both.people.users], [leaver("nobody", account)])

    ran = account.run(typo, procedure=staff)

    assert (ran.error, ran.writes) == (None, [])


def test_who_runs_this_never_leaves_by_it(account, mode, monkeypatch):
    begin(account, mode)
    key = give_key(account, LEAVES[mode])
    administer(account, LEAVES[mode])
    monkeypatch.setattr("tests.reliability.runs.ACCESS_KEY_ID", key)
    monkeypatch.setattr("tests.reliability.runs.ACCESS_KEY_SECRET", state(account).keys[key].secret)
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)])

    refused = account.run(after, procedure=staff)

    assert isinstance(refused.error, Unmet)
    assert f"{LEAVES[mode]} is the RAM user whose AccessKey signs this run" in str(refused)
    assert state(account).keys[key].active


def administer(account, user):
    account.running.sow({"ram": {"users": [{"name": "helper"}]}})
    now = account.running.cloud.world.now()
    state(account).users[user].policies["System/AdministratorAccess"] = emulated.Link(now - 1e6, now - 1e6)
    state(account).attached.setdefault("System/AdministratorAccess", {})[f"User/{user}"] = now - 1e6


def test_a_bound_second_factor_holds_the_deletion_back_until_a_person_has_unbound_it(account, mode):
    begin(account, mode)
    after = wanted(mode, [STAYS[mode]], [leaver(LEAVES[mode], account)])
    assert account.run(after, procedure=staff).done
    state(account).users[LEAVES[mode]].mfa_device = "acs:ram::1:mfa/them"
    days_pass(account, 31)

    held = account.run(after, procedure=staff)
    state(account).users[LEAVES[mode]].mfa_device = ""
    then = account.run(after, procedure=staff)

    assert (held.error, held.writes) == (None, [])
    assert then.writes == ["DeleteUser"]


# Namespaces


def members(account, namespace="payments"):
    (spaces,) = account.running.cloud.world.part(ververica.State).spaces.values()
    ids = {f"user:{user.id}": name for name, user in state(account).users.items()}
    return {ids.get(member, "the account"): role for member, role in spaces[namespace].members.items()}


def without_the_account(account):
    """Let somebody take the account itself out of the namespaces, so that they have no owner but a person."""
    (spaces,) = account.running.cloud.world.part(ververica.State).spaces.values()
    for space in spaces.values():
        space.members.pop(f"user:{account.running.cloud.world.account_id}")


def test_a_leaver_leaves_the_namespaces(account):
    begin(account, "managed")
    without_the_account(account)

    left = account.run(wanted("managed", ["carol"], [leaver("dave", account)]), procedure=staff)

    assert left.done, str(left)
    assert members(account) == {"carol": "OWNER"}


@pytest.mark.requirement("R24")
def test_the_only_owner_of_a_namespace_does_not_leave_until_there_is_another(account):
    begin(account, "managed")
    without_the_account(account)
    alone = [{"name": "payments", "compute_units": 8, "managers": []}]
    heir = [{"name": "payments", "compute_units": 8, "managers": ["dave"]}]

    refused = account.run(wanted("managed", ["dave"], [leaver("carol", account)], projects=alone), procedure=staff)
    unchanged = members(account)
    left = account.run(wanted("managed", ["dave"], [leaver("carol", account)], projects=heir), procedure=staff)

    assert "carol is the only owner of namespace payments" in str(refused)
    assert refused.writes == []
    assert unchanged == {"carol": "OWNER", "dave": "EDITOR"}
    assert left.done, str(left)
    assert members(account) == {"dave": "OWNER"}


# Joining, and changing projects


@pytest.mark.requirement("R1", "R3", "R4")
def test_who_joins_is_made_and_let_into_the_group_and_the_namespace(account, mode):
    begin(account, mode)
    more = wanted(mode, [STAYS[mode], LEAVES[mode], "erin"])

    joined = account.run(more, procedure=staff)

    assert joined.done, str(joined)
    assert list(state(account).users["erin"].groups) == [GROUP[mode]]
    if mode == "managed":
        assert members(account)["erin"] == "EDITOR"
    assert account.run(more, procedure=staff).writes == []


@pytest.mark.parametrize("exact", [False, True])
def test_others_stay_in_a_group_unless_its_members_are_exact(account, mode, exact):
    begin(account, mode)
    fewer = wanted(mode, [STAYS[mode]], exact=exact)

    ran = account.run(fewer, procedure=staff)

    assert ran.done, str(ran)
    assert ran.writes == (["RemoveUserFromGroup"] if exact else [])
    assert (GROUP[mode] in state(account).users[LEAVES[mode]].groups) is not exact


# AccessKeys


def keeping(mode, **fields):
    return wanted(mode, [STAYS[mode], LEAVES[mode]], keys=[{"user": STAYS[mode], **fields}])


def material(folder):
    """Give what was handed over, by its file."""
    files = sorted((folder / "handover").glob("key-*.age"))
    texts = [pyrage.decrypt(file.read_bytes(), [AGE]).decode() for file in files]
    return [dict(line.split("=", 1) for line in text.splitlines()) for text in texts]


def keys_of(account, user):
    return {key: state(account).keys[key].active for key in state(account).users[user].keys}


@pytest.mark.requirement("R1")
def test_an_old_key_is_replaced_with_an_overlap_then_disabled_then_deleted(account, mode, folder):
    begin(account, mode)
    old, kept = give_key(account, STAYS[mode]), keeping(mode)
    days_pass(account, 80)
    young = account.run(kept, procedure=staff)
    days_pass(account, 11)

    made = account.run(kept, procedure=staff)
    (pair,) = material(folder)
    new = pair["AccessKeyId"]
    seen = [keys_of(account, STAYS[mode])]
    writes = [young.writes, made.writes, account.run(kept, procedure=staff).writes]
    for days in (8, 6, 2):
        days_pass(account, days)
        writes.append(account.run(kept, procedure=staff).writes)
        seen.append(keys_of(account, STAYS[mode]))

    assert made.done, str(made)
    assert pair["AccessKeySecret"] == state(account).keys[new].secret
    assert writes == [[], ["CreateAccessKey"], [], ["UpdateAccessKey"], [], ["DeleteAccessKey"]]
    assert seen == [{old: True, new: True}, {old: False, new: True}, {old: False, new: True}, {new: True}]
    assert account.run(kept, procedure=staff).writes == []


@pytest.mark.parametrize(("fault", "made"), [("drop-before", 1), ("drop-after", 2), ("cut", 2)])
def test_a_lost_answer_leaves_a_key_that_is_neither_used_nor_deleted_nor_asked_for_again(account, fault, made):
    begin(account, "exclusive")
    old, kept = give_key(account, "alice"), keeping("exclusive")
    days_pass(account, 91)
    account.running.fault(fault, "CreateAccessKey")

    lost = account.run(kept, procedure=staff)
    again = account.run(kept, procedure=staff)

    assert "nobody" in str(lost)
    assert isinstance(again.error, Uncertain)
    assert "start the deployment `resolve` with intent" in str(again)
    assert len(account.running.calls("CreateAccessKey")) == 1
    assert len(keys_of(account, "alice")) == made
    assert keys_of(account, "alice")[old]

    (intent,) = account.journal(kept).open()
    for key in keys_of(account, "alice"):  # as the operator does
        if key != old:
            del state(account).keys[key]
            state(account).users["alice"].keys.remove(key)
    account.resolve(kept, intent.id)
    assert account.run(kept, procedure=staff).writes == ["CreateAccessKey"]


@pytest.mark.parametrize(
    ("action", "when", "outcome"),
    [
        ("CreateAccessKey", "before", "made"),
        ("CreateAccessKey", "between", "uncertain"),
        ("CreateAccessKey", "after", "uncertain"),
    ],
)
def test_a_run_that_is_killed_at_the_new_key_never_leads_to_a_third_one(account, folder, action, when, outcome):
    begin(account, "exclusive", safety={"lease_seconds": 10})
    give_key(account, "alice")
    kept = keeping("exclusive")
    days_pass(account, 91)
    account.run(kept, "the dead run", Hands(action, when, kill=True), procedure=staff)

    heir = account.run(kept, "the heir", procedure=staff)

    assert heir.done == (outcome == "made"), str(heir)
    assert len(keys_of(account, "alice")) <= 2
    assert len(account.running.calls("CreateAccessKey")) <= 1
    assert len(material(folder)) == (outcome == "made")


class LookingFor(Hands):
    """Hands that wait until a key was made."""

    made = False

    def touch(self, call, when):
        self.made = self.made or call.action == "CreateAccessKey"
        if self.made:
            super().touch(call, when)


def test_a_key_that_was_handed_over_before_its_run_was_killed_counts_as_made(account, folder):
    begin(account, "exclusive")
    old, kept = give_key(account, "alice"), keeping("exclusive")
    days_pass(account, 91)
    account.run(kept, "the dead run", LookingFor("ListAccessKeys", kill=True), procedure=staff)

    heir = account.run(kept, "the heir", procedure=staff)
    days_pass(account, 8)
    then = account.run(kept, procedure=staff)
    seen = keys_of(account, "alice")
    days_pass(account, 8)
    last = account.run(kept, procedure=staff)

    assert (heir.error, heir.writes) == (None, [])
    assert then.writes == ["UpdateAccessKey"]
    assert not seen[old]
    assert last.writes == ["DeleteAccessKey"]
    assert len(material(folder)) == 1


def test_two_keys_of_which_one_is_too_old_are_left_to_a_person(account, mode):
    begin(account, mode)
    give_key(account, STAYS[mode])
    days_pass(account, 91)
    give_key(account, STAYS[mode])

    refused = account.run(keeping(mode), procedure=staff)

    assert isinstance(refused.error, Unmet)
    assert "has two AccessKeys" in str(refused)
    assert list(keys_of(account, STAYS[mode]).values()) == [True, True]


@pytest.mark.parametrize(
    ("killed", "why"), [(False, "has not made one to replace the other"), (True, "nobody is known to have its secret")]
)
def test_a_key_of_somebody_else_beside_one_that_was_replaced_ends_nothing(account, killed, why, folder):
    begin(account, "exclusive")
    old, kept = give_key(account, "alice"), keeping("exclusive")
    days_pass(account, 91)
    account.run(kept, "the first", LookingFor("ListAccessKeys", kill=True) if killed else None, procedure=staff)
    assert account.run(kept, procedure=staff).done
    (pair,) = material(folder)
    delete_key(account, "alice", pair["AccessKeyId"])
    strange = give_key(account, "alice")

    for _ in range(2):
        days_pass(account, 8)
        refused = account.run(kept, procedure=staff)
        assert why in str(refused)
        assert refused.writes == []
    assert keys_of(account, "alice") == {old: True, strange: True}


def delete_key(account, user, key):
    """Let somebody delete an AccessKey in the console."""
    del state(account).keys[key]
    state(account).users[user].keys.remove(key)


def test_of_a_pair_that_an_earlier_version_made_a_person_ends_the_old_key(account, monkeypatch):
    begin(account, "exclusive")
    old, kept = give_key(account, "alice"), keeping("exclusive")
    days_pass(account, 91)
    monkeypatch.setattr("tasks.ram_key.fingerprint", lambda _: "")  # as that version wrote the journal
    made = account.run(kept, procedure=staff)
    monkeypatch.undo()
    days_pass(account, 8)

    refused = account.run(kept, procedure=staff)

    assert made.writes == ["CreateAccessKey"]
    assert "an earlier version wrote the journal, which does not say whether by" in str(refused)
    assert refused.writes == []
    delete_key(account, "alice", old)
    assert account.run(kept, procedure=staff).done


def test_the_key_that_signs_the_run_is_not_disabled(account, mode, folder, monkeypatch):
    begin(account, mode)
    old, kept = give_key(account, STAYS[mode]), keeping(mode)
    days_pass(account, 91)
    assert account.run(kept, procedure=staff).done
    administer(account, STAYS[mode])
    monkeypatch.setattr("tests.reliability.runs.ACCESS_KEY_ID", old)
    monkeypatch.setattr("tests.reliability.runs.ACCESS_KEY_SECRET", state(account).keys[old].secret)
    days_pass(account, 8)

    refused = account.run(kept, procedure=staff)

    assert "is due, but it signs this run" in str(refused)
    assert keys_of(account, STAYS[mode])[old]


def test_the_secret_of_a_new_key_is_in_no_log_and_no_journal(account, mode, folder, caplog):
    caplog.set_level("DEBUG")
    begin(account, mode)
    give_key(account, STAYS[mode])
    kept = keeping(mode)
    days_pass(account, 91)

    assert account.run(kept, procedure=staff).done

    (pair,) = material(folder)
    bucket = account.running.cloud.world.part(oss_state.State).buckets[kept.storage.bucket]
    kept_there = "".join(base64.b64decode(each.body).decode("utf-8", "replace") for each in objects(bucket))
    assert "CreateAccessKey" in kept_there
    assert pair["AccessKeySecret"] not in kept_there
    assert pair["AccessKeySecret"] not in caplog.text


def objects(bucket):
    return [bucket.current(name) for name in list(bucket.objects)]


def test_the_example_of_the_page_lets_the_one_go_and_replaces_the_key_of_the_other(account, folder):
    begin(account, "exclusive")
    give_key(account, "alice")
    days_pass(account, 91)
    example = yaml.safe_load(PAGE.read_text("utf-8").split("```yaml\n")[1].split("```")[0])
    wanted = environment(people=example["people"] | {"handover": HANDOVER})

    ran = account.run(wanted, procedure=staff)

    assert ran.done, str(ran)
    assert state(account).users["bob"].groups == {}
    assert len(material(folder)) == 1
    assert account.run(wanted, procedure=staff).writes == []
