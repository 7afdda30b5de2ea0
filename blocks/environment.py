"""What we want: the environment, one typed document that is a YAML file and a Prefect block at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from prefect.blocks.core import Block
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alicloud import prerequisites
from blocks.names import (
    BlockName,
    BucketName,
    ClusterName,
    EnvironmentName,
    GroupName,
    OptionalAccountId,
    OptionalCidrBlock,
    OptionalOrderId,
    OptionalProjectName,
    OptionalResourceName,
    OptionalRoleName,
    OptionalServicePrincipal,
    OptionalVpcId,
    OptionalVSwitchId,
    OptionalZoneId,
    PackageName,
    ProjectName,
    ProjectReference,
    Region,
    ResourceName,
    Specification,
    StorageRegion,
    Text,
    UserName,
    WorkspaceName,
    ZoneId,
)


class Section(BaseModel):
    """A part of the document: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class User(Section):
    """A RAM user: one person, never shared (R1)."""

    name: UserName = Field(title="User name", description="Logon name of one person.")
    display_name: Text = Field("", title="Display name")
    email: Text = Field("", title="E-mail")
    console_logon: bool = Field(
        False,
        title="May log on to the console",
        description="A one-time password is put into a Secret block before the logon is made; it must be changed "
        "at first use.",
    )
    mfa_required: bool = Field(True, title="Must bind an MFA device", description="Only with a console logon.")
    projects: list[ProjectReference] = Field(
        default_factory=list,
        title="Projects",
        description="Projects this user may use by a policy of their own; '*' for all. Groups are the better way.",
    )


class Group(Section):
    """A RAM user group and the projects that its members may use (R3, R4)."""

    name: GroupName = Field(title="Group name")
    comments: Text = Field("", title="Comments")
    members: list[UserName] = Field(default_factory=list, title="Members", description="Names from Users.")
    projects: list[ProjectReference] = Field(
        default_factory=list, title="Projects", description="Names from Projects, or '*' for all."
    )


class PasswordPolicy(Section):
    """The least that passwords of RAM users must satisfy (R2). A stricter account is left as it is."""

    minimum_length: int = Field(12, ge=8, le=32, title="Minimum length")
    require_lowercase: bool = Field(True, title="Lower-case letter required")
    require_uppercase: bool = Field(True, title="Upper-case letter required")
    require_numbers: bool = Field(True, title="Digit required")
    require_symbols: bool = Field(True, title="Symbol required")
    max_attempts: int = Field(5, ge=1, le=32, title="Logon attempts per hour")
    max_age_days: int = Field(90, ge=0, le=1095, title="Days until a password expires", description="0: never.")
    reuse_prevention: int = Field(5, ge=0, le=24, title="Former passwords that may not come back")


class SecurityPreference(Section):
    """What RAM users may do for themselves (R2)."""

    allow_user_to_change_password: bool = Field(True, title="May change their password")
    allow_user_to_manage_access_keys: bool = Field(False, title="May manage their AccessKeys")
    allow_user_to_manage_mfa_devices: bool = Field(True, title="May manage their MFA devices")
    enable_save_mfa_ticket: bool = Field(False, title="May keep MFA for 7 days")
    login_session_hours: int = Field(6, ge=1, le=24, title="Hours until a console session ends")


class People(Section):
    """Who uses Realtime Compute, and with which rights."""

    users: list[User] = Field(default_factory=list, max_length=200, title="Users")
    groups: list[Group] = Field(default_factory=list, max_length=50, title="Groups")
    initialize_ram: bool = Field(True, title="Set password policy and security preference")
    password_policy: PasswordPolicy = Field(default_factory=PasswordPolicy, title="Password policy")
    security_preference: SecurityPreference = Field(default_factory=SecurityPreference, title="Security preference")


class ServiceRole(Section):
    """The role that Realtime Compute acts through (R7 to R11)."""

    name: OptionalRoleName = Field("", title="Role name", description="Empty: the service's default role of the mode.")
    trusted_service: OptionalServicePrincipal = Field(
        "",
        title="Trusted service",
        description="The service principal in the trust policy. The vendor does not publish it. Empty: a role that is "
        f"created trusts {prerequisites.DEFAULT_EXCLUSIVE_SERVICE}, one that exists and trusts a service stays.",
    )
    create: bool = Field(
        True,
        title="Create by API",
        description="Off: only check, and stop with the link to the Authorize page when it is missing.",
    )


class Vpc(Section):
    """The VPC: an existing one by id, or one to create by name and CIDR block (R17)."""

    id: OptionalVpcId = Field("", title="VPC id", description="An existing VPC.")
    name: OptionalResourceName = Field("", title="VPC name", description="Realtime Compute shows named VPCs only.")
    cidr: OptionalCidrBlock = Field("", title="CIDR block", description="For a VPC to create.")


class VSwitch(Section):
    """A vSwitch: an existing one by id, or one to create by name and CIDR block (R19)."""

    id: OptionalVSwitchId = Field("", title="vSwitch id", description="An existing vSwitch.")
    name: OptionalResourceName = Field("", title="vSwitch name")
    cidr: OptionalCidrBlock = Field("", title="CIDR block", description="For a vSwitch to create.")
    zone: OptionalZoneId = Field("", title="Zone", description="Empty: the network's zone.")


class Network(Section):
    """Where the cluster lives."""

    vpc: Vpc = Field(title="VPC")
    zone: ZoneId = Field(title="Zone")
    vswitches: list[VSwitch] = Field(min_length=1, max_length=8, title="vSwitches", description="Exclusive: one.")


class UdfPackage(Section):
    """A UDF package to upload, and for exclusive mode to register in a project (R20)."""

    name: PackageName = Field(title="Package name", description="Also the object's name under udf/ in the bucket.")
    path: str = Field(
        title="File", max_length=300, description="Below the project folder's udf/ on the worker, e.g. orders-udf.jar."
    )
    project: OptionalProjectName = Field("", title="Project", description="Exclusive mode: register it there.")

    @field_validator("path")
    @classmethod
    def _stays_below(cls, path: str) -> str:
        parts = path.replace("\\", "/").split("/")
        if path.startswith(("/", "~")) or ".." in parts or "" in parts or not path.isprintable():
            raise ValueError("must be a relative path below udf/, without '..'")
        return path


class Storage(Section):
    """The OSS bucket of the cluster (R20)."""

    bucket: BucketName = Field(title="Bucket", description="Created private, Standard, versioned when it is missing.")
    redundancy: Literal["LRS", "ZRS"] = Field(
        "LRS", title="Redundancy", description="ZRS costs more and can never be switched off."
    )
    encryption: Literal["", "AES256"] = Field("AES256", title="Encryption at rest")
    udf_packages: list[UdfPackage] = Field(default_factory=list, max_length=50, title="UDF packages")


class Nodes(Section):
    """Nodes of one kind in an exclusive order (R13)."""

    specification: Specification = Field(title="Specification", description="e.g. Ecs_8c32g")
    number: int = Field(ge=1, le=1000, title="Number")


class ExclusiveCluster(Section):
    """An exclusive cluster on an existing, paid order (R12 to R14, R21)."""

    mode: Literal["exclusive"] = Field("exclusive", title="Mode")
    name: ClusterName = Field(title="Cluster name")
    description: Text = Field(title="Description", min_length=1)
    order_id: OptionalOrderId = Field(
        "", title="Order", description="Instance id of the paid order. Empty: the only one without a cluster."
    )
    order_product_code: str = Field(
        "blinkonecs",
        pattern=r"^[A-Za-z0-9_]{2,60}$",
        title="Product code of the order",
        description="As billing calls it; the vendor does not publish it.",
    )
    master: Nodes = Field(Nodes(specification="Ecs_4c16g", number=3), title="Master nodes of the order")
    slave: Nodes = Field(Nodes(specification="Ecs_8c32g", number=3), title="Slave nodes of the order")
    expected_minutes: float = Field(30, gt=0, le=600, title="Expected minutes until RUNNING")
    timeout_minutes: float = Field(60, gt=0, le=1440, title="Minutes after which a ticket is due")
    poll_seconds: float = Field(45, ge=1, le=600, title="Seconds between two looks")

    @property
    def nodes(self) -> int:
        """How many addresses the cluster takes in its vSwitch."""
        return self.master.number + self.slave.number


class ManagedWorkspace(Section):
    """A workspace of fully managed Flink (R24)."""

    mode: Literal["managed"] = Field("managed", title="Mode")
    name: WorkspaceName = Field(title="Workspace name")
    charge_type: Literal["PayAsYouGo", "Subscription"] = Field("PayAsYouGo", title="Billing")
    compute_units: int = Field(ge=1, le=10_000, title="Compute units (CU)", description="1 CU = 1 vCPU and 4 GiB.")
    duration_months: int = Field(1, ge=1, le=36, title="Months", description="Subscription only.")
    auto_renew: bool = Field(False, title="Renew automatically", description="Subscription only.")
    storage: Literal["bucket", "managed"] = Field("bucket", title="Storage")
    expected_minutes: float = Field(10, gt=0, le=600, title="Expected minutes until RUNNING")
    timeout_minutes: float = Field(40, gt=0, le=1440, title="Minutes after which a ticket is due")
    poll_seconds: float = Field(20, ge=1, le=600, title="Seconds between two looks")

    @property
    def nodes(self) -> int:
        """Free addresses that we ask of the vSwitches: one per CU, and a margin for the service's own.

        UNCONFIRMED: the vendor publishes no formula for managed workspaces.
        """
        return self.compute_units + 4


class Project(Section):
    """A project (exclusive) or namespace (managed) with its compute units (R23, R24)."""

    name: ProjectName = Field(title="Project name")
    description: Text = Field("", title="Description")
    compute_units: int = Field(ge=1, le=10_000, title="Compute units (CU)", description="1 CU = 1 vCPU and 4 GiB.")
    managers: list[UserName] = Field(
        default_factory=list, title="Managers", description="Managed mode: these users become owners of the namespace."
    )


class AttachedStorage(Section):
    """An upstream or downstream storage, to be checked for region and VPC (R15)."""

    name: ResourceName = Field(title="Name")
    kind: Text = Field("", title="Kind", description="e.g. RDS, Kafka, Hologres")
    region: StorageRegion = Field(title="Region")
    vpc_id: OptionalVpcId = Field("", title="VPC id", description="Empty: the environment's own VPC.")
    connected: bool = Field(False, title="Connected", description="A private connection between the VPCs is in place.")


class Safety(Section):
    """What may never happen without a person."""

    max_compute_units: int = Field(64, ge=1, le=100_000, title="Most compute units")
    may_create_network: bool = Field(True, title="May create VPC and vSwitch")
    may_order: bool = Field(False, title="May order", description="Managed mode: buy the workspace without asking.")
    max_price: Decimal | None = Field(
        None, ge=0, max_digits=12, decimal_places=4, title="Highest price", description="Of the first order, as quoted."
    )


class Environment(Section):
    """The whole of what is wanted in one region of one account. It holds no secret."""

    name: EnvironmentName = Field(title="Name")
    region: Region = Field(title="Region", description="e.g. cn-hangzhou")
    account: OptionalAccountId = Field(
        "", title="Account", description="The account's number: credentials of another account are refused."
    )
    credentials: BlockName = Field(title="Credentials block", description="Name of an Alibaba Cloud Credentials block.")
    people: People = Field(default_factory=People, title="People")
    service_role: ServiceRole = Field(default_factory=ServiceRole, title="Service role")
    network: Network = Field(title="Network")
    storage: Storage = Field(title="Storage")
    cluster: Annotated[ExclusiveCluster | ManagedWorkspace, Field(discriminator="mode", title="Cluster")]
    projects: list[Project] = Field(default_factory=list, max_length=100, title="Projects")
    attached_storage: list[AttachedStorage] = Field(default_factory=list, max_length=100, title="Attached storage")
    safety: Safety = Field(default_factory=Safety, title="Safety")

    @model_validator(mode="after")
    def _possible(self) -> Environment:
        from blocks.conflicts import conflicts

        found = conflicts(self)
        if found:
            raise ValueError("; ".join(str(conflict) for conflict in found))
        return self


class FlinkEnvironment(Block):
    """What one Flink environment shall be: people, network, storage, cluster, projects. Holds no secret."""

    _block_type_name = "Flink Environment"
    _block_type_slug = "flink-environment"
    _description = "What one environment of Realtime Compute for Apache Flink shall be. Flows take it by its name."

    environment: Environment = Field(title="Environment")


def as_block(environment: Environment) -> FlinkEnvironment:
    """Make the block of an environment, to be saved under the environment's name."""
    return FlinkEnvironment(environment=environment)


def describe(environment: Environment) -> dict[str, Any]:
    """Give the document as plain data, as it stands in YAML."""
    written = environment.model_dump(mode="json", exclude_defaults=True)
    written["cluster"]["mode"] = environment.cluster.mode  # a default of each mode, and what tells the two apart
    return written
