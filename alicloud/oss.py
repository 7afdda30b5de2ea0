"""OSS: the bucket that keeps the UDF packages; objects: `oss_objects`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from alicloud import bucket_policy
from alicloud.call import Call, Kind
from alicloud.call_rights import BUCKET, allowed_by
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.instants import seconds_of

PRODUCT, VERSION = "oss", "2019-05-17"

# What the service asks of the bucket. Source: Realtime Compute, "Create a cluster".
STORAGE_CLASS = "Standard"
ACL = "private"


@dataclass(frozen=True)
class Bucket:
    """A bucket. `versioning` is Enabled, Suspended or empty; `encryption` an algorithm or empty."""

    name: str
    region: str
    acl: str
    storage_class: str
    redundancy: str
    versioning: str
    encryption: str
    owner: str
    created_at: float = field(default=0.0, compare=False)  # seconds since 1970


@dataclass(frozen=True)
class BucketSpec:
    """The bucket that is wanted, always Standard and private.

    `redundancy` is LRS or ZRS (zone-redundant; costs extra and cannot be taken back). `encryption` is AES256, or
    empty when it does not matter.
    """

    name: str
    region: str
    redundancy: str = "LRS"
    versioning: bool = True
    encryption: str = ""


@allowed_by("oss:GetBucketInfo", BUCKET)
def get_bucket_info(name: str, region: str) -> Call[Bucket | None]:
    """Read a bucket: ours, None when the name is free, Forbidden when it is taken. Source: OSS, GetBucketInfo."""
    return Call(
        PRODUCT,
        VERSION,
        "GetBucketInfo",
        Kind.READ,
        _bucket,
        operation="get_bucket_info",
        bucket=name,
        absent=frozenset({"NoSuchBucket"}),
        means=f"read OSS bucket {name}",
        remedy=(
            f"When it says AccessDenied, the bucket name {name} is taken by another account (choose another name), the "
            f"bucket lies in another region than {region}, or the runner's identity lacks oss:GetBucketInfo; when it "
            "speaks of the AccessKey or the signature, correct the credentials block. Then Retry this run."
        ),
    )


@allowed_by("oss:GetBucketPolicy", BUCKET)
def get_bucket_policy(name: str) -> Call[str]:
    """Read a bucket's policy, JSON text; empty when it has none. Source: OSS, GetBucketPolicy."""
    return Call(
        PRODUCT,
        VERSION,
        "GetBucketPolicy",
        Kind.READ,
        lambda result: str(result.policy),
        operation="get_bucket_policy",
        bucket=name,
        absent=frozenset({"NoSuchBucketPolicy", "NoSuchBucket"}),
        missing="",
        means=f"read the policy of OSS bucket {name}",
    )


def check_bucket_policy(name: str, text: str) -> None:
    """Check that a bucket's policy lets nobody in whom nobody named (R20).

    Raises:
        Unmet: it allows something to everybody.
    """
    if text and bucket_policy.opens_to_everybody(text):
        raise Unmet(
            f"OSS bucket {name} is public: its bucket policy allows something to everybody.",
            remedy="Take that statement out of the bucket policy in the console, let it name who may come in, or from "
            "which VPC or addresses (acs:SourceVpc, acs:SourceIp), or name another bucket; then Retry.",
        )


def bucket_key(name: str) -> str:
    """Give the key by which a journal knows a bucket."""
    return f"oss:bucket/{name}"


@allowed_by("oss:PutBucket", BUCKET)
def create_bucket(spec: BucketSpec) -> Call[None]:
    """Make a bucket. On one of ours it would overwrite the ACL, so it is for absent ones. Source: OSS, PutBucket."""
    body = (
        f"<CreateBucketConfiguration><StorageClass>{STORAGE_CLASS}</StorageClass>"
        f"<DataRedundancyType>{spec.redundancy}</DataRedundancyType></CreateBucketConfiguration>"
    )
    call = _put(
        "PutBucket",
        "create_bucket",
        spec.name,
        {"permission": ACL, "input": body},
        f"create private OSS bucket {spec.name} ({STORAGE_CLASS}, {spec.redundancy}) in {spec.region}",
    )
    return replace(call, creates=bucket_key(spec.name))


@allowed_by("oss:PutBucketVersioning", BUCKET)
def put_bucket_versioning(name: str, status: str = "Enabled") -> Call[None]:
    """Keep old versions of objects, or stop doing so (Suspended). Source: OSS, PutBucketVersioning."""
    body = f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
    means = f"set versioning of OSS bucket {name} to {status}"
    return _put("PutBucketVersioning", "put_bucket_versioning", name, {"config": body}, means)


@allowed_by("oss:PutBucketEncryption", BUCKET)
def put_bucket_encryption(name: str, algorithm: str = "AES256") -> Call[None]:
    """Encrypt new objects by default. Source: OSS, PutBucketEncryption."""
    body = (
        "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault>"
        f"<SSEAlgorithm>{algorithm}</SSEAlgorithm>"
        "</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>"
    )
    means = f"encrypt new objects of OSS bucket {name} with {algorithm}"
    return _put("PutBucketEncryption", "put_bucket_encryption", name, {"rule": body}, means)


def bucket_changes(spec: BucketSpec, actual: Bucket | None) -> list[Call[Any]]:
    """Decide what makes the bucket as wanted; one that exists is never created again, nor is its ACL changed.

    Raises:
        Unmet: the bucket is public, or differs in what cannot be changed later.
    """
    calls: list[Call[Any]] = []
    if actual is None:
        calls.append(create_bucket(spec))
    else:
        _check_bucket(spec, actual)
    if spec.versioning and (actual is None or actual.versioning != "Enabled"):
        calls.append(_changing(actual, put_bucket_versioning(spec.name), "versioning", "Enabled"))
    if spec.encryption and (actual is None or not actual.encryption):
        call = put_bucket_encryption(spec.name, spec.encryption)
        calls.append(_changing(actual, call, "encryption", spec.encryption))
    return calls


def planned_bucket(spec: BucketSpec) -> Bucket:
    """Stand in, in a dry run, for the bucket after the changes."""
    versioning = "Enabled" if spec.versioning else ""
    return Bucket(spec.name, spec.region, ACL, STORAGE_CLASS, spec.redundancy, versioning, spec.encryption, owner="")


def _changing(actual: Bucket | None, call: Call[None], name: str, wanted: str) -> Call[None]:
    """Say what a call changes of a bucket that exists; of a new one it is part of the creation."""
    if actual is None:
        return call
    return replace(call, changes=(Change(name, getattr(actual, name) or "off", wanted),))


def _check_bucket(spec: BucketSpec, actual: Bucket) -> None:
    if actual.acl != ACL:
        raise Unmet(
            f"OSS bucket {actual.name} is {actual.acl}: anybody may reach what is in it. It is not used, nor changed.",
            remedy="Find out who relies on it; make its ACL private in the console or name another bucket, then Retry.",
        )
    wanted = [
        ("region", actual.region, spec.region),
        ("storage class", actual.storage_class, STORAGE_CLASS),
        ("redundancy", actual.redundancy, spec.redundancy),
        ("encryption", actual.encryption, spec.encryption),
    ]
    # An empty fact is one that the cloud did not tell; an empty wish is none.
    wrong = [f"{what} {is_}, not {asked}" for what, is_, asked in wanted if is_ and asked and is_ != asked]
    if wrong:
        raise Unmet(
            f"OSS bucket {actual.name} has {' and '.join(wrong)}, which is not ours to change.",
            remedy="Put another bucket name, or what this one has, into the environment, then Retry this run.",
        )


def _put(action: str, operation: str, bucket: str, arguments: dict[str, Any], means: str) -> Call[None]:
    return Call(
        PRODUCT,
        VERSION,
        action,
        Kind.IDEMPOTENT,
        lambda result: None,
        operation=operation,
        bucket=bucket,
        arguments=arguments,
        means=means,
    )


def _bucket(info: Any) -> Bucket:
    rule = info.bucket_encryption_rule
    return Bucket(
        name=info.name,
        region=info.location.removeprefix("oss-"),
        acl=info.acl.grant,
        storage_class=info.storage_class,
        redundancy=info.data_redundancy_type or "",
        versioning=info.versioning_status or "",
        encryption=(rule.sse_algorithm or "") if rule else "",
        owner=info.owner.id,
        created_at=seconds_of(str(info.creation_date or "")),
    )
