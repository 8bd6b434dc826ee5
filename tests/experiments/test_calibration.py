import numpy as np
import pytest
from sklearn.metrics import log_loss

from goodfit.experiments.calibration import calibrate, fit_temperature


def _samples(count, sharpness, seed=0):
    """Class codes drawn from true probabilities, and these probabilities sharpened."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, 4))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (rng.random((count, 1)) > true.cumsum(axis=1)).sum(axis=1)
    probabilities = true**sharpness
    return probabilities / probabilities.sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize("sharpness", [3.0, 0.5])
def test_the_temperature_undoes_what_made_a_network_too_sure_or_too_timid(sharpness):
    probabilities, truth = _samples(20_000, sharpness)
    calibration = calibrate(probabilities, truth)
    assert calibration.temperature == pytest.approx(sharpness, rel=0.05)
    assert calibration.log_loss_before == pytest.approx(log_loss(truth, probabilities), rel=1e-6)
    cooled = probabilities ** (1 / calibration.temperature)
    cooled /= cooled.sum(axis=1, keepdims=True)
    assert calibration.log_loss_after == pytest.approx(log_loss(truth, cooled), rel=1e-6)
    assert calibration.log_loss_after < calibration.log_loss_before - 0.03
    assert calibration.ece_after < 0.02 < calibration.ece_before


def test_binary_temperature_by_hand():
    # 3 of 4 examples told with odds 9 to 1 are right: calibrated odds are 3 to 1, so T = ln 9 / ln 3
    probabilities = np.tile([0.9, 0.1], (40_000, 1))
    assert fit_temperature(probabilities, np.tile([0, 0, 0, 1], 10_000)) == pytest.approx(2, abs=1e-3)


def test_a_small_set_without_a_mistake_does_not_make_probabilities_certain():
    # 30 right examples told with 0.9: likelihood alone would take T to 0. With log T ~ N(0, 0.5²) the posterior's top
    # solves 30·ln 9·s/(1 + 9^s) = ln s / 0.25 for s = 1/T, whose root is found here by bisection.
    low, high = 1.0, 20.0
    for _ in range(60):
        s = (low + high) / 2
        low, high = (s, high) if 30 * np.log(9) * s / (1 + 9**s) > np.log(s) / 0.25 else (low, s)
    probabilities = np.tile([0.9, 0.1], (30, 1))
    assert fit_temperature(probabilities, np.zeros(30, int)) == pytest.approx(1 / low, rel=1e-4)
    assert 0.4 < 1 / low < 0.7


def test_calibrated_probabilities_are_left_alone_where_nothing_is_gained():
    unchanged = [calibrate(*_samples(60, 1.0, seed)).temperature == 1 for seed in range(60)]
    assert np.mean(unchanged) > 0.5
    probabilities, truth = _samples(60, 1.0, int(np.argmax(unchanged)))
    calibration = calibrate(probabilities, truth)
    assert calibration.log_loss_after == calibration.log_loss_before == pytest.approx(log_loss(truth, probabilities))


def test_certainty_and_a_single_example_do_no_harm():
    sure = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]] * 10)
    wrong = np.array([0, 0, 1, 1] * 10)
    calibration = calibrate(sure, wrong)
    assert 3 < calibration.temperature <= 20.1
    assert calibration.log_loss_after < 1
    assert np.isfinite(calibrate(sure[:1], wrong[:1]).log_loss_after)
