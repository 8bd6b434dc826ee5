"""Early stop of hopeless trials: who is given up, when, and that nothing else is touched."""

import math

import numpy as np
import pytest

from goodfit.data.splits import open_splits
from goodfit.diagnosis.data_facts import basic_data_facts
from goodfit.diagnosis.finding import DataFacts
from goodfit.engine.control import Progress
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.engine.step import RECORDED, recorded
from goodfit.plan import Plan
from goodfit.record.run import LAYER_STATISTICS, Outcome
from goodfit.search.hopeless import Hopeless

FACTS = DataFacts(m=100, task="binary", class_counts=(50, 50))
GUESS = math.log(2)  # cost of the constant guess


def progress(costs, epoch=10, epochs=40, dead=0.0):
    """A training of one hidden layer of ReLUs with these train costs, looked into at its first epoch."""
    plan = Plan(hidden_units=(8,), activation="relu")
    records = np.full((epoch, recorded(plan.structure)), np.nan, np.float32)
    records[:, : len(RECORDED)] = 0.5
    for name in ("train_cost", "objective"):
        records[:, RECORDED.index(name)] = np.broadcast_to(costs, epoch)
    look = np.ones((3, len(LAYER_STATISTICS)), np.float32)
    look[:, LAYER_STATISTICS.index("dead")] = 0.0, dead, 0.0
    records[0, len(RECORDED) :] = look.reshape(-1)
    return Hopeless([plan], FACTS), [Progress(0, epoch, epochs, records)]


def test_no_progress_is_given_up_at_a_quarter_and_what_falls_is_not():
    control, stuck = progress(GUESS)
    (stop,) = control(stuck)[0]
    assert stop.reason == "no progress: nothing was learned in 10 of 40 epochs"
    assert stop.outcome == Outcome.HOPELESS
    for costs in (GUESS * np.linspace(1.05, 0.97, 10), 0.9 * GUESS):  # still falling; and some way down
        control, going = progress(costs)
        assert control(going) == {}


def test_the_reason_names_what_the_doctor_finds():
    control, silent = progress(GUESS, dead=1.0)
    (stop,) = control(silent)[0]
    assert stop.reason.startswith("dead ReLUs: ")


@pytest.mark.parametrize(("epoch", "epochs"), [(9, 40), (11, 40), (5, 20)])
def test_it_judges_at_its_own_epochs_alone_so_that_a_replay_is_the_same(epoch, epochs):
    """A quarter of 20 epochs is 5: too early."""
    control, stuck = progress(GUESS, epoch, epochs)
    assert control(stuck) == {}
    assert [control.next_visit(0, before, 40) for before in (0, 9, 10, 20, 30)] == [10, 10, 20, 30, None]


def test_in_a_stack_the_hopeless_one_leaves_and_the_other_keeps_its_bits():
    splits = open_splits("iris")
    good = Plan(hidden_units=(8,), batch_size=16, epochs=24)
    lost = good.with_(learning_rate=1e-12)
    (alone,) = fit_many([Job(good, 1)], splits)
    control = Hopeless([lost, good], basic_data_facts(splits))
    given_up, survivor = fit_many([Job(lost, 1), Job(good, 1)], splits, control)
    assert given_up.outcome == Outcome.HOPELESS
    assert len(given_up.history["epoch"]) == 6
    assert list(control.stopped) == [0]
    assert survivor.outcome == Outcome.FINISHED
    np.testing.assert_array_equal(survivor.history["dev_cost"], alone.history["dev_cost"])
