"""Ensembles of made-up outputs: weights, and if one is kept and why; ensembles of networks: their predictions."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.dataset import Fold
from goodfit.data.splits import open_splits
from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.experiments.assembly import assemble, ensemble_sentence
from goodfit.experiments.calibration import cross_calibrated, fit_calibration
from goodfit.experiments.clock import Clock
from goodfit.experiments.laboratory import Laboratory
from goodfit.plan import Plan
from goodfit.record.calibration import UNCALIBRATED
from goodfit.record.measurement import Entry, Measurement, judge_outputs
from goodfit.run_folder.journal import Journal


def _laboratory(**target):
    x, noise = np.random.default_rng(0).normal(size=(2, 2000))
    frame = pl.DataFrame({"x": x, "kind": np.where(x + noise > 0, "up", "down"), "y": x + noise})
    splits = open_splits(frame.select("x", *target.values()), **target)
    return Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), lambda *_: None)


def _measurement_maker(laboratory):
    """Return a function that makes measurements of outputs; the network behind them all is trained for an epoch."""
    splits = laboratory.splits
    run = fit(Job(Plan(hidden_units=(), epochs=1), 0), splits)

    def measured(name, outputs, **changes):
        plan, seeds, truth = Plan(**changes), tuple(range(len(outputs))), splits.dataset.target[splits.dev]
        judged = (
            np.stack([cross_calibrated(seed_outputs, truth) for seed_outputs in outputs])
            if outputs.shape[2] > 1
            else outputs
        )
        costs, errors, misses = judge_outputs(splits, judged, splits.dev)
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
            misses,
            splits.train[:9],
            np.zeros((len(seeds), 9)),
            np.zeros((len(seeds), 9)),
            1.0,
        )

    return measured


@pytest.fixture(scope="module")
def laboratory():
    return _laboratory(target="kind")


@pytest.fixture(scope="module")
def measured(laboratory):
    return _measurement_maker(laboratory)


def _assembled(laboratory, measured, incumbent):
    return assemble(measured, incumbent, laboratory.splits, laboratory.rows, None, seed=0)


def _probabilities(truth, wrong, sure, unsure):
    """Return probabilities of two classes, `sure` where the prediction is right and `unsure` where it is wrong."""
    chosen = np.where(wrong, 1 - truth, truth)
    of_chosen = np.where(wrong, unsure, sure)[:, None]
    return np.where(chosen[:, None] == np.arange(2), of_chosen, 1 - of_chosen)


def test_one_that_is_modest_and_right_more_often_is_preferred_to_one_that_is_surer(laboratory, measured):
    truth = laboratory.splits.dataset.target[laboratory.rows]
    places = np.arange(len(truth))
    outputs = np.stack(
        [_probabilities(truth, places % 100 == seed, 0.9, 0.9) for seed in range(2)]
    )  # as label smoothing leaves it
    modest = measured("modest", outputs, label_smoothing=0.2)
    sure = measured("sure", _probabilities(truth, places % 25 == 3, 0.995, 0.75)[None])
    costs = [judge_outputs(laboratory.splits, plan.outputs, laboratory.rows)[0].mean() for plan in (modest, sure)]
    assert costs[1] < 0.65 * costs[0]  # of raw probabilities
    assembly = _assembled(laboratory, [sure, modest], modest)
    weights = {part.name: part.weight for part in assembly.parts}
    assert assembly.adopted
    assert weights["modest"] > 0.6
    assert assembly.ensemble_error <= assembly.single_error == pytest.approx(0.01)
    temperatures = {member.name: member.calibration.temperature for member in assembly.predictor.members}
    assert temperatures["modest"] < 0.8
    assert temperatures.get("sure", 1.0) > 0.9


def test_an_ensemble_with_a_lower_cost_and_a_worse_error_is_not_kept(laboratory, measured):
    truth = laboratory.splits.dataset.target[laboratory.rows]
    places = np.arange(len(truth))
    incumbent = measured("right", _probabilities(truth, places % 33 == 0, 0.99, 0.99)[None])
    hesitant = measured("hesitant", _probabilities(truth, places % 11 == 1, 0.99, 0.55)[None], epochs=7)
    assert hesitant.dev_cost < 0.8 * incumbent.dev_cost
    assembly = _assembled(laboratory, [hesitant], incumbent)
    assert assembly.error_change.low > 0
    assert not assembly.adopted
    assert ensemble_sentence(assembly).startswith("Kept a single network: ")
    assert [part.name for part in assembly.parts] == ["right"]
    assert assembly.dev.errors.mean() == incumbent.dev_error


def test_an_ensemble_with_a_worse_error_that_chance_explains_is_kept_for_its_cost(laboratory, measured):
    truth = laboratory.splits.dataset.target[laboratory.rows]
    places = np.arange(len(truth))
    incumbent = measured("right", _probabilities(truth, places % 33 == 0, 0.99, 0.99)[None])
    hesitant = measured("hesitant", _probabilities(truth, places % 31 == 1, 0.99, 0.55)[None], epochs=7)
    assembly = _assembled(laboratory, [hesitant], incumbent)
    assert assembly.adopted
    assert assembly.error_change.low < 0 < assembly.error_change.high
    assert assembly.error_change.effect == pytest.approx(assembly.ensemble_error - assembly.single_error, abs=1e-12)
    assert assembly.cost_change.significant
    assert not assembly.error_change.significant
    sentence = ensemble_sentence(assembly)
    assert sentence.startswith("Kept another network: its dev cost is lower (change ")
    assert sentence.endswith(" is not significant.")


@pytest.mark.parametrize(
    ("error", "cost", "words"),
    [
        ((-0.02, -0.03, -0.01), (-0.1, -0.2, -0.05), "its dev error is lower (change −2.0 points [−3.0, −1.0])."),
        ((-0.0035, -0.0171, 0.0094), (-0.1, -0.2, -0.05), "change of −0.4 points [−1.7, +0.9] is not significant."),
        ((-0.0035, -0.0171, 0.0094), (-0.1, -0.2, 0.05), "but neither that nor the change in error of −0.4 points"),
    ],
)
def test_a_lower_error_is_claimed_only_where_its_interval_excludes_zero(laboratory, measured, error, cost, words):
    truth = laboratory.splits.dataset.target[laboratory.rows]
    incumbent = measured("right", _probabilities(truth, np.arange(len(truth)) % 33 == 0, 0.99, 0.99)[None])
    effects = {"error_change": PairedEffect(*error, p=0.5), "cost_change": PairedEffect(*cost, p=0.5)}
    assembly = replace(_assembled(laboratory, [incumbent], incumbent), adopted=True, **effects)
    assert words in ensemble_sentence(assembly)
    assert ("error is lower" in ensemble_sentence(assembly)) == (error[2] < 0)


def test_the_mean_of_two_regressions_is_kept():
    laboratory = _laboratory(target="y")
    measured = _measurement_maker(laboratory)
    truth = laboratory.splits.dataset.target[laboratory.rows]
    noise = np.random.default_rng(3).normal(size=(2, len(truth), 1))
    first, second = (
        measured(str(place), (truth[:, None] + misses)[None], epochs=5 + place) for place, misses in enumerate(noise)
    )
    assembly = _assembled(laboratory, [first, second], first)
    assert assembly.adopted
    assert assembly.calibration is None
    assert assembly.ensemble_error == pytest.approx(0.5 * assembly.single_error, rel=0.1)
    assert {member.calibration for member in assembly.predictor.members} == {UNCALIBRATED}


def test_the_predictor_predicts_what_was_judged(laboratory):
    """Each member calibrated on its own: without that it is not the mixture that was chosen and calibrated."""
    plan, seeds = Plan(hidden_units=(8,), epochs=30, batch_size=64), (0, 1)
    entries = [Entry(str(share), plan.with_(label_smoothing=share), seeds) for share in (0.3, 0.5)]
    entries.append(Entry("hardly trained", plan.with_(epochs=1, learning_rate=1e-6), seeds))
    *measured, incumbent = laboratory.measure("training", entries)
    assembly = _assembled(laboratory, measured, incumbent)
    assert assembly.adopted
    truth = laboratory.splits.dataset.target[assembly.rows]
    weights = {part.name: part.weight / len(seeds) for part in assembly.parts}
    mean = np.zeros((len(truth), 2))
    for measurement in measured:
        for outputs in measurement.outputs:
            mean += weights.get(measurement.name, 0) * fit_calibration(outputs, truth).apply(outputs)
    predictor, features = assembly.predictor, laboratory.splits.dataset.features
    predicted = predictor.outputs(features, assembly.rows)
    np.testing.assert_allclose(predicted, predictor.calibration.apply(mean), atol=1e-9)
    raw = replace(predictor, members=tuple(replace(member, calibration=UNCALIBRATED) for member in predictor.members))
    uncalibrated = raw.outputs(features, assembly.rows)
    misses = [np.abs(outputs - assembly.outputs).mean() for outputs in (predicted, uncalibrated)]
    assert misses[0] < 0.5 * misses[1]  # halves of the rows have calibrations and weights a little apart
