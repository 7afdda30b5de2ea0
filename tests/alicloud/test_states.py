"""The word that all state tables use."""

import pytest

from alicloud.errors import Unmet
from alicloud.states import Progress, progress

TABLE = {"STARTING": Progress.WAIT, "RUNNING": Progress.READY, "BROKEN": Progress.FAILED}


@pytest.mark.parametrize(
    ("state", "expected"),
    [("STARTING", Progress.WAIT), ("RUNNING", Progress.READY), ("BROKEN", Progress.FAILED)],
)
def test_a_known_state_says_what_to_do(state, expected):
    assert progress(TABLE, state, "cluster c-1") is expected


@pytest.mark.parametrize("state", ["PAUSED", "running", ""])
def test_an_unknown_state_stops_instead_of_looping(state):
    with pytest.raises(Unmet) as caught:
        progress(TABLE, state, "cluster c-1")

    text = str(caught.value)
    assert "cluster c-1" in text
    assert (state or "(none)") in text
    assert "STARTING, RUNNING, BROKEN" in text
    assert caught.value.remedy
