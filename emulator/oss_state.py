"""What OSS keeps: buckets, the versions of their objects, and unfinished multipart uploads."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.request import Refusal
from emulator.world import World

APPENDABLE = "Appendable"  # the kind of object that AppendObject makes
UNVERSIONED = "null"  # the id of what was written while versioning was not Enabled


@dataclass
class ObjectVersion:
    """One version of an object, or a delete marker. `body` is base64, `etag` is without quotes."""

    id: str
    modified_at: float
    body: str = ""
    size: int = 0
    etag: str = ""
    crc: str = ""
    kind: str = "Normal"
    content_type: str = "application/octet-stream"
    storage_class: str = "Standard"
    headers: dict[str, str] = field(default_factory=dict)  # lower-case names, as they are given back
    delete_marker: bool = False


@dataclass
class Part:
    body: str
    size: int
    etag: str
    crc: str
    modified_at: float


@dataclass
class Upload:
    """A multipart upload that is neither completed nor aborted, with what its object will be given."""

    id: str
    key: str
    initiated_at: float
    content_type: str
    storage_class: str
    headers: dict[str, str] = field(default_factory=dict)
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass
class Bucket:
    """`versioning` is empty until it is configured; `lifecycle` and `policy` are the documents, empty when unset."""

    name: str
    owner: str  # account id
    region: str
    created_at: float = 0.0
    acl: str = "private"
    storage_class: str = "Standard"
    redundancy: str = "LRS"
    resource_group_id: str = ""
    versioning: str = ""
    encryption: dict[str, str] = field(default_factory=dict)
    block_public_access: bool = False
    policy: str = ""
    lifecycle: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    log_bucket: str = ""
    log_prefix: str = ""
    objects: dict[str, dict[str, ObjectVersion]] = field(default_factory=dict)  # key: version id: oldest first
    in_order: bool = True  # whether the objects stand in the order of their keys
    uploads: dict[str, Upload] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.objects and not self.uploads

    @property
    def public_acl(self) -> str:
        """The ACL that strangers profit from, empty when they have no access."""
        return "" if self.acl == "private" or self.block_public_access else self.acl

    def latest(self, key: str) -> ObjectVersion | None:
        """Give the newest version of a key, which may be a delete marker."""
        versions = self.objects.get(key)
        return versions[next(reversed(versions))] if versions else None

    def current(self, key: str) -> ObjectVersion | None:
        """Give what a plain GET reads."""
        newest = self.latest(key)
        return None if newest is None or newest.delete_marker else newest

    def sorted_keys(self) -> list[str]:
        """Give the keys in order. The objects are put in that order too, so that the next page need not sort."""
        if not self.in_order:
            self.objects, self.in_order = dict(sorted(self.objects.items())), True
        return list(self.objects)


@dataclass
class State:
    """All buckets of the world by name: names are unique across accounts, so strangers' buckets are here too."""

    buckets: dict[str, Bucket] = field(default_factory=dict)
    bucket_quota: int = 100  # per account and region


def find_bucket(world: World, name: str) -> Bucket | None:
    """Give a bucket of any owner and region, None when nobody has taken the name."""
    return world.part(State).buckets.get(name)


def find_object(world: World, bucket: str, key: str) -> ObjectVersion | None:
    """Give the current version of an object, None when there is none or it is deleted."""
    found = find_bucket(world, bucket)
    return found.current(key) if found else None


def need_bucket(world: World, name: str) -> Bucket:
    bucket = find_bucket(world, name)
    if bucket is None:
        raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist.")
    return bucket


def store(world: World, bucket: Bucket, key: str, made: ObjectVersion) -> ObjectVersion:
    """Make this the newest version of a key, under the id that the bucket's versioning gives it."""
    made.id = "CAEQ" + world.identifiers.letters(16) if bucket.versioning == "Enabled" else UNVERSIONED
    bucket.in_order = bucket.in_order and (key in bucket.objects or key > next(reversed(bucket.objects), ""))
    versions = bucket.objects.setdefault(key, {})
    versions.pop(made.id, None)  # so that it goes to the end
    versions[made.id] = made
    return made


def remove(bucket: Bucket, key: str, version_id: str) -> ObjectVersion | None:
    """Take one version away for good."""
    versions = bucket.objects.get(key, {})
    removed = versions.pop(version_id, None)
    if not versions:
        bucket.objects.pop(key, None)
    return removed
