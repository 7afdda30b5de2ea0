"""One OSS request as the handlers see it, and the reply that they give."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote_to_bytes

from emulator import oss_xml
from emulator.oss_xml import Element
from emulator.request import Caller, Refusal
from emulator.world import World

BODY_LIMIT = 64 * 1024 * 1024
FIELD_LIMIT = 1000

# <bucket>.oss-<region>.aliyuncs.com, its internal twin, and <bucket>.localhost; anything else is path style.
_CLOUD_HOST = re.compile(r"(?:([^.]+)\.)?oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com")
_LOCAL_HOST = re.compile(r"([^.]+)\.localhost")


@dataclass(frozen=True)
class Call:
    """`bucket` and `key` are empty where the request has none. `region` is the endpoint's, empty when it has none."""

    method: str
    host: str
    bucket: str
    key: str
    region: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    body: bytes = b""
    caller: Caller | None = None
    facts: Mapping[str, str] = field(default_factory=dict)  # what conditions of policies can ask about

    def header(self, name: str) -> str:
        return self.headers.get(name, "").strip()

    def param(self, name: str) -> str:
        return self.query.get(name, "")

    def count(self, name: str, default: int, maximum: int, minimum: int = 1) -> int:
        """Give a number from the query; refuse it when it is none, or out of range."""
        value = self.param(name)
        if value == "":
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not minimum <= int(value) <= maximum:
            raise Refusal(400, "InvalidArgument", f"The {name} must be an integer from {minimum} to {maximum}.")
        return int(value)

    def flag(self, name: str) -> bool:
        """Give a header that says true or false."""
        value = self.header(name).lower()
        if value not in ("", "true", "false"):
            raise Refusal(400, "InvalidArgument", f"The header {name} must be true or false.")
        return value == "true"

    @property
    def encoding(self) -> str:
        value = self.param("encoding-type")
        if value not in ("", "url"):
            raise Refusal(400, "InvalidArgument", "Invalid Encoding Method specified in Request.")
        return value

    @property
    def account(self) -> str:
        """The account that calls; empty for a stranger without a signature."""
        return self.caller.account_id if self.caller else ""

    def region_in(self, world: World) -> str:
        return self.region or world.region

    def document(self, root: str) -> Element:
        """Read the body as XML, after its digest has been checked."""
        self.check_digest()
        return oss_xml.read(self.body, root)

    def check_digest(self) -> None:
        given = self.header("content-md5")
        if given and given != base64.b64encode(hashlib.md5(self.body).digest()).decode():
            raise Refusal(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def xml_reply(tree: Element, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(200, oss_xml.write(tree), {"Content-Type": "application/xml", **(headers or {})})


def read_address(host: str, raw_path: bytes) -> tuple[str, str, str]:
    """Find bucket, key and region in Host and path.

    Raises:
        Refusal: 400 InvalidObjectName, the path is not UTF-8.
    """
    try:
        path = unquote_to_bytes(raw_path.partition(b"?")[0]).decode().removeprefix("/")
    except UnicodeDecodeError:
        raise Refusal(400, "InvalidObjectName", "The specified object is not valid.") from None
    name = host_name(host)
    cloud, local = _CLOUD_HOST.fullmatch(name), _LOCAL_HOST.fullmatch(name)
    region = cloud.group(2) if cloud else ""
    bucket = (cloud.group(1) or "") if cloud else local.group(1) if local else ""
    if bucket:
        return bucket, path, region
    bucket, _, key = path.partition("/")
    return bucket, key, region


def host_name(host: str) -> str:
    return re.sub(r":[0-9]*$", "", host.strip().lower())


def read_query(encoded: bytes) -> dict[str, str]:
    try:
        text = encoded.decode("ascii", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELD_LIMIT))
    except ValueError:
        raise Refusal(400, "InvalidArgument", f"More than {FIELD_LIMIT} query parameters.") from None


def iso(seconds: float) -> str:
    """Write a time as OSS's XML does: 2026-02-24T08:43:07.000Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def http_date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)
