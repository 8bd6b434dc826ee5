"""A cost at many points: one compiled program if JAX can trace it, else a loop.

The checks compile their programs here; those of the engine are compiled in `engine/stack.py` alone.
"""

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Float, Int

from goodfit.checks.parameters import Flat, Parameters, Pytree, called
from goodfit.errors import InputError

Cost = Callable[[Pytree], Any]

_LARGEST_BATCH = 64  # points at once; on 2 cores 18,000 points took 0.69 s one by one, 0.43 s by 64 and 0.53 s by 256
_MEMORY = 256 << 20  # bytes that a batch may take
_TOLERANCE = 1e-14  # relative difference up to which two calls count as the same


class Surface:
    """A cost as a function of its parameters, around a point.

    Attributes:
        parameters: the point.
        value: the cost there.
        low_precision: True if the cost computes with fewer than 64 bits.
        traceable: True if JAX can trace the cost; otherwise it is called point by point.

    Raises:
        InputError: the cost is not a single finite number, or differs between two calls.
    """

    def __init__(self, cost: Cost, parameters: Parameters) -> None:
        self._cost, self.parameters = cost, parameters
        self.value, self.low_precision = _called_twice(cost, parameters)
        self.traceable = self._can_be_traced()

    def traced(self, theta: Float[Array, "n"]) -> Float[Array, ""]:
        """Return the cost of a flat vector, inside a traced function."""
        return jnp.asarray(self._cost(self.parameters.traced(theta)), jnp.float64)

    def gradient(self) -> Flat:
        """Return JAX's gradient of a traceable cost at the point."""
        return np.asarray(jax.jit(jax.grad(self.traced))(self.parameters.values))

    def at_entries(
        self, entries: Int[np.ndarray, "points"], values: Float[np.ndarray, "points"]
    ) -> Float[np.ndarray, "points"]:
        """Return the cost at points that differ from the parameters in one entry each.

        Args:
            entries: index of that entry.
            values: its value.

        Raises:
            InputError: the cost is not finite at one of the points.
        """
        theta = self.parameters.values
        if self.traceable:
            # Only whole batches on every device: an incomplete one would be compiled as another program.
            spare = -len(entries) % (self._batch_size * len(jax.local_devices()))
            # What is padded sets the first entry to the value that it has.
            padded = np.pad(entries, (0, spare)), np.pad(values, (0, spare), constant_values=theta[0])
            costs = np.asarray(self._entries_program(theta, *padded))[: len(entries)]
        else:
            costs = np.array(
                [self._plain(_with_entry(theta, *point)) for point in zip(entries.tolist(), values, strict=True)]
            )
        infinite = np.flatnonzero(~np.isfinite(costs))
        if infinite.size:
            name, index = self.parameters.place(int(entries[infinite[0]]))
            raise InputError(_not_finite(float(costs[infinite[0]]), f"from {name}{list(index) if index else ''}"))
        return costs

    def at_moves(self, move: Flat, steps: Float[np.ndarray, "steps"]) -> Float[np.ndarray, "steps"]:
        """Return the cost at `parameters + step·move` for each step.

        Raises:
            InputError: the cost is not finite at one of the steps.
        """
        theta = self.parameters.values
        if self.traceable:
            costs = np.asarray(self._line_program(theta, move, steps))
        else:
            costs = np.array([self._plain(theta + step * move) for step in steps])
        infinite = np.flatnonzero(~np.isfinite(costs))
        if infinite.size:
            name, _ = self.parameters.place(int(np.flatnonzero(move)[0]))
            raise InputError(_not_finite(float(costs[infinite[0]]), f"in a random direction of {name}"))
        return costs

    def _plain(self, theta: Flat) -> float:
        return float(np.asarray(self._cost(self.parameters.unflattened(theta))))

    def _can_be_traced(self) -> bool:
        # Under vmap, as the program below evaluates points in batches; eval_shape computes nothing.
        pair = jax.ShapeDtypeStruct((2, self.parameters.values.size), jnp.float64)
        try:
            jax.eval_shape(jax.vmap(self.traced), pair)
        except Exception:  # it was called with plain arrays before, so only tracing can fail here
            return False
        return True

    @cached_property
    def _entries_program(self) -> Callable[..., Float[Array, "points"]]:
        def every_point(
            theta: Float[Array, "n"], entries: Int[Array, "points"], values: Float[Array, "points"]
        ) -> Float[Array, "points"]:
            def cost_at(point: tuple[Int[Array, ""], Float[Array, ""]]) -> Float[Array, ""]:
                return self.traced(theta.at[point[0]].set(point[1]))

            return jax.lax.map(cost_at, (entries, values), batch_size=self._batch_size)

        sharded, replicated = PartitionSpec("points"), PartitionSpec()
        program = jax.shard_map(
            every_point,
            mesh=Mesh(np.array(jax.local_devices()), ("points",)),
            in_specs=(replicated, sharded, sharded),
            out_specs=sharded,
            check_vma=False,
        )
        return jax.jit(program)

    @cached_property
    def _line_program(self) -> Callable[..., Float[Array, "steps"]]:
        return jax.jit(lambda theta, move, steps: jax.lax.map(lambda step: self.traced(theta + step * move), steps))

    @cached_property
    def _batch_size(self) -> int:
        """Number of points at once that fit into the memory allowed for them."""
        theta = jax.ShapeDtypeStruct(self.parameters.values.shape, jnp.float64)
        analysis = jax.jit(self.traced).lower(theta).compile().memory_analysis()
        bytes_per_point = 8 * theta.size + (analysis.temp_size_in_bytes if analysis else 0)
        return int(np.clip(_MEMORY // bytes_per_point, 1, _LARGEST_BATCH))


def _called_twice(cost: Cost, parameters: Parameters) -> tuple[float, bool]:
    """Return the cost at the parameters, and True if it computes with fewer than 64 bits.

    Raises:
        InputError: the cost is not a single finite number, or differs between two calls.
    """
    first, second = (called(cost, parameters) for _ in range(2))
    if isinstance(first, tuple | list | dict) or first is None:
        kind = type(first).__name__
        raise InputError(f"the cost returns a {kind}; it must return one number")
    values = [np.asarray(result) for result in (first, second)]
    if values[0].shape != ():
        raise InputError(
            f"the cost returns an array of shape {values[0].shape}; it must return one number, such as their mean"
        )
    if values[0].dtype.kind not in "fiub" and not jnp.issubdtype(values[0].dtype, jnp.floating):
        raise InputError(f"the cost returns a value of type {values[0].dtype}; it must return a real number")
    value, repeated = (float(array) for array in values)
    if not math.isfinite(value):
        raise InputError(f"the cost is {value} at these parameters; it must be a finite number")
    if abs(value - repeated) > _TOLERANCE * abs(value) or not math.isfinite(repeated):
        raise InputError(
            f"the cost is not deterministic: two calls with the same parameters gave {value!r} and {repeated!r}; fix "
            "its mini-batch and its random numbers"
        )
    low_precision = values[0].dtype.kind not in "iub" and values[0].dtype.itemsize < 8
    return value, low_precision


def _with_entry(theta: Flat, entry: int, value: float) -> Flat:
    moved = theta.copy()
    moved[entry] = value
    return moved


def _not_finite(cost: float, where: str) -> str:
    return (
        f"the cost is {cost} a step away {where}, so no difference can be taken; move the parameters or lower epsilon"
    )
