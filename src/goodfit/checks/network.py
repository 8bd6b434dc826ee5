"""A network of the engine as something to check: its regularized cost on fixed examples, in float64."""

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
    """One network with the examples that it is checked on.

    Parameters are a pytree `{"layers": (…)}`, so that blocks have the names they have in a saved model.

    Attributes:
        program: the plan's.
        task: its numbers; dropout's mask is fixed by its key.
        inputs: the prepared examples.
        targets: their targets.
        fresh: first parameters by the plan's seed.
        rows: how many training examples there are; `inputs` may be some of them.
    """

    program: Program
    task: Task
    inputs: Float[np.ndarray, "batch features"]
    targets: Num[np.ndarray, "batch"]
    fresh: Pytree
    rows: int

    def cost(self, params: Pytree) -> Float[Array, ""]:
        """The mean loss, weighted and smoothed as in training; batch norm over these very examples."""
        targets = jnp.asarray(self.targets)
        task = self._traced_task
        return batch_cost(self.program, task, params["layers"], self._inputs, targets, task.key)[0]

    def objective(self, params: Pytree) -> Float[Array, ""]:
        """The regularized J: the cost and the penalties of L2 and L1."""
        return self.cost(params) + self.penalty(params)

    def penalty(self, params: Pytree) -> Float[Array, ""]:
        """(λ₂/2m)·Σw² + (λ₁/2m)·Σ|w|, m being the number of all training examples."""
        task = self._traced_task
        return penalty(params["layers"], task.hyperparameters, task.m)

    def descended(self, params: Pytree, rate: Float[Array, ""] | float) -> Pytree:
        """One step of plain gradient descent as the engine takes it: L2 by its gradient, L1 by the proximal step."""
        layers, task = params["layers"], self._traced_task
        h, rate = task.hyperparameters, jnp.asarray(rate, jnp.result_type(float))
        gradients = jax.grad(self.cost)(params)["layers"]
        moved = descend(layers, add_l2(gradients, layers, h.l2 / task.m), rate)
        if self.program.structure.l1:
            moved = shrink(moved, rate * h.l1 / (2 * task.m))
        return {"layers": moved}

    def step(self) -> Callable[[Pytree, float], Step]:
        """A function that takes parameters and a learning rate a step of descent further, compiled, in float64."""
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
        """The same network with dropout off, where J is well defined (course notes: understanding dropout)."""
        structure = replace(self.program.structure, dropout=False, input_dropout=False)
        return replace(self, program=replace(self.program, structure=structure))

    def signals(self, params: Pytree) -> tuple[list[float], list[float]]:
        """Root mean squares of each hidden layer's output, and of J's derivative by it; dropout off.

        The network is cut at each layer: the part after it is a network of its own, whose inputs are differentiated.
        """
        structure = self.without_dropout().program.structure

        def sizes(layers: Params) -> list[tuple[Float[Array, ""], Float[Array, ""]]]:
            outputs = layer_by_layer(structure, layers, self._inputs, None, None)[2]
            after = [jax.grad(partial(self._after, layers, depth))(a) for depth, a in enumerate(outputs, start=1)]
            return [(_size(a), _size(derivative)) for a, derivative in zip(outputs, after, strict=True)]

        with jax.enable_x64(True):
            layers = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), params["layers"])
            both = jax.jit(sizes)(layers)
        return [float(output) for output, _ in both], [float(derivative) for _, derivative in both]

    def _after(self, layers: Params, depth: int, a: Float[Array, "batch units"]) -> Float[Array, ""]:
        """The cost of the network after a hidden layer, of that layer's output; dropout off."""
        structure = self.without_dropout().program.structure
        rest = replace(structure, hidden_units=structure.hidden_units[depth:])
        program, targets = replace(self.program, structure=rest), jnp.asarray(self.targets)
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
    """The plan's network on at most so many of the training examples, drawn by the seed.

    Raises:
        PlanError: it does not fit the data or the memory.
    """
    member, program = enter(0, Job(plan, seed), splits)
    loaded = next(stacks(program, [member], Pool(splits)))
    task = loaded.tasks[0]
    rows = np.asarray(task.rows)[: int(task.m)]
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    data, place, taken = jax.device_put((loaded.data, task.set, rows))
    inputs, targets = map(np.asarray, data.take(place, taken))
    return Network(program, task, inputs, targets, {"layers": loaded.states[0].model.params}, int(task.m))
