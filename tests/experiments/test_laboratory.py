"""The laboratory: what can be tried at all, and what it learns of this machine's speed."""

import time

import numpy as np
import polars as pl
import pytest

from goodfit.data.dataset import Fold
from goodfit.data.splits import open_splits
from goodfit.engine import machine
from goodfit.engine.control import Progress
from goodfit.engine.fit import fit_many
from goodfit.experiments import laboratory as laboratory_module
from goodfit.experiments.clock import Clock
from goodfit.experiments.laboratory import Laboratory
from goodfit.plan import Plan
from goodfit.record.measurement import Entry
from goodfit.run_folder.journal import Journal

NO_RECORDS = np.zeros((0, 6))


@pytest.fixture
def laboratory():
    x = np.random.default_rng(0).normal(size=400)
    splits = open_splits(pl.DataFrame({"x": x, "y": -x, "kind": np.where(x > 0, "up", "down")}), target="kind")
    return Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), lambda *_: None)


def test_a_plan_too_large_for_the_memory_is_no_experiment(laboratory, monkeypatch):
    monkeypatch.setattr(machine, "free_memory", lambda: 4_500_000)
    assert laboratory.possible(Plan(hidden_units=(300,), batch_size=0))
    assert not laboratory.possible(Plan(hidden_units=(3000,), batch_size=0))


@pytest.fixture
def train(laboratory, monkeypatch):
    """Trains jobs with so many seconds of a made-up clock before each visit; an epoch is thought to take half a one."""
    now, passing = [0.0], []

    def made_up(jobs, splits, control):
        control([Progress(place, 0, job.plan.epochs, NO_RECORDS) for place, job in enumerate(jobs)])
        for visit, seconds in enumerate(passing, 1):
            now[0] += seconds
            shown = [(place, job.plan.epochs) for place, job in enumerate(jobs)]
            control([Progress(place, epochs * visit // len(passing), epochs, NO_RECORDS) for place, epochs in shown])
        return fit_many(jobs, splits)

    def begin(jobs, *seconds):
        passing[:] = seconds
        laboratory.train("training", jobs)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(laboratory_module, "seconds_per_epoch", lambda *_: 0.5 * len(machine.devices()))
    monkeypatch.setattr(laboratory_module, "fit_many", made_up)
    return begin


def test_compilation_does_not_count_as_training(laboratory, train):
    plan = Plan(hidden_units=(2,), batch_size=0, epochs=10)
    jobs, new = (laboratory.jobs([Entry("", plan.with_(hidden_units=(n,)), (0, 1))]) for n in (2, 3))
    assert laboratory.seconds(jobs) == 10 + 1.5
    train(jobs, 8 + 4, 4, 4, 4, 4)  # twice as slow as is thought, after 8 seconds of compilation
    assert (laboratory.seconds(jobs), laboratory.seconds(new)) == (20, 20 + 8)
    train(jobs, 8, 8, 8, 8, 8)
    expected = 10 * (16 / 2 + 40) / (8 / 2 + 10)  # of the first training the 8 seconds' work after compilation
    assert (laboratory.seconds(jobs), laboratory.seconds(new)) == pytest.approx((expected, expected + 8))


def test_a_new_program_that_was_seen_once_tells_nothing_of_the_speed(laboratory, train):
    jobs = laboratory.jobs([Entry("", Plan(hidden_units=(2,), batch_size=0, epochs=10), (0,))])
    train(jobs, 9 + 5)
    assert laboratory.training_seconds(jobs) == 5
    assert laboratory.speed.compiling == 9
