"""The V2 SDKs as they come, with an ear on what their transport hands to their models."""

import inspect
from importlib import import_module
from typing import Any, get_args, get_origin, get_type_hints

from alibabacloud_tea_openapi.utils_models import Config
from darabonba.model import DaraModel
from darabonba.runtime import RuntimeOptions

from tests.emulator.client import ACCOUNT, Identity

REGION = "cn-hangzhou"
PACKAGES = {
    "ram": "alibabacloud_ram20150501",
    "sts": "alibabacloud_sts20150401",
    "vpc": "alibabacloud_vpc20160428",
    "ecs": "alibabacloud_ecs20140526",
    "bssopenapi": "alibabacloud_bssopenapi20171214",
    "foasconsole": "alibabacloud_foasconsole20211028",
    "ververica": "alibabacloud_ververica20220718",
}


def config(url: str, identity: Identity = ACCOUNT, **more: Any) -> Config:
    """Point a client at `url`: with endpoint and keys given it asks nobody else for them."""
    return Config(
        access_key_id=identity.access_key_id,
        access_key_secret=identity.secret,
        security_token=identity.token or None,
        endpoint=url.removeprefix("http://"),
        protocol="HTTP",
        region_id=REGION,
        **more,
    )


def methods(section: str) -> dict[str, str]:
    """Name the method of every action: createvswitch -> create_vswitch_with_options."""
    kind = import_module(f"{PACKAGES[section]}.client").Client
    ending = "with_options"
    return {name.removesuffix(ending).replace("_", ""): name for name in dir(kind) if name.endswith(ending)}


class ModelClient:
    """The client of one product; a call checks that the SDK's model holds all that was in the reply."""

    def __init__(self, url: str, section: str, identity: Identity = ACCOUNT, **more: Any) -> None:
        package = PACKAGES[section]
        self.models = import_module(f"{package}.models")
        self.sdk = _listening(import_module(f"{package}.client").Client)(config(url, identity, **more))
        self.runtime = RuntimeOptions()
        self.called: set[str] = set()
        self._methods = methods(section)

    def __call__(self, action: str, **parameters: Any) -> Any:
        """Call an action in the API's own words and give the raw body of the reply."""
        reply = self.send(action, **parameters)
        body = self.sdk.heard["body"]
        assert reply.body.to_map() == body, action
        assert misfits(reply.body) == [], action
        self.called.add(action)
        return body

    def send(self, action: str, **parameters: Any) -> Any:
        method = getattr(self.sdk, self._methods[action.lower()])
        names = list(inspect.signature(method).parameters)
        given: dict[str, Any] = {"runtime": self.runtime}
        if "headers" in names:
            given["headers"] = getattr(self.models, f"{action}Headers")(workspace=parameters.pop("workspace"))
        for name in names:
            if name in parameters and name not in ("request", "tmp_req"):
                given[name] = parameters.pop(name)
        for name in {"request", "tmp_req"} & set(names):
            given[name], parameters = self._request(action, parameters), {}
        assert not parameters, f"{action} of the SDK has no {', '.join(parameters)}"
        return method(**given)

    def _request(self, action: str, parameters: dict[str, Any]) -> Any:
        request = getattr(self.models, f"{action}Request")().from_map(parameters)
        assert _within(parameters, request.to_map()), f"{action}: the SDK's model does not know all of these"
        return request


def _within(given: Any, understood: Any) -> bool:
    """Say whether nothing that was given is missing; models add empty lists."""
    if isinstance(given, dict):
        return all(name in understood and _within(value, understood[name]) for name, value in given.items())
    return bool(given == understood)


def _listening(kind: Any) -> Any:
    class Listening(kind):  # type: ignore[misc]
        heard: Any = None

        def call_api(self, params: Any, request: Any, runtime: Any) -> Any:
            self.heard = super().call_api(params, request, runtime)
            return self.heard

    return Listening


def misfits(model: DaraModel, path: str = "$") -> list[str]:
    """Say where a reply holds a value of another type than the SDK's model declares."""
    hints = get_type_hints(type(model).__init__)
    found = []
    for name, value in vars(model).items():
        if value is not None and name in hints:
            found += _misfits(value, hints[name], f"{path}.{name}")
    return found


def _misfits(value: Any, hint: Any, path: str) -> list[str]:
    if hint is Any:
        return []
    if isinstance(value, DaraModel):
        return misfits(value, path)
    if get_origin(hint) is list and isinstance(value, list):
        return [line for i, item in enumerate(value) for line in _misfits(item, get_args(hint)[0], f"{path}[{i}]")]
    if get_origin(hint) is dict and isinstance(value, dict):
        return [line for name, item in value.items() for line in _misfits(item, get_args(hint)[1], f"{path}.{name}")]
    if type(value) is hint or (hint is float and type(value) is int):
        return []
    return [f"{path}: {type(value).__name__} where the model has {hint}"]
