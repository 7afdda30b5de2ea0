"""What a seed says of OSS, and what the web page shows of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from emulator.oss_buckets import check_bucket_name
from emulator.oss_objects import check_key, content
from emulator.oss_state import Bucket, State, store
from emulator.request import Refusal
from emulator.world import World, iso

OBJECTS_SHOWN = 200

Rows = list[dict[str, Any]]


class ObjectSeed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str
    text: str = ""


class BucketSeed(BaseModel):
    """A bucket, the account's own and in the world's region unless it says another."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    name: str
    acl: Literal["private", "public-read", "public-read-write"] = "private"
    owner: str = Field("", pattern=r"^[0-9]{0,32}$")
    storage_class: Literal["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"] = "Standard"
    versioning: Literal["Enabled", "Suspended"] | None = None
    region: str = Field("", pattern=r"^[a-z0-9-]{0,32}$")
    objects: list[ObjectSeed] = []


class Seed(BaseModel):
    """The section `oss` of a seed."""

    model_config = ConfigDict(extra="forbid")

    buckets: list[BucketSeed] = []


def seed(world: World, data: Any) -> None:
    """Put buckets into the world, those of other accounts too.

    Raises:
        ValueError: the seed is impossible; the world is as it was.
    """
    state, fresh = world.part(State), dict[str, Bucket]()
    for number, wanted in enumerate(Seed.model_validate(data or {}).buckets):
        where = f"oss.buckets[{number}]"
        if wanted.name in fresh or wanted.name in state.buckets:
            raise ValueError(f"{where}: bucket names are unique, and {wanted.name!r} is taken")
        try:
            fresh[wanted.name] = _bucket(world, wanted)
        except Refusal as refusal:
            raise ValueError(f"{where}: {refusal.message}") from refusal
    _check_quota(state, [*state.buckets.values(), *fresh.values()])
    state.buckets |= fresh


def overview(world: World) -> dict[str, Rows]:
    buckets = list(world.part(State).buckets.values())
    return {"OSS buckets": [_summary(bucket) for bucket in buckets], "OSS objects": _objects(buckets)}


def _bucket(world: World, wanted: BucketSeed) -> Bucket:
    check_bucket_name(wanted.name)
    bucket = Bucket(
        name=wanted.name,
        owner=wanted.owner or world.account_id,
        region=wanted.region or world.region,
        created_at=world.now(),
        acl=wanted.acl,
        storage_class=wanted.storage_class,
        versioning=wanted.versioning or "",
    )
    for item in wanted.objects:
        check_key(item.key)
        made = content(item.text.encode("utf-8", "replace"))
        made.modified_at, made.storage_class = world.now(), bucket.storage_class
        store(world, bucket, item.key, made)
    return bucket


def _check_quota(state: State, buckets: list[Bucket]) -> None:
    counts: dict[tuple[str, str], int] = {}
    for bucket in buckets:
        place = (bucket.owner, bucket.region)
        counts[place] = counts.get(place, 0) + 1
        if counts[place] > state.bucket_quota:
            raise ValueError(f"oss.buckets: more than {state.bucket_quota} buckets of one account in {bucket.region}")


def _summary(bucket: Bucket) -> dict[str, Any]:
    current = [version for key in bucket.objects if (version := bucket.current(key))]
    return {
        "Name": bucket.name,
        "Owner": bucket.owner,
        "Region": bucket.region,
        "ACL": bucket.acl + (" (public access blocked)" if bucket.block_public_access else ""),
        "Storage class": f"{bucket.storage_class}, {bucket.redundancy}",
        "Versioning": bucket.versioning or "unset",
        "Encryption": bucket.encryption.get("SSEAlgorithm", "none"),
        "Objects": len(current),
        "Bytes": sum(version.size for version in current),
        "Unfinished uploads": len(bucket.uploads),
        "Created": iso(bucket.created_at),
    }


def _objects(buckets: list[Bucket]) -> Rows:
    rows: Rows = []
    for bucket in buckets:
        for key in bucket.sorted_keys():
            if len(rows) == OBJECTS_SHOWN:
                return rows
            if version := bucket.current(key):
                rows.append(
                    {
                        "Bucket": bucket.name,
                        "Key": key,
                        "Type": version.kind,
                        "Bytes": version.size,
                        "Versions": len(bucket.objects[key]),
                        "Last modified": iso(version.modified_at),
                    }
                )
    return rows
