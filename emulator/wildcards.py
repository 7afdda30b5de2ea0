"""Patterns of RAM: `*` and `?`."""

from __future__ import annotations


def wildcard(pattern: str, text: str) -> bool:
    """Match `*` (any run) and `?` (any one character), in time that grows with the product of the lengths at worst."""
    at = start = 0
    star, resume = -1, 0
    while start < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, start
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[start]):
            at += 1
            start += 1
        elif star >= 0:
            resume += 1
            at, start = star + 1, resume
        else:
            return False
    return all(character == "*" for character in pattern[at:])
