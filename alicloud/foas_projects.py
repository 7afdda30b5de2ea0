"""Projects of an exclusive cluster: the project, the queue that holds its compute units, its packages (foas)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from alicloud.call import Call, Kind, index_pages
from alicloud.call_rights import CLUSTERS, PROJECT, STREAM, account_only, allowed_by
from alicloud.changes import Change
from alicloud.errors import ManualStep, Unmet
from alicloud.foas import PAGE_SIZE, PRODUCT, VERSION, cluster_path
from alicloud.foas_queues import MIB_PER_CU, VCORES_PER_CU, Queue

# Usable compute units of one slave node. Source: the product's price list (a rule of thumb).
USABLE_CUS_PER_SLAVE: Mapping[str, int] = {
    "Ecs_4c16g": 3,
    "Ecs_8c32g": 6,
    "Ecs_16c64g": 13,
    "Ecs_24c96g": 21,
    "Ecs_32c128g": 28,
    "Ecs_56c224g": 52,
    "Ecs_64c256g": 60,
}


@dataclass(frozen=True)
class Project:
    name: str
    cluster_id: str
    state: str
    description: str = ""
    created_at: float = field(default=0.0, compare=False)  # seconds since 1970


@dataclass(frozen=True)
class ProjectSpec:
    """The project that is wanted. `managers` are account ids: in exclusive mode the account manages its projects."""

    name: str
    description: str
    cluster_id: str
    cus: int
    managers: tuple[str, ...]
    account_id: str


@dataclass(frozen=True)
class QueueSpec:
    """The share of a cluster that a project has: `cus` compute units."""

    cluster_id: str
    project: str
    cus: int

    @property
    def name(self) -> str:
        return f"root.{self.project}"


@dataclass(frozen=True)
class Package:
    name: str
    oss_path: str


@dataclass(frozen=True)
class PackageSpec:
    """A UDF package to register: an object in the cluster's bucket."""

    project: str
    name: str
    oss_path: str


def project_key(name: str) -> str:
    """Give the key by which a journal knows a project."""
    return f"foas:project/{name}"


def queue_key(cluster_id: str, name: str) -> str:
    """Give the key by which a journal knows a queue."""
    return f"foas:queue/{cluster_id}/{name}"


def package_key(project: str, name: str) -> str:
    """Give the key by which a journal knows a registered package."""
    return f"foas:package/{project}/{name}"


@allowed_by("stream:ListProject", STREAM)
def list_project() -> Call[tuple[Project, ...]]:
    """List all projects of the region. Source: foas 2018-11-11, ListProject."""
    return Call(
        PRODUCT,
        VERSION,
        "ListProject",
        Kind.READ,
        lambda body: tuple(_project(row) for row in body["Projects"]["Project"]),
        {"pageSize": str(PAGE_SIZE)},
        method="GET",
        path="/api/v2/projects",
        missing=(),
        next_page=index_pages(PAGE_SIZE, "pageIndex"),
    )


@allowed_by("stream:CreateProject", PROJECT)
@account_only("a project of exclusive mode is created by the Alibaba Cloud account, not by a RAM user")
def create_project(spec: ProjectSpec) -> Call[None]:
    """Make a project on a cluster. The account's own AccessKey is needed. Source: foas 2018-11-11, CreateProject."""
    parameters = {
        "deployType": "cell",
        "name": spec.name,
        "clusterId": spec.cluster_id,
        "managerIds": ",".join(spec.managers),
        "description": spec.description or spec.name,
    }
    means, key = f"create project {spec.name}", project_key(spec.name)
    return replace(_write("CreateProject", "POST", "/api/v2/projects", parameters, means), creates=key)


def project_changes(desired: ProjectSpec, actual: tuple[Project, ...]) -> list[Call[Any]]:
    """Decide whether the project must be made.

    Raises:
        Unmet: it exists on another cluster.
    """
    found = next((row for row in actual if row.name == desired.name), None)
    if found is None:
        return [create_project(desired)]
    if found.cluster_id != desired.cluster_id:
        raise Unmet(
            f"Project {desired.name} exists on cluster {found.cluster_id or '(none)'}, wanted on {desired.cluster_id}.",
            remedy="Give the new project another name: a project stays on its cluster.",
        )
    return []


@allowed_by("stream:CreateQueue", CLUSTERS)
def create_queue(spec: QueueSpec) -> Call[None]:
    """Reserve compute units: 100 vcores and 4096 MB each. Source: foas 2018-11-11, CreateQueue."""
    means = f"give project {spec.project} {spec.cus} CUs"
    call = _write("CreateQueue", "POST", cluster_path(spec.cluster_id, "queue"), _resources(spec), means)
    return replace(call, creates=queue_key(spec.cluster_id, spec.name))


@allowed_by("stream:UpdateQueue", CLUSTERS)
def update_queue(spec: QueueSpec) -> Call[None]:
    """Source: foas 2018-11-11, UpdateQueue."""
    means = f"set the CUs of project {spec.project} to {spec.cus}"
    return _write("UpdateQueue", "PUT", cluster_path(spec.cluster_id, "queue"), _resources(spec), means)


def queue_changes(desired: QueueSpec, actual: tuple[Queue, ...]) -> list[Call[Any]]:
    """Decide whether the project's queue must be made or resized.

    Raises:
        Unmet: running jobs use more than is wanted.
    """
    found = next((row for row in actual if row.name == desired.name), None)
    return [create_queue(desired)] if found is None else resized(desired, found)


def resized(desired: QueueSpec, found: Queue) -> list[Call[Any]]:
    """Decide whether a queue that exists must be resized.

    Raises:
        Unmet: running jobs use more than is wanted.
    """
    if found.cus == desired.cus:
        return []
    if found.used_cus > desired.cus:
        raise Unmet(
            f"Jobs of project {desired.project} use {found.used_cus:g} CUs, more than the {desired.cus} wanted.",
            remedy="Stop jobs first, or leave the project its compute units.",
        )
    return [replace(update_queue(desired), changes=(Change("CUs", str(found.cus), str(desired.cus)),))]


@allowed_by("stream:ListProjectBindQueue", PROJECT)
def list_project_bind_queue(project: str) -> Call[tuple[str, ...]]:
    """Give the names of the queues bound to a project. Source: foas 2018-11-11, ListProjectBindQueue."""
    return Call(
        PRODUCT,
        VERSION,
        "ListProjectBindQueue",
        Kind.READ,
        lambda body: tuple(str(row["QueueName"]) for row in body["Queues"]["Queue"]),
        method="GET",
        path=_path(project, "queues"),
        absent=frozenset({"ProjectNotFound"}),  # UNCONFIRMED: foas documents no codes
        missing=(),
    )


@allowed_by("stream:BindQueue", PROJECT)
def bind_queue(spec: QueueSpec) -> Call[None]:
    """Source: foas 2018-11-11, BindQueue."""
    parameters = {"clusterId": spec.cluster_id, "queueName": spec.name}
    return _write("BindQueue", "POST", _path(spec.project, "queue"), parameters, f"bind queue {spec.name}")


def binding_changes(desired: QueueSpec, actual: tuple[str, ...]) -> list[Call[Any]]:
    """Decide whether the queue must be bound; a project has one queue.

    Raises:
        Unmet: another queue is bound.
    """
    if not actual:
        return [bind_queue(desired)]
    if desired.name not in actual:
        raise Unmet(
            f"Project {desired.project} is bound to queue {', '.join(actual)}, not to {desired.name}.",
            remedy="Unbind it in the console when its jobs are offline, then Retry this run.",
        )
    return []


def check_capacity(wanted_cus: int, cluster_cus: int) -> None:
    """Check that a cluster has the compute units that its projects ask for (R23).

    Raises:
        Unmet: it has fewer.
    """
    if wanted_cus > cluster_cus:
        raise Unmet(
            f"The projects ask for {wanted_cus} CUs, the cluster has {cluster_cus}.",
            remedy="Give the projects fewer, or run the deployment scale, which brings the cluster to its wanted size.",
        )


def check_account(is_account: bool) -> None:
    """Check that the AccessKey is the account's own, as creating a project asks for (R12, R23).

    Raises:
        ManualStep: it is a RAM user's or a role's.
    """
    if not is_account:
        raise ManualStep(
            "A project of exclusive mode is created by the Alibaba Cloud account, not by a RAM user.",
            remedy="Run create-project once with an AccessKey of the account, or create the projects in the console; "
            "then Retry this run, which finds them.",
        )


@allowed_by("stream:ListPackage", PROJECT)
def list_package(project: str) -> Call[tuple[Package, ...]]:
    """List the packages of a project. Source: foas 2018-11-11, ListPackage."""
    return Call(
        PRODUCT,
        VERSION,
        "ListPackage",
        Kind.READ,
        lambda body: tuple(_package(row) for row in body["Packages"]["Package"]),
        {"pageSize": str(PAGE_SIZE)},
        method="GET",
        path=_path(project, "packages"),
        absent=frozenset({"ProjectNotFound"}),  # UNCONFIRMED: foas documents no codes
        missing=(),
        next_page=index_pages(PAGE_SIZE, "pageIndex"),
    )


@allowed_by("stream:CreatePackage", PROJECT)
def create_package(spec: PackageSpec) -> Call[None]:
    """Register a package; the cluster knows its bucket. Source: foas 2018-11-11, CreatePackage."""
    parameters = {
        "packageName": spec.name,
        "type": "JAR" if spec.name.endswith(".jar") else "PYTHON" if spec.name.endswith((".py", ".zip")) else "SCRIPT",
        "ossPath": spec.oss_path,
        "originName": spec.name,
    }
    means = f"register package {spec.name} in project {spec.project}"
    call = _write("CreatePackage", "POST", _path(spec.project, "packages"), parameters, means)
    return replace(call, creates=package_key(spec.project, spec.name))


@allowed_by("stream:UpdatePackage", PROJECT)
def update_package(spec: PackageSpec) -> Call[None]:
    """Let a package name another object. Source: foas 2018-11-11, UpdatePackage."""
    path = _path(spec.project, f"packages/{quote(spec.name, safe='')}")
    means = f"let package {spec.name} of project {spec.project} be {spec.oss_path}"
    return _write("UpdatePackage", "PUT", path, {"ossPath": spec.oss_path}, means)


def package_changes(desired: PackageSpec, actual: tuple[Package, ...]) -> list[Call[Any]]:
    """Decide whether the package must be registered, or name another object; its own name is the key."""
    found = next((row for row in actual if row.name == desired.name), None)
    if found is None:
        return [create_package(desired)]
    if found.oss_path == desired.oss_path:
        return []
    return [replace(update_package(desired), changes=(Change("object", found.oss_path, desired.oss_path),))]


def _write(action: str, method: str, path: str, parameters: Mapping[str, str], means: str) -> Call[None]:
    return Call(
        PRODUCT, VERSION, action, Kind.IDEMPOTENT, lambda body: None, parameters, method=method, path=path, means=means
    )


def _resources(spec: QueueSpec) -> dict[str, str]:
    return {
        "queueName": spec.name,
        "maxVcore": str(spec.cus * VCORES_PER_CU),
        "maxMemMB": str(spec.cus * MIB_PER_CU),
    }


def _path(project: str, what: str) -> str:
    return f"/api/v2/projects/{quote(project, safe='')}/{what}"


def _project(row: Mapping[str, Any]) -> Project:
    return Project(
        name=row["Name"],
        cluster_id=str(row.get("ClusterId") or ""),
        state=str(row.get("State") or ""),
        description=str(row.get("Description") or ""),
        created_at=int(row.get("CreateTime") or 0) / 1000,
    )


def _package(row: Mapping[str, Any]) -> Package:
    return Package(row["PackageName"], str(row.get("OssPath") or ""))
