"""Numbers from costs and looks: growth by layer whatever the widths, steps and weights in proportion."""

import itertools
import math

import numpy as np
import pytest

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import layers
from goodfit.diagnosis.findings.costs import cost_share, error_share, guess_cost, still_falls, unsteadiness
from goodfit.plan import Plan
from goodfit.record.run import LAYER_STATISTICS, Health


def network(widths, batch, seed=0):
    """A linear network with orthogonal-like random weights: Health and weights, worked out here by backpropagation."""
    generator = np.random.default_rng(seed)
    weights = [generator.standard_normal((n, units)) / math.sqrt(n) for n, units in itertools.pairwise(widths)]
    outputs = [generator.standard_normal((batch, widths[0]))]
    for w in weights:
        outputs.append(outputs[-1] @ w)
    back = [generator.standard_normal((batch, widths[-1]))]
    for w in reversed(weights[1:]):
        back.insert(0, back[0] @ w.T)
    statistics = np.zeros((1, len(widths), len(LAYER_STATISTICS)))
    statistics[0, :, LAYER_STATISTICS.index("size")] = [math.sqrt(np.mean(a**2)) for a in outputs]
    for layer, (a, dz, w) in enumerate(zip(outputs, back, weights, strict=False), 1):
        statistics[0, layer, LAYER_STATISTICS.index("gradient")] = np.linalg.norm(a.T @ dz / batch)
        statistics[0, layer, LAYER_STATISTICS.index("weight")] = np.linalg.norm(w)
    names = ("inputs", *(f"layer {number}" for number in range(1, len(widths) - 1)), "output")
    sizes = [math.sqrt(np.mean(dz**2)) for dz in back]
    return Health(np.array([1]), names, statistics), {f"layers.{i}.W": w for i, w in enumerate(weights)}, sizes


def test_the_signal_back_is_that_of_dj_dz_whatever_the_widths():
    health, weights, sizes = network((20, 400, 50, 300, 100, 10), batch=4000)
    signal = layers.backward_signal(Observation(Signals({}, health, weights=weights)))
    assert signal is not None
    relative = signal[0] / signal[0, -1]
    np.testing.assert_allclose(relative, np.array(sizes) / sizes[-1], rtol=0.15)


def test_weights_in_units_of_he():
    health, weights, _ = network((50, 200, 8), batch=4)
    sizes = layers.weights_over_he(Observation(Signals({}, health, weights=weights)))
    assert sizes is not None
    expected = [np.linalg.norm(w) / math.sqrt(2 * w.shape[1]) for w in weights.values()]
    np.testing.assert_allclose(sizes[0], expected)
    np.testing.assert_allclose(sizes[0], math.sqrt(1 / 2), rtol=0.05)  # variance 1/n where He has 2/n


def test_nothing_is_read_where_there_was_no_look():
    for signals in (Signals({}), Signals({}, Health(np.zeros(0, np.int64), ("inputs", "output"), np.zeros((0, 2, 8))))):
        observation = Observation(signals)
        assert layers.recorded_health(observation) is None
        assert layers.backward_signal(observation) is None
        assert layers.relative_steps(observation) is None
        assert layers.weights_over_he(observation) is None
        assert layers.backward_growth(observation) == layers.forward_growth(observation) == []


def test_the_latest_look_that_knows_anything():
    shares = np.array([[0.1, 0.9], [0.2, np.inf], [np.nan, np.nan]])
    assert layers.last_largest(shares) == (1, 0, 0.2)
    assert layers.last_largest(np.full((2, 2), np.nan)) is None
    assert layers.largest(np.array([np.nan, np.inf, 3.0])) == 3.0
    assert layers.largest(np.array([np.nan])) == 0.0


@pytest.mark.parametrize(("optimizer", "limit"), [("adam", 0.03), ("gradient_descent", 1.0)])
def test_sensible_rates(optimizer, limit):
    for rate, sensible in ((limit, True), (1.01 * limit, False)):
        plan = Plan(optimizer=optimizer, learning_rate=rate)
        assert layers.is_rate_sensible(Observation(Signals({}), plan)) is sensible
    assert layers.is_rate_sensible(Observation(Signals({})))
    assert not layers.is_rate_sensible(Observation(Signals({"learning_rate": np.array([0.1, 1.2])})))


def test_the_cost_of_a_constant_guess():
    """Entropy of (0.5, 0.25, 0.25) is 1.5·log 2; of a regression nothing is known without its target."""
    assert guess_cost(DataFacts(m=8, task="classes", class_counts=(4, 2, 2, 0))) == pytest.approx(1.5 * math.log(2))
    assert guess_cost(DataFacts(m=8, task="regression")) is None
    assert guess_cost(DataFacts(m=8, task="regression", guess_cost=7.0)) == 7.0
    assert guess_cost(DataFacts(m=8, task="classes")) is None
    assert guess_cost(DataFacts(m=8, task="binary", class_counts=(8, 0))) is None  # nothing is left to guess
    assert guess_cost(None) is None


def test_what_is_left_of_cost_and_error():
    facts = DataFacts(m=8, task="regression", guess_cost=0.5)
    history = {"train_cost": np.array([1.0, np.nan, 0.1, 0.2]), "train_error": np.array([np.nan, 0.6, 0.3])}
    observation = Observation(Signals(history), data=facts)
    assert cost_share(observation) == pytest.approx(0.2)
    assert error_share(observation) == pytest.approx(0.3)
    facts = DataFacts(m=8, task="classes", class_counts=(6, 2))
    assert error_share(Observation(Signals(history), data=facts)) == pytest.approx(0.3 / 0.25)
    assert error_share(Observation(Signals({}), data=facts)) is None


def test_falling_is_measured_over_the_last_fifth():
    costs = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.9])  # the last fifth begins after 2.0
    assert still_falls(costs, 0.54)
    assert not still_falls(costs, 0.56)
    assert not still_falls(np.array([1.0]), 0.1)


def test_unsteadiness_of_a_cost_that_doubles_and_halves():
    change, up, level = unsteadiness(np.array([9.0, 9.0, 9.0, 9.0, 1.0, 2.0, 1.0, 2.0, 1.0]), 10.0)
    assert change == pytest.approx(math.log(2))
    assert up == pytest.approx(0.5)
    assert level == pytest.approx(0.1)
    assert unsteadiness(np.ones(7), 1.0) == (0.0, 0.0, 0.0)
