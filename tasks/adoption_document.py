"""The document of an adopted environment: published, and saved as a block when that is asked for."""

from __future__ import annotations

from typing import Any

import yaml
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from alicloud.errors import Misconfigured
from blocks.adoption import Adopted, adopt
from blocks.environment import FlinkEnvironment, as_block, describe
from blocks.found import Found
from tasks.inert import fenced, plain


def conclude_adoption(found: Found, credentials: str, name: str, save: bool, overwrite: bool) -> State[Any]:
    """Write the document, publish it, and save it as a block when that is asked for.

    Raises:
        Misconfigured: a block of this name exists and may not be overwritten.
    """
    adopted = adopt(found, credentials, name)
    environment = adopted.environment
    told = f"{len(adopted.remarks)} remarks on what it cannot say" if adopted.remarks else "it says everything"
    create_markdown_artifact(
        written(adopted), key=f"adopted-{environment.name}", description=plain(f"{environment.name}, adopted: {told}")
    )
    if save:
        _save(adopted, overwrite)
    saved = "saved as its block" if save else "not saved"
    return Completed(message=f"Adopted {environment.name}, {saved}: {told}.")


def written(adopted: Adopted) -> str:
    """Write the artifact: the document as YAML, and the remarks; nothing in them takes effect."""
    name = adopted.environment.name
    document = yaml.safe_dump(describe(adopted.environment), sort_keys=False, allow_unicode=True, width=110)
    remarks = [f"- {plain(remark)}" for remark in adopted.remarks]
    lines = [
        f"# Environment {plain(name)}, adopted from the account",
        "Save it as a file, `make register` it, and run `plan` on it. It holds no secret. What nobody can read in an "
        "account is not in it: attached storage, descriptions of namespaces, waivers and the limits under `safety`.",
        fenced(document, "yaml"),
    ]
    return "\n\n".join([*lines, *(["## What the document cannot say", "\n".join(remarks)] if remarks else [])]) + "\n"


def _save(adopted: Adopted, overwrite: bool) -> None:
    name = adopted.environment.name
    FlinkEnvironment.register_type_and_schema()
    try:
        as_block(adopted.environment).save(name, overwrite=overwrite)
    except ValueError:
        raise Misconfigured(
            f"There is a Flink Environment block named {name} already; it is left as it is.",
            remedy="Compare it with the artifact; run again with overwrite to replace it, or give another name.",
        ) from None
