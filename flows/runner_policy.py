"""Prints the RAM policy that covers what flows send, and nothing else; touches no cloud.

    python -m flows.runner_policy --flow prepare --environment environments/exclusive.yaml

Standard output holds policy documents as RAM takes them, one to a line: most environments need one or two. What there
is to know about them goes to standard error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from alicloud.errors import Misconfigured
from alicloud.policy import MAX_DOCUMENT_BYTES
from alicloud.policy_packing import MAX_POLICIES_OF_A_USER, documents
from blocks.document import load
from blocks.environment import Environment
from flows.needs import FlowName, account_only, grants


def policies(flows: Sequence[FlowName], environment: Environment | None) -> list[str]:
    """Give the policy documents of whoever runs these flows.

    Args:
        environment: whose names the rights are narrowed to; none: `*` stands for every name.
    """
    return documents(grants(flows, environment))


def remarks(flows: Sequence[FlowName], environment: Environment | None, found: Sequence[str]) -> list[str]:
    """Say what whoever attaches the documents must know."""
    several = f"{len(found)} documents of at most {MAX_DOCUMENT_BYTES} bytes, one to a line: attach all of them."
    told = [several if len(found) > 1 else "1 document."]
    if len(found) > MAX_POLICIES_OF_A_USER:
        told.append(
            f"A RAM user carries {MAX_POLICIES_OF_A_USER} custom policies, unless the account has asked for more."
        )
    if environment is None:
        told.append("A template: `*` stands for every name. Give an environment before you attach it.")
    elif not environment.account:
        told.append("The environment names no account, so `*` stands for it.")
    left = account_only(flows, environment)
    told += [f"Not in it, since no right helps: {action} ({reason})." for action, reason in left.items()]
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    choices = get_args(FlowName)
    parser.add_argument("--flow", action="append", choices=choices, required=True, help="a flow; may come again")
    parser.add_argument("--environment", type=Path, help="an environment's document, to narrow the rights to its names")
    chosen = parser.parse_args(arguments)
    try:
        environment = load(chosen.environment) if chosen.environment else None
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = policies(chosen.flow, environment)
    sys.stdout.writelines(f"{document}\n" for document in found)
    sys.stderr.writelines(f"{remark}\n" for remark in remarks(chosen.flow, environment, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
