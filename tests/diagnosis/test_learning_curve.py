import numpy as np
import pytest

from goodfit.diagnosis.learning_curve import learning_curve
from goodfit.errors import InputError

SIZES = np.array([100, 200, 400, 800, 1600])


def _errors(floor, slope, power, noise=0.0, subsets=4, seed=0):
    law = floor + slope * (SIZES / SIZES[-1]) ** -power
    return law[:, None] * (1 + noise * np.random.default_rng(seed).normal(size=(len(SIZES), subsets)))


@pytest.mark.parametrize(("floor", "slope", "power"), [(0.05, 0.1, 0.5), (0.0, 0.2, 0.3), (0.1, 0.05, 1.0)])
def test_an_exact_law_is_found_and_continued(floor, slope, power):
    curve = learning_curve(SIZES, _errors(floor, slope, power), 0.0)
    law = curve.floor + curve.slope * (SIZES / SIZES[-1]) ** -curve.power
    assert law == pytest.approx(_errors(floor, slope, power)[:, 0], rel=0.04)
    doubled = floor + slope * 2**-power
    assert curve.doubled.value == pytest.approx(doubled, rel=0.03)
    assert curve.doubled.low < doubled < curve.doubled.high
    assert curve.gain.low < floor + slope - doubled < curve.gain.high
    assert curve.dev_error[-1] == pytest.approx(floor + slope)


def test_errors_that_do_not_fall_promise_nothing():
    curve = learning_curve(SIZES, _errors(0.1, 0.0, 1.0, noise=0.02), 0.0)
    assert curve.doubled.value == pytest.approx(0.1, abs=0.003)
    assert curve.gain.high < 0.01
    assert curve.sentence.startswith("Twice the data would hardly help: the dev error would go from")


def test_rising_errors_are_taken_as_flat():
    curve = learning_curve(SIZES, _errors(0.1, 0.0, 1.0) * np.linspace(0.8, 1.0, 5)[:, None], 0.001)
    assert curve.slope == pytest.approx(0, abs=1e-9)
    assert curve.gain.value == pytest.approx(0, abs=0.005)


def test_errors_that_halve_are_worth_collecting_for():
    curve = learning_curve(SIZES, _errors(0.0, 0.04, 1.0, noise=0.01), 0.002)
    assert curve.doubled.value == pytest.approx(0.02, rel=0.1)
    assert "would lower the dev error from 4.0 % to about 2." in curve.sentence
    assert curve.sentence.endswith("worth collecting.")


def test_scattered_errors_leave_it_open():
    curve = learning_curve(SIZES, _errors(0.0, 0.05, 0.15, noise=0.3), 0.005)
    assert curve.sentence.endswith("it is unclear if that is worth collecting.")


def test_the_dev_sets_own_sampling_error_widens_what_is_expected_and_less_the_gain():
    errors = _errors(0.05, 0.05, 0.5, noise=0.02)
    exact, sampled = learning_curve(SIZES, errors, 0.0), learning_curve(SIZES, errors, 0.015)
    doubled = 0.05 + 0.05 / np.sqrt(2)
    at_double = 0.015 * np.sqrt(doubled / 0.1)
    width = (sampled.doubled.high - sampled.doubled.low) / 2
    assert width == pytest.approx(np.hypot(1.645 * at_double, (exact.doubled.high - exact.doubled.low) / 2), rel=0.08)
    assert exact.gain.high < sampled.gain.high < exact.gain.high + 0.6 * 1.645 * at_double


def test_a_network_gone_astray_changes_little():
    errors = _errors(0.02, 0.05, 0.5, noise=0.02)
    sound = learning_curve(SIZES, errors, 0.002)
    errors[4, 1] = errors[2, 0] = 0.9
    astray = learning_curve(SIZES, errors, 0.002)
    assert astray.doubled.value == pytest.approx(sound.doubled.value, rel=0.05)
    assert astray.doubled.high < 1.2 * sound.doubled.high


def test_no_errors_at_all_are_not_certain_of_none():
    curve = learning_curve(SIZES, np.zeros((5, 3)), 1 / 50)
    assert curve.doubled.value == pytest.approx(0, abs=1e-8)
    assert curve.doubled.high == pytest.approx(1.92 / 50, rel=0.1)  # Jeffreys: the 95 % point of Γ(½)
    assert curve.sentence == "Twice the data would hardly help: no dev example is wrong."


def test_the_interval_covers_what_a_noisy_law_measures_with_twice_the_data():
    rng = np.random.default_rng(7)
    covered = []
    for _ in range(150):
        floor, slope, power = rng.uniform(0, 0.05), rng.uniform(0.02, 0.1), rng.uniform(0.2, 1.2)
        law = floor + slope * (SIZES / SIZES[-1]) ** -power
        errors = np.maximum(law[:, None] + np.sqrt(2e-4 * law[:, None]) * rng.normal(size=(5, 4)), 0)
        doubled = floor + slope * 2**-power
        curve = learning_curve(SIZES, errors, 0.0)
        covered.append(curve.doubled.low <= doubled <= curve.doubled.high)
    assert np.mean(covered) > 0.85


@pytest.mark.parametrize(
    ("sizes", "shape"), [(SIZES[:3], (3, 4)), (SIZES, (5, 1)), (SIZES[::-1].copy(), (5, 2)), (SIZES * 0 + 5, (5, 2))]
)
def test_too_little_for_a_curve_is_refused(sizes, shape):
    with pytest.raises(InputError, match="at least two subsets of each of at least four rising sizes"):
        learning_curve(sizes, np.full(shape, 0.1), 0.01)
