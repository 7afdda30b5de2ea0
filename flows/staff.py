"""The people of an environment over time, as a graph of steps: who joins, leaves, changes; and their AccessKeys."""

from __future__ import annotations

from blocks import desired
from flows.procedure import Handle, authorize_people, identify, keep_journal
from tasks.namespace import ensure_namespace_people
from tasks.ram_group import ensure_exact_members
from tasks.ram_key import ensure_key_age
from tasks.ram_leaver import ensure_deleted, ensure_left
from tasks.run import Run
from tasks.workspace import find_workspace


def staff(run: Run) -> None:
    """The people: who joins, who leaves, who changes projects, and the age of their AccessKeys."""
    account = identify(run)
    journal = keep_journal(run, account)
    people = run.environment.people
    joined = authorize_people(run, account)
    for group, (_, membership) in zip(people.groups, desired.groups(run.environment), strict=True):
        if group.exact_members:
            run.step(ensure_exact_members, membership, after=joined)
    _leave(run, journal, _namespaces(run, account, joined))
    for wanted in people.access_keys:
        run.step(ensure_key_age, wanted, run.environment, after=[journal, *joined])


def _namespaces(run: Run, account: Handle, joined: list[Handle]) -> list[Handle]:
    environment = run.environment
    if environment.cluster.mode == "exclusive" or not environment.projects:
        return []
    workspace = run.step(find_workspace, environment.cluster.name, after=[account])
    leavers = [leaver.name for leaver in environment.people.leavers]
    return [
        run.step(
            ensure_namespace_people,
            project,
            workspace,
            desired.namespace_members(environment, project),
            leavers,
            after=joined,
        )
        for project in environment.projects
    ]


def _leave(run: Run, journal: Handle, namespaces: list[Handle]) -> None:
    """Take everything at once; delete the user only when they have left the namespaces, which know them by id."""
    for leaver in run.environment.people.leavers:
        spec = desired.leaver(run.environment, leaver.name)
        left = run.step(ensure_left, spec, after=[journal])
        run.step(ensure_deleted, leaver, spec, namespaces, after=[left])
