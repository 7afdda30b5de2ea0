"""Terraform and ROS: every field is one that the public schemas have, and nothing in a name takes effect."""

import json
import re

import pytest
import yaml

from alicloud import prerequisites
from blocks.present import Present
from blocks.ros import ros
from blocks.terraform import Reference, escaped, terraform
from tests.blocks.public_schemas import ROS, ROS_ATTRIBUTES, TERRAFORM
from tests.flows.running import environment

HOSTILE = '${file("/etc/passwd")} %{ for x in y }"\\ # <b>`x`</b> {{ }} $${a} Fn::Sub: !Ref X'
ALICE = {"name": "alice", "display_name": HOSTILE, "email": HOSTILE, "projects": ["*"]}
GROUP = {"name": "developers", "comments": HOSTILE, "members": ["alice"], "projects": ["*"]}
BY_ID = {
    "vpc": {"id": "vpc-1", "name": None, "cidr": None},
    "vswitches": [{"id": "vsw-1"}, {"id": "vsw-2", "zone": "cn-hangzhou-i"}],
}
ENVIRONMENTS = {
    "exclusive": environment(),
    "managed": environment("managed"),
    "hostile": environment("managed", people={"users": [ALICE], "groups": [GROUP]}, projects=[]),
    "subscription": environment("managed", cluster={"charge_type": "Subscription", "duration_months": 3}),
    "own storage": environment("managed", cluster={"storage": "managed"}),
    "network by id": environment("managed", network=BY_ID),
    "role only checked": environment(service_role={"create": False}, storage={"encryption": ""}),
}
HAVING = Present(
    {("vpc",): "vpc-1", ("workspace",): "${evil}", ("user", "alice"): "2", ("bucket",): "b"},
    trust_policy=prerequisites.trust_policy("stream.aliyuncs.com"),
    role_description=HOSTILE + "\nsecond line",
)

environments = pytest.mark.parametrize("wanted", ENVIRONMENTS.values(), ids=ENVIRONMENTS)


def template_of(wanted, present=HAVING):
    return yaml.safe_load(ros(wanted, present))


def references(document):
    """Give the beginnings of the templates that a document may have."""
    return set(document["resource"])


def unknown(value, schema, path):
    """Give the fields that a schema lacks; what has no fields of its own there is a value."""
    if not isinstance(value, dict) or not schema:
        return []
    found = [f"{path}.{name}" for name in value if name not in schema]
    return found + [
        each for name in value if name in schema for each in unknown(value[name], schema[name], f"{path}.{name}")
    ]


@environments
def test_every_field_of_terraform_is_one_that_the_provider_has(wanted):
    resources = json.loads(terraform(wanted, HAVING))["resource"]

    wrong = [
        each
        for kind, found in resources.items()
        for label, arguments in found.items()
        for each in unknown(arguments, TERRAFORM[kind], f"{kind}.{label}")
    ]
    assert wrong == []


@environments
def test_every_property_of_ros_is_one_that_its_type_has(wanted):
    template = template_of(wanted)

    assert set(template) == {"ROSTemplateFormatVersion", "Description", "Resources"}
    for name, resource in template["Resources"].items():
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,254}", name)
        assert set(resource) <= {"Type", "DeletionPolicy", "DependsOn", "Properties"}
        assert resource["DeletionPolicy"] == "Retain"
        assert set(resource.get("DependsOn", [])) <= set(template["Resources"])
        assert unknown(resource["Properties"], ROS[resource["Type"]], name) == []


@environments
def test_terraform_refers_only_to_what_stands_in_the_document(wanted):
    text = terraform(wanted, HAVING)
    document = json.loads(text)

    there = {f"{kind}.{label}" for kind, found in document["resource"].items() for label in found}
    meant = set(re.findall(r"(?<!\$)\$\{(alicloud_\w+\.\w+)\.\w+\}", text))
    assert meant <= there
    assert {each["to"] for each in document.get("import", ())} <= there
    labels = [label for found in document["resource"].values() for label in found]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", label) for label in labels)


@environments
def test_ros_asks_only_for_attributes_of_what_stands_in_the_template(wanted):
    resources = template_of(wanted)["Resources"]

    for name, attribute in re.findall(r"'Fn::GetAtt': \['(\w+)', '(\w+)'\]", str(resources)):
        assert attribute in ROS_ATTRIBUTES[resources[name]["Type"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${a}", "$${a}"),
        ("%{ if a }", "%%{ if a }"),
        ("$${a}", "$$${a}"),
        ('a "quoted"\nline\\', 'a "quoted"\nline\\'),
        ("$ { % {", "$ { % {"),
        (Reference("${alicloud_vpc.main.id}"), "${alicloud_vpc.main.id}"),
    ],
)
def test_a_string_is_escaped_as_a_template_of_terraform_s_own(text, expected):
    assert escaped({"a": [text]}) == {"a": [expected]}


def test_nothing_in_a_hostile_name_takes_effect_in_terraform():
    wanted = ENVIRONMENTS["hostile"]

    text = terraform(wanted, HAVING)

    document = json.loads(text)
    user = document["resource"]["alicloud_ram_user"]["alice"]
    assert user["display_name"] == HOSTILE.replace("${", "$${").replace("%{", "%%{")
    assert set(re.findall(r"[$%]\{(\w*)", text.replace("$${", "").replace("%%{", ""))) <= references(document)
    assert [each["id"] for each in document["import"] if "vvp_instance" in each["to"]] == ["$${evil}"]


def test_nothing_in_a_hostile_name_takes_effect_in_ros():
    wanted = ENVIRONMENTS["hostile"]

    resources = template_of(wanted)["Resources"]

    (user,) = [each["Properties"] for each in resources.values() if each["Type"] == "ALIYUN::RAM::User"]
    assert user["DisplayName"] == HOSTILE
    assert resources["Role"]["Properties"]["Description"] == HAVING.role_description
    comments = [
        line for line in ros(wanted, Present({("workspace",): "id\nResources: {}"})).splitlines() if line[:1] == "#"
    ]
    assert any("id\\nResources" in line for line in comments)


def test_what_the_environment_names_by_id_is_referred_to_and_not_managed():
    wanted = ENVIRONMENTS["network by id"]

    document = json.loads(terraform(wanted, Present()))
    template = template_of(wanted, Present())

    assert not {"alicloud_vpc", "alicloud_vswitch"} & set(document["resource"])
    (workspace,) = document["resource"]["alicloud_realtime_compute_vvp_instance"].values()
    assert (workspace["vpc_id"], workspace["vswitch_ids"]) == ("vpc-1", ["vsw-1", "vsw-2"])
    assert template["Resources"]["Workspace"]["Properties"]["VSwitchIds"] == ["vsw-1", "vsw-2"]


def test_what_the_tools_cannot_express_stands_in_a_comment():
    wanted = ENVIRONMENTS["exclusive"]

    comment = json.loads(terraform(wanted, Present()))["//"]

    assert "Cluster flink_exclusive: exclusive mode has no resource" in comment
    assert "Project orders (6 CUs)" in comment
    assert "# Cluster flink_exclusive: exclusive mode cannot be bought" in ros(wanted, Present())


def test_names_that_look_the_same_without_their_signs_stay_apart():
    users = [{"name": "a.b"}, {"name": "a-b"}, {"name": "a_b"}, {"name": "axb"}]
    wanted = environment(people={"users": users, "groups": []})

    document, template = json.loads(terraform(wanted, Present())), template_of(wanted, Present())

    assert len(document["resource"]["alicloud_ram_user"]) == 4
    assert len([each for each in template["Resources"].values() if each["Type"] == "ALIYUN::RAM::User"]) == 4
