"""UDF packages: the upload to the bucket, the registration in a project."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG

from alicloud import foas_projects, oss_objects
from alicloud.errors import Misconfigured
from alicloud.foas_projects import PackageSpec
from alicloud.oss_objects import StoredObject
from alicloud.session import Session
from alicloud.settle import settle
from blocks.environment import UdfPackage
from tasks.step import step

FOLDER = Path("udf")  # of the project; flows run in the project's root
MAX_BYTES = 256 * 1024 * 1024


@step("UDF package {package.name}", "R20")
def ensure_package(cloud: Session, package: UdfPackage, bucket: str) -> StoredObject | None:
    """Upload the package unless the bucket has the same bytes.

    Raises:
        Misconfigured: the file is missing, too large, no regular file, or lies outside of udf/.
    """
    data = _read(package)
    key = f"udf/{package.name}"
    spec = oss_objects.udf_spec(bucket, key, package.path, data)
    planned = oss_objects.planned_object(spec)
    return settle(cloud, oss_objects.head_object(bucket, key), spec, oss_objects.udf_changes, planned)


def _read(package: UdfPackage) -> bytes:
    what = f"UDF package {package.name}"
    try:
        path = (FOLDER / package.path).resolve()
        if not path.is_relative_to(FOLDER.resolve()):
            raise Misconfigured(f"{what}: {package.path} lies outside of udf/.", remedy="Move it there.")
        if not S_ISREG(path.stat().st_mode):  # a pipe would be waited for, a device has no end
            raise Misconfigured(f"{what}: udf/{package.path} is not a regular file.", remedy="Put the file there.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself, up to Python 3.12
        text = f"{what}: udf/{package.path} cannot be read ({getattr(error, 'strerror', 'a link to itself')})."
        raise Misconfigured(text, remedy="Put the file there on the worker.") from None
    if len(data) > MAX_BYTES:
        raise Misconfigured(f"{what} is larger than 256 MiB.", remedy="Upload it by hand.")
    return data


@step("Registration of {package.name}", "R20")
def ensure_registration(cloud: Session, package: UdfPackage, key: str) -> None:
    """Register the uploaded package in its project (exclusive mode)."""
    spec = PackageSpec(package.project, package.name, key)
    read = foas_projects.list_package(package.project)
    if cloud.dry and all(row.name != package.project for row in cloud.recall(foas_projects.list_project())):
        cloud.snapshot.expect(read, ())  # foas documents no code for a project that is only planned
    settle(cloud, read, spec, foas_projects.package_changes)
