"""Who may do what to which bucket: ownership, RAM, and what a public ACL opens to strangers."""

from __future__ import annotations

from emulator import policy
from emulator.oss_call import Call
from emulator.oss_state import Bucket, need_bucket
from emulator.request import Refusal
from emulator.world import World

# The RAM right that an action needs, where it is not the action's own name. Source: OSS, RAM policy, actions.
PERMISSIONS = {
    "HeadObject": "GetObject",
    "GetObjectMeta": "GetObject",
    "AppendObject": "PutObject",
    "CopyObject": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "InitiateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteMultipleObjects": "DeleteObject",
    "ListObjectsV2": "ListObjects",
}
OF_A_VERSION = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}

READING = frozenset({"GetObject", "HeadObject", "GetObjectMeta"})
OPEN_TO_ALL = {"public-read": READING, "public-read-write": READING | {"PutObject"}}

# These may name a bucket that is not there: PutBucketAcl makes it too. Source: OSS, PutBucketAcl.
CREATING = frozenset({"PutBucket", "PutBucketAcl"})
PER_KEY = "DeleteMultipleObjects"  # its handler asks for every key


def admit(world: World, call: Call, action: str) -> None:
    """Let a request through to its handler.

    Raises:
        Refusal: 404 NoSuchBucket, or 403 AccessDenied.
    """
    if not call.bucket or action in CREATING:
        _check_rights(world, call, action, call.bucket, call.key, "")
    elif action != PER_KEY:
        check(world, call, action, need_bucket(world, call.bucket), call.key, call.param("versionId"))


def check(world: World, call: Call, action: str, bucket: Bucket, key: str, version_id: str = "") -> None:
    """Refuse an action on an existing bucket, or on a key in it, to those who may not."""
    if action not in OPEN_TO_ALL.get(bucket.public_acl, ()):
        if call.account != bucket.owner:
            raise denied("You have no right to access this object because of bucket acl.")
        _check_rights(world, call, action, bucket.name, key, version_id)
    if call.region not in ("", bucket.region):
        message = "The bucket you are attempting to access must be addressed using the specified endpoint."
        raise denied(message, {"Endpoint": f"oss-{bucket.region}.aliyuncs.com"})


def denied(message: str, facts: dict[str, str] | None = None) -> Refusal:
    return Refusal(403, "AccessDenied", message, facts)


def _check_rights(world: World, call: Call, action: str, bucket: str, key: str, version_id: str) -> None:
    if call.caller is None:
        raise denied("Anonymous access is forbidden for this operation.")
    name = PERMISSIONS.get(action, action)
    if version_id:
        name = OF_A_VERSION.get(name, name)
    target = f"{bucket}/{key}" if key else bucket or "*"
    context = {**call.facts, "oss:Prefix": call.param("prefix"), "oss:Delimiter": call.param("delimiter")}
    try:
        policy.authorize(world, call.caller, f"oss:{name}", f"acs:oss:*:{call.account}:{target}", context)
    except Refusal:
        raise denied("You have no right to access this object because of ram policy.") from None
