"""Gradient checking finds planted bugs; curvature tells points apart; scales are what they say."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der, rosen_hess
from scipy.stats import kstest

from goodfit.textbook.gradient_checking import numerical_gradient, relative_error, to_parameters, to_vector, verdict
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.local_optima import hessian, kind_of_point, share_of_minima
from goodfit.textbook.sampling import linear, log_scale, one_minus_log

POINT = np.array([0.3, -0.4, 0.8])


def test_vectors_lead_back_to_the_parameters():
    parameters = initialize_parameters([3, 4, 2], batch_norm=True)
    theta, shapes = to_vector(parameters)
    assert theta.shape == (3 * 4 + 4 + 4 + 4 * 2 + 2,)
    back = to_parameters(theta, shapes)
    assert back.keys() == parameters.keys()
    for name, value in parameters.items():
        np.testing.assert_array_equal(back[name], value)


def test_a_right_gradient_is_great_with_the_seeds_epsilon():
    assert verdict(relative_error(numerical_gradient(rosen, POINT), rosen_der(POINT))) == "great"


@pytest.mark.parametrize(
    ("bug", "expected"),
    [
        (lambda g: -g, "wrong"),
        (lambda g: g / 3, "wrong"),  # a forgotten mean
        (lambda g: g * [1, 1, 0.9], "wrong"),
        (lambda g: g + np.array([0, 0, 1e-3]), "look closer"),
    ],
)
def test_a_wrong_gradient_is_found(bug, expected):
    assert verdict(relative_error(numerical_gradient(rosen, POINT), bug(rosen_der(POINT)))) == expected


def test_the_seeds_missing_brackets_would_call_every_gradient_wrong():
    right = numerical_gradient(rosen, POINT)
    without_brackets = right * (2 * 1e-7) / 2 * 1e-7
    assert verdict(relative_error(without_brackets, rosen_der(POINT))) == "wrong"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (0.0, "great"),
        (9.9e-8, "great"),
        (1e-7, "look closer"),
        (1e-5, "look closer"),
        (9.9e-4, "look closer"),
        (1e-3, "wrong"),
        (1.0, "wrong"),
        (np.nan, "wrong"),
    ],
)
def test_the_bands(error, expected):
    assert verdict(error) == expected


def test_relative_error_has_no_size_and_no_direction():
    a, b = np.array([1.0, 2.0]), np.array([1.1, 2.0])
    assert relative_error(a, b) == pytest.approx(0.1 / (np.sqrt(5) + np.sqrt(5.21)))
    assert relative_error(1e6 * b, 1e6 * a) == pytest.approx(relative_error(a, b))
    assert relative_error(a, -a) == 1
    assert relative_error(np.zeros(2), np.zeros(2)) == 0


def test_the_hessian_is_scipys():
    np.testing.assert_allclose(hessian(rosen, POINT), rosen_hess(POINT), atol=1e-4)


@pytest.mark.parametrize(
    ("J", "kind"),
    [
        (lambda p: p[0] ** 2 + 2 * p[1] ** 2 + p[0] * p[1], "minimum"),
        (lambda p: -(p[0] ** 2) - 2 * p[1] ** 2, "maximum"),
        (lambda p: p[0] * p[1], "saddle"),
        (lambda p: p[0] ** 2 + p[1] ** 4, "flat"),
        (lambda p: 5.0, "flat"),
    ],
)
def test_the_curvature_names_a_point(J, kind):
    assert kind_of_point(np.linalg.eigvalsh(hessian(J, np.zeros(2)))) == kind


@pytest.mark.parametrize(
    ("n", "share"), [(1, 1 / 2), (2, (2 - np.sqrt(2)) / 4), (3, (np.pi - 2 * np.sqrt(2)) / (4 * np.pi))]
)
def test_minima_become_rare_with_the_dimension(n, share):
    """Dean & Majumdar 2008 (Phys. Rev. E 77, 041108), section I: the known values for small n."""
    trials = 20_000
    assert abs(share_of_minima(n, trials) - share) < 4 * np.sqrt(share * (1 - share) / trials)


def test_in_ten_dimensions_none_is_found():
    assert share_of_minima(10, 5000) == 0


@pytest.mark.parametrize(
    ("scale", "low", "high", "inverse"),
    [
        (linear, 2.0, 4.0, lambda value: (value - 2) / 2),
        (log_scale, 1e-4, 1.0, lambda value: np.log10(value) / 4 + 1),
        (one_minus_log, 0.9, 0.999, lambda value: -(np.log10(1 - value) + 1) / 2),
    ],
)
def test_draws_are_even_on_their_scale_and_never_leave_it(scale, low, high, inverse):
    r = np.random.default_rng(0).uniform(size=2000)
    values = np.array([scale(low, high, each) for each in r])
    assert low <= values.min() < values.max() <= high
    assert kstest([inverse(value) for value in values], "uniform").pvalue > 0.01
    assert (np.diff(values[np.argsort(r)]) >= 0).all()  # upwards, where the seed's formula runs down


def test_half_of_the_draws_of_beta_average_over_more_than_a_hundred_values():
    values = np.array([one_minus_log(0.9, 0.999, r) for r in np.random.default_rng(0).uniform(size=4000)])
    assert abs((values > 0.99).mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)
