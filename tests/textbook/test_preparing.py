"""Splits, normalizing and the first weights."""

import jax
import numpy as np
import pytest
from scipy.stats import chi2, kstest
from sklearn.preprocessing import StandardScaler

from goodfit.nets.architectures import init
from goodfit.plan import Plan
from goodfit.textbook.activations import ACTIVATIONS
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.normalizing import mean_and_deviation, normalize
from goodfit.textbook.splits import split, split_sizes


@pytest.mark.parametrize("m", [5, 6, 9, 100, 12_345, 1_000_000, 1_000_001, 3_333_333])
def test_the_sizes_are_the_seeds_and_training_is_the_largest(m):
    train, dev, test = split_sizes(m)
    share = 0.2 if m <= 1_000_000 else 0.01
    assert train + dev + test == m
    assert dev == test
    assert 0 <= share * m - dev < 1
    assert train > dev > 0


def test_too_few_examples_are_refused():
    with pytest.raises(ValueError, match="five"):
        split_sizes(4)


def test_every_example_is_in_one_set_with_its_own_target():
    X = np.arange(200.0).reshape(2, 100)
    sets = split(X, X[:1] ** 2, seed=4)
    assert np.array_equal(np.sort(np.concatenate([x[0] for x, _ in sets])), X[0])
    for x, y in sets:
        np.testing.assert_array_equal(y[0], x[0] ** 2)
        np.testing.assert_array_equal(x[1], x[0] + 100)
    assert not np.array_equal(split(X, X, seed=5)[1][0], sets[1][0])


def test_the_sets_come_from_one_distribution_even_if_examples_were_sorted():
    X = np.sort(np.random.default_rng(0).uniform(size=(1, 3000)))
    assert all(kstest(x[0], "uniform").pvalue > 0.01 for x, _ in split(X, X))


def test_normalizing_is_scikit_learns_scaling_by_the_training_set():
    rng = np.random.default_rng(1)
    train, dev = 5 + 3 * rng.standard_normal((4, 50)), rng.standard_normal((4, 20))
    train[2] = 7.0  # never changes
    scaler = StandardScaler().fit(train.T)
    mu, sigma = mean_and_deviation(train)
    for X in (train, dev):
        np.testing.assert_allclose(normalize(X, mu, sigma), np.transpose(scaler.transform(X.T)), rtol=1e-10, atol=1e-12)


def test_the_variance_becomes_one_which_dividing_by_it_would_not_do():
    X = 3 * np.random.default_rng(2).standard_normal((1, 500))
    mu, sigma = mean_and_deviation(X)
    assert normalize(X, mu, sigma).var() == pytest.approx(1)
    assert ((X - mu) / sigma**2).var() == pytest.approx(1 / X.var())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_first_parameters_are_the_engines(activation):
    ours = initialize_parameters([5, 4, 3, 2], activation, seed=8)
    theirs, _ = init(Plan(hidden_units=(4, 3), activation=activation).structure, "auto", 8, 5, 2)
    assert len(ours) == len(jax.tree.leaves(theirs))
    for layer, params in enumerate(theirs, start=1):
        for name, leaf in params.items():
            np.testing.assert_allclose(np.transpose(np.atleast_2d(leaf)), ours[f"{name}{layer}"], rtol=1e-6)


@pytest.mark.parametrize(("activation", "numerator"), [("relu", 2), ("tanh", 1), ("sigmoid", 1)])
def test_the_variance_is_hes_for_relu_and_xaviers_for_tanh(activation, numerator):
    parameters = initialize_parameters([300, 200, 100], activation)
    for name, variance in (("W1", numerator / 300), ("W2", 1 / 200)):
        W = parameters[name]
        assert 1e-3 < chi2.cdf((W**2).sum() / variance, W.size) < 1 - 1e-3
        assert kstest(W.ravel() / np.sqrt(variance), "norm").pvalue > 1e-3  # `rand` would all be positive


def test_batch_norm_begins_at_gamma_one_and_beta_zero_and_has_no_b():
    parameters = initialize_parameters([3, 4, 2], batch_norm=True)
    assert parameters.keys() == {"W1", "gamma1", "beta1", "W2", "b2"}
    assert (parameters["gamma1"] == 1).all()
    assert not parameters["beta1"].any()
    assert parameters["gamma1"].shape == parameters["beta1"].shape == (4, 1)
