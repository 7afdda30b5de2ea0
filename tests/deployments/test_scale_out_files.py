"""What users get to run at scale: the compose file, the charts' values, and the balancer's configuration."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from deployments.local import Local
from deployments.scale_out_parts import SERVERS, ScaleOut

FOLDER = Path(__file__).parent.parent.parent / "deployments" / "scale-out"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
HELM = {name: yaml.safe_load((FOLDER / f"helm-{name}.yaml").read_text("utf-8")) for name in ("server", "worker")}
PREFECT_ROLES = ("upgrade", "api-1", "api-2", "services")
SECRET = re.compile(r"PASSWORD|_KEY|DATABASE_CONNECTION_URL|_URL$|REDISCLI_AUTH")
PUBLIC = {"PREFECT_API_URL", "PREFECT_SERVER_UI_API_URL"}

# The fields of the public charts that our values use, and their types. Source: charts/prefect-server/values.schema.json
# and charts/prefect-worker/values.schema.json of PrefectHQ/prefect-helm, as of 2026-08-18.
FIELDS = {
    "server": {
        "global.prefect.image.repository": str,
        "global.prefect.image.prefectTag": str,
        "global.prefect.env": list,
        "server.replicaCount": int,
        "server.uiConfig.prefectUiApiUrl": str,
        "server.resources.requests.cpu": str,
        "server.resources.requests.memory": str,
        "server.resources.limits.cpu": str,
        "server.resources.limits.memory": str,
        "backgroundServices.runAsSeparateDeployment": bool,
        "backgroundServices.replicaCount": int,
        "backgroundServices.messaging.broker": str,
        "backgroundServices.messaging.cache": str,
        "backgroundServices.messaging.redis.host": str,
        "backgroundServices.messaging.redis.port": int,
        "backgroundServices.messaging.redis.existingSecret": str,
        "backgroundServices.messaging.redis.existingSecretPasswordKey": str,
        "migrations.enabled": bool,
        "externalDatabase.existingSecret": str,
        "externalDatabase.connectionStringSecretKey": str,
        "secret.create": bool,
        "postgresql.enabled": bool,
        "redis.enabled": bool,
        "service.type": str,
        "service.port": int,
    },
    "worker": {
        "worker.image.repository": str,
        "worker.image.prefectTag": str,
        "worker.replicaCount": int,
        "worker.apiConfig": str,
        "worker.selfHostedServerApiConfig.apiUrl": str,
        "worker.config.workPool": str,
        "worker.config.type": str,
        "worker.config.installPolicy": str,
        "worker.config.limit": int,
        "worker.config.http2": bool,
        "worker.config.queryInterval": int,
        "worker.livenessProbe.enabled": bool,
        "worker.extraEnvVars": list,
        "worker.resources.requests.cpu": str,
        "worker.resources.requests.memory": str,
        "worker.resources.limits.cpu": str,
        "worker.resources.limits.memory": str,
        "role.create": bool,
        "rolebinding.create": bool,
    },
}


def leaves(values, above=""):
    """Give what stands at the ends of a document, by its path; lists are ends."""
    found = {}
    for name, value in values.items():
        found |= leaves(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return found


def variables(service):
    return COMPOSE["services"][service]["environment"]


@pytest.fixture
def scaled(tmp_path):
    """A scaled-out Prefect that is not started."""
    return ScaleOut(tmp_path, prefect_url="http://127.0.0.1:4200")


def ours(scaled):
    """Give the names of the settings that scaling out adds to those of one server."""
    alone = Local(scaled.state, prefect_url=scaled.prefect_url)
    server, single = scaled.server_environment(), alone.server_environment()
    added = {name for name in server if server[name] != single.get(name) and name not in scaled.environment()}
    return added | {"PREFECT_SERVER_ENCRYPTION_KEY"}


def test_the_compose_file_is_one():
    schema = get_builtin_schema("vendor.compose-spec")

    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE))

    assert [(error.json_path, error.message) for error in errors] == []


def test_the_schema_would_tell_a_wrong_field():
    schema = get_builtin_schema("vendor.compose-spec")
    wrong = {**COMPOSE, "services": {**COMPOSE["services"], "redis": {"image": "redis:7", "prots": ["1:1"]}}}

    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(wrong))

    assert [error.json_path for error in errors] == ["$.services.redis"]


@pytest.mark.parametrize("chart", HELM)
def test_the_charts_know_every_field_of_our_values(chart):
    values = leaves(HELM[chart])

    assert {path: type(value) for path, value in values.items()} == FIELDS[chart]


@pytest.mark.parametrize("service", PREFECT_ROLES)
def test_compose_sets_what_the_demo_has_proven(service, scaled):
    assert ours(scaled) <= set(variables(service))
    assert variables(service) == variables("api-1")
    proven = scaled.server_environment()
    for name in ours(scaled):
        if not SECRET.search(name):
            assert variables(service)[name] == proven[name], name


def test_the_chart_or_our_values_set_what_the_demo_has_proven(scaled):
    by_the_chart = {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL",  # externalDatabase
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER",  # backgroundServices.messaging, by its older name
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE",
        "PREFECT_REDIS_MESSAGING_URL",  # as host, port and password
        # With that broker, and twice in a container if our values had them too; templates/_helpers.tpl.
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE",
    }

    named = {each["name"] for each in HELM["server"]["global"]["prefect"]["env"]}

    assert ours(scaled) == by_the_chart | (named & ours(scaled))
    assert by_the_chart.isdisjoint(named)


def test_workers_everywhere_are_as_patient_as_in_the_demo(scaled):
    patient = {name: value for name, value in scaled.environment().items() if name.startswith("PREFECT_CLIENT_")}
    compose = variables("worker")
    helm = {each["name"]: each["value"] for each in HELM["worker"]["worker"]["extraEnvVars"]}

    assert patient
    assert patient.items() <= compose.items()
    assert patient.items() <= helm.items()
    assert compose["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == helm["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"


def test_the_page_tells_why_each_setting_is_there(scaled):
    page = (FOLDER.parent.parent / "docs" / "scale-out.md").read_text("utf-8")
    suffixed = {"PREFECT_SERVER_EVENTS_MESSAGING_CACHE"}  # told beside the broker

    names = (ours(scaled) | {name for name in variables("worker") if "CLIENT" in name or "FLOWS" in name}) - suffixed

    assert {name for name in names if f"`{name}" not in page} == set()


def test_every_secret_of_compose_comes_from_outside_and_is_demanded():
    secrets = [
        (service, name, str(value))
        for service, facts in COMPOSE["services"].items()
        for name, value in facts.get("environment", {}).items()
        if SECRET.search(name) and name not in PUBLIC
    ]

    assert len(secrets) > 4
    for service, name, value in secrets:
        assert re.search(r"\$\{[A-Z_]+:\?", value), f"{service} {name}"


def test_every_secret_of_the_values_is_a_reference():
    for each in HELM["server"]["global"]["prefect"]["env"] + HELM["worker"]["worker"]["extraEnvVars"]:
        assert ("valueFrom" in each) == bool(SECRET.search(each["name"])), each["name"]
    for path in leaves(HELM["server"]):
        assert not path.lower().endswith(("password", "connectionstring", "docket.url")), path


def test_the_example_of_secrets_names_them_all_and_has_none():
    demanded = set(re.findall(r"\$\{([A-Z_]+):\?", (FOLDER / "compose.yaml").read_text("utf-8")))

    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (FOLDER / "env.example").read_text("utf-8"), re.MULTILINE))

    assert example == dict.fromkeys(demanded, "")


def test_only_the_balancer_is_published_and_on_loopback_alone():
    published = {name: facts["ports"] for name, facts in COMPOSE["services"].items() if "ports" in facts}

    assert published == {"balancer": ["127.0.0.1:4200:4200"]}
    assert COMPOSE["networks"]["stores"] == {"internal": True}
    assert {name for name, facts in COMPOSE["services"].items() if facts["networks"] == ["stores"]} == {
        "postgres",
        "redis",
    }
    assert HELM["server"]["service"]["type"] == "ClusterIP"


def test_no_secret_is_copied_into_the_image():
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").split("\n")

    assert "*.env" in ignored
    assert ".*" in ignored


@pytest.mark.skipif(not shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"), reason="haproxy is missing")
def test_the_balancer_takes_its_configuration_and_knows_every_server():
    text = (FOLDER / "haproxy.cfg").read_text("utf-8")
    places = {"SCALE_OUT_BIND": "127.0.0.1:4200", "SCALE_OUT_API_1": "127.0.0.1:1", "SCALE_OUT_API_2": "127.0.0.1:2"}
    path = os.environ["PATH"] + ":/usr/sbin"

    checked = subprocess.run(
        ["haproxy", "-c", "-f", FOLDER / "haproxy.cfg"], env={"PATH": path, **places}, capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stderr
    assert tuple(re.findall(r"^    server (\S+)", text, re.MULTILINE)) == SERVERS
    assert {name for name in COMPOSE["services"] if name.startswith("api-")} == set(SERVERS)
