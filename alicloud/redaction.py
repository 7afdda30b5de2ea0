"""Keeps secrets out of texts, log records and exceptions: what looks like one, and the very ones that are in use."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

MARK = "***"
SHORTEST = 6  # what is shorter stands in too many words to be hidden wherever it appears
DEEPEST = 8

_NAME = r"access[_-]?key[_-]?(?:id|secret)|security[_-]?token|signature(?:provided)?|passw(?:or)?d|x-oss-credential"
_QUOTE = r"(?:\\*[\"']|%(?:25)?22)?"
_BETWEEN = rf"{_QUOTE}\s*(?:=|:|>|%(?:25)?3D|%(?:25)?3A)\s*b?{_QUOTE}"
_VALUE = r"(?:(?!%(?:25)?2[26])[^&\s\"'\\,;<>)}\]])+"
_SCHEME = r"(?:acs3-hmac-sha256|oss4-hmac-sha256|acs|oss|bearer|basic)"
_UNMARKED = r"(?!\s*\*\*\*)"  # a text that was cleaned may have got another behind it, such as a remedy
_NAMED = re.compile(rf"({_NAME})({_BETWEEN})({_VALUE})", re.IGNORECASE)
_PATTERNS = (
    (re.compile(rf"(server string to sign is:){_UNMARKED}.*", re.DOTALL), rf"\1 {MARK}"),
    (re.compile(rf"(authorization{_BETWEEN}{_SCHEME})(?=\s){_UNMARKED}[^\"'\r\n]+", re.IGNORECASE), rf"\1 {MARK}"),
    (re.compile(r"\b(acs|OSS)(\s+)[^\s:\"',]+:[A-Za-z0-9+/=%]{16,}"), rf"\1\2{MARK}"),
    (re.compile(r"(://)[^/\s:@\"']+:[^/\s@\"']+@"), rf"\1{MARK}@"),
    (re.compile(r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))(LTAI|STS\.)[A-Za-z0-9]{8,}"), rf"\1{MARK}"),
    (re.compile(r"(?<![A-Za-z0-9])CAIS[A-Za-z0-9+/=%]{24,}"), MARK),  # as tokens of STS begin
)
# Whatever the patterns may find has one of these in it: most records have none, and are let through in microseconds.
_HINTS: tuple[str, ...] = ("access", "token", "signature", "passw", "authorization", "credential", "sign is:")
_HINTS += ("ltai", "sts.", "cais", "acs ", "oss ", "@")

_lock = threading.Lock()
_known: tuple[str, ...] = ()
_FORMATTER = logging.Formatter()


class Concealed(Exception):
    """Stands for an exception whose own words held a secret and could not be changed."""


def know(*secrets: str) -> None:
    """Remember secrets that are in use: from now on `redact` takes them out wherever they appear."""
    global _known
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    with _lock:
        if not forms <= set(_known):
            _known = tuple(sorted(forms.union(_known), key=lambda form: (-len(form), form)))


def redact(text: str) -> str:
    """Take secrets that are known, and whatever looks like a key, token, signature or password, out of a text."""
    for form in _known:
        if form in text:
            text = text.replace(form, MARK)
    folded = text.casefold()
    if any(hint in folded for hint in _HINTS):
        for pattern, clean in _PATTERNS:
            text = pattern.sub(clean, text)
        text = _NAMED.sub(_unvalued, text)
    return text


def install() -> None:
    """Redact every record of every logger as it is made, and what ends a process or thread. Once is enough."""
    with _lock:
        make = logging.getLogRecordFactory()
        if isinstance(make, _Redacting):
            return
        logging.setLogRecordFactory(_Redacting(make))
        ends, thread_ends = sys.excepthook, threading.excepthook
        sys.excepthook = lambda kind, error, trace: ends(kind, scrubbed(error), trace)
        threading.excepthook = lambda end: thread_ends(_scrubbed_end(end))


@contextmanager
def redacted() -> Iterator[None]:
    """Let an exception out only without secrets, so that whoever shows it shows none."""
    try:
        yield
    except Exception as error:
        clean = scrubbed(error)
        if clean is error:
            raise
        raise clean from None


def scrubbed(error: BaseException) -> BaseException:
    """Take secrets out of an exception in place: its arguments, fields, notes and causes.

    Returns:
        The exception; when its words cannot be changed, a `Concealed` with the redacted ones.
    """
    return _scrubbed(error, {})


class _Redacting:
    """A factory of log records that are clean."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self.make(*args, **kwargs)
        try:
            said = record.getMessage()
            clean = redact(said)
        except Exception:  # the handlers would complain about it, showing message and arguments
            said, clean = "", redact(f"{record.msg!s} {record.args!r}")
        if clean != said:
            record.msg, record.args = clean, ()
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        if record.exc_info and record.exc_info[1] is not None:
            shown = _FORMATTER.formatException(record.exc_info)
            record.exc_text = redact(shown)
            if record.exc_text != shown:
                record.exc_info = None  # some formatters look there and not at the text
        return record


def _forms(secret: str) -> set[str]:
    """Give a secret as it stands in texts, URLs (also in what is signed), JSON, reprs, HTML and base64."""
    quoted = quote(secret, safe="", errors="replace")
    forms = {secret, quoted, quote(secret, errors="replace"), quote_plus(secret, errors="replace")}
    forms |= {quote(quoted, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1], escape(secret)}
    forms |= {re.sub("%..", lambda match: match[0].lower(), form) for form in forms}
    data = secret.encode("utf-8", "replace")
    for lead, first in ((0, 0), (1, 2), (2, 3)):  # at each offset that it may have in a longer text
        inner = b64encode(bytes(lead) + data).decode()[first : (lead + len(data)) * 8 // 6]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


def _unvalued(match: re.Match[str]) -> str:
    name, between, value = match.groups()
    prose = between.strip() == ":" and len(value) < 8  # "access_key_secret: Field required"
    return match[0] if prose else f"{name}{between}{MARK}"


def _scrubbed(error: BaseException, seen: dict[int, BaseException]) -> BaseException:
    if id(error) in seen:
        return seen[id(error)]
    seen[id(error)] = error
    with suppress(Exception):
        error.args = _scrub(error.args, seen)
    with suppress(Exception):
        vars(error).update(_scrub(vars(error), seen))  # the notes are in there, too
    for link in ("__cause__", "__context__"):
        inner = getattr(error, link)
        if inner is not None and (clean := _scrubbed(inner, seen)) is not inner:
            hides = error.__suppress_context__
            setattr(error, link, clean)
            error.__suppress_context__ = hides
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    words = "".join(traceback.format_exception_only(error))
    if redact(words) != words or [member for member in members if _scrubbed(member, seen) is not member]:
        seen[id(error)] = Concealed(redact(words.strip())).with_traceback(error.__traceback__)
    return seen[id(error)]


def _scrub(value: Any, seen: dict[int, BaseException], depth: int = 0) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bytes):
        return redact(value.decode("latin-1")).encode("latin-1")
    if isinstance(value, BaseException):
        return _scrubbed(value, seen)
    if depth < DEEPEST and type(value) in (tuple, list, set, frozenset):
        return type(value)(_scrub(item, seen, depth + 1) for item in value)
    if depth < DEEPEST and isinstance(value, dict):
        return {_scrub(name, seen, depth + 1): _scrub(item, seen, depth + 1) for name, item in value.items()}
    return value


def _scrubbed_end(end: Any) -> Any:
    clean = scrubbed(end.exc_value) if end.exc_value is not None else None
    return end if clean is end.exc_value else type(end)((type(clean), clean, end.exc_traceback, end.thread))
