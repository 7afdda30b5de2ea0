"""What a dialect finds: the product, the action and its handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.products import Handler, Product


@dataclass(frozen=True)
class Route:
    product: Product
    action: str
    handler: Handler
    path: Mapping[str, str] = field(default_factory=dict)
