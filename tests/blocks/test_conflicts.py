"""Every impossible combination: where it is told, why, and what to do; and no combination that is possible."""

import pytest

from blocks.conflicts import conflicts
from blocks.document import problems_of
from tests.flows.running import document, environment


def group(**fields):
    return {"users": [{"name": "alice"}, {"name": "bob"}], "groups": [{"name": "developers", **fields}]}


def vswitches(*blocks, **fields):
    return [{"name": f"flink-{n}", "cidr": cidr, **fields} for n, cidr in enumerate(blocks)]


THREE_SLAVES = {"specification": "Ecs_8c32g", "number": 3}


def project(name="orders", cus=1, **fields):
    return {"name": name, "compute_units": cus, **fields}


def package(name="a.jar", **fields):
    return {"name": name, "path": name, **fields}


def handover(**fields):
    return {"people": {"handover": {"channel": "file", **fields}}}


MAKE = "Make one with `age-keygen -o key.txt`, keep that file to yourself, and give the age1... that it prints."
RECIPIENT = "age1ezxf6ujf4k7ay26wtpg85dz87f87ejp4frd2sasvvr4lzunz25lsz9035s"
BY_ID = {"id": "vpc-bp1abc", "name": None, "cidr": None}

CONFLICTS = [
    (
        ("exclusive", {"people": {"users": [{"name": "alice"}, {"name": "bob"}, {"name": "alice"}]}}),
        "people.users.2.name",
        "user alice is named 2 times. Keep one.",
    ),
    (
        ("exclusive", {"people": {**group(), "groups": [{"name": "a"}, {"name": "a"}]}}),
        "people.groups.1.name",
        "group a is named 2 times. Keep one.",
    ),
    (
        ("exclusive", {"people": group(members=["alice", "eve"])}),
        "people.groups.0.members.1",
        "eve is not among people.users. Add the user, or take the name out of the group.",
    ),
    (
        ("exclusive", {"people": group(projects=["orders", "clicks"])}),
        "people.groups.0.projects.1",
        "clicks is not among projects. Name a project of this environment, or '*' for all.",
    ),
    (
        ("exclusive", {"people": {"users": [{"name": "alice", "projects": ["clicks"]}], "groups": []}}),
        "people.users.0.projects.0",
        "clicks is not among projects. Name a project of this environment, or '*' for all.",
    ),
    (
        ("exclusive", handover()),
        "people.handover.public_key",
        f"a file is encrypted to a public key, and there is none. {MAKE}",
    ),
    (
        ("managed", handover(public_key=RECIPIENT[:-1])),
        "people.handover.public_key",
        f"that is no public key of age. {MAKE}",
    ),
    (
        ("managed", handover(channel="secret-block", public_key="AGE-SECRET-KEY-1QQQQQQQQ")),
        "people.handover.public_key",
        f"that is no public key of age. {MAKE}",
    ),
    (
        ("exclusive", {"network": {"zone": "cn-beijing-a"}}),
        "network.zone",
        "cn-beijing-a is not a zone of cn-hangzhou. Choose a zone of the region.",
    ),
    (
        ("exclusive", {"network": {"zone": "cn-hangzhouh"}}),
        "network.zone",
        "cn-hangzhouh is not a zone of cn-hangzhou. Choose a zone of the region.",
    ),
    (
        ("exclusive", {"network": {"vpc": {"id": "vpc-bp1abc"}}}),
        "network.vpc",
        "the VPC has an id and a CIDR block. Give an id, or a name and a CIDR block.",
    ),
    (
        ("exclusive", {"network": {"vpc": {"cidr": None}}}),
        "network.vpc",
        "the VPC has neither an id nor a name with a CIDR block. Give one of the two.",
    ),
    (
        ("exclusive", {"network": {"vpc": BY_ID, "vswitches": [{"id": "vsw-bp1abc", "cidr": "10.0.1.0/24"}]}}),
        "network.vswitches.0",
        "the vSwitch has an id and a CIDR block. Give an id, or a name and a CIDR block.",
    ),
    (
        ("exclusive", {"network": {"vswitches": [{"name": "flink-h"}]}}),
        "network.vswitches.0",
        "the vSwitch has neither an id nor a name with a CIDR block. Give one of the two.",
    ),
    (
        ("exclusive", {"network": {"vpc": {"cidr": "172.0.0.0/7"}, "vswitches": vswitches("172.16.1.0/24")}}),
        "network.vpc.cidr",
        "a VPC's mask is from /8 to /28. Choose another CIDR block.",
    ),
    (
        ("exclusive", {"network": {"vswitches": vswitches("172.16.1.0/30")}}),
        "network.vswitches.0.cidr",
        "a vSwitch's mask is from /16 to /29. Choose another CIDR block.",
    ),
    (
        ("exclusive", {"network": {"vswitches": vswitches("10.0.1.0/24")}}),
        "network.vswitches.0.cidr",
        "10.0.1.0/24 is not inside the VPC's 172.16.0.0/12. Choose a block inside the VPC's.",
    ),
    (
        ("managed", {"network": {"vswitches": vswitches("10.0.1.0/24", "10.0.1.128/25")}}),
        "network.vswitches.1.cidr",
        "10.0.1.128/25 overlaps 10.0.1.0/24. Choose blocks that do not overlap.",
    ),
    (
        ("managed", {"network": {"vswitches": vswitches("10.0.1.0/24", zone="cn-beijing-a")}}),
        "network.vswitches.0.zone",
        "cn-beijing-a is not a zone of the region. Choose a zone of the region.",
    ),
    (
        ("exclusive", {"network": {"vswitches": vswitches("172.16.1.0/24", "172.16.2.0/24")}}),
        "network.vswitches",
        "an exclusive cluster has one vSwitch. Keep one.",
    ),
    (
        ("exclusive", {"cluster": {"master": {"specification": "Ecs_4c16g", "number": 2}}}),
        "cluster.master.number",
        "an order has 1 or 3 master nodes. Copy it from the order.",
    ),
    (
        ("exclusive", {"cluster": {"slave": {"specification": "Ecs_8c32g", "number": 1}}}),
        "cluster.slave.number",
        "an order has at least 2 slave nodes. Copy it from the order.",
    ),
    (
        ("exclusive", {"projects": [project(managers=["alice"])]}),
        "projects.0.managers",
        "managers are a field of managed mode; in exclusive mode the account manages the project. "
        "Take it out; people get access through their group's projects.",
    ),
    (
        ("exclusive", {"people": None, "projects": [project("my-orders")]}),
        "projects.0.name",
        "an exclusive project has no '-' in its name. Use '_'.",
    ),
    (
        ("managed", {"people": None, "projects": [project("my_orders")]}),
        "projects.0.name",
        "a namespace has no '_' in its name. Use '-'.",
    ),
    (
        ("managed", {"cluster": {"compute_units": 21}}),
        "cluster.compute_units",
        "more than safety.max_compute_units (20). Raise the limit on purpose, or order fewer.",
    ),
    (
        ("managed", {"cluster": {"auto_renew": True}}),
        "cluster.auto_renew",
        "only a subscription is renewed. Take it out.",
    ),
    (
        ("managed", {"projects": [project("payments", managers=["eve"])]}),
        "projects.0.managers.0",
        "eve is not among people.users. Add the user.",
    ),
    (
        ("managed", {"storage": {"udf_packages": [package(project="payments")]}}),
        "storage.udf_packages.0.project",
        "packages are registered in exclusive mode only. Take the project out.",
    ),
    (
        ("exclusive", {"projects": [project(), project("clicks"), project()]}),
        "projects.2.name",
        "project orders is named 2 times. Keep one.",
    ),
    (
        ("exclusive", {"projects": [project(cus=10), project("clicks", 9)], "cluster": {"slave": THREE_SLAVES}}),
        "projects",
        "the projects ask for 19 CUs, the cluster has 18. Give the projects fewer, or order a larger cluster.",
    ),
    (
        ("managed", {"projects": [project("payments", 10), project("fraud", 7)]}),
        "projects",
        "the projects ask for 17 CUs, the cluster has 16. Give the projects fewer, or order a larger cluster.",
    ),
    (
        ("exclusive", {"projects": [project(cus=6)], "safety": {"max_compute_units": 5}}),
        "projects",
        "6 CUs are more than safety.max_compute_units (5). Raise the limit on purpose.",
    ),
    (
        ("exclusive", {"storage": {"udf_packages": [package(), package()]}}),
        "storage.udf_packages.1.name",
        "package a.jar is named 2 times. Keep one.",
    ),
    (
        ("exclusive", {"storage": {"udf_packages": [package(project="clicks")]}}),
        "storage.udf_packages.0.project",
        "clicks is not among projects. Name a project of this environment.",
    ),
]


@pytest.mark.requirement("R3", "R4", "R13", "R17", "R19", "R23")
@pytest.mark.parametrize(("wanted", "place", "told"), CONFLICTS, ids=[f"{c[1]}: {c[2][:40]}" for c in CONFLICTS])
def test_an_impossible_combination_is_told_with_place_cause_and_remedy(wanted, place, told):
    mode, overrides = wanted

    problems = problems_of(document(mode, **overrides))

    assert [str(problem) for problem in problems] == [f"{place}: {told}"]


@pytest.mark.requirement("R12")
def test_exclusive_mode_is_refused_where_it_was_never_sold():
    content = document(region="eu-central-1", network={"zone": "eu-central-1a"})

    problems = problems_of(content)

    told = [str(problem) for problem in problems if problem.place == ("region",)]
    assert len(told) == 1
    assert told[0].startswith("region: exclusive mode was never sold there. Choose one of ap-southeast-1, cn-beijing")


@pytest.mark.requirement("R3", "R24")
@pytest.mark.parametrize(
    ("mode", "overrides"),
    [
        ("exclusive", {}),
        ("managed", {}),
        ("exclusive", handover(public_key=RECIPIENT)),
        ("managed", handover(public_key=RECIPIENT, folder="of/passwords")),
        ("managed", handover(channel="secret-block")),
        ("exclusive", {"projects": [], "people": {"groups": []}}),
        ("exclusive", {"people": group(projects=["*"])}),
        ("exclusive", {"network": {"vpc": BY_ID, "vswitches": [{"id": "vsw-bp1abc"}]}}),
        ("exclusive", {"network": {"vpc": BY_ID}}),
        ("exclusive", {"projects": [project(cus=18)]}),
        ("exclusive", {"cluster": {"slave": {"specification": "Ecs_99c99g", "number": 2}}}),
        ("managed", {"network": {"vswitches": vswitches("10.0.1.0/24", "10.0.2.0/24")}}),
        ("managed", {"cluster": {"charge_type": "Subscription", "auto_renew": True, "duration_months": 12}}),
        ("managed", {"people": None, "projects": []}),
        ("exclusive", {"region": "ap-southeast-1", "network": {"zone": "ap-southeast-1a"}}),
        (
            "managed",
            {
                "region": "cn-shanghai-finance-1",
                "network": {
                    "zone": "cn-shanghai-finance-1b",
                    "vswitches": vswitches("10.0.1.0/24", zone="cn-shanghai-finance-1f"),
                },
            },
        ),
    ],
)
def test_a_combination_that_is_possible_is_not_refused(mode, overrides):
    assert conflicts(environment(mode, **overrides)) == []


def test_conflicts_are_found_beside_sections_that_are_wrong_by_themselves():
    content = document(region="cn-atlantis", people=group(members=["eve"]), projects=[project(cus="many")])

    places = [problem.place for problem in problems_of(content)]

    assert places == [("region",), ("projects", 0, "compute_units"), ("people", "groups", 0, "members", 0)]
