"""The declaration of what a flow may send covers what its steps can reach, whether a run shows it or not."""

from __future__ import annotations

import inspect
import itertools
import types
import typing

import pytest
from prefect import Task

from alicloud.call_rights import RIGHTS, WRITES
from alicloud.journal import Journal
from blocks.runner_names import ANY_ENVIRONMENT
from blocks.runner_rights import FLOWS, grants
from tests.flows.runner import PROCEDURES
from tests.flows.runner_scenes import CHANGED, FORMER, MANAGED_CHANGED, NETWORK_BY_ID, NEW, SCENES
from tests.reliability.test_kinds import BUILDERS, example


class Traced:
    """A run that carries nothing out and notes its steps."""

    def __init__(self, wanted):
        self.environment, self.steps = wanted, set()

    def step(self, task, *arguments, after=()):
        self.steps.add(task)
        return task

    look = step


def reached(root):
    """Give the builders of calls that a function can reach: each name is followed to what it stands for."""
    names = {function: name for name, function in BUILDERS.items()}
    found, seen, left = set(), set(), [root]
    while left:
        function = left.pop()
        if function in seen or not function.__module__.startswith(("alicloud", "tasks", "blocks")):
            continue
        seen.add(function)
        if function in names:
            found.add(names[function])
        else:
            left += stands_for(function)
    return found


def stands_for(function):
    said = _names(function.__code__)
    near = [value for name, value in function.__globals__.items() if name in said]
    modules = [value for value in near if isinstance(value, types.ModuleType)]
    far = [getattr(module, name) for module in modules for name in said if hasattr(module, name)]
    functions = (inspect.unwrap(value.fn) if isinstance(value, Task) else value for value in [*near, *far])
    return [value for value in functions if inspect.isfunction(value)]


def _names(code):
    inner = [const for const in code.co_consts if inspect.iscode(const)]
    return set(code.co_names).union(*map(_names, inner))


def keys_of(name):
    """Give product and action of every call that a builder makes: some make one per kind of principal."""
    function = BUILDERS[name]
    hints = typing.get_type_hints(function)
    choices = [
        typing.get_args(hints[each])
        if typing.get_origin(hints[each]) is typing.Literal
        else [example(hints[each], each)]
        for each in inspect.signature(function).parameters
    ]
    calls = [function(*chosen) for chosen in itertools.product(*choices)]
    return {(call.product, call.action) for call in calls}


JOURNALS = [value for value in vars(Journal).values() if inspect.isfunction(value)]


@pytest.mark.parametrize("flow", SCENES)
def test_every_call_that_a_step_of_the_flow_can_reach_is_declared(flow):
    steps = set()
    for wanted in (NEW, CHANGED, FORMER, MANAGED_CHANGED, NETWORK_BY_ID):
        traced = Traced(wanted)
        PROCEDURES[flow](traced)
        steps |= traced.steps

    declared = {need.key for need in FLOWS[flow].needs}
    journals = JOURNALS if ("oss", "GetObject") in declared else []  # there is none where there is no environment
    builders = set().union(*(reached(root) for root in [*(inspect.unwrap(step.fn) for step in steps), *journals]))

    to_write = {need.key for part in FLOWS[flow].parts for need in part if need.to_write} | set(WRITES)
    missing = {
        name
        for name in builders
        if not keys_of(name) & declared and (FLOWS[flow].writes or not keys_of(name) & to_write)
    }
    assert missing == set()
    assert len(builders) > 10


def test_every_declared_call_is_one_that_the_house_can_build_and_a_right_is_known_for():
    known = set().union(*map(keys_of, BUILDERS))

    assert {need.key for flow in FLOWS.values() for need in flow.needs} <= known & set(RIGHTS)
    assert grants(FLOWS, ANY_ENVIRONMENT)


def test_every_flow_is_tried_in_some_account():
    assert {*SCENES, "resolve"} == set(FLOWS)
