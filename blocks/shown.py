"""How a value that somebody else wrote stands in a message: printable, on one line, and short."""

from __future__ import annotations

import re
from typing import Any

MOST = 60  # characters of a value


def shown(value: Any, most: int = MOST) -> str:
    """Write a value as Python does, cut off where it becomes long."""
    if isinstance(value, str | bytes):
        value = value[: most + 1]  # the rest would be cut off anyway
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than Python writes
        text = f"a very long {type(value).__name__}"
    return text if len(text) <= most else text[: most - 3] + "..."


def shown_name(name: str | int) -> str:
    """Write the name of a field: as it is when it is one, else like a value."""
    return str(name) if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", str(name)) else shown(name)


def shown_text(text: str, most: int = 300) -> str:
    """Write a sentence that may hold somebody else's words."""
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: most + 1])
    return text if len(text) <= most else text[: most - 3] + "..."
