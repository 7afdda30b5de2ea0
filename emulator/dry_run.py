"""DryRun: all is checked and nothing done, and success is told as an error."""

from __future__ import annotations

from emulator.request import Refusal, Request


def stop(request: Request) -> None:
    """End a dry run here, where all checks have passed. Source: VPC 2016-04-28 and ECS 2014-05-26, DryRun."""
    if request.boolean("DryRun"):
        message = "Request validation has been passed with DryRun flag set."
        raise Refusal(400, "DryRunOperation", message)
