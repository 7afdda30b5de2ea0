"""What we want: the environment, one typed document that is a YAML file and a Prefect block at once."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from prefect.blocks.core import Block
from pydantic import ConfigDict, Field, field_validator, model_validator

from alicloud import prerequisites
from alicloud.errors import Misconfigured
from alicloud.rights_lint import FindingId
from blocks.auditing import Audit
from blocks.clusters import ExclusiveCluster, ManagedWorkspace
from blocks.names import (
    BLOCK_NAME,
    BlockName,
    BucketFolder,
    BucketName,
    EnvironmentName,
    OptionalAccountId,
    OptionalCidrBlock,
    OptionalProjectName,
    OptionalResourceName,
    OptionalRoleName,
    OptionalServicePrincipal,
    OptionalSha256,
    OptionalVersion,
    OptionalVpcId,
    OptionalVSwitchId,
    OptionalZoneId,
    PackageName,
    ProjectName,
    Region,
    ResourceName,
    StorageRegion,
    Text,
    UserName,
    ZoneId,
)
from blocks.people import People
from blocks.section import Section
from blocks.shown import shown

MAX_TOLD = 50  # of what is wrong with a document; whoever has corrected that much looks again


class ServiceRole(Section):
    """The role that Realtime Compute acts through (R7 to R11)."""

    name: OptionalRoleName = Field("", title="Role name", description="Empty: the service's default role of the mode.")
    trusted_service: OptionalServicePrincipal = Field(
        "",
        title="Trusted service",
        description="The service principal in the trust policy. The vendor does not publish it. Empty: a role that is "
        f"created trusts {prerequisites.DEFAULT_EXCLUSIVE_SERVICE}, one that exists and trusts nobody but a name of "
        "Realtime Compute stays; another name stops the run until it is said here.",
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

    name: PackageName = Field(title="Package name", description="Also the object's name in its folder of the bucket.")
    path: str = Field(
        title="File", max_length=300, description="Below the project folder's udf/ on the worker, e.g. orders-udf.jar."
    )
    project: OptionalProjectName = Field("", title="Project", description="Exclusive mode: register it there.")
    version: OptionalVersion = Field("", title="Version", description="Kept in the object's metadata, e.g. 1.4.2.")
    sha256: OptionalSha256 = Field(
        "", title="SHA-256", description="In 64 hexadecimal digits: a file with another checksum is refused."
    )
    folder: BucketFolder = Field(
        "udf",
        title="Folder in the bucket",
        description="Managed mode: where the console of your workspace looks for artifacts, if that is elsewhere.",
    )

    @property
    def key(self) -> str:
        """The object's key in the bucket."""
        return f"{self.folder}/{self.name}"

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


class Project(Section):
    """A project (exclusive) or namespace (managed) with its compute units (R23, R24)."""

    name: ProjectName = Field(
        title="Project name", description="Without '-' in exclusive mode, without '_' in managed."
    )
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


class Waiver(Section):
    """A finding of the rights lint that somebody has accepted, with the reason."""

    finding: FindingId = Field(title="Finding")
    reason: Text = Field(min_length=1, title="Reason", description="Stands in every plan beside the finding.")


class Safety(Section):
    """What may never happen without a person."""

    max_compute_units: int = Field(64, ge=1, le=100_000, title="Most compute units")
    may_create_network: bool = Field(True, title="May create VPC and vSwitch")
    may_order: bool = Field(False, title="May order", description="Managed mode: buy the workspace without asking.")
    approval: Literal["never", "money", "always"] = Field(
        "never",
        title="Approval",
        description="When a run waits until an operator has approved its plan: never, where money or danger is "
        "involved, or whenever there is anything to write.",
    )
    approval_minutes: float = Field(
        1440,
        ge=0.1,
        le=43_200,
        title="Approval (minutes)",
        description="A run that nobody has answered for so long fails, with nothing written.",
    )
    manual_minutes: float = Field(
        60,
        ge=0,
        le=43_200,
        title="Manual steps (minutes)",
        description="How long a run waits for what only a person can do, such as to authorize a role in the console. "
        "It goes on once the cloud shows that it is done. 0: it fails at once.",
    )
    lease_seconds: int = Field(
        60,
        ge=4,
        le=3600,
        title="Lease (seconds)",
        description="A run that has been silent for so long may be taken over by another.",
    )
    max_price: Decimal | None = Field(
        None, ge=0, max_digits=12, decimal_places=4, title="Highest price", description="Of the first order, as quoted."
    )
    rights_lint: Literal["warn", "refuse", "off"] = Field(
        "warn", title="Rights lint", description="What to do about rights that reach too far and are not waived."
    )
    waivers: list[Waiver] = Field(default_factory=list, max_length=20, title="Waivers of the rights lint")


class Environment(Section):
    """The whole of what is wanted in one region of one account. It holds no secret."""

    name: EnvironmentName = Field(title="Name")
    region: Region = Field(title="Region", description="e.g. cn-hangzhou")
    account: OptionalAccountId = Field(
        "", title="Account", description="The account's number: credentials of another account are refused."
    )
    credentials: BlockName = Field(title="Credentials block", description="Name of an Alibaba Cloud Credentials block.")
    tags: list[BlockName] = Field(
        default_factory=list, max_length=20, title="Tags", description="By which prepare-fleet and audit-fleet choose."
    )
    people: People = Field(default_factory=People, title="People")
    service_role: ServiceRole = Field(default_factory=ServiceRole, title="Service role")
    network: Network = Field(title="Network")
    storage: Storage = Field(title="Storage")
    cluster: Annotated[ExclusiveCluster | ManagedWorkspace, Field(discriminator="mode", title="Cluster")]
    projects: list[Project] = Field(default_factory=list, max_length=100, title="Projects")
    attached_storage: list[AttachedStorage] = Field(default_factory=list, max_length=100, title="Attached storage")
    safety: Safety = Field(default_factory=Safety, title="Safety")
    audit: Audit = Field(default_factory=Audit, title="Audit")

    @model_validator(mode="after")
    def _possible(self) -> Environment:
        from blocks.conflicts import conflicts

        found = conflicts(self)
        if found:
            more = [f"And {len(found) - MAX_TOLD} more."] if len(found) > MAX_TOLD else []
            raise ValueError("; ".join([*map(str, found[:MAX_TOLD]), *more]))
        return self


class FlinkEnvironment(Block):
    """What one Flink environment shall be: people, network, storage, cluster, projects. Holds no secret."""

    _block_type_name = "Flink Environment"
    _block_type_slug = "flink-environment"
    _description = "What one environment of Realtime Compute for Apache Flink shall be. Flows take it by its name."

    model_config = ConfigDict(hide_input_in_errors=True)  # somebody may have put a secret there

    environment: Environment = Field(title="Environment")

    @classmethod
    def load(cls, name: str, *args: Any, **kwargs: Any) -> Any:
        """Load an environment by the name of its block.

        Raises:
            Misconfigured: no block can have this name. Prefect would make a URL of it.
            ValueError: there is no block of this name.
        """
        if not re.fullmatch(BLOCK_NAME[0], name):
            text = f"{shown(name)} cannot be the name of a Flink Environment block."
            raise Misconfigured(text, remedy=f"Give {BLOCK_NAME[1]}.")
        return super().load(name, *args, **kwargs)


def as_block(environment: Environment) -> FlinkEnvironment:
    """Make the block of an environment, to be saved under the environment's name."""
    return FlinkEnvironment(environment=environment)


def describe(environment: Environment) -> dict[str, Any]:
    """Give the document as plain data, as it stands in YAML."""
    written = environment.model_dump(mode="json", exclude_defaults=True)
    written["cluster"]["mode"] = environment.cluster.mode  # a default of each mode, and what tells the two apart
    return written
