"""What RAM accepts as a name, a text, a mail address: the rules, and the code of each refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emulator import policy_grammar
from emulator.request import Refusal, Request

USER_NAME = re.compile(r"[A-Za-z0-9._-]+")
GROUP_NAME = re.compile(r"[A-Za-z0-9._-]+")
ROLE_NAME = re.compile(r"[A-Za-z0-9.-]+")
POLICY_NAME = re.compile(r"[A-Za-z0-9-]+")
ALIAS = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_MOBILE_PHONE = re.compile(r"\+?[0-9]{1,4}-?[0-9]{5,15}")

DOCUMENT_BYTES = 6144
TRUST_BYTES = 2048  # UNCONFIRMED: the limit of trust policies
DOCUMENT = "InvalidParameter.PolicyDocument.Length"


def named(request: Request, parameter: str, pattern: re.Pattern[str], longest: int) -> str:
    """Give a mandatory name that obeys its rule. Source: RAM 2015-05-01, error messages."""
    name = request.one(parameter)
    if len(name) > longest:
        raise Refusal(400, f"InvalidParameter.{parameter}.Length", f"The parameter {parameter} is too long.")
    if not pattern.fullmatch(name):
        message = f"The parameter {parameter} contains invalid characters."
        raise Refusal(400, f"InvalidParameter.{parameter}.InvalidChars", message)
    return name


def text(request: Request, parameter: str, longest: int = 128) -> str:
    """Give an optional text, empty when it is absent."""
    value = request.text(parameter)
    if len(value) > longest:
        raise Refusal(400, f"InvalidParameter.{parameter}.Length", f"The parameter {parameter} is too long.")
    return value


def email(request: Request, parameter: str) -> str:
    return _formatted(request, parameter, _EMAIL)


def mobile_phone(request: Request, parameter: str) -> str:
    return _formatted(request, parameter, _MOBILE_PHONE)


def _formatted(request: Request, parameter: str, pattern: re.Pattern[str]) -> str:
    value = request.text(parameter)
    if value and not pattern.fullmatch(value):
        raise Refusal(400, f"InvalidParameter.{parameter}.Format", f"The format of {parameter} is not correct.")
    return value


def policy_document(request: Request, parameter: str = "PolicyDocument") -> str:
    """Give a policy document that is short enough and obeys the grammar."""
    document = request.one(parameter)
    if len(document.encode("utf-8", "replace")) > DOCUMENT_BYTES:
        raise Refusal(400, DOCUMENT, f"The policy document is longer than {DOCUMENT_BYTES} bytes.")
    try:
        policy_grammar.parse(document)
    except policy_grammar.Malformed as error:
        raise Refusal(400, "MalformedPolicyDocument", f"The policy document is malformed: {error}") from None
    return document


def trust_policy(request: Request, parameter: str) -> str:
    """Give a role's trust policy that is short enough and obeys the grammar."""
    document = request.one(parameter)
    if len(document.encode("utf-8", "replace")) > TRUST_BYTES:
        raise Refusal(400, f"InvalidParameter.{parameter}.Length", f"The document is longer than {TRUST_BYTES} bytes.")
    try:
        policy_grammar.parse_trust(document)
    except policy_grammar.Malformed as error:
        raise Refusal(400, "MalformedPolicyDocument", f"The trust policy is malformed: {error}") from None
    return document


def tags(request: Request) -> dict[str, str]:
    """Read Tag.N.Key and Tag.N.Value, or Tag as JSON in a string."""
    records = request.records("Tag")
    if not records and isinstance(listed := request.json("Tag", []), list):
        records = [entry for entry in listed if isinstance(entry, dict)]
    pairs = {str(record.get("Key", "")): str(record.get("Value", "")) for record in records}
    if len(pairs) > 20 or any(not key or len(key) > 128 or len(value) > 128 for key, value in pairs.items()):
        raise Refusal(400, "InvalidParameter.Tag", "At most 20 tags, keys and values of 1 to 128 characters.")
    return pairs


def bears(worn: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Say whether something bears every tag that a list is filtered by; an empty value matches any."""
    return all(key in worn and value in ("", worn[key]) for key, value in wanted.items())
