"""The optimizers against numbers of PyTorch and Keras where the algorithms are one, and where they part."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.engine.optimizers import descend, optimizer
from goodfit.plan import Plan

# PyTorch 2.13.0 gave the numbers of TORCH with this script:
#
#     import torch
#     gradients = ...  # GRADIENTS
#     make = {
#         "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
#         "Adam, large epsilon": lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.95), eps=0.5),
#         "AdamW": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.5),
#         "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, eps=0.5),
#         "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
#         "SGD with momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
#     }
#     for name, optimizer_of in make.items():
#         theta = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
#         optimizer = optimizer_of([theta])
#         for gradient in gradients:
#             theta.grad = torch.tensor(gradient, dtype=torch.float64)
#             optimizer.step()
#         print(name, [round(value, 14) for value in theta.tolist()])
START = (1.0, -2.0, 3.0)
GRADIENTS = [[0.1, -0.4, 2.0], [0.3, 0.2, -1.0], [-0.2, 0.5, 0.25], [0.05, -0.1, 4.0], [0.6, -0.3, -0.5]]
TORCH = {
    "Adam": [0.69471923513451, -1.91869774566835, 2.7381260859532],
    "Adam, large epsilon": [0.91632741006016, -1.97065905113179, 2.7959398898199],
    "AdamW": [0.50408613220091, -1.48435586110653, 2.08759067169837],
    "RMSprop": [0.87173847314457, -1.98195458672239, 2.7038043901332],
    "SGD": [0.915, -1.99, 2.525],
    "SGD with momentum": [0.840579, -1.991476, 1.74713],
}

# keras/src/optimizers/adam_test.py and adamw_test.py, test_correctness_with_golden: ones, then a gradient of 0.01, then
# four times 0.1, 0.2, … 1.0 (here the first, fifth and last of those ten). AMSGrad changes nothing, as s only grows.
KERAS_GRADIENTS = [[0.01] * 3] + 4 * [[0.1, 0.5, 1.0]]
KERAS_ADAM = [0.999, 0.9982, 0.9974, 0.9965, 0.9955]
KERAS_ADAMW = [
    [0.4998, 0.4998, 0.4998],
    [0.2486, 0.2440, 0.2382],
    [0.1223, 0.1124, 0.1003],
    [0.0586, 0.0439, 0.0258],
    [0.0263, 0.0073, -0.0159],
]


def _path(
    gradients: Sequence[Sequence[float]],
    start: Sequence[float] = START,
    epsilon_at: Callable[[int], float] | None = None,
    **settings,
) -> np.ndarray:
    """The weights after each step, in float64; `epsilon_at` gives a step, counted from 1, an ε of its own."""
    plan = Plan(**{"learning_rate": 0.1, "weight_decay": 0.0, **settings})
    with jax.enable_x64(True):
        params = ({"W": jnp.array([start])},)
        state, path = optimizer(plan.structure, plan.hyperparameters).init(params), []
        for t, gradient in enumerate(gradients, start=1):
            h = plan.hyperparameters
            h = h if epsilon_at is None else h._replace(epsilon=epsilon_at(t))
            update = optimizer(plan.structure, h).update
            direction, state = update(({"W": jnp.array([gradient])},), state, params)
            params = descend(params, direction, jnp.asarray(plan.learning_rate))
            path.append(np.asarray(params[0]["W"][0]))
    return np.array(path)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Adam", {"optimizer": "adam"}),
        ("Adam, large epsilon", {"optimizer": "adam", "beta1": 0.8, "beta2": 0.95, "epsilon": 0.5}),
        ("AdamW", {"optimizer": "adam", "weight_decay": 0.5}),
        ("RMSprop", {"optimizer": "rmsprop", "beta2": 0.9, "epsilon": 0.5}),
        ("SGD", {"optimizer": "gradient_descent"}),
    ],
)
def test_five_steps_are_pytorchs(name, settings):
    np.testing.assert_allclose(_path(GRADIENTS, **settings)[-1], TORCH[name], rtol=1e-12)


def test_momentum_is_a_tenth_of_pytorchs_which_sums():
    """PyTorch and Keras: v = βv + dW. The seed: v = βv + (1 − β)dW; so α/(1 − β) makes them one."""
    ours = _path(GRADIENTS, optimizer="momentum", beta1=0.9)[-1]
    moved, theirs = ours - START, np.array(TORCH["SGD with momentum"]) - START
    np.testing.assert_allclose(moved, 0.1 * theirs, rtol=1e-11)
    faster = _path(GRADIENTS, optimizer="momentum", beta1=0.9, learning_rate=1.0)[-1]
    np.testing.assert_allclose(faster, TORCH["SGD with momentum"], rtol=1e-12)


def test_kerass_published_single_steps():
    """Its test_single_step of each, α = 0.5; and the example in its RMSprop's documentation, α = 0.1 from 10."""
    gradient, start = [[1.0, 6.0, 7.0, 2.0]], (1.0, 2.0, 3.0, 4.0)
    published_steps: list[tuple[dict[str, Any], list[float]]] = [
        ({"optimizer": "gradient_descent"}, [0.5, -1.0, -0.5, 3.0]),
        ({"optimizer": "adam"}, [0.5, 1.5, 2.5, 3.5]),
        ({"optimizer": "adam", "weight_decay": 0.004}, [0.4980, 1.4960, 2.494, 3.492]),
        ({"optimizer": "rmsprop", "beta2": 0.9}, [-0.5811, 0.4189, 1.4189, 2.4189]),
    ]
    for settings, published in published_steps:
        ours = _path(gradient, start, learning_rate=0.5, **settings)[0]
        np.testing.assert_allclose(ours, published, atol=5.1e-5)
    ten = _path([[10.0]], (10.0,), optimizer="rmsprop", beta2=0.9)
    assert ten[0, 0] == pytest.approx(9.683772, abs=5e-7)


def test_kerass_published_path_of_adam():
    """It gives one row of numbers for all ten gradients, hence the tolerance (half of its own)."""
    ours = _path(KERAS_GRADIENTS, (1.0, 1.0, 1.0), optimizer="adam", learning_rate=0.001)
    np.testing.assert_allclose(ours, np.tile(np.array(KERAS_ADAM)[:, None], 3), atol=2.5e-4)


def test_keras_adds_epsilon_to_the_root_before_the_bias_is_corrected():
    """Its ε̂ is ours times √(1 − β₂^t) (Kingma & Ba 2015, end of section 2): with ε = 2 that is the whole difference."""
    settings = {"optimizer": "adam", "learning_rate": 1.0, "weight_decay": 0.5}
    ones = (1.0, 1.0, 1.0)
    theirs = _path(KERAS_GRADIENTS, ones, epsilon_at=lambda t: 2 / np.sqrt(1 - 0.999**t), **settings)
    np.testing.assert_allclose(theirs, KERAS_ADAMW, atol=1e-4)
    ours = _path(KERAS_GRADIENTS, ones, epsilon=2.0, **settings)
    assert np.abs(ours - KERAS_ADAMW).max() > 0.1


def test_keras_adds_epsilon_under_rmsprops_root():
    """Keras: dW/√(s + ε); PyTorch and we: dW/(√s + ε). With s = 1 and ε = 3 that is dW/2 or dW/4."""
    gradient = np.sqrt(10)
    ours = _path([[gradient]], (0.0,), optimizer="rmsprop", beta2=0.9, epsilon=3.0, learning_rate=1.0)
    assert ours[0, 0] == pytest.approx(-gradient / 4, rel=1e-12)
