import threading

import pytest

from tasks.place import PLACE, Place, away


@pytest.fixture
def places():
    return threading.Semaphore(1)


def free(places):
    if places.acquire(blocking=False):
        places.release()
        return True
    return False


def test_a_run_holds_its_place_and_makes_room_while_it_waits(places):
    with Place(places) as place:
        held = free(places)
        with place.left():
            made_room = free(places)
        back = free(places)

    assert (held, made_room, back, free(places)) == (False, True, False, True)


def test_two_threads_of_a_run_that_wait_make_room_for_one_other(places):
    with Place(places) as place:
        with place.left(), place.left():
            assert places.acquire(blocking=False)
            assert not places.acquire(blocking=False)
            places.release()
        assert not free(places)


def test_who_comes_back_waits_until_there_is_room(places):
    came_back = threading.Event()

    def run():
        with Place(places) as place:
            with place.left():
                gone.set()
                assert go_on.wait(10)
            came_back.set()

    gone, go_on = threading.Event(), threading.Event()
    thread = threading.Thread(target=run)
    thread.start()
    assert gone.wait(10)
    places.acquire()
    go_on.set()

    assert not came_back.wait(0.05)
    places.release()
    assert came_back.wait(10)
    thread.join(10)


def test_a_stop_reaches_what_began_before_it_and_what_begins_after(places):
    place, stopped = Place(places), []

    place.on_stop(lambda: stopped.append("early"))
    place.stop()
    place.on_stop(lambda: stopped.append("late"))

    assert stopped == ["early", "late"]
    assert place.stopped


def test_a_run_that_has_its_process_to_itself_waits_where_it_is(places):
    with away():
        assert PLACE.get() is None
