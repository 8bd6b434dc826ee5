"""Speed of the gradient check: one compiled program against plain Python loops over the parameters, in the same run.

`python benchmarks/gradient_check.py` prints a table and writes `results/gradient_check.md`. The network (tanh and
softmax, L2) has 5,000 parameters and sees 256 of the digits. The check takes the cost at four places a parameter, so
that it knows its own accuracy, the loops at two; its time is that of the whole call, with tracing and compilation (the
cache of compiled programs is off). Where a NumPy cost is bound by its products, as here, a loop over it wastes nothing;
what a loop over a cost in JAX wastes is the first two rows.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from goodfit.checks.gradients import check_gradients
from goodfit.checks.network import Network, open_network
from goodfit.data.splits import open_splits
from goodfit.plan import Plan
from goodfit.textbook.gradient_checking import numerical_gradient, relative_error

EXAMPLES = 256
PLAN = Plan(hidden_units=(63, 15), activation="tanh", keep_prob=1.0, preparation="standard", l2=1.0)
EPSILON = 1e-5
ROUNDS = 3  # of what is quick; its time is the best
TARGET = 10  # seconds on 2 cores (issue 3, "Speed")


def timed(work: Callable[[], Any], rounds: int = ROUNDS) -> tuple[Any, float]:
    """What the work gives, and the best of its times."""
    value, took = None, []
    for _ in range(rounds):
        began = time.perf_counter()
        value = work()
        took.append(time.perf_counter() - began)
    return value, min(took)


def numpy_cost(network: Network) -> Callable[[np.ndarray], float]:
    """The same J written out in NumPy, of one flat vector."""
    inputs, share = network.inputs.astype(np.float64), PLAN.l2 / (2 * network.rows)
    shapes = [layer[name].shape for layer in network.fresh["layers"] for name in ("W", "b")]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def cost(theta: np.ndarray) -> float:
        leaves = [piece.reshape(shape) for piece, shape in zip(np.split(theta, ends), shapes, strict=True)]
        a = inputs
        for w, b in zip(leaves[:-2:2], leaves[1:-2:2], strict=True):
            a = np.tanh(a @ w + b)
        z = a @ leaves[-2] + leaves[-1]
        z = z - z.max(axis=1, keepdims=True)
        losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), network.targets]
        return float(losses.mean() + share * sum((w**2).sum() for w in leaves[::2]))

    return cost


def main() -> None:
    network = open_network(PLAN, open_splits("digits"), 0, EXAMPLES)
    jax.config.update("jax_enable_compilation_cache", False)
    check, seconds = timed(lambda: check_gradients(network.objective, network.fresh))
    rows = [("`check_gradients`, one compiled program", 4 * check.parameters + 1, seconds, check.error)]
    with jax.enable_x64(True):
        flat, back = ravel_pytree(jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), network.fresh))
        theta = np.asarray(flat)
        gradient = np.asarray(jax.jit(jax.grad(lambda flat: network.objective(back(flat))))(theta))
        program = jax.jit(lambda flat: network.objective(back(flat)))
        costs = {
            "a loop over the same cost": lambda theta: float(network.objective(back(jnp.asarray(theta)))),
            "a loop over the same cost, compiled": lambda theta: float(program(theta)),
            "the textbook's loop over the cost in NumPy": numpy_cost(network),
        }
        for rounds, (name, cost) in zip((1, ROUNDS, ROUNDS), costs.items(), strict=True):
            slopes, looped = timed(lambda cost=cost: numerical_gradient(cost, theta, EPSILON), rounds)
            rows.append((name, 2 * theta.size, looped, relative_error(slopes, gradient)))
    lines = [
        "| way | costs taken | seconds | times as long | µs a cost | relative error |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {costs:,} | {took:.2f} | {took / seconds:.1f} | {1e6 * took / costs:.0f} | {error:.1e} |"
        for name, costs, took, error in rows
    ]
    told = f"{theta.size:,} parameters on {EXAMPLES} examples; target: under {TARGET} s. {os.cpu_count()} cores."
    text = "\n".join([*lines, "", told])
    print(text)
    (Path(__file__).parent / "results" / "gradient_check.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
