"""What an account has of one environment, as it was read; `adoption` makes a document of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from alicloud.foas import Cluster
from alicloud.foas_projects import Package
from alicloud.foasconsole import Workspace
from alicloud.oss import Bucket
from alicloud.ram import Group, LoginProfile, User
from alicloud.ram_account import PasswordPolicy, SecurityPreference
from alicloud.ram_policies import Attachment, Policy, PrincipalKind, Role
from alicloud.ververica import Member
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch


@dataclass(frozen=True)
class Running:
    """What Flink runs on; one of the two is None."""

    cluster: Cluster | None = None
    workspace: Workspace | None = None

    @property
    def name(self) -> str:
        return self._either.name

    @property
    def vpc_id(self) -> str:
        return self._either.vpc_id

    @property
    def vswitch_ids(self) -> tuple[str, ...]:
        return self._either.vswitch_ids

    @property
    def zone(self) -> str:
        return self._either.zone

    @property
    def bucket(self) -> str:
        return self._either.bucket

    @property
    def _either(self) -> Cluster | Workspace:
        found = self.cluster or self.workspace
        assert found is not None  # noqa: S101  whoever makes it gives one
        return found


@dataclass(frozen=True)
class Surroundings:
    """Network and bucket. `environments` are those whose journals lie in the bucket.

    `packages` are the objects below udf/, by name; `local` those of them that are files of the worker with the same
    bytes.
    """

    vpc: Vpc | None
    vswitches: tuple[VSwitch, ...]
    bucket: Bucket | None
    environments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    local: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Share:
    """A project or namespace with its compute units; `problem` says why a document cannot name it."""

    name: str
    description: str = ""
    cus: int = 0
    members: tuple[Member, ...] = ()
    packages: tuple[Package, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Holder:
    """A user or group that holds a policy for people who use Realtime Compute."""

    kind: PrincipalKind
    name: str
    policy: str
    document: str


@dataclass(frozen=True)
class Persons:
    """Who holds policies for people, and the users whom that concerns."""

    holders: tuple[Holder, ...] = ()
    groups: dict[str, Group] = field(default_factory=dict)
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    logons: dict[str, LoginProfile] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """What holds for all users of the account."""

    passwords: PasswordPolicy
    preference: SecurityPreference


@dataclass(frozen=True)
class Service:
    """The role that the service acts through, what it carries, and the custom policy of exclusive mode."""

    role: Role | None
    attached: tuple[Attachment, ...] = ()
    policy: Policy | None = None


@dataclass(frozen=True)
class Found:
    """All that was read."""

    region: str
    running: Running
    surroundings: Surroundings
    shares: tuple[Share, ...]
    persons: Persons
    settings: Settings
    service: Service
