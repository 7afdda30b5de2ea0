"""The OSS bucket of the cluster."""

from __future__ import annotations

from alicloud import oss
from alicloud.oss import Bucket, BucketSpec
from alicloud.session import Session
from alicloud.settle import settle
from tasks.step import step


@step("OSS bucket {spec.name}", "R20")
def ensure_bucket(cloud: Session, spec: BucketSpec) -> Bucket | None:
    """Use the environment's bucket, or create it: private, Standard, versioned. A public one is refused."""
    read = oss.get_bucket_info(spec.name, spec.region)
    return settle(cloud, read, spec, oss.bucket_changes, oss.planned_bucket(spec))
