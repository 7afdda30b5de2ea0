"""Puts the automations of automations.yaml on the Prefect server; safe to run twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger

from alicloud.errors import Misconfigured

DOCUMENT = Path(__file__).parent / "automations.yaml"
DEAD_AFTER = "REALTIME_COMPUTE_DEAD_AFTER_SECONDS"
HEARTBEAT_SECONDS = 30  # between two signs of life of a run; the least that Prefect takes
SHORTEST_SECONDS, LONGEST_SECONDS = 40, 86_400


def ensure_automations(client: SyncPrefectClient, variables: Mapping[str, str]) -> list[str]:
    """Create the automations that are missing and bring the others to what is wanted.

    One that an operator has switched off stays off.

    Args:
        client: of the server.
        variables: may name, in REALTIME_COMPUTE_DEAD_AFTER_SECONDS, how long a run may be silent.

    Returns:
        The names of those that were created or changed.

    Raises:
        Misconfigured: the variable is no number of seconds, or too small.
    """
    return [each.name for each in wanted(variables) if _ensure(client, each)]


def wanted(variables: Mapping[str, str]) -> list[AutomationCore]:
    """Read the automations.

    Raises:
        Misconfigured: see `ensure_automations`.
    """
    document = yaml.safe_load(DOCUMENT.read_text("utf-8"))
    automations = [AutomationCore.model_validate(facts) for facts in document["automations"]]
    silence = _silence(variables)
    for automation in automations:
        if silence is not None and isinstance(automation.trigger, EventTrigger):
            automation.trigger.within = silence
    return automations


def _silence(variables: Mapping[str, str]) -> timedelta | None:
    text = variables.get(DEAD_AFTER, "")
    if not text:
        return None
    if not text.isdecimal() or not SHORTEST_SECONDS <= int(text) <= LONGEST_SECONDS:
        raise Misconfigured(
            f"{DEAD_AFTER} is {text!r}, not a whole number of seconds from {SHORTEST_SECONDS} to {LONGEST_SECONDS}.",
            remedy=f"A run gives a sign of life every {HEARTBEAT_SECONDS} s: name three times as much, such as 90.",
        )
    return timedelta(seconds=int(text))


def _ensure(client: SyncPrefectClient, automation: AutomationCore) -> bool:
    found = next(iter(client.read_automations_by_name(automation.name)), None)
    if found is None:
        client.create_automation(automation)
        return True
    if _facts(found) == _facts(automation):
        return False
    client.update_automation(found.id, automation.model_copy(update={"enabled": found.enabled}))
    return True


def _facts(automation: AutomationCore | Automation) -> dict[str, Any]:
    """Give what tells two automations apart: not their ids, nor whether they are on."""
    return automation.model_dump(include=set(AutomationCore.model_fields) - {"enabled"})
