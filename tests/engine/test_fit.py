"""Whole trainings: early stopping, divergence, snapshots, interruption, and rows."""

import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest

from goodfit.data.dataset import Features
from goodfit.engine import fit as fit_module
from goodfit.engine import machine
from goodfit.engine.control import Change, Stop
from goodfit.engine.fit import fit, fit_many
from goodfit.engine.jobs import Job
from goodfit.errors import InputError, PlanError
from goodfit.record.run import Outcome


def test_history_is_measured_in_evaluation_mode(alone, splits, evaluated):
    """Dropout, smoothing and batch statistics are in the objective alone; the best parameters say so by NumPy."""
    epoch = alone.best_epoch
    assert alone.outcome == Outcome.FINISHED
    assert alone.history["epoch"].tolist() == list(range(1, 13))
    assert alone.history["step"].tolist() == [5 * epoch for epoch in range(1, 13)]
    for rows, name in ((splits.train, "train"), (splits.dev, "dev")):
        cost, error = evaluated(alone, alone.best, rows)
        assert alone.history[f"{name}_cost"][epoch - 1] == pytest.approx(cost, rel=1e-5)
        assert alone.history[f"{name}_error"][epoch - 1] == pytest.approx(error, abs=1e-6)
    assert alone.history["objective"][epoch - 1] > 1.1 * alone.history["train_cost"][epoch - 1]


def test_training_learns(alone):
    assert alone.history["train_cost"][-1] < 0.6 * alone.history["train_cost"][0]
    assert alone.best_epoch == alone.history["dev_cost"].argmin() + 1
    assert alone.usable


def test_early_stopping_restores_the_best_parameters_and_waits_for_patience(splits, plan, evaluated):
    run = fit(Job(plan.with_(patience=4, epochs=200, learning_rate=0.1, label_smoothing=0.0), 3), splits)
    dev_cost = run.history["dev_cost"]
    assert run.outcome == Outcome.STOPPED_EARLY
    assert run.reason == "no better dev cost in 4 epochs"
    assert len(dev_cost) == run.best_epoch + 4 < 200
    assert dev_cost.argmin() + 1 == run.best_epoch
    assert dev_cost[-1] > dev_cost.min()
    assert evaluated(run, run.best, splits.dev)[0] == pytest.approx(dev_cost.min(), rel=1e-5)


def test_a_model_that_diverges_stops_alone(splits, plan, alone, tools):
    wild = plan.with_(learning_rate=3e38)
    runs = fit_many([Job(wild, 1), Job(plan, 5), Job(wild, 2), Job(plan, 5)], splits)
    for run in (runs[0], runs[2]):
        assert run.outcome == Outcome.DIVERGED
        assert run.reason == f"the cost became infinite or undefined in epoch {len(run.history['epoch'])}"
        assert len(run.history["epoch"]) < 12
    assert tools.same_bits(runs[1], alone)
    assert tools.same_bits(runs[3], alone)


def test_what_was_best_before_a_divergence_is_kept(splits, plan, alone, evaluated, tools):
    control = tools.Watcher(every=1, actions={(0, 4): [Change({"learning_rate": 3e38})]})
    run = fit(Job(plan.with_(snapshots=12), 5), splits, control)
    assert run.outcome == Outcome.DIVERGED
    assert run.usable
    assert run.best_epoch <= 4
    assert evaluated(run, run.best, splits.dev)[0] == pytest.approx(alone.history["dev_cost"][:4].min(), rel=1e-5)
    assert len(run.snapshots) == len(run.history["epoch"]) - 1  # none of the broken parameters
    assert all(np.isfinite(leaf).all() for snapshot in run.snapshots for leaf in snapshot.values())


def test_a_model_that_never_ended_a_good_epoch_is_not_usable(splits, plan):
    run = fit(Job(plan.with_(learning_rate=3e38, epochs=1), 1), splits)
    diverged = run.outcome == Outcome.DIVERGED
    assert diverged
    assert run.usable == bool(np.isfinite(run.history["dev_cost"][0]))


def test_snapshots_are_evenly_spaced_and_hold_the_parameters_of_their_epoch(splits, plan, alone, evaluated):
    run = fit(Job(plan.with_(snapshots=4), 5), splits)
    assert len(run.snapshots) == 4
    for epoch, snapshot in zip((3, 6, 9, 12), run.snapshots, strict=True):
        assert evaluated(run, snapshot, splits.dev)[0] == pytest.approx(run.history["dev_cost"][epoch - 1], rel=1e-5)
    np.testing.assert_array_equal(run.history["dev_cost"], alone.history["dev_cost"])  # looking changes nothing
    more = fit(Job(plan.with_(snapshots=30, epochs=2), 5), splits)
    assert len(more.snapshots) == 2  # never two of one epoch


def test_ctrl_c_keeps_the_best_so_far(splits, plan, alone, tools):
    class Interrupting(tools.Watcher):
        def __call__(self, progress):
            if progress[0].epoch == 5:
                os.kill(os.getpid(), signal.SIGINT)
            return super().__call__(progress)

    before = signal.getsignal(signal.SIGINT)
    control = Interrupting(every=1)
    other = plan.with_(activation="relu")
    runs = fit_many([Job(plan, 5), Job(plan.with_(epochs=3), 6), Job(other, 7)], splits, control)
    assert signal.getsignal(signal.SIGINT) is before
    assert [run.outcome for run in runs] == [Outcome.INTERRUPTED, Outcome.FINISHED, Outcome.INTERRUPTED]
    assert runs[0].reason == "interrupted after epoch 5"
    assert runs[0].usable
    np.testing.assert_array_equal(runs[0].history["dev_cost"], alone.history["dev_cost"][:5])
    assert runs[0].best_epoch == alone.history["dev_cost"][:5].argmin() + 1
    assert not runs[2].usable  # its stack had not begun
    assert len(runs[2].history["epoch"]) == 0


def test_a_long_epoch_is_visited_on_the_way_and_the_visits_change_no_bit(splits, plan, alone, tools, monkeypatch):
    """At 2 of an epoch's 5 steps; snapshots are still kept once an epoch, and Stop needs no epoch's end."""
    kept = fit(Job(plan.with_(snapshots=3), 5), splits)
    monkeypatch.setattr(fit_module, "seconds_per_epoch", lambda *_: 0.4)
    watcher = tools.Watcher()
    assert tools.same_bits(fit(Job(plan, 5), splits, watcher), alone)
    assert [seen[0].epoch for seen in watcher.seen[:7]] == [0, 0, 0, 1, 1, 2, 2]
    assert len(watcher.seen) == 31
    assert tools.same_bits(fit(Job(plan.with_(snapshots=3), 5), splits), kept)
    early = fit(Job(plan, 5), splits, tools.Watcher(actions={(0, 0): [Stop("enough")]}))
    assert early.outcome == Outcome.STOPPED
    assert len(early.history["epoch"]) == 0


def test_a_second_ctrl_c_interrupts_at_once(splits, plan, tools):
    class Insisting(tools.Watcher):
        def __call__(self, progress):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            return super().__call__(progress)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(Job(plan, 5), splits, Insisting(every=1))
    assert signal.getsignal(signal.SIGINT) is before


def test_training_in_a_thread_leaves_signals_alone(splits, plan, alone, tools):
    found = []
    thread = threading.Thread(target=lambda: found.append(fit(Job(plan, 5), splits)))
    thread.start()
    thread.join()
    assert tools.same_bits(found[0], alone)


def test_too_little_memory_is_said_before_training(splits, plan, monkeypatch):
    monkeypatch.setattr(machine, "free_memory", lambda: 20_000)
    with pytest.raises(PlanError) as caught:
        fit(Job(plan, 5), splits)
    assert "a batch of 32 on this network and data needs about" in str(caught.value)
    assert "take a smaller batch_size or smaller hidden_units" in str(caught.value)


def test_own_rows_equal_to_the_splits_change_nothing(splits, plan, alone, tools):
    """Among folds, whose differently prepared copies of the data are in the stack too."""
    pool = splits.pool
    folds = [Job(plan, 5, np.delete(pool, np.s_[k::4]), pool[k::4]) for k in range(4)]
    runs = fit_many([*folds, Job(plan, 5, splits.train, splits.dev)], splits)
    assert tools.same_bits(runs[-1], alone)
    assert len({run.best["layers.0.W"].tobytes() for run in runs}) == 5
    for job, run in zip(folds, runs, strict=False):
        assert job.train is not None
        assert np.array_equal(run.train, job.train)
        numbers = splits.dataset.features.numbers[job.train]
        np.testing.assert_allclose(run.preparation.center, numbers.mean(axis=0))


def test_rows_outside_a_job_never_matter(splits, plan, alone, tools):
    """The test set above all: here it is not a number."""
    data = splits.dataset
    numbers, target = data.features.numbers.copy(), data.target.copy()
    numbers[splits.test], target[splits.test] = np.nan, 0
    spoilt = replace(splits, dataset=replace(data, features=Features(numbers, data.features.codes), target=target))
    assert tools.same_bits(fit(Job(plan, 5), spoilt), alone)
    half = splits.train[::2]
    rest = np.setdiff1d(splits.train, half)
    first = fit(Job(plan, 5, half), splits)
    numbers[rest], target[rest] = 1e3, 1
    assert tools.same_bits(first, fit(Job(plan, 5, half), spoilt))
    assert not tools.same_bits(first, alone)


def test_rows_of_the_test_set_are_refused(splits, plan):
    for rows in (splits.test, np.append(splits.train[:50], splits.test[0]), np.array([10**6])):
        with pytest.raises(InputError, match="rows outside the training and dev sets"):
            fit(Job(plan, 5, train=splits.train, dev=rows), splits)


@pytest.mark.parametrize(("asked", "steps"), [(0, 1), (500, 1), (64, 2)])
def test_steps_an_epoch(splits, plan, asked, steps):
    """0 is the whole batch, and more than there are too; an incomplete last batch is dropped."""
    run = fit(Job(plan.with_(batch_size=asked, epochs=2, batch_norm="none", keep_prob=1.0), 5), splits)
    assert run.history["step"].tolist() == [steps, 2 * steps]


def test_no_jobs_no_runs(splits):
    assert fit_many([], splits) == []


def test_jobs_of_different_widths_train_beside_each_other(splits, plan, alone, tools):
    runs = fit_many([Job(plan.with_(preparation="piecewise"), 5), Job(plan, 5)], splits)
    assert tools.same_bits(runs[1], alone)
    assert runs[0].best["layers.0.W"].shape[0] == 17 * runs[1].best["layers.0.W"].shape[0]
