"""The XML that OSS reads and writes, as one small tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from emulator.request import Refusal

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element as Parsed

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
BODY_LIMIT = 4 * 1024 * 1024  # the longest document, a deletion of 1000 keys of 1023 bytes, fits
DEPTH_LIMIT = 16

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Element:
    tag: str
    text: str = ""
    children: tuple[Element, ...] = ()

    def all(self, tag: str) -> list[Element]:
        return [child for child in self.children if child.tag == tag]

    def find(self, *path: str) -> Element | None:
        """Give the first element at a path below this one."""
        found: Element | None = self
        for tag in path:
            found = next(iter(found.all(tag)), None) if found else None
        return found

    def value(self, *path: str) -> str:
        """Give the text at a path below this one without the space around it, empty when there is none."""
        found = self.find(*path)
        return found.text.strip() if found else ""


def element(tag: str, *content: str | int | bool | Element | Iterable[Element]) -> Element:
    """Make an element of text (numbers and booleans too) or of elements."""
    text, children = "", list[Element]()
    for item in content:
        if isinstance(item, Element):
            children.append(item)
        elif isinstance(item, bool):
            text += str(item).lower()
        elif isinstance(item, str | int):
            text += str(item)
        else:
            children.extend(item)
    return Element(tag, text, tuple(children))


def read(body: bytes, root: str) -> Element:
    """Read a document whose root must have this name.

    Raises:
        Refusal: 400 MalformedXML.
    """
    if len(body) > BODY_LIMIT:
        raise malformed()
    try:
        tree = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise malformed() from None
    document = _taken(tree, 0)
    if document.tag != root:
        raise malformed()
    return document


def write(tree: Element) -> bytes:
    return (DECLARATION + inner(tree)).encode("utf-8", "replace")


def inner(tree: Element) -> str:
    """Write an element without the XML declaration."""
    # XML 1.0 cannot name most control characters; clients that have such keys ask for encoding-type=url.
    content = escape(_NOT_XML.sub("\ufffd", tree.text)) + "".join(map(inner, tree.children))
    return f"<{tree.tag}>{content}</{tree.tag}>"


def malformed() -> Refusal:
    message = "The XML you provided was not well-formed or did not validate against our published schema."
    return Refusal(400, "MalformedXML", message)


def encoded(text: str, encoding: str) -> str:
    """Encode a key or a prefix the way that the client asked for: `url`, or not at all."""
    return quote(text, safe="/~") if encoding == "url" else text


def _taken(parsed: Parsed, depth: int) -> Element:
    if depth > DEPTH_LIMIT:
        raise malformed()
    children = tuple(_taken(child, depth + 1) for child in parsed)
    return Element(parsed.tag.rpartition("}")[2], parsed.text or "", children)
