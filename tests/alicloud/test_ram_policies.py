import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import policy, prerequisites, ram_policies
from alicloud.call import Kind
from alicloud.errors import ManualStep, Unmet
from alicloud.ram_policies import Attachment, AttachmentSpec, Policy, PolicySpec, Role
from alicloud.role_trust import RoleSpec

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator" / "response-samples.json").read_text("utf-8"))


def sample(action):
    return SAMPLES["Ram/2015-05-01"][action]["body"]


STREAM = '{"Version":"1","Statement":[{"Action":"stream:*","Resource":"acs:stream:*:*:*","Effect":"Allow"}]}'
EXAMPLE_TRUST = (
    '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":'
    '{"Service":["example.aliyuncs.com"]}}],"Version":"1"}'
)
OPENED = prerequisites.exclusive_policy_document(open_for_creation=True)
TIGHTENED = prerequisites.exclusive_policy_document(open_for_creation=False)

CUSTOM = Attachment(prerequisites.EXCLUSIVE_CUSTOM_POLICY)
SYSTEM = Attachment(prerequisites.EXCLUSIVE_ROLE_POLICY, "System")
OSS = Attachment(prerequisites.OSS_FULL_ACCESS, "System")

PUBLISHED = [
    (ram_policies.get_policy("OSS-Administrator"), Policy("OSS-Administrator", "Custom", STREAM, "v1", 0)),
    (ram_policies.list_policies_for("user", "alice"), (Attachment("OSS-Administrator", "Custom"),)),
    (ram_policies.list_policies_for("group", "flink"), (Attachment("OSS-Administrator", "Custom"),)),
    (ram_policies.list_policies_for("role", "r"), (Attachment("OSS-Administrator", "Custom"),)),
    (
        ram_policies.get_role("ECSAdmin"),
        Role("ECSAdmin", "acs:ram::1234567890120000:role/ECSAdmin", EXAMPLE_TRUST, "example description", 3600),
    ),
]


@pytest.mark.parametrize(("call", "answer"), PUBLISHED, ids=[call.action for call, _ in PUBLISHED])
def test_the_published_sample_is_understood(call, answer):
    assert call.parse(sample(call.action)) == answer


SPEC = PolicySpec(CUSTOM.name, OPENED, prerequisites.EXCLUSIVE_CUSTOM_POLICY_NOTE)
ROLE = RoleSpec(prerequisites.EXCLUSIVE_ROLE, "stream.aliyuncs.com", "Realtime Compute")
KINDS = ("user", "group", "role")

WRITES = [
    ram_policies.create_policy(SPEC),
    ram_policies.create_policy_version(SPEC.name, OPENED),
    ram_policies.create_role(ROLE),
    ram_policies.update_role(ROLE.name, [ROLE.trusted_service]),
    *(ram_policies.attach_policy(kind, "somebody", CUSTOM) for kind in KINDS),
]


@pytest.mark.parametrize("call", WRITES, ids=[call.action for call in WRITES])
def test_a_write_may_be_repeated_says_its_effect_and_what_to_do_when_refused(call):
    assert call.kind is (Kind.LOOKED if call.action == "CreatePolicyVersion" else Kind.IDEMPOTENT)
    assert call.parse(sample(call.action)) is None
    assert "AliyunStreamDefaultRole" in call.means
    assert "AliyunRAMFullAccess" in call.remedy


ABSENT = [
    (ram_policies.get_policy("p"), "EntityNotExist.Policy", None),
    (ram_policies.get_role("r"), "EntityNotExist.Role", None),
    (ram_policies.list_policies_for("user", "alice"), "EntityNotExist.User", ()),
    (ram_policies.list_policies_for("group", "flink"), "EntityNotExist.Group", ()),
    (ram_policies.list_policies_for("role", "r"), "EntityNotExist.Role", ()),
]


@pytest.mark.parametrize(("call", "code", "missing"), ABSENT)
def test_what_does_not_exist_is_an_answer(call, code, missing):
    assert code in call.absent
    assert call.missing == missing


def existing(document):
    return Policy(SPEC.name, "Custom", document, "v1", 1)


POLICIES = [
    ("a policy that is missing is created", SPEC, None, ["CreatePolicy"]),
    ("the same document is content", SPEC, existing(OPENED), []),
    (
        "the same meaning is content",
        SPEC,
        existing(json.dumps(json.loads(OPENED), indent=2).replace("ecs:", "ECS:")),
        [],
    ),
    ("a right less is a new version", SPEC, existing(TIGHTENED), ["CreatePolicyVersion"]),
    ("a right more is a new version", replace(SPEC, document=TIGHTENED), existing(OPENED), ["CreatePolicyVersion"]),
    ("another description is content", replace(SPEC, description="other"), existing(OPENED), []),
]


@pytest.mark.requirement("R3", "R9")
@pytest.mark.parametrize(("name", "desired", "actual", "actions"), POLICIES, ids=[case[0] for case in POLICIES])
def test_policies(name, desired, actual, actions):
    assert [call.action for call in ram_policies.policy_changes(desired, actual)] == actions


@pytest.mark.requirement("R9")
def test_the_policy_is_created_with_a_note():
    (call,) = ram_policies.policy_changes(SPEC, None)

    assert call.parameters["Description"] == prerequisites.EXCLUSIVE_CUSTOM_POLICY_NOTE
    assert policy.same_meaning(call.parameters["PolicyDocument"], OPENED)


@pytest.mark.requirement("R10")
def test_tightening_is_a_new_default_version_that_says_what_it_takes_away_and_makes_room_for_itself():
    (call,) = ram_policies.policy_changes(replace(SPEC, document=TIGHTENED), existing(OPENED))

    assert call.parameters["SetAsDefault"] == "true"
    assert call.parameters["RotateStrategy"] == "DeleteOldestNonDefaultVersionWhenLimitExceeded"
    assert call.means == (
        "change policy AliyunStreamDefaultRolePolicy: - Allow ecs:AuthorizeSecurityGroup on *; "
        "- Allow ecs:CreateSecurityGroup on *"
    )


@pytest.mark.requirement("R3")
def test_a_document_that_ram_would_refuse_is_refused_before_any_call():
    document = prerequisites.people_policy_document([f"project{number}" for number in range(400)])

    with pytest.raises(Unmet, match="RAM accepts 6144") as caught:
        ram_policies.policy_changes(PolicySpec("people", document), None)

    assert "fewer projects" in caught.value.remedy


NEEDED = (CUSTOM, SYSTEM)

ATTACHMENTS = [
    ((), ["AliyunStreamDefaultRolePolicy", "AliyunStreamRolePolicy"]),
    ((SYSTEM,), ["AliyunStreamDefaultRolePolicy"]),
    ((SYSTEM, CUSTOM, OSS), []),
    ((Attachment(SYSTEM.name, "Custom"), CUSTOM), ["AliyunStreamRolePolicy"]),
]


@pytest.mark.requirement("R4", "R9")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("actual", "attached"), ATTACHMENTS)
def test_missing_policies_are_attached_and_none_is_detached(kind, actual, attached):
    calls = ram_policies.attachment_changes(AttachmentSpec(kind, "somebody", NEEDED), actual)

    assert [call.action for call in calls] == [f"AttachPolicyTo{kind.capitalize()}"] * len(attached)
    assert [call.parameters["PolicyName"] for call in calls] == attached
    assert all(call.parameters[f"{kind.capitalize()}Name"] == "somebody" for call in calls)


@pytest.mark.parametrize(("kind", "noun"), [("user", "User"), ("group", "Group"), ("role", "Role")])
def test_being_attached_already_is_done(kind, noun):
    assert f"EntityAlreadyExists.{noun}.Policy" in ram_policies.attach_policy(kind, "x", CUSTOM).done


def role(trust):
    return Role(ROLE.name, "acs:ram::1:role/aliyunstreamdefaultrole", trust, "The vendor's own text")


TRUSTED = prerequisites.trust_policy("stream.aliyuncs.com")
WIDE = (
    '{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":'
    '{"Service":["stream.aliyuncs.com"],"RAM":["acs:ram::2:root"]}}]}'
)
UNKNOWN = replace(ROLE, trusted_service="")

ROLES = [
    ("a role that is missing is created", ROLE, None, ["CreateRole"]),
    ("the right trust is content", ROLE, role(TRUSTED), []),
    ("the same trust written otherwise is content", ROLE, role(json.dumps(json.loads(TRUSTED), indent=1)), []),
    ("another service is replaced", ROLE, role(EXAMPLE_TRUST), ["UpdateRole"]),
    ("a stranger that is trusted too is thrown out", ROLE, role(WIDE), ["UpdateRole"]),
    ("whom to trust is not known and not compared", UNKNOWN, role(EXAMPLE_TRUST), []),
]


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(("name", "desired", "actual", "actions"), ROLES, ids=[case[0] for case in ROLES])
def test_roles(name, desired, actual, actions):
    assert [call.action for call in ram_policies.role_changes(desired, actual)] == actions


def trust(*principals, **more):
    statements = [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": one} | more for one in principals]
    return json.dumps({"Version": "1", "Statement": statements})


GUESSED = replace(ROLE, candidates=("stream.aliyuncs.com", "foas.aliyuncs.com"))
SERVICE = {"Service": ["stream.aliyuncs.com"]}
ACCOUNT = {"RAM": ["acs:ram::9999999999999999:root"]}
OURS, FOAS = "let RAM role AliyunStreamDefaultRole trust", {"Service": "foas.aliyuncs.com"}

GUESSES = [
    (trust(SERVICE), []),
    (trust(FOAS), []),
    (trust(SERVICE, FOAS), []),
    (trust(SERVICE, Condition={"StringEquals": {"acs:SourceAccount": "1"}}), []),
    (trust(SERVICE, ACCOUNT), [f"{OURS} stream.aliyuncs.com alone"]),
    (trust(FOAS, ACCOUNT), [f"{OURS} foas.aliyuncs.com alone"]),
    (trust(FOAS | ACCOUNT), [f"{OURS} foas.aliyuncs.com alone"]),
    (trust(ACCOUNT), [f"{OURS} stream.aliyuncs.com alone"]),
    (trust(SERVICE, {"Federated": ["acs:ram::1:saml-provider/x"]}), [f"{OURS} stream.aliyuncs.com alone"]),
    (trust(SERVICE, {"Service": ["*"]}), [f"{OURS} stream.aliyuncs.com alone"]),
    (trust(SERVICE, {"RAM": ["*"]}), [f"{OURS} stream.aliyuncs.com alone"]),
    (trust(SERVICE, "*"), [f"{OURS} stream.aliyuncs.com alone"]),
    (trust(SERVICE, Action="sts:*"), [f"{OURS} stream.aliyuncs.com alone"]),
    (trust(SERVICE, Effect="Deny"), [f"{OURS} stream.aliyuncs.com alone"]),
]


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(("document", "means"), GUESSES)
def test_a_role_that_the_console_made_stays_unless_somebody_else_is_trusted_too(document, means):
    calls = ram_policies.role_changes(GUESSED, role(document))

    assert [call.means for call in calls] == means
    for call in calls:
        mended = role(call.parameters["NewAssumeRolePolicyDocument"])
        assert ram_policies.role_changes(GUESSED, mended) == []


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    "document", [trust({"Service": ["ecs.aliyuncs.com"]}), trust(SERVICE, {"Service": "ecs.aliyuncs.com"})]
)
def test_another_service_is_named_and_neither_accepted_nor_thrown_out_unless_a_person_says_so(document):
    with pytest.raises(Unmet, match=r"trusts ecs\.aliyuncs\.com, not known to be Realtime Compute") as caught:
        ram_policies.role_changes(GUESSED, role(document))
    assert "service_role.trusted_service" in caught.value.remedy
    with pytest.raises(ManualStep, match=r"- Allow sts:AssumeRole to Service ecs\.aliyuncs\.com") as stopped:
        ram_policies.check_role(GUESSED, role(document), (), ())
    assert "service_role.trusted_service" in stopped.value.remedy

    said = replace(ROLE, trusted_service="ecs.aliyuncs.com")
    assert ram_policies.role_changes(said, role(trust({"Service": ["ecs.aliyuncs.com"]}))) == []


@pytest.mark.requirement("R7")
def test_an_updated_role_trusts_exactly_the_wanted_service():
    (call,) = ram_policies.role_changes(ROLE, role(WIDE))

    assert policy.same_meaning(call.parameters["NewAssumeRolePolicyDocument"], TRUSTED)


@pytest.mark.requirement("R7")
def test_a_missing_role_whose_service_is_not_known_is_a_persons_work():
    with pytest.raises(ManualStep, match="does not exist") as caught:
        ram_policies.role_changes(UNKNOWN, None)

    assert "click Authorize" in caught.value.remedy


@pytest.mark.requirement("R7", "R11")
def test_a_role_that_is_assigned_passes_the_check():
    ram_policies.check_role(ROLE, role(TRUSTED), (SYSTEM, CUSTOM, OSS), (SYSTEM, CUSTOM))
    ram_policies.check_role(UNKNOWN, role(EXAMPLE_TRUST), (SYSTEM,), (SYSTEM,))


UNASSIGNED = [
    (None, (), "it does not exist"),
    (role(TRUSTED), (CUSTOM,), r"policy AliyunStreamRolePolicy \(System\) is not attached"),
    (role(EXAMPLE_TRUST), (SYSTEM, CUSTOM), "Allow sts:AssumeRole to Service stream.aliyuncs.com"),
    (role(EXAMPLE_TRUST), (), "AliyunStreamRolePolicy .*AliyunStreamDefaultRolePolicy"),
]


@pytest.mark.requirement("R7", "R11")
@pytest.mark.parametrize(("actual", "attached", "cause"), UNASSIGNED)
def test_a_role_that_is_not_assigned_is_a_persons_work_and_the_page_is_named(actual, attached, cause):
    with pytest.raises(ManualStep, match=cause) as caught:
        ram_policies.check_role(ROLE, actual, attached, (SYSTEM, CUSTOM))

    assert prerequisites.authorize_page(ROLE.name) in caught.value.remedy
    assert "Alibaba Cloud account" in caught.value.remedy
