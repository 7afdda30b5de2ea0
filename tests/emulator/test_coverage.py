"""The coverage page: that it is current, that it reads the source rightly, and that what the flows use is all there."""

import dataclasses
import enum
import importlib
import inspect
import itertools
import pkgutil
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import alicloud
from alicloud.call import Call
from emulator import coverage, products, vpc
from emulator.coverage_notes import notes_of
from emulator.coverage_source import Untraceable, read
from emulator.request import Request
from emulator.world import World

PAGE = Path(__file__).parents[2] / "docs" / "emulator-coverage.md"

# What the flows send and the emulator has no use for, and why that is no gap.
WITHOUT_EFFECT = {
    ("Ecs", "DescribeAvailableResource"): {"ResourceType"},  # DestinationResource alone says what is asked for
    ("foasconsole", "CreateInstance"): {"ZoneId"},  # UNCONFIRMED whether it is read at all; the vSwitch has its zone
    ("foasconsole", "QueryCreateInstancePrice"): {"AutoRenew", "InstanceName", "Storage", "VSwitchIds", "VpcId"},
}


def action_of(product: str, name: str) -> coverage.Action:
    (found,) = [each for each in products.PRODUCTS if each.name.lower() == product.lower()]
    served = {action.name: action for action in coverage.actions(found)}
    assert name in served, f"{product} lacks {name}"
    return served[name]


def parameters(product: str, name: str) -> set[str]:
    return set(action_of(product, name).parameters)


def values(hint: Any) -> list[Any]:
    """Make values of a type: one, or each that a closed choice has."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return values(next(each for each in arguments if each is not type(None)))
    if origin is typing.Literal:
        return list(arguments)
    if origin in (tuple, list, frozenset, Sequence, Iterable):
        made = (values(each)[0] for each in arguments if each is not Ellipsis)
        return [origin(made) if origin in (list, frozenset) else tuple(made)]
    if origin in (dict, Mapping):
        return [{"1": "1"}]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return list(hint)
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return [hint(**{each.name: values(hints[each.name])[0] for each in dataclasses.fields(hint)})]
    plain = {bool: True, str: "1", int: 1, float: 1.0, bytes: b"1", datetime: datetime(2026, 1, 1, tzinfo=UTC)}
    return [plain[hint]]


def house_calls() -> Iterator[Call[Any]]:
    """Build every call that the house can build, with made-up arguments."""
    for module in pkgutil.iter_modules(alicloud.__path__):
        home = importlib.import_module(f"alicloud.{module.name}")
        for name, function in inspect.getmembers(home, inspect.isfunction):
            if name.startswith("_"):
                continue
            hints = typing.get_type_hints(function)
            makes_call = typing.get_origin(hints.pop("return", None)) is Call
            if function.__module__ != home.__name__ or not makes_call or "action" in hints:
                continue
            for arguments in itertools.product(*(values(hint) for hint in hints.values())):
                yield function(**dict(zip(hints, arguments, strict=True)))


CALLS = list(house_calls())


def test_the_page_is_what_the_generator_writes():
    written = PAGE.read_text("utf-8")

    assert written == coverage.page(), "run: python -m emulator.coverage > docs/emulator-coverage.md"


def test_every_action_of_the_flows_is_there_and_not_partial():
    assert len({(call.product, call.action) for call in CALLS}) > 60

    partial = [call.action for call in CALLS if action_of(call.product, call.action).is_partial]

    assert partial == []


def test_the_flows_send_no_parameter_that_the_emulator_does_not_read():
    unread: dict[tuple[str, str], set[str]] = {}
    for call in CALLS:
        numbered = {re.sub(r"\.\d+", ".N", name) for name in (*call.parameters, *call.secrets)}
        sent = {re.sub(r"\.N\.\w+$", ".N.*", name) for name in numbered} - {"RegionId"}
        sent |= {f"{name} (JSON body)" for name in call.document or ()} | {f"{name} (header)" for name in call.headers}
        if missing := sent - parameters(call.product, call.action):
            unread.setdefault((call.product, call.action), set()).update(missing)

    assert unread == WITHOUT_EFFECT


@pytest.mark.parametrize(
    ("product", "name", "expected"),
    [
        (
            "Ram",
            "UpdateUser",
            {"UserName", "NewUserName", "NewDisplayName", "NewComments", "NewEmail", "NewMobilePhone"},
        ),
        ("Ram", "ListUsers", {"Marker", "MaxItems"}),
        ("Ram", "GetAccountAlias", set()),
        ("foas", "CreateQueue", {"gpu", "maxMemMB", "maxVcore", "queueName"}),
        ("foas", "ListCluster", {"clusterId", "displayName", "pageIndex", "pageSize", "region", "state"}),
        ("ververica", "CreateMember", {"member (JSON body)", "role (JSON body)", "workspace (header)"}),
        ("Oss", "PutBucketVersioning", {"VersioningConfiguration (XML body)"}),
    ],
)
def test_the_parameters_of_an_action_are_read_from_its_source(product: str, name: str, expected: set[str]):
    assert parameters(product, name) == expected


@pytest.mark.parametrize(
    ("product", "name", "some"),
    [
        ("Vpc", "CreateVpc", {"ClientToken", "CidrBlock", "Tag.N.*"}),
        ("Ecs", "AuthorizeSecurityGroup", {"Permissions.N.*", "IpProtocol", "Description"}),
        ("Ecs", "RevokeSecurityGroup", {"SecurityGroupRuleId.N"}),
        ("BssOpenApi", "QueryAvailableInstances", {"CreateTimeStart", "EndTimeEnd", "PageNum"}),
        ("foasconsole", "DescribeInstances", {"PageIndex", "InstanceName"}),
        ("Oss", "GetObject", {"range (header)", "if-match (header)", "versionId"}),
    ],
)
def test_parameters_are_found_behind_lambdas_loops_and_made_up_names(product: str, name: str, some: set[str]):
    assert some <= parameters(product, name)


def test_no_action_has_two_spellings_of_a_page():
    both = [
        (product.name, action.name)
        for product in products.PRODUCTS
        for action in coverage.actions(product)
        if {"pageIndex", "PageIndex"} <= set(action.parameters)
    ]

    assert both == []


def test_reads_and_writes_are_told_apart_as_the_call_log_does():
    kinds = {name: action_of("Vpc", name).kind for name in ("DescribeVpcs", "CreateVpc", "DeleteVpc")}

    assert kinds == {"DescribeVpcs": "read", "CreateVpc": "write", "DeleteVpc": "write"}


def calls_the_unknown(world: World, request: Request) -> Any:
    return world.nowhere(request)  # type: ignore[attr-defined]


def test_a_request_that_goes_where_no_source_can_be_read_is_refused():
    with pytest.raises(Untraceable, match=r"world.nowhere\(request\)"):
        read(calls_the_unknown)


def test_doubts_belong_to_what_they_stand_beside():
    notes = notes_of(vpc)

    assert "modify_vpc_attribute" in notes
    (note,) = notes["modify_vpc_attribute"]
    assert str(note) == "`vpc.modify_vpc_attribute`: *unconfirmed*: the code."


def test_every_difference_names_an_action_that_is_there():
    served = {(product.section, action.name) for product in products.PRODUCTS for action in coverage.actions(product)}

    assert set(coverage.DIFFERENCES) <= served


def test_what_the_reference_has_and_the_emulator_lacks_is_told():
    lacking = {product.name: coverage.lacking(product) for product in products.PRODUCTS}

    assert "CreateJob" in lacking["foas"]
    assert {name for name, actions in lacking.items() if actions} == {"foas"}


def test_the_generator_needs_nothing_of_the_house():
    program = (
        "import sys, emulator.coverage as page; page.page();"
        "house = {'flows', 'tasks', 'blocks', 'alicloud', 'deployments', 'prefect', 'aliyunsdkcore', 'oss2'};"
        "sys.exit(', '.join(sorted(house & set(sys.modules))) or None)"
    )

    result = subprocess.run(
        [sys.executable, "-c", program], cwd=PAGE.parents[1], capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
