from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from goodfit.experiments.ensemble import cross_select, select


def _predictors(seed, noises, examples=400):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=examples)
    noise = np.array(noises)[:, None] * rng.normal(size=(len(noises), examples))
    return (truth + noise)[..., None], truth


def test_two_predictors_get_nearly_the_best_weights():
    candidates, truth = _predictors(0, [0.5, 0.7])
    best: Any = minimize_scalar(
        lambda weight: np.square(weight * candidates[0, :, 0] + (1 - weight) * candidates[1, :, 0] - truth).mean(),
        bounds=(0, 1),
        method="bounded",
    )
    selection = select(candidates, truth, "regression")
    assert selection.weights.sum() == pytest.approx(1)
    mixed = np.tensordot(selection.weights, candidates, 1)[:, 0]
    assert np.square(mixed - truth).mean() == pytest.approx(best.fun, rel=0.01)
    assert selection.weights[0] == pytest.approx(best.x, abs=0.08)


def test_the_path_starts_at_the_best_alone_and_never_rises():
    candidates, truth = _predictors(1, [0.9, 0.5, 0.6, 0.8, 3.0, 1.0])
    selection = select(candidates, truth, "regression")
    alone = np.square(candidates[..., 0] - truth).mean(axis=1)
    assert selection.path[0] == pytest.approx(alone.min())
    assert (np.diff(selection.path) <= 0).all()
    assert selection.path[-1] < 0.6 * alone.min()


def test_useless_candidates_get_next_to_nothing():
    candidates, truth = _predictors(2, [0.5, 0.5, 0.5, 20.0, 20.0, 20.0])
    weights = select(candidates, truth, "regression").weights
    assert weights[:3].sum() > 0.95
    assert (weights >= 0).all()


def test_a_single_candidate_is_the_ensemble():
    candidates, truth = _predictors(3, [0.5])
    selection = select(candidates, truth, "regression")
    assert selection.weights.tolist() == [1.0]
    assert selection.path[-1] == pytest.approx(np.square(candidates[0, :, 0] - truth).mean())


def _classifiers(seed, count, examples, classes=5):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, examples)
    logits = 2.0 * np.eye(classes)[truth] + rng.normal(0, 1.5, (count, examples, classes))
    logits *= rng.uniform(0.5, 1.5, (count, 1, 1))
    probabilities = np.exp(logits)
    return probabilities / probabilities.sum(axis=2, keepdims=True), truth


def _log_loss(probabilities, truth):
    return -np.log(probabilities[np.arange(len(truth)), truth]).mean()


def test_the_ensemble_of_classifiers_is_better_on_examples_that_it_never_saw():
    probabilities, truth = _classifiers(4, 30, 4000)
    dev, test = slice(0, 300), slice(300, None)
    selection = select(probabilities[:, dev], truth[dev], "classes")
    mixed = np.tensordot(selection.weights, probabilities[:, test], 1)
    alone = [_log_loss(each[test], truth[test]) for each in probabilities]
    on_dev = [_log_loss(each[dev], truth[dev]) for each in probabilities]
    assert selection.path[0] == pytest.approx(min(on_dev))
    assert _log_loss(mixed, truth[test]) < 0.75 * min(alone)


def test_crossed_weights_do_not_flatter_candidates_that_are_chance():
    """Candidates look better on the rows that they were chosen on; with crossed weights they do not."""
    rng = np.random.default_rng(7)
    truth = rng.normal(size=60)
    candidates = rng.normal(size=(40, 60, 1))
    predictions = np.tensordot(select(candidates, truth, "regression").weights, candidates, 1)[:, 0]
    honest = cross_select(candidates, truth, "regression")[:, 0]
    assert np.square(predictions - truth).mean() < 0.95 * truth.var()
    assert np.square(honest - truth).mean() > truth.var()


def test_crossed_outputs_of_good_candidates_are_as_good_as_on_new_examples():
    probabilities, truth = _classifiers(4, 30, 4000)
    dev, test = slice(0, 300), slice(300, None)
    groups = np.repeat(np.arange(100), 3)
    mixed = np.tensordot(select(probabilities[:, dev], truth[dev], "classes").weights, probabilities[:, test], 1)
    honest = _log_loss(cross_select(probabilities[:, dev], truth[dev], "classes", groups=groups), truth[dev])
    assert honest == pytest.approx(_log_loss(mixed, truth[test]), rel=0.15)
    one_group = cross_select(probabilities[:, dev], truth[dev], "classes", groups=np.zeros(300, int))
    every = np.tensordot(select(probabilities[:, dev], truth[dev], "classes").weights, probabilities[:, dev], 1)
    np.testing.assert_allclose(one_group, every)


def test_the_choice_is_reproducible_and_quick_with_many_examples():
    probabilities, truth = _classifiers(5, 8, 60_000, classes=2)
    once, repeated = (select(probabilities.astype(np.float32), truth, "binary", seed=1) for _ in range(2))
    assert (once.weights == repeated.weights).all()
    assert once.path == repeated.path
