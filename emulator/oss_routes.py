"""The index of OSS: which handler serves which method on which kind of resource, by what the query selects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.oss_append import append_object
from emulator.oss_buckets import (
    delete_bucket,
    get_bucket_acl,
    get_bucket_info,
    get_bucket_location,
    get_bucket_stat,
    list_buckets,
    put_bucket,
    put_bucket_acl,
)
from emulator.oss_call import Call, Reply
from emulator.oss_listings import list_multipart_uploads, list_object_versions, list_objects, list_objects_v2
from emulator.oss_objects import (
    copy_object,
    delete_multiple_objects,
    delete_object,
    get_object,
    get_object_meta,
    head_object,
    put_object,
)
from emulator.oss_settings import (
    delete_bucket_encryption,
    delete_bucket_lifecycle,
    delete_bucket_logging,
    delete_bucket_policy,
    delete_bucket_public_access_block,
    delete_bucket_tagging,
    get_bucket_encryption,
    get_bucket_lifecycle,
    get_bucket_logging,
    get_bucket_policy,
    get_bucket_public_access_block,
    get_bucket_tagging,
    get_bucket_versioning,
    put_bucket_encryption,
    put_bucket_lifecycle,
    put_bucket_logging,
    put_bucket_policy,
    put_bucket_public_access_block,
    put_bucket_tagging,
    put_bucket_versioning,
)
from emulator.oss_signatures import SUBRESOURCES
from emulator.oss_uploads import (
    abort_multipart_upload,
    complete_multipart_upload,
    initiate_multipart_upload,
    list_parts,
    upload_part,
    upload_part_copy,
)
from emulator.request import Refusal
from emulator.world import World

Handler = Callable[[World, Call], Reply]

COPY = "x-oss-copy-source"  # a header that makes another operation of a PUT

OPERATIONS: dict[tuple[str, ...], Handler] = {
    ("GET", "service"): list_buckets,
    ("PUT", "bucket"): put_bucket,
    ("DELETE", "bucket"): delete_bucket,
    ("GET", "bucket"): list_objects,
    ("GET", "bucket", "list-type"): list_objects_v2,
    ("GET", "bucket", "versions"): list_object_versions,
    ("GET", "bucket", "uploads"): list_multipart_uploads,
    ("POST", "bucket", "delete"): delete_multiple_objects,
    ("GET", "bucket", "bucketInfo"): get_bucket_info,
    ("GET", "bucket", "location"): get_bucket_location,
    ("GET", "bucket", "stat"): get_bucket_stat,
    ("GET", "bucket", "acl"): get_bucket_acl,
    ("PUT", "bucket", "acl"): put_bucket_acl,
    ("GET", "bucket", "versioning"): get_bucket_versioning,
    ("PUT", "bucket", "versioning"): put_bucket_versioning,
    ("GET", "bucket", "encryption"): get_bucket_encryption,
    ("PUT", "bucket", "encryption"): put_bucket_encryption,
    ("DELETE", "bucket", "encryption"): delete_bucket_encryption,
    ("GET", "bucket", "publicAccessBlock"): get_bucket_public_access_block,
    ("PUT", "bucket", "publicAccessBlock"): put_bucket_public_access_block,
    ("DELETE", "bucket", "publicAccessBlock"): delete_bucket_public_access_block,
    ("GET", "bucket", "policy"): get_bucket_policy,
    ("PUT", "bucket", "policy"): put_bucket_policy,
    ("DELETE", "bucket", "policy"): delete_bucket_policy,
    ("GET", "bucket", "lifecycle"): get_bucket_lifecycle,
    ("PUT", "bucket", "lifecycle"): put_bucket_lifecycle,
    ("DELETE", "bucket", "lifecycle"): delete_bucket_lifecycle,
    ("GET", "bucket", "tagging"): get_bucket_tagging,
    ("PUT", "bucket", "tagging"): put_bucket_tagging,
    ("DELETE", "bucket", "tagging"): delete_bucket_tagging,
    ("GET", "bucket", "logging"): get_bucket_logging,
    ("PUT", "bucket", "logging"): put_bucket_logging,
    ("DELETE", "bucket", "logging"): delete_bucket_logging,
    ("PUT", "object"): put_object,
    ("GET", "object"): get_object,
    ("HEAD", "object"): head_object,
    ("DELETE", "object"): delete_object,
    ("HEAD", "object", "objectMeta"): get_object_meta,
    ("GET", "object", "objectMeta"): get_object_meta,
    ("PUT", "object", COPY): copy_object,
    ("POST", "object", "append"): append_object,
    ("POST", "object", "uploads"): initiate_multipart_upload,
    ("PUT", "object", "uploadId"): upload_part,
    ("PUT", "object", "uploadId", COPY): upload_part_copy,
    ("GET", "object", "uploadId"): list_parts,
    ("POST", "object", "uploadId"): complete_multipart_upload,
    ("DELETE", "object", "uploadId"): abort_multipart_upload,
}

# Sub-resources that say how to serve an operation, not which.
_MODIFIERS = frozenset(name for name in SUBRESOURCES if name.startswith("response-")) | {
    "continuation-token",
    "partNumber",
    "position",
    "security-token",
    "sequential",
    "versionId",
    "x-oss-request-payer",
    "x-oss-traffic-limit",
}
_SELECTORS = SUBRESOURCES - _MODIFIERS


@dataclass(frozen=True)
class Operation:
    handler: Handler

    @property
    def name(self) -> str:
        """The API's name: put_bucket is PutBucket."""
        return "".join(word.capitalize() for word in self.handler.__name__.split("_"))


def find_operation(
    method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> Operation | None:
    return _find(method, _selected(method, bucket, key, query, headers))


def need_operation(call: Call) -> Operation:
    """Find what a call wants.

    Raises:
        Refusal: 405 MethodNotAllowed, or 501 NotImplemented for what OSS has and the emulator has not.
    """
    selected = _selected(call.method, call.bucket, call.key, call.query, call.headers)
    operation = _find(call.method, selected)
    if operation is not None:
        return operation
    if any(key[1:] == selected for key in OPERATIONS):
        raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
    kind, *names = selected
    wanted = f"?{'&'.join(names)}" if names else "this"
    raise Refusal(501, "NotImplemented", f"The emulator does not implement {call.method} {wanted} on a {kind}.")


def _find(method: str, selected: tuple[str, ...]) -> Operation | None:
    handler = OPERATIONS.get((method, *selected))
    return Operation(handler) if handler else None


def _selected(
    method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[str, ...]:
    kind = "object" if bucket and key else "bucket" if bucket else "service"
    names = sorted(_SELECTORS & query.keys())
    if kind == "bucket" and query.get("list-type") == "2":
        names.append("list-type")
    if kind == "object" and method == "PUT" and COPY in headers:
        names.append(COPY)
    return (kind, *names)
