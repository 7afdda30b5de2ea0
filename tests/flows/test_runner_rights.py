"""The printed policy is exact: a RAM user who has it alone runs the flow, and misses every right that is taken out."""

from __future__ import annotations

import copy
import dataclasses
import functools
from datetime import UTC, datetime

import pytest

from alicloud import foas_projects, oss_multipart, oss_objects
from alicloud.call_rights import why_account_only
from alicloud.clock import Clock
from alicloud.errors import Forbidden, ManualStep
from alicloud.foas_projects import PackageSpec
from alicloud.journal import Journal
from alicloud.oss_objects import UdfSpec
from alicloud.policy_packing import documents
from alicloud.session import Session
from blocks import desired
from blocks.environment import describe
from blocks.runner_names import names_of
from emulator import bssopenapi
from emulator import ram_keys as console
from emulator.cloud import ACCESS_KEY_ID
from emulator.request import Caller, Request
from flows.check import check
from flows.needs import FLOWS, account_only, grants, needs
from flows.plan import plan
from flows.prepare import prepare
from tests.flows.runner import ACCOUNT, RIGHTS, RUNNER, SPEED, Scene, hire, run, send
from tests.flows.runner_scenes import (
    ACCOUNT_ID,
    CHANGED,
    CLUSTER_LARGER,
    CLUSTER_LARGER_MASTERS,
    CLUSTER_SMALLER,
    FORMER,
    JAR,
    JOURNAL_ELSEWHERE,
    MANAGED,
    MANAGED_CHANGED,
    MANAGED_DONE,
    MANAGED_FORMER,
    NETWORK_BY_ID,
    NEW,
    SCENES,
    STAFF_OF,
    SUBSCRIBED,
    sized,
    staffed,
)
from tests.flows.running import environment, start_emulator
from tests.reliability.test_kinds import BUILDERS, CALLS

ORDER = {"instance_id": "blinkonecs_cn-order-0001", "region": "cn-hangzhou", "pay_model": "post"}
PAID_BY_USE = {"foas": {"orders": [ORDER]}}


@pytest.fixture(scope="module")
def account():
    with start_emulator() as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def udf_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "udf").mkdir()
    (folder / "udf" / "orders-udf.jar").write_bytes(b"the new bytes")
    (folder / "udf" / "large.jar").write_bytes(b"large" * 30_000)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(oss_multipart, "THRESHOLD_BYTES", 100_000)
        patched.setattr(oss_multipart, "PART_BYTES", 102_400)
        patched.chdir(folder)  # UDF packages lie in udf/ of the folder that flows run in
        yield


@pytest.fixture(scope="module")
def scenes(account, udf_folder):
    def scene(wanted, seed, *changes):
        account.reset(seed, speed=SPEED)
        for change in changes:
            change()
        return Scene(wanted, copy.deepcopy(account.cloud.world))

    def prepared(former):
        ran = run(account, former, "prepare")
        assert not ran.refused, str(ran)

    def drifted():
        """Somebody has exchanged packages, and the account has made a project in the console."""
        bucket = CHANGED.storage.bucket
        (cluster_id,) = account.world()["parts"]["foas"]["clusters"]
        send(
            account,
            CHANGED,
            oss_objects.put_object(bucket, "udf/orders-udf.jar", b"former bytes"),
            oss_objects.put_object(bucket, "udf/clicks-udf.jar", b"former bytes"),
            oss_objects.put_object(bucket, "udf/elsewhere.jar", b"others"),
            foas_projects.update_package(PackageSpec("orders", "orders-udf.jar", "udf/elsewhere.jar")),
            foas_projects.create_project(desired.project(CHANGED.projects[1], cluster_id, ACCOUNT_ID)),
        )

    def interrupted(wanted):
        """A run was killed in the middle of the upload of a package that has changed since."""
        spec = UdfSpec(wanted.storage.bucket, "udf/large.jar", "large.jar", "", 150_000, "0" * 64, parts=("", ""))
        with Session(ACCOUNT, wanted.region, {"*": account.url}, Clock(SPEED)) as cloud, cloud.sibling() as apart:
            journal = cloud.journal = Journal(apart, wanted.storage.bucket, wanted.name, "run-0", "a killed run")
            journal.read()
            assert journal.take()
            id_ = cloud.send(oss_multipart.initiate_multipart_upload(spec))
            upload = oss_multipart.Upload(spec.bucket, spec.key, id_)
            cloud.send(oss_multipart.upload_part(spec, upload, 1, b"former bytes"))
            journal.release()

    def day():
        return datetime.fromtimestamp(account.cloud.world.now(), UTC).date().isoformat()

    def old_keys(mode):
        """Both people have had a key for longer than it may be."""
        for name in STAFF_OF[mode]:
            request = Request("CreateAccessKey", Caller("Account", ACCOUNT_ID, ACCESS_KEY_ID), {"UserName": name})
            console.create_access_key(account.cloud.world, request)
        account.cloud.world.clock.advance(100 * 86_400)

    def staff_scene(mode, seed, gone):
        """Somebody leaves today; or has left, whose grace is over, as is the time in which two keys are valid."""
        account.reset(seed, speed=SPEED)
        prepared(staffed(mode))
        old_keys(mode)
        wanted = staffed(mode, day())
        if gone:
            ran = run(account, wanted, "people")
            assert not ran.refused, str(ran)
            account.cloud.world.clock.advance(40 * 86_400)
        return Scene(wanted, copy.deepcopy(account.cloud.world))

    def ends():
        """The subscription is over in ten days, and there is money for another term."""
        rich()
        for instance in account.cloud.world.part(bssopenapi.State).instances.values():
            instance.end_at = account.cloud.world.now() + 864_000

    def rich():
        account.cloud.world.part(bssopenapi.State).balance_cents = 10_000_000

    def lax():
        account.sow({"ram": {"security_preference": {"AllowUserToManageAccessKeys": True}}})

    return {
        "new": scene(NEW, "exclusive-order", lax),
        "changed": scene(
            CHANGED, "exclusive-order", lambda: prepared(FORMER), drifted, lambda: interrupted(CHANGED), lax
        ),
        "managed": scene(MANAGED, "nothing"),
        "managed_changed": scene(MANAGED_CHANGED, "nothing", lambda: prepared(MANAGED_FORMER)),
        "journal_elsewhere": scene(JOURNAL_ELSEWHERE, "nothing", lambda: prepared(MANAGED_FORMER)),
        "network_by_id": scene(NETWORK_BY_ID, "traps"),
        "larger": scene(CLUSTER_LARGER, PAID_BY_USE, lambda: prepared(sized("exclusive"))),
        "other_masters": scene(CLUSTER_LARGER_MASTERS, PAID_BY_USE, lambda: prepared(sized("exclusive"))),
        "smaller": scene(CLUSTER_SMALLER, PAID_BY_USE, lambda: prepared(sized("exclusive"))),
        "managed_larger": scene(
            sized("managed", 18, compute_units=24, elsewhere=True), "nothing", lambda: prepared(sized("managed"))
        ),
        "subscribed_larger": scene(
            sized("managed", 18, compute_units=24, **SUBSCRIBED),
            "nothing",
            lambda: prepared(sized("managed", **SUBSCRIBED)),
        ),
        "ending": scene(
            sized("managed", elsewhere=True, **SUBSCRIBED),
            "nothing",
            lambda: prepared(sized("managed", **SUBSCRIBED)),
            ends,
        ),
        "ending_order": scene(sized("exclusive"), "exclusive-order", lambda: prepared(sized("exclusive")), ends),
        "renewing_itself": scene(
            sized("managed", auto_renew=True, **SUBSCRIBED), "nothing", lambda: prepared(sized("managed", **SUBSCRIBED))
        ),
        "leaving": staff_scene("exclusive", "exclusive-order", gone=False),
        "left": staff_scene("exclusive", "exclusive-order", gone=True),
        "managed_leaving": staff_scene("managed", "nothing", gone=False),
        "managed_left": staff_scene("managed", "nothing", gone=True),
        "done": scene(
            CHANGED,
            PAID_BY_USE,
            lambda: prepared(FORMER),
            lambda: prepared(CHANGED),
            lambda: interrupted(CHANGED),
        ),
        "managed_done": scene(
            MANAGED_DONE, "nothing", lambda: prepared(MANAGED_DONE), lambda: interrupted(MANAGED_DONE)
        ),
        "to_subscription": scene(
            sized("managed", elsewhere=True, **SUBSCRIBED), "nothing", lambda: prepared(sized("managed")), rich
        ),
        "to_pay_as_you_go": scene(sized("managed"), "nothing", lambda: prepared(sized("managed", **SUBSCRIBED))),
    }


@pytest.fixture(scope="module")
def used(account, scenes):
    """Give the rights that a flow uses in a scene; each is run once."""
    return functools.cache(lambda flow, name: frozenset(scenes[name].run(account, flow).used))


# The policy is enough, and no more than enough


@pytest.mark.requirement("R3", "R12")
@pytest.mark.parametrize(("flow", "name"), [(flow, name) for flow in SCENES for name in SCENES[flow]])
def test_a_ram_user_with_the_printed_policy_alone_runs_the_flow(account, scenes, flow, name):
    scene = scenes[name]

    ran = scene.run(account, flow)

    assert not ran.refused, str(ran)
    assert ran.used <= set(scene.grants(flow))
    assert bool(ran.writes) == FLOWS[flow].writes


@pytest.mark.parametrize("flow", SCENES)
def test_the_policy_has_no_right_that_no_run_uses(scenes, used, flow):
    granted = set().union(*(scenes[name].grants(flow) for name in SCENES[flow]))

    needed = set().union(*(used(flow, name) for name in SCENES[flow]))

    assert granted - needed == set()


@pytest.mark.parametrize("flow", SCENES)
def test_with_any_one_statement_less_the_flow_fails_and_names_a_missing_action(account, scenes, used, flow):
    """Of prepare and plan, of which the others are parts, with any one action less."""
    using = {name: used(flow, name) for name in SCENES[flow]}
    unmissed = {}

    for rights in statements(scenes, flow, using):
        told = []
        for name in (name for name in SCENES[flow] if rights & using[name]):
            without = {each: where for each, where in scenes[name].grants(flow).items() if each not in rights}
            told.append(str(scenes[name].run(account, flow, without)))
            if any(f" on {action} (request " in told[-1] for right in rights for action in actions_of(right)):
                break
        else:
            unmissed[rights] = told

    assert unmissed == {}


def statements(scenes, flow, using):
    if flow in ("prepare", "plan"):
        return [frozenset({right}) for right in sorted(set().union(*using.values()))]
    found = set()
    for name in SCENES[flow]:
        granted = scenes[name].grants(flow)
        together = {tuple(where): {each for each in granted if granted[each] == where} for where in granted.values()}
        found |= {frozenset(rights) for rights in together.values() if rights & using[name]}
    return sorted(found, key=sorted)


def test_who_may_not_hand_the_role_over_is_told_which_right_is_lacking(account, scenes):
    granted = scenes["new"].grants("create_cluster")
    where = granted.pop("ram:PassRole")

    ran = scenes["new"].run(account, "create_cluster", granted)

    assert where == [f"acs:ram:*:{ACCOUNT_ID}:role/AliyunStreamDefaultRole"]
    assert "lacks stream:CreateCluster, or ram:PassRole on the role of the service" in str(ran)
    assert account.world()["parts"]["foas"]["clusters"] == {}


def actions_of(right):
    return {action for (_, action), rights in RIGHTS.items() if right in rights}


# What the emulator does not ask for: the second of two resources.
SECOND_RESOURCES = {
    "ram:AddUserToGroup": "group/",
    "ram:AttachPolicyToUser": "policy/",
    "ram:AttachPolicyToGroup": "policy/",
    "ram:AttachPolicyToRole": "policy/",
    "vpc:CreateVSwitch": "vswitch/",
}


@pytest.mark.parametrize("name", ["new", "managed"])
def test_with_any_one_resource_less_the_flow_fails(account, scenes, used, name):
    scene, unmissed = scenes[name], []
    whole = scene.grants("prepare")
    journal = next(iter(names_of(scene.environment)["journal"]))

    narrowed = [
        (right, where) for right in sorted(used("prepare", name)) for where in whole[right] if len(whole[right]) > 1
    ]
    for right, resource in narrowed:
        less = {**whole, right: [each for each in whole[right] if each != resource]}
        second = SECOND_RESOURCES.get(right)
        if not (second and second in resource) and not scene.run(account, "prepare", less).refused:
            unmissed.append((right, resource))

    # A policy that nobody has to change yet, a journal that is not there yet, a package that comes in one part.
    assert {
        (right, where)
        for right, where in unmissed
        if right != "ram:CreatePolicyVersion"
        and not (right == "oss:GetObject" and where.endswith(journal))
        and not (right == "oss:ListParts" and where.endswith(JAR["name"]))
    } == set()


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({"storage": {"bucket": "flink-of-others"}}, "PutBucket"),
        ({"name": "another"}, "AppendObject"),
        ({"people": {"users": [{"name": "mallory"}], "groups": []}}, "GetUser"),
        ({"people": {"users": [], "groups": [{"name": "admins"}]}}, "GetGroup"),
        ({"service_role": {"name": "SomeOtherRole", "trusted_service": "stream.aliyuncs.com"}}, "GetRole"),
    ],
    ids=["bucket", "journal", "user", "group", "role"],
)
def test_the_policy_of_one_environment_is_worth_nothing_on_the_names_of_another(account, scenes, other, refused):
    scene = dataclasses.replace(
        scenes["new"], environment=environment(**{"projects": [], "people": {"groups": []}} | other)
    )

    ran = scene.run(account, "prepare", scenes["new"].grants("prepare"))

    assert f" on {refused} (request " in str(ran)
    assert all(isinstance(error, Forbidden) for error in ran.refused)


def test_who_resolves_an_intent_needs_the_journal_and_nothing_else(account, scenes):
    scene, told = scenes["changed"], {}

    for less in ("", *scene.grants("resolve")):
        account.cloud.world = copy.deepcopy(scene.world)
        hire(account, documents({each: where for each, where in scene.grants("resolve").items() if each != less}))
        with Session(RUNNER, "cn-hangzhou", {"*": account.url}, Clock(SPEED), attempts=1) as cloud:
            journal = Journal(cloud, scene.environment.storage.bucket, scene.environment.name, "run-1", "the operator")
            told[less] = outcome_of(
                lambda journal=journal: (journal.read(), journal.take(), journal.resolve("1", "seen"))
            )
            journal.release()

    assert told == {"": "", "oss:GetObject": "GetObject", "oss:PutObject": "AppendObject"}


def outcome_of(act):
    """Give the action that is refused, nothing when none is."""
    try:
        act()
    except Forbidden as error:
        return error.action
    return ""


# Reading alone


@pytest.mark.parametrize("name", SCENES["plan"])
def test_a_plan_with_the_read_only_policy_writes_nothing(account, scenes, name):
    sent = {need.builder for need in needs("plan", scenes[name].environment)}
    assert all(CALLS[each].is_read for each, builder in BUILDERS.items() if builder in sent)
    scenes[name].run(account, "plan")
    before = account.world()

    ran = run(account, scenes[name].environment, "plan", RUNNER)

    assert ran.writes == []
    assert account.world() == before


WRITERS = sorted(name for name, call in CALLS.items() if not call.is_read)


@pytest.mark.parametrize("flow", ["plan", "audit"])
@pytest.mark.parametrize("name", WRITERS)
def test_every_write_is_refused_to_who_has_the_read_only_policy(account, scenes, flow, name):
    scene, call = scenes["changed"], CALLS[name]
    if call.bucket:
        call = dataclasses.replace(call, bucket=scene.environment.storage.bucket)
    account.cloud.world = copy.deepcopy(scene.world)
    hire(account, documents(scene.grants(flow)))
    before = account.world()

    with Session(RUNNER, "cn-hangzhou", {"*": account.url}, Clock(SPEED), attempts=1) as cloud:
        cloud.journal = NoJournal()
        with pytest.raises(Forbidden) as refused:
            cloud.send(call)

    assert refused.value.action == call.action
    assert account.world() == before


class NoJournal:
    """Lets a once-only call be sent, and writes nothing down."""

    def intend(self, call):
        return ""

    def conclude(self, intent, what, request_id="", code=""):
        pass

    def generation(self, makes):
        return 0

    def refuse_open(self, makes):
        pass

    def seen(self, makes):
        pass

    def remedy(self, intent):
        return ""


# What only the account itself may do


@pytest.mark.requirement("R12", "R23")
def test_projects_of_exclusive_mode_are_left_to_the_account_and_all_else_is_the_runner_s(account):
    wanted = environment(account=ACCOUNT_ID)
    account.reset("exclusive-order", speed=SPEED)
    hire(account, documents(grants(["prepare"], wanted)))

    made = [run(account, wanted, flow, RUNNER) for flow in ("authorize", "create_cluster")]
    left = run(account, wanted, "prepare", RUNNER)
    by_the_account = run(account, wanted, "create_project")
    done = run(account, wanted, "prepare", RUNNER)

    assert [str(ran) for ran in (*made, by_the_account, done)] == ["", "", "", ""]
    (error,) = left.refused
    assert type(error) is ManualStep
    assert "created by the Alibaba Cloud account, not by a RAM user" in error.message
    assert left.writes == []
    assert "CreateProject" in by_the_account.writes
    assert done.writes == []


@pytest.mark.requirement("R12", "R23")
def test_the_right_to_create_projects_would_not_help(account):
    wanted = environment(account=ACCOUNT_ID)
    account.reset("exclusive-order", speed=SPEED)
    hire(account, ['{"Version":"1","Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}]}'])

    with Session(RUNNER, "cn-hangzhou", {"*": account.url}, Clock(SPEED)) as cloud, pytest.raises(Forbidden):
        cloud.send(foas_projects.create_project(desired.project(wanted.projects[0], "c-1", ACCOUNT_ID)))

    assert account_only(["prepare"], wanted) == {"CreateProject": why_account_only(foas_projects.create_project)}
    assert account_only(["plan", "check"], wanted) == {}
    assert account_only(["prepare"], MANAGED) == {}


# The flows themselves, in Prefect


@pytest.mark.parametrize(
    ("flow", "seed", "wanted"),
    [(plan, "exclusive-order", NEW), (check, "exclusive-order", NEW), (prepare, "nothing", MANAGED)],
    ids=["plan", "check", "prepare"],
)
def test_the_flow_itself_runs_on_the_printed_policy(make_trial, flow, seed, wanted):
    trial = make_trial(seed, describe(wanted), identity=RUNNER)
    hire(trial.account, documents(grants([flow.name], trial.environment)))

    state = trial.run(flow)

    assert state.is_completed(), state.message
    assert bool(trial.writes()) == (flow is prepare)
    assert {call["access_key_id"] for call in trial.calls()} == {RUNNER.access_key_id}
