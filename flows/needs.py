"""What each flow needs of the cloud: the steps of its procedure say it, as an environment takes them.

A run that carries nothing out goes through the procedure and notes its steps. So a step counts for the flows that
take it, and only where the environment wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from prefect import Task

from blocks import runner_rights
from blocks.environment import Environment
from blocks.runner_names import ANY_ENVIRONMENT, names_of
from blocks.runner_rights import Need
from flows.procedure import authorization, cluster_only, everything, identify, projects_only, surroundings
from flows.removal import removal
from flows.staff import staff
from flows.upkeep import conversion, renewals, scaling
from tasks.access import read_rights
from tasks.adoption import read_account
from tasks.audit_steps import find_changes, look
from tasks.export import read_present
from tasks.lease import JOURNAL
from tasks.orphans import read_holdings
from tasks.run import Run
from tasks.step import needs_of

FlowName = Literal[
    "prepare",
    "people",
    "plan",
    "audit",
    "authorize",
    "check",
    "create_cluster",
    "create_project",
    "prove_access",
    "adopt",
    "export",
    "orphans",
    "resolve",
    "scale",
    "renew",
    "convert",
    "teardown",
]


@dataclass(frozen=True)
class Flow:
    """What a flow carries out, whether it writes, and whether it has an environment, whose journal it reads."""

    procedure: Callable[[Run], Any]
    writes: bool = True
    journal: bool = True


def inspection(run: Run) -> None:
    """What audit reads."""
    everything(run)
    look(run, identify(run))
    run.step(find_changes, (), run.environment.audit.history_days)


def proof(run: Run) -> None:
    """What prove_access reads; of live probes only a person knows the role."""
    read_rights(run, identify(run), live=False, role="")


def adoption(run: Run) -> None:
    """What adopt reads: nothing by an environment's names, but its region and mode."""
    read_account(run.step, run.environment.region, run.environment.cluster.mode)


def exporting(run: Run) -> None:
    """What export reads."""
    run.step(read_present, run.environment, after=[identify(run)])


def estate(run: Run) -> None:
    """What orphans reads, where the server has no environment."""
    read_holdings(run.step, run.environment.region, ())


def nothing(run: Run) -> None:
    """What resolve reads beside the journal."""


# A new flow is a new line here, and in the list of names above.
FLOWS: Mapping[FlowName, Flow] = {
    "prepare": Flow(everything),
    "plan": Flow(everything, writes=False),
    "audit": Flow(inspection, writes=False),
    "authorize": Flow(authorization),
    "check": Flow(surroundings, writes=False),
    "create_cluster": Flow(cluster_only),
    "create_project": Flow(projects_only),
    "people": Flow(staff),
    "prove_access": Flow(proof, writes=False),
    "adopt": Flow(adoption, writes=False, journal=False),
    "export": Flow(exporting, writes=False),
    "orphans": Flow(estate, writes=False, journal=False),
    "resolve": Flow(nothing),
    "scale": Flow(scaling),
    "renew": Flow(renewals(30)),
    "convert": Flow(conversion),
    "teardown": Flow(removal(bucket=True)),
}

_WHOLE: Mapping[str, Any] = {
    "name": "any",
    "region": "cn-hangzhou",
    "credentials": "any",
    "people": {
        "users": [{"name": "user", "console_logon": True, "projects": ["project"]}],
        "groups": [{"name": "group", "members": ["user"], "projects": ["project"], "exact_members": True}],
        "leavers": [{"name": "leaver", "since": "2026-01-01"}],
        "access_keys": [{"user": "user"}],
    },
    "network": {
        "zone": "cn-hangzhou-h",
        "vpc": {"name": "vpc", "cidr": "10.0.0.0/16"},
        "vswitches": [{"name": "vswitch", "cidr": "10.0.1.0/24"}],
    },
    "storage": {"bucket": "bucket", "udf_packages": [{"name": "a.jar", "path": "a.jar"}]},
    "projects": [{"name": "project", "compute_units": 1}],
    "attached_storage": [{"name": "storage", "region": "cn-hangzhou"}],
}
_PACKAGE = {"name": "a.jar", "path": "a.jar", "project": "project"}
# Between them they want everything that an environment can want, so that every step is taken.
WANTING_EVERYTHING: Sequence[Environment] = (
    Environment.model_validate(
        {
            **_WHOLE,
            "cluster": {"mode": "exclusive", "name": "cluster", "description": "any"},
            "storage": {"bucket": "bucket", "udf_packages": [_PACKAGE]},
        }
    ),
    Environment.model_validate({**_WHOLE, "cluster": {"mode": "managed", "name": "cluster", "compute_units": 1}}),
)


@dataclass(frozen=True)
class Traced:
    """A run that carries nothing out and notes its steps. A step stands for its own result."""

    environment: Environment
    steps: list[Task[..., Any]] = field(default_factory=list)

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        self.steps.append(task)
        return task

    def look(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        return self.step(task, *arguments, after=after)


def steps(flow: FlowName, environment: Environment | None = None) -> list[Task[..., Any]]:
    """Give the steps that a flow takes on an environment; without one, all that it takes on any."""
    found: list[Task[..., Any]] = []
    for wanted in [environment] if environment else WANTING_EVERYTHING:
        traced = Traced(wanted)
        FLOWS[flow].procedure(traced)
        found += traced.steps
    return list(dict.fromkeys(found))


def needs(flow: FlowName, environment: Environment | None = None) -> list[Need]:
    """Give what a flow needs on an environment; without one, what it needs on any."""
    found = [*(JOURNAL if FLOWS[flow].journal else ())]
    for each in steps(flow, environment):
        found += needs_of(each)
    return [each for each in found if FLOWS[flow].writes or not each.to_write]


def grants(flows: Iterable[FlowName], environment: Environment | None = None) -> dict[str, list[str]]:
    """Give the resources that each action must be allowed on, for whoever runs these flows.

    Args:
        environment: whose names the resources have; none: `*` stands for every name.
    """
    return runner_rights.grants(_all_needs(flows, environment), _names(environment))


def account_only(flows: Iterable[FlowName], environment: Environment | None = None) -> dict[str, str]:
    """Give the actions of these flows that the account's own AccessKey must send, each with the reason."""
    return runner_rights.account_only(_all_needs(flows, environment), _names(environment))


def _all_needs(flows: Iterable[FlowName], environment: Environment | None) -> Iterable[Need]:
    return (each for flow in flows for each in needs(flow, environment))


def _names(environment: Environment | None) -> Mapping[Any, tuple[str, ...]]:
    return names_of(environment) if environment else ANY_ENVIRONMENT
