"""What of an environment is in the account already, by the id under which other tools take it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Key = tuple[str, ...]  # what it is, and its name: ("user", "alice"), ("vpc",), ("member", group, user)


@dataclass(frozen=True)
class Present:
    """Ids by key. `trust_policy` and `role_description` are the service role's own, empty where there is none."""

    ids: Mapping[Key, str] = field(default_factory=dict)
    trust_policy: str = ""
    role_description: str = ""
