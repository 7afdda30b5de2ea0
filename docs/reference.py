"""Writes docs/environment.md from the model: `python docs/reference.py > docs/environment.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from blocks.environment import Environment

HEAD = """# The environment document

One document says what an environment shall be. It is a YAML file (`environments/*.yaml`), a *Flink Environment* block in
the dashboard (edited as a form), and the parameter of every deployment, by the block's name. It holds no secret.

`make register DOCUMENTS=environments/mine.yaml` reads a file into a block. What is wrong is answered at once, all of it,
with file, line and remedy, before anything is sent to the cloud:

```text
mine.yaml:30: network.vswitches.0.cidr: 10.1.1.0/24 is not inside the VPC's 172.16.0.0/12. Choose a block inside the VPC's.
mine.yaml:46: projects: the projects ask for 64 CUs, the cluster has 18. Give the projects fewer, or order a larger cluster.
```

Fields, by section. What has no default must be given.
"""


def main() -> None:
    print(HEAD)
    schema = Environment.model_json_schema()
    for title, about, fields in sections(schema):
        print(f"## {title}\n\n{about}\n\n| field | what | default |\n| --- | --- | --- |")
        print("\n".join(fields), end="\n\n")


def sections(schema: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Give title, description and rows of a table for the document and for each section in it."""
    definitions = schema["$defs"]
    yield "The document", schema["description"], _rows(schema)
    names = {
        "People": "people",
        "User": "people.users",
        "Group": "people.groups",
        "Handover": "people.handover",
        "PasswordPolicy": "people.password_policy",
        "SecurityPreference": "people.security_preference",
        "ServiceRole": "service_role",
        "Network": "network",
        "Vpc": "network.vpc",
        "VSwitch": "network.vswitches",
        "Storage": "storage",
        "UdfPackage": "storage.udf_packages",
        "ExclusiveCluster": "cluster, mode: exclusive",
        "Nodes": "cluster.master, cluster.slave",
        "ManagedWorkspace": "cluster, mode: managed",
        "Project": "projects",
        "AttachedStorage": "attached_storage",
        "Safety": "safety",
        "Waiver": "safety.waivers",
        "Audit": "audit",
        "Accepted": "audit.accepted",
    }
    for name, title in names.items():
        yield f"`{title}`", definitions[name]["description"].split("\n")[0], _rows(definitions[name])


def _rows(schema: dict[str, Any]) -> list[str]:
    required = schema.get("required", [])
    return [_row(name, field, name in required) for name, field in schema["properties"].items()]


def _row(name: str, field: dict[str, Any], required: bool) -> str:
    nested = "$ref" in field or "$ref" in field.get("items", {}) or "discriminator" in field
    what = ". ".join(
        part.rstrip(".") for part in (field.get("title", name.capitalize()), field.get("description", "")) if part
    )
    allowed = field.get("enum") or [kind["const"] for kind in field.get("anyOf", ()) if "const" in kind]
    limits = [f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field]
    extra = [", ".join(f"`{value}`" for value in allowed if value)] if allowed else []
    text = "; ".join([what, *extra, *([" ".join(limits)] if limits else []), *(["see below"] if nested else [])])
    default = "" if required else _default(field.get("default"))
    return f"| `{name}` | {text} | {default} |"


def _default(value: Any) -> str:
    if value in (None, "", {}, []) or isinstance(value, dict):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    main()
