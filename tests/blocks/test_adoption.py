"""What an account tells of an environment, as a document."""

import json

import pytest

from alicloud import prerequisites
from alicloud.errors import Misconfigured, Unmet
from alicloud.foas import Cluster
from alicloud.foasconsole import Workspace
from alicloud.oss import Bucket
from alicloud.ram import Group, LoginProfile, User
from alicloud.ram_account import PasswordPolicy, SecurityPreference
from alicloud.ram_policies import Attachment, Role
from alicloud.ververica import Member
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from blocks.adopted_people import environments_of, projects_of
from blocks.adoption import adopt
from blocks.environment import describe
from blocks.found import Found, Holder, Persons, Running, Service, Settings, Share, Surroundings

PASSWORDS = PasswordPolicy(12, True, True, True, True, 90, 5, 5, False)
PREFERENCE = SecurityPreference(True, False, True, None, False, 6, ())
ROLE = Role(prerequisites.MANAGED_ROLE, "arn", prerequisites.trust_policy("stream.aliyuncs.com"))
ATTACHED = tuple(Attachment(name, "System") for name in prerequisites.MANAGED_ROLE_POLICIES)
ALL = prerequisites.people_policy_document(["*"])
EDITOR = Share("orders", cus=8, members=(Member("user:2001", "EDITOR"),))  # alice
ORDERS = prerequisites.people_policy_document(["orders"])


def found(**changes):
    """Give an account with one workspace; `changes` are its parts."""
    workspace = Workspace(
        "f-1", "r-1", "flink-work", "RUNNING", "cn-hangzhou-h", "vpc-1", ("vsw-1",), "POST", 16, 0, "b-1"
    )
    bucket = Bucket("bucket-1", "cn-hangzhou", "private", "Standard", "LRS", "Enabled", "AES256", "1")
    vswitch = VSwitch("vsw-1", "vpc-1", "net", "10.0.1.0/24", "cn-hangzhou-h", "Available", 200)
    around = {
        "vpc": Vpc("vpc-1", "net", "10.0.0.0/16", "Available", "cn-hangzhou"),
        "vswitches": (vswitch,),
        "bucket": bucket,
    }
    parts = {
        "running": Running(workspace=workspace),
        "surroundings": Surroundings(**around | changes.pop("around", {})),
        "shares": (Share("orders", cus=8),),
        "persons": Persons(),
        "settings": Settings(PASSWORDS, PREFERENCE),
        "service": Service(ROLE, ATTACHED),
    }
    return Found("cn-hangzhou", **parts | changes)


def exclusive(*shares):
    """Give an account with one cluster, which does not tell its nodes."""
    cluster = Cluster("c-1", "flink_work", "", "RUNNING", "cn-hangzhou", "cn-hangzhou-h", 0, "vpc-1", ("vsw-1",))
    role = Role(prerequisites.EXCLUSIVE_ROLE, "arn", ROLE.trust_policy)
    return found(running=Running(cluster=cluster), shares=shares, service=Service(role))


def persons(*holders, display_name="", comments="", logon=None):
    """Give alice, of group developers."""
    return Persons(
        holders,
        {"developers": Group("developers", comments)},
        {"developers": ("alice",)},
        {"alice": User("alice", "2001", display_name)},
        {"alice": logon} if logon else {},
    )


def ours(document, environment="flink-work"):
    return Holder("group", "developers", desired.policy_name(environment, "group", "developers"), document)


@pytest.mark.parametrize(
    ("document", "projects"),
    [
        (ALL, ("*",)),
        (ORDERS, ("orders",)),
        (prerequisites.people_policy_document(["orders", "clicks"]), ("clicks", "orders")),
        (prerequisites.exclusive_policy_document(True), ()),
        (ORDERS.replace("ram:PassRole", "ram:*"), ()),
        ('{"Version":"1","Statement":[]}', ()),
        ("no document", ()),
    ],
)
def test_a_policy_for_people_is_known_by_what_it_means(document, projects):
    assert projects_of(document) == projects


def test_the_environment_s_name_is_told_by_its_policies():
    strange = Holder("group", "developers", "RealtimeCompute-by-hand", ALL)

    assert environments_of([ours(ALL, "one"), ours(ORDERS, "two"), strange]) == ["one", "two"]


def test_who_holds_a_policy_of_the_environment_is_adopted_with_the_projects():
    adopted = adopt(found(persons=persons(ours(ORDERS)), shares=(EDITOR,)), "demo")

    (group,) = adopted.environment.people.groups
    assert (group.name, group.members, group.projects) == ("developers", ["alice"], ["orders"])
    assert adopted.environment.name == "flink-work"
    assert adopted.remarks == ()


def test_who_holds_a_policy_of_another_environment_is_not_adopted():
    adopted = adopt(found(persons=persons(ours(ORDERS, "other"))), "demo", "flink-work")

    assert adopted.environment.people.groups == adopted.environment.people.users == []


def test_who_holds_a_hand_made_policy_is_adopted_without_projects_and_told():
    adopted = adopt(found(persons=persons(Holder("group", "developers", "by-hand", ALL))), "demo")

    (group,) = adopted.environment.people.groups
    assert (group.members, group.projects) == (["alice"], [])
    assert "uses every project by policy by-hand" in adopted.remarks[0]


@pytest.mark.parametrize("name", ["flink_devs", "flink.devs", "x" * 65])
@pytest.mark.parametrize("document", [ALL, ORDERS])
def test_a_group_that_a_document_cannot_name_is_left_out_with_its_members_and_told(name, document):
    strange = [Holder("group", name, policy, document) for policy in ("by-hand", "by-hand-too")]
    people = persons(*strange, Holder("group", "developers", "by-hand", ALL))
    people.members[name] = ("bob",)
    people.users["bob"] = User("bob", "2002")

    adopted = adopt(found(persons=people), "demo")

    assert [group.name for group in adopted.environment.people.groups] == ["developers"]
    assert [user.name for user in adopted.environment.people.users] == ["alice"]
    assert adopted.remarks[0] == f"group {name}: a document cannot hold this name; left out, and left alone."
    assert len(adopted.remarks) == 2


def test_a_user_whom_a_document_cannot_name_is_left_out_and_told():
    share = Share("orders", cus=8, members=(Member("user:2001", "EDITOR"), Member("user:2002", "OWNER")))
    people = persons(ours(ORDERS))
    people.members["developers"] = ("alice", "bob@corp")
    people.users["bob@corp"] = User("bob@corp", "2002")

    adopted = adopt(found(persons=people, shares=(share,)), "demo")

    assert [user.name for user in adopted.environment.people.users] == ["alice"]
    assert adopted.environment.people.groups[0].members == ["alice"]
    assert adopted.environment.projects[0].managers == []
    assert "user bob@corp: a document cannot hold this name; left out, and left alone." in adopted.remarks


def test_several_environments_in_one_bucket_are_listed_and_the_name_is_asked_for():
    shared = found(around={"environments": ("flink-a", "flink-b")})

    with pytest.raises(Misconfigured, match="several environments that this may be: flink-a, flink-b"):
        adopt(shared, "demo")
    assert adopt(shared, "demo", "flink-a").environment.name == "flink-a"


def test_owners_of_a_namespace_become_its_managers_and_users():
    share = Share("orders", cus=8, members=(Member("user: 2001", "OWNER"), Member("user:999", "OWNER")))

    adopted = adopt(found(shares=(share,), persons=persons()), "demo")

    assert adopted.environment.projects[0].managers == ["alice"]
    assert [user.name for user in adopted.environment.people.users] == ["alice"]


def test_a_member_by_no_right_of_the_document_is_told():
    share = Share("orders", cus=8, members=(Member("user:2001", "VIEWER"),))

    adopted = adopt(found(shares=(share,), persons=persons()), "demo")

    assert adopted.remarks == ("RAM user alice is VIEWER of namespace orders, and of no group that uses it.",)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ((Member("user:2001", "VIEWER"),), "VIEWER of namespace orders"),
        ((), "no member of namespace orders"),
    ],
)
@pytest.mark.parametrize("document", [ALL, ORDERS])
def test_a_role_that_the_group_s_projects_would_widen_is_left_out_with_the_member(members, told, document):
    shares = (Share("orders", cus=4, members=members), Share("clicks", cus=4, members=EDITOR.members))

    adopted = adopt(found(shares=shares, persons=persons(ours(document))), "demo")

    (group,) = adopted.environment.people.groups
    assert (group.members, group.projects) == ([], list(projects_of(document)))
    assert [user.name for user in adopted.environment.people.users] == ["alice"]
    assert adopted.remarks[0].startswith(
        f"RAM user alice is {told}; by group developers prepare would make that EDITOR."
    )
    assert [dict(desired.namespace_members(adopted.environment, each)) for each in adopted.environment.projects] == [
        {},
        {},
    ]


def test_a_role_that_the_user_s_own_projects_would_widen_is_left_out_with_them():
    own = Holder("user", "alice", desired.policy_name("flink-work", "user", "alice"), ORDERS)
    share = Share("orders", cus=8, members=(Member("user:2001", "VIEWER"),))

    adopted = adopt(found(shares=(share,), persons=persons(own)), "demo")

    assert [(user.name, user.projects) for user in adopted.environment.people.users] == [("alice", [])]
    assert "by projects of their own prepare would make that EDITOR" in adopted.remarks[0]


@pytest.mark.parametrize("role", ["EDITOR", "editor", "OWNER"])
def test_a_member_whom_prepare_leaves_as_it_is_stays_in_the_group(role):
    share = Share("orders", cus=8, members=(Member("user: 2001", role),))

    adopted = adopt(found(shares=(share,), persons=persons(ours(ORDERS))), "demo")

    assert adopted.environment.people.groups[0].members == ["alice"]
    assert adopted.remarks == ()


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (Share("Upper", cus=4), "Upper: a document cannot hold this name."),
        (Share("my_orders", cus=4), "my_orders: a document cannot hold this name."),
        (Share("empty", cus=0), "empty: it has 0 compute units."),
        (Share("stuck", cus=4, problem="it is FAILED"), "stuck: it is FAILED."),
    ],
)
def test_a_project_that_a_document_cannot_name_is_left_out_and_told(share, told):
    adopted = adopt(found(shares=(share,)), "demo")

    assert adopted.environment.projects == []
    assert adopted.remarks == (told,)


def test_a_project_of_a_cluster_that_a_document_cannot_name_is_left_out_and_told():
    adopted = adopt(exclusive(Share("my-orders", cus=4), Share("my_orders", cus=4)), "demo")

    assert [project.name for project in adopted.environment.projects] == ["my_orders"]
    assert "my-orders: a document cannot hold this name." in adopted.remarks


def test_a_logon_is_adopted_with_its_second_factor_and_without_a_password():
    adopted = adopt(found(persons=persons(ours(ORDERS), logon=LoginProfile("alice", False, False))), "demo")

    (user,) = adopted.environment.people.users
    assert (user.console_logon, user.mfa_required) == (True, False)
    assert "assword" not in str(describe(adopted.environment)["people"].get("users"))


@pytest.mark.parametrize("text", ["two\nlines", "x" * 300, "\x1b[31m"])
def test_a_text_that_a_document_cannot_hold_is_left_as_the_account_has_it(text):
    adopted = adopt(found(persons=persons(ours(ORDERS), display_name=text, comments=text)), "demo")

    assert adopted.environment.people.users[0].display_name == ""
    assert adopted.environment.people.groups[0].comments == ""


def test_settings_that_are_laxer_than_a_document_can_say_are_left_alone():
    lax = PasswordPolicy(6, False, False, False, False, 0, 0, 0, False)

    adopted = adopt(found(settings=Settings(lax, PREFERENCE)), "demo")

    assert adopted.environment.people.initialize_ram is False
    assert "laxer than a document can say" in adopted.remarks[0]


@pytest.mark.parametrize(
    ("service", "section", "told"),
    [
        (Service(ROLE, ATTACHED), {}, ""),
        (Service(None), {}, "does not exist: prepare makes it"),
        (
            Service(Role(ROLE.name, "arn", prerequisites.trust_policy("stream-asi.aliyuncs.com")), ATTACHED),
            {"trusted_service": "stream-asi.aliyuncs.com"},
            "",
        ),
        (
            Service(Role(ROLE.name, "arn", prerequisites.trust_policy("ecs.aliyuncs.com")), ATTACHED),
            {"trusted_service": "ecs.aliyuncs.com"},
            "trusts ecs.aliyuncs.com, not known to be Realtime Compute",
        ),
        (
            Service(Role("our-role", "arn", ROLE.trust_policy), ATTACHED),
            {"name": "our-role", "trusted_service": "stream.aliyuncs.com"},
            "",
        ),
        (Service(ROLE, ATTACHED[:1]), {}, "policy AliyunDLFFullAccess (System) is not attached"),
    ],
)
def test_the_service_s_role_is_described_such_that_it_stays(service, section, told):
    adopted = adopt(found(service=service), "demo")

    assert describe(adopted.environment).get("service_role", {}) == section
    assert told in " ".join(adopted.remarks)


@pytest.mark.parametrize(
    ("trusts", "said"),
    [
        (["stream-asi.aliyuncs.com", "stream.aliyuncs.com"], "stream.aliyuncs.com"),
        (["stream-asi.aliyuncs.com", "foas.aliyuncs.com"], "stream-asi.aliyuncs.com"),
        ([], "stream.aliyuncs.com"),
    ],
)
def test_a_role_of_ours_that_trusts_several_services_or_none_is_only_checked(trusts, said):
    principal = {"Service": trusts} if trusts else {"RAM": ["acs:ram::1234567890123456:root"]}
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}
    role = Role("our-role", "arn", json.dumps({"Version": "1", "Statement": [trust]}))

    adopted = adopt(found(service=Service(role, ATTACHED)), "demo")

    wanted = adopted.environment.service_role
    assert (wanted.name, wanted.trusted_service, wanted.create) == ("our-role", said, False)
    assert "this one is only checked (create: false)" in adopted.remarks[0]


def test_a_role_that_a_document_cannot_name_is_refused_with_the_cause():
    role = Role("our_role", "arn", ROLE.trust_policy)

    with pytest.raises(Unmet, match=r"cannot be written as an environment: service_role\.name: 'our_role' must be"):
        adopt(found(service=Service(role, ATTACHED)), "demo")


def test_more_units_than_a_document_allows_by_itself_raise_its_limit():
    big = Workspace("f-1", "r-1", "flink-work", "RUNNING", "cn-hangzhou-h", "vpc-1", ("vsw-1",), "POST", 90, 0, "b-1")

    adopted = adopt(found(running=Running(workspace=big)), "demo")

    assert adopted.environment.safety.max_compute_units == 90


def test_nodes_that_a_cluster_does_not_tell_are_not_claimed_and_bound_no_project():
    adopted = adopt(exclusive(Share("orders", cus=40)), "demo")

    assert (adopted.environment.cluster.master, adopted.environment.cluster.slave) == (None, None)
    assert adopted.environment.projects[0].compute_units == 40
    assert "The cluster does not tell its nodes" in " ".join(adopted.remarks)


def test_a_network_in_several_zones_names_them():
    other = VSwitch("vsw-2", "vpc-1", "net", "10.0.2.0/24", "cn-hangzhou-i", "Available", 200)
    first = VSwitch("vsw-1", "vpc-1", "net", "10.0.1.0/24", "cn-hangzhou-h", "Available", 200)

    adopted = adopt(found(around={"vswitches": (other, first), "vpc": Vpc("vpc-1", "", "", "", "")}), "demo")

    assert [(each.id, each.zone) for each in adopted.environment.network.vswitches] == [
        ("vsw-1", ""),
        ("vsw-2", "cn-hangzhou-i"),
    ]
    assert "VPC vpc-1 has no name" in adopted.remarks[0]


def test_what_cannot_be_written_at_all_is_refused_with_the_cause():
    strange = Workspace("f-1", "r-1", "Bad_Name", "RUNNING", "cn-hangzhou-h", "vpc-1", ("vsw-1",), "POST", 16, 0, "b-1")

    with pytest.raises(Unmet, match=r"cannot be written as an environment: cluster\.name: 'Bad_Name' must be"):
        adopt(found(running=Running(workspace=strange)), "demo")
