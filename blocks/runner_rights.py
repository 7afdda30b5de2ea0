"""The least rights of whoever runs steps: which calls they may send, on what, and what is left to the account itself.

Each step says what it needs where it is defined, since it decides while it runs what it sends. Tests compare that with
what the step can reach and with what an account's log shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from alicloud.call import Call
from alicloud.call_rights import CallRight, rights_of, why_account_only
from blocks.runner_names import Names, NameSet


@dataclass(frozen=True)
class Need:
    """A call that a step may send: only where `given` has names; `names` tells with whose names its resources fill.

    `to_write` is true of writes, and of reads that are asked in the middle of writing alone: no plan asks them.
    """

    builder: Callable[..., Call[Any]]
    given: NameSet | None
    names: Mapping[str, NameSet]
    to_write: bool

    @property
    def rights(self) -> tuple[CallRight, ...]:
        """The rights that the call needs; of those for several kinds of principal, the one for the kind it names."""
        return tuple(each for each in rights_of(self.builder) if not each.principal or each.principal in self.names)


def need(
    builder: Callable[..., Call[Any]], given: NameSet | None = None, *, to_write: bool = False, **names: NameSet
) -> Need:
    """Say that a step may send the call that a function builds.

    Args:
        given: only where the environment has such names.
        to_write: a read that is asked in the middle of writing alone; of a write it is known.
        names: whose names the right is on, such as `user="leavers"`; unless said, the set called like the field.
    """
    writes = not all(right.is_read for right in rights_of(builder))
    return Need(builder, given, names, to_write or writes)


def grants(needs: Iterable[Need], names: Names) -> dict[str, list[str]]:
    """Give the resources that each action must be allowed on.

    What only the account itself may do is not among it: a right does not help.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for each in _wanted(needs, names):
        if not why_account_only(each.builder):
            for right in each.rights:
                found[right.name].update(_resources(right, each, names))
    return {action: sorted(resources) for action, resources in sorted(found.items()) if resources}


def account_only(needs: Iterable[Need], names: Names) -> dict[str, str]:
    """Give the actions that the account's own AccessKey must send, each with the reason."""
    reasons = ((each, why_account_only(each.builder)) for each in _wanted(needs, names))
    return {right.action: reason for each, reason in reasons if reason for right in each.rights}


def _wanted(needs: Iterable[Need], names: Names) -> Iterator[Need]:
    return (each for each in needs if each.given is None or names[each.given])


def _resources(right: CallRight, wanted: Need, names: Names) -> Iterator[str]:
    """Fill a right's resources; one whose names are an empty set for this environment gives none."""
    sets = {field: names[wanted.names.get(field, field)] for field in right.placeholders}  # type: ignore[arg-type]
    if all(sets.values()):
        for resource in right.resources:
            yield from _filled(resource, sets)


def _filled(resource: str, sets: Mapping[str, Sequence[str]]) -> Iterator[str]:
    fields = [field for field in sets if f"{{{field}}}" in resource]
    for chosen in product(*(sets[field] for field in fields)):
        yield resource.format(**dict(zip(fields, chosen, strict=True)))
