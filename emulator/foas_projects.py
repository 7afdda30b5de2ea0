"""Projects of an exclusive cluster and the one queue that each is bound to."""

from __future__ import annotations

from typing import Any

from emulator import foas_queues
from emulator.foas import Project, State, checked, find_project, milliseconds, user_id
from emulator.foas_life import find_cluster, running_cluster
from emulator.pages import by_index
from emulator.request import Refusal, Request
from emulator.world import World

NAME = r"[A-Za-z][A-Za-z0-9_\-]{2,63}"  # UNCONFIRMED: no rule is published


def create_project(world: World, request: Request) -> dict[str, Any]:
    """Make a project, which the account alone may do. Source: foas 2018-11-11, CreateProject."""
    _check_main_account(world, request)
    deploy_type, name, cluster_id = request.required("deployType", "name", "clusterId")
    # Shared mode ("public") is no longer sold since 2019-12-24. Source: Realtime Compute, activation guide.
    checked("(?i:cell)", "deployType", deploy_type)
    checked(NAME, "name", name)
    cluster = running_cluster(world, request, cluster_id)
    projects = world.part(State).projects
    if name in projects:
        raise Refusal(409, "ProjectAlreadyExists", f"The project {name} exists already.")

    operator = user_id(request.caller)
    projects[name] = Project(
        project_id=world.identifiers.letters(24),
        name=name,
        cluster_id=cluster.cluster_id,
        region=cluster.region,
        description=request.text("description"),
        deploy_type=deploy_type.lower(),
        creator=operator,
        modifier=operator,
        manager_ids=request.text("managerIds", operator),
        created_at=world.now(),
        modified_at=world.now(),
    )
    return {}


def get_project(world: World, request: Request) -> dict[str, Any]:
    project = find_project(world, request)
    return {"Project": {**_shown(project, project.deploy_type), "GlobalJobConfig": project.global_job_config}}


def list_project(world: World, request: Request) -> dict[str, Any]:
    wanted = {key: request.text(key) for key in ("name", "clusterId", "region", "deployType")}
    rows = [project for project in world.part(State).projects.values() if _matches(project, wanted, request.region)]
    page, facts = by_index(request, rows, capital=False)
    # The list writes CELL where the details write cell. Source: foas 2018-11-11, samples of ListProject and GetProject.
    return {**facts, "Projects": {"Project": [_shown(project, project.deploy_type.upper()) for project in page]}}


def update_project(world: World, request: Request) -> dict[str, Any]:
    project = find_project(world, request)
    project.global_job_config = request.text("globalJobConfig", project.global_job_config)
    _touch(world, request, project)
    return {}


def update_project_config(world: World, request: Request) -> dict[str, Any]:
    name, _ = request.required("ProjectName", "IsOpenBatchSQL")
    batch_sql = request.boolean("IsOpenBatchSQL")
    project = world.part(State).projects.get(name)
    if project is None:
        raise Refusal(404, "ProjectNotFound", f"The project {name} does not exist.")
    project.batch_sql = batch_sql
    _touch(world, request, project)
    return {"Data": True}


def delete_project(world: World, request: Request) -> dict[str, Any]:
    """Delete a project; its queue stays, unbound. Source: foas 2018-11-11, DeleteProject."""
    project = find_project(world, request)
    state = world.part(State)
    if project.queue:
        foas_queues.find_queue(world, project.cluster_id, project.queue).project = ""
    state.packages.pop(project.name, None)
    state.jobs.pop(project.name, None)
    del state.projects[project.name]
    return {}


def list_job(world: World, request: Request) -> dict[str, Any]:
    """List the jobs of a project, all of them offline: no job runs here, and none is made by API."""
    project = find_project(world, request)
    page, facts = by_index(request, world.part(State).jobs.get(project.name, []), capital=False)
    return {**facts, "Jobs": {"Job": [_job(project, name) for name in page]}}


def _job(project: Project, name: str) -> dict[str, Any]:
    return {
        "JobId": "",
        "JobName": name,
        "JobType": "FLINK_STREAM",
        "ApiType": "SQL",
        "ProjectName": project.name,
        "ClusterId": project.cluster_id,
        "QueueName": project.queue,
        "EngineVersion": "blink-3.7.10",
        "Code": "",
        "PlanJson": "",
        "Properties": "",
        "Packages": "",
        "Description": "",
        "FolderId": 0,
        "IsCommitted": False,
        "Creator": project.creator,
        "Modifier": project.modifier,
        "CreateTime": milliseconds(project.created_at),
        "ModifyTime": milliseconds(project.modified_at),
    }


def bind_queue(world: World, request: Request) -> dict[str, Any]:
    """Bind a queue, strictly one to one. Source: foas 2018-11-11, BindQueue."""
    project = find_project(world, request)
    cluster_id, queue_name = request.required("clusterId", "queueName")
    cluster = find_cluster(world, request, cluster_id)
    queue = foas_queues.find_queue(world, cluster.cluster_id, queue_name)
    if cluster.cluster_id != project.cluster_id:
        raise Refusal(400, "InvalidClusterId", f"The project {project.name} is on cluster {project.cluster_id}.")
    if project.queue:
        raise Refusal(409, "ProjectAlreadyBound", f"The project {project.name} is bound to queue {project.queue}.")
    if queue.project:
        raise Refusal(409, "QueueAlreadyBound", f"The queue {queue.name} is bound to project {queue.project}.")

    project.queue, queue.project = queue.name, project.name
    _touch(world, request, project)
    return {}


def unbind_queue(world: World, request: Request) -> dict[str, Any]:
    project = find_project(world, request)
    cluster_id, queue_name = request.required("clusterId", "queueName")
    if not project.queue or (cluster_id, queue_name) != (project.cluster_id, project.queue):
        raise Refusal(404, "QueueNotBound", f"The queue {queue_name} is not bound to project {project.name}.")
    foas_queues.find_queue(world, cluster_id, queue_name).project = ""
    project.queue = ""
    _touch(world, request, project)
    return {}


def list_project_bind_queue(world: World, request: Request) -> dict[str, Any]:
    rows = _bound(world, request)
    return {"Queues": {"Queue": [{"ClusterId": row["ClusterId"], "QueueName": row["QueueName"]} for row in rows]}}


def list_project_bind_queue_resource(world: World, request: Request) -> dict[str, Any]:
    return {"Queues": {"Queue": _bound(world, request)}}


def _check_main_account(world: World, request: Request) -> None:
    if not request.caller.is_account:
        message = (
            f"Only the main account {world.account_id} may create a project; use an AccessKey of the main account."
        )
        raise Refusal(403, "Forbidden.MainAccountOnly", message)


def _bound(world: World, request: Request) -> list[dict[str, Any]]:
    project = find_project(world, request)
    if not project.queue:
        return []
    row = foas_queues.usage(foas_queues.find_queue(world, project.cluster_id, project.queue))
    wanted = {"ClusterId": request.text("clusterId"), "QueueName": request.text("queueName")}
    return [row] if all(value in ("", row[key]) for key, value in wanted.items()) else []


def _touch(world: World, request: Request, project: Project) -> None:
    project.modified_at, project.modifier = world.now(), user_id(request.caller)


def _matches(project: Project, wanted: dict[str, str], region: str) -> bool:
    return (
        project.region == (wanted["region"] or region or project.region)
        and wanted["name"] in ("", project.name)
        and wanted["clusterId"] in ("", project.cluster_id)
        and wanted["deployType"].lower() in ("", project.deploy_type)
    )


def _shown(project: Project, deploy_type: str) -> dict[str, Any]:
    return {
        "Id": project.project_id,
        "Name": project.name,
        "State": "ENABLE",
        "Creator": project.creator,
        "CreateTime": milliseconds(project.created_at),
        "Modifier": project.modifier,
        "ModifyTime": milliseconds(project.modified_at),
        "Description": project.description,
        "DeployType": deploy_type,
        "ClusterId": project.cluster_id,
        "ManagerIds": project.manager_ids,
        "Region": project.region,
    }


ROUTES = {
    ("POST", "/api/v2/projects"): create_project,
    ("GET", "/api/v2/projects"): list_project,
    ("GET", "/api/v2/projects/{projectName}"): get_project,
    ("PUT", "/api/v2/projects/{projectName}"): update_project,
    ("DELETE", "/api/v2/projects/{projectName}"): delete_project,
    ("GET", "/api/v2/projects/{projectName}/jobs"): list_job,
    ("PUT", "/api/v2/project/config"): update_project_config,
    ("POST", "/api/v2/projects/{projectName}/queue"): bind_queue,
    ("DELETE", "/api/v2/projects/{projectName}/queue"): unbind_queue,
    ("GET", "/api/v2/projects/{projectName}/queues"): list_project_bind_queue,
    ("GET", "/api/v2/projects/{projectName}/queueresource"): list_project_bind_queue_resource,
}
