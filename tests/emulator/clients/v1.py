"""The typed classes of aliyun-python-sdk-*, as they come: one class per action, one setter per parameter."""

import json
from importlib import import_module
from typing import Any

from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import AcsRequest, CommonRequest

from tests.emulator.client import ACCOUNT, Identity

REGION = "cn-hangzhou"
PACKAGES = {
    "ram": "aliyunsdkram.request.v20150501",
    "sts": "aliyunsdksts.request.v20150401",
    "vpc": "aliyunsdkvpc.request.v20160428",
    "ecs": "aliyunsdkecs.request.v20140526",
    "bssopenapi": "aliyunsdkbssopenapi.request.v20171214",
    "foas": "aliyunsdkfoas.request.v20181111",
}


def has(section: str, action: str) -> bool:
    try:
        import_module(f"{PACKAGES[section]}.{action}Request")
    except ImportError:
        return False
    return True


class TypedClient:
    """An AcsClient that talks to `url`. It keeps every reply under the name of its action."""

    def __init__(self, url: str, section: str, identity: Identity = ACCOUNT) -> None:
        self.url = url
        self.section = section
        self.replies: dict[str, list[Any]] = {}
        if identity.token:
            token = StsTokenCredential(identity.access_key_id, identity.secret, identity.token)
            self.acs = AcsClient(region_id=REGION, credential=token, auto_retry=False)
        else:
            self.acs = AcsClient(identity.access_key_id, identity.secret, REGION, auto_retry=False)

    def request(self, action: str, **parameters: Any) -> AcsRequest:
        kind = getattr(import_module(f"{PACKAGES[self.section]}.{action}Request"), f"{action}Request")
        request = kind()
        for name, value in parameters.items():
            _set(request, name, value)
        return request

    def send(self, request: AcsRequest) -> bytes:
        request.set_endpoint(self.url)
        return bytes(self.acs.do_action_with_exception(request))

    def __call__(self, action: str, **parameters: Any) -> Any:
        reply = json.loads(self.send(self.request(action, **parameters)))
        self.replies.setdefault(action, []).append(reply)
        return reply

    def raw(self, format: str, action: str, **parameters: Any) -> tuple[int, bytes]:
        """Give status and body of a reply, whatever it is; `format` may be empty."""
        request = self.request(action, **parameters)
        request.set_accept_format(format or None)
        request.set_endpoint(self.url)
        status, _, body = self.acs.get_response(request)
        return int(status), bytes(body)

    def untyped(self, version: str, action: str, **parameters: Any) -> Any:
        """Send an action for which there is no class."""
        request = CommonRequest(domain=self.url.removeprefix("http://"), version=version, action_name=action)
        request.set_protocol_type("http")
        request.set_method("POST")
        for name, value in parameters.items():
            request.add_query_param(name, value)
        return json.loads(self.acs.do_action_with_exception(request))


def _set(request: Any, name: str, value: Any) -> None:
    """Call the setter of a parameter: lists have their own, with an s at the end."""
    names = [f"set_{name}s", f"set_{name}"] if isinstance(value, list) else [f"set_{name}"]
    setters = [getattr(request, setter) for setter in names if hasattr(request, setter)]
    if setters:
        setters[0](value)
    elif name == "RegionId":
        request.add_query_param(name, value)  # no class has a setter: it is the client's, unless set so
    else:
        assert request.get_action_name() == "TagResources", f"no setter for {name}"
        request.add_body_params(name, value)  # the class of foas has no setter at all
