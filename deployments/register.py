"""Registers block types, environments, credentials, the work pool and automations; safe to run twice.

    python -m deployments.register environments/exclusive.yaml environments/managed.yaml

Credentials come from the environment variables of Alibaba Cloud's own tools (ALIBABA_CLOUD_ACCESS_KEY_ID and the
others in production.env.example) and are stored, encrypted by the server, in the block that the environments name.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from pydantic import SecretStr, ValidationError

from alicloud.errors import Misconfigured
from alicloud.redaction import install, know, redact
from blocks.credentials import AlibabaCloudCredentials
from blocks.document import load
from blocks.environment import Environment, FlinkEnvironment, as_block
from deployments.automations import ensure_automations

WORK_POOL = "realtime-compute"


def register(paths: Sequence[Path], variables: Mapping[str, str]) -> list[Environment]:
    """Register everything that must exist before `prefect deploy --all`.

    Args:
        paths: environment documents.
        variables: where credentials are read from, usually os.environ.

    Returns:
        The environments.

    Raises:
        Misconfigured: a document is wrong, credentials are incomplete, or a variable is impossible.
    """
    environments = [load(path) for path in paths]
    FlinkEnvironment.register_type_and_schema()
    AlibabaCloudCredentials.register_type_and_schema()
    for environment in environments:
        as_block(environment).save(environment.name, overwrite=True)
    credentials = credentials_from(variables)
    if credentials is not None:
        for name in {environment.credentials for environment in environments}:
            credentials.save(name, overwrite=True)
    with get_client(sync_client=True) as client:
        _ensure_work_pool(client)
        ensure_automations(client, variables)
    return environments


def _check_server(variables: Mapping[str, str]) -> None:
    if not variables.get("PREFECT_API_URL"):  # Prefect would register with a server that it starts for the moment
        raise Misconfigured("PREFECT_API_URL is not set.", remedy="Name your Prefect server, e.g. in production.env.")


def credentials_from(variables: Mapping[str, str]) -> AlibabaCloudCredentials | None:
    """Make the credentials block from environment variables; None when they name no AccessKey."""
    key_id = variables.get("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
    if not key_id:
        return None
    secret = variables.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
    token = variables.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
    know(key_id, secret, token)
    if not secret:
        raise Misconfigured("ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set.", remedy="Set it beside the AccessKey ID.")
    try:
        return AlibabaCloudCredentials(
            access_key_id=SecretStr(key_id),
            access_key_secret=SecretStr(secret),
            security_token=SecretStr(token),
            role_arn=variables.get("ALIBABA_CLOUD_ROLE_ARN", ""),
            endpoints=json.loads(variables.get("REALTIME_COMPUTE_ENDPOINTS", "{}")),
            clock_speed=float(variables.get("REALTIME_COMPUTE_CLOCK_SPEED", "1")),
        )
    except ValidationError as error:
        causes = "; ".join(entry["msg"] for entry in error.errors(include_input=False))
        raise Misconfigured(f"The credentials are impossible: {causes}.", remedy="Correct the variables.") from None
    except ValueError:
        text = "REALTIME_COMPUTE_ENDPOINTS is not JSON, or REALTIME_COMPUTE_CLOCK_SPEED not a number."
        raise Misconfigured(
            text, remedy="""E.g. '{"*": "http://127.0.0.1:8400"}' (quoted for the shell) and 1."""
        ) from None


def _ensure_work_pool(client: SyncPrefectClient) -> None:
    try:
        client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process"))
    except ObjectAlreadyExists:
        return


def main(arguments: Sequence[str] | None = None) -> int:
    install()
    parser = argparse.ArgumentParser(prog="python -m deployments.register", description=__doc__.split("\n")[0])
    parser.add_argument("documents", nargs="+", type=Path, help="environment documents (YAML)")
    names = parser.parse_args(arguments).documents
    try:
        for name in names:
            load(name)  # what is wrong with a document is told before anything else
        _check_server(os.environ)
        environments = register(names, os.environ)
    except Misconfigured as error:
        print(redact(str(error)), file=sys.stderr)
        return 1
    for environment in environments:
        stored = (
            "stored" if os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID") else "left alone: no AccessKey in the variables"
        )
        print(f"registered environment {environment.name}; credentials block {environment.credentials} {stored}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
