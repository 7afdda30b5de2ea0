from unittest.mock import patch

import pytest

from tasks.events import tell
from tests.flows.running import environment


@pytest.mark.parametrize("news", ["ready", "drift", "stuck"])
def test_an_event_names_the_environment_and_what_is_in_it(news):
    rows = [{"kind": "VPC", "name": "flink-vpc", "id": "vpc-1"}]

    with patch("tasks.events.emit_event") as emitted:
        tell(environment("managed", name="orders"), news, "12 writes.", rows)

    facts = emitted.call_args.kwargs
    assert facts["event"] == f"realtime-compute.environment.{news}"
    assert facts["resource"]["prefect.resource.id"] == "realtime-compute.environment.orders"
    assert facts["resource"]["realtime-compute.mode"] == "managed"
    assert facts["payload"] == {"summary": "12 writes.", "resources": rows}
