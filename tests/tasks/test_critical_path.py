import pytest

from tasks.critical_path import critical_path


@pytest.mark.parametrize(
    ("after", "seconds", "expected"),
    [
        ([], [], (0.0, [])),
        ([()], [0.0], (0.0, [])),
        ([(), (0,), (0,), (1, 2)], [1.0, 5.0, 2.0, 1.0], (7.0, [0, 1, 3])),
        ([(), (), (0, 1)], [2.0, 3.0, 0.0], (3.0, [1])),
        ([(), (0,), (1,)], [1.0, 0.0, 1.0], (2.0, [0, 2])),
    ],
)
def test_the_longest_chain_is_found_and_steps_that_take_no_time_are_left_out(after, seconds, expected):
    assert critical_path(after, seconds) == expected
