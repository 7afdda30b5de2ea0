"""What jobs of a namespace run on and with: deployment targets, engine versions and UDF artifacts."""

from __future__ import annotations

from typing import Any

from emulator import foasconsole
from emulator.request import Request
from emulator.ververica import (
    ALREADY_THERE,
    NOT_FOUND,
    Artifact,
    Space,
    Target,
    bad,
    document,
    find_space,
    find_workspace,
    keep,
    page_of,
    refuse,
    reply,
    text,
)
from emulator.world import World


def create_deployment_target(world: World, request: Request) -> dict[str, Any]:
    space, name = find_space(world, request), request.one("deploymentTargetName")
    target = _target(request, name)
    if name in space.targets:
        raise refuse(ALREADY_THERE, f"The deployment target {name} exists already.")
    space.targets[name] = target
    keep(world, request, space)
    return reply(_shown_target(request, target))


def list_deployment_targets(world: World, request: Request) -> dict[str, Any]:
    rows = [_shown_target(request, target) for target in find_space(world, request).targets.values()]
    return page_of(request, rows)


def update_deployment_target(world: World, request: Request) -> dict[str, Any]:
    space = find_space(world, request)
    known = _known_target(space, request)
    target = _target(request, known.name)
    space.targets[known.name] = target
    keep(world, request, space)
    return reply(_shown_target(request, target))


def delete_deployment_target(world: World, request: Request) -> dict[str, Any]:
    space = find_space(world, request)
    target = _known_target(space, request)
    del space.targets[target.name]
    keep(world, request, space)
    return reply(_shown_target(request, target))


def list_engine_version_metadata(world: World, request: Request) -> dict[str, Any]:
    find_workspace(world, request)
    versions = {"vvr-8.0.9-flink-1.17": "STABLE", "vvr-6.0.7-flink-1.15": "EXPIRING"}  # UNCONFIRMED: which and when
    features = {"supportNativeSavepoint": True, "useForSqlDeployments": True}
    rows = [{"engineVersion": name, "status": status, "features": features} for name, status in versions.items()]
    return reply({"defaultEngineVersion": next(iter(versions)), "engineVersionMetadata": rows})


def create_udf_artifact(world: World, request: Request) -> dict[str, Any]:
    space, body = find_space(world, request), document(request)
    name, jar_url = text(body, "name"), text(body, "jarUrl")
    uris = body.get("dependencyJarUris") or []
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise bad("dependencyJarUris is not a list of texts.")
    if name in space.artifacts:
        raise refuse(ALREADY_THERE, f"The artifact {name} exists already.")

    kind = text(body, "artifactType", "ARTIFACT_TYPE_JAVA")
    creator = request.caller.principal_id.partition(":")[0] or world.account_id
    artifact = Artifact(name, jar_url, kind, creator, world.now(), world.now(), list(uris))
    space.artifacts[name] = artifact
    keep(world, request, space)
    shown = _shown_artifact(request, artifact)
    return reply({"collidingClasses": [], "createSuccess": True, "message": "", "udfArtifact": shown})


def get_udf_artifacts(world: World, request: Request) -> dict[str, Any]:
    artifacts = find_space(world, request).artifacts
    wanted = request.text("udfArtifactName")
    return reply([_shown_artifact(request, one) for one in artifacts.values() if wanted in ("", one.name)])


def _target(request: Request, name: str) -> Target:
    body = document(request)
    cpu = body.get("cpu")
    if isinstance(cpu, bool) or not isinstance(cpu, int | float) or not 0 < cpu <= foasconsole.MOST_CPU:
        raise bad("cpu is not a number of CPUs.")
    return Target(name, float(cpu), text(body, "memory"))


def _known_target(space: Space, request: Request) -> Target:
    name = request.path.get("deployment_target_name", "")
    if name not in space.targets:
        raise refuse(NOT_FOUND, f"The deployment target {name} does not exist.")
    return space.targets[name]


def _shown_target(request: Request, target: Target) -> dict[str, Any]:
    size = {"cpu": target.cpu, "memory": target.memory}
    quota = {"limit": size, "request": size, "used": {"cpu": 0.0, "memory": "0"}}
    return {"name": target.name, "namespace": request.path.get("namespace", ""), "quota": quota}


def _shown_artifact(request: Request, artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "namespace": request.path.get("namespace", ""),
        "jarUrl": artifact.jar_url,
        "artifactType": artifact.kind,
        "dependencyJarUris": list(artifact.dependencies),
        "creator": artifact.creator,
        "createdAt": int(artifact.created_at * 1000),
        "modifiedAt": int(artifact.modified_at * 1000),
        "udfClasses": [],
    }


ROUTES = {
    ("POST", "/api/v2/namespaces/{namespace}/deployment-targets"): create_deployment_target,
    ("GET", "/api/v2/namespaces/{namespace}/deployment-targets"): list_deployment_targets,
    ("PUT", "/api/v2/namespaces/{namespace}/deployment-targets/{deployment_target_name}"): update_deployment_target,
    ("DELETE", "/api/v2/namespaces/{namespace}/deployment-targets/{deployment_target_name}"): delete_deployment_target,
    ("GET", "/api/v2/engine-version-meta.json"): list_engine_version_metadata,
    ("POST", "/api/v2/namespaces/{namespace}/udfartifacts"): create_udf_artifact,
    ("GET", "/api/v2/namespaces/{namespace}/udfartifacts"): get_udf_artifacts,
}
