import dataclasses

import pytest

from alicloud import prerequisites, vpc
from alicloud.dry_runs import is_harmless
from alicloud.effective_rights import Decision, Held, Principal, Verdict, decide
from alicloud.errors import Misconfigured, refusal
from alicloud.policy import document, statement
from alicloud.ram_policies import Attachment
from blocks import access_probes
from blocks.access_probes import Probe, projects_of
from blocks.access_wanted import differences, mistrusted, subjects, wanted
from blocks.live_probes import NO_RIGHTS, LiveProbe, answer, live_probes, role_arn
from tests.flows.running import environment

ACCOUNT = "1376771854400000"
PEOPLE = {
    "users": [{"name": "alice"}, {"name": "bob", "projects": ["clicks"]}, {"name": "carol"}],
    "groups": [
        {"name": "developers", "members": ["alice", "bob"], "projects": ["orders"]},
        {"name": "operators", "members": ["alice"], "projects": ["*"]},
        {"name": "guests", "members": ["carol"]},
    ],
}
PROJECTS = [{"name": "orders", "compute_units": 2}, {"name": "clicks", "compute_units": 2}]
WANTED = environment(people=PEOPLE, projects=PROJECTS)
SERVICE = ("role", prerequisites.EXCLUSIVE_ROLE)
DOCUMENTS = {
    prerequisites.EXCLUSIVE_ROLE_POLICY: prerequisites.role_policy_document(),
    prerequisites.OSS_FULL_ACCESS: document([statement("oss:*")]),
}


def probes(subject, tightened=None, wanted_environment=WANTED):
    if subject[0] == "role":
        return access_probes.of_service(wanted_environment, ACCOUNT, tightened)
    projects = projects_of(wanted_environment, Principal(*subject))
    return access_probes.of_people(wanted_environment, ACCOUNT, projects)


def expected(subject, what):
    (probe,) = [each for each in probes(subject) if each.what == what]
    return probe.expected


@pytest.mark.requirement("R3", "R4")
def test_a_user_may_use_their_own_projects_and_those_of_their_groups():
    assert projects_of(WANTED, Principal("user", "alice")) == {"orders", "*"}
    assert projects_of(WANTED, Principal("user", "bob")) == {"orders", "clicks"}
    assert projects_of(WANTED, Principal("user", "carol")) == set()
    assert projects_of(WANTED, Principal("group", "developers")) == {"orders"}


CASES = [
    (("group", "developers"), "use project orders", "may"),
    (("group", "developers"), "use project clicks", "may not"),
    (("group", "developers"), "create clusters", "may not"),
    (("group", "developers"), "list clusters and projects", ""),
    (("group", "developers"), "pass the service's role", "may"),
    (("user", "bob"), "use project clicks", "may"),
    (("group", "operators"), "use project clicks", "may"),
    (("group", "operators"), "list clusters and projects", "may"),
    (("group", "operators"), "create clusters", ""),
    (("user", "carol"), "use project orders", "may not"),
    (("user", "carol"), "list clusters and projects", "may not"),
    (("user", "carol"), "pass the service's role", "may not"),
    (("user", "alice"), "make AccessKeys of others", "may not"),
    (("user", "alice"), "delete the service's interfaces", "may not"),
]


@pytest.mark.requirement("R3", "R4", "R16")
@pytest.mark.parametrize(("subject", "what", "answer_"), CASES)
def test_what_is_expected_follows_from_the_projects_that_somebody_may_use(subject, what, answer_):
    assert expected(subject, what) == answer_


def held(subject, tightened):
    """Give a subject as the environment wants it, with the documents of the vendor's policies."""
    ideal = wanted(WANTED, subject, tightened)
    known = tuple(
        Held(each.attachment, each.document or DOCUMENTS[each.attachment.name], each.group) for each in ideal.policies
    )
    return Principal(ideal.kind, ideal.name, known, ideal.groups, ideal.members)


def unmet(principal, tightened=None):
    asked = probes((principal.kind, principal.name), tightened)
    answers = [probe.answered(principal) for probe in asked]
    return [probe.what for probe, verdict in answers if not probe.is_met_by(verdict)]


@pytest.mark.requirement("R3", "R4", "R8", "R9", "R10", "R11")
@pytest.mark.parametrize("subject", subjects(WANTED))
@pytest.mark.parametrize("tightened", [True, False])
def test_the_rights_that_the_environment_wants_meet_every_probe(subject, tightened):
    assert unmet(held(subject, tightened), tightened) == []


@pytest.mark.requirement("R10")
def test_the_service_s_policy_must_be_open_while_the_cluster_is_made_and_closed_after():
    name = prerequisites.EXCLUSIVE_CUSTOM_POLICY
    creating = [f"create security groups, by {name} alone", f"open security groups, by {name} alone"]

    assert unmet(held(SERVICE, False), True) == creating
    assert unmet(held(SERVICE, True), False) == creating
    assert unmet(held(SERVICE, True), None) == []


@pytest.mark.requirement("R10")
def test_it_is_told_that_the_vendor_s_own_policy_goes_on_allowing_what_was_tightened():
    role = held(SERVICE, True)

    notes = [probe.note for probe in probes(SERVICE, True) if probe.note]

    assert decide(role, "ecs:CreateSecurityGroup", "acs:ecs:cn-hangzhou:1:securitygroup/*").decision is Decision.ALLOWED
    assert notes and all("goes on allowing it (R8)" in note for note in notes)


@pytest.mark.parametrize(
    ("expected_", "decision", "met"),
    [
        ("may", Decision.ALLOWED, True),
        ("may", Decision.CONDITIONAL, False),
        ("may", Decision.NOT_GRANTED, False),
        ("may not", Decision.NOT_GRANTED, True),
        ("may not", Decision.DENIED, True),
        ("may not", Decision.CONDITIONAL, False),
        ("may not", Decision.ALLOWED, False),
        ("", Decision.ALLOWED, True),
    ],
)
def test_a_verdict_that_hangs_on_something_meets_no_expectation(expected_, decision, met):
    assert Probe("x", "a:B", "*", expected_).is_met_by(Verdict(decision)) is met


@pytest.mark.requirement("R24")
def test_the_managed_mode_judges_what_its_documents_are_known_to_allow():
    managed = environment("managed")

    asked = access_probes.of_service(managed, ACCOUNT, None)

    assert {probe.expected for probe in asked if not probe.action.startswith(("ram:", "sts:", "vpc:Del"))} == {""}
    assert [probe for probe in asked if probe.policy] == []


def real(subject, *more, without="", groups=None, members=None):
    """Give a subject as wanted, but for what was changed by hand."""
    ideal = wanted(WANTED, subject, True)
    kept = tuple(each for each in ideal.policies if each.attachment.name != without)
    return Principal(
        ideal.kind,
        ideal.name,
        (*kept, *more),
        ideal.groups if groups is None else groups,
        ideal.members if members is None else members,
    )


@pytest.mark.requirement("R3", "R16")
@pytest.mark.parametrize(
    ("actions", "resources", "what"),
    [
        ("vpc:DeleteVpc", "acs:vpc:*:*:vpc/vpc-bp1riayr2hq8sen0qo30z", ["delete the VPC"]),
        ("vpc:DeleteVpc", "acs:vpc:cn-hangzhou:*:vpc/vpc-*", ["delete the VPC"]),
        ("vpc:DeleteVpc", "acs:vpc:cn-shanghai:*:vpc/vpc-1", []),
        ("vpc:DeleteVpc", "acs:vpc:*:*:vswitch/*", []),
        ("ecs:DeleteSecurityGroup", "acs:ecs:*:*:securitygroup/sg-1", ["delete the service's security group"]),
        ("ecs:DeleteNetworkInterface", "acs:ecs:*:*:eni/eni-*", ["delete the service's interfaces"]),
        ("ecs:DeleteNetworkInterface", "acs:ecs:*:*:eni/eni-????????", ["delete the service's interfaces"]),
        ("stream:DeleteProject", "acs:stream:*:*:clicks", ["use project clicks"]),
        (
            ["stream:Delete*", "stream:Destroy*"],
            "*",
            ["use project clicks", "use a project that is named nowhere", "change or delete clusters"],
        ),
        ("stream:DestroyCluster", "acs:stream:*:*:cluster/c-1", ["change or delete clusters"]),
        ("stream:Delete*", "acs:stream:*:*:orders", []),
    ],
)
def test_a_right_on_one_of_them_or_to_destroy_alone_is_found_too(actions, resources, what):
    developers = real(("group", "developers"), Held(Attachment("narrow"), document([statement(actions, resources)])))

    assert unmet(developers) == what


ADMIN = Held(Attachment("AdministratorAccess", "System"), document([statement("*")]))
DEVELOPERS = ("group", "developers")
ORDERS = "RealtimeCompute-flink-exclusive-group-developers"


@pytest.mark.requirement("R3", "R4", "R9")
@pytest.mark.parametrize(
    ("actual", "lines"),
    [
        (real(DEVELOPERS), []),
        (real(DEVELOPERS, members=("alice",)), ["lacks member bob"]),
        (
            real(DEVELOPERS, members=("alice", "bob", "mallory")),
            ["has member mallory, whom the environment does not ask for"],
        ),
        (real(DEVELOPERS, without=ORDERS), [f"lacks policy {ORDERS} (Custom)"]),
        (
            real(("user", "carol"), ADMIN),
            ["holds policy AdministratorAccess (System), which the environment does not ask for"],
        ),
        (
            real(("user", "carol"), groups=("guests", "admins")),
            ["is in group admins, which the environment does not ask for"],
        ),
        (real(("user", "carol"), groups=()), ["is not in group guests"]),
        (
            real(DEVELOPERS, Held(Attachment(ORDERS), document([statement("stream:*")])), without=ORDERS),
            [
                f"policy {ORDERS} (Custom): + Allow ram:PassRole on acs:ram:*:*:*",
                f"policy {ORDERS} (Custom): + Allow stream:* on acs:stream:*:*:orders",
                f"policy {ORDERS} (Custom): - Allow stream:* on *",
            ],
        ),
        (
            real(DEVELOPERS, Held(Attachment(ORDERS), "nonsense"), without=ORDERS),
            [f"policy {ORDERS} (Custom): its document cannot be read"],
        ),
    ],
)
def test_where_real_rights_differ_from_the_environment_is_told(actual, lines):
    assert differences(WANTED, actual, True) == lines


@pytest.mark.requirement("R7")
def test_whom_the_service_s_role_trusts_is_compared_and_nobody_else_s():
    alone = prerequisites.trust_policy("stream.aliyuncs.com")
    stranger = alone.replace(
        '"Service":["stream.aliyuncs.com"]', '"Service":["stream.aliyuncs.com"],"RAM":["acs:ram::9:root"]'
    )

    def told(subject, trust_policy):
        return mistrusted(WANTED, dataclasses.replace(held(subject, True), trust_policy=trust_policy))

    assert told(SERVICE, alone) == told(DEVELOPERS, "") == []
    assert told(SERVICE, stranger) == ["- Allow sts:AssumeRole to RAM acs:ram::9:root"]
    assert told(SERVICE, "{") == ["it cannot be read"]


def test_the_service_s_own_policies_are_compared_where_their_documents_are_ours():
    assert differences(WANTED, held(SERVICE, True), True) == []
    assert len(differences(WANTED, held(SERVICE, False), True)) == 2
    assert differences(WANTED, held(SERVICE, False), None) == []


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_live_probes_are_reads_and_dry_runs_with_positive_and_negative_cases_for_a_reader(mode):
    live = live_probes(environment(mode), ACCOUNT)
    reader = Principal("role", "r", (Held(Attachment("R"), document([statement(["vpc:Describe*", "ram:Get*"])])),))

    assert all(is_harmless(each.call) for each in live)
    assert [each.call.action for each in live if "DryRun" in each.call.parameters] == ["CreateVpc"]
    found = {decide(reader, each.probe.action, each.probe.resource).decision for each in live}
    assert found == {Decision.ALLOWED, Decision.NOT_GRANTED}


@pytest.mark.parametrize(
    "call",
    [
        vpc.create_vpc(vpc.VpcSpec("dev", "cn-hangzhou", name="x", cidr="10.0.0.0/8")),
        vpc.modify_vpc_attribute("vpc-1", "x"),
    ],
)
def test_a_call_that_writes_is_no_live_probe(call):
    with pytest.raises(AssertionError, match="may change something"):
        LiveProbe(Probe("x", "a:B", "*"), call)


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        *((code, False) for code in sorted(NO_RIGHTS)),
        ("Forbidden.VpcNotFound", None),
        ("InvalidAccessKeyId.NotFound", None),
        ("InternalError", None),
    ],
)
def test_only_a_refusal_for_want_of_rights_counts_as_one(code, allowed):
    assert answer(refusal(code, "x", action="A", request_id="7", status=403))[0] is allowed
    assert answer(None) == (True, "")


def test_a_role_is_named_by_its_name_or_arn_and_belongs_to_the_account():
    arn = f"acs:ram::{ACCOUNT}:role/flink-admin"

    assert role_arn("flink-admin", ACCOUNT) == role_arn(arn, ACCOUNT) == arn
    for wrong in ("", "a b", "acs:ram::1999999999999999:role/flink-admin", f"{arn}/x", "<script>"):
        with pytest.raises(Misconfigured, match="no role of this account"):
            role_arn(wrong, ACCOUNT)
