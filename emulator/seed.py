"""Seeds: worlds written down in YAML, with the sections of the products that fill them."""

from __future__ import annotations

import copy
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emulator import products
from emulator.world import Delays, World

FOLDER = Path(__file__).parent / "seeds"


class _Account(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field("", pattern=r"^[0-9]{0,32}$", coerce_numbers_to_str=True)
    alias: str = Field("", pattern=r"^[a-z0-9-]{0,32}$")
    region: str = Field("", pattern=r"^[a-z0-9-]{0,32}$")


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def named(name: str) -> Any:
    """Read one of the seeds that come with the emulator.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in names():
        raise ValueError(f"no seed is called {name!r}; there are {', '.join(names())}")
    return parse((FOLDER / f"{name}.yaml").read_text("utf-8"))


def parse(text: str) -> Any:
    """Read YAML, of which JSON is a part.

    Raises:
        ValueError: it is neither.
    """
    try:
        content = yaml.safe_load(text)
        json.dumps(content, ensure_ascii=False, default=str).encode()  # half a surrogate pair is no text
        return content
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ValueError(f"not YAML: {error}") from error


def sown(world: World, seed: Any) -> World:
    """Give a world that also has what the seed holds; the given world stays as it is.

    Raises:
        ValueError: the seed is impossible; the message says where.
    """
    if not isinstance(seed, dict):
        raise ValueError("a seed is an object with a section per product")
    sections = {product.section: product for product in products.PRODUCTS if product.offered("seed")}
    known = {"account", "delays", *sections}
    if unknown := set(map(str, seed)) - known:
        raise ValueError(f"unknown section {sorted(unknown)[0]!r}; there are {', '.join(sorted(known))}")
    if wrong := [name for name, section in seed.items() if not isinstance(section, dict | None)]:
        raise ValueError(f"{wrong[0]}: not an object")
    grown = copy.deepcopy(world)
    try:
        _account(grown, seed.get("account"))
        _delays(grown, seed.get("delays"))
        for section, product in sections.items():
            if seed.get(section) is not None:
                for sow in product.offered("seed"):
                    sow(grown, seed[section])
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"the seed has the wrong shape: {type(error).__name__}: {error}") from error
    return grown


def _account(world: World, data: Any) -> None:
    account = _Account.model_validate(data or {})
    world.account_id = account.id or world.account_id
    world.account_alias = account.alias or world.account_alias
    world.region = account.region or world.region


def _delays(world: World, data: Any) -> None:
    known = {item.name for item in fields(Delays)}
    for name, seconds in dict(data or {}).items():
        if (
            name not in known
            or isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds < 1e9
        ):
            raise ValueError(f"delays.{name}: not a delay in seconds; there are {', '.join(sorted(known))}")
        setattr(world.delays, name, float(seconds))
