"""An account in which several runs go on at once."""

from tests.reliability.runs import account, running

__all__ = ["account", "running"]
