"""Access: reads who holds which rights in the account, probes live, and concludes with the proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, wait
from prefect.states import Completed

from alicloud import foas, ram, ram_policies, sts
from alicloud.call import Call
from alicloud.effective_rights import Held, Principal, decide
from alicloud.errors import AlibabaCloudError, Misconfigured, Unmet
from alicloud.escalation import escalations
from alicloud.ram_policies import PrincipalKind, Role
from alicloud.redaction import know
from alicloud.session import Identity, Session
from blocks import access_probes
from blocks.access_probes import Probe
from blocks.access_wanted import Subject, differences, mistrusted, subjects
from blocks.environment import Environment
from blocks.live_probes import LiveProbe, answer, live_probes, role_arn
from blocks.runner_rights import need
from tasks.access_proof import LiveProof, LiveRow, Proof, Row, first
from tasks.account import Account
from tasks.inert import plain, printable
from tasks.opening import Opened, StepsFailed
from tasks.run import Run
from tasks.step import step

SESSION_SECONDS = 900  # the shortest that STS gives. Source: STS 2015-04-01, AssumeRole


@dataclass(frozen=True)
class Rights:
    """The handles of what was read about everybody's rights."""

    account: PrefectFuture[Any]
    principals: Mapping[Subject, PrefectFuture[Any]]
    tightened: PrefectFuture[Any]
    live: PrefectFuture[Any] | None


def check_choice(live: bool, role: str) -> None:
    """Refuse live probes without a role to assume, before the cloud is asked anything.

    Raises:
        Misconfigured: no role is named.
    """
    if live and not role:
        raise Misconfigured(
            "Live probes need a role to assume.",
            remedy="Give the parameter role: one that trusts this account and has the rights to be shown.",
        )


def read_rights(run: Run, account: Any, live: bool, role: str) -> Rights:
    """Read the rights of everybody whom the environment names, and of the service's role; probe live when asked."""
    principals = {subject: run.step(read_principal, *subject, after=[account]) for subject in subjects(run.environment)}
    tightened = run.step(find_tightening, run.environment, after=[account])
    probed = run.step(probe_live, run.environment, account, role) if live else None
    return Rights(account, principals, tightened, probed)


def conclude_access(opened: Opened, rights: Rights) -> State[Any]:
    """Decide on every probe, publish the proof, and fail unless all is as wanted.

    Raises:
        StepsFailed: something could not be read, or not be probed.
        Unmet: somebody may do what they must not, or may not do what they must.
    """
    wait(opened.acting.handles)
    unread = [(each.step, each.error) for each in opened.cloud.ledger.outcomes.values() if each.error]
    proof = _proof(opened.environment, rights, unread)
    told = f"{opened.environment.name}: {proof.summary()}"
    create_markdown_artifact(proof.markdown(), key=f"access-{opened.environment.name}", description=plain(told))
    if unread:
        raise StepsFailed(printable("\n".join(f"{step}: {error}" for step, error in unread)))
    if proof.broken:
        listed = printable("\n".join(f"{number}. {line}" for number, line in enumerate(first(proof.broken), 1)))
        raise Unmet(
            f"Access to {told}:\n{listed}", remedy="Run prepare for what is lacking; take away what is too much."
        )
    return Completed(message=f"Access to {told}.")


@step(
    "Rights of {kind} {name}",
    "R3",
    "R4",
    "R8",
    needs=(
        need(ram.get_group, group="groups"),
        need(ram.get_user, user="users"),
        need(ram.list_groups_for_user, user="users"),
        need(ram.list_users_for_group, group="groups"),
        need(ram_policies.get_policy, policy="any_policy"),
        need(ram_policies.get_role),
        need(ram_policies.list_policies_for, user="users"),
        need(ram_policies.list_policies_for, group="any_group"),
        need(ram_policies.list_policies_for, role="role"),
    ),
)
def read_principal(cloud: Session, kind: PrincipalKind, name: str) -> Principal | None:
    """Read the policies that somebody holds, those of a user's groups included, with their documents.

    Returns:
        None when there is no such user, group or role.
    """
    exists: dict[PrincipalKind, Call[Any]] = {
        "user": ram.get_user(name),
        "group": ram.get_group(name),
        "role": ram_policies.get_role(name),
    }
    found = cloud.send(exists[kind])
    if found is None:
        return None
    groups = tuple(sorted(cloud.send(ram.list_groups_for_user(name)))) if kind == "user" else ()
    members = cloud.send(ram.list_users_for_group(name)) if kind == "group" else ()
    held = [*_held(cloud, kind, name)]
    for group in groups:
        held += _held(cloud, "group", group, group)
    trust_policy = found.trust_policy if isinstance(found, Role) else ""
    return Principal(kind, name, tuple(held), groups, members, trust_policy)


@step("What the service's policy must allow now", "R10", needs=(need(foas.list_cluster, "exclusive"),))
def find_tightening(cloud: Session, environment: Environment) -> bool | None:
    """Find out whether the cluster runs, so that the rights to create security groups must be gone.

    Returns:
        None where that is not ours to say: another cluster is being made, or the policy is not ours.
    """
    if environment.cluster.mode == "managed" or not environment.service_role.create:
        return None
    clusters = cloud.send(foas.list_cluster())
    cluster = foas.pick_cluster(environment.cluster.name, clusters)
    if cluster is None or cluster.state == "STARTING":
        return False
    return None if any(each.state == "STARTING" for each in clusters) else True


@step(
    "Live probes as {role}",
    "R3",
    "R8",
    needs=(  # of the probes themselves none: they are sent as the role
        need(ram_policies.get_policy, policy="any_policy"),
        need(ram_policies.get_role, role="any_name"),
        need(ram_policies.list_policies_for, role="any_name"),
        need(sts.assume_role, role="any_name"),
    ),
)
def probe_live(cloud: Session, environment: Environment, account: Account, role: str) -> LiveProof:
    """Assume a role, and compare what the cloud lets it read and dry-run with what its policies say.

    Raises:
        Misconfigured: it is no role of this account.
        Unmet: it does not exist.
        Forbidden: it may not be assumed.
    """
    arn = role_arn(role, account.account_id)
    name = arn.rpartition("/")[2]
    principal = read_principal.fn(cloud, "role", name)
    if principal is None:
        raise Unmet(f"RAM role {name} does not exist.", remedy="Name a role that does, then Retry this run.")
    with _assumed(cloud, arn) as theirs:
        rows = [_ask(theirs, principal, each) for each in live_probes(environment, account.account_id)]
    return LiveProof(name, tuple(rows))


def _held(cloud: Session, kind: PrincipalKind, name: str, group: str = "") -> Iterable[Held]:
    for attachment in cloud.send(ram_policies.list_policies_for(kind, name)):
        policy = cloud.send(ram_policies.get_policy(attachment.name, attachment.type))
        if policy is not None:  # it was deleted meanwhile, and with it what it gave
            yield Held(attachment, policy.document, group)


def _assumed(cloud: Session, arn: str) -> Session:
    """Give a session as a role. Its key is kept nowhere: neither among what was read nor in any result."""

    def assume() -> Identity:
        key = cloud.read_again(sts.assume_role(arn, "prove-access", SESSION_SECONDS))
        know(key.access_key_id, key.access_key_secret, key.security_token)
        return Identity(key.access_key_id, key.access_key_secret, key.security_token, key.expires_at)

    # A dry session refuses to send a write.
    return Session(assume(), cloud.region, cloud.overrides, cloud.clock, dry=True, renew=assume)


def _ask(theirs: Session, principal: Principal, live: LiveProbe) -> LiveRow:
    verdict = decide(principal, live.probe.action, live.probe.resource)
    error: AlibabaCloudError | None = None
    try:
        theirs.send(live.call)
    except AlibabaCloudError as refused:
        error = refused
    return LiveRow(live.probe, verdict, *answer(error))


def _proof(environment: Environment, rights: Rights, unread: list[tuple[str, str]]) -> Proof:
    account, tightened = _result(rights.account), _result(rights.tightened)
    principals = {subject: _result(handle) for subject, handle in rights.principals.items()}
    known = [each for each in principals.values() if isinstance(each, Principal)]
    number = account.account_id if isinstance(account, Account) else environment.account
    settled = tightened if isinstance(tightened, bool) else None
    live = _result(rights.live) if rights.live else None
    return Proof(
        environment.name,
        tuple(row for each in known for row in _rows(environment, number, each, settled)),
        tuple(finding for each in known for finding in escalations(each, number)),
        tuple((str(each), line) for each in known for line in differences(environment, each, settled)),
        tuple(f"{kind} {name}" for (kind, name), each in principals.items() if each is None),
        tuple(unread),
        live if isinstance(live, LiveProof) else None,
        {waiver.finding: waiver.reason for waiver in environment.safety.waivers},
        tuple((str(each), line) for each in known for line in mistrusted(environment, each)),
    )


def _rows(environment: Environment, account: str, principal: Principal, tightened: bool | None) -> Iterable[Row]:
    for probe in _probes(environment, account, principal, tightened):
        yield Row(str(principal), *probe.answered(principal))


def _probes(environment: Environment, account: str, principal: Principal, tightened: bool | None) -> list[Probe]:
    if principal.kind == "role":
        return access_probes.of_service(environment, account, tightened)
    return access_probes.of_people(environment, account, access_probes.projects_of(environment, principal))


def _result(handle: PrefectFuture[Any]) -> Any:
    """Give what a step returned, or the error that kept it from that."""
    if handle.state.is_final():
        return handle.state.result(raise_on_failure=False)
    return StepsFailed("It waited in vain for a step that failed.")
