"""Policy documents compared by what they mean, not by how they are written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alicloud.errors import Unmet

GRAMMAR_VERSION = "1"
MAX_DOCUMENT_BYTES = 6144  # Source: RAM 2015-05-01, CreatePolicy (2,048 and 4,096 in older documentation).

Document = str | Mapping[str, Any]


def statement(
    actions: str | Iterable[str], resources: str | Iterable[str] = "*", effect: str = "Allow"
) -> dict[str, Any]:
    """Make a statement; one action or resource stands alone, several are sorted and each is said once."""
    return {"Action": _plain(actions), "Resource": _plain(resources), "Effect": effect}


def document(statements: Iterable[Mapping[str, Any]]) -> str:
    """Write statements as a policy document: compact JSON, the same text for the same statements."""
    body = {"Version": GRAMMAR_VERSION, "Statement": [dict(sorted(one.items())) for one in statements]}
    return json.dumps(body, separators=(",", ":"))


def same_meaning(a: Document, b: Document) -> bool:
    """Whether two documents allow and deny the same.

    Neither the order of statements and actions, nor the case of actions, nor JSON white space, nor whether a single
    item stands in a list make a difference; nor does how actions and resources are spread over statements.
    Resources and conditions are compared as written.

    Raises:
        Unmet: one of them is not a policy document.

    Source: RAM, policy structure and syntax.
    """
    return _rights(a).keys() == _rights(b).keys()


def differences(wanted: Document, actual: Document) -> list[str]:
    """Say in lines what `actual` lacks ("+ Allow ecs:RunInstances on *") and what it has too much ("- ...").

    Raises:
        Unmet: one of them is not a policy document.
    """
    lacking, surplus = (sorted(map(str, rights)) for rights in compared(wanted, actual))
    return [f"+ {line}" for line in lacking] + [f"- {line}" for line in surplus]


def compared(wanted: Document, actual: Document) -> tuple[list[Right], list[Right]]:
    """Give the rights that `actual` lacks, and those that it has too much.

    Raises:
        Unmet: one of them is not a policy document.
    """
    ours, theirs = _rights(wanted), _rights(actual)
    lacking = [ours[key] for key in ours.keys() - theirs.keys()]
    return lacking, [theirs[key] for key in theirs.keys() - ours.keys()]


def allowed(text: Document) -> list[Right]:
    """Give what a document allows, one action on one resource each.

    Raises:
        Unmet: it is not a policy document.
    """
    return [right for right in _rights(text).values() if right.effect == "Allow"]


@dataclass(frozen=True)
class Right:
    """One action on one resource: the atom that documents are made of."""

    effect: str
    action: str
    resource: str
    principal: str
    condition: str
    key: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        key = (self.effect, self.action.casefold(), self.resource, self.principal, self.condition)
        object.__setattr__(self, "key", key)

    def __str__(self) -> str:
        return f"{self.effect} {self.action}{self.scope.removeprefix(self.effect)}"

    @property
    def scope(self) -> str:
        """All of it but the action: "Allow on *"."""
        on = f" on {self.resource}" if self.resource else ""
        to = f" to {self.principal}" if self.principal else ""
        given = f" if {self.condition}" if self.condition else ""
        return f"{self.effect}{on}{to}{given}"


def _rights(text: Document) -> dict[tuple[str, ...], Right]:
    try:
        body = json.loads(text or "{}") if isinstance(text, str) else text
        statements = body.get("Statement", [])
        listed = [statements] if isinstance(statements, Mapping) else statements
        return {right.key: right for one in listed for right in _split(one)}
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Unmet(
            f"This is not a policy document ({type(error).__name__}): {str(text)[:200]}",
            remedy="Correct it: a Version and a list of Statements, each with Effect, Action and Resource.",
        ) from None


def _split(one: Mapping[str, Any]) -> list[Right]:
    principals = _principals(one)
    condition = _condition(one.get("Condition") or {})
    return [
        Right(one["Effect"], action, resource, principal, condition)
        for action in _items(one, "Action")
        for resource in _items(one, "Resource")
        for principal in principals
    ]


def _items(one: Mapping[str, Any], name: str) -> list[str]:
    """Give the items; those of a NotAction stay together, for apart each would mean nearly everything."""
    if f"Not{name}" in one:
        return [f"all but ({', '.join(sorted(_strings(one[f'Not{name}'])))})"]
    if name not in one:
        if name == "Action":
            raise KeyError(name)
        return [""]  # a trust policy names no resource
    return sorted(_strings(one[name]))


def _principals(one: Mapping[str, Any]) -> list[str]:
    found = one.get("Principal")
    if found is None:
        return [""]
    if not isinstance(found, Mapping):
        return sorted(_strings(found))
    # The name of a service is a domain name: its case says nothing.
    return sorted(
        f"{kind} {name.lower() if kind == 'Service' else name}" for kind in found for name in _strings(found[kind])
    )


def _condition(found: Mapping[str, Any]) -> str:
    return " and ".join(
        f"{operator} {key}={','.join(sorted(_strings(values)))}"
        for operator, keys in sorted(found.items())
        for key, values in sorted(keys.items())
    )


def _strings(value: Any) -> set[str]:
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    if any(isinstance(each, Mapping) or each is None for each in values):
        raise TypeError("a text is wanted")
    return {str(each).lower() if isinstance(each, bool) else str(each) for each in values}


def _plain(value: str | Iterable[str]) -> str | list[str]:
    listed = [value] if isinstance(value, str) else sorted(set(value))
    return listed[0] if len(listed) == 1 else listed
