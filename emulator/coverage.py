"""python -m emulator.coverage > docs/emulator-coverage.md: what of each API the emulator has, read from its routes."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import emulator
from emulator import oss_routes, products
from emulator.calls import is_read
from emulator.coverage_notes import Note, notes_of
from emulator.coverage_source import read
from emulator.products import Product

SAMPLES = Path(__file__).parent.parent / "tests" / "emulator" / "response-samples.json"

# What an action does not do, or does otherwise, that no comment in the source calls unconfirmed. "partial: " begins
# what a client would miss. A test holds that no action of the flows is partial.
DIFFERENCES = {
    ("bssopenapi", "PayOrder"): "partial: any Token will do, the page that gives one is not emulated",
    ("foas", "CreateCellClusterOrder"): "always refused: exclusive mode is not sold since 2021-04-28",
    ("foas", "GetClusterMetrics"): "partial: every series has one point, of an idle cluster",
    ("foas", "GetClusterResource"): "nothing is allocated: no job runs here",
    ("foas", "GetRefPackageJob"): "partial: always empty, there are no jobs",
    ("foasconsole", "GetFlinkAiServiceFreeQuota"): "partial: always nothing",
    ("oss", "AppendObject"): "an ACL of the object itself is refused with 501",
    ("oss", "CopyObject"): "an ACL of the object itself is refused with 501",
    ("oss", "InitiateMultipartUpload"): "an ACL of the object itself is refused with 501",
    ("oss", "PutBucketLifecycle"): "partial: the rules are kept and given back, nothing is deleted by them",
    ("oss", "PutBucketLogging"): "partial: kept and given back, no log is written",
    ("oss", "PutBucketPolicy"): "partial: kept and given back, it grants and denies nothing",
    ("oss", "PutObject"): "an ACL of the object itself is refused with 501",
    ("ram", "GetUser"): "LastLoginDate is always empty: nobody can log on to a console",
}

# Parameters whose names a client makes up, so that no source can name them.
_MADE_UP = {
    ("oss", action): {"x-oss-meta-* (header)"}
    for action in ("AppendObject", "CopyObject", "InitiateMultipartUpload", "PutObject")
}

_HEAD = """# What the emulator covers

Made from the emulator's own route tables and source by `python -m emulator.coverage > docs/emulator-coverage.md`; do
not edit. [emulator.md](emulator.md) says how to use it.

- *parameters* are those that have an effect, beside the signature's own and `RegionId`, which every RPC and ROA call
  may have. Others are accepted and ignored, as the cloud does. `Tag.N.*` is a list of structures; `(header)` and
  `(XML body)` say where else than in query or form a parameter stands.
- *differs* says what is known to be unlike the cloud; a number points to a decision below the table that no published
  source confirms. **partial** marks actions of which a client would miss something.

| product | version | actions | partial | of the reference, lacking |
| --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Action:
    """An action of a product, with what its source says."""

    name: str
    route: str  # method and path, empty for RPC
    kind: str  # read or write, as the call log has it
    parameters: tuple[str, ...]
    notes: tuple[Note, ...]
    difference: str

    @property
    def is_partial(self) -> bool:
        return self.difference.startswith("partial")


@lru_cache
def actions(product: Product) -> tuple[Action, ...]:
    """Give the actions of a product in the order of its routes; one with several routes is given once."""
    found: dict[str, Action] = {}
    for name, route, handler in _served(product):
        if name in found:
            continue
        reading = read(handler)
        kind = "read" if is_read(name) else "write"
        key = (product.section, name)
        parameters = tuple(sorted((reading.parameters | _MADE_UP.get(key, set())) - {"RegionId"}))
        found[name] = Action(name, route, kind, parameters, tuple(sorted(reading.notes)), DIFFERENCES.get(key, ""))
    return tuple(found.values())


def _served(product: Product) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for key, handler in product.routes.items():
        named = "".join(word.capitalize() for word in str(getattr(handler, "__name__", "")).split("_"))
        yield (key, "", handler) if isinstance(key, str) else (named, f"{key[0]} `{key[1]}`", handler)
    if product.section == "oss":
        for (method, kind, *selectors), serve in oss_routes.OPERATIONS.items():
            path = {"service": "/", "bucket": "/bucket", "object": "/bucket/key"}[kind]
            names = [name for name in selectors if name != oss_routes.COPY]
            route = f"{method} `{path}{'?' if names else ''}{'&'.join(names)}`"
            yield oss_routes.Operation(serve).name, route, serve


def lacking(product: Product) -> list[str]:
    """Name the actions that the reference has samples of and the emulator has not."""
    samples = json.loads(SAMPLES.read_text("utf-8"))
    keys = [key for key in samples if key.lower() == f"{product.name}/{product.version}".lower()]
    sampled = {name for key in keys for name in samples[key] if name != "Error"}  # OSS: how an error looks
    return sorted(sampled - {action.name for action in actions(product)})


def page() -> str:
    """Write the whole page."""
    parts = [_HEAD]
    for product in products.PRODUCTS:
        partial = sum(action.is_partial for action in actions(product))
        facts = (f"[{product.name}](#{_anchor(product)})", product.version, len(actions(product)), partial)
        parts[0] += "\n" + _row(*map(str, facts), str(len(lacking(product))))
    parts += [_section(product) for product in products.PRODUCTS]
    parts.append(_rest())
    return "\n\n".join(parts) + "\n"


def _section(product: Product) -> str:
    served = actions(product)
    texts = list(dict.fromkeys(str(note) for action in served for note in action.notes))
    with_routes = any(action.route for action in served)
    head = ["action", *(["route"] if with_routes else []), "kind", "parameters", "differs"]
    rows = [_row(*head), _row(*["---"] * len(head))]
    for action in served:
        numbers = sorted({texts.index(str(note)) + 1 for note in action.notes})
        differs = "; ".join(part for part in (_bold(action.difference), ", ".join(map(str, numbers))) if part)
        names = ", ".join(f"`{name.split(' ')[0]}`{name[len(name.split(' ')[0]) :]}" for name in action.parameters)
        rows.append(_row(action.name, *([action.route] if with_routes else []), action.kind, names, differs))
    parts = [f"## {product.name} {product.version}", "\n".join(rows)]
    if texts:
        numbered = "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))
        parts.append(f"Not confirmed:\n\n{numbered}")
    if missing := lacking(product):
        parts.append(f"The reference also has {', '.join(missing)}; the emulator has not.")
    return "\n\n".join(parts)


def _rest() -> str:
    """List the notes that no action reaches: signatures, rights, seeds, the protocol."""
    reached = {note for product in products.PRODUCTS for action in actions(product) for note in action.notes}
    modules = [importlib.import_module(f"emulator.{each.name}") for each in pkgutil.iter_modules(emulator.__path__)]
    notes = {
        note
        for module in modules
        if not _is_own(module.__name__)
        for found in notes_of(module).values()
        for note in found
    }
    lines = dict.fromkeys(f"- {note}" for note in sorted(notes - reached))
    return "\n\n".join(["## Everything else", "Not confirmed, and not of one action alone:", "\n".join(lines)])


def _is_own(module: str) -> bool:
    """The modules that make this page speak of the mark without having doubts."""
    return module.startswith("emulator.coverage")


def _anchor(product: Product) -> str:
    return f"{product.name} {product.version}".lower().replace(" ", "-")


def _bold(text: str) -> str:
    return text.replace("partial:", "**partial**:", 1) if text.startswith("partial:") else text


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
