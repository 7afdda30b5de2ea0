"""Leads the modules of Alibaba Cloud to the emulator at EMULATOR_URL: they have no setting for it.

Python imports this at the start of every process that has the folder on its path, as each task of a playbook is one.
"""

import importlib.util
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

URL = os.environ.get("EMULATOR_URL", "")


class Leading(MetaPathFinder):
    """Changes the vendor's two clients right after they are imported."""

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        change = {"aliyunsdkcore.client": _lead_core, "oss2": _lead_oss}.get(name)
        if change is None:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        loader: Any = spec.loader if spec else None
        execute = loader.exec_module

        def changed(module: ModuleType) -> None:
            execute(module)
            change(module)

        loader.exec_module = changed
        return spec


def _lead_core(module: Any) -> None:
    def resolve(_client: Any, request: Any) -> str:
        request.set_protocol_type("http")
        return URL.partition("//")[2]

    module.AcsClient._resolve_endpoint = resolve


def _lead_oss(module: Any) -> None:
    for kind in (module.Bucket, module.Service):

        def led(self: Any, auth: Any, _endpoint: str, *rest: Any, begin: Any = kind.__init__, **more: Any) -> None:
            begin(self, auth, URL, *rest, **more)

        kind.__init__ = led


if URL:
    sys.meta_path.insert(0, Leading())
