"""Early stopping against a counter, and what averaging several models is worth."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from goodfit.textbook.costs import compute_cost
from goodfit.textbook.early_stopping import best_epoch, stop_epoch
from goodfit.textbook.ensembles import average
from goodfit.textbook.softmax import one_hot, softmax

COSTS = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(COSTS, st.integers(0, 6))
def test_training_stops_when_patience_has_run_out(dev_costs, patience):
    """As the engine counts: back to zero at every new best."""
    best, waited, stopped = np.inf, 0, len(dev_costs)
    for epoch, cost in enumerate(dev_costs, start=1):
        best, waited = (cost, 0) if cost < best else (best, waited + 1)
        if 0 < patience <= waited:
            stopped = epoch
            break
    assert stop_epoch(dev_costs, patience) == stopped
    assert dev_costs[best_epoch(dev_costs[:stopped]) - 1] == best


@settings(max_examples=200, deadline=None, derandomize=True)
@given(COSTS)
def test_the_best_epoch_is_the_first_of_the_lowest(dev_costs):
    assert best_epoch(dev_costs) == int(np.argmin(dev_costs)) + 1


def test_an_averages_cost_is_below_the_mean_of_the_costs():
    """Jensen's inequality: −log is convex."""
    rng = np.random.default_rng(0)
    Y = one_hot(rng.integers(0, 3, 40), 3)
    outputs = [softmax(2 * Y + rng.standard_normal((3, 40))) for _ in range(5)]
    together = average(outputs)
    np.testing.assert_allclose(together.sum(axis=0), 1)
    assert compute_cost(together, Y) < np.mean([compute_cost(each, Y) for each in outputs]) - 0.02


def test_independent_errors_shrink_with_the_number_of_models():
    rng = np.random.default_rng(1)
    outputs = [5 + rng.standard_normal((1, 4000)) for _ in range(10)]
    mean_square = ((average(outputs) - 5) ** 2).mean()
    assert abs(mean_square - 0.1) < 4 * 0.1 * np.sqrt(2 / 4000)
