"""Patterns of policies: `*` is any run of characters, `?` is any one. Source: RAM, policy structure and syntax."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase


def matches(pattern: str, text: str) -> bool:
    """Say whether a text, its case included, is one that the pattern means."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def example(pattern: str, kind: str, filling: str) -> str | None:
    """Give a resource of a kind that a pattern names, with a filling for each `*`; None when it names none.

    Args:
        pattern: of a policy, e.g. acs:vpc:*:*:vpc/vpc-bp1*.
        kind: what stands before the id, e.g. acs:vpc:cn-hangzhou:1234567890123456:vpc/.
        filling: what no policy names.
    """
    for end in range(len(pattern) + 1):
        head, tail = pattern[:end], pattern[end:]
        if matches(head, kind):
            tail = f"*{tail}" if head.endswith("*") and not tail.startswith("*") else tail
            found = re.sub(r"\*+", filling, tail).replace("?", "x")
            if found and not re.search("[:/]", found):  # an id has neither
                return kind + found
    return None


def names_action(pattern: str, action: str) -> bool:
    """Say whether a pattern names an action; the case of actions says nothing."""
    return matches(pattern.lower(), action.lower())


def names_resource(pattern: str, resource: str) -> bool:
    """Say whether a pattern names a resource, e.g. acs:ram:*:1234567890123456:role/flink.

    What is global bears `*`, or nothing, where the region would stand: there any region in the pattern names it.
    """
    if matches(pattern, resource):
        return True
    wanted, given = pattern.split(":", 4), resource.split(":", 4)
    if len(wanted) != 5 or len(given) != 5 or given[2] not in ("*", ""):
        return False
    return all(matches(wanted[place], given[place]) for place in (0, 1, 3, 4))
