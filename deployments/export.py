"""Prints an environment as Terraform or as a ROS template.

    python -m deployments.export --environment environments/mine.yaml --format terraform > main.tf.json

With an AccessKey in the environment variables (see production.env.example) it reads, and only reads, what exists in the
account, so that it can be taken over; without one it touches no cloud and prints the environment as if nothing existed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from alicloud.errors import AlibabaCloudError
from alicloud.redaction import install, redact
from blocks.document import load
from blocks.environment import Environment
from blocks.present import Present
from blocks.ros import ros
from blocks.terraform import terraform
from deployments.register import credentials_from
from tasks.export import read_present

FORMATS = {"terraform": terraform, "ros": ros}


def exported(environment: Environment, form: str, variables: Mapping[str, str]) -> str:
    """Give the text of a form, with the ids of what exists where the variables hold an AccessKey."""
    credentials = credentials_from(variables)
    if credentials is None:
        return FORMATS[form](environment, Present())
    with credentials.get_session(environment.region, "export") as cloud:
        return FORMATS[form](environment, read_present.fn(cloud.dry_run(), environment))


def main(arguments: Sequence[str] | None = None) -> int:
    install()
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--environment", type=Path, required=True, help="an environment's document")
    parser.add_argument("--format", choices=sorted(FORMATS), default="terraform", help="what to print")
    chosen = parser.parse_args(arguments)
    try:
        text = exported(load(chosen.environment), chosen.format, os.environ)
    except AlibabaCloudError as error:
        print(redact(str(error)), file=sys.stderr)
        return 1
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
