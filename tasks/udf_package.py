"""UDF packages: the upload to the bucket, the registration in a project."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5, sha256
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

from alicloud import foas_projects, oss_multipart, oss_objects
from alicloud.errors import Misconfigured
from alicloud.foas_projects import PackageSpec
from alicloud.oss_objects import StoredObject, UdfSpec
from alicloud.session import Session
from alicloud.settle import settle
from blocks.environment import UdfPackage
from blocks.runner_rights import need
from tasks.step import step
from tasks.udf_upload import upload

T = TypeVar("T")

FOLDER = Path("udf")  # of the project; flows run in the project's root
MAX_BYTES = 256 * 1024 * 1024


@step(
    "UDF package {package.name}",
    "R20",
    needs=(
        need(oss_multipart.abort_multipart_upload, key="packages"),
        need(oss_multipart.complete_multipart_upload, key="packages"),
        need(oss_multipart.initiate_multipart_upload, key="packages"),
        need(oss_multipart.list_multipart_uploads, to_write=True),
        need(oss_multipart.list_parts, key="packages", to_write=True),
        need(oss_multipart.upload_part, key="packages"),
        need(oss_objects.head_object, key="packages"),
        need(oss_objects.put_object, key="packages"),
    ),
)
def ensure_package(cloud: Session, package: UdfPackage, bucket: str) -> StoredObject | None:
    """Upload the package unless the bucket has the same bytes: whole, or a large one in parts.

    Raises:
        Misconfigured: the file is missing, too large, no regular file, lies outside of udf/, or is another one than
            the environment's checksum says.
    """
    path = _path(package)
    spec = _reading(package, lambda: _spec(package, bucket, path))
    if package.sha256 and spec.sha256 != package.sha256.lower():
        raise Misconfigured(
            f"UDF package {package.name}: the SHA-256 of udf/{package.path} is {spec.sha256}, but the environment "
            f"wants {package.sha256.lower()}.",
            remedy="Put the right file there, or correct the checksum.",
        )
    if spec.parts:
        return upload(cloud, spec, lambda number: _reading(package, lambda: _part(path, number)))
    read = oss_objects.head_object(bucket, package.key)
    return settle(cloud, read, spec, oss_objects.udf_changes, oss_objects.planned_object(spec))


def _path(package: UdfPackage) -> Path:
    what = f"UDF package {package.name}"

    def found() -> Path:
        path = (FOLDER / package.path).resolve()
        if not path.is_relative_to(FOLDER.resolve()):
            raise Misconfigured(f"{what}: {package.path} lies outside of udf/.", remedy="Move it there.")
        status = path.stat()
        if not S_ISREG(status.st_mode):  # a pipe would be waited for, a device has no end
            raise Misconfigured(f"{what}: udf/{package.path} is not a regular file.", remedy="Put the file there.")
        if status.st_size > MAX_BYTES:
            raise _too_large(package)
        return path

    return _reading(package, found)


def _spec(package: UdfPackage, bucket: str, path: Path) -> UdfSpec:
    """Describe the file by its content, which is read once; only a small one is kept in memory."""
    with path.open("rb") as file:
        head = file.read(oss_multipart.THRESHOLD_BYTES + 1)
        if len(head) <= oss_multipart.THRESHOLD_BYTES:
            return oss_objects.udf_spec(bucket, package.key, package.path, head, package.version)
        del head
        file.seek(0)
        whole, checksum, parts, size = md5(usedforsecurity=False), sha256(), [], 0
        while part := file.read(oss_multipart.PART_BYTES):
            size += len(part)
            if size > MAX_BYTES:  # it grows while it is read
                raise _too_large(package)
            whole.update(part)
            checksum.update(part)
            parts.append(md5(part, usedforsecurity=False).hexdigest())
    texts = (whole.hexdigest(), size, checksum.hexdigest(), package.version)
    return UdfSpec(bucket, package.key, package.path, *texts, tuple(parts))


def _part(path: Path, number: int) -> bytes:
    with path.open("rb") as file:
        file.seek((number - 1) * oss_multipart.PART_BYTES)
        return file.read(oss_multipart.PART_BYTES)


def _reading(package: UdfPackage, read: Callable[[], T]) -> T:
    """Read from the package's file, and say in the operator's words why it cannot be read."""
    try:
        return read()
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself, up to Python 3.12
        text = f"UDF package {package.name}: udf/{package.path} cannot be read"
        why = getattr(error, "strerror", "a link to itself")
        raise Misconfigured(f"{text} ({why}).", remedy="Put the file there on the worker.") from None


def _too_large(package: UdfPackage) -> Misconfigured:
    return Misconfigured(f"UDF package {package.name} is larger than 256 MiB.", remedy="Upload it by hand.")


@step(
    "Registration of {package.name}",
    "R20",
    needs=(
        need(foas_projects.create_package, project="projects_with_packages"),
        need(foas_projects.list_package, project="projects_with_packages"),
        need(foas_projects.list_project),
        need(foas_projects.update_package, project="projects_with_packages"),
    ),
)
def ensure_registration(cloud: Session, package: UdfPackage, key: str) -> None:
    """Register the uploaded package in its project (exclusive mode)."""
    spec = PackageSpec(package.project, package.name, key)
    read = foas_projects.list_package(package.project)
    if cloud.dry and all(row.name != package.project for row in cloud.recall(foas_projects.list_project())):
        cloud.snapshot.expect(read, ())  # foas documents no code for a project that is only planned
    settle(cloud, read, spec, foas_projects.package_changes)
