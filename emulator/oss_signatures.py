"""Who signed an OSS request: versions 1 and 4, in the Authorization header or in a presigned URL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from emulator.oss_call import Call
from emulator.ram import Key, find_key, note_use
from emulator.request import Caller, Refusal
from emulator.world import World

SKEW_SECONDS = 15 * 60
LONGEST_URL_SECONDS = 7 * 24 * 3600
ALGORITHM = "OSS4-HMAC-SHA256"

# The query parameters that a version 1 signature covers. Source: oss2 2.19.1, auth.ProviderAuth.
_COVERED = """
    accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead bucketInfo callback callback-var
    cname comp continuation-token cors delete encryption endTime group httpsConfig inventory inventoryId lifecycle
    link live location logging metaQuery objectInfo objectMeta partNumber policy position publicAccessBlock qos
    qosInfo qosRequester redundancyTransition referer regionList replication replicationLocation replicationProgress
    requestPayment requesterQosInfo resourceGroup resourcePool resourcePoolBuckets resourcePoolInfo
    response-cache-control response-content-disposition response-content-encoding response-content-language
    response-content-type response-expires restore security-token sequential startTime stat status style styleName
    symlink tagging transferAcceleration uploadId uploads versionId versioning versions vod website worm wormExtend
    wormId x-oss-ac-forward-allow x-oss-ac-source-ip x-oss-ac-subnet-mask x-oss-ac-vpc-id x-oss-access-point-name
    x-oss-async-process x-oss-process x-oss-redundancy-transition-taskid x-oss-request-payer
    x-oss-target-redundancy-type x-oss-traffic-limit x-oss-write-get-object-response
"""
SUBRESOURCES = frozenset(_COVERED.split())


@dataclass(frozen=True)
class Claim:
    """What a request says of its signer. `sign` makes, from a secret, the signature that it should bear."""

    access_key_id: str
    signature: str
    token: str
    string: bytes
    sign: Callable[[str], str]
    region: str = ""  # of a version 4 scope


def read_claim(world: World, call: Call) -> Claim | None:
    """Read the signature of a request, None when it has none.

    Raises:
        Refusal: it is malformed, stale or expired.
    """
    authorization = call.header("authorization")
    if authorization.startswith(ALGORITHM + " "):
        return _header_v4(world, call, authorization)
    if authorization.startswith("OSS "):
        return _header_v1(world, call, authorization)
    if authorization:
        # Version 2 (OSS2) is not emulated.
        raise Refusal(400, "InvalidArgument", "Authorization header is invalid.")
    if "x-oss-signature-version" in call.query:
        return _url_v4(world, call)
    if "OSSAccessKeyId" in call.query or "Signature" in call.query:
        return _url_v1(world, call)
    return None


def verify(world: World, claim: Claim) -> Caller:
    """Check a claim and give the signer.

    Raises:
        Refusal: unknown or disabled key, wrong signature, or an STS token that does not fit.
    """
    key = find_key(world, claim.access_key_id)
    if key is None:
        message = "The OSS Access Key Id you provided does not exist in our records."
        raise Refusal(403, "InvalidAccessKeyId", message, {"OSSAccessKeyId": claim.access_key_id})
    if not key.active:
        # UNCONFIRMED: the code for a disabled key.
        message = "The OSS Access Key Id you provided is disabled."
        raise Refusal(403, "InvalidAccessKeyId", message, {"OSSAccessKeyId": claim.access_key_id})
    if not _same(claim.sign(key.secret), claim.signature):
        raise _mismatch(claim)
    _check_token(world, key, claim)
    note_use(world, claim.access_key_id)
    return key.caller


def _check_token(world: World, key: Key, claim: Claim) -> None:
    if key.token and not claim.token:
        message = "The OSS Access Key Id you provided does not exist in our records."
        raise Refusal(403, "InvalidAccessKeyId", message, {"OSSAccessKeyId": claim.access_key_id})
    if not _same(key.token, claim.token):
        # UNCONFIRMED: the code and status for a token that does not belong to the key.
        raise Refusal(403, "InvalidSecurityToken", "The security token you provided is invalid.")
    if world.now() >= key.expires_at:
        # UNCONFIRMED: the code and status for an expired token.
        raise Refusal(403, "SecurityTokenExpired", "The security token you provided has expired.")


def _mismatch(claim: Claim) -> Refusal:
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )
    facts = {
        "OSSAccessKeyId": claim.access_key_id,
        "SignatureProvided": claim.signature,
        "StringToSign": claim.string.decode("utf-8", "replace"),
    }
    return Refusal(403, "SignatureDoesNotMatch", message, facts)


def _header_v1(world: World, call: Call, authorization: str) -> Claim:
    access_key_id, colon, signature = authorization.removeprefix("OSS ").strip().rpartition(":")
    if not colon or not access_key_id:
        raise Refusal(400, "InvalidArgument", "Authorization header is invalid.")
    date = call.header("x-oss-date") or call.header("date")
    _check_skew(world, _http_time(date))
    string = string_v1(call, date)
    token = call.header("x-oss-security-token")
    return Claim(access_key_id, signature, token, string, lambda secret: _hmac_sha1(secret, string))


def _url_v1(world: World, call: Call) -> Claim:
    access_key_id, signature, expires = (call.param(name) for name in ("OSSAccessKeyId", "Signature", "Expires"))
    if not re.fullmatch(r"[0-9]{1,12}", expires) or not access_key_id or not signature:
        message = "The parameters OSSAccessKeyId, Signature and Expires must be given together."
        raise Refusal(403, "AccessDenied", message)
    if world.clock.wall() > int(expires):
        raise Refusal(403, "AccessDenied", "Request has expired.")
    string = string_v1(call, expires)
    token = call.param("security-token")
    return Claim(access_key_id, signature, token, string, lambda secret: _hmac_sha1(secret, string))


def string_v1(call: Call, date: str) -> bytes:
    """Give the string to sign. Source: OSS, Signature version 1."""
    lines = [call.method, call.header("content-md5"), call.header("content-type"), date]
    lines += [f"{name}:{value}" for name, value in sorted(call.headers.items()) if name.startswith("x-oss-")]
    signed = sorted((name, value) for name, value in call.query.items() if name in SUBRESOURCES)
    query = "&".join(f"{name}={value}" if value else name for name, value in signed)
    # Header values came as bytes and were read as Latin-1.
    return (
        "".join(line + "\n" for line in lines).encode("latin-1", "replace")
        + _path(call).encode()
        + (f"?{query}".encode() if query else b"")
    )


def _header_v4(world: World, call: Call, authorization: str) -> Claim:
    pairs = (item.strip().partition("=") for item in authorization.removeprefix(ALGORITHM).split(","))
    given = {name: value for name, _, value in pairs}
    time = call.header("x-oss-date") or call.header("date")
    _check_skew(world, _compact_time(time))
    token = call.header("x-oss-security-token")
    additional = given.get("AdditionalHeaders", "")
    return _claim_v4(call, given.get("Credential", ""), given.get("Signature", ""), token, time, additional)


def _url_v4(world: World, call: Call) -> Claim:
    if call.param("x-oss-signature-version") != ALGORITHM:
        raise Refusal(400, "InvalidArgument", "The parameter x-oss-signature-version is invalid.")
    time, lasts = call.param("x-oss-date"), call.param("x-oss-expires")
    signed_at = _compact_time(time)
    if not re.fullmatch(r"[0-9]{1,9}", lasts) or not 1 <= int(lasts) <= LONGEST_URL_SECONDS:
        # UNCONFIRMED: the code for a URL that would last longer than seven days.
        raise Refusal(400, "InvalidArgument", "The parameter x-oss-expires must be from 1 to 604800.")
    if world.clock.wall() > signed_at + int(lasts):
        raise Refusal(403, "AccessDenied", "Request has expired.")
    if signed_at - world.clock.wall() > SKEW_SECONDS:
        raise Refusal(403, "AccessDenied", "Request is not valid yet.")
    token, additional = call.param("x-oss-security-token"), call.param("x-oss-additional-headers")
    return _claim_v4(call, call.param("x-oss-credential"), call.param("x-oss-signature"), token, time, additional)


def _claim_v4(call: Call, credential: str, signature: str, token: str, time: str, additional: str) -> Claim:
    access_key_id, *scope = credential.split("/")
    if len(scope) != 4 or scope[0] != time[:8] or scope[2:] != ["oss", "aliyun_v4_request"] or not signature:
        raise Refusal(400, "InvalidArgument", "The credential or the signature of the request is invalid.")
    region = scope[1]
    if call.region and call.region != region:
        # UNCONFIRMED: the code for a scope that names another region than the endpoint.
        raise Refusal(400, "InvalidArgument", "Invalid signing region in Authorization header.")
    canonical = canonical_v4(call, [name for name in additional.lower().split(";") if name])
    string = "\n".join([ALGORITHM, time, "/".join(scope), hashlib.sha256(canonical).hexdigest()]).encode()

    def sign(secret: str) -> str:
        key = f"aliyun_v4{secret}".encode()
        for step in scope:
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        return hmac.new(key, string, hashlib.sha256).hexdigest()

    return Claim(access_key_id, signature, token, string, sign, region)


def canonical_v4(call: Call, additional: list[str]) -> bytes:
    """Give the canonical request. Source: OSS, Signature version 4."""
    query = sorted((_encoded(name), _encoded(value)) for name, value in call.query.items() if name != "x-oss-signature")
    named = {"content-type", "content-md5", *additional}
    covered = sorted(name for name in call.headers if name in named or name.startswith("x-oss-"))
    headers = [f"{name}:{call.header(name)}\n" for name in covered]
    lines = [
        call.method,
        quote(_path(call), safe="/~"),
        "&".join(f"{name}={value}" if value else name for name, value in query),
        "".join(headers),
        ";".join(sorted(additional)),
        call.header("x-oss-content-sha256") or "UNSIGNED-PAYLOAD",
    ]
    return "\n".join(lines).encode("latin-1", "replace")


def _path(call: Call) -> str:
    return f"/{call.bucket}/{call.key}" if call.bucket else "/"


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _hmac_sha1(secret: str, string: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), string, hashlib.sha1).digest()).decode()


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def _check_skew(world: World, signed_at: float) -> None:
    if world.clock.is_far_from(signed_at, SKEW_SECONDS):
        message = "The difference between the request time and the current time is too large."
        raise Refusal(403, "RequestTimeTooSkewed", message)


def _http_time(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        raise _dateless() from None


def _compact_time(text: str) -> float:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise _dateless() from None


def _dateless() -> Refusal:
    return Refusal(403, "AccessDenied", "OSS authentication requires a valid Date.")
