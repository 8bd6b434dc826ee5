"""A network of the engine for the checks: its regularized cost on fixed examples, in float64."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from goodfit.checks.descent import Step
from goodfit.checks.parameters import Pytree
from goodfit.data.dataset import Splits
from goodfit.engine.active_job import enter
from goodfit.engine.jobs import Job
from goodfit.engine.optimizers import add_l2, descend, shrink
from goodfit.engine.packing import stacks
from goodfit.engine.pool import Pool
from goodfit.engine.step import batch_cost
from goodfit.engine.task import Program, Task
from goodfit.nets.architectures import Params, layer_by_layer
from goodfit.nets.losses import penalty
from goodfit.plan import Plan


@dataclass(frozen=True)
class Network:
    """A network and the examples that it is checked on.

    Parameters are a pytree `{"layers": (…)}`, so that blocks have the names that they have in a saved model.

    Attributes:
        program: of the plan.
        task: its numbers; its key fixes the mask of dropout.
        inputs: prepared examples.
        targets: of these examples.
        fresh: first parameters, drawn by the seed.
        rows: number of all training examples; `inputs` may be a sample of them.
    """

    program: Program
    task: Task
    inputs: Float[np.ndarray, "batch features"]
    targets: Num[np.ndarray, "batch"]
    fresh: Pytree
    rows: int

    def cost(self, params: Pytree) -> Float[Array, ""]:
        """Return the mean loss, weighted and smoothed as in training; batch norm uses statistics of the examples."""
        targets = jnp.asarray(self.targets)
        task = self._traced_task
        return batch_cost(self.program, task, params["layers"], self._inputs, targets, task.key)[0]

    def objective(self, params: Pytree) -> Float[Array, ""]:
        """Return the regularized J: the cost plus the penalties of L2 and L1."""
        return self.cost(params) + self.penalty(params)

    def penalty(self, params: Pytree) -> Float[Array, ""]:
        """Return (λ₂/2m)·Σw² + (λ₁/2m)·Σ|w|, m being the number of all training examples."""
        task = self._traced_task
        return penalty(params["layers"], task.hyperparameters, task.m)

    def descended(self, params: Pytree, rate: Float[Array, ""] | float) -> Pytree:
        """Return the parameters after a step of gradient descent: L2 by its gradient, L1 by a proximal step."""
        layers, task = params["layers"], self._traced_task
        h, rate = task.hyperparameters, jnp.asarray(rate, jnp.result_type(float))
        gradients = jax.grad(self.cost)(params)["layers"]
        moved = descend(layers, add_l2(gradients, layers, h.l2 / task.m), rate)
        if self.program.structure.l1:
            moved = shrink(moved, rate * h.l1 / (2 * task.m))
        return {"layers": moved}

    def step(self) -> Callable[[Pytree, float], Step]:
        """Return a compiled float64 function of parameters and learning rate that takes a step of gradient descent."""
        compiled = jax.jit(
            lambda params, rate: (self.objective(params), self.cost(params), self.descended(params, rate))
        )

        def take(params: Pytree, rate: float) -> Step:
            with jax.enable_x64(True):
                wide = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), params)
                objective, cost, moved = compiled(wide, rate)
                return Step(float(objective), float(cost), moved)

        return take

    def without_dropout(self) -> "Network":
        """Return the network without dropout: only then is J well defined (course notes: understanding dropout)."""
        structure = replace(self.program.structure, dropout=False, input_dropout=False)  # keep_prob stays, unused
        return replace(self, program=replace(self.program, structure=structure))

    def signals(self, params: Pytree) -> tuple[list[float], list[float]]:
        """Return root mean squares of each hidden layer's output, and of dJ/da by that output, without dropout.

        The network is cut at each layer: the part behind it is a network whose inputs are differentiated.
        """
        structure = self.without_dropout().program.structure

        def sizes(layers: Params) -> list[tuple[Float[Array, ""], Float[Array, ""]]]:
            outputs = layer_by_layer(structure, layers, self._inputs, None, None)[2]
            after = [jax.grad(partial(self._after, layers, depth))(a) for depth, a in enumerate(outputs, start=1)]
            return [(_size(a), _size(derivative)) for a, derivative in zip(outputs, after, strict=True)]

        with jax.enable_x64(True):
            layers = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), params["layers"])
            pairs = jax.jit(sizes)(layers)
        return [float(output) for output, _ in pairs], [float(derivative) for _, derivative in pairs]

    def _after(self, layers: Params, depth: int, a: Float[Array, "batch units"]) -> Float[Array, ""]:
        """Return the cost as a function of a hidden layer's output, without dropout."""
        structure = self.without_dropout().program.structure
        upper_part = replace(structure, hidden_units=structure.hidden_units[depth:])
        program, targets = replace(self.program, structure=upper_part), jnp.asarray(self.targets)
        task = self._traced_task
        return batch_cost(program, task, layers[depth:], a, targets, task.key)[0]

    @property
    def _traced_task(self) -> Task:
        return jax.tree.map(jnp.asarray, self.task)

    @property
    def _inputs(self) -> Float[Array, "batch features"]:
        return jnp.asarray(self.inputs, jnp.result_type(float))


def _size(values: Float[Array, "batch units"]) -> Float[Array, ""]:
    return jnp.sqrt(jnp.square(values).mean())


def open_network(plan: Plan, splits: Splits, seed: int, most: int) -> Network:
    """Return a plan's network with training examples to check it on.

    Args:
        plan: the settings.
        splits: the data.
        seed: draws the first parameters and the examples.
        most: largest number of examples.

    Raises:
        PlanError: the plan does not fit the data or the memory.
    """
    member, program = enter(0, Job(plan, seed), splits)
    # Through the engine's own stack, so that the check sees examples and first parameters as a training does.
    loaded = next(stacks(program, [member], Pool(splits)))
    task = loaded.tasks[0]
    rows = np.asarray(task.rows)[: int(task.m)]
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    data, place, rows_on_device = jax.device_put((loaded.data, task.set, rows))
    inputs, targets = map(np.asarray, data.take(place, rows_on_device))
    return Network(program, task, inputs, targets, {"layers": loaded.states[0].model.params}, int(task.m))
