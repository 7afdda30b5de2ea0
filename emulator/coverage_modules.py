"""Where the things that this package names are defined: the source of a function, the module of a name."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

PACKAGE = __name__.partition(".")[0]


def is_ours(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE


@lru_cache
def _tree(module: ModuleType) -> dict[str, ast.FunctionDef]:
    """Give the functions of a module by their qualified names."""
    found: dict[str, ast.FunctionDef] = {}

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                found[prefix + child.name] = child
            elif isinstance(child, ast.ClassDef):
                walk(child, f"{prefix}{child.name}.")

    walk(ast.parse(inspect.getsource(module)), "")
    return found


def definition(function: Callable[..., Any]) -> ast.FunctionDef:
    return _tree(sys.modules[function.__module__])[function.__qualname__]


@lru_cache
def _imports(module: ModuleType) -> dict[str, tuple[str, str]]:
    """Give what a module imports from others of the package: name -> (module, name there)."""
    nodes = (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name: (node.module or "", alias.name) for node in nodes for alias in node.names}


def home(module: ModuleType, name: str) -> tuple[ModuleType, str]:
    """Find the module that defines a name."""
    origin, there = _imports(module).get(name, ("", name))
    module_there = sys.modules.get(origin)
    return home(module_there, there) if module_there and origin.startswith(f"{PACKAGE}.") else (module, there)
