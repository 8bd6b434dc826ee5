"""What the lessons compute, against closed forms."""

import math

import numpy as np
import pytest
from scipy.special import softmax

from goodfit.lessons.topics import (
    averages,
    batch_norm,
    bias_variance,
    dropout,
    early_stopping,
    gradient_checking,
    l1_l2,
    lambda_,
    mini_batches,
    optimizers,
    residual,
    saddle,
    sampling,
    softmax_output,
    vanishing_gradients,
)
from goodfit.textbook.costs import compute_cost
from goodfit.textbook.propagation import forward_prop


def mark_of(page, figure, panel, name, **state):
    """x and y of the mark of that name which is shown in that state."""
    made = page.figures[figure]
    for mark in made["panels"][panel]["marks"]:
        if mark.get("name") == name and mark.get("when", {}) == state:
            x = made["columns"][mark["x"]] if isinstance(mark["x"], str) else mark["x"]
            return np.array(x, dtype=float), np.array(mark["y"], dtype=float)
    raise AssertionError(f"no mark {name} in {state}")


def test_averages_are_the_weighted_sum_of_all_days(page_of):
    year = averages.temperatures()
    assert year[[0, 1, 2, 179]].tolist() == [40, 49, 45, 60]
    beta, i = 0.98, averages.BETAS.index(0.98)
    day, shown = mark_of(page_of("averages"), 0, 0, "average", beta=i)
    for t in (1, 2, 50, 365):
        weights = (1 - beta) * beta ** np.arange(t)
        assert shown[t - 1] == pytest.approx((weights * year[t - 1 :: -1][:t]).sum() / (1 - beta**t), rel=1e-3)
    assert day[-1] == 365
    _, plain = mark_of(page_of("averages"), 2, 0, "as it is", beta=2)
    assert plain[0] == pytest.approx(0.8)  # 0.02 · 40
    _, factor = mark_of(page_of("averages"), 2, 1, "β 0.9")
    assert factor[9] == pytest.approx(100 * (1 - 0.9**10), rel=1e-3)


def test_the_lag_of_an_average_is_what_a_sine_would_have():
    day = np.arange(1, 366)
    late = averages.seasons(day - 12)
    assert averages.lag(late) == 12
    t = averages.last_corrected(0.9)
    assert 1 / (1 - 0.9**t) > 1.01 > 1 / (1 - 0.9 ** (t + 1))


def test_the_bowl_is_the_cost_of_the_regression():
    X = optimizers.examples()
    w, best = np.array([0.7, -0.2]), np.array([1.0, 0.5])
    J = compute_cost((best + w)[None] @ X, best[None] @ X, "linear")
    assert optimizers.excess(optimizers.bowl(X), w[None])[0] == pytest.approx(J)
    assert X.std(axis=1).tolist() == pytest.approx([1, 7], rel=0.1)


def test_gradient_descent_follows_its_closed_form_and_both_bowls_begin_alike():
    (raw, start), (normal, other) = optimizers.bowls()
    path = optimizers.walk("gradient_descent", raw, start, 0.03, 20)
    step = np.eye(2) - 0.03 * raw
    np.testing.assert_allclose(path[20], np.linalg.matrix_power(step, 20) @ start, rtol=1e-9)
    assert optimizers.excess(raw, start[None])[0] == pytest.approx(optimizers.excess(normal, other[None])[0])
    np.testing.assert_allclose(np.diag(normal), 1)
    first = optimizers.walk("adam", raw, start, 0.03, 1)
    np.testing.assert_allclose(np.abs(first[1] - first[0]), 0.03, rtol=1e-6)
    assert np.isnan(optimizers.walk("gradient_descent", raw, start, 1.0, 50)[-1]).all()


def test_rings_lie_where_the_cost_is_equal():
    H = optimizers.bowls()[0][0]
    np.testing.assert_allclose(optimizers.excess(H, optimizers.ellipse(H, 3.0)), 3.0)


def test_steps_needed_count_from_the_last_time_outside():
    H = np.eye(2)
    path = np.array([[1.0, 0.0], [0.001, 0.0], [0.5, 0.0], [0.001, 0.0], [0.0, 0.0]])
    assert optimizers.steps_needed(H, path) == 3
    assert math.isnan(optimizers.steps_needed(H, path[:3]))


def test_the_lowest_cost_has_no_gradient_and_the_whole_batch_never_rises():
    J, w, b = mini_batches.lowest()
    X, Y = mini_batches.examples()
    p = 1 / (1 + np.exp(-(w @ X + b)))
    np.testing.assert_allclose((p - Y[0]) @ X.T / mini_batches.M, 0, atol=1e-6)
    assert pytest.approx(-np.mean(np.log(np.where(Y[0] == 1, p, 1 - p)))) == J
    assert mini_batches.descend(512, 0.5).rises == 0
    assert len(mini_batches.descend(64, 0.5).cost) == 1 + 6 * 512 // 64


def test_the_kept_epoch_is_the_best_so_far(page_of):
    page = page_of("early-stopping")
    _, dev = mark_of(page, 0, 0, "dev")
    (best,), (cost,) = mark_of(page, 0, 0, "lowest dev cost")
    assert cost == dev.min()
    assert best == np.argmin(dev) + 1
    for i, patience in enumerate(early_stopping.PATIENCE[:-1]):
        stop = page.figures[1]["panels"][0]["marks"][2 + 2 * i]["x"]
        lowest = np.minimum.accumulate(dev)
        assert dev[int(stop) - 1 - patience] == lowest[int(stop) - 1]  # nothing better for so long
    (X, Y), grid = early_stopping.examples(16, seed=1), np.linspace(-1, 1, 5)[None]
    assert np.abs(early_stopping.truth(grid)).max() < 2.5
    assert np.abs(Y - early_stopping.truth(X)).std() < 2 * early_stopping.NOISE


def test_signals_grow_by_the_weight_in_every_layer(page_of):
    for weight in (0.5, 1.5):
        layer, shown = mark_of(page_of("vanishing-gradients"), 0, 0, f"weight {weight}")
        np.testing.assert_allclose(shown, weight**layer, rtol=1e-3)
        sizes = vanishing_gradients.linear_sizes(weight, 20)
        assert sizes[-1] == pytest.approx(weight**20)
    assert "multiplies the signal by 1.5." in page_of("vanishing-gradients").figures[0]["says"][-1]


def test_half_the_weights_take_a_half_for_each_layer_off_the_gradient():
    """A ReLU network's dW has every other layer's weights in it, once; outputs near one half move it no more."""
    half, quarter = (vanishing_gradients.gradient_sizes("relu", size) for size in (0.5, 0.25))
    np.testing.assert_allclose(quarter / half, 0.5**vanishing_gradients.HIDDEN, rtol=1e-6)


def test_relu_needs_twice_the_variance(page_of):
    layer, xavier = mark_of(page_of("vanishing-gradients"), 1, 0, "1, Xavier / n", activation=1)
    _, he = mark_of(page_of("vanishing-gradients"), 1, 0, "2, He / n", activation=1)
    np.testing.assert_allclose(xavier / he, math.sqrt(0.5) ** layer, rtol=0.01)  # ReLU is homogeneous


@pytest.mark.parametrize("L", residual.DEPTHS)
def test_small_branches_multiply_by_no_more_than_e_and_large_ones_by_the_root_of_three(L):
    """(1 + 2/B)^(B/2) for B blocks, and (1 + 2)^(B/2); on average; fifty units are few, so roughly."""
    B = (L - 2) // 2
    for what in residual.QUANTITIES:
        assert residual.factor(residual.RESIDUAL, L, 1.0, what) == pytest.approx((1 + 2 / B) ** (B / 2), rel=0.35)
        assert residual.rate(residual.LARGE, L, 1.0, what) ** 2 == pytest.approx(math.sqrt(3), rel=0.1)


def test_plain_blocks_multiply_by_their_weights_and_the_residual_way_stays_open(page_of):
    """Weights of half the size halve a ReLU network's signal in each layer: exactly, as it is homogeneous."""
    L = residual.DEPTHS[-1]
    weak, he = (residual.relative(residual.PLAIN, L, weight, "signal") for weight in (0.7, 1.0))
    np.testing.assert_allclose(weak / he, 0.7 ** np.arange(0, L - 1, 2), rtol=1e-9)
    state = {"what": 0, "weight": residual.WEIGHTS.index(0.7)}
    for name, low, high in (("plain", 0, 1e-15), ("residual", 1, 2)):
        layer, shown = mark_of(page_of("residual"), 0, 0, name, **state)
        assert (layer[0], layer[-1], shown[-1]) == (1, L - 1, 1)
        assert low <= shown[0] < high
        depth, far = mark_of(page_of("residual"), 0, 1, name, **state)
        assert (depth.tolist(), far[-1]) == (list(residual.DEPTHS), shown[0])


def test_a_plain_network_of_110_layers_stays_at_the_cost_of_one_half_for_all(page_of):
    deepest = len(residual.DEPTHS) - 1
    _, plain = mark_of(page_of("residual"), 2, 0, "plain", depth=deepest)
    _, learned = mark_of(page_of("residual"), 2, 0, "residual", depth=deepest)
    assert plain[-1] == pytest.approx(math.log(2), abs=0.005)
    assert learned[-1] < 0.5 * plain[-1]
    _, apart = mark_of(page_of("residual"), 1, 0, "plain")
    assert apart[-1] < 1e-3 < 1 - 1 / math.pi - 0.1 < apart[0]  # Cho & Saul: cos of a right angle becomes 1/π


@pytest.mark.parametrize("lambd", l1_l2.LAMBDAS)
def test_l1_and_l2_reach_their_closed_forms(lambd):
    X, Y = l1_l2.examples()
    np.testing.assert_allclose(X @ X.T / l1_l2.M, np.eye(l1_l2.INPUTS), atol=1e-12)
    plain = (Y @ X.T / l1_l2.M)[0]
    np.testing.assert_allclose(l1_l2.train_linear("L2", lambd)[-1], plain / (1 + lambd / l1_l2.M), atol=1e-4)
    threshold = lambd / (2 * l1_l2.M)
    soft = np.where(np.abs(plain) > threshold, plain - threshold * np.sign(plain), 0)
    trained = l1_l2.train_linear("L1", lambd)[-1]
    np.testing.assert_allclose(trained, soft, atol=1e-4)
    assert ((trained == 0) == (soft == 0)).all()


def test_the_subgradient_hovers_within_its_step():
    hovering = l1_l2.train_linear("subgradient", 40.0)[-20:]
    zeros = l1_l2.train_linear("L1", 40.0)[-1] == 0
    assert (hovering != 0).all()
    assert np.abs(hovering[:, zeros]).max() <= 2 * l1_l2.RATE * 40.0 / (2 * l1_l2.M)


def test_on_the_boundary_the_network_is_undecided(page_of):
    x, y = mark_of(page_of("lambda"), 0, 0, "boundary", **{"lambda": 4})
    known = np.isfinite(x)
    fitted = lambda_.fit(lambda_.LAMBDAS[4])
    A, _ = forward_prop(np.stack([x[known], y[known]]), fitted.parameters, "tanh", "sigmoid")
    assert np.abs(A - 0.5).max() < 0.1
    x, y = mark_of(page_of("lambda"), 0, 0, "logistic regression")
    known = np.isfinite(x)
    slope, offset = np.polyfit(x[known], y[known], 1)
    np.testing.assert_allclose(y[known], slope * x[known] + offset, atol=0.02)  # straight


def test_small_z_are_bent_by_a_third_of_their_square():
    fitted = lambda_.fit(30.0)
    assert fitted.bend == pytest.approx(np.mean(np.abs(fitted.z) ** 3 / 3) / np.abs(fitted.z).mean(), rel=0.1)


@pytest.mark.parametrize("keep_prob", dropout.KEEP)
def test_dropout_reaches_its_l2_penalty(keep_prob):
    np.testing.assert_allclose(dropout.spread(keep_prob), dropout.in_closed_form(keep_prob), atol=0.01)


def test_the_closed_form_is_where_the_expected_gradient_vanishes():
    """By many masks: the mean gradient of linear regression on dropped inputs is zero there."""
    (X, Y), keep_prob, rng = dropout.copies(), 0.5, np.random.default_rng(0)
    w, total = dropout.in_closed_form(keep_prob), np.zeros(dropout.INPUTS)
    for _ in range(2000):
        dropped = X * (rng.random(X.shape) < keep_prob) / keep_prob
        total += (w @ dropped - Y[0]) @ dropped.T / dropout.M
    np.testing.assert_allclose(total / 2000, 0, atol=0.005)


def test_without_dropout_the_batch_cost_never_rises():
    on, off = dropout.descend(1.0)
    assert (np.diff(on) < 0).all()
    np.testing.assert_allclose(on, off)


def test_draws_are_counted_where_their_r_is(page_of):
    r = np.random.default_rng(15).random(max(sampling.DRAWS))
    log = sampling.draw(sampling.log_scale, 1e-4, 1.0)
    np.testing.assert_allclose(np.log10(log), 4 * r - 4, atol=1e-9)
    betas = sampling.draw(sampling.one_minus_log, 0.9, 0.999)
    assert ((betas > 0.99) == (r > 0.5)).all()
    assert f"puts {(r[:100] > 0.5).sum()} there" in page_of("sampling").figures[1]["says"][3]
    alphas, lambdas, _ = sampling.trials(None)
    assert (len(set(alphas)), len(set(lambdas)), len(alphas)) == (5, 5, 25)
    assert len(set(sampling.trials(0)[0])) == 25


def test_gradient_descent_leaves_the_saddle_at_the_rate_of_its_curvature():
    """Each step multiplies the distance by 1 + 2α, so that 10⁻⁸ takes ln 10⁴ / ln(1 + 2α) steps more than 10⁻⁴."""
    near, far = (saddle.steps_to_leave(saddle.descend("gradient descent", start)) for start in (1e-8, 1e-4))
    assert near is not None
    assert far is not None
    assert near - far == pytest.approx(math.log(1e4) / math.log(1 + 2 * saddle.RATE), abs=1)


def test_cuts_through_the_saddle_have_the_curvature_of_their_angle(page_of):
    for i, angle in enumerate(saddle.ANGLES):
        curvature = round(2 * math.cos(2 * math.radians(angle)), 3)
        said = page_of("saddle").figures[0]["says"][i].replace("−", "-")
        assert f"the curvature {curvature:g}." in said.replace("-0.", "-0.")


def test_shares_of_minima_are_the_known_ones(page_of):
    n, shares = mark_of(page_of("saddle"), 2, 0, "random matrices")
    for exact, share in zip(saddle.EXACT_SHARES, shares, strict=False):
        assert share == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / saddle.TRIALS))
    assert n.tolist() == [1, 2, 3, 4, 5]


def test_a_network_of_zeros_is_a_saddle_without_slope():
    zeros, trained = (saddle.network_point(after) for after in (False, True))
    assert zeros.slope < 1e-12
    assert (zeros.curvatures < -0.1).sum() == 3  # one for each hidden unit
    assert trained.slope < 1e-5
    assert trained.curvatures.min() > 0


def test_a_chord_s_error_falls_with_the_square_of_epsilon_and_rounding_grows():
    right = {epsilon: gradient_checking.error("right", epsilon) for epsilon in gradient_checking.EPSILONS}
    steps = list(right)
    assert right[steps[-1]] / right[steps[-3]] == pytest.approx(100, rel=0.1)  # from ε = 0.1 to 0.01
    assert right[steps[0]] > 1e3 * min(right.values())
    for fault in list(gradient_checking.FAULTS)[1:]:
        assert all(gradient_checking.error(fault, epsilon) >= 1e-3 for epsilon in steps)


def test_a_wrong_derivative_spoils_the_layers_before_it(page_of):
    said = page_of("gradient-checking").figures[1]["says"]
    assert said[0].endswith("no block is wrong.")
    assert said[1].endswith("wrong in W1, b1, W2, b2.")
    assert said[2].endswith("wrong in W1, W2, W3.")  # the penalty has no biases
    assert said[3].endswith("wrong in b1.")
    assert said[4].endswith("wrong in W2.")


def test_the_notes_pairs_have_their_verdicts(page_of):
    said = page_of("bias-variance").figures[0]["says"][:: len(bias_variance.HUMAN)]
    verdicts = [sentence.rpartition(": ")[2] for sentence in said]
    assert verdicts == ["high variance.", "high bias.", "high bias and high variance.", "good fit."]
    said = page_of("bias-variance").figures[1]["says"]
    verdicts = [sentence.rpartition(": ")[2] for sentence in said]
    assert verdicts == ["high bias.", "high bias and high variance.", "high variance.", "good fit."]


def test_no_network_beats_the_lowest_error():
    spread = math.sqrt(0.083 * 0.917 / 1000)
    for lambd, hidden in bias_variance.NETWORKS.values():
        assert lambda_.fit(lambd, hidden).error[1] > bias_variance.lowest_error() - 3 * spread
    X = np.array([[-1.7, 1.7], [0.5, -0.5]])  # at the outer ends of the two half circles
    assert np.sign(bias_variance.density(X, 1) - bias_variance.density(X, 0)).tolist() == [-1, 1]


def test_decayed_rates_are_the_notes_formulas(page_of):
    epoch, rates = mark_of(page_of("learning-rate-decay"), 0, 0, "α₀/(1 + epoch)")
    np.testing.assert_allclose(rates, 1 / (1 + epoch), rtol=1e-3)
    _, rates = mark_of(page_of("learning-rate-decay"), 0, 0, "0.95^epoch·α₀")
    np.testing.assert_allclose(rates, 0.95**epoch, rtol=1e-3)
    _, rates = mark_of(page_of("learning-rate-decay"), 0, 0, "α₀/√epoch")
    np.testing.assert_allclose(rates, epoch**-0.5, rtol=1e-3)


def test_softmax_is_scipy_s_and_its_cost_has_the_slope_shown(page_of):
    for i, z in enumerate(softmax_output.Z_DOG):
        _, shown = mark_of(page_of("softmax"), 0, 1, "softmax", z=i)
        np.testing.assert_allclose(shown, 100 * softmax([0.5, z, 1.5, -0.5]), rtol=1e-3)
    for truth in range(4):
        z, J = mark_of(page_of("softmax"), 1, 0, "J", truth=truth)
        _, slope = mark_of(page_of("softmax"), 1, 1, "ŷ − y", truth=truth)
        np.testing.assert_allclose(np.gradient(J, z)[1:-1], slope[1:-1], atol=0.01)


def test_one_example_alone_says_nothing_and_averages_say_something():
    by_size, seen, averaged = batch_norm.at_test_time()
    _, Y = lambda_.moons(1024, 4)
    assert by_size[0] in (pytest.approx(Y.mean()), pytest.approx(1 - Y.mean()))  # one answer for all
    assert averaged < 0.5 * by_size[0]
    weights = 0.1 * 0.9 ** np.arange(10)[::-1]
    assert seen[9, 1] == pytest.approx((weights * seen[:10, 0]).sum() / (1 - 0.9**10))
