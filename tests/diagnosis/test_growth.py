"""Growth by layer, on the two linear networks of the course notes and on other known rates."""

import math

import numpy as np
import pytest

from goodfit.diagnosis.growth import growth, growth_words


def linear_net(diagonal, layers):
    """The network of the course notes: 2 units a layer, W = diag, b = 0, x = (1, 1); their sizes."""
    weights = np.diag([diagonal, diagonal])
    a, activations = np.ones(2), []
    for _ in range(layers):
        a = weights @ a
        activations.append(float(np.sqrt((a**2).mean())))
    derivative, gradients = np.ones(2), []
    for _ in range(layers):
        gradients.append(float(np.sqrt((derivative**2).mean())))
        derivative = weights.T @ derivative
    return activations, gradients


@pytest.mark.parametrize("layers", [7, 20, 152])
@pytest.mark.parametrize(("diagonal", "trend"), [(1.5, "exploding"), (0.5, "vanishing")])
def test_the_linear_networks_of_the_notes_are_recognized_and_their_rate_is_exact(layers, diagonal, trend):
    for sizes in linear_net(diagonal, layers):
        result = growth(sizes)
        assert result is not None
        assert result.rate == pytest.approx(diagonal, rel=1e-9)
        assert result.factor == pytest.approx(diagonal ** (layers - 1), rel=1e-6)
        assert result.trend == trend


def test_a_shallow_net_with_the_same_rate_is_steady():
    trend = growth([1.5, 2.25, 3.375])
    assert trend is not None
    assert trend.rate == pytest.approx(1.5)
    assert trend.trend == "steady"


def test_the_rate_is_that_of_least_squares():
    """Logarithms 0, 1, 1, 4 at depth 0 to 3: slope = Σ(x − 1.5)(y − 1.5) / Σ(x − 1.5)² = 6 / 5."""
    trend = growth([math.exp(y) for y in (0, 1, 1, 4)])
    assert trend is not None
    assert math.log(trend.rate) == pytest.approx(6 / 5)
    assert math.log(trend.factor) == pytest.approx(3 * 6 / 5)


def test_a_layer_that_is_not_known_leaves_the_others_in_their_place():
    trend = growth([1.0, math.nan, 4.0, 8.0])
    assert trend is not None
    assert trend.rate == pytest.approx(2.0)


def test_no_trend_in_one_layer_and_none_left_where_a_signal_is_gone():
    assert growth([3.0]) is None
    assert growth([]) is None
    gone = growth([1.0, 0.1, 0.0])
    assert gone is not None
    assert (gone.rate, gone.trend) == (0.0, "vanishing")
    assert "nothing is left" in growth_words("gradients", gone)
    assert "no trend" in growth_words("gradients", None)
    assert growth_words("gradients", growth([1.0, 0.5, 0.25])) == (
        "gradients are steady: 0.5 times per layer, 0.25 times over all layers"
    )
