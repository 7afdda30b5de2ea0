import io
import json

import httpx
import pytest
from rich.console import Console

from deployments.watch import Prefect, Watched, closing_table, watch

RUN = "11111111-1111-1111-1111-111111111111"


class Api:
    """The answers of a Prefect server, by method and path; a list gives one answer after the other."""

    def __init__(self):
        self.answers = {("GET", "/api/artifacts/cluster-flink/latest"): httpx.Response(404)}
        self.asked = []

    def __setitem__(self, key, answers):
        self.answers[key] = answers if isinstance(answers, list) else [answers]

    def __call__(self, request):
        self.asked.append((request.method, request.url.path, json.loads(request.content or b"null")))
        answers = self.answers[request.method, request.url.path]
        if not isinstance(answers, list):
            return answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def client(self):
        return Prefect("http://prefect", httpx.Client(transport=httpx.MockTransport(self)))


def task(number, state="COMPLETED", message=None):
    return {
        "id": f"task-{number}",
        "name": f"Step [{number}]",
        "start_time": "2026-01-01T00:00:00+00:00",
        "end_time": "2026-01-01T00:00:02.500000+00:00",
        "state": {"type": state, "name": state.title(), "message": message},
    }


def watched(api):
    written = io.StringIO()
    run = Watched("flink", RUN, "cluster-flink")
    watch(api.client(), [run], Console(file=written, width=100), lambda: True)
    return run, written.getvalue()


def test_a_server_that_is_busy_is_asked_again():
    api = Api()
    api["GET", "/api/flow_runs/1"] = [httpx.Response(503), {"id": "1"}]

    assert api.client().get("/flow_runs/1") == {"id": "1"}
    assert len(api.asked) == 2


def test_a_refusal_is_not_asked_again():
    api = Api()
    api["GET", "/api/flow_runs/1"] = httpx.Response(404)

    with pytest.raises(httpx.HTTPStatusError):
        api.client().get("/flow_runs/1")

    assert len(api.asked) == 1


def test_a_request_to_start_a_run_that_is_repeated_starts_one_run():
    api = Api()
    api["GET", "/api/deployments/name/prepare/prepare"] = {"id": "d-1"}
    api["POST", "/api/deployments/d-1/create_flow_run"] = [httpx.Response(503), {"id": RUN}]

    run_id = api.client().run_deployment("prepare/prepare", {"environment": "flink"})

    sent = [body for method, _, body in api.asked if method == "POST"]
    assert run_id == RUN
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert sent[0]["idempotency_key"]
    assert sent[0]["parameters"] == {"environment": "flink"}


def test_all_pages_of_task_runs_are_read():
    api = Api()
    api["POST", "/api/task_runs/filter"] = [[task(n) for n in range(200)], [task(200)]]

    found = api.client().task_runs(RUN)

    assert len(found) == 201
    assert [body["offset"] for _, _, body in api.asked] == [0, 200]


def test_every_step_is_told_once_with_its_time_and_a_failure_with_its_cause():
    api = Api()
    api["GET", f"/api/flow_runs/{RUN}"] = [
        {"state": {"type": "RUNNING", "name": "Running"}},
        {"state": {"type": "FAILED", "name": "Failed"}},
    ]
    api["POST", "/api/task_runs/filter"] = [[task(1)], [task(1), task(2, "FAILED", "The bucket is public.")]]

    run, told = watched(api)

    assert (run.ended, run.succeeded) == (True, False)
    assert told.count("Step [1]") == told.count("Step [2]") == 1
    assert "2.5 s  Step [1]" in told
    assert "The bucket is public." in told


def test_a_run_that_completes_has_succeeded():
    api = Api()
    api["GET", f"/api/flow_runs/{RUN}"] = {"state": {"type": "COMPLETED", "name": "Completed"}}
    api["POST", "/api/task_runs/filter"] = [[task(1)]]

    run, _ = watched(api)

    assert run.succeeded


def test_who_watches_is_not_held_when_a_process_is_gone():
    api = Api()
    api["POST", "/api/task_runs/filter"] = [[]]
    run = Watched("flink", RUN, "cluster-flink")

    watch(api.client(), [run], Console(file=io.StringIO()), lambda: False)

    assert not run.ended


def test_the_closing_table_shows_rows_as_they_are():
    written = io.StringIO()
    rows = [{"What": "VPC", "Name": "[bold]flink[/bold]", "Id": "vpc-1"}]

    Console(file=written, width=100).print(closing_table("What exists", rows))

    assert "[bold]flink[/bold]" in written.getvalue()
    assert "vpc-1" in written.getvalue()
