import io
import json

import httpx
import yaml
from prefect.flows import load_flow_from_entrypoint
from rich.console import Console

from deployments import tour as touring
from deployments.local import ROOT
from deployments.tour import AT_ONCE, Visit, itinerary, tour, tour_table, unvisited
from deployments.watch import Prefect

DEPLOYMENTS = {
    each["name"]: each["entrypoint"]
    for each in yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
}
VISITS = itinerary("one", "other", "demo", "cn-hangzhou")


class Server:
    """A Prefect server on which every run takes two looks, then ends in the state of its deployment."""

    def __init__(self, ends=None):
        self.ends, self.looks, self.started, self.most = ends or {}, {}, [], 0

    def __call__(self, request):
        kind, *where = request.url.path.removeprefix("/api/").split("/")
        if kind == "flow_runs":
            return httpx.Response(200, json={"state": self.state(where[0])})
        if request.method == "GET":
            return httpx.Response(200, json={"id": where[-1]})
        self.started.append(where[0])
        self.looks[where[0]] = 0
        self.most = max(self.most, sum(looks < 2 for looks in self.looks.values()))
        return httpx.Response(201, json={"id": where[0]})

    def state(self, run_id):
        self.looks[run_id] += 1
        if self.looks[run_id] < 2:
            return {"type": "RUNNING", "name": "Running"}
        kind = self.ends.get(run_id, "COMPLETED")
        return {"type": kind, "name": kind.title(), "message": f"[b]{run_id}[/b]\nmore"}


def toured(server, monkeypatch, alive=lambda: True):
    monkeypatch.setattr(touring, "EVERY_SECONDS", 0)
    written, visits = io.StringIO(), itinerary("one", "other", "demo", "cn-hangzhou")
    prefect = Prefect("http://prefect", httpx.Client(transport=httpx.MockTransport(server)))
    tour(prefect, visits, Console(file=written, width=120), alive)
    return visits, written.getvalue()


def test_every_flow_that_needs_no_decision_of_a_person_is_visited():
    left_out = {"prepare", "prepare-member", "authorize", "check", "create-cluster", "create-project", "resolve"}

    assert {visit.flow for visit in VISITS} == set(DEPLOYMENTS) - left_out


def test_the_parameters_are_those_of_the_flows_and_confirm_nothing(monkeypatch):
    monkeypatch.chdir(ROOT)

    for visit in VISITS:
        flow = load_flow_from_entrypoint(DEPLOYMENTS[visit.flow], use_placeholder_flow=False)
        assert flow.validate_parameters(dict(visit.parameters))
        assert "confirm" not in visit.parameters


def test_each_is_started_once_and_a_few_at_a_time(monkeypatch):
    server = Server()

    visits, told = toured(server, monkeypatch)

    assert server.started == [visit.flow for visit in visits]
    assert server.most == AT_ONCE
    assert all(visit.succeeded for visit in visits)
    assert told.count("Completed") == len(visits)


def test_one_that_fails_is_told_and_the_others_go_on(monkeypatch):
    visits, told = toured(Server({"audit": "FAILED"}), monkeypatch)

    assert [visit.flow for visit in visits if not visit.succeeded] == ["audit"]
    assert all(visit.ended for visit in visits)
    assert told.count("Failed") == 1


def test_a_flow_that_has_completed_a_run_is_not_visited_again():
    def answer(request):
        asked = json.loads(request.content)["flows"]["name"]["any_"]
        return httpx.Response(200, json=[{"id": "1"}] if asked == ["audit"] else [])

    prefect = Prefect("http://prefect", httpx.Client(transport=httpx.MockTransport(answer)))

    assert {visit.flow for visit in VISITS} - {visit.flow for visit in unvisited(prefect, VISITS)} == {"audit"}


def test_who_looks_on_is_not_held_when_a_process_is_gone(monkeypatch):
    server = Server()

    visits, _ = toured(server, monkeypatch, alive=lambda: False)

    assert server.started == []
    assert not any(visit.ended for visit in visits)


def test_the_table_shows_the_first_line_of_what_a_run_says_as_it_is():
    written = io.StringIO()
    ended = Visit("plan/plan", {}, "1", {"type": "COMPLETED", "name": "Completed", "message": "[b]fine[/b]\nmore"})

    Console(file=written, width=120).print(tour_table([ended, Visit("audit/audit", {})]))

    assert "[b]fine[/b]" in written.getvalue()
    assert "more" not in written.getvalue()
    assert "not run" in written.getvalue()
