"""Takes the environment's bucket away, last and only on demand: it keeps the proof of what is the environment's."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from alicloud import oss, oss_multipart, oss_objects, oss_removal
from alicloud.journal import journal_key
from alicloud.session import Session
from blocks import desired, holdbacks
from blocks.environment import Environment
from blocks.holdbacks import Fate
from blocks.runner_rights import need
from tasks.removal import delete, journal_of, look, whose
from tasks.removal_proof import NEEDS, unproven
from tasks.step import step
from tasks.udf_upload import known_uploads


@step(
    "Removal of OSS bucket {environment.storage.bucket}",
    needs=(
        *NEEDS,
        need(oss_multipart.abort_multipart_upload, key="packages"),
        need(oss_multipart.list_multipart_uploads),
        need(oss_removal.delete_bucket),
        need(oss_removal.delete_object_version, key="packages"),
        need(oss_removal.delete_object_version, key="journal"),
        need(oss_removal.list_object_versions),
    ),
)
def remove_bucket(cloud: Session, environment: Environment, wanted: bool, before: Sequence[Fate]) -> Fate:
    """Delete the bucket with the journal and the UDF packages, when it holds nothing else and all else is gone.

    That is also what the journal knows and the document does not name any more.

    Args:
        wanted: the operator asks for it.
        before: what became of everything else.
    """
    spec = desired.bucket(environment)
    what = f"OSS bucket {spec.name}"
    bucket = look(cloud, oss.get_bucket_info(spec.name, spec.region))
    if bucket is None:
        return holdbacks.absent(what)
    if strange := whose(cloud, oss.bucket_key(spec.name), bucket.created_at):
        return holdbacks.held(what, strange)
    if not wanted:
        return holdbacks.held(
            what, "it keeps the journal, the proof of what is this environment's; `bucket` deletes it"
        )
    if left := holdbacks.staying(_not_adopted(before)):
        return holdbacks.held(what, f"it keeps the proof of what is this environment's: {left}")
    if left := unproven(cloud, spec.name):
        return holdbacks.held(what, left)
    if in_use := _in_use(cloud, environment):
        return holdbacks.held(what, in_use)
    _delete(cloud, environment)
    return holdbacks.removed(what, how="with journal and packages")


def _not_adopted(fates: Sequence[Fate]) -> list[Fate]:
    return [fate for fate in fates if fate.ours]


def _in_use(cloud: Session, environment: Environment) -> str:
    name, record = environment.storage.bucket, journal_of(cloud).record
    keys = [package.key for package in environment.storage.udf_packages]
    uploaded = {key: record.creations(oss_objects.object_key(name, key)) for key in keys}
    uploads = look(cloud, oss_multipart.list_multipart_uploads(name))
    ours = known_uploads(journal_of(cloud), uploads)
    return holdbacks.bucket_in_use(
        look(cloud, oss_removal.list_object_versions(name)),
        [each.key for each in uploads if each.upload_id not in ours],
        journal_key(environment.name),
        {key: number for key, number in uploaded.items() if number},
    )


def _delete(cloud: Session, environment: Environment) -> None:
    """Abort our uploads, delete all versions, then the bucket.

    From the first version on there is no journal, so nothing is written down.
    """
    name = environment.storage.bucket
    uploads = oss_multipart.list_multipart_uploads(name)
    ours = known_uploads(journal_of(cloud), cloud.recall(uploads))
    if cloud.dry:
        _empty_and_delete(cloud, environment, ours)
        return
    journal_of(cloud).bury()
    with cloud.sibling() as apart:
        apart.ledger, apart.foreseen = cloud.ledger, cloud.foreseen
        _empty_and_delete(apart, environment, ours)


def _empty_and_delete(cloud: Session, environment: Environment, uploads: Collection[str]) -> None:
    spec = desired.bucket(environment)
    unfinished = oss_multipart.list_multipart_uploads(spec.name)
    delete(cloud, unfinished, uploads, oss_removal.uploads_removal)
    delete(cloud, oss_removal.list_object_versions(spec.name), spec.name, oss_removal.versions_removal)
    delete(cloud, oss.get_bucket_info(spec.name, spec.region), spec.name, oss_removal.bucket_removal)
