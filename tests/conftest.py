"""Counts which requirements R1 to R24 passing tests hold; a full run in which one has none fails.

Gives tests that share a server to one worker, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

REQUIREMENTS = [f"R{number}" for number in range(1, 25)]
_held: dict[str, set[str]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("requirement"):
            unknown = set(mark.args) - set(REQUIREMENTS)
            if unknown:
                raise pytest.UsageError(f"{item.nodeid}: no requirement is called {', '.join(sorted(unknown))}")
            item.user_properties.extend(("requirement", number) for number in mark.args)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        for name, value in report.user_properties:
            if name == "requirement":
                _held.setdefault(str(value), set()).add(report.nodeid)


def _is_full_run(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput") and config.args_source.name == "TESTPATHS" and not config.option.keyword


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    lacking = [number for number in REQUIREMENTS if number not in _held]
    if _is_full_run(session.config) and lacking and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not _is_full_run(config):
        return
    told = ", ".join(f"{number}: {len(_held.get(number, ()))}" for number in REQUIREMENTS)
    terminalreporter.section("requirements held by passing tests")
    terminalreporter.line(told)
    lacking = [number for number in REQUIREMENTS if number not in _held]
    if lacking:
        terminalreporter.line(f"FAILED: no passing test for {', '.join(lacking)}", red=True)


class _Groups(LoadScopeScheduling):
    """Keeps the tests of a file of flows together, and those that search one scene or one set of killed runs.

    A worker that runs tests of flows has a Prefect server of its own. xdist's own --dist loadgroup writes the name of a
    group where pytest 9.2 does not read it.
    """

    def _split_scope(self, nodeid: str) -> str:
        for scene in ("approval", "canary", "kill"):
            if nodeid.startswith(f"tests/reliability/test_{scene}.py"):
                return scene
        if nodeid.startswith("tests/dashboard/"):
            return "dashboard"
        return nodeid.partition("::")[0] if nodeid.startswith("tests/flows/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Groups:
    return _Groups(config, log)
