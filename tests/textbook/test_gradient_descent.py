"""Mini-batches and whole trainings: every example once an epoch, a cost that falls, the optimum of a regression."""

import numpy as np
import pytest
from scipy.optimize import minimize

from goodfit.textbook.costs import compute_cost, l2_penalty
from goodfit.textbook.gradient_checking import to_parameters, to_vector
from goodfit.textbook.gradient_descent import mini_batches, train
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.optimizers import adam, momentum, rmsprop, zeros_like
from goodfit.textbook.propagation import backward_prop, forward_prop
from goodfit.textbook.softmax import one_hot

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 90))
Y = one_hot((RNG.standard_normal((3, 4)) @ X + RNG.standard_normal((3, 90))).argmax(axis=0), 3)


@pytest.mark.parametrize(("size", "sizes"), [(90, [90]), (30, [30, 30, 30]), (40, [40, 40, 10]), (1, [1] * 90)])
def test_an_epochs_mini_batches_hold_every_example_once(size, sizes):
    batches = mini_batches(X, Y, size, seed=3)
    assert [x.shape[1] for x, _ in batches] == sizes
    columns = [np.flatnonzero((x[:, i : i + 1] == X).all(axis=0)) for x, _ in batches for i in range(x.shape[1])]
    order = np.concatenate(columns)
    assert np.array_equal(np.sort(order), np.arange(90))
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches], axis=1), Y[:, order])


def test_another_seed_is_another_order():
    one, same, other = (np.concatenate([x for x, _ in mini_batches(X, Y, 30, seed)], axis=1) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any(axis=0).mean() > 0.9


def test_batch_gradient_descent_never_raises_the_regularized_cost():
    """The seed's implementation tip; J is the mean loss with its penalty."""
    start = initialize_parameters([4, 8, 3], "tanh")
    trained = list(train(X, Y, start, learning_rate=0.2, lambd=3.0, epochs=200, activation="tanh"))
    costs = np.array([cost for _, cost in trained])
    assert (np.diff(costs) <= 1e-12).all()
    assert costs[-1] < 0.8 * costs[0]
    before_last, _ = trained[-2]
    AL, _ = forward_prop(X, before_last, "tanh")
    assert costs[-1] == pytest.approx(compute_cost(AL, Y) + l2_penalty(before_last, 3.0, 90), rel=1e-12)


def test_softmax_regression_reaches_scipys_optimum():
    start = initialize_parameters([4, 3])
    theta, shapes = to_vector(start)

    def J(theta):
        parameters = to_parameters(theta, shapes)
        return compute_cost(forward_prop(X, parameters)[0], Y) + l2_penalty(parameters, 2.0, 90)

    best = minimize(J, theta, method="BFGS", tol=1e-8)
    *_, (parameters, cost) = train(X, Y, start, learning_rate=1.0, lambd=2.0, epochs=1500)
    assert cost == pytest.approx(best.fun, abs=1e-9)
    np.testing.assert_allclose(parameters["W1"], to_parameters(best.x, shapes)["W1"], atol=1e-4)


@pytest.mark.parametrize("optimizer", ["momentum", "rmsprop", "adam"])
def test_train_takes_the_steps_of_its_optimizer(optimizer):
    start = initialize_parameters([4, 5, 3])
    ours = train(X, Y, start, optimizer=optimizer, learning_rate=0.01, epochs=5)
    parameters, v, s = start, zeros_like(start), zeros_like(start)
    for t, (after, _) in enumerate(ours, start=1):
        AL, caches = forward_prop(X, parameters)
        grads = backward_prop(AL, Y, caches)
        if optimizer == "momentum":
            parameters, v = momentum(parameters, grads, v, 0.01)
        elif optimizer == "rmsprop":
            parameters, s = rmsprop(parameters, grads, s, 0.01)
        else:
            parameters, v, s = adam(parameters, grads, v, s, t, 0.01)
        for name, value in parameters.items():
            np.testing.assert_allclose(after[name], value, rtol=1e-9, atol=1e-12)


def test_with_dropout_a_unit_is_out_or_counts_double():
    start = {"W1": np.ones((1, 1)), "b1": np.zeros((1, 1)), "W2": np.ones((1, 1)), "b2": np.zeros((1, 1))}
    one = np.ones((1, 1))
    first = [
        next(train(one, 3 * one, start, keep_prob=0.5, output="linear", seed=seed))[1] for seed in range(60)
    ]  # ŷ is 0 or 2
    assert set(first) == {9 / 2, 1 / 2}
    assert 15 < first.count(9 / 2) < 45


def test_batch_norm_is_learned_too():
    start = initialize_parameters([4, 6, 3], batch_norm=True)
    *_, (parameters, cost) = train(X, Y, start, batch_size=30, epochs=30, learning_rate=0.3, batch_norm="before")
    assert cost < 0.5
    assert parameters.keys() == start.keys()
    assert np.abs(parameters["gamma1"] - 1).max() > 0.05
    assert np.abs(parameters["beta1"]).max() > 0.05


def test_the_penalty_is_the_whole_training_sets_in_every_mini_batch():
    """λ/2m and λ/m have the m of all examples, whatever the mini-batch; inputs of zero leave nothing else."""
    start = {"W1": np.full((1, 1), 2.0), "b1": np.zeros((1, 1))}
    nothing = np.zeros((1, 10))
    steps = train(nothing, nothing, start, learning_rate=0.5, batch_size=2, lambd=4.0, epochs=1, output="linear")
    for t, (parameters, cost) in enumerate(steps):
        assert cost == pytest.approx(4 / 20 * (2 * 0.8**t) ** 2)
        assert parameters["W1"].item() == pytest.approx(2 * 0.8 ** (t + 1))  # 1 − α·λ/m = 0.8
