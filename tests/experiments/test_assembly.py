"""An ensemble of made-up outputs: who has the weight, and whether it is kept; and of networks, what it predicts."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.dataset import Cut
from goodfit.data.splits import open_splits
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.engine.predictor import tempered
from goodfit.experiments.assembly import assemble
from goodfit.experiments.calibration import cross_calibrated, fit_temperature
from goodfit.experiments.clock import Clock
from goodfit.experiments.laboratory import Laboratory
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement, judge_outputs
from goodfit.run_folder.journal import Journal


def _laboratory(**target):
    x, noise = np.random.default_rng(0).normal(size=(2, 2000))
    frame = pl.DataFrame({"x": x, "kind": np.where(x + noise > 0, "up", "down"), "y": x + noise})
    splits = open_splits(frame.select("x", *target.values()), **target)
    return Laboratory(splits, [Cut(splits.train, splits.dev)], Clock(Journal(None), None), lambda *_: None)


def _made_up(laboratory):
    """A function that makes measurements of outputs; the network behind them all is trained for an epoch."""
    splits = laboratory.splits
    run = fit(Job(Plan(hidden_units=(), epochs=1), 0), splits)

    def measured(name, outputs, **changes):
        plan, seeds, truth = Plan(**changes), tuple(range(len(outputs))), splits.dataset.target[splits.dev]
        judged = np.stack([cross_calibrated(own, truth) for own in outputs]) if outputs.shape[2] > 1 else outputs
        costs, errors = judge_outputs(splits, judged, splits.dev)
        runs = tuple((run,) for _ in seeds)
        return Measurement(
            name,
            plan,
            seeds,
            runs,
            splits.dev,
            outputs,
            costs,
            errors,
            splits.train[:9],
            np.zeros((len(seeds), 9)),
            1.0,
        )

    return measured


@pytest.fixture(scope="module")
def laboratory():
    return _laboratory(target="kind")


@pytest.fixture(scope="module")
def measured(laboratory):
    return _made_up(laboratory)


def _assembled(laboratory, measured, incumbent):
    return assemble(measured, incumbent, laboratory.splits, laboratory.rows, None, seed=0)


def _told(truth, wrong, sure, unsure):
    """Probabilities of two classes: the right one where not wrong, so sure of it, and so sure of the wrong one."""
    chosen = np.where(wrong, 1 - truth, truth)
    of_chosen = np.where(wrong, unsure, sure)[:, None]
    return np.where(chosen[:, None] == np.arange(2), of_chosen, 1 - of_chosen)


def test_one_that_is_modest_and_right_more_often_is_preferred_to_one_that_is_surer(laboratory, measured):
    truth = laboratory.splits.dataset.target[laboratory.rows]
    places = np.arange(len(truth))
    outputs = np.stack(
        [_told(truth, places % 100 == seed, 0.9, 0.9) for seed in range(2)]
    )  # as label smoothing leaves it
    modest = measured("modest", outputs, label_smoothing=0.2)
    sure = measured("sure", _told(truth, places % 25 == 3, 0.995, 0.75)[None])
    costs = [judge_outputs(laboratory.splits, each.outputs, laboratory.rows)[0].mean() for each in (modest, sure)]
    assert costs[1] < 0.65 * costs[0]  # of raw probabilities
    closed = _assembled(laboratory, [sure, modest], modest)
    weights = {part["name"]: part["weight"] for part in closed.parts}
    assert closed.kept
    assert weights["modest"] > 0.6
    assert closed.ensemble <= closed.single == pytest.approx(0.01)
    temperatures = {member.name: member.temperature for member in closed.predictor.members}
    assert temperatures["modest"] < 0.8
    assert temperatures.get("sure", 1.0) >= 1.0


def test_an_ensemble_with_a_lower_cost_and_a_worse_error_is_not_kept(laboratory, measured):
    truth = laboratory.splits.dataset.target[laboratory.rows]
    places = np.arange(len(truth))
    incumbent = measured("right", _told(truth, places % 33 == 0, 0.99, 0.99)[None])
    hesitant = measured("hesitant", _told(truth, places % 11 == 1, 0.99, 0.55)[None], epochs=7)
    assert hesitant.dev_cost < 0.8 * incumbent.dev_cost
    closed = _assembled(laboratory, [hesitant], incumbent)
    assert closed.gain.low > 0
    assert not closed.kept
    assert [part["name"] for part in closed.parts] == ["right"]
    assert closed.dev_errors.mean() == incumbent.dev_error


def test_an_ensemble_with_a_worse_error_that_chance_explains_is_kept_for_its_cost(laboratory, measured):
    truth = laboratory.splits.dataset.target[laboratory.rows]
    places = np.arange(len(truth))
    incumbent = measured("right", _told(truth, places % 33 == 0, 0.99, 0.99)[None])
    hesitant = measured("hesitant", _told(truth, places % 31 == 1, 0.99, 0.55)[None], epochs=7)
    closed = _assembled(laboratory, [hesitant], incumbent)
    assert closed.kept
    assert closed.gain.low < 0 < closed.gain.high
    assert closed.gain.effect == pytest.approx(closed.ensemble - closed.single, abs=1e-12)


def test_the_mean_of_two_regressions_is_kept():
    laboratory = _laboratory(target="y")
    measured = _made_up(laboratory)
    truth = laboratory.splits.dataset.target[laboratory.rows]
    noise = np.random.default_rng(3).normal(size=(2, len(truth), 1))
    first, second = (
        measured(str(place), (truth[:, None] + own)[None], epochs=5 + place) for place, own in enumerate(noise)
    )
    closed = _assembled(laboratory, [first, second], first)
    assert closed.kept
    assert closed.calibration is None
    assert closed.ensemble == pytest.approx(0.5 * closed.single, rel=0.1)
    assert {member.temperature for member in closed.predictor.members} == {1.0}


def test_the_predictor_predicts_what_was_judged(laboratory):
    """Each member at its own temperature: without them it is not the mixture that was chosen and calibrated."""
    plan, seeds = Plan(hidden_units=(8,), epochs=30, batch_size=64), (0, 1)
    entries = [Entry(str(share), plan.with_(label_smoothing=share), seeds) for share in (0.3, 0.5)]
    entries.append(Entry("hardly trained", plan.with_(epochs=1), seeds))
    *measured, incumbent = laboratory.measure("training", entries)
    closed = _assembled(laboratory, measured, incumbent)
    assert closed.kept
    truth = laboratory.splits.dataset.target[closed.rows]
    weights = {part["name"]: part["weight"] / len(seeds) for part in closed.parts}
    mean = np.zeros((len(truth), 2))
    for each in measured:
        for own in each.outputs:
            mean += weights.get(each.name, 0) * tempered(own, fit_temperature(own, truth))
    predictor, features = closed.predictor, laboratory.splits.dataset.features
    predicted = predictor.outputs(features, closed.rows)
    np.testing.assert_allclose(predicted, tempered(mean, predictor.temperature), atol=1e-9)
    raw = replace(predictor, members=tuple(replace(member, temperature=1.0) for member in predictor.members))
    near, far = (np.abs(each - closed.outputs).mean() for each in (predicted, raw.outputs(features, closed.rows)))
    assert near < 0.5 * far  # halves of the rows have temperatures and weights a little apart
