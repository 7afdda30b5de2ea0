"""What every part of the environment document has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the document: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)
