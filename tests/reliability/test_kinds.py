"""The table of kinds: what may be sent again, walked over every Call that the house can make."""

import dataclasses
import importlib
import inspect
import itertools
import pkgutil
import re
import types
import typing
from collections.abc import Mapping, Sequence

import pytest
from prefect import Task

import alicloud
import tasks
from alicloud.call import Call, Kind, client_token
from alicloud.session import Identity, Session

READING = re.compile(r"(Get|List|Describe|Query|Head|Validate|Check|Lookup)[A-Z]|AssumeRole$")

# What makes, buys or changes a paid thing anew when it comes again, and has no ClientToken. Source: the references of
# foas 2018-11-11, foasconsole 2021-10-28 and RAM 2015-05-01.
NEVER_TWICE = {
    ("foas", "CreateCluster"),
    ("foas", "CreateCellClusterOrder"),
    ("foas", "ExpandCluster"),
    ("foasconsole", "CreateInstance"),
    ("foasconsole", "RenewInstance"),
    ("foasconsole", "ConvertInstance"),
    ("foasconsole", "ConvertPrepayInstance"),
    ("foasconsole", "ConvertHybridInstance"),
    ("foasconsole", "ModifyInstanceSpec"),
    ("foasconsole", "ModifyPrepayInstanceSpec"),
    ("foasconsole", "ModifyElasticResourceSpec"),
    ("BssOpenApi", "RenewInstance"),  # it has a token; nobody knows how long billing remembers one
    ("Ram", "CreateAccessKey"),
}
# What makes a second thing when it comes again without a ClientToken.
WITH_TOKEN = {
    "CreateVpc",
    "CreateVSwitch",
    "CreateSecurityGroup",
    "CreateNetworkInterface",
    "AuthorizeSecurityGroup",
    "RevokeSecurityGroup",
}
# What has the name of a write but asks for a dry run, which changes nothing. Source: VPC 2016-04-28, DryRun.
DRY = {"dry_runs.create_vpc"}
# What leaves a version each time. Source: OSS, PutObject in a versioned bucket; RAM 2015-05-01, CreatePolicyVersion.
LEAVES_A_VERSION = {"PutObject", "CreatePolicyVersion", "CompleteMultipartUpload"}
# What leaves an unfinished upload each time. Source: OSS, InitiateMultipartUpload.
LEAVES_AN_UPLOAD = {"InitiateMultipartUpload"}


def builders():
    """Give every public function of alicloud that makes a Call."""
    found = {}
    for module in pkgutil.iter_modules(alicloud.__path__):
        loaded = importlib.import_module(f"alicloud.{module.name}")
        if module.name == "ram_action":  # what the builders of RAM are made of
            continue
        for name, function in vars(loaded).items():
            ours = inspect.isfunction(function) and function.__module__ == loaded.__name__ and name[0] != "_"
            if ours and str(inspect.signature(function).return_annotation).startswith("Call["):
                found[f"{module.name}.{name}"] = function
    return found


BUILDERS = builders()


def example(kind, name):
    """Make a value of a type, as simple as it can be."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return example(parts[0], name)
    if origin is typing.Literal:
        return parts[0]
    if origin is tuple or origin in (list, Sequence) or kind in (tuple, list):
        fixed = origin is tuple and Ellipsis not in parts
        return tuple(example(part, name) for part in (parts if fixed else parts[:1])) or ("x",)
    if origin in (dict, Mapping):
        return {}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{field.name: example(hints[field.name], field.name) for field in dataclasses.fields(kind)})
    simple = {str: "1" if name.endswith("cidr") else "x", int: 1, float: 1.0, bool: True, bytes: b"x"}
    return simple[kind]


def built(function):
    hints = typing.get_type_hints(function)
    values = {name: example(hints[name], name) for name in inspect.signature(function).parameters}
    return function(**values)


def every_call(function):
    """Make every call that a builder can make: some make one per kind of principal."""
    hints = typing.get_type_hints(function)
    choices = [
        typing.get_args(hints[each])
        if typing.get_origin(hints[each]) is typing.Literal
        else [example(hints[each], each)]
        for each in inspect.signature(function).parameters
    ]
    return [function(*chosen) for chosen in itertools.product(*choices)]


CALLS = {name: built(function) for name, function in BUILDERS.items()}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_call_has_a_kind_that_fits_its_action(name):
    call = CALLS[name]

    assert isinstance(call, Call)
    assert isinstance(call.kind, Kind)
    assert (name in DRY) == (call.parameters.get("DryRun") == "true")
    if name in DRY:
        assert call.is_read
        return
    assert call.is_read == bool(READING.match(call.action)), f"{call.action} is {call.kind}"
    assert ((call.product, call.action) in NEVER_TWICE) == call.once_only
    assert (call.action in WITH_TOKEN) == (call.kind is Kind.TOKENED)
    assert (call.action in LEAVES_A_VERSION | LEAVES_AN_UPLOAD) == (call.kind is Kind.LOOKED)


@pytest.mark.parametrize("name", sorted(name for name, call in CALLS.items() if call.kind is Kind.TOKENED))
def test_every_tokened_write_derives_its_token_from_what_it_makes(name):
    call, again = CALLS[name], built(BUILDERS[name])

    assert call.makes
    assert call.parameters["ClientToken"] == client_token(call.makes, call.action) == again.parameters["ClientToken"]
    others = {value for key, value in call.parameters.items() if key != "ClientToken"}
    assert all(value in call.makes for value in others), "a token that comes with other parameters is refused"


@pytest.mark.parametrize("name", sorted(name for name, call in CALLS.items() if not call.is_read))
def test_only_what_may_not_be_repeated_is_known_by_a_key_to_the_journal(name):
    call = CALLS[name]

    assert bool(call.makes) == (call.kind in (Kind.ONCE, Kind.TOKENED))
    assert call.means, "the journal, the plan and the report tell it by that"


def test_the_walk_covers_what_the_house_has():
    products = {call.product for call in CALLS.values()}

    assert {"Ram", "Sts", "Vpc", "Ecs", "oss", "BssOpenApi", "foas", "foasconsole", "ververica"} <= products
    assert len(CALLS) > 60
    assert {call.kind for call in CALLS.values()} == set(Kind)
    text = "".join(
        inspect.getsource(importlib.import_module(f"alicloud.{m.name}"))
        for m in pkgutil.iter_modules(alicloud.__path__)
    )
    assert {kind.name for kind in (Kind.ONCE, Kind.TOKENED)} <= set(re.findall(r"Kind\.(\w+)", text))


# No automatic retry reaches a once-only call


def reaching(names):
    """Give the names of all functions of the house below the flows from which functions of these names are reached."""
    functions = {}
    for package in (alicloud, tasks):
        for module in pkgutil.iter_modules(package.__path__):
            loaded = importlib.import_module(f"{package.__name__}.{module.name}")
            for name, value in vars(loaded).items():
                function = inspect.unwrap(value.fn) if isinstance(value, Task) else value
                if inspect.isfunction(function) and function.__module__ == loaded.__name__:
                    functions[name] = function
    found = set(names)
    while more := {name for name, each in functions.items() if _names(each.__code__) & found} - found:
        found |= more
    return found


def _names(code):
    inner = [const for const in code.co_consts if inspect.iscode(const)]
    return set(code.co_names).union(*map(_names, inner))


def all_tasks():
    return {
        name: value
        for module in pkgutil.iter_modules(tasks.__path__)
        for name, value in vars(importlib.import_module(f"tasks.{module.name}")).items()
        if isinstance(value, Task)
    }


def test_prefect_repeats_no_step_from_which_a_once_only_call_is_reached():
    buying = reaching({name.rpartition(".")[2] for name, call in CALLS.items() if call.once_only})

    repeated = {name for name, each in all_tasks().items() if each.retries and name in buying}

    assert {"ensure_cluster", "ensure_workspace"} <= buying
    assert repeated == set()


def test_neither_the_sdks_nor_their_http_clients_send_anything_again_by_themselves():
    with Session(Identity("LTAI5tNobody", "secret"), "cn-hangzhou") as cloud:
        adapters = [*cloud._client.session.adapters.values(), *cloud._oss.session.adapters.values()]

        assert cloud._client._auto_retry is False
        assert [adapter.max_retries.total for adapter in adapters] == [0] * len(adapters)


def test_a_once_only_call_without_a_journal_is_not_sent():
    with Session(Identity("LTAI5tNobody", "secret"), "cn-hangzhou", {"*": "http://127.0.0.1:9"}) as cloud:
        for call in CALLS.values():
            if call.once_only:
                with pytest.raises(AssertionError, match="without a journal it must not be sent"):
                    cloud.send(call)
