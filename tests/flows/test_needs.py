"""What the steps say that they need covers what they can reach, whether a run shows it or not, and nothing else."""

from __future__ import annotations

import dis
import inspect
import types
from collections.abc import Mapping
from typing import get_args

import pytest
from prefect import Task

from alicloud.journal import Journal
from blocks.environment import Environment
from blocks.runner_names import NameSet
from flows.needs import FLOWS, grants, needs, steps
from tasks.access import probe_live
from tasks.lease import JOURNAL
from tasks.step import needs_of
from tests.flows import runner_scenes
from tests.flows.runner_scenes import SCENES
from tests.reliability.test_kinds import BUILDERS, CALLS, all_tasks

STEPS = {name: each for name, each in all_tasks().items() if "needs" in vars(each.fn)}
NAMES = {builder: name for name, builder in BUILDERS.items()}
ENVIRONMENTS = {name: each for name, each in vars(runner_scenes).items() if isinstance(each, Environment)}
ENVIRONMENTS |= {f"staffed {mode}": runner_scenes.staffed(mode, "2026-01-01") for mode in ("exclusive", "managed")}


def reached(root):
    """Give the builders of calls that a function can reach: each name is followed to what it stands for."""
    found, seen, left = set(), set(), [root]
    while left:
        function = left.pop()
        if function in seen or not function.__module__.startswith(("alicloud", "tasks", "blocks")):
            continue
        seen.add(function)
        if function in NAMES:
            found.add(function)
        else:
            left += stands_for(function)
    return found


def stands_for(function):
    """Give the functions whose names stand in a function: its module's, and those that it names as of a module."""
    found, last = [], None
    for each in instructions(function.__code__):
        if each.opname == "LOAD_GLOBAL":
            last = function.__globals__.get(each.argval)
        elif each.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(last, types.ModuleType):
            last = getattr(last, each.argval, None)
        else:
            last = None
        found.append(inspect.unwrap(last.fn) if isinstance(last, Task) else last)
        if isinstance(last, Mapping):  # a table of what to do by kind: whoever reads it may do any of it
            found += [part for row in last.values() for part in getattr(row, "__dict__", {}).values()]
    return [each for each in found if inspect.isfunction(each)]


def instructions(code):
    yield from dis.get_instructions(code)
    for const in code.co_consts:
        if inspect.iscode(const):
            yield from instructions(const)


def names(builders):
    return {NAMES[builder] for builder in builders}


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_step_needs_every_call_that_it_can_reach_and_no_other(name):
    said = {need.builder for need in needs_of(STEPS[name])}

    found = reached(inspect.unwrap(STEPS[name].fn))

    assert names(said - found) == set()
    if STEPS[name] is not probe_live:  # which sends the probes as the role that it assumes
        assert names(found - said) == set()


def test_the_journal_needs_every_call_that_it_can_reach_and_no_other():
    methods = [value for value in vars(Journal).values() if inspect.isfunction(value)]

    found = set().union(*map(reached, methods))

    assert names(need.builder for need in JOURNAL) == names(found)
    assert len(found) == 2


def test_reaching_follows_the_helpers_of_other_files():
    assert {"oss.get_bucket_policy", "ram_policies.get_role"} <= names(
        reached(inspect.unwrap(STEPS["ensure_cluster"].fn))
    )
    assert sum(len(reached(inspect.unwrap(each.fn))) > 5 for each in STEPS.values()) > 10


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
@pytest.mark.parametrize("flow", FLOWS)
def test_without_an_environment_a_flow_takes_every_step_that_it_takes_on_any(flow, name):
    taken = steps(flow, ENVIRONMENTS[name])

    assert {each.name for each in taken} <= {each.name for each in steps(flow)}


def test_every_step_is_one_of_some_flow():
    taken = {each.name for flow in FLOWS for each in steps(flow)}

    assert set(STEPS) - taken == {probe_live.name}


@pytest.mark.parametrize("flow", [flow for flow in FLOWS if not FLOWS[flow].writes])
def test_a_flow_that_never_writes_needs_no_write(flow):
    calls = [CALLS[NAMES[need.builder]] for need in needs(flow)]

    assert calls
    assert [call.action for call in calls if not call.is_read] == []


def test_a_step_that_the_environment_does_not_want_is_not_taken():
    with_, without = (
        {each.name for each in steps("prepare", wanted)} for wanted in (runner_scenes.CHANGED, runner_scenes.NEW)
    )

    assert {"ensure_project", "check_capacity"} <= with_ - without


def test_every_set_of_names_is_asked_for_by_some_step():
    said = [*JOURNAL, *(each for step in STEPS.values() for each in needs_of(step))]

    asked = {each.given for each in said} | {name for each in said for name in each.names.values()}
    asked |= {
        field for each in said for right in each.rights for field in right.placeholders if field not in each.names
    }

    assert asked - {None} == set(get_args(NameSet))


def test_every_flow_is_tried_in_some_account():
    assert {*SCENES, "resolve"} == set(FLOWS)
    assert all(grants([flow]) for flow in FLOWS)
