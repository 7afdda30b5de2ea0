"""What can be foreseen is refused by the plan, before the first write: one clear sentence each, with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from alicloud import sts
from alicloud.call import Call, Kind
from alicloud.clock import Clock
from alicloud.errors import Forbidden, ManualStep, Misconfigured, Unmet, Unreachable
from alicloud.session import Identity, Session
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from flows.procedure import authorization, cluster_only, everything, projects_only, surroundings
from tasks.run import Planning
from tests.flows.running import environment, start_emulator

ROOT = Path(__file__).parents[2]
ACCOUNT = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
ACCOUNT_ID = "1376771854400000"

NARROW = {"id": "vpc-bp1trapnarrow00000000", "name": None, "cidr": None}
NOT_THERE = {"id": "vpc-bp1nowhere", "name": None, "cidr": None}


def vpc(name="flink-vpc", cidr="172.16.0.0/12", **fields):
    return {"name": name, "cidr": cidr, **fields}


def vpcs(*found):
    return {"vpc": {"vpcs": list(found)}}


def bucket(name="flink-exclusive-packages", **fields):
    return {"oss": {"buckets": [{"name": name, **fields}]}}


def orders(*found):
    return {"foas": {"orders": [{"region": "cn-hangzhou", **order} for order in found]}}


ONE, TWO = {"instance_id": "blinkonecs_1"}, {"instance_id": "blinkonecs_2"}


def workspaces(*names, vpc_id="vpc-bp1shop", vswitch_id="vsw-bp1shop"):
    """Workspaces in one of two VPCs: the one that the managed environment names, and another."""
    place = {"vpc_id": vpc_id, "vswitch_ids": [vswitch_id], "bucket": "flink-managed-storage", "cpu": 16}
    zone = {"cidr": "10.0.1.0/24", "zone": "cn-hangzhou-h"}
    wanted = vpc("flink-managed-vpc", "10.0.0.0/16", id="vpc-bp1shop")
    wanted["vswitches"] = [{"id": "vsw-bp1shop", "name": "flink-managed-h", **zone}]
    other = vpc("other", "10.0.0.0/16", id="vpc-bp1other", vswitches=[{"id": "vsw-bp1other", "name": "other", **zone}])
    return {
        **vpcs(wanted, other),
        **bucket("flink-managed-storage", versioning="Enabled"),
        "foasconsole": {"workspaces": [{"name": name, **place} for name in names]},
    }


def storage(**fields):
    return [{"name": "orders-db", "region": "cn-hangzhou", **fields}]


@pytest.fixture(scope="module")
def _running():
    with start_emulator() as running:
        yield running


@pytest.fixture
def emulator(_running, monkeypatch):
    monkeypatch.chdir(ROOT)  # UDF packages lie in udf/ of the folder that flows run in
    _running.reset("exclusive-order")
    return _running


def plan(emulator, wanted, identity=ACCOUNT, url="", procedure=everything):
    """Carry out the procedure dry, and give what is refused. It must not have written anything."""
    world, writes = emulator.world(), emulator.writes()
    endpoints = {"*": url or emulator.url}
    with (
        Session(identity, wanted.region, endpoints, Clock(wait=lambda seconds: None), attempts=2) as cloud,
        cloud.dry_run() as dry,
    ):
        planning = Planning(wanted, dry)
        procedure(planning)
        refusals = planning.refusals()
    assert emulator.writes() == writes
    assert emulator.world() == world
    for error in refusals:
        assert error.message.endswith(".") and error.remedy.endswith("."), str(error)
        assert "Traceback" not in str(error) and "None" not in str(error)
    return refusals


def only(refusals):
    """Give the one refusal that there must be."""
    assert len(refusals) == 1, [str(error) for error in refusals]
    return refusals[0]


def planned(emulator, wanted, identity=ACCOUNT, procedure=everything):
    """Give the writes of a plan that refuses nothing."""
    with Session(identity, wanted.region, {"*": emulator.url}) as cloud, cloud.dry_run() as dry:
        planning = Planning(wanted, dry)
        procedure(planning)
        assert planning.refusals() == []
    return [write.action for write in dry.ledger.writes]


# Who signs


def test_an_accesskey_that_does_not_exist_is_told_once(emulator):
    error = only(plan(emulator, environment(), Identity("LTAI5tNobody", "some-secret")))

    assert isinstance(error, Forbidden)
    assert error.code == "InvalidAccessKeyId.NotFound"
    assert "GetCallerIdentity" in error.message
    assert error.remedy == "Correct the AccessKey in the credentials block, then Retry this run."


def test_a_wrong_secret_is_told_once_and_not_shown(emulator):
    error = only(plan(emulator, environment(), Identity(ACCESS_KEY_ID, "wrong-secret-123")))

    assert isinstance(error, Forbidden)
    assert error.code == "SignatureDoesNotMatch"
    assert error.remedy == "Correct the AccessKey in the credentials block, then Retry this run."
    assert "wrong-secret-123" not in str(error)


def test_a_temporary_key_that_has_expired_is_told_once(emulator):
    erin = {"name": "erin", "keys": [{"id": "LTAI5tErin", "secret": "secret-of-erin"}]}
    role = {"name": "flink-prep", "policies": ["AdministratorAccess"]}
    emulator.sow({"ram": {"users": [{**erin, "policies": ["AliyunSTSAssumeRoleAccess"]}], "roles": [role]}})
    with Session(Identity("LTAI5tErin", "secret-of-erin"), "cn-hangzhou", {"*": emulator.url}) as cloud:
        key = cloud.send(sts.assume_role(f"acs:ram::{ACCOUNT_ID}:role/flink-prep", "test"))
    temporary = Identity(key.access_key_id, key.access_key_secret, key.security_token)
    fresh = plan(emulator, environment(projects=[], people={"groups": []}), temporary)
    emulator.advance(3601)

    error = only(plan(emulator, environment(), temporary))

    assert fresh == []
    assert isinstance(error, Forbidden)
    assert error.code == "InvalidSecurityToken.Expired"
    assert "put a fresh one into the credentials block" in error.remedy
    assert key.security_token not in str(error)


def test_a_cloud_that_cannot_be_reached_is_told_once_with_its_address(emulator):
    error = only(plan(emulator, environment(), url="http://127.0.0.1:9"))

    assert isinstance(error, Unreachable)
    assert "127.0.0.1:9" in error.message
    assert "endpoints of the credentials block" in error.remedy


@pytest.mark.requirement("R1")
def test_credentials_of_another_account_are_refused(emulator):
    error = only(plan(emulator, environment(account="1999999999999999")))

    assert error.message == f"The credentials belong to account {ACCOUNT_ID}, the environment to 1999999999999999."
    assert error.remedy == "Name the right credentials block in the environment."


# What the account has


def case(requirements, seed, more, wanted, kind, cause, remedy, name):
    """One reason for a refusal.

    Args:
        seed: the account; `more` is put into it.
        wanted: mode and overrides of the environment.
        cause: what the message must hold.
        remedy: what the remedy must hold.
    """
    mode, overrides = wanted
    marks = pytest.mark.requirement(*requirements.split())
    return pytest.param(seed, more, mode, overrides, kind, cause, remedy, id=name, marks=marks)


def exclusive(**overrides):
    return "exclusive", overrides


def managed(**overrides):
    return "managed", overrides


IN_NARROW = {"vpc": NARROW, "vswitches": [{"id": "vsw-bp1trapfull0000000000"}]}
WITHOUT_STOCK = {"zone": "cn-hangzhou-b", "vpc": NARROW, "vswitches": [{"id": "vsw-bp1trapnostock0000000"}]}

CASES = [
    case(
        "R20",
        "traps",
        {},
        exclusive(storage={"bucket": "flink-public-bucket"}),
        Unmet,
        "OSS bucket flink-public-bucket is public-read: anybody may reach what is in it.",
        "make its ACL private in the console or name another bucket",
        "a public bucket",
    ),
    case(
        "R20",
        "traps",
        {},
        exclusive(storage={"bucket": "flink-foreign-bucket"}),
        Forbidden,
        "AccessDenied on GetBucketInfo",
        "the bucket name flink-foreign-bucket is taken by another account (choose another name)",
        "a bucket of another account",
    ),
    case(
        "R20",
        "exclusive-order",
        bucket(region="cn-shanghai"),
        exclusive(),
        Forbidden,
        "must be addressed using the specified endpoint",
        "the bucket lies in another region than cn-hangzhou",
        "a bucket in another region",
    ),
    case(
        "R20",
        "exclusive-order",
        bucket(storage_class="IA"),
        exclusive(),
        Unmet,
        "has storage class IA, not Standard, which is not ours to change",
        "Put another bucket name, or what this one has, into the environment",
        "a bucket of another storage class",
    ),
    case(
        "R19",
        "traps",
        {},
        exclusive(network=IN_NARROW),
        Unmet,
        "There are 2 free addresses (vSwitch vsw-bp1trapfull0000000000 (10.0.1.0/24 in cn-hangzhou-h): 2), and 6 nodes",
        "use a vSwitch with more (a new /28 block has enough)",
        "a vSwitch with two free addresses",
    ),
    case(
        "R18",
        "traps",
        {},
        exclusive(network=WITHOUT_STOCK),
        Unmet,
        "ECS has no stock for Ecs_4c16g nodes in zone cn-hangzhou-b: SoldOut",
        "Choose another zone, with a vSwitch there, or submit a ticket",
        "no stock in the zone",
    ),
    case(
        "R18",
        "exclusive-order",
        {},
        exclusive(network={"zone": "cn-hangzhou-z"}),
        Unmet,
        "Zone cn-hangzhou-z is not in cn-hangzhou, which has cn-hangzhou-b, cn-hangzhou-e",
        "Put one of these into the environment",
        "a zone that does not exist",
    ),
    case(
        "R17",
        "exclusive-order",
        {},
        exclusive(network={"vpc": NOT_THERE}),
        Unmet,
        "VPC vpc-bp1nowhere does not exist in cn-hangzhou.",
        "Correct the id or the region in the environment",
        "a VPC id that does not exist",
    ),
    case(
        "R19",
        "traps",
        {},
        exclusive(network={"vpc": NARROW, "vswitches": [{"id": "vsw-bp1nowhere"}]}),
        Unmet,
        "vSwitch vsw-bp1nowhere does not exist in the region.",
        "Correct the id or the region in the environment",
        "a vSwitch id that does not exist",
    ),
    case(
        "R17",
        "exclusive-order",
        vpcs(vpc(id="vpc-bp1a"), vpc(id="vpc-bp1b")),
        exclusive(),
        Unmet,
        "2 VPCs are named flink-vpc: vpc-bp1a, vpc-bp1b.",
        "Put the id of the one that is meant into the environment",
        "two VPCs of one name",
    ),
    case(
        "R17",
        "exclusive-order",
        vpcs(vpc(id="vpc-bp1a", cidr="172.16.0.0/16")),
        exclusive(),
        Unmet,
        "VPC vpc-bp1a (flink-vpc) has the CIDR block 172.16.0.0/16, not 172.16.0.0/12.",
        "Put its CIDR block, or another VPC, into the environment",
        "a VPC of the name with another CIDR block",
    ),
    case(
        "R17",
        "exclusive-order",
        {},
        exclusive(safety={"may_create_network": False}),
        Unmet,
        "There is no VPC named flink-vpc in cn-hangzhou, and the environment forbids creating one.",
        "Put an existing VPC into the environment or allow the creation",
        "a VPC that may not be made",
    ),
    case(
        "R12 R13",
        "nothing",
        {},
        exclusive(),
        ManualStep,
        "There is no order of exclusive mode in cn-hangzhou. Exclusive mode cannot be bought since 2021-04-28.",
        "set cluster.mode to managed",
        "no order",
    ),
    case(
        "R13",
        orders({**ONE, "paid": False}),
        {},
        exclusive(),
        ManualStep,
        "There is no order of exclusive mode in cn-hangzhou.",
        "Activate or pay an order that exists in the console, with the Alibaba Cloud account",
        "an order that is not paid",
    ),
    case(
        "R13 R14",
        "everything",
        {},
        exclusive(cluster={"name": "another"}),
        ManualStep,
        "Every order of exclusive mode in cn-hangzhou has its cluster already (blinkonecs_cn-order-0001).",
        "Activate or pay an order that exists",
        "an order that is used up",
    ),
    case(
        "R13",
        orders(ONE, TWO),
        {},
        exclusive(),
        Unmet,
        "Several orders in cn-hangzhou may be meant: blinkonecs_1 (cn-hangzhou, Normal,",
        "Put the one without a cluster into cluster.order_id of the environment",
        "two orders that may be meant",
    ),
    case(
        "R13",
        orders(ONE, TWO),
        {},
        exclusive(cluster={"order_id": "blinkonecs_3"}),
        Unmet,
        "The account has no order blinkonecs_3 of exclusive mode. It has: blinkonecs_1 (cn-hangzhou, Normal,",
        "Correct cluster.order_id",
        "an order that does not exist",
    ),
    case(
        "R24",
        "nothing",
        {},
        managed(safety={"max_price": 10}),
        Unmet,
        "The workspace would cost 14.56 CNY, more than safety.max_price (10).",
        "Raise the limit on purpose, or order fewer compute units",
        "a price above the limit",
    ),
    case(
        "R13 R24",
        "nothing",
        {},
        managed(safety={"may_order": False}),
        ManualStep,
        "The workspace would cost 14.56 CNY; the environment does not allow ordering it.",
        "Set safety.may_order and safety.max_price, or order it in the console",
        "an order that a person must place",
    ),
    case(
        "R13 R24",
        "nothing",
        {},
        managed(safety={"max_price": None}),
        ManualStep,
        "the environment does not allow ordering it",
        "Set safety.may_order and safety.max_price",
        "an order without a limit to its price",
    ),
    case(
        "R18 R24",
        "nothing",
        {"foasconsole": {"closed_zones": ["cn-hangzhou-h", "cn-hangzhou-i"]}},
        managed(),
        Unmet,
        "Fully managed Flink is not sold in zone cn-hangzhou-h.",
        "Choose one of cn-hangzhou-b, cn-hangzhou-e, cn-hangzhou-f, cn-hangzhou-g, or submit a ticket",
        "a zone where managed Flink is not sold",
    ),
    case(
        "R19 R24",
        "nothing",
        {},
        managed(network={"vswitches": [{"name": "flink-managed-h", "cidr": "10.0.1.0/28"}]}),
        Unmet,
        "There are 12 free addresses",
        "use a vSwitch with more (a new /27 block has enough)",
        "a vSwitch too small for the workspace",
    ),
    case(
        "R24",
        "nothing",
        workspaces("flink-managed", "flink-managed"),
        managed(),
        Unmet,
        "There are 2 workspaces with the name flink-managed: f-cn-",
        "Release the one that is not in use in the console",
        "two workspaces of the name",
    ),
    case(
        "R24",
        "nothing",
        workspaces("flink-managed", vpc_id="vpc-bp1other", vswitch_id="vsw-bp1other"),
        managed(),
        Unmet,
        "exists but differs: VPC is vpc-bp1other, wanted vpc-bp1shop",
        "Correct the environment to what exists, or give the new workspace another name",
        "a workspace in another VPC",
    ),
    case(
        "R21",
        "everything",
        {},
        exclusive(
            cluster={"name": "flink"}, storage={"bucket": "flink-udf-packages"}, projects=[], people={"groups": []}
        ),
        Unmet,
        "exists but differs: VPC is vpc-bp1everything00000000, wanted ",
        "Correct the environment to what exists, or give the new cluster another name",
        "a cluster in another VPC",
    ),
    case(
        "R15",
        "exclusive-order",
        {},
        exclusive(attached_storage=storage(region="cn-shanghai")),
        Unmet,
        "orders-db is in cn-shanghai, the cluster in cn-hangzhou: move or replicate it to cn-hangzhou.",
        "A cluster reaches only storage in its own region and VPC",
        "attached storage in another region",
    ),
    case(
        "R15",
        "exclusive-order",
        vpcs(vpc(id="vpc-bp1a")),
        exclusive(attached_storage=storage(vpc_id="vpc-bp1other")),
        Unmet,
        "orders-db is in vpc-bp1other, the cluster in vpc-bp1a: connect the VPCs (Express Connect)",
        "A cluster reaches only storage in its own region and VPC",
        "attached storage in another VPC",
    ),
    case(
        "R7 R11",
        "exclusive-order",
        {},
        exclusive(service_role={"create": False}),
        ManualStep,
        "RAM role AliyunStreamDefaultRole is not assigned to Realtime Compute: it does not exist.",
        "open https://realtime-compute.console.aliyun.com/console/cluster?region=cn-hangzhou, click Authorize",
        "a service role that a person must authorize",
    ),
    case(
        "R7 R8 R9 R11",
        "traps",
        {},
        exclusive(service_role={"create": False}),
        ManualStep,
        "policy AliyunStreamRolePolicy (System) is not attached; policy AliyunStreamDefaultRolePolicy (Custom) is not",
        "click Authorize, select AliyunStreamDefaultRole",
        "a service role without trust and policies",
    ),
    case(
        "R7 R24",
        "nothing",
        {},
        managed(service_role={"create": False}),
        ManualStep,
        "RAM role AliyunStreamAsiDefaultRole is not assigned to Realtime Compute: it does not exist.",
        "open https://realtime-compute.console.aliyun.com/console/cell?region=cn-hangzhou, click Authorize",
        "a service role of managed mode that a person must authorize",
    ),
    case(
        "R20",
        "exclusive-order",
        {},
        exclusive(storage={"udf_packages": [{"name": "a.jar", "path": "not-there.jar"}]}),
        Misconfigured,
        "UDF package a.jar: udf/not-there.jar cannot be read (No such file or directory).",
        "Put the file there on the worker",
        "a UDF file that is missing",
    ),
]


@pytest.mark.parametrize(("seed", "more", "mode", "overrides", "kind", "cause", "remedy"), CASES)
def test_what_stands_in_the_way_is_the_one_refusal(emulator, seed, more, mode, overrides, kind, cause, remedy):
    emulator.reset(seed)
    emulator.sow(more)

    error = only(plan(emulator, environment(mode, **overrides)))

    assert type(error) is kind
    assert cause in error.message
    assert remedy in error.remedy


def test_a_udf_file_that_a_link_leads_out_of_its_folder_is_refused(emulator, tmp_path, monkeypatch):
    (tmp_path / "udf").mkdir()
    (tmp_path / "secret.jar").write_bytes(b"not for the bucket")
    (tmp_path / "udf" / "a.jar").symlink_to(tmp_path / "secret.jar")
    monkeypatch.chdir(tmp_path)

    error = only(plan(emulator, environment(storage={"udf_packages": [{"name": "a.jar", "path": "a.jar"}]})))

    assert str(error) == "UDF package a.jar: a.jar lies outside of udf/. Move it there."


@pytest.mark.requirement("R13", "R21")
def test_of_two_orders_the_one_that_the_environment_names_is_taken(emulator):
    emulator.reset(orders(ONE, TWO))

    writes = planned(emulator, environment(cluster={"order_id": "blinkonecs_2"}))

    assert writes.count("CreateCluster") == 1


@pytest.mark.requirement("R15")
def test_attached_storage_of_a_connected_vpc_is_in_reach(emulator):
    wanted = environment(attached_storage=storage(vpc_id="vpc-bp1other", connected=True))

    assert plan(emulator, wanted) == []


@pytest.mark.requirement("R21")
def test_a_cluster_that_is_being_destroyed_is_told_with_its_id(emulator):
    vswitch = {"id": "vsw-bp1a", "name": "flink-vswitch", "cidr": "172.16.1.0/24", "zone": "cn-hangzhou-h"}
    place = {"vpc_id": "vpc-bp1a", "vswitch_id": "vsw-bp1a", "zone": "cn-hangzhou-h"}
    cluster = {"name": "flink_exclusive", "order_id": "blinkonecs_1", "bucket": "flink-exclusive-packages", **place}
    sold = orders({**ONE, "pay_model": "post"}, TWO)["foas"]
    emulator.reset(
        {**vpcs(vpc(id="vpc-bp1a", vswitches=[vswitch])), **bucket(), "foas": {**sold, "clusters": [cluster]}}
    )
    (cluster_id,) = emulator.world()["parts"]["foas"]["clusters"]
    path = f"/api/v2/clusters/{cluster_id}"
    with Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}) as somebody:
        somebody.send(Call("foas", "2018-11-11", "DestroyCluster", Kind.IDEMPOTENT, str, method="DELETE", path=path))

    error = only(plan(emulator, environment(cluster={"order_id": "blinkonecs_2"})))

    assert error.message == f"Cluster flink_exclusive ({cluster_id}) is being destroyed."
    assert error.remedy.startswith("Wait until it is DESTROYED, then Retry this run")


# Rights


USERS = {
    "ram": {
        "users": [
            {"name": name, "keys": [{"id": f"LTAI5t{name}", "secret": f"secret-of-{name}"}], "policies": policies}
            for name, policies in [("admin", ["AdministratorAccess"]), ("reader", ["ReadOnlyAccess"]), ("nobody", [])]
        ]
    }
}


def user(name):
    return Identity(f"LTAI5t{name}", f"secret-of-{name}")


@pytest.mark.requirement("R12", "R23")
@pytest.mark.parametrize("name", ["admin", "reader"])
def test_a_ram_user_is_told_that_exclusive_projects_are_made_by_the_account(emulator, name):
    emulator.sow(USERS)

    error = only(plan(emulator, environment(), user(name)))

    assert type(error) is ManualStep
    assert error.message == "A project of exclusive mode is created by the Alibaba Cloud account, not by a RAM user."
    assert "Run create-project once with an AccessKey of the account" in error.remedy


@pytest.mark.requirement("R12", "R23")
def test_a_ram_user_may_do_all_else_when_the_projects_exist_or_are_none(emulator):
    emulator.sow(USERS)

    writes = planned(emulator, environment(projects=[], people={"groups": []}), user("admin"))

    assert "CreateCluster" in writes


@pytest.mark.requirement("R24")
def test_a_ram_user_may_prepare_managed_flink(emulator):
    emulator.reset("nothing")
    emulator.sow(USERS)

    writes = planned(emulator, environment("managed"), user("admin"))

    assert "CreateInstance" in writes


def test_a_ram_user_without_rights_is_told_which_action_and_what_to_attach(emulator):
    emulator.sow(USERS)

    refusals = plan(emulator, environment(), user("nobody"))

    assert all(isinstance(error, Forbidden) for error in refusals)
    told = {error.action: str(error) for error in refusals}
    assert {"GetUser", "GetRole", "DescribeVpcs", "DescribeZones", "ListCluster"} <= set(told)
    assert "NoPermission on GetUser (request " in told["GetUser"]
    assert "Attach AliyunRAMReadOnlyAccess" in told["GetUser"]
    assert "Forbidden.RAM on DescribeVpcs (request " in told["DescribeVpcs"]
    assert "Give the runner's identity the right to this action" in told["DescribeVpcs"]


@pytest.mark.requirement("R24")
def test_people_who_are_only_planned_may_be_members_of_a_workspace_that_exists(emulator):
    emulator.reset("nothing")
    emulator.sow(workspaces("flink-managed"))

    writes = planned(emulator, environment("managed"))

    assert writes.count("CreateUser") == 2
    assert "CreateInstance" not in writes


@pytest.mark.requirement("R24")
def test_projects_alone_need_people_who_exist(emulator):
    emulator.reset("nothing")
    emulator.sow(workspaces("flink-managed"))

    error = only(plan(emulator, environment("managed"), procedure=projects_only))

    assert str(error) == "RAM user carol does not exist. Run authorize first."


# Several at once


@pytest.mark.requirement("R7", "R13", "R15", "R18", "R20")
def test_all_refusals_are_found_in_one_plan(emulator):
    emulator.reset("traps")
    wanted = environment(
        account="1999999999999999",
        service_role={"create": False},
        network=WITHOUT_STOCK,
        storage={"bucket": "flink-public-bucket", "udf_packages": [{"name": "a.jar", "path": "not-there.jar"}]},
        attached_storage=storage(region="cn-shanghai"),
        cluster={"order_id": "blinkonecs_none"},
    )

    refusals = plan(emulator, wanted)

    causes = [
        "The credentials belong to account",
        "RAM role AliyunStreamDefaultRole is not assigned",
        "ECS has no stock",
        "orders-db is in cn-shanghai",
        "OSS bucket flink-public-bucket is public-read",
        "UDF package a.jar",
        "The account has no order blinkonecs_none",
    ]
    assert [next(cause for cause in causes if cause in str(error)) for error in refusals] == causes


@pytest.mark.requirement("R14", "R24")
@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("exclusive", "Cluster flink_exclusive does not exist."),
        ("managed", "Workspace flink-managed does not exist."),
    ],
)
def test_projects_are_refused_before_there_is_a_cluster(emulator, mode, message):
    error = only(plan(emulator, environment(mode), procedure=projects_only))

    assert error.message == message
    assert error.remedy == "Run create-cluster first, or wait until it is RUNNING."


@pytest.mark.parametrize("procedure", [everything, authorization, surroundings, cluster_only])
@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_nothing_stands_in_the_way_of_a_right_environment(emulator, mode, procedure):
    assert plan(emulator, environment(mode), procedure=procedure) == []
