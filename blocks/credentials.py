"""Who we are: the AccessKey, and where the cloud is reached."""

from __future__ import annotations

import re

from prefect.blocks.core import Block
from pydantic import ConfigDict, Field, SecretStr, model_validator

from alicloud import sts
from alicloud.clock import Clock
from alicloud.errors import Misconfigured
from alicloud.limiter import SHARED, Limits
from alicloud.redaction import know
from alicloud.session import Identity, Session

_LOOPBACK = re.compile(r"http://(127(\.[0-9]{1,3}){3}|localhost|\[::1\])(:[0-9]{1,5})?/?")


class AlibabaCloudCredentials(Block):
    """An AccessKey of the Alibaba Cloud account or of a RAM user, an STS token, or a role to assume."""

    _block_type_name = "Alibaba Cloud Credentials"
    _block_type_slug = "alibaba-cloud-credentials"
    _description = "Who the flows are, and where the cloud is reached. Secrets are stored encrypted by the server."

    model_config = ConfigDict(hide_input_in_errors=True)  # which would hold the secret

    access_key_id: SecretStr = Field(title="AccessKey ID", description="Of the account or of a RAM user.")
    access_key_secret: SecretStr = Field(title="AccessKey secret")
    security_token: SecretStr = Field(
        SecretStr(""), title="Security token", description="Only for a temporary AccessKey from STS."
    )
    role_arn: str = Field(
        "", title="Role to assume", description="e.g. acs:ram::1234567890123456:role/flink-prep. Empty: none."
    )
    endpoints: dict[str, str] = Field(
        default_factory=dict,
        title="Endpoints",
        description="Product code (or * for all) to URL, e.g. an emulator's. Empty: the vendor's, over HTTPS.",
    )
    clock_speed: float = Field(
        1.0, gt=0, le=100_000, title="Clock speed", description="1, unless an emulator's clock runs faster."
    )

    share_rates: bool = Field(
        False,
        title="Share rates",
        description="Several workers use this account at once: they keep to its rates together, by the Prefect server.",
    )

    @model_validator(mode="after")
    def _is_usable(self) -> AlibabaCloudCredentials:
        for product, url in self.endpoints.items():
            if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/?", url):
                raise ValueError(f"endpoint of {product}: {url!r} is not a URL such as http://127.0.0.1:8400")
            if url.startswith("http://") and not _LOOPBACK.fullmatch(url):
                raise ValueError(f"endpoint of {product}: plain http is for loopback only, {url!r} is not")
        if self.role_arn and not re.fullmatch(r"acs:ram::[0-9]{10,20}:role/[A-Za-z0-9.-]{1,64}", self.role_arn):
            raise ValueError("role_arn: must look like acs:ram::1234567890123456:role/flink-prep")
        return self

    def get_session(self, region: str, session_name: str = "flow-run", limiter: Limits = SHARED) -> Session:
        """Give a session to the account in a region; when a role is named, as that role.

        Args:
            region: e.g. cn-hangzhou.
            session_name: stands in the cloud's audit log, 2 to 64 characters.
            limiter: holds calls back at the published rates.

        Raises:
            Misconfigured: the AccessKey is empty.
            Forbidden: the role may not be assumed.
        """
        identity = Identity(
            self.access_key_id.get_secret_value().strip(),
            self.access_key_secret.get_secret_value().strip(),
            self.security_token.get_secret_value().strip(),
        )
        know(identity.access_key_id, identity.access_key_secret, identity.security_token)
        if not identity.access_key_id or not identity.access_key_secret:
            raise Misconfigured(
                "The credentials block has no AccessKey.", remedy="Fill in AccessKey ID and secret in the dashboard."
            )
        clock = Clock(self.clock_speed)
        if not self.role_arn:
            return Session(identity, region, self.endpoints, clock, limiter=limiter)

        def assume() -> Identity:
            with Session(identity, region, self.endpoints, clock, limiter=limiter) as cloud:
                key = cloud.send(sts.assume_role(self.role_arn, session_name))
            know(key.access_key_id, key.access_key_secret, key.security_token)
            return Identity(
                key.access_key_id,
                key.access_key_secret,
                key.security_token,
                key.expires_at,
                identity.access_key_id,
                self.role_arn,
            )

        return Session(assume(), region, self.endpoints, clock, renew=assume, limiter=limiter)
