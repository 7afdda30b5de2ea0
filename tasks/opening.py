"""Opens an environment by the name of its block, foresees what would be refused, and concludes with a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import wait
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import ValidationError

from alicloud import sts
from alicloud.errors import AlibabaCloudError, Misconfigured, Refused, TimedOut, Unreachable, Unsettled, together
from alicloud.journal import Journal
from alicloud.limiter import SHARED, Limits
from alicloud.oss import BucketSpec
from alicloud.redaction import redacted
from alicloud.session import Ask, Session
from alicloud.shared_reads import ask_together
from alicloud.snapshot import Ledger, Write
from blocks import desired, rights
from blocks.credentials import AlibabaCloudCredentials
from blocks.environment import Environment, FlinkEnvironment
from blocks.shown import shown_name, shown_text
from tasks.approval import Approval, NotApproved, ask, note
from tasks.events import News, tell
from tasks.lease import keeping, wait_for_lease
from tasks.manual import may_wait, wait_for_person
from tasks.oss_bucket import ensure_bucket
from tasks.place import PLACE, in_fleet
from tasks.plan import Plan
from tasks.planner import make_plan
from tasks.progress import timing_of
from tasks.report import Report, publish
from tasks.run import Acting, Planning, Run
from tasks.service_role import left_open, shut_exclusive_policy
from tasks.shared_rates import ACROSS_PROCESSES
from tasks.turn import Turn

Procedure = Callable[[Run], Any]


class StepsFailed(Exception):
    """Some steps of a run failed; the message names them, with cause and remedy of each."""


class Opened:
    """An environment that a flow works on, with a session to its account.

    Not a dataclass: Prefect would look into it for futures whenever it is handed to a task.
    """

    def __init__(self, environment: Environment, cloud: Session, journal: Journal, turn: Turn | None = None) -> None:
        self.environment = environment
        self.cloud = cloud
        self.turn = turn
        self.journal = cloud.journal = journal
        self.acting = Acting(environment, cloud)
        self.planned = Ledger()
        self.found: list[Any] = []  # the results of the plan's steps
        self.manual: list[AlibabaCloudError] = []
        self.plan: Plan | None = None
        self.approval: Approval | None = None

    def foresee(self, procedure: Procedure, strictly: bool = False) -> None:
        """Carry the procedure out dry: read everything it needs, at once, and refuse what can be foreseen.

        Where the environment wants a person to agree, suspend the run until one has. A run that waits holds nothing.
        When there is anything to write, take the lease of the environment: of what was planned nothing is old then,
        for nobody has written since. A run with nothing to write takes none.

        Where nothing but manual steps stands in the way, wait until the cloud shows that they are done.

        Args:
            strictly: from here on nothing may be sent but the writes of the plan, and no bucket is made for a journal.

        Raises:
            Unmet: everything that would be refused, before anything was written.
        """
        while True:
            unreadable = wait_for_lease(self.journal)
            self._plan(procedure)
            if self.manual:
                self._wait_for_person(procedure)
                continue
            if unreadable is not None:
                raise unreadable
            self._ask()
            if not self.planned.writes or self._take(strictly):
                note(self.journal, self.approval)
                if strictly:
                    self.cloud.foreseen = frozenset(write.fingerprint for write in self.planned.writes)
                return

    def _wait_for_person(self, procedure: Procedure) -> None:
        with self.turn.left() if self.turn else nullcontext():
            try:
                wait_for_person(self.environment, self.cloud, self.manual, lambda: self.foreseen(procedure).refusals())
            except AlibabaCloudError:
                self._publish_planned()
                raise

    def _ask(self) -> None:
        try:
            self.approval = ask(self.environment, self.plan, self.approval)
        except NotApproved as error:
            self._publish_planned(error.approval)
            raise

    def _take(self, strictly: bool) -> bool:
        if self.turn is not None and not self.turn.account:
            text = "Whose account this is could not be read when the run began, so it has no turn on the cluster."
            raise Unreachable(f"{text} Nothing was written.", action="GetCallerIdentity")
        return self.journal.take() if strictly else self._lease()

    def _lease(self) -> bool:
        try:
            return lease(self, desired.bucket(self.environment))
        except AlibabaCloudError as error:
            report = Report(self.environment, self.cloud.ledger, [])
            publish(report)
            raise StepsFailed(report.failure() if report.failures else str(error)) from None

    def _plan(self, procedure: Procedure) -> None:
        try:
            plan(self, procedure, acts=True)
        except AlibabaCloudError:
            self._publish_planned()
            raise
        self.cloud.ledger.reads += self.planned.reads

    def _publish_planned(self, approval: Approval | None = None) -> None:
        publish(Report(self.environment, self.planned, [], dry=True, approval=approval))

    def only_plan(self, procedure: Procedure) -> State[Any]:
        """Make the plan and nothing else: no turn, no lease, no write.

        Raises:
            Unmet: everything that stands in the way.
        """
        with suppress(Refused):  # the bucket's own step tells the cause
            self.journal.read()
        plan(self, procedure)
        assert self.plan is not None  # noqa: S101  the plan stage has left it
        told = self.plan.summary()
        if self.plan.writes:
            tell(self.environment, "drift", told)
        return Completed(message=f"Plan of {self.environment.name}: {told}.")

    def only_look(self) -> None:
        """Make every step of this run dry: it reads and decides, and writes nothing."""
        with suppress(Refused):  # the bucket's own step tells the cause
            self.journal.read()
        self.cloud = self.cloud.dry_run()
        self.acting = Acting(self.environment, self.cloud)

    @property
    def content(self) -> bool:
        """Whether the plan is all that there is to do: in a fleet, where it found everything as it is wanted.

        A hundred environments with nothing to do would be four thousand tasks that say so one by one. What is still
        on its way must be waited for, and what the journal does not know the end of is concluded by the steps.
        """
        ledger = self.planned
        return in_fleet() and not (ledger.writes or ledger.on_its_way or self.journal.record.open())

    def act(self, procedure: Procedure) -> None:
        """Carry the procedure out, each step a task, unless the plan is all that there is to do."""
        if not self.content:
            procedure(self.acting)

    def conclude(self, procedure: Procedure, ready: str, news: News | None = None) -> State[Any]:
        """Wait for all steps, verify by deciding again, publish the report.

        Args:
            procedure: the one that was carried out.
            ready: what is ready now, in one line; the flow's final state says it.
            news: what to tell those who listen, when all went well.

        Raises:
            StepsFailed: naming each failed step, its cause and the remedy.
        """
        wait(self.acting.handles)
        ledger = self.planned if self.content else self.cloud.ledger
        if ledger.writes and not self.cloud.dry and not any(outcome.error for outcome in ledger.outcomes.values()):
            verify(self, procedure, return_state=True)  # how it ends stands in the ledger
        ended = [handle for handle in self.acting.handles if handle.state.is_final()]  # the others waited in vain
        acted = [handle.state.result(raise_on_failure=False) for handle in ended]
        results = self.found if self.content else acted
        report = Report(self.environment, ledger, results, self.cloud.dry, approval=self.approval)
        publish(report, timed=not self.content)
        self._tell(report, results, news)
        if report.failures or any(not handle.state.is_completed() for handle in self.acting.handles):
            raise StepsFailed(report.failure())
        return Completed(message=f"{ready} {report.summary()}")

    def _tell(self, report: Report, results: list[Any], news: News | None) -> None:
        stuck = [result for result in results if isinstance(result, TimedOut)]
        if stuck:
            tell(self.environment, "stuck", str(stuck[0]))
        if news is not None and not report.failures:
            rows = [{"kind": row.kind, "name": row.name, "id": row.id} for row in report.existing()]
            tell(self.environment, news, report.summary(), rows)

    def foreseen(self, procedure: Procedure, ask: Ask | None = None) -> Planning:
        """Carry the procedure out dry, on fresh reads unless `ask` says where from else."""
        with self.cloud.dry_run(ask) as cloud:
            planning = Planning(self.environment, cloud)
            procedure(planning)
            planning.refusals()  # waits for all steps
            return planning


@task(name="plan", task_run_name="Plan: read the account, foresee refusals", cache_policy=NO_CACHE)
@redacted()
def plan(opened: Opened, procedure: Procedure, acts: bool = False) -> State[None] | None:
    """Read everything that the procedure needs, decide, publish the plan, and refuse what can be foreseen.

    Writes nothing.

    Args:
        acts: the run is to act on the plan: where only manual steps stand in the way, it may wait for a person.

    Raises:
        Unmet: everything that stands in the way.
    """
    planning = opened.foreseen(procedure, ask_together if in_fleet() else None)
    opened.planned = planning.cloud.ledger
    foreseen = planning.foreseen()
    opened.found = [step.result for step in foreseen if step.refused is None]
    scope = (procedure.__doc__ or procedure.__name__).partition(".")[0]
    opened.plan = make_plan(
        opened.environment, scope, opened.planned, foreseen, timing_of(opened.cloud, opened.environment)
    )
    publish(opened.plan)
    refusals = planning.refusals()
    rights_refused = rights.refusal(opened.environment, opened.plan.findings)
    refusals += [rights_refused] if rights_refused else []
    opened.manual = refusals if acts and may_wait(opened.environment, refusals) else []
    if opened.manual:
        return Completed(name="Blocked", message=str(together(refusals)))
    if refusals:
        raise together(refusals)
    opened.cloud.snapshot = planning.cloud.snapshot.facts()
    return None


@task(name="lease", task_run_name="Lease: in bucket {spec.name}", cache_policy=NO_CACHE, persist_result=False)
@redacted()
def lease(opened: Opened, spec: BucketSpec) -> bool:
    """Take the lease of the environment; it is kept in the bucket, which is therefore the first thing prepared.

    Returns:
        False: another run was faster.
    """
    ensure_bucket.fn(opened.cloud, spec)
    return opened.journal.take()


@task(name="verify", task_run_name="Verification: decide again", cache_policy=NO_CACHE)
@redacted()
def verify(opened: Opened, procedure: Procedure) -> None:
    """Decide again on fresh reads: after a run nothing may be left to do.

    Raises:
        Overtaken: something is left, and another run writes on the environment meanwhile.
        Unsettled: something is left, and somebody else must have changed it.
    """
    with opened.cloud.ledger.step("Verification: decide again"):
        left = _left(opened, procedure)
        if left_open(left):
            shut_exclusive_policy(opened.cloud, opened.environment.cluster.name)
            left = _left(opened, procedure)
        if left:
            opened.journal.confirm()
            lacking = "; ".join(write.means for write in left)
            raise Unsettled(f"After the run the cloud still lacks: {lacking}.")


def _left(opened: Opened, procedure: Procedure) -> list[Write]:
    planning = opened.foreseen(procedure)
    if refusals := planning.refusals():
        raise together(refusals)
    return planning.cloud.ledger.writes


@contextmanager
def opening(environment_name: str, writes: bool = True, audits: bool = False) -> Iterator[Opened]:
    """Load the environment's block and its credentials, wait for our turn, and open a session.

    Args:
        writes: the run may write, so that no other may work on the environment meanwhile.
        audits: the run is an audit, which has credentials of its own where the environment names them.

    Raises:
        Misconfigured: a block is missing or what stands in it is impossible.
    """
    environment = load_environment(environment_name)
    credentials = _credentials(environment, (audits and environment.audit.credentials) or environment.credentials)
    with (
        redacted(),
        credentials.get_session(environment.region, session_name(), limiter_of(credentials)) as cloud,
        stopping(cloud),
        Turn(environment, _account_of(cloud), cloud.clock.check) if writes else nullcontext() as turn,
        keeping(environment, cloud) as journal,
    ):
        yield Opened(environment, cloud, journal, turn)


def _account_of(cloud: Session) -> str:
    """Give the id of the account; empty where it cannot be read, which the plan will say the cause of."""
    read = sts.get_caller_identity()
    try:
        caller = ask_together(cloud, read) if in_fleet() else cloud.send(read)
    except AlibabaCloudError:
        return ""
    cloud.belongs_to(caller.account_id)
    return str(caller.account_id)


@contextmanager
def stopping(cloud: Session) -> Iterator[None]:
    """End what still waits when the run ends: Prefect kills a cancelled process only after 30 seconds."""
    if place := PLACE.get():
        place.on_stop(cloud.clock.stop)
    try:
        yield
    finally:
        cloud.clock.stop()


def limiter_of(credentials: AlibabaCloudCredentials) -> Limits:
    """Give what holds calls back: this process for itself, or all that use the account."""
    return ACROSS_PROCESSES if credentials.share_rates else SHARED


def session_name() -> str:
    """Give the name under which a run assumes a role."""
    return f"prefect-{flow_run.id or 'run'}"[:64]


def load_environment(name: str) -> Environment:
    """Load an environment by the name of its block.

    Raises:
        Misconfigured: there is none, or what stands in it is impossible.
    """
    try:
        block = FlinkEnvironment.load(name)
    except RuntimeError as error:
        text = f"Environment block {name} is impossible: {_causes(error)}."
        raise Misconfigured(text, remedy="Edit the block in the dashboard, then Retry this run.") from None
    except ValueError:
        raise Misconfigured(
            f"There is no Flink Environment block named {name}.",
            remedy="Create it in the dashboard under Blocks, or from YAML with `make register`.",
        ) from None
    assert isinstance(block, FlinkEnvironment)  # noqa: S101  load is sync in a sync flow
    return block.environment


def _credentials(environment: Environment, name: str) -> AlibabaCloudCredentials:
    try:
        block = AlibabaCloudCredentials.load(name)
    except RuntimeError as error:
        text = f"Credentials block {name} of environment {environment.name} is impossible: {_causes(error)}."
        raise Misconfigured(text, remedy="Edit the block in the dashboard, then Retry this run.") from None
    except ValueError:
        raise Misconfigured(
            f"Environment {environment.name} names the credentials block {name}, which does not exist.",
            remedy="Create an Alibaba Cloud Credentials block of that name in the dashboard under Blocks.",
        ) from None
    assert isinstance(block, AlibabaCloudCredentials)  # noqa: S101  load is sync in a sync flow
    return block


def _causes(error: RuntimeError) -> str:
    """Say what a block's model refuses, without the values; Prefect hides it behind a RuntimeError of its own."""
    refused = error.__cause__
    if not isinstance(refused, ValidationError):
        raise error
    entries = refused.errors(include_input=False, include_url=False)
    return "; ".join(
        ": ".join(filter(None, (".".join(map(shown_name, e["loc"])), shown_text(e["msg"])))) for e in entries
    )
