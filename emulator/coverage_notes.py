"""The doubts written in the source: comments and docstrings that say UNCONFIRMED, and what they stand beside."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

MARK = "UNCONFIRMED"


@dataclass(frozen=True, order=True)
class Note:
    """A paragraph with the mark. `owner` is the function, class or constant that it belongs to, "" when it has none."""

    module: str
    line: int
    owner: str
    text: str

    def __str__(self) -> str:
        place = ".".join(part for part in (self.module.partition(".")[2], self.owner) if part)
        return f"`{place}`: {self.text.replace(MARK, '*unconfirmed*').rstrip('.')}."


@lru_cache
def notes_of(module: ModuleType) -> dict[str, frozenset[Note]]:
    """Give the notes of a module by the function, class or constant that they belong to; "" has those of none."""
    source = inspect.getsource(module)
    tree = ast.parse(source)
    found: dict[str, set[Note]] = {}
    for line, text in sorted([*_comments(source), *_docstrings(tree)]):
        owner = _owner(tree, line)
        found.setdefault(owner, set()).add(Note(module.__name__, line, owner, text))
    return {owner: frozenset(notes) for owner, notes in found.items()}


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Give the comments with the mark; a comment may go on in the lines below it."""
    comments: dict[int, tuple[bool, str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = (not token.line.split("#")[0].strip(), token.string.lstrip("# "))
    for line, (alone, text) in comments.items():
        if MARK not in text:
            continue
        below = line + 1
        while alone and below in comments and comments[below][0]:
            text += " " + comments[below][1]
            below += 1
        yield line, text


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
            if MARK in paragraph:
                yield node.body[0].lineno, " ".join(paragraph.split())


def _owner(tree: ast.Module, line: int) -> str:
    """Name the function, class or constant in which a line is, or which follows a comment above it."""
    for node in tree.body:
        if (node.end_lineno or node.lineno) < line:
            continue
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return node.name
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            return target.id if isinstance(target, ast.Name) else ""
        if node.lineno <= line:
            return ""
    return ""
