"""What an audit looks at beyond drift, and which of its findings somebody has accepted, until when."""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from blocks.audit_finding import FindingId
from blocks.names import OptionalBlockName, Text
from blocks.section import Section


class Accepted(Section):
    """A finding of the audit that somebody has accepted. After its date it counts again."""

    finding: FindingId | None = Field(None, title="Finding", description="Empty: any finding of the resource.")
    resource: Text = Field(
        "",
        title="Resource",
        description="As the audit names it, e.g. RAM group flink-developers. Empty: every resource.",
    )
    field: Text = Field("", title="Field", description="As the audit names it, e.g. comments. Empty: every field.")
    reason: Text = Field(min_length=1, title="Reason", description="Stands in every audit beside the finding.")
    until: date = Field(title="Until", description="The last day on which it is accepted, e.g. 2027-03-31.")

    @model_validator(mode="after")
    def _says_what(self) -> Accepted:
        if not (self.finding or self.resource):
            raise ValueError("names neither a finding nor a resource: it would accept everything")
        return self


class Audit(Section):
    """What the audit of this environment looks at."""

    credentials: OptionalBlockName = Field(
        "",
        title="Credentials block",
        description="Of an AccessKey that can read and nothing else (docs/audit.md). Empty: the environment's own.",
    )
    key_max_age_days: int = Field(90, ge=1, le=3650, title="Oldest AccessKey (days)")
    order_expiry_days: int = Field(30, ge=1, le=1095, title="Order ends within (days)")
    next_scale_out: int = Field(
        1, ge=0, le=1000, title="Next scale-out (nodes)", description="The vSwitches must have an address for each."
    )
    history_days: int = Field(
        30, ge=1, le=90, title="History (days)", description="How far back is looked for who changed something."
    )
    accepted: list[Accepted] = Field(default_factory=list, max_length=100, title="Accepted findings")
