import pytest

from alicloud.call import Call, Kind
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.foas import Cluster
from alicloud.foasconsole import Workspace
from alicloud.snapshot import Ledger
from tasks.plan import Row
from tasks.planner import make_plan
from tasks.progress import Timing
from tasks.run import Foreseen
from tasks.workspace import Quote
from tests.flows.running import environment

TIMING = Timing(expected_seconds=1800, timeout_seconds=3600, poll_seconds=45)
STARTING = Cluster("c", "flink", "", "STARTING", "", "", 0)


def ledger(*writes):
    """Make a ledger of pairs of step and call."""
    made = Ledger()
    for name, call in writes:
        with made.step(name):
            made.add(call)
    return made


def call(action, means="", kind=Kind.IDEMPOTENT, *changes):
    return Call("P", "1", action, kind, dict, means=means or action, changes=changes)


def plan(steps, writes=(), mode="exclusive", timing=TIMING, **changed):
    return make_plan(environment(mode, **changed), "All", ledger(*writes), steps, timing)


def ensure(title, *after, **facts):
    return Foreseen("ensure_thing", title, after, **facts)


def test_a_resource_is_made_changed_kept_or_blocked_and_what_only_looks_is_no_row():
    steps = [
        Foreseen("check_zone", "Zone", ()),
        ensure("A"),
        ensure("B"),
        ensure("C"),
        ensure("D", refused=Unmet("It is public.", remedy="Name another.")),
        ensure(""),
        Foreseen("find_cluster", "Cluster, as it is", ()),
    ]
    change = Change("name", "x", "y")

    made = plan(steps, [("B", call("UpdateB", "change B: everything", Kind.IDEMPOTENT, change)), ("A", call("MakeA"))])

    assert made.rows == (
        Row("+", "A", "MakeA"),
        Row("~", "B", "change B", (change,)),
        Row("=", "C", "as wanted"),
        Row("!", "D", "It is public. Name another."),
    )
    assert [write.action for write in made.writes] == ["MakeA", "UpdateB"]  # as in the procedure
    assert (made.checked, made.unjudged) == (("Zone",), 1)


@pytest.mark.parametrize(
    ("write", "reasons"),
    [
        (call("CreateInstance", "order w", Kind.ONCE), ("order w: it is sent once, and cannot be taken back",)),
        (call("CreateVpc", "create VPC", Kind.TOKENED), ()),
        (
            call("CreatePolicyVersion", "change p", Kind.IDEMPOTENT, Change("Allow on *", "", "oss:*")),
            ("change p: an existing policy will allow more",),
        ),
        (call("CreatePolicyVersion", "change p", Kind.IDEMPOTENT, Change("Allow on *", "oss:*", "")), ()),
        (call("UpdateRole", "let r trust s"), ("let r trust s: an existing role will trust somebody else",)),
        (call("PutObject", "write o"), ()),
        (
            call("PutObject", "write o", Kind.IDEMPOTENT, Change("MD5", "a", "b")),
            ("write o: a package that jobs may use is overwritten",),
        ),
        (
            call("UpdateQueue", "set CUs", Kind.IDEMPOTENT, Change("CUs", "6", "4")),
            ("set CUs: jobs that run may lose compute units",),
        ),
        (call("UpdateQueue", "set CUs", Kind.IDEMPOTENT, Change("CUs", "4", "16")), ()),
    ],
)
def test_money_and_danger_are_reasons_to_look(write, reasons):
    assert plan([ensure("A")], [("A", write)]).reasons == reasons


@pytest.mark.requirement("R22")
def test_the_cluster_dominates_the_time_and_the_path_says_what_lies_on_it():
    steps = [
        ensure("VPC"),
        ensure("User"),
        ensure("Cluster", 0, result=STARTING),
        Foreseen("wait_for_cluster", "Cluster, until RUNNING", (2,), STARTING),
        ensure("Project", 3),
    ]
    writes = [(name, call(name)) for name in ("VPC", "User", "Cluster", "Project")]

    made = plan(steps, writes)

    assert made.path == ("VPC", "Cluster", "Cluster, until RUNNING", "Project")
    assert 30 < made.minutes < 31


@pytest.mark.requirement("R13", "R24")
def test_the_price_and_the_wait_of_a_workspace_are_told():
    workspace = Workspace("w", "r", "w", "CREATING", "", "", (), "POST", 16, 0)
    steps = [
        Foreseen("check_price", "Price", (), Quote("9 CNY an hour")),
        Foreseen("wait_for_workspace", "Workspace, until RUNNING", (0,), workspace),
    ]

    made = plan(steps, mode="managed", timing=Timing(600, 3600, 30))

    assert (made.price, made.minutes) == ("9 CNY an hour", 10)


def test_what_runs_already_is_not_waited_for():
    running = Cluster("c", "flink", "", "RUNNING", "", "", 0)

    assert plan([Foreseen("wait_for_cluster", "Cluster, until RUNNING", (), running)]).minutes == 0


def test_rights_that_are_not_waived_block_when_the_environment_wants_that():
    made = plan([ensure("A")], safety={"rights_lint": "refuse"})

    assert [row.title for row in made.blocked] == ["Rights"]
    assert "passrole-on-everything" in made.blocked[0].detail


def test_the_lint_reads_the_service_s_documents_as_they_are():
    documents = {"AliyunStreamRolePolicy": "{}", "AliyunOSSFullAccess": "{}"}

    made = plan([Foreseen("read_service_documents", "Documents", (), documents)])

    assert [each.finding.id for each in made.findings] == ["passrole-on-everything"]
