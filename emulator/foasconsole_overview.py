"""What the web page shows of fully managed Flink."""

from __future__ import annotations

from typing import Any

from emulator.foasconsole import State, Workspace
from emulator.foasconsole_life import cluster_status, expires_at, progress, settle
from emulator.world import World, iso


def overview(world: World) -> dict[str, list[dict[str, Any]]]:
    """Give the tables that the web page shows."""
    settle(world)
    workspaces = list(world.part(State).workspaces.values())
    return {
        "Workspaces": [_row(world, workspace) for workspace in workspaces],
        "Namespaces": [
            {
                "Workspace": workspace.name,
                "Namespace": namespace.name,
                "CU": namespace.cpu,
                "Status": namespace.status,
                "Created": iso(namespace.created_at),
            }
            for workspace in workspaces
            for namespace in workspace.namespaces.values()
        ],
    }


def _row(world: World, workspace: Workspace) -> dict[str, Any]:
    held = sum(namespace.holds() for namespace in workspace.namespaces.values() if not namespace.ha)
    return {
        "Workspace": workspace.instance_id,
        "Name": workspace.name,
        "Status": {"progress": progress(world, workspace), "label": cluster_status(world, workspace)},
        "Region": workspace.region,
        "Charged": workspace.charge_type,
        "CU": f"{held} of {workspace.cpu} in namespaces",
        "Storage": workspace.bucket or "fully managed",
        "Expires": iso(expires_at(world, workspace)) if workspace.charge_type == "PRE" else "",
        "Created": iso(workspace.created_at),
    }
