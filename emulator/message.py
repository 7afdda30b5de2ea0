"""An HTTP request as it came in, read once: method, path, query, headers, form or JSON body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

from emulator.request import Refusal

BODY_LIMIT = 16 * 1024 * 1024
FIELD_LIMIT = 5000


@dataclass(frozen=True)
class Message:
    """`headers` has lower-case names; `path` is decoded, `raw_path` and `raw_query` are as they were sent."""

    method: str
    path: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes = b""
    source: str = ""  # the client's address
    secure: bool = False  # it came over TLS

    @cached_property
    def query(self) -> dict[str, str]:
        return _fields(self.raw_query)

    @cached_property
    def form(self) -> dict[str, str]:
        if self.content_type != "application/x-www-form-urlencoded":
            return {}
        return _fields(self.body.decode("utf-8", "replace"))

    @cached_property
    def document(self) -> Any:
        """The JSON body, None when there is none."""
        if "json" not in self.content_type or not self.body.strip():
            return None
        try:
            document = json.loads(self.body)
            if b"\\u" in self.body:
                json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
            return document
        except (ValueError, RecursionError):
            raise Refusal(400, "InvalidParameter.Body", "The request body is not valid JSON.") from None

    @cached_property
    def fields(self) -> dict[str, str]:
        """Query and form together; where a name stands in both, the form's value counts."""
        return self.query | self.form

    @cached_property
    def all_fields(self) -> dict[str, str]:
        """Query, form and the top level of a JSON body together."""
        document = self.document
        if not isinstance(document, dict):
            return self.fields
        return self.fields | {str(name): _text(value) for name, value in document.items() if value is not None}

    @property
    def content_type(self) -> str:
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def host(self) -> str:
        """The name in the Host header, without the port."""
        host = self.header("host")
        return host.partition("]")[0] + "]" if host.startswith("[") else host.rpartition(":")[0] or host

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


def _fields(encoded: str) -> dict[str, str]:
    if encoded.count("&") >= FIELD_LIMIT:
        raise Refusal(400, "InvalidParameter", f"More than {FIELD_LIMIT} parameters.")
    parted = (pair.partition("=") for pair in encoded.split("&") if pair)
    return {_decoded(name): _decoded(value) for name, _, value in parted}


def _decoded(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
