"""The environments that the Prefect server knows: all Flink Environment blocks, or those that are named or tagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from blocks.environment import Environment
from tasks.opening import load_environment

SLUG = "flink-environment"


def known_environments(names: Sequence[str] = ()) -> list[Environment]:
    """Give the environments of these names; of all blocks when none is named.

    Raises:
        Misconfigured: one does not exist or is impossible. To leave it out would take what it wants for an orphan.
    """
    return [load_environment(name) for name in names or sorted(documents())]


def of_account(environments: Sequence[Environment], account: str) -> list[Environment]:
    """Give those of an account, and those that name none."""
    return [environment for environment in environments if environment.account in ("", account)]


def documents() -> Mapping[str, Mapping[str, Any]]:
    """Give every environment's document as it is stored, by the name of its block; it may be impossible.

    Prefect 3.8.8 answers with all blocks of a type at once, whatever offset and limit are asked for.
    """
    with get_client(sync_client=True) as client:
        try:
            blocks = client.read_block_documents_by_type(SLUG, include_secrets=False)
        except ObjectNotFound:  # no block of the type was ever registered
            return {}
    found = {each.name: each.data.get("environment") for each in blocks if each.name and not each.is_anonymous}
    return {name: document if isinstance(document, Mapping) else {} for name, document in found.items()}
