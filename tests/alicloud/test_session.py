"""Calls over HTTP: what is sent again and what never is, what an answer that is lost means, and what nobody may see."""

import itertools
import logging
import threading
import time
import traceback
from dataclasses import replace

import pytest

from alicloud import bssopenapi, ecs, foas, foas_queues, foasconsole, oss, oss_objects, ram, sts, vpc
from alicloud.call import PLANNED, Call, Kind
from alicloud.clock import Clock, Stopped
from alicloud.errors import (
    AlibabaCloudError,
    Forbidden,
    Refused,
    Throttled,
    Unavailable,
    Uncertain,
    Unreachable,
)
from alicloud.foas import ClusterSpec
from alicloud.foasconsole import WorkspaceSpec
from alicloud.journal import Journal
from alicloud.limiter import Limiter
from alicloud.ram import UserSpec
from alicloud.session import Identity, Session
from alicloud.settle import settle
from alicloud.snapshot import Ledger
from alicloud.vpc import VpcSpec
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.flows.running import start_emulator

RUNS = itertools.count(1)
ACCOUNT = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
SHOP = {
    "bssopenapi": {"balance": "10000.00"},
    "vpc": {
        "vpcs": [
            {
                "id": "vpc-bp1shop",
                "name": "shop",
                "cidr": "10.0.0.0/16",
                "vswitches": [{"id": "vsw-bp1shop", "name": "shop-h", "cidr": "10.0.1.0/24", "zone": "cn-hangzhou-h"}],
            }
        ]
    },
    "oss": {"buckets": [{"name": "shop-packages", "versioning": "Enabled"}]},
    "ram": {
        "roles": [
            {
                "name": "AliyunStreamDefaultRole",
                "service": "stream.aliyuncs.com",
                "policies": ["AliyunStreamRolePolicy", "AliyunOSSFullAccess"],
            }
        ]
    },
    "foas": {"orders": [{"instance_id": "blinkonecs_cn-order-0001", "region": "cn-hangzhou"}]},
}
VPC = VpcSpec("dev", "cn-hangzhou", name="flink-vpc", cidr="172.16.0.0/12")
PLACE = {"vpc_id": "vpc-bp1shop", "bucket": "shop-packages", "zone": "cn-hangzhou-h"}
WORKSPACE = WorkspaceSpec("cn-hangzhou", "flink-dev", "POST", 16, vswitch_ids=("vsw-bp1shop",), **PLACE)
CLUSTER = ClusterSpec("flink_dev", "Dev", "blinkonecs_cn-order-0001", vswitch_id="vsw-bp1shop", **PLACE)

BUY_WORKSPACE = foasconsole.create_instance(WORKSPACE)
MAKE_CLUSTER = foas.create_cluster(CLUSTER)
ONCE = [pytest.param(BUY_WORKSPACE, id="CreateInstance"), pytest.param(MAKE_CLUSTER, id="CreateCluster")]
# One call of each dialect: RPC, ROA, OSS.
READS = [
    pytest.param(vpc.describe_vpcs(), id="RPC"),
    pytest.param(foas.list_cluster(), id="ROA"),
    pytest.param(oss.get_bucket_info("shop-packages", "cn-hangzhou"), id="OSS"),
]
WRITES = [
    pytest.param(ram.create_user(UserSpec("alice", "Alice")), id="RPC"),
    pytest.param(oss.put_bucket_encryption("shop-packages"), id="OSS"),
    pytest.param(vpc.create_vpc(VPC), id="tokened"),
]
LOST = ["drop-before", "drop-after", "cut"]
TROUBLE = [
    pytest.param({"kind": "throttle"}, id="throttle"),
    pytest.param({"kind": "error"}, id="500"),
    pytest.param({"kind": "error", "status": 503}, id="503"),
    *(pytest.param({"kind": kind}, id=kind) for kind in LOST),
]


@pytest.fixture(scope="module")
def _running():
    with start_emulator() as running:
        yield running


@pytest.fixture
def emulator(_running):
    _running.reset(SHOP)
    return _running


@pytest.fixture
def waits():
    """The waits of `cloud`, in seconds; none of them takes time."""
    return []


@pytest.fixture
def cloud(emulator, waits):
    with session(emulator, wait=waits.append) as opened:
        yield opened


def session(emulator, identity=ACCOUNT, wait=lambda seconds: None, **options):
    options = {"limiter": Limiter({}), **options}  # the waits that are counted are those of its own retries
    opened = Session(identity, "cn-hangzhou", {"*": emulator.url}, Clock(wait=wait), **options)
    opened.journal = Journal(opened.sibling(), "shop-packages", "dev", f"run-{next(RUNS)}", "a test", 3600.0)
    return opened


def failure(cloud, call):
    """Send a call that must fail, and give the error."""
    with pytest.raises(AlibabaCloudError) as caught:
        cloud.send(call)
    return caught.value


# Reads and writes that may be repeated


@pytest.mark.parametrize("order", TROUBLE)
@pytest.mark.parametrize("call", READS)
def test_a_read_is_repeated_until_it_is_answered(emulator, cloud, waits, call, order):
    expected = cloud.send(call)
    emulator.fault(action=call.action, times=3, **order)

    answer = cloud.send(call)

    assert answer == expected
    assert len(emulator.calls(call.action)) == 5
    assert len(waits) == 3
    assert all(0 <= wait <= 8 for wait in waits)


@pytest.mark.parametrize("order", TROUBLE)
@pytest.mark.parametrize("call", READS)
def test_a_read_is_not_repeated_for_ever(emulator, cloud, waits, call, order):
    emulator.fault(action=call.action, times=None, **order)

    error = failure(cloud, call)

    assert isinstance(error, Throttled | Unavailable | Unreachable)
    assert error.transient
    assert call.action in str(error)
    assert error.remedy
    assert len(emulator.calls(call.action)) == 6
    assert len(waits) == 5
    assert sum(waits) < 40


@pytest.mark.parametrize("order", TROUBLE)
@pytest.mark.parametrize("call", WRITES)
def test_a_write_that_is_safe_to_repeat_is_repeated_with_one_effect(emulator, cloud, call, order):
    emulator.fault(action=call.action, **order)
    done = replace(call, done=frozenset({"EntityAlreadyExists.User"}))

    cloud.send(done)

    nothing_to_cut = call.operation and order["kind"] == "cut"  # the answer has no body
    assert len(emulator.calls(call.action)) == (1 if nothing_to_cut else 2)
    assert [write.action for write in cloud.ledger.writes] == [call.action]


def test_a_refusal_is_not_repeated(emulator, cloud, waits):
    emulator.fault("refuse", "DescribeVpcs", times=None)

    error = failure(cloud, vpc.describe_vpcs())

    assert isinstance(error, Forbidden)
    assert len(emulator.calls("DescribeVpcs")) == 1
    assert waits == []


@pytest.mark.requirement("R17")
@pytest.mark.parametrize("order", TROUBLE)
def test_a_tokened_creation_is_repeated_with_the_same_token_and_makes_one_vpc(emulator, cloud, order):
    emulator.fault(action="CreateVpc", times=2, **order)

    vpc_id = cloud.send(vpc.create_vpc(VPC))

    tokens = [call["parameters"]["ClientToken"] for call in emulator.calls("CreateVpc")]
    assert len(tokens) == 3
    assert len(set(tokens)) == 1
    assert [each.vpc_id for each in cloud.send(vpc.describe_vpcs(name="flink-vpc"))] == [vpc_id]


@pytest.mark.requirement("R17")
def test_another_run_of_the_same_creation_makes_no_second_vpc(emulator):
    with session(emulator) as first, session(emulator) as second:
        second.journal = None  # a run of another environment that shares the VPC
        ids = {first.send(vpc.create_vpc(VPC)), second.send(vpc.create_vpc(VPC))}

        assert len(ids) == 1
        assert len(first.send(vpc.describe_vpcs(name="flink-vpc"))) == 1


@pytest.mark.parametrize("call", READS)
def test_the_cloud_s_time_of_a_step_is_that_of_its_answers_and_of_its_waits_to_ask_again(emulator, cloud, waits, call):
    work = [5.0]
    cloud.ledger = Ledger(now=lambda: sum(work) + sum(waits) + 2 * len(emulator.calls(call.action)))
    emulator.fault(action=call.action, times=2, kind="error")

    with cloud.ledger.step("look"):
        work.append(3.0)
        cloud.send(call)

    (attempt,) = cloud.ledger.outcomes["look"].attempts
    assert len(waits) == 2
    assert attempt.cloud_seconds == pytest.approx(3 * 2 + sum(waits))
    assert attempt.ended - attempt.began == pytest.approx(3 + attempt.cloud_seconds)


def test_a_cloud_that_is_not_there_is_told_by_its_address():
    with Session(ACCOUNT, "cn-hangzhou", {"*": "http://127.0.0.1:9"}, Clock(wait=lambda s: None), attempts=2) as cloud:
        error = failure(cloud, sts.get_caller_identity())
        of_oss = failure(cloud, oss.get_bucket_info("shop-packages", "cn-hangzhou"))

    assert isinstance(error, Unreachable)
    assert str(error).startswith("No answer to GetCallerIdentity: SDK.HttpError at 127.0.0.1:9.")
    assert "Check the network and the endpoints of the credentials block" in str(error)
    assert isinstance(of_oss, Unreachable)
    assert "127.0.0.1:9" in str(of_oss)


# Calls that are sent once


@pytest.mark.requirement("R21", "R24")
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("call", ONCE)
def test_a_once_only_call_whose_answer_is_lost_is_uncertain_and_never_sent_again(emulator, cloud, waits, call, kind):
    emulator.fault(kind, call.action)

    error = failure(cloud, call)

    assert isinstance(error, Uncertain)
    assert not error.transient
    assert "It may have taken effect. Look in the console. If it is there, Retry this run once" in str(error)
    assert "If it is certainly not there, start the deployment `resolve` with intent" in str(error)
    assert len(emulator.calls(call.action)) == 1
    assert waits == []


@pytest.mark.requirement("R21", "R24")
@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("call", ONCE)
def test_a_once_only_call_that_the_cloud_fails_on_is_uncertain_too(emulator, cloud, call, status):
    emulator.fault("error", call.action, status=status)

    error = failure(cloud, call)

    assert isinstance(error, Uncertain)
    assert error.request_id == emulator.calls(call.action)[0]["request_id"]
    assert "It may have taken effect all the same." in str(error)
    assert len(emulator.calls(call.action)) == 1


@pytest.mark.requirement("R21", "R24")
@pytest.mark.parametrize("call", ONCE)
def test_a_once_only_call_that_is_throttled_is_told_as_such_and_left_to_a_person(emulator, cloud, call):
    emulator.fault("throttle", call.action)

    error = failure(cloud, call)

    assert isinstance(error, Throttled)
    assert not error.transient  # nothing, Prefect's retries included, sends it again by itself
    assert len(emulator.calls(call.action)) == 1


@pytest.mark.requirement("R24")
def test_a_workspace_whose_answer_was_lost_after_the_effect_is_adopted_and_not_bought_twice(emulator, cloud):
    emulator.fault("drop-after", "CreateInstance")

    rows = settle(
        cloud, foasconsole.describe_instances("cn-hangzhou", "flink-dev"), WORKSPACE, foasconsole.workspace_changes
    )

    assert [row.name for row in rows] == ["flink-dev"]
    assert emulator.writes() == ["CreateInstance"]
    assert len(emulator.world()["parts"]["foasconsole"]["workspaces"]) == 1


@pytest.mark.requirement("R24")
def test_a_workspace_that_shows_late_is_waited_for_and_not_bought_twice(emulator):
    emulator.sow({"foasconsole": {"visible_after": 20}})
    emulator.fault("drop-after", "CreateInstance")

    with session(emulator, wait=emulator.advance) as cloud:
        rows = settle(
            cloud, foasconsole.describe_instances("cn-hangzhou", "flink-dev"), WORKSPACE, foasconsole.workspace_changes
        )

    assert len(rows) == 1
    assert emulator.writes() == ["CreateInstance"]


@pytest.mark.requirement("R24")
def test_a_workspace_that_never_shows_is_uncertain_and_the_next_run_adopts_it(emulator):
    emulator.sow({"foasconsole": {"visible_after": 3600}})
    emulator.fault("drop-after", "CreateInstance")
    read = foasconsole.describe_instances("cn-hangzhou", "flink-dev")

    with session(emulator, wait=emulator.advance) as cloud, pytest.raises(Uncertain, match="No answer to CreateInst"):
        settle(cloud, read, WORKSPACE, foasconsole.workspace_changes)
    emulator.advance(3600)
    with session(emulator, wait=emulator.advance) as again:
        again.journal.read()
        rows = settle(again, read, WORKSPACE, foasconsole.workspace_changes)

    assert len(rows) == 1
    assert emulator.writes() == ["CreateInstance"]


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("kind", ["drop-after", "cut"])
def test_a_cluster_whose_answer_was_lost_after_the_effect_is_adopted(emulator, cloud, kind):
    emulator.fault(kind, "CreateCluster")

    clusters = settle(cloud, foas.list_cluster(), CLUSTER, foas.cluster_changes)

    assert [cluster.name for cluster in clusters] == ["flink_dev"]
    assert emulator.writes() == ["CreateCluster"]


@pytest.mark.requirement("R21")
def test_a_cluster_whose_creation_did_not_arrive_is_not_tried_again_by_itself(emulator, cloud):
    emulator.fault("drop-before", "CreateCluster")

    with pytest.raises(Uncertain):
        settle(cloud, foas.list_cluster(), CLUSTER, foas.cluster_changes)

    assert emulator.writes() == ["CreateCluster"]
    assert cloud.send(foas.list_cluster()) == ()


@pytest.mark.requirement("R21")
def test_a_run_that_ends_before_its_order_goes_out_leaves_no_question_about_it(emulator, cloud):
    cloud.journal.take()
    cloud.clock.stop()

    with pytest.raises(Stopped):
        cloud.send(MAKE_CLUSTER)

    assert emulator.writes() == []
    assert cloud.journal.record.open() == []


def test_every_call_that_spends_or_cannot_be_repeated_is_sent_once_only():
    assert BUY_WORKSPACE.kind is Kind.ONCE
    assert MAKE_CLUSTER.kind is Kind.ONCE


# What an answer says


@pytest.mark.requirement("R24")
def test_a_200_that_is_no_success_is_a_refusal_with_action_and_request_id(emulator, cloud):
    emulator.fault("business-failure", "DescribeInstances", code="990401", message="Not now")

    error = failure(cloud, foasconsole.describe_instances("cn-hangzhou"))

    request_id = emulator.calls("DescribeInstances")[0]["request_id"]
    assert isinstance(error, Refused)
    assert (error.code, error.action, error.request_id) == ("990401", "DescribeInstances", request_id)
    assert str(error).startswith(f"990401 on DescribeInstances (request {request_id}): Not now.")


@pytest.mark.requirement("R13")
def test_a_200_of_billing_that_is_no_success_is_a_refusal_too(emulator, cloud):
    emulator.fault("business-failure", "QueryAvailableInstances", code="NotAuthorized")

    error = failure(cloud, bssopenapi.query_available_instances("blinkonecs"))

    assert isinstance(error, Forbidden)
    assert error.request_id == emulator.calls("QueryAvailableInstances")[0]["request_id"]


def test_a_once_only_call_that_is_refused_in_a_200_is_a_refusal_and_not_uncertain(emulator, cloud):
    emulator.fault("business-failure", "CreateInstance", code="InsufficientBalance")

    error = failure(cloud, BUY_WORKSPACE)

    assert isinstance(error, Refused)
    assert not error.transient
    assert "Top up the account's balance" in str(error)


def test_a_refusal_that_was_cut_is_asked_for_again(emulator, cloud):
    emulator.fault("cut", "GetUser", times=2)

    assert cloud.send(ram.get_user("nobody")) is None
    assert len(emulator.calls("GetUser")) == 3


def test_a_once_only_call_whose_refusal_was_cut_is_uncertain(emulator, cloud):
    emulator.fault("cut", "CreateCluster")

    error = failure(cloud, foas.create_cluster(replace(CLUSTER, bucket="no-such-bucket-here")))

    assert isinstance(error, Uncertain)
    assert len(emulator.calls("CreateCluster")) == 1


def test_an_answer_in_a_form_that_we_do_not_know_is_no_answer(cloud):
    strange = replace(vpc.describe_vpcs(), parse=lambda body: body["NoSuchField"], next_page=None)

    error = failure(cloud, strange)

    assert isinstance(error, Unreachable)
    assert "its form is not what we know (KeyError, request " in str(error)


def test_an_absence_that_the_call_expects_is_an_answer(cloud):
    assert cloud.send(ram.get_user("nobody")) is None
    assert cloud.send(oss.get_bucket_info("no-such-bucket-here", "cn-hangzhou")) is None


def test_an_effect_that_is_there_already_is_an_answer(emulator, cloud):
    call = replace(ram.create_user(UserSpec("alice", "Alice")), done=frozenset({"EntityAlreadyExists.User"}))

    cloud.send(call)
    cloud.send(call)

    assert [write.request_id for write in cloud.ledger.writes] == [
        each["request_id"] for each in emulator.calls("CreateUser")
    ]


def test_a_file_that_is_uploaded_is_there_to_be_read(cloud):
    spec = oss_objects.udf_spec("shop-packages", "udf/a.jar", "a.jar", b"bytes of a package")

    settle(cloud, oss_objects.head_object("shop-packages", "udf/a.jar"), spec, oss_objects.udf_changes)

    assert settle(cloud, oss_objects.head_object("shop-packages", "udf/a.jar"), spec, oss_objects.udf_changes)
    assert [write.action for write in cloud.ledger.writes] == ["PutObject"]


def test_pages_are_read_to_the_end(emulator, cloud):
    vpcs = [{"name": f"vpc-{number}", "cidr": "10.0.0.0/16"} for number in range(120)]
    users = [{"name": f"user-{number}", "groups": ["flink"]} for number in range(230)]
    emulator.sow({"vpc": {"vpcs": vpcs}, "ram": {"users": users, "groups": [{"name": "flink"}]}})
    members = ram.list_users_for_group("flink")
    small = replace(members, parameters={**members.parameters, "MaxItems": "100"})

    found = cloud.send(vpc.describe_vpcs())

    assert len({each.vpc_id for each in found}) == 121
    assert len(emulator.calls("DescribeVpcs")) == 3
    assert len(set(cloud.send(small))) == 230
    assert len(emulator.calls("ListUsersForGroup")) == 3


def test_a_page_that_is_lost_is_read_again_and_no_row_is_missing_or_double(emulator, cloud):
    emulator.sow({"vpc": {"vpcs": [{"name": f"vpc-{number}", "cidr": "10.0.0.0/16"} for number in range(120)]}})
    emulator.fault("drop-before", "DescribeVpcs", nth=2)
    emulator.fault("cut", "DescribeVpcs", nth=4)

    found = cloud.send(vpc.describe_vpcs())

    assert len(found) == len({each.vpc_id for each in found}) == 121


def test_pages_by_token_are_read_to_the_end(emulator, cloud):
    groups = [{"name": f"sg-{number}", "vpc_id": "vpc-bp1shop"} for number in range(150)]
    emulator.sow({"ecs": {"security_groups": groups}})

    found = cloud.send(ecs.describe_security_groups(vpc_id="vpc-bp1shop"))

    assert len({group.security_group_id for group in found}) == 150


def test_the_clock_learns_the_time_of_the_cloud_however_wrong_ours_is(emulator):
    emulator.advance(86_400)
    ours = Clock(wall=lambda: 1_000_000_000.0)

    with Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}, ours) as cloud:
        cloud.send(sts.get_caller_identity())

    assert abs(cloud.clock.now() - emulator.control("GET", "clock")["epoch"]) < 30


# Dry


@pytest.mark.parametrize("call", [*WRITES, *ONCE])
def test_a_dry_session_never_sends_a_write(emulator, cloud, call):
    dry = cloud.dry_run()

    with dry, pytest.raises(AssertionError, match=f"a dry run must not send {call.action}"):
        dry.send(call)

    assert emulator.calls() == []


@pytest.mark.requirement("R24")
def test_a_dry_settling_plans_the_purchase_and_sends_nothing(emulator, cloud):
    planned = (foasconsole.planned_workspace(WORKSPACE),)

    with cloud.dry_run() as dry:
        read = foasconsole.describe_instances("cn-hangzhou", "flink-dev")
        rows = settle(dry, read, WORKSPACE, foasconsole.workspace_changes, planned)

    assert rows == planned
    assert [(write.action, write.once_only) for write in dry.ledger.writes] == [("CreateInstance", True)]
    assert emulator.writes() == []


def test_a_dry_session_reads_each_thing_once_however_many_ask_at_once(emulator, cloud):
    emulator.fault("delay", "DescribeVpcs", seconds=0.2)
    answers = []
    with cloud.dry_run() as dry:
        threads = [threading.Thread(target=lambda: answers.append(dry.send(vpc.describe_vpcs()))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        dry.send(vpc.describe_vpcs(name="shop"))

    assert len(answers) == 16
    assert len(set(answers)) == 1
    assert len(emulator.calls("DescribeVpcs")) == 2  # another question is another read


def test_a_dry_session_does_not_ask_for_what_is_only_planned(emulator, cloud):
    with cloud.dry_run() as dry:
        answer = dry.send(foas_queues.get_cluster_queue_info(PLANNED))

    assert answer == ()
    assert emulator.calls() == []


def test_a_session_that_is_not_dry_asks_anew_each_time(emulator, cloud):
    cloud.send(vpc.describe_vpcs())
    cloud.send(vpc.describe_vpcs())

    assert len(emulator.calls("DescribeVpcs")) == 2


# What nobody may see


class Everything(logging.Handler):
    """Keeps what any logger of this process says, but for the emulator's side and the test's own client."""

    OTHERS = ("uvicorn", "emulator", "httpx", "httpcore", "asyncio", "hypothesis")

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.told = []

    def emit(self, record):
        if not record.name.startswith(self.OTHERS):
            self.told.append(f"{record.name}: {record.getMessage()} {record.args} {record.exc_info} {record.__dict__}")


@pytest.fixture
def log():
    """All loggers at DEBUG, as somebody would set them to look for a fault."""
    handler = Everything()
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    before = [(logger, logger.level, logger.propagate, logger.disabled) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
        logger.propagate = True
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    for logger, level, propagate, disabled in before:
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


@pytest.fixture
def temporary(emulator):
    """A temporary key of an assumed role."""
    erin = {"name": "erin", "keys": [{"id": "LTAI5tErin", "secret": "secret-of-erin"}]}
    role = {"name": "flink-prep", "policies": ["AdministratorAccess"]}
    emulator.sow({"ram": {"users": [{**erin, "policies": ["AliyunSTSAssumeRoleAccess"]}], "roles": [role]}})
    with session(emulator, Identity("LTAI5tErin", "secret-of-erin")) as cloud:
        key = cloud.send(sts.assume_role("acs:ram::1376771854400000:role/flink-prep", "test"))
    return Identity(key.access_key_id, key.access_key_secret, key.security_token)


def wrong(identity):
    return replace(identity, access_key_secret="wrong-but-secret-0123456789")


CALLS = [
    sts.get_caller_identity(),
    foas.list_cluster(),
    oss.get_bucket_info("shop-packages", "cn-hangzhou"),
    ram.create_user(UserSpec("alice", "Alice")),
    oss.put_bucket_encryption("shop-packages"),
    vpc.create_vpc(VPC),
    BUY_WORKSPACE,
]
FAULTS = [None, *LOST, "throttle", "error", "refuse"]


def shown_by(error):
    """Everything that printing, pickling or logging an error may show."""
    parts = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    return "\n".join(parts)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("who", ["right", "wrong", "temporary", "temporary wrong"])
def test_no_error_and_no_logger_shows_secret_token_or_signature(emulator, log, temporary, who, fault):
    identity = temporary if "temporary" in who else ACCOUNT
    identity = wrong(identity) if "wrong" in who else identity
    if fault:
        emulator.fault(fault, times=None)
    shown = []

    with session(emulator, identity, attempts=2) as cloud:
        for call in CALLS:
            try:
                cloud.send(call)
            except AlibabaCloudError as error:
                shown.append(shown_by(error))

    everything = "\n".join([*shown, *log.told])
    assert "realtime_compute.calls" in everything
    assert bool(shown) == (fault is not None or "wrong" in who)
    assert identity.access_key_secret not in everything
    assert not identity.security_token or identity.security_token not in everything
    assert "Signature=" not in everything
    assert "Authorization" not in everything


def test_a_password_is_neither_in_the_log_nor_in_the_plan(emulator, log):
    call = replace(ram.create_user(UserSpec("alice", "Alice")), secrets={"Password": "Once-only-7"})

    with session(emulator) as cloud:
        cloud.send(call)

    assert "Once-only-7" not in "\n".join(log.told) + repr(call) + repr(cloud.ledger)
    assert emulator.calls("CreateUser")[0]["parameters"]["Password"] == "***"


def test_every_call_leaves_one_record_with_action_outcome_and_request_id(emulator, log, cloud):
    cloud.journal = None

    cloud.send(vpc.describe_vpcs())
    failure(cloud, ram.create_user(UserSpec("a b", "")))

    ids = [call["request_id"] for call in emulator.calls()]
    told = [line for line in log.told if line.startswith("realtime_compute.calls: ")]
    assert len(told) == 2
    assert "Vpc DescribeVpcs: ok in " in told[0] and ids[0] in told[0]
    assert "Ram CreateUser: InvalidParameter.UserName" in told[1] and ids[1] in told[1]


def test_an_identity_shows_no_secret():
    shown = repr(Identity("LTAI5t", "secret-1", "token-1"))

    assert "LTAI5t" in shown
    assert "secret-1" not in shown
    assert "token-1" not in shown


# Many threads


def test_one_session_serves_many_threads(emulator, cloud):
    started, answers = time.monotonic(), []

    def work(number):
        cloud.send(ram.create_user(UserSpec(f"user-{number}", "")))
        answers.append(cloud.send(ram.get_user(f"user-{number}")).name)

    threads = [threading.Thread(target=work, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(answers) == sorted(f"user-{number}" for number in range(20))
    assert len(cloud.ledger.writes) == 20
    assert time.monotonic() - started < 30


def test_a_call_names_its_own_kind():
    call = Call("Shop", "1", "BuyThing", Kind.ONCE, lambda body: None)

    assert call.once_only
    assert not call.is_read


def test_the_rates_are_those_of_the_account_whatever_key_signs(emulator):
    role = "acs:ram::1376771854400000:role/flink-prep"
    limiter = Limiter()
    one, another, acting = (
        Session(identity, "cn-hangzhou", {"*": emulator.url}, limiter=limiter)
        for identity in (ACCOUNT, ACCOUNT, Identity("STS.one", "x", "y", 0.0, "LTAI-of-many-accounts", role))
    )

    before = Session(Identity("LTAI-not-known-yet", "x"), "cn-hangzhou").account
    one.belongs_to("1376771854400000")

    assert before == "LTAI-not-known-yet"
    assert one.account == another.account == acting.account == "1376771854400000"
    with limiter.watched() as traffic, one, another:
        for cloud in (one, another):
            cloud.send(ram.get_user("alice"))
    assert [(key, passed.calls) for key, passed in traffic.items()] == [(("1376771854400000", "Ram", "GetUser"), 2)]
