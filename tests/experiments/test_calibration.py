import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from goodfit.experiments.calibration import (
    calibration_result,
    cross_calibrated,
    cross_validated_calibration,
    fit_calibration,
)
from goodfit.record.calibration import UNCALIBRATED


def _samples(count, sharpness, seed=0, offsets=(0, 0, 0, 0)):
    """Class codes drawn from true probabilities, and these probabilities sharpened and biased."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, 4))
    true = softmax(logits, axis=1)
    truth = (rng.random((count, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return softmax(sharpness * (logits + np.array(offsets)), axis=1), truth


def _calibrate(probabilities, truth):
    return calibration_result(cross_validated_calibration(probabilities, truth)[0], probabilities, truth)


@pytest.mark.parametrize("sharpness", [3.0, 0.5])
def test_the_temperature_undoes_what_made_a_network_too_sure_or_too_timid(sharpness):
    probabilities, truth = _samples(20_000, sharpness)
    calibration = _calibrate(probabilities, truth)
    assert calibration.temperature == pytest.approx(sharpness, rel=0.05)
    assert calibration.log_loss_before == pytest.approx(log_loss(truth, probabilities), rel=1e-6)
    cooled = probabilities ** (1 / calibration.temperature) * np.exp(calibration.offsets)
    cooled /= cooled.sum(axis=1, keepdims=True)
    assert calibration.log_loss_after == pytest.approx(log_loss(truth, cooled), rel=1e-6)
    assert calibration.log_loss_after < calibration.log_loss_before - 0.03
    assert calibration.ece_after < 0.02 < calibration.ece_before


def test_binary_temperature_by_hand():
    # 3 of 4 examples told with odds 9 to 1 are right, for both classes: calibrated odds are 3 to 1, so T = ln 9 / ln 3
    probabilities = np.repeat([[0.9, 0.1], [0.1, 0.9]], 40_000, axis=0)
    calibration = fit_calibration(
        probabilities, np.concatenate([np.tile([0, 0, 0, 1], 10_000), np.tile([1, 1, 1, 0], 10_000)])
    )
    assert calibration.temperature == pytest.approx(2, abs=1e-3)
    assert calibration.offsets == pytest.approx((0, 0), abs=1e-5)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 2.5), (0.6, -1.5), (2.0, 1.0)])
def test_of_two_classes_it_is_platts_logistic_regression(slope, intercept):
    rng = np.random.default_rng(3)
    z = rng.normal(-2, 1.5, 30_000)  # logits of the probabilities; the true ones are another line
    truth = (rng.random(len(z)) < expit(slope * z - intercept)).astype(int)
    platt = LogisticRegression(C=np.inf).fit(z[:, None], truth)
    calibration = fit_calibration(np.column_stack([1 - expit(z), expit(z)]), truth)
    assert 1 / calibration.temperature == pytest.approx(platt.coef_[0, 0], rel=0.01)
    assert calibration.offsets[1] - calibration.offsets[0] == pytest.approx(platt.intercept_[0], rel=0.01)


@pytest.mark.parametrize("weights", [(1, 1, 1, 8), (5, 1, 0.2, 1), (1, 20, 20, 1)])
def test_probabilities_learned_under_class_weights_get_the_true_frequencies_of_the_classes(weights):
    # A weighted cost teaches odds of p·w (Elkan 2001): the mean probability of a class is then not its frequency.
    probabilities, truth = _samples(20_000, 1.0, offsets=np.log(weights))
    frequencies = np.bincount(truth) / len(truth)
    assert np.abs(probabilities.mean(axis=0) - frequencies).max() > 0.15
    calibrated = cross_calibrated(probabilities, truth)
    np.testing.assert_allclose(calibrated.mean(axis=0), frequencies, atol=0.005)


def test_the_logarithm_of_a_small_probability_is_no_worse_than_it_was():
    rate, z = 0.01, np.random.default_rng(0).normal(size=20_000)
    truth = (np.random.default_rng(1).random(len(z)) < expit(z + logit(rate) - 0.5)).astype(int)
    smoothed = 0.95 * expit(z + logit(rate) - 0.5) + 0.025  # as label smoothing teaches it: twice too much at 1 %
    assert smoothed.mean() > 2 * truth.mean()
    calibrated = cross_calibrated(np.column_stack([1 - smoothed, smoothed]), truth)[:, 1]
    assert calibrated.mean() == pytest.approx(truth.mean(), rel=0.05)


def test_a_small_set_without_a_mistake_does_not_make_probabilities_certain():
    # 30 right examples told with 0.9, of each class half: likelihood alone would take T to 0. With log T ~ N(0, 0.5²)
    # the posterior's top solves 30·ln 9·s/(1 + 9^s) = ln s / 0.25 for s = 1/T, whose root is found here by bisection.
    low, high = 1.0, 20.0
    for _ in range(60):
        s = (low + high) / 2
        low, high = (s, high) if 30 * np.log(9) * s / (1 + 9**s) > np.log(s) / 0.25 else (low, s)
    probabilities = np.repeat([[0.9, 0.1], [0.1, 0.9]], 15, axis=0)
    assert fit_calibration(probabilities, np.repeat([0, 1], 15)).temperature == pytest.approx(1 / low, rel=1e-4)
    assert 0.4 < 1 / low < 0.7


def test_calibrated_probabilities_are_left_alone_where_nothing_is_gained():
    samples = [_samples(60, 1.0, seed) for seed in range(60)]
    unchanged = [cross_validated_calibration(*sample)[0] == UNCALIBRATED for sample in samples]
    assert np.mean(unchanged) > 0.5
    probabilities, truth = samples[int(np.argmax(unchanged))]
    calibration = _calibrate(probabilities, truth)
    assert calibration.log_loss_after == calibration.log_loss_before == pytest.approx(log_loss(truth, probabilities))


def test_certainty_and_a_single_example_do_no_harm():
    sure = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]] * 10)
    wrong = np.array([0, 0, 1, 1] * 10)
    calibration = _calibrate(sure, wrong)
    assert 3 < calibration.temperature <= 20.1
    assert calibration.log_loss_after < 1
    assert np.isfinite(_calibrate(sure[:1], wrong[:1]).log_loss_after)
