"""One API action as a value: what to send, how to read the answer, and whether it may be sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Generic, TypeVar

from alicloud.changes import Change

Answer = TypeVar("Answer", covariant=True)

# Stands in a dry run for the id of something that does not exist yet; a path may hold it as it is.
PLANNED = "to-be-created"


class Kind(StrEnum):
    """Whether a call may be sent again when its answer is lost."""

    READ = "read"  # changes nothing: repeated at will
    IDEMPOTENT = "idempotent write"  # the second one changes nothing: repeated on transient errors
    LOOKED = "looked-for write"  # a second one leaves a second version: looked for before it is repeated
    TOKENED = "tokened write"  # carries a ClientToken derived from what it makes: repeated with the same token
    ONCE = "once-only"  # a second one makes, or buys, a second thing: never sent again by any machine


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """An API action with its parameters.

    `path` makes it ROA, `operation` (a method name of oss2.Bucket) makes it OSS, else it is RPC. `parameters` travel
    in the query of a read and in the form body of a write. `secrets` are parameters that no log or plan shows.
    `parse` turns the JSON body (for OSS: oss2's result) into a typed answer.
    `missing` is the answer when the cloud says one of the codes `absent`. `done` are codes that mean that a write's
    effect is there already. `next_page` gives the parameters of the page after the one just read, or None; the
    answers of all pages, then tuples, are joined. `means` says the effect in the operator's words. `makes` is the key
    of what a tokened or once-only write makes, the same in every run: the journal knows it by that. `changes` is what
    a write changes of something that exists, for people to read; none when it makes something new. `creates` and
    `removes` are the key of the resource that a write brings into being, or takes away: by the journal of them an
    environment knows what is its own. `part_of` is the fingerprint of the foreseen write that this one is a part of,
    where what is one thing to the operator takes several calls.
    """

    product: str
    version: str
    action: str
    kind: Kind
    parse: Callable[[Any], Answer]
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    path: str = ""
    operation: str = ""
    bucket: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, Any] | None = None
    absent: frozenset[str] = frozenset()
    missing: Answer | None = None
    done: frozenset[str] = frozenset()
    next_page: Callable[[Any], Mapping[str, str] | None] | None = None
    means: str = ""
    makes: str = ""
    creates: str = field(default="", compare=False)
    removes: str = field(default="", compare=False)
    remedy: str = ""
    part_of: str = field(default="", compare=False)
    changes: tuple[Change, ...] = field(default=(), compare=False)

    @property
    def is_read(self) -> bool:
        return self.kind is Kind.READ

    @property
    def once_only(self) -> bool:
        return self.kind is Kind.ONCE

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two reads the same."""
        pairs = [f"{k}={v}" for k, v in sorted(self.parameters.items())]
        others = repr((sorted(self.arguments.items()), sorted(self.headers.items())))
        return (self.product, self.action, self.method, self.path, self.bucket, *pairs, others)

    @property
    def fingerprint(self) -> str:
        """Tell writes apart by a digest of all that is sent but the secrets: the same in every process and run.

        A part has that of the whole: who has foreseen the whole has foreseen its parts.
        """
        if self.part_of:
            return self.part_of
        place = (self.product, self.version, self.action, self.method, self.path, self.operation, self.bucket)
        sent = [dict(self.parameters), dict(self.headers), dict(self.arguments), dict(self.document or {})]
        return sha256(json.dumps([place, sent], sort_keys=True, default=_digest).encode()).hexdigest()

    @property
    def concerns_planned(self) -> bool:
        """Whether it names something that a dry run has only planned."""
        texts = [self.path, self.bucket, *self.parameters.values(), *self.headers.values()]
        return any(PLANNED in text for text in texts)


def _digest(content: Any) -> str:
    return sha256(content).hexdigest() if isinstance(content, bytes) else repr(content)


def client_token(resource: str, purpose: str, generation: int = 0) -> str:
    """Derive the ClientToken of a creation: the same in every retry and every run of that creation.

    Environments that share a resource derive the same token for it, so that two runs at once make one. `generation`
    counts the earlier creations whose effect was seen: after a deletion the old token would give the dead id.

    Returns 64 hexadecimal digits, the most that ECS accepts. Source: ECS 2014-05-26, ClientToken.
    """
    parts = (resource, purpose, str(generation)) if generation else (resource, purpose)
    return sha256("\0".join(parts).encode()).hexdigest()


def number_pages(size: int, number: str = "PageNumber") -> Callable[[Any], Mapping[str, str] | None]:
    """Page as VPC, ECS and BSS do: PageNumber (BSS PageNum) and TotalCount, the latter under Data for BSS."""

    def following(body: Any) -> Mapping[str, str] | None:
        facts = body.get("Data", body) if isinstance(body, Mapping) else {}
        page, total = int(facts.get(number, 1) or 1), int(facts.get("TotalCount", 0) or 0)
        read_size = int(facts.get("PageSize", size) or size)
        return {number: str(page + 1), "PageSize": str(size)} if page * read_size < total else None

    return following


def index_pages(size: int, name: str) -> Callable[[Any], Mapping[str, str] | None]:
    """Page as foas (pageIndex) and foasconsole (PageIndex) do. Replies of both say PageIndex and TotalPage."""

    def following(body: Any) -> Mapping[str, str] | None:
        index, pages = int(body.get("PageIndex", 1) or 1), int(body.get("TotalPage", 1) or 1)
        size_name = "PageSize" if name[0] == "P" else "pageSize"
        return {name: str(index + 1), size_name: str(size)} if index < pages else None

    return following


def marker_pages(body: Any) -> Mapping[str, str] | None:
    """Page as RAM does: Marker, meaningful when IsTruncated."""
    return {"Marker": str(body.get("Marker", ""))} if body.get("IsTruncated") else None


def token_pages(body: Any) -> Mapping[str, str] | None:
    """Page as ECS does: NextToken, empty on the last page."""
    return {"NextToken": str(body["NextToken"])} if body.get("NextToken") else None
