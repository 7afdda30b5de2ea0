"""Texts that others wrote, the cloud's above all, shown so that nothing in them takes effect."""

from __future__ import annotations

import re
from collections.abc import Iterable

SIGNS = ("+", "~", "=", "!", "-", "$")  # of a plan: made, changed, kept, blocked, deleted, billed on


def one_line(text: str) -> str:
    """Make one printable line: for logs, and for messages that are shown in a terminal.

    Line breaks become spaces. What would move the cursor or turn the direction of writing stands as its escape.
    """
    return _printable(re.sub(r"\s*[\r\n]\s*|\t", " ", text).strip())


def printable(text: str) -> str:
    """Keep the lines of a text, each of them printable."""
    return "\n".join(_printable(line) for line in re.split(r"\r\n|\r|\n", text))


def plain(text: str) -> str:
    """Write a text into a line of Markdown, so that neither Markdown nor HTML in it takes effect."""
    return _escaped(one_line(text))


def linked(text: str) -> str:
    """Write a text into a line of Markdown in which nothing takes effect but addresses of the vendor's."""
    address = r"(https://(?:[a-z0-9-]+\.)+(?:aliyun|alibabacloud)\.com/[\w/?=&%:,.-]*[\w/])"
    parts = re.split(address, one_line(text))
    return "".join(f"<{part}>" if number % 2 else _escaped(part) for number, part in enumerate(parts))


def cell(text: str) -> str:
    """Write a text into a table artifact.

    The dashboards differ: one takes a cell for Markdown, the other shows it as it is. So only what is in no name of
    ours is escaped.
    """
    text = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`\[\]!])", r"\\\1", text)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a table in Markdown; a cell that is one of `SIGNS` stands as code."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(f"`{text}`" if text in SIGNS else plain(text) for text in row) + " |" for row in rows]
    return "\n".join(lines)


def fenced(text: str, language: str) -> str:
    """Write a text as a block of code that it cannot close."""
    text = printable(text)
    runs = re.findall(r"^\s*(`+)", text, re.MULTILINE)
    fence = "`" * max(3, *(len(run) + 1 for run in runs), 3)
    return f"{fence}{language}\n{text}\n{fence}"


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|!#~])", r"\\\1", text)


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
