"""What augmentation is worth in real examples, against the law that the curve follows; and what the curve may cost."""

import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.dataset import Cut
from goodfit.data.splits import open_splits
from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.experiments.clock import Clock
from goodfit.experiments.laboratory import Laboratory
from goodfit.loop.more_data import OF_AUGMENTATION, OF_DATA, ask, augmentation_effect, augmentation_worth
from goodfit.plan import Plan
from goodfit.record.measurement import Entry
from goodfit.run_folder.journal import Journal

CURVE = {"sizes": (100, 800, 1600), "floor": 0.05, "slope": 0.1, "power": 0.5}  # 0.05 + 0.1·(m/1600)^−0.5


def error(examples):
    return 0.05 + 0.1 * np.sqrt(1600 / examples)


def without(value, low, high):
    """The network without augmentation on all examples errs as the augmented one on so many."""
    return PairedEffect(*(error(each) - error(1600) for each in (value, low, high)), p=0.99)


def test_it_is_as_many_examples_as_may_be_left_out():
    worth = augmentation_worth(CURVE, without(900, 1500, 400))
    assert (worth["examples"], worth["low"], worth["high"]) == (700, 100, 1200)
    assert "worth about 700 of the 1,600 real examples (95 % interval 100 to 1,200)" in worth["sentence"]


@pytest.mark.parametrize(("value", "low", "words"), [(900, 1600, "about 700"), (1700, 1800, "none")])
def test_without_a_clear_effect_that_is_said_with_the_interval(value, low, words):
    sentence = augmentation_worth(CURVE, without(value, low, 400))["sentence"]
    assert sentence.startswith("Augmentation is not told apart from no more examples: ")
    assert f"worth {words} of the 1,600 real examples (95 % interval none to 1,200)." in sentence


def test_what_lies_below_the_smallest_size_is_said_to_be_more():
    worth = augmentation_worth(CURVE, without(90, 1500, 50))
    assert (worth["examples"], worth["low"], worth["high"]) == (None, 100, None)
    assert (
        "worth more than 1,500 of the 1,600 real examples (95 % interval 100 to more than 1,500)" in worth["sentence"]
    )


def test_without_a_curve_the_change_of_the_error_is_told():
    told = augmentation_effect("+0.28 points [-0.29, +1.12]")
    assert told["examples"] is None
    assert "changed the dev error by +0.28 points [-0.29, +1.12]; its worth in examples" in told["sentence"]


@pytest.fixture(scope="module")
def incumbent():
    x = np.random.default_rng(0).normal(size=500)
    splits = open_splits(pl.DataFrame({"x": x, "y": -x, "kind": np.where(x > 0, "up", "down")}), target="kind")
    laboratory = Laboratory(splits, [Cut(splits.train, splits.dev)], Clock(Journal(None), None), lambda *_: None)
    plan = Plan(hidden_units=(2,), batch_size=16, epochs=2)
    return laboratory, laboratory.measure("incumbent", [Entry("", plan, (0, 1, 2, 3))])[0]


@pytest.mark.parametrize(
    ("inquiry", "left", "trained"),
    [(OF_DATA, 120, 16), (OF_DATA, 100, 0), (OF_AUGMENTATION, 24, 9), (OF_AUGMENTATION, 12, 0)],
)
def test_a_curve_takes_its_share_of_the_time_that_is_left(incumbent, monkeypatch, inquiry, left, trained):
    laboratory, measured = incumbent
    asked = []

    def errors_of(what, jobs):
        asked.extend(jobs)
        return np.array([np.full(len(measured.rows), 10 / len(job.train)) for job in jobs])

    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    monkeypatch.setattr(laboratory, "pace", Clock(Journal(None), left, reserve=0.0, started=0.0))
    monkeypatch.setattr(laboratory, "seconds", len)  # one a job
    monkeypatch.setattr(laboratory, "errors_of", errors_of)
    curve = ask(laboratory, measured, 0, inquiry)
    assert len(asked) == trained
    if curve:
        sizes = [round(share * 300) for share in inquiry.shares]
        assert curve["sizes"] == (*sizes, 300)
        assert curve["dev_error"][:-1] == pytest.approx([10 / size for size in sizes])


def test_by_rounds_every_seed_is_asked(incumbent):
    laboratory, measured = incumbent
    curve = ask(laboratory, measured, 0, OF_AUGMENTATION)
    assert curve is not None
    assert curve["sizes"] == (90, 135, 195, 300)
    assert [line["value"] for line in laboratory.pace.journal.lines if line["event"] == "decision"] == [4]


def test_almost_without_mistakes_there_is_no_curve(incumbent):
    laboratory, measured = incumbent
    errors = np.zeros_like(measured.errors)
    errors[:, 0] = 1
    assert ask(laboratory, replace(measured, errors=errors), 0, OF_AUGMENTATION) is None


def test_half_trained_networks_make_no_curve(incumbent, monkeypatch):
    laboratory, measured = incumbent
    monkeypatch.setattr(
        laboratory, "pace", Clock(Journal(None), None, [{"what": "seeds of the learning curve", "value": 2}])
    )
    monkeypatch.setattr(laboratory.pace, "control", lambda what: Clock(Journal(None), 0.0).control(what))
    assert ask(laboratory, measured, 0, OF_AUGMENTATION) is None
