"""The OSS bucket of the cluster."""

from __future__ import annotations

from alicloud import oss
from alicloud.errors import Unmet
from alicloud.oss import Bucket, BucketSpec
from alicloud.session import Session
from alicloud.settle import settle
from blocks.runner_rights import need
from tasks.step import step


@step(
    "OSS bucket {spec.name}",
    "R20",
    needs=(
        need(oss.create_bucket),
        need(oss.get_bucket_info),
        need(oss.get_bucket_policy),
        need(oss.put_bucket_encryption, bucket="encrypted_bucket"),
        need(oss.put_bucket_versioning),
    ),
)
def ensure_bucket(cloud: Session, spec: BucketSpec) -> Bucket | None:
    """Use the environment's bucket, or create it: private, Standard, versioned. A public one is refused."""
    read = oss.get_bucket_info(spec.name, spec.region)
    if cloud.recall(read) is not None:
        oss.check_bucket_policy(spec.name, cloud.recall(oss.get_bucket_policy(spec.name)))
    return settle(cloud, read, spec, oss.bucket_changes, oss.planned_bucket(spec))


def check_bucket_again(cloud: Session, spec: BucketSpec) -> None:
    """Check right before a creation: somebody may have made the bucket public, or deleted it, since it was prepared.

    Raises:
        Unmet: it is not as it was.
    """
    changes = oss.bucket_changes(spec, cloud.send(oss.get_bucket_info(spec.name, spec.region)))
    if changes:
        raise Unmet(f"The bucket was changed meanwhile: {changes[0].means}.", remedy="Retry this run.")
    oss.check_bucket_policy(spec.name, cloud.send(oss.get_bucket_policy(spec.name)))
