"""Puts automations.yaml, and the messages of notifications.yaml, on the Prefect server; safe to run twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound

from alicloud.errors import Misconfigured

DOCUMENT = Path(__file__).parent / "automations.yaml"
NOTIFICATIONS = Path(__file__).parent / "notifications.yaml"
HEARTBEAT_SECONDS = 30  # between two signs of life of a run; the least that Prefect takes
SHORTEST_SECONDS, LONGEST_SECONDS = 40, 86_400
# Variables: how long a run may be silent, how long it may wait for a person, and the block that messages go to.
DEAD_AFTER = "REALTIME_COMPUTE_DEAD_AFTER_SECONDS"
WAITING = "REALTIME_COMPUTE_WAITING_SECONDS"
NOTIFY = "REALTIME_COMPUTE_NOTIFY"
_TIMES = {"realtime-compute-dead-runs": DEAD_AFTER, "realtime-compute-waiting": WAITING}


def ensure_automations(client: SyncPrefectClient, variables: Mapping[str, str]) -> list[str]:
    """Create the automations that are missing and bring the others to what is wanted.

    One that an operator has switched off stays off.

    Args:
        client: of the server.
        variables: may name how long a run may be silent or wait (seconds), and the notification block, as type/name,
            that messages go to; without it no message is sent.

    Returns:
        The names of those that were created or changed.

    Raises:
        Misconfigured: a time is no number of seconds or too small, or there is no such block.
    """
    automations = wanted(variables)
    if variables.get(NOTIFY):
        automations += messages(variables, _block(client, variables[NOTIFY]))
    return [each.name for each in automations if _ensure(client, each)]


def wanted(variables: Mapping[str, str]) -> list[AutomationCore]:
    """Read the automations that every server gets.

    Raises:
        Misconfigured: see `ensure_automations`.
    """
    return [_timed(AutomationCore.model_validate(facts), variables) for facts in _document(DOCUMENT)["automations"]]


def messages(variables: Mapping[str, str], block: UUID) -> list[AutomationCore]:
    """Read the automations that send messages to a block."""
    found = []
    for facts in _document(NOTIFICATIONS)["notifications"]:
        action = SendNotification(block_document_id=block, subject=facts.pop("subject"), body=facts.pop("body"))
        found.append(_timed(AutomationCore.model_validate({**facts, "actions": [action]}), variables))
    return found


def _document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return document


def _block(client: SyncPrefectClient, name: str) -> UUID:
    slug, _, block = name.partition("/")
    try:
        return client.read_block_document_by_name(block, slug).id
    except ObjectNotFound:
        raise Misconfigured(
            f"{NOTIFY} names the block {name}, which does not exist.",
            remedy="Create a notification block in the dashboard under Blocks, and name it as type/name, such as "
            "slack-webhook/ops.",
        ) from None


def _timed(automation: AutomationCore, variables: Mapping[str, str]) -> AutomationCore:
    """Put the operator's time into a trigger."""
    variable = _TIMES.get(automation.name, "")
    text = variables.get(variable, "")
    if text:
        automation.trigger = automation.trigger.model_copy(update={"within": _seconds(variable, text)})
    return automation


def _seconds(variable: str, text: str) -> timedelta:
    if not text.isdecimal() or not SHORTEST_SECONDS <= int(text) <= LONGEST_SECONDS:
        raise Misconfigured(
            f"{variable} is {text!r}, not a whole number of seconds from {SHORTEST_SECONDS} to {LONGEST_SECONDS}.",
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
