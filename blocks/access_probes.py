"""The probes of an environment: what its people and the service's role must be able to do, and what they must not.

Source: "Realtime Compute Preparation", version 20220125, where a requirement is named.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Literal

from alicloud import prerequisites
from alicloud.effective_rights import Decision, Principal, Verdict, decide, decide_on_any, furthest
from alicloud.escalation import ANYBODY
from blocks import desired
from blocks.environment import Environment

Expected = Literal["may", "may not", ""]

TIGHTENED_NOTE = (
    f"R10 takes it from {prerequisites.EXCLUSIVE_CUSTOM_POLICY} alone; the vendor's own policy "
    f"{prerequisites.EXCLUSIVE_ROLE_POLICY}, which an account cannot change, goes on allowing it (R8)."
)


@dataclass(frozen=True)
class Probe:
    """A question about somebody's rights, and the answer that is expected.

    `what` says it in the operator's words. `expected` is empty where no requirement decides. `policy` asks what that
    policy gives by itself. `note` is shown beside an answer of "allowed". `others` are actions of which none must be
    possible either. `on_any` asks about every single resource that `resource`, which ends in `*`, stands for.
    """

    what: str
    action: str
    resource: str
    expected: Expected = ""
    requirement: str = ""
    policy: str = ""
    note: str = ""
    others: tuple[str, ...] = ()
    on_any: bool = False

    def is_met_by(self, verdict: Verdict) -> bool:
        """Say whether a verdict is as expected; one that hangs on what is not known never is."""
        if not self.expected:
            return True
        wanted = self.expected == "may"
        return verdict.is_possible == wanted and verdict.decision is not Decision.CONDITIONAL

    def answered(self, principal: Principal) -> tuple[Probe, Verdict]:
        """Give what somebody's policies say, and the probe with the action that they say it of: the furthest."""
        asked = principal.by(self.policy) if self.policy else principal
        found = {action: self._verdict(asked, action) for action in (self.action, *self.others)}
        verdict = furthest(found.values())
        action = next(action for action, each in found.items() if each is verdict)
        return replace(self, action=action), verdict

    def _verdict(self, principal: Principal, action: str) -> Verdict:
        if self.on_any:
            return decide_on_any(principal, action, self.resource.removesuffix("*"))
        return decide(principal, action, self.resource)


def projects_of(environment: Environment, who: Principal) -> set[str]:
    """Give the projects that a group, or a user by a policy of their own and by their groups, may use; `*` is all."""
    people = environment.people
    if who.kind == "group":
        return {project for group in people.groups if group.name == who.name for project in group.projects}
    own = {project for user in people.users if user.name == who.name for project in user.projects}
    return own.union(*(group.projects for group in people.groups if who.name in group.members))


def of_people(environment: Environment, account: str, projects: Set[str]) -> list[Probe]:
    """Give the probes of a user or group that may use these projects (R3, R4)."""
    stream = f"acs:stream:{environment.region}:{account}"
    every, some = "*" in projects, bool(projects)
    by_all: Expected = "may" if every else "" if some else "may not"
    own_role = desired.service_role(environment).name
    return [
        *(
            Probe(
                f"use project {project.name}",
                "stream:GetProject",
                f"{stream}:{project.name}",
                _may(every or project.name in projects),
                "R3",
                others=() if every or project.name in projects else _OF_PROJECTS,
            )
            for project in environment.projects
        ),
        Probe(
            "use a project that is named nowhere",
            "stream:GetProject",
            f"{stream}:{ANYBODY}",
            _may(every),
            "R3",
            others=() if every else _OF_PROJECTS,
        ),
        Probe("list clusters and projects", "stream:ListCluster", f"{stream}:*", by_all, "R3"),
        Probe("create clusters", "stream:CreateCluster", f"{stream}:*", "" if every else "may not", "R3"),
        _change_clusters(environment, stream, "" if every else "may not"),
        Probe("pass the service's role", "ram:PassRole", f"acs:ram:*:{account}:role/{own_role}", _may(some), "R3"),
        *_never(environment, account),
    ]


# What may be done to a project, and to what it runs on. UNCONFIRMED: the names, which are those of the APIs, and that
# a workspace's bear Vvp; see `call_rights`.
_OF_PROJECTS = (
    "stream:DeleteProject",
    "stream:UpdateProject",
    "stream:BindQueue",
    "stream:CreateJob",
    "stream:UpdateJob",
    "stream:DeleteJob",
    "stream:StartJob",
    "stream:StopJob",
    "stream:CreatePackage",
    "stream:UpdatePackage",
    "stream:DeletePackage",
)
_OF_CLUSTERS = (
    "stream:DestroyCluster",
    "stream:DeleteCluster",
    "stream:ExpandCluster",
    "stream:ShrinkCluster",
    "stream:ModifyMasterSpec",
    "stream:UpdateQueue",
    "stream:DeleteQueue",
)
_OF_WORKSPACES = (
    "stream:DeleteVvpInstance",
    "stream:DeleteInstance",
    "stream:ModifyInstanceSpec",
    "stream:ModifyPrepayInstanceSpec",
    "stream:ConvertInstance",
    "stream:DeleteVvpNamespace",
    "stream:ModifyNamespaceSpecV2",
)


def _change_clusters(environment: Environment, stream: str, expected: Expected) -> Probe:
    exclusive = environment.cluster.mode == "exclusive"
    (action, *others), kind = (_OF_CLUSTERS, "cluster") if exclusive else (_OF_WORKSPACES, "vvpinstance")
    what = "change or delete clusters" if exclusive else "change or delete workspaces"
    return Probe(what, action, f"{stream}:{kind}/*", expected, "R3", others=tuple(others), on_any=True)


def of_service(environment: Environment, account: str, tightened: bool | None) -> list[Probe]:
    """Give the probes of the service's role (R8 to R11; managed: R24).

    Args:
        tightened: whether the rights to create security groups must be gone (R10); None where that is not ours to say.
    """
    exclusive = environment.cluster.mode == "exclusive"
    probes = [*_reach(environment, account, exclusive)]
    if exclusive:
        probes += _network_policy(environment, account, tightened)
    its_own = ("oss:",) if exclusive else ("oss:", "ecs:")  # R8 gives it every bucket; R24 says no more than "managed"
    never = [probe for probe in _never(environment, account) if not probe.action.startswith(its_own)]
    return [*probes, *never]


def _may(condition: bool) -> Expected:
    return "may" if condition else "may not"


def _never(environment: Environment, account: str) -> list[Probe]:
    """Give what nobody of the environment may do: change rights, keys, network, and what the service made (R16)."""
    ram, region = f"acs:ram:*:{account}", environment.region
    bucket = f"acs:oss:*:{account}:{environment.storage.bucket}"
    asked = (
        ("create RAM users", "ram:CreateUser", f"{ram}:user/{ANYBODY}", ""),
        ("make AccessKeys of others", "ram:CreateAccessKey", f"{ram}:user/{ANYBODY}", "R1"),
        ("attach policies", "ram:AttachPolicyToUser", f"{ram}:user/{ANYBODY}", ""),
        ("change policies", "ram:CreatePolicyVersion", f"{ram}:policy/{ANYBODY}", ""),
        ("change whom roles trust", "ram:UpdateRole", f"{ram}:role/{ANYBODY}", ""),
        ("assume other roles", "sts:AssumeRole", f"{ram}:role/{ANYBODY}", ""),
        ("delete the VPC", "vpc:DeleteVpc", f"acs:vpc:{region}:{account}:vpc/*", ""),
        (
            "delete the service's security group",
            "ecs:DeleteSecurityGroup",
            _ecs(region, account, "securitygroup"),
            "R16",
        ),
        ("delete the service's interfaces", "ecs:DeleteNetworkInterface", _ecs(region, account, "eni"), "R16"),
        ("open the bucket to the public", "oss:PutBucketAcl", bucket, "R20"),
    )
    return [
        Probe(what, action, on, "may not", requirement, on_any=on.endswith("/*"))
        for what, action, on, requirement in asked
    ]


def _ecs(region: str, account: str, kind: str) -> str:
    return f"acs:ecs:{region}:{account}:{kind}/*"


def _reach(environment: Environment, account: str, exclusive: bool) -> list[Probe]:
    """Give what the role needs, one action for each product. UNCONFIRMED: what the managed mode's policies allow."""
    region, expected, requirement = environment.region, _may(True) if exclusive else "", "R8" if exclusive else "R24"
    bucket = f"acs:oss:*:{account}:{environment.storage.bucket}"
    asked = [
        ("read UDF packages", "oss:GetObject", f"{bucket}/udf"),
        ("look at vSwitches", "vpc:DescribeVSwitches", f"acs:vpc:{region}:{account}:vswitch/*"),
        ("create network interfaces", "ecs:CreateNetworkInterface", _ecs(region, account, "eni")),
        ("attach network interfaces", "ecs:AttachNetworkInterface", _ecs(region, account, "eni")),
    ]
    if exclusive:
        asked += [
            ("read rows of Tablestore", "ots:GetRow", f"acs:ots:{region}:{account}:instance/*"),
            ("write records to DataHub", "dhs:PutRecords", f"acs:dhs:{region}:{account}:projects/*"),
            ("read Log Service", "log:GetLogStore", f"acs:log:{region}:{account}:project/*"),
            ("send messages (MNS)", "mns:SendMessage", f"acs:mns:{region}:{account}:/queues/*"),
            ("look at DRDS", "drds:DescribeDrdsInstance", f"acs:drds:{region}:{account}:instance/*"),
            ("look at RDS", "rds:DescribeDBInstances", f"acs:rds:{region}:{account}:dbinstance/*"),
        ]
    return [Probe(what, action, resource, expected, requirement) for what, action, resource in asked]


def _network_policy(environment: Environment, account: str, tightened: bool | None) -> list[Probe]:
    """Give the probes of policy AliyunStreamDefaultRolePolicy by itself: the network and nothing else (R9, R10)."""
    region, policy = environment.region, prerequisites.EXCLUSIVE_CUSTOM_POLICY
    creation: Expected = "" if tightened is None else _may(not tightened)
    group, own = _ecs(region, account, "securitygroup"), f"by {policy} alone"
    bucket = f"acs:oss:*:{account}:{environment.storage.bucket}"
    return [
        *(
            Probe(f"{what}, {own}", action, group, creation, "R10", policy)
            for what, action in zip(_CREATING, prerequisites.CREATION_ACTIONS, strict=True)
        ),
        *(
            Probe(what, action, group, "", "R8", note=TIGHTENED_NOTE if tightened else "")
            for what, action in zip(_CREATING, prerequisites.CREATION_ACTIONS, strict=True)
        ),
        Probe(
            f"create network interfaces, {own}",
            "ecs:CreateNetworkInterface",
            _ecs(region, account, "eni"),
            "may",
            "R9",
            policy,
        ),
        Probe(f"read the bucket, {own}", "oss:GetObject", f"{bucket}/udf", "may not", "R9", policy),
    ]


_CREATING = ("create security groups", "open security groups")
