"""Proof of who calls: three ways to sign, one way to check.

Each dialect reads a message into `Signed`; `verify` checks it. Another algorithm is one more function.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

from emulator.message import Message
from emulator.ram import Key, find_key, note_use
from emulator.request import Caller, Refusal
from emulator.world import World

SKEW_SECONDS = 15 * 60
NONCE_LENGTH = 256

_PLAIN = re.compile("[A-Za-z0-9_.~-]*")
_UTC = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True)
class Signed:
    """What a client claims: its key, when, and a signature over one of `strings` (a path may be read in two ways)."""

    access_key_id: str
    signature: str
    strings: tuple[str, ...]
    sign: Callable[[str, str], str]  # secret, string to sign -> signature
    time: float
    nonce: str
    token: str


@dataclass
class Nonces:
    """The nonces that have been used, for as long as a time stamp could make them valid again."""

    keep_seconds: float = 2.0 * SKEW_SECONDS + 60
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _order: deque[tuple[float, tuple[str, str]]] = field(default_factory=deque)

    def claim(self, access_key_id: str, nonce: str, wall: float) -> bool:
        """Take a nonce; False when it was taken before."""
        while self._order and self._order[0][0] < wall - self.keep_seconds:
            self._seen.discard(self._order.popleft()[1])
        entry = (access_key_id, nonce)
        if entry in self._seen:
            return False
        self._seen.add(entry)
        self._order.append((wall, entry))
        return True

    def __len__(self) -> int:
        return len(self._seen)


def verify(world: World, nonces: Nonces, signed: Signed) -> Caller:
    """Check a signature and give its owner.

    Raises:
        Refusal: unknown or inactive key, stale time, wrong signature, used nonce, or an STS token that does not fit.
    """
    key = find_key(world, signed.access_key_id)
    if key is None:
        raise Refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    if not key.active:
        raise Refusal(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
    if world.clock.is_far_from(signed.time, SKEW_SECONDS):
        raise Refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
    if not any(_same(signed.sign(key.secret, string), signed.signature) for string in signed.strings):
        message = "Specified signature is not matched with our calculation. server string to sign is:"
        raise Refusal(400, "SignatureDoesNotMatch", message + signed.strings[0])
    _check_token(world, key, signed.token)
    if signed.nonce and not nonces.claim(signed.access_key_id, signed.nonce, world.clock.wall()):
        raise Refusal(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
    note_use(world, signed.access_key_id)
    return key.caller


def _check_token(world: World, key: Key, token: str) -> None:
    if key.token == "":
        if token:
            raise Refusal(400, "InvalidSecurityToken.Malformed", "The specified SecurityToken is malformed.")
        return
    if token == "":
        raise Refusal(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
    if not _same(key.token, token):
        message = "Specified SecurityToken mismatch with the AccessKey."
        raise Refusal(400, "InvalidSecurityToken.MismatchWithAccessKey", message)
    if world.now() >= key.expires_at:
        raise Refusal(403, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")


def rpc_v1(message: Message) -> Signed:
    """Read the signature of an RPC call. Source: RPC signature version 1.0, HMAC-SHA1."""
    given = message.fields
    for name in ("AccessKeyId", "Signature", "Timestamp", "SignatureNonce"):
        if not given.get(name):
            raise Refusal(400, f"Missing{name}", f"{name} is mandatory for this action.")
    if given.get("SignatureMethod", "HMAC-SHA1").upper() != "HMAC-SHA1":
        raise Refusal(400, "InvalidParameter.SignatureMethod", "The specified SignatureMethod is not supported.")
    string = rpc_string(message.method, given)
    return Signed(
        access_key_id=given["AccessKeyId"],
        signature=given["Signature"],
        strings=(string,),
        sign=lambda secret, text: hmac_sha1(secret + "&", text),
        time=_utc(given["Timestamp"]),
        nonce=_nonce(given["SignatureNonce"]),
        token=given.get("SecurityToken", ""),
    )


def rpc_string(method: str, parameters: Mapping[str, str]) -> str:
    pairs = sorted((name, value) for name, value in parameters.items() if name != "Signature")
    query = "&".join(f"{percent(name)}={percent(value)}" for name, value in pairs)
    # All but these three was encoded just now.
    return f"{method}&%2F&{query.replace('%', '%25').replace('&', '%26').replace('=', '%3D')}"


def roa_v1(message: Message) -> Signed:
    """Read the signature of a ROA call. Source: ROA signature version 1.0, HMAC-SHA1."""
    scheme, _, credentials = message.header("authorization").partition(" ")
    access_key_id, _, signature = credentials.partition(":")
    if scheme != "acs" or not access_key_id or not signature:
        raise Refusal(400, "MissingSecurityHeader", "Your request has an invalid or missing header: Authorization.")
    _check_digest(message)
    paths = (unquote(message.raw_path), message.raw_path)
    spellings = dict.fromkeys(
        roa_string(message.method, message.headers, path, message.query, bare)
        for bare in (False, True)
        for path in paths
    )
    return Signed(
        access_key_id=access_key_id,
        signature=signature.strip(),
        strings=tuple(spellings),
        sign=hmac_sha1,
        time=_http_date(message.header("date")),
        nonce=_nonce(message.header("x-acs-signature-nonce")),
        token=message.header("x-acs-security-token"),
    )


def roa_string(method: str, headers: Mapping[str, str], path: str, query: Mapping[str, str], bare: bool = False) -> str:
    """Give what is signed. A parameter without a value is `name=` in core SDKs, and `name` (bare) in Tea SDKs."""
    lines = [method, *(headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date"))]
    lines += [f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-acs-")]
    pairs = [name if bare and not value else f"{name}={value}" for name, value in sorted(query.items())]
    return "\n".join([*lines, path + ("?" + "&".join(pairs) if pairs else "")])


def acs3(message: Message) -> Signed:
    """Read an ACS3-HMAC-SHA256 signature, which the V2 SDKs send in either dialect."""
    match = re.fullmatch(
        r"ACS3-HMAC-SHA256\s+Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-fA-F]+)",
        message.header("authorization"),
    )
    if match is None:
        raise Refusal(400, "IncompleteSignature", "The Authorization header is incomplete.")
    payload = hashlib.sha256(message.body).hexdigest()
    if message.header("x-acs-content-sha256").lower() != payload:
        raise Refusal(
            400, "SignatureDoesNotMatch", f"The payload's digest is wrong. server string to sign is:{payload}"
        )
    names = match.group(2).lower().split(";")
    if not {"host", "x-acs-date"} <= set(names):
        raise Refusal(400, "IncompleteSignature", "The headers host and x-acs-date must be signed.")
    return Signed(
        access_key_id=match.group(1).strip(),
        signature=match.group(3).lower(),
        strings=(acs3_string(message, names, payload),),
        sign=lambda secret, text: hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest(),
        time=_utc(message.header("x-acs-date")),
        nonce=_nonce(message.header("x-acs-signature-nonce")),
        token=message.header("x-acs-security-token"),
    )


def acs3_string(message: Message, names: list[str], payload: str) -> str:
    query = "&".join(f"{percent(name)}={percent(value)}" for name, value in sorted(message.query.items()))
    headers = "".join(f"{name}:{message.header(name).strip()}\n" for name in sorted(names))
    path = message.raw_path or "/"
    canonical = "\n".join([message.method, path, query, headers, ";".join(sorted(names)), payload])
    return "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()


def hmac_sha1(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def percent(text: str) -> str:
    """Encode as RFC 3986 wants it: everything but letters, digits and `-_.~`."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe="~")


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _check_digest(message: Message) -> None:
    given = message.header("content-md5")
    if given and not _same(given, base64.b64encode(hashlib.md5(message.body).digest()).decode()):
        # UNCONFIRMED: the code; the service documents only that Content-MD5 is checked.
        raise Refusal(400, "ContentMD5NotMatched", "The specified Content-MD5 does not match the body.")


def _utc(text: str) -> float:
    try:
        if _UTC.fullmatch(text):
            return datetime.fromisoformat(text).timestamp()
        raise ValueError(text)
    except ValueError:
        raise Refusal(
            400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
        ) from None


def _http_date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        raise Refusal(
            400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
        ) from None


def _nonce(text: str) -> str:
    if len(text) > NONCE_LENGTH:
        raise Refusal(400, "InvalidParameter.SignatureNonce", "The specified SignatureNonce is too long.")
    return text
