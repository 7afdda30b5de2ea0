import threading

from flows.authorize import authorize
from flows.check import check
from tasks.turn import Turn


def test_a_run_that_may_write_waits_for_the_end_of_another_on_its_environment(make_trial, hear):
    trial, states = make_trial("exclusive-order"), []
    waiting = hear(f"Another run works on {trial.environment.cluster.name}")
    second = threading.Thread(target=lambda: states.append(trial.run(authorize)))

    with Turn(trial.environment, trial.account.cloud.world.account_id):
        second.start()
        assert waiting.wait(30)
        calls_meanwhile = {call["action"] for call in trial.calls()}
    second.join(60)

    assert calls_meanwhile == {"GetCallerIdentity"}  # whose cluster it is
    assert states[0].is_completed()
    assert "CreateUser" in trial.writes()


def test_a_run_that_only_looks_and_one_on_another_cluster_do_not_wait(make_trial):
    trial, other = make_trial("exclusive-order"), make_trial("exclusive-order", cluster={"name": "another"})

    with Turn(trial.environment, trial.account.cloud.world.account_id):
        states = trial.run(check), other.run(authorize)

    assert all(state.is_completed() for state in states)
