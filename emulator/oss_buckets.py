"""OSS buckets: making, finding and deleting them, and who may see into them."""

from __future__ import annotations

import re

from emulator import oss_access
from emulator.oss_call import Call, Reply, iso, xml_reply
from emulator.oss_state import Bucket, State, find_bucket, need_bucket
from emulator.oss_xml import Element, element
from emulator.request import Refusal
from emulator.world import World

ACLS = ("private", "public-read", "public-read-write")
STORAGE_CLASSES = ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")
REDUNDANCY_TYPES = ("LRS", "ZRS")


def check_bucket_name(name: str) -> None:
    """Source: OSS, bucket naming: 3 to 63 lower-case letters, digits and hyphens, no hyphen at either end."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name):
        raise Refusal(400, "InvalidBucketName", "The specified bucket is not valid.")


def list_buckets(world: World, call: Call) -> Reply:
    """Give the caller's buckets of all regions. The page is described only when there are more."""
    size = call.count("max-keys", 100, 1000)
    prefix, marker = call.param("prefix"), call.param("marker")
    names = sorted(name for name, bucket in world.part(State).buckets.items() if bucket.owner == call.account)
    found = [name for name in names if name.startswith(prefix) and name > marker]
    page = [need_bucket(world, name) for name in found[:size]]
    content = [owner(call.account), element("Buckets", (_listed(bucket) for bucket in page))]
    if len(found) > size:
        facts = [element("Prefix", prefix), element("Marker", marker), element("MaxKeys", size)]
        content = [*facts, element("IsTruncated", True), element("NextMarker", page[-1].name), *content]
    return xml_reply(element("ListAllMyBucketsResult", content))


def put_bucket(world: World, call: Call) -> Reply:
    """Make a bucket. On one of the caller's own it overwrites the ACL. Source: OSS, PutBucket."""
    # UNCONFIRMED: that a bucket of ours becomes private when the call names no ACL.
    acl = _acl(call, "private")
    storage_class, redundancy = _wanted(call)
    bucket = find_bucket(world, call.bucket)
    if bucket is None:
        bucket = _create(world, call, acl, storage_class or STORAGE_CLASSES[0], redundancy or REDUNDANCY_TYPES[0])
    else:
        _check_same(world, call, bucket, storage_class, redundancy)
        _set_acl(bucket, acl)
    return Reply(200, headers={"Location": f"/{bucket.name}"})


def get_bucket_info(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    encryption = [element(name, value) for name, value in bucket.encryption.items()]
    content = [
        element("CreationDate", iso(bucket.created_at)),
        *_endpoints(bucket),
        element("StorageClass", bucket.storage_class),
        element("Name", bucket.name),
        element("DataRedundancyType", bucket.redundancy),
        element("ResourceGroupId", bucket.resource_group_id),
        owner(bucket.owner),
        _grant(bucket),
        element("ServerSideEncryptionRule", encryption or element("SSEAlgorithm", "None")),
        element("BucketPolicy", element("LogBucket", bucket.log_bucket), element("LogPrefix", bucket.log_prefix)),
    ]
    if bucket.versioning:
        content.append(element("Versioning", bucket.versioning))
    return xml_reply(element("BucketInfo", element("Bucket", content)))


def get_bucket_location(world: World, call: Call) -> Reply:
    return xml_reply(element("LocationConstraint", f"oss-{need_bucket(world, call.bucket).region}"))


def get_bucket_stat(world: World, call: Call) -> Reply:
    """Count what the bucket holds: all versions are stored, delete markers are not objects."""
    bucket = need_bucket(world, call.bucket)
    versions = [version for versions in bucket.objects.values() for version in versions.values()]
    objects = [version for version in versions if not version.delete_marker]
    parts = [part for upload in bucket.uploads.values() for part in upload.parts.values()]
    facts = {
        "Storage": sum(version.size for version in objects) + sum(part.size for part in parts),
        "ObjectCount": len(objects),
        "MultipartUploadCount": len(bucket.uploads),
        "MultipartPartCount": len(parts),
        "DeleteMarkerCount": len(versions) - len(objects),
        "LastModifiedTime": int(world.now()),
    }
    return xml_reply(element("BucketStat", (element(name, value) for name, value in facts.items())))


def delete_bucket(world: World, call: Call) -> Reply:
    if not need_bucket(world, call.bucket).is_empty:
        raise Refusal(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
    del world.part(State).buckets[call.bucket]
    return Reply(204)


def get_bucket_acl(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    return xml_reply(element("AccessControlPolicy", owner(bucket.owner), _grant(bucket)))


def put_bucket_acl(world: World, call: Call) -> Reply:
    """Set the ACL; a bucket that does not exist is made. Source: OSS, PutBucketAcl."""
    bucket = find_bucket(world, call.bucket)
    acl = _acl(call, bucket.acl if bucket else "private")
    if bucket is None:
        _create(world, call, acl, STORAGE_CLASSES[0], REDUNDANCY_TYPES[0])
    else:
        oss_access.check(world, call, "PutBucketAcl", bucket, "")
        _set_acl(bucket, acl)
    return Reply()


def owner(account: str) -> Element:
    return element("Owner", element("ID", account), element("DisplayName", account))


def _create(world: World, call: Call, acl: str, storage_class: str, redundancy: str) -> Bucket:
    state, region = world.part(State), call.region_in(world)
    mine = sum(1 for bucket in state.buckets.values() if (bucket.owner, bucket.region) == (call.account, region))
    if mine >= state.bucket_quota:
        raise Refusal(400, "TooManyBuckets", "You have attempted to create more buckets than allowed.")
    bucket = Bucket(
        name=call.bucket,
        owner=call.account,
        region=region,
        created_at=world.now(),
        acl=acl,
        storage_class=storage_class,
        redundancy=redundancy,
        resource_group_id=call.header("x-oss-resource-group-id") or f"rg-{world.identifiers.letters(12)}",
    )
    state.buckets[bucket.name] = bucket
    return bucket


def _check_same(world: World, call: Call, bucket: Bucket, storage_class: str, redundancy: str) -> None:
    """Refuse to make a bucket again as something else. Source: OSS, BucketAlreadyExists."""
    if bucket.owner != call.account:
        raise _exists("The requested bucket name is not available. Please select a different name and try again.")
    if bucket.region != call.region_in(world):
        raise _exists("Bucket already exists can't modify location.")
    if storage_class not in ("", bucket.storage_class):
        raise _exists("Bucket already exists can't modify storage class.")
    if redundancy not in ("", bucket.redundancy):
        raise _exists("Bucket already exists can't modify data redundancy type.")


def _exists(message: str) -> Refusal:
    return Refusal(409, "BucketAlreadyExists", message)


def _acl(call: Call, default: str) -> str:
    acl = call.header("x-oss-acl") or default
    if acl not in ACLS:
        raise Refusal(400, "InvalidArgument", "no such bucket access control exists")
    return acl


def _set_acl(bucket: Bucket, acl: str) -> None:
    if acl != "private" and bucket.block_public_access:
        # UNCONFIRMED: the code; the service documents only that the ACL is not accepted.
        raise oss_access.denied("Put public bucket acl is not allowed because Block Public Access is enabled.")
    bucket.acl = acl


def _wanted(call: Call) -> tuple[str, str]:
    """Give storage class and redundancy type that a PutBucket names; empty where it leaves the choice to us."""
    if not call.body.strip():
        call.check_digest()
        return "", ""
    document = call.document("CreateBucketConfiguration")
    storage_class, redundancy = document.value("StorageClass"), document.value("DataRedundancyType")
    if storage_class not in ("", *STORAGE_CLASSES) or redundancy not in ("", *REDUNDANCY_TYPES):
        raise Refusal(400, "InvalidArgument", "The storage class or the data redundancy type is invalid.")
    return storage_class, redundancy


def _listed(bucket: Bucket) -> Element:
    return element(
        "Bucket",
        element("CreationDate", iso(bucket.created_at)),
        _endpoints(bucket),
        element("Name", bucket.name),
        element("Region", bucket.region),
        element("StorageClass", bucket.storage_class),
    )


def _endpoints(bucket: Bucket) -> list[Element]:
    return [
        element("ExtranetEndpoint", f"oss-{bucket.region}.aliyuncs.com"),
        element("IntranetEndpoint", f"oss-{bucket.region}-internal.aliyuncs.com"),
        element("Location", f"oss-{bucket.region}"),
    ]


def _grant(bucket: Bucket) -> Element:
    return element("AccessControlList", element("Grant", bucket.acl))
