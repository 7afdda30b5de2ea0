"""A client of the emulator that signs by itself: it shares no code with the emulator, nor with any SDK."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET, Cloud

VERSIONS = {"Ram": "2015-05-01", "Sts": "2015-04-01", "ResourceManager": "2020-03-31", "Vpc": "2016-04-28"}


@dataclass(frozen=True)
class Identity:
    access_key_id: str = ACCESS_KEY_ID
    secret: str = ACCESS_KEY_SECRET
    token: str = ""


ACCOUNT = Identity()


@dataclass(frozen=True)
class Running:
    """An emulator that listens at `url`. `cloud` is what stands behind it."""

    url: str
    cloud: Cloud

    def rpc(self, product: str, action: str, identity: Identity = ACCOUNT, **parameters: Any) -> httpx.Response:
        fields = signed(rpc_fields(VERSIONS.get(product, product), action, identity, **parameters), "POST", identity)
        return httpx.post(f"{self.url}/", params=fields)

    def ok(self, product: str, action: str, identity: Identity = ACCOUNT, **parameters: Any) -> Any:
        response = self.rpc(product, action, identity, **parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def control(self, method: str, name: str, content: Any = None) -> Any:
        response = httpx.request(method, f"{self.url}/_emulator/{name}", json=content)
        assert response.status_code == 200, response.text
        return response.json()

    def user(self, name: str, *policies: str) -> Identity:
        """Make a RAM user with an AccessKey and system policies."""
        self.ok("Ram", "CreateUser", UserName=name)
        for policy in policies:
            self.ok("Ram", "AttachPolicyToUser", UserName=name, PolicyType="System", PolicyName=policy)
        key = self.ok("Ram", "CreateAccessKey", UserName=name)["AccessKey"]
        return Identity(key["AccessKeyId"], key["AccessKeySecret"])


def rpc_fields(version: str, action: str, identity: Identity = ACCOUNT, **parameters: Any) -> dict[str, str]:
    fields = {
        "Format": "JSON",
        "Version": version,
        "Action": action,
        "AccessKeyId": identity.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureType": "",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if identity.token:
        fields["SecurityToken"] = identity.token
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    return {name: value for name, value in (fields | given).items() if parameters.get(name, "") is not None}


def signed(fields: dict[str, str], method: str, identity: Identity = ACCOUNT) -> dict[str, str]:
    def encode(text: str) -> str:
        return quote(text, safe="-_.~")

    canonical = "&".join(f"{encode(name)}={encode(fields[name])}" for name in sorted(fields))
    string = f"{method}&{encode('/')}&{encode(canonical)}"
    return fields | {"Signature": sha1(identity.secret + "&", string)}


def roa_headers(
    method: str,
    path: str,
    query: dict[str, str],
    body: bytes,
    identity: Identity = ACCOUNT,
    version: str = "2018-11-11",
    **changed: str,
) -> dict[str, str]:
    headers = {
        "accept": "application/json",
        "content-md5": base64.b64encode(hashlib.md5(body).digest()).decode() if body else "",
        "content-type": "application/x-www-form-urlencoded",
        "date": formatdate(usegmt=True),
        "x-acs-version": version,
        "x-acs-signature-method": "HMAC-SHA1",
        "x-acs-signature-version": "1.0",
        "x-acs-signature-nonce": uuid.uuid4().hex,
    }
    if identity.token:
        headers["x-acs-security-token"] = identity.token
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    string = "\n".join([method, *(headers[name] for name in ("accept", "content-md5", "content-type", "date"))]) + "\n"
    string += "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-acs-"))
    string += path + ("?" + "&".join(f"{name}={query[name]}" for name in sorted(query)) if query else "")
    signature = sha1(identity.secret, string)
    return {name: value for name, value in headers.items() if value} | {
        "authorization": f"acs {identity.access_key_id}:{signature}"
    }


def roa(running: Running, method: str, path: str, query: dict[str, str] | None = None, **form: str) -> httpx.Response:
    body = urlencode(form).encode()
    headers = roa_headers(method, path, query or {}, body)
    return httpx.request(method, running.url + path, params=query, content=body, headers=headers)


def acs3(running: Running, version: str, action: str, identity: Identity = ACCOUNT, **query: str) -> httpx.Response:
    host = running.url.removeprefix("http://")
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    names = sorted(headers)
    encoded = "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
    lines = ["POST", "/", encoded, "".join(f"{name}:{headers[name]}\n" for name in names), ";".join(names)]
    canonical = "\n".join([*lines, headers["x-acs-content-sha256"]])
    string = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(identity.secret.encode(), string.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={identity.access_key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    return httpx.post(f"{running.url}/?{encoded}" if encoded else f"{running.url}/", headers=headers)


def sha1(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def trust(*principals: str) -> str:
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"RAM": list(principals)}}
    return json.dumps({"Statement": [statement], "Version": "1"})
