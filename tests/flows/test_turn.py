import logging
import threading

import pytest
from prefect import flow

from tasks.turn import turn

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.usefixtures("prefect_server")]


class Heard(logging.Handler):
    """Sets an event when a text is logged."""

    def __init__(self, text):
        super().__init__()
        self.text, self.event = text, threading.Event()

    def emit(self, record):
        if self.text in record.getMessage():
            self.event.set()


def test_a_second_run_on_an_environment_waits_for_the_end_of_the_first():
    order, waiting = [], Heard("Another run works on busy")
    log = logging.getLogger("prefect.flow_runs")
    log.addHandler(waiting)

    @flow
    def second():
        with turn("busy"):
            order.append("second")

    runner = threading.Thread(target=second)
    try:
        with turn("busy"):
            runner.start()
            assert waiting.event.wait(30)
            order.append("first")
        runner.join(60)
    finally:
        log.removeHandler(waiting)

    assert order == ["first", "second"]


def test_runs_on_different_environments_do_not_wait_for_each_other():
    with turn("one-environment"), turn("another-environment"):
        pass
