"""Gradient checking against derivatives that are known in closed form."""

import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from goodfit.checks.gradients import check_gradients
from goodfit.errors import InputError


def tanh_net(sizes, m, seed=0):
    """A cost of a small net in JAX, its fresh parameters, and data of its own."""
    generator = np.random.default_rng(seed)
    inputs, labels = generator.normal(size=(m, sizes[0])), generator.integers(0, sizes[-1], m)
    params = [
        {"W": generator.normal(size=(a, b)) / math.sqrt(a), "b": 0.1 * generator.normal(size=b)}
        for a, b in pairwise(sizes)
    ]

    def cost(params, activation=jnp.tanh):
        a = inputs
        for layer in params[:-1]:
            a = activation(a @ layer["W"] + layer["b"][None, :])
        z = a @ params[-1]["W"] + params[-1]["b"][None, :]
        return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=1).mean()

    return cost, params


def test_a_right_gradient_in_numpy_is_great_and_a_loop_finds_what_a_program_finds():
    """SciPy's Rosenbrock function has its gradient beside it; JAX cannot trace it."""
    point = np.array([-1.2, 1.0, 0.7, 1.9])
    looped = check_gradients(lambda p: rosen(np.asarray(p, float)), point, rosen_der)
    assert looped.verdict == "great"
    assert looped.error < 1e-9
    assert (looped.parameters, looped.directions, looped.warnings) == (4, None, ())

    def rosenbrock(p):
        return (100 * (p[1:] - p[:-1] ** 2) ** 2 + (1 - p[:-1]) ** 2).sum()

    compiled = check_gradients(rosenbrock, point, rosen_der)
    assert compiled.verdict == "great"
    for default, theirs in zip(looped.worst, compiled.worst, strict=True):
        assert default.numerical == pytest.approx(theirs.numerical, rel=1e-8)
    # the largest entry has the largest absolute rounding
    assert {entry.name for entry in looped.worst} == {"theta"}
    assert sorted(entry.index for entry in looped.worst) == [(0,), (1,), (2,), (3,)]


def test_the_error_is_that_of_the_course_notes():
    """J = 3x + 4y with the gradient (3, 0): ||(0, 4)|| / (||(3, 0)|| + ||(3, 4)||) = 4 / 8."""
    check = check_gradients(lambda p: 3 * p[0] + 4 * p[1], np.array([1.0, 2.0]), np.array([3.0, 0.0]))
    assert check.error == pytest.approx(0.5, abs=1e-9)
    assert check.verdict == "wrong"
    assert check.worst[0].index == (1,)
    assert check.worst[0].gradient == 0.0
    assert check.worst[0].numerical == pytest.approx(4.0, abs=1e-9)
    assert check.cost == 11.0


@pytest.mark.parametrize(
    ("share", "verdict", "words"),
    [
        (1e-8, "great", "very likely right"),
        (1e-5, "look closer", "can be right"),
        (4e-4, "look closer", "a mistake is likely"),
        (3e-3, "wrong", "the gradient is wrong"),
    ],
)
def test_the_bands_are_those_of_the_course_notes(share, verdict, words):
    """A gradient g(1 + s) has the relative error s / (2 + s)."""
    check = check_gradients(lambda p: (p**3).sum(), np.array([1.0, 2.0, 3.0]), lambda p: 3 * p**2 * (1 + share))
    assert check.error == pytest.approx(share / (2 + share), rel=0.02)
    assert check.verdict == verdict
    assert words in check.reason


def test_jax_gradients_of_a_network_are_great_and_with_the_notes_epsilon_rounding_dominates():
    cost, params = tanh_net([6, 20, 20, 3], 64)
    step = jax.jit(lambda p: jax.tree.map(lambda a, g: a - 0.5 * g, p, jax.grad(cost)(p)))
    trained = params
    for _ in range(1000):
        trained = step(trained)
    for point in (params, trained):
        default, seeds = check_gradients(cost, point), check_gradients(cost, point, epsilon=1e-7)
        assert default.verdict == "great"
        assert default.epsilon is None
        assert seeds.epsilon == 1e-7
        assert seeds.error > 5 * default.error
        assert seeds.resolution > 5 * default.resolution
        assert seeds.verdict != "wrong"
    assert seeds.verdict == "look closer"  # of the trained net
    assert "rounding dominates at so small an epsilon" in seeds.warnings[0]
    assert seeds.reason.endswith("no more than the differences' own inaccuracy explains")


def test_parameters_are_taken_to_64_bits_whatever_jax_is_set_to():
    cost, params = tanh_net([4, 8, 2], 32)
    in_32_bits = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)
    assert in_32_bits[0]["W"].dtype == jnp.float32
    assert check_gradients(cost, in_32_bits).verdict == "great"
    assert not jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]


def test_what_the_functions_get_is_of_the_library_that_the_parameters_are_of():
    def cost(p):
        return float((p["a"] ** 2).sum())

    def in_place(p):
        assert type(p["a"]) is np.ndarray
        p["a"] *= 2
        return p

    def of_jax(p):
        assert isinstance(p["a"], jax.Array)
        return {"a": float(p["a"].sum()) * jnp.ones(1)}

    assert check_gradients(cost, {"a": np.ones(3)}, in_place).verdict == "great"
    assert check_gradients(cost, {"a": 2 * jnp.ones(1)}, lambda p: {"a": 2 * of_jax(p)["a"]}).verdict == "great"


def test_a_wrong_bias_is_not_lost_beside_a_large_matrix():
    """One wrong entry of 0.001 beside a gradient of norm 100 is 5e-6 of the whole: its own block tells."""
    params = [{"W": np.full((10, 10), 5.0), "b": np.array([0.0005])}]
    check = check_gradients(
        lambda p: (p[0]["W"] ** 2).sum() + (p[0]["b"] ** 2).sum(), params, [{"W": params[0]["W"] * 2, "b": np.zeros(1)}]
    )
    assert check.error == pytest.approx(0.001 / 200, rel=1e-3)
    assert check.verdict == "wrong"
    assert [(block.name, block.size, block.verdict) for block in check.blocks] == [
        ("0.W", 100, "great"),
        ("0.b", 1, "wrong"),
    ]
    assert check.blocks[0].gradient_norm == pytest.approx(100)
    assert check.latest_wrong == ("0.b",)


def test_the_latest_wrong_layer_is_ordered_by_number_and_not_by_letter():
    params = {f"{kind}{layer}": np.ones(2) for layer in (1, 2, 9, 10) for kind in ("W", "b")}
    right = {name: 2 * value for name, value in params.items()}
    wrong = right | {name: 3 * params[name] for name in ("W1", "W9", "b9", "W10")}

    def cost(p):
        return sum((leaf**2).sum() for leaf in p.values())

    assert check_gradients(cost, params, wrong).latest_wrong == ("W10",)
    assert check_gradients(cost, params, wrong | {"W10": right["W10"]}).latest_wrong == ("W9", "b9")
    assert check_gradients(cost, params, right).latest_wrong == ()


def test_a_block_that_cannot_move_the_cost_is_not_called_wrong():
    """A bias before batch norm: its true gradient is 0, and of the differences only rounding is left."""
    z = np.random.default_rng(0).normal(size=50)

    def cost(p):
        a = p["w"] * z + p["b"]
        return (((a - a.mean()) / a.std() - z) ** 2).mean() + p["w"] ** 2

    check = check_gradients(cost, {"w": np.array(0.7), "b": np.array(0.3)}, {"w": np.array(1.4), "b": np.array(0.0)})
    assert check.verdict == "great"
    assert {block.name: block.verdict for block in check.blocks}["b"] in ("great", "within rounding")


def test_a_kink_within_epsilon_is_told_and_is_not_called_wrong():
    """|x| at 1e-7 with the step 1e-6: the difference is 0.1 where the derivative is 1."""
    point = np.array([1e-7, 1.0, -2.0])
    check = check_gradients(lambda p: jnp.abs(p).sum(), point, np.sign(point), epsilon=1e-6)
    assert check.worst[0].numerical == pytest.approx(0.1, abs=1e-3)
    assert check.error == pytest.approx(0.9 / (math.sqrt(3) + math.sqrt(2.01)), rel=1e-3)
    assert check.verdict == "look closer"
    assert "a kink within epsilon" in check.warnings[0]
    assert "1 of 3 entries (the first in theta[0])" in check.warnings[0]


@pytest.mark.parametrize("place", [0.0, 0.2, 0.45, 0.7, 0.95])
def test_a_kink_is_found_wherever_within_epsilon_it_is(place):
    point = np.array([place * 1e-5, 1.0, 2.0])
    check = check_gradients(lambda p: jnp.maximum(p, 0).sum(), point, np.array([1.0, 1.0, 1.0]), epsilon=1e-5)
    assert check.error > 1e-3
    assert check.verdict == "look closer"
    assert any("kink" in warning for warning in check.warnings)


def test_a_step_of_its_own_passes_by_a_kink_and_a_wrong_gradient_stays_wrong():
    """At 1e-6 the scaled step of 6e-6 would meet the kink, one 64 times smaller does not."""
    point = np.array([1e-6, 1.0, -2.0])

    def cost(p):
        return jnp.abs(p).sum()

    assert check_gradients(cost, point, np.sign(point)).verdict == "great"
    assert check_gradients(cost, point, np.array([1.0, 1.5, -1.0])).verdict == "wrong"


def test_a_relu_net_is_not_called_wrong_for_its_kinks():
    cost, params = tanh_net([6, 20, 20, 3], 256)
    check = check_gradients(lambda p: cost(p, jax.nn.relu), params, epsilon=1e-2)
    assert check.error > 1e-3
    assert check.verdict == "look closer"
    assert any("kink" in warning for warning in check.warnings)


def test_values_too_large_or_small_for_epsilon_are_told():
    large = check_gradients(lambda p: (p**2).sum(), np.array([1e10, 1.0]), lambda p: 2 * p, epsilon=1e-7)
    assert "theta holds values up to 1e10, next to which so small an epsilon is rounded away" in large.warnings[0]
    small = check_gradients(lambda p: jnp.log(p).sum(), np.array([1e-3, 2e-3]), lambda p: 1 / p, epsilon=1e-5)
    assert small.verdict == "look closer"
    assert any("which is large next to the values; pass a smaller epsilon" in warning for warning in small.warnings)
    assert check_gradients(lambda p: (p**2).sum(), np.array([1e10, 1.0]), lambda p: 2 * p).warnings == ()


def test_low_precision_is_told():
    point = np.array([1.0, 2.0])
    check = check_gradients(lambda p: (p**2).sum(), point, (2 * point).astype(np.float32))
    assert "the gradients have fewer than 64 bits" in check.warnings[0]
    low = check_gradients(lambda p: np.float32((p**2).sum()), point, 2 * point)
    assert "the cost computes with fewer than 64 bits" in low.warnings[0]
    assert low.verdict == "look closer"


def test_random_directions_see_a_single_wrong_entry():
    cost, params = tanh_net([6, 20, 20, 3], 64)
    right = jax.tree.map(np.asarray, jax.grad(cost)(params))
    assert check_gradients(cost, params, sample=4).verdict == "great"
    wrong = jax.tree.map(np.array, right)
    wrong[1]["W"][np.unravel_index(np.abs(wrong[1]["W"]).argmax(), (20, 20))] *= 1.5
    check = check_gradients(cost, params, wrong, sample=4)
    assert check.verdict == "wrong"
    assert (check.latest_wrong, check.directions, check.worst) == (("1.W",), 4, ())
    assert {block.name for block in check.blocks if block.verdict == "wrong"} == {"1.W"}
    assert 0 < check.chance_of_missing < 1e-12


def test_the_chance_of_missing_is_how_often_one_wrong_entry_is_missed():
    """F(1, 1): with one direction, P(|e·v| < 2τ |g·v|) = (2/π) arctan(2τ √n), the ratio of normals being Cauchy."""
    params = np.ones(400)
    check = check_gradients(lambda p: p.sum(), params, np.ones(400), sample=1)
    assert check.chance_of_missing == pytest.approx(2 / math.pi * math.atan(2e-7 * 20), rel=1e-6)
    # the same law where it is large enough to be counted: τ = 0.01 and one entry of 400 wrong by its own size
    directions = np.random.default_rng(1).standard_normal((20_000, 400))
    missed = np.abs(directions[:, 0]) < 2 * 0.01 * np.abs(directions.sum(axis=1))
    assert missed.mean() == pytest.approx(2 / math.pi * math.atan(0.4), abs=0.01)


@pytest.mark.parametrize(
    ("cost", "params", "grads", "sentence"),
    [
        (lambda p: p**2, np.ones(3), None, "array of shape (3,); it must return one number, such as their mean"),
        (lambda p: (p.sum(), p), np.ones(3), None, "the cost returns a tuple; it must return one number"),
        (lambda p: p.sum() * np.nan, np.ones(3), None, "the cost is nan at these parameters"),
        (lambda p: p.sum() * 1j, np.ones(3), None, "the cost returns a value of type complex128"),
        (
            lambda p: jnp.log(p).sum(),
            np.array([1.0, 1e-7]),
            np.array([1.0, 1e7]),
            "the cost is nan a step away from theta[1]",
        ),
        (lambda p: p["a"].sum(), {"a": np.arange(3)}, None, "parameter a has integer type int64"),
        (lambda p: 0.0, {}, None, "there are no parameters to check"),
        (lambda p: 0.0, {"a": "x"}, None, "parameter a has type <U1"),
        (lambda p: 0.0, {"a": np.array([1.0, np.inf])}, None, "parameter a is inf at [1]"),
        (
            lambda p: p["a"].sum(),
            {"a": np.ones(3)},
            {"b": np.ones(3)},
            "differs from that of the parameters: a has no gradient",
        ),
        (
            lambda p: p["a"].sum(),
            {"a": np.ones(3)},
            {"a": np.ones(3), "b": np.ones(1)},
            "differs from that of the parameters: b is not a parameter",
        ),
        (
            lambda p: p["a"].sum(),
            {"a": np.ones((3, 1))},
            {"a": np.ones((1, 3))},
            "the gradient of a has shape (1, 3), but its parameter has shape (3, 1)",
        ),
        (lambda p: p["a"].sum(), {"a": np.ones(2)}, {"a": np.array([1.0, np.nan])}, "gradient a is nan at [1]"),
        (lambda p: float(np.sum(p)), np.ones(3), None, "JAX cannot trace this cost"),
    ],
)
def test_bad_input_is_one_sentence(cost, params, grads, sentence):
    with pytest.raises(InputError) as caught:
        check_gradients(cost, params, grads)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cost_that_is_not_deterministic_is_refused():
    generator = np.random.default_rng(0)
    with pytest.raises(
        InputError, match=r"the cost is not deterministic: two calls with the same parameters gave 3\.\d+ and"
    ):
        check_gradients(lambda p: p.sum() + generator.random(), np.ones(3), np.ones(3))


@pytest.mark.parametrize("numbers", [{"epsilon": 0.0}, {"epsilon": -1.0}, {"epsilon": math.nan}, {"sample": 0}])
def test_numbers_out_of_range_are_refused(numbers):
    with pytest.raises(InputError, match=f"{next(iter(numbers))} is"):
        check_gradients(lambda p: p.sum(), np.ones(3), **numbers)


def test_the_outcome_is_plain_values_for_json():
    facts = check_gradients(lambda p: (p**2).sum(), np.ones(2), np.array([2.0, 3.0])).to_dict()
    assert facts["latest_wrong"] == ["theta"]
    assert facts["blocks"][0]["verdict"] == "wrong"
    assert facts["worst"][0]["gradient"] == 3.0
