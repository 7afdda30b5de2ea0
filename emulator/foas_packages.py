"""Packages: the user-defined functions of a project, kept in the bucket of its cluster."""

from __future__ import annotations

from typing import Any

from emulator import oss
from emulator.foas import Package, Project, State, checked, find_project, milliseconds, user_id
from emulator.pages import by_index
from emulator.request import Refusal, Request
from emulator.world import World

LIMIT = 50  # per project. Source: Realtime Compute, limits of exclusive mode
KINDS = "JAR|DICTIONARY|SCRIPT|PYTHON"


def create_package(world: World, request: Request) -> dict[str, Any]:
    """Register an object of the bucket of the cluster. Source: foas 2018-11-11, CreatePackage."""
    project = find_project(world, request)
    name, kind, path = request.required("packageName", "type", "ossPath")
    checked(r"[^/\s]{1,128}", "packageName", name)
    checked(KINDS, "type", kind)
    packages = world.part(State).packages.get(project.name, {})
    if name in packages:
        raise Refusal(409, "PackageAlreadyExists", f"The package {name} exists already in project {project.name}.")
    if len(packages) >= LIMIT:
        raise Refusal(400, "QuotaExceeded.Package", f"A project holds at most {LIMIT} packages.")
    bucket = _bucket(world, project, path)

    operator = user_id(request.caller)
    world.part(State).packages.setdefault(project.name, {})[name] = Package(
        project=project.name,
        name=name,
        kind=kind,
        oss_path=path,
        oss_endpoint=f"oss-{project.region}-internal.aliyuncs.com",
        oss_bucket=bucket,
        oss_owner=world.account_id,
        creator=operator,
        modifier=operator,
        created_at=world.now(),
        modified_at=world.now(),
        origin_name=request.text("originName", name),
        md5=request.text("md5"),
        description=request.text("description"),
        tag=request.text("tag"),
    )
    return {}


def update_package(world: World, request: Request) -> dict[str, Any]:
    package = _find(world, request)
    path = request.text("ossPath", package.oss_path)
    _bucket(world, find_project(world, request), path)

    package.oss_path = path
    package.origin_name = request.text("originName", package.origin_name)
    package.md5 = request.text("md5", package.md5)
    package.description = request.text("description", package.description)
    package.tag = request.text("tag", package.tag)
    package.modifier, package.modified_at = user_id(request.caller), world.now()
    return {}


def get_package(world: World, request: Request) -> dict[str, Any]:
    return {"Package": _shown(_find(world, request))}


def list_package(world: World, request: Request) -> dict[str, Any]:
    project = find_project(world, request)
    wanted = (request.text("packageName"), request.text("type"), request.text("tag"))
    rows = [row for row in world.part(State).packages.get(project.name, {}).values() if _matches(row, wanted)]
    page, facts = by_index(request, rows, capital=False)
    return {**facts, "Packages": {"Package": [_shown(package) for package in page]}}


def delete_package(world: World, request: Request) -> dict[str, Any]:
    package = _find(world, request)
    del world.part(State).packages[package.project][package.name]
    return {}


def get_ref_package_job(world: World, request: Request) -> dict[str, Any]:
    """List the jobs that use a package: none, because no job runs here."""
    _find(world, request)
    _, facts = by_index(request, [], capital=False)
    return {**facts, "Jobs": {"Job": []}}


def _find(world: World, request: Request) -> Package:
    project = find_project(world, request)
    name = request.path.get("packageName", "")
    package = world.part(State).packages.get(project.name, {}).get(name)
    if package is None:
        raise Refusal(404, "PackageNotFound", f"The package {name} does not exist in project {project.name}.")
    return package


def _bucket(world: World, project: Project, path: str) -> str:
    """Give the cluster's bucket, in which the object must be already."""
    bucket = world.part(State).clusters[project.cluster_id].bucket
    if oss.find_object(world, bucket, path) is None:
        raise Refusal(404, "OssObjectNotFound", f"The object {path} does not exist in bucket {bucket}.")
    return bucket


def _matches(package: Package, wanted: tuple[str, str, str]) -> bool:
    name, kind, tag = wanted
    return name in ("", package.name) and kind in ("", package.kind) and tag in ("", package.tag)


def _shown(package: Package) -> dict[str, Any]:
    return {
        "ProjectName": package.project,
        "PackageName": package.name,
        "OriginName": package.origin_name,
        "Type": package.kind,
        "Md5": package.md5,
        "Description": package.description,
        "OssEndpoint": package.oss_endpoint,
        "OssBucket": package.oss_bucket,
        "OssOwner": package.oss_owner,
        "OssPath": package.oss_path,
        "Tag": package.tag,
        "Creator": package.creator,
        "Modifier": package.modifier,
        "CreateTime": milliseconds(package.created_at),
        "ModifyTime": milliseconds(package.modified_at),
        "ScanState": "",
        "ScanLink": "",
        "ScanErrorMessage": "",
        "ScanExtBizNo": "",
    }


ROUTES = {
    ("POST", "/api/v2/projects/{projectName}/packages"): create_package,
    ("GET", "/api/v2/projects/{projectName}/packages"): list_package,
    ("GET", "/api/v2/projects/{projectName}/packages/{packageName}"): get_package,
    ("PUT", "/api/v2/projects/{projectName}/packages/{packageName}"): update_package,
    ("DELETE", "/api/v2/projects/{projectName}/packages/{packageName}"): delete_package,
    ("GET", "/api/v2/projects/{projectName}/packages/{packageName}/jobs"): get_ref_package_job,
}
