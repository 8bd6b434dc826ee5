"""Curvature of functions whose Hessian is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ortho_group

from goodfit.checks.curvature import curvature
from goodfit.errors import InputError


def bowl(eigenvalues, seed=0):
    """½ xᵀ H x with these eigenvalues in random directions, as a cost of two blocks."""
    size = len(eigenvalues)
    basis = ortho_group.rvs(size, random_state=seed)
    hessian = basis @ np.diag(eigenvalues) @ basis.T

    def cost(p):
        x = jnp.concatenate([p["a"], p["b"].reshape(-1)])
        return x @ hessian @ x / 2

    return cost, {"a": np.zeros(2), "b": np.zeros((size - 2, 1))}


@pytest.mark.parametrize("size", [6, 200])  # by the whole Hessian, and by Lanczos
@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-2.0, 5.0, "saddle"),
        (-5.0, 2.0, "saddle"),
        (-0.01, 10.0, "saddle"),
        (0.5, 3.0, "minimum"),
        (0.0, 3.0, "minimum"),
    ],
)
def test_the_extreme_eigenvalues_and_their_sign(size, low, high, verdict):
    cost, params = bowl(np.linspace(low, high, size))
    result = curvature(cost, params)
    assert result.lowest == pytest.approx(low, abs=1e-4 * max(abs(low), abs(high)))
    assert result.highest == pytest.approx(high, abs=1e-4 * max(abs(low), abs(high)))
    assert result.verdict == verdict
    assert (result.gradient_norm, result.plateau, result.cost) == (0.0, True, 0.0)


def test_one_way_down_among_many_flat_ones_is_found():
    result = curvature(*bowl([-0.02, *np.zeros(150), 1.0, 4.0]))
    assert result.lowest == pytest.approx(-0.02, abs=1e-4)
    assert result.verdict == "saddle"


def test_a_function_without_curvature_is_flat_and_one_with_a_slope_is_no_plateau():
    params = {"w": np.full(100, 0.5)}
    flat = curvature(lambda p: 3.0 + 0 * p["w"].sum(), params)
    assert (flat.verdict, flat.lowest, flat.highest, flat.plateau) == ("flat", 0.0, 0.0, True)
    sloping = curvature(lambda p: 3.0 + p["w"].sum(), params)
    assert (sloping.verdict, sloping.plateau) == ("flat", False)
    assert sloping.gradient_norm == pytest.approx(10.0)
    assert "still leads down" in sloping.reason
    assert curvature(lambda p: (p["w"] ** 2).sum(), {"w": np.ones(70)}).lowest == pytest.approx(2.0)  # H = 2 I


def test_the_saddle_that_looks_like_a_minimum_along_one_axis():
    """Two linear layers, J = ½(w₂w₁ − 1)²: at 0 a saddle with eigenvalues ±1, at (1, 1) a minimum with 0 and 2."""

    def cost(p):
        return (p[0] * p[1] - 1) ** 2 / 2

    start = curvature(cost, [np.array(0.0), np.array(0.0)])
    assert (start.verdict, start.plateau) == ("saddle", True)
    assert (start.lowest, start.highest) == (pytest.approx(-1.0), pytest.approx(1.0))
    end = curvature(cost, [np.array(1.0), np.array(1.0)])
    assert (end.verdict, end.plateau) == ("minimum", True)
    assert (end.lowest, end.highest) == (pytest.approx(0.0, abs=1e-12), pytest.approx(2.0))


def test_a_networks_hessian_is_that_of_jax_whole():
    generator = np.random.default_rng(0)
    inputs, targets = generator.normal(size=(40, 5)), generator.normal(size=(40, 1))
    params = [generator.normal(size=(5, 16)), generator.normal(size=(16, 1))]

    def cost(p):
        return ((jnp.tanh(inputs @ p[0]) @ p[1] - targets) ** 2).mean()

    with jax.enable_x64(True):
        hessian = jax.hessian(lambda v: cost([v[:80].reshape(5, 16), v[80:].reshape(16, 1)]))
        eigenvalues = np.linalg.eigvalsh(hessian(jnp.concatenate([p.reshape(-1) for p in params])))
    result = curvature(cost, params)
    assert result.lowest == pytest.approx(eigenvalues[0], rel=1e-3, abs=1e-4)
    assert result.highest == pytest.approx(eigenvalues[-1], rel=1e-4)


@pytest.mark.parametrize(
    ("cost", "sentence"),
    [
        (lambda p: float(np.sum(p)), "JAX cannot trace this cost"),
        (lambda p: p, "array of shape \\(3,\\); it must return one number"),
        (lambda p: jnp.log(-p).sum(), "the cost is nan at these parameters"),
    ],
)
def test_bad_input_is_one_sentence(cost, sentence):
    with pytest.raises(InputError, match=sentence):
        curvature(cost, np.ones(3))
