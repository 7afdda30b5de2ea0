"""What is wrong with a document is said with file, line, field, cause and remedy, all at once, and never worse."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alicloud.errors import Misconfigured
from blocks.document import MAX_BYTES, load, parse, problems_of
from blocks.environment import Environment, FlinkEnvironment, as_block, describe
from tests.flows.running import document

ROOT = Path(__file__).parents[2]
EXCLUSIVE = (ROOT / "environments" / "exclusive.yaml").read_text("utf-8")
MANAGED = (ROOT / "environments" / "managed.yaml").read_text("utf-8")


def refused(text):
    """Read a document that must be refused, and give the message."""
    with pytest.raises(Misconfigured) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "env.yaml")
    return str(caught.value)


def changed(text, old, new):
    """Change one place of a document."""
    assert text.count(old) == 1, text.count(old)
    return text.replace(old, new)


def line_of(text, what):
    """Give the number of the one line that holds this."""
    (number,) = [number for number, line in enumerate(text.splitlines(), 1) if what in line]
    return number


# Not YAML, or YAML that is dangerous


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("name: a\nregion: [x\ncredentials: y", 3, "expected ',' or ']'"),
        ("name: a\n\tregion: x", 2, "cannot start any token"),
        ("name: a\nregion: x\nname: b", 3, "the field 'name' stands twice"),
        ("name: a\nnetwork:\n  zone: x\n  zone: y", 4, "the field 'zone' stands twice"),
        ("a: &x [1]\nb: *x", 2, "aliases are not allowed"),
        ("a: 1\nb: !!python/object/apply:os.system [id]", 2, "the tag 'tag:yaml.org,2002:python/object/apply:os"),
        ("a: 1\nb: !mine x", 2, "the tag '!mine' is not allowed"),
        ("a: 1\nb: !!str 1", 2, "the tag 'tag:yaml.org,2002:str' is not allowed"),
        ("a: 1\n<<: {b: 2}", 2, "a field's name must be text"),
        ("a: 1\n2: b", 2, "a field's name must be text"),
        ("a: 1\n~: b", 2, "a field's name must be text"),
        ("a: 1\n? [b, c]\n: d", 2, "a field's name must be text"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: 1\nb: 2020-13-41", 2, "'2020-13-41' cannot be read"),
        ("a: 1\nb: " + "9" * 5000, 2, "the number is too long"),
        ("a: 1\nb: " + ":".join(["1"] * 100_000), 2, "the number is too long"),
        (b"a: 1\nb: \xe9", 2, "not text in UTF-8"),
        (b"\xff\xfea\x00", 1, "not text in UTF-8"),
        ("a: 1\nb: x\0y", 2, "the character '\\x00' is not allowed"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line_and_cause(text, line, cause):
    message = refused(text)

    assert message.startswith(f"env.yaml:{line}: ")
    assert cause in message


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 10_000 + "]" * 10_000,
        "[" * 100_000,
        "{a: " * 10_000 + "}" * 10_000,
        "- " * 10_000 + "a",
        "\n".join(" " * depth + "a:" for depth in range(700)),
    ],
    ids=["lists", "lists never closed", "sections", "dashes", "indented"],
)
def test_deep_nesting_is_refused_at_once(text):
    started = time.monotonic()

    message = refused(text)

    assert "nested too deeply" in message
    assert time.monotonic() - started < 5


def test_a_bomb_of_aliases_is_refused_before_it_grows():
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))

    message = refused("a0: &a0 [lol]\n" + levels)

    assert message.startswith("env.yaml:2: aliases are not allowed.")


def test_a_huge_document_is_not_even_read_as_yaml():
    message = refused(b"[" * (MAX_BYTES + 1))

    assert message == "env.yaml: larger than 256 KiB. An environment is a small document."


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "text", "12", "~"])
def test_a_document_that_is_no_section_is_refused_with_an_example_to_follow(text):
    message = refused(text)

    assert message.startswith(
        "env.yaml:1: the document must be a section with fields. See environments/exclusive.yaml."
    )


def test_a_file_that_is_missing_is_told_by_its_name(tmp_path):
    with pytest.raises(Misconfigured, match=r"nothing\.yaml: cannot be read .*Name an existing file"):
        load(tmp_path / "nothing.yaml")


# Fields


@pytest.mark.parametrize(
    ("text", "where", "field", "cause"),
    [
        (EXCLUSIVE + "colour: red\n", "colour: red", "colour", "is not a field that we know"),
        (EXCLUSIVE + "exclusive: red\n", "exclusive: red", "exclusive", "is not a field that we know"),
        (changed(EXCLUSIVE, "  zone:", "  zome: x\n  zone:"), "  zome:", "network.zome", "is not a field that we know"),
        (changed(EXCLUSIVE, "region: cn-hangzhou\ncred", "cred"), "name: flink-exclusive", "region", "is missing"),
        (changed(EXCLUSIVE, "  zone: cn-hangzhou-h\n", ""), "network:", "network.zone", "is missing"),
        (changed(EXCLUSIVE, "name: alice", "name: 12"), "name: 12", "people.users.0.name", "must be text"),
        (changed(EXCLUSIVE, "_units: 20", "_units: many"), "many", "safety.max_compute_units", "a whole number"),
        (changed(EXCLUSIVE, "_units: 20", "_units: .inf"), ".inf", "safety.max_compute_units", "not inf"),
        (changed(MANAGED, "_price: 100", "_price: .nan"), ".nan", "safety.max_price", "not nan"),
        (changed(EXCLUSIVE, "_logon: true", "_logon: maybe"), "maybe", "people.users.0.console_logon", "true or false"),
        (
            changed(EXCLUSIVE, "members: [alice, bob]", "members: alice"),
            "members: alice",
            "people.groups.0.members",
            "",
        ),
        (changed(EXCLUSIVE, "safety:\n  max_compute_units: 20", "safety:"), "safety:", "safety", "must be a section"),
        (changed(EXCLUSIVE, "mode: exclusive", "mode: both"), "cluster:", "cluster", "`mode: exclusive` or"),
        (changed(EXCLUSIVE, "  mode: exclusive\n", ""), "cluster:", "cluster", "needs `mode: exclusive` or"),
        (
            changed(EXCLUSIVE, "region: cn-hangzhou\ncred", "region: cn-atlantis\ncred"),
            "atlantis",
            "region",
            "known are",
        ),
        (changed(EXCLUSIVE, "172.16.0.0/12", "172.16/12"), "172.16/12", "network.vpc.cidr", "not a CIDR block such as"),
        (changed(EXCLUSIVE, "172.16.0.0/12", "172.16.0.1/12"), "0.1/12", "network.vpc.cidr", "has host bits set"),
        (changed(EXCLUSIVE, "172.16.0.0/12", "100.64.0.0/12"), "100.64", "network.vpc.cidr", "a VPC may not use"),
        (changed(EXCLUSIVE, "name: bob", "name: b ob"), "b ob", "people.users.1.name", "must be 1 to 64 letters"),
        (changed(EXCLUSIVE, "Bob Builder", '"a\\nb"'), '"a\\nb"', "people.users.1.display_name", "line breaks"),
        (changed(MANAGED, "  mode: managed", "  mode: managed\n  order_id: x123"), "x123", "cluster.order_id", "mode"),
        (
            changed(EXCLUSIVE, "  mode: exclusive", "  mode: exclusive\n  charge_type: Subscription"),
            "charge_type",
            "cluster.charge_type",
            "mode",
        ),
    ],
)
def test_a_field_that_is_wrong_is_told_with_its_line_and_cause(text, where, field, cause):
    message = refused(text)

    assert message.count("env.yaml") == 1
    assert message.startswith(f"env.yaml:{line_of(text, where)}: {field}: ")
    assert cause in message
    assert message.endswith("Correct the document; the cloud was not touched.")


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "a\\..\\..\\b",
        "~root/x.jar",
        "",
        "a//b.jar",
        "a/",
        "..",
        "a\x07.jar",
    ],
)
def test_a_udf_path_that_leaves_its_folder_is_refused(path):
    package = {"name": "a.jar", "path": path}
    content = document(storage={"udf_packages": [package]})

    problems = problems_of(content)

    assert [problem.place for problem in problems] == [("storage", "udf_packages", 0, "path")]
    assert problems[0].cause == "must be a relative path below udf/, without '..'"


NOT_PROJECTS = [
    "Orders",
    "or ders",
    "orders*",
    "orders,clicks",
    "acs:stream:*:*:*",
    'orders", "acs:stream:*:*:*',
    "orders\n",
    "orders/../clicks",
    "-orders",
    "ord\u0435rs",  # a Cyrillic letter
    "\uff4frders",  # a full-width one
    "orders\u200b",
    "or",
    "o" * 64,
]


@pytest.mark.requirement("R3", "R23")
@pytest.mark.parametrize("name", ["*", *NOT_PROJECTS])
def test_a_project_name_that_means_more_than_one_project_is_refused(name):
    content = document(people=None, projects=[{"name": name, "compute_units": 1}])

    problems = problems_of(content)

    assert [problem.place for problem in problems] == [("projects", 0, "name")]
    assert "lower-case letters, digits" in problems[0].cause


@pytest.mark.requirement("R3")
@pytest.mark.parametrize("kind", ["users", "groups"])
@pytest.mark.parametrize("name", NOT_PROJECTS)
def test_rights_on_a_project_that_would_write_into_the_policy_are_refused(kind, name):
    content = document(people={"users": [], "groups": [], kind: [{"name": "somebody", "projects": [name]}]})

    problems = problems_of(content)

    assert [problem.place for problem in problems] == [("people", kind, 0, "projects", 0)]


# All at once


EIGHT = """\
name: flink-exclusive
region: cn-hangzhou
credentials: demo
account: twelve
colour: red
people:
  users:
    - name: alice
  groups:
    - name: developers
      members: [alice, eve]
      projects: [clicks]
network:
  zone: cn-beijing-h
  vpc: {name: flink-vpc, cidr: 172.16.0.0/12}
  vswitches:
    - {name: flink-vswitch, cidr: 10.0.1.0/24}
storage:
  bucket: NotABucket
cluster:
  mode: exclusive
  name: flink_exclusive
  description: Realtime Compute
  slave: {specification: Ecs_8c32g, number: 3}
projects:
  - {name: orders, compute_units: 99}
safety:
  may_order: perhaps
"""


def test_all_errors_of_a_document_are_told_at_once_each_with_its_line():
    message = refused(EIGHT)

    lines = message.removesuffix(" Correct the document; the cloud was not touched.").split("\n")
    assert sorted(line.split(": ")[0] + " " + line.split(": ")[1] for line in lines) == [
        "env.yaml:11 people.groups.0.members.1",
        "env.yaml:12 people.groups.0.projects.0",
        "env.yaml:14 network.zone",
        "env.yaml:17 network.vswitches.0.cidr",
        "env.yaml:19 storage.bucket",
        "env.yaml:25 projects",
        "env.yaml:28 safety.may_order",
        "env.yaml:4 account",
        "env.yaml:5 colour",
    ]
    assert all(line == line.strip() and line.endswith(".") for line in lines)


def test_a_region_that_is_wrong_puts_no_blame_on_the_zones():
    vswitches = [{"name": "flink-h", "cidr": "10.0.1.0/24", "zone": "cn-hangzhou-h"}]
    content = document("managed", region="cn-atlantis", network={"vswitches": vswitches})

    problems = problems_of(content)

    assert [problem.place for problem in problems] == [("region",)]


# What is right


@pytest.mark.parametrize("path", sorted((ROOT / "environments").glob("*.yaml")), ids=lambda path: path.name)
def test_the_environments_of_the_project_are_right(path):
    environment = load(path)

    assert environment.name == f"flink-{path.stem}"


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_a_document_comes_back_the_same_through_the_block_and_through_yaml(mode):
    first = parse(yaml.safe_dump(document(mode)).encode(), "env.yaml")

    block = FlinkEnvironment.model_validate_json(as_block(first).model_dump_json())
    written = yaml.safe_dump(describe(block.environment))
    second = parse(written.encode(), "env.yaml")

    assert block.environment == first
    assert second == first


# Hostile documents

KEYS = st.sampled_from([*Environment.model_fields, "id", "name", "cidr", "mode", "users", "*", "<<", "", "\u202e"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.text(max_size=30),
    st.binary(max_size=10),
    st.sampled_from(["exclusive", "managed", "cn-hangzhou", "0.0.0.0/0", "1:2:3", "*", "a" * 500]),
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
PATHS = [
    ("region",),
    ("account",),
    ("people",),
    ("people", "users"),
    ("people", "users", 0),
    ("people", "groups", 0, "projects"),
    ("network",),
    ("network", "zone"),
    ("network", "vpc"),
    ("network", "vpc", "cidr"),
    ("network", "vswitches"),
    ("network", "vswitches", 0),
    ("storage", "bucket"),
    ("cluster",),
    ("cluster", "mode"),
    ("cluster", "name"),
    ("projects",),
    ("projects", 0),
    ("projects", 0, "compute_units"),
    ("safety",),
    ("safety", "max_price"),
]
BOUNDED = settings(max_examples=150, deadline=5_000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(path, data):
    """Load a document; anything but an Environment or Misconfigured fails the test."""
    path.write_bytes(data)
    try:
        return load(path)
    except Misconfigured as error:
        assert str(error).startswith(str(path))
        return error


@BOUNDED
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))))
@example(b"a: " + b":".join([b"1"] * 3_000))
@example(b"? ? a")
@example(b"&a [*a]")
@example(b"%YAML 9.9\n---\na: b")
def test_bytes_of_any_kind_are_read_or_refused(tmp_path, data):
    assert isinstance(outcome(tmp_path / "env.yaml", data), Misconfigured)


@BOUNDED
@given(TREES)
def test_yaml_of_any_shape_is_read_or_refused(tmp_path, tree):
    data = yaml.dump(tree, Dumper=_NoAliases, allow_unicode=True).encode("utf-8", "replace")

    assert isinstance(outcome(tmp_path / "env.yaml", data), Misconfigured)


@BOUNDED
@given(st.sampled_from(["exclusive", "managed"]), st.sampled_from(PATHS), TREES)
def test_a_right_document_with_anything_in_one_place_is_read_or_refused(tmp_path, mode, place, value):
    content = document(mode)
    section = content
    for part in place[:-1]:
        section = section[part]
    section[place[-1]] = value
    data = yaml.dump(content, Dumper=_NoAliases, allow_unicode=True).encode("utf-8", "replace")

    assert isinstance(outcome(tmp_path / "env.yaml", data), Environment | Misconfigured)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True
