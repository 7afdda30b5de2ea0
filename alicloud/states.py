"""Whether a state means wait, go on or stop: the word that the state tables of all products use."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from alicloud.errors import Unmet


class Progress(StrEnum):
    """What a state of the cloud means to whom waits for it."""

    WAIT = "wait"  # it will change on its own
    READY = "ready"
    FAILED = "failed"  # it will not become ready on its own


def progress(table: Mapping[str, Progress], state: str, what: str) -> Progress:
    """Say what a state means.

    Args:
        table: the states that the product documents.
        state: the state as the cloud wrote it.
        what: the resource in the operator's words, e.g. "VPC vpc-1".

    Raises:
        Unmet: a state that the table lacks; waiting on it might never end.
    """
    if state in table:
        return table[state]
    raise Unmet(
        f"{what} is in the state {state or '(none)'}, which is none of {', '.join(table)}.",
        remedy="Look at it in the console; when it is well there, the state must be added to our table.",
    )
