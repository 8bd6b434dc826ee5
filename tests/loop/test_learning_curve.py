"""The time that a learning curve may take, and the cases in which there is none."""

import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.dataset import Fold
from goodfit.data.splits import open_splits
from goodfit.experiments.clock import Clock
from goodfit.experiments.laboratory import Laboratory
from goodfit.loop.learning_curve import AUGMENTATION_CURVE, DATA_CURVE, estimate_curve
from goodfit.plan import Plan
from goodfit.record.measurement import Entry
from goodfit.run_folder.decisions import Decision
from goodfit.run_folder.journal import Journal


@pytest.fixture(scope="module")
def incumbent():
    x = np.random.default_rng(0).normal(size=500)
    splits = open_splits(pl.DataFrame({"x": x, "y": -x, "kind": np.where(x > 0, "up", "down")}), target="kind")
    laboratory = Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), lambda *_: None)
    plan = Plan(hidden_units=(2,), batch_size=16, epochs=2)
    return laboratory, laboratory.measure("incumbent", [Entry("", plan, (0, 1, 2, 3))])[0]


@pytest.mark.parametrize(
    ("design", "seconds_left", "trained"),
    [(DATA_CURVE, 120, 16), (DATA_CURVE, 100, 0), (AUGMENTATION_CURVE, 24, 9), (AUGMENTATION_CURVE, 12, 0)],
)
def test_a_curve_takes_its_share_of_the_time_that_is_left(incumbent, monkeypatch, design, seconds_left, trained):
    laboratory, measured = incumbent
    trained_jobs = []

    def measure_errors(training_id, jobs, title):
        trained_jobs.extend(jobs)
        return np.array([np.full(len(measured.rows), 10 / len(job.train)) for job in jobs])

    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    monkeypatch.setattr(laboratory, "clock", Clock(Journal(None), seconds_left, reserve=0.0, started=0.0))
    monkeypatch.setattr(laboratory, "seconds", len)  # one a job
    monkeypatch.setattr(laboratory, "measure_errors", measure_errors)
    curve = estimate_curve(laboratory, measured, 0, design)
    assert len(trained_jobs) == trained
    if curve:
        sizes = [round(share * 300) for share in design.shares]
        assert curve.sizes == (*sizes, 300)
        assert curve.dev_error[:-1] == pytest.approx([10 / size for size in sizes])


def test_by_rounds_every_seed_is_trained(incumbent):
    laboratory, measured = incumbent
    curve = estimate_curve(laboratory, measured, 0, AUGMENTATION_CURVE)
    assert curve is not None
    assert curve.sizes == (90, 135, 195, 300)
    assert [line["value"] for line in laboratory.clock.journal.lines if line["event"] == "decision"] == [4]


def test_almost_without_mistakes_there_is_no_curve(incumbent):
    laboratory, measured = incumbent
    errors = np.zeros_like(measured.errors)
    errors[:, 0] = 1
    assert estimate_curve(laboratory, replace(measured, errors=errors), 0, AUGMENTATION_CURVE) is None


def test_half_trained_networks_make_no_curve(incumbent, monkeypatch):
    laboratory, measured = incumbent
    monkeypatch.setattr(
        laboratory, "clock", Clock(Journal(None), None, [Decision(id="learning-curve-seeds", value=2, seconds=0.0)])
    )
    monkeypatch.setattr(
        laboratory.clock, "deadline", lambda training_id: Clock(Journal(None), 0.0).deadline(training_id)
    )
    assert estimate_curve(laboratory, measured, 0, AUGMENTATION_CURVE) is None
