"""Who runs this: the identity that no step may take anything from."""

from __future__ import annotations

from alicloud import sts
from alicloud.leaving import own_user
from alicloud.session import Session


def runner_user(cloud: Session) -> str:
    """Give the name of the RAM user whose AccessKey signs; empty for the account itself and for a role."""
    return own_user(cloud.recall(sts.get_caller_identity()).arn)


def signing_keys(cloud: Session) -> frozenset[str]:
    """Give the ids of the AccessKeys that sign this run: its own, and the one by which a role was assumed."""
    return frozenset({cloud.identity.access_key_id, cloud.identity.lasting_key_id}) - {""}
