"""OSS: all buckets of an account, of every region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import BUCKETS, allowed_by
from alicloud.oss import PRODUCT, VERSION

PAGE_SIZE = 1000  # the most that OSS gives


@dataclass(frozen=True)
class ListedBucket:
    name: str
    region: str


@allowed_by("oss:ListBuckets", BUCKETS)
def list_buckets() -> Call[tuple[ListedBucket, ...]]:
    """List the account's buckets. Source: OSS, ListBuckets (GetService)."""
    return Call(
        PRODUCT,
        VERSION,
        "ListBuckets",
        Kind.READ,
        lambda result: tuple(ListedBucket(row.name, _region(row)) for row in result.buckets),
        operation="list_buckets",
        arguments={"max_keys": PAGE_SIZE},
        missing=(),
        next_page=lambda result: {"marker": str(result.next_marker)} if result.is_truncated else None,
        means="list the OSS buckets",
    )


def _region(row: Any) -> str:
    return str(row.location or "").removeprefix("oss-")
