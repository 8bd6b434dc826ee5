"""A cost at many points: one compiled program where JAX can trace it, else a loop.

This is the check's own program; the engine's training is compiled in `train/stack.py` alone.
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

_LARGEST_BATCH = 64  # points at once; on 2 cores 18,000 points took 0.69 s one by one, 0.43 by 64s and 0.53 by 256s
_MEMORY = 256 << 20  # bytes that they may take
_SAME = 1e-14  # two calls of a deterministic cost agree to this share


class Surface:
    """A cost over its parameters.

    Attributes:
        parameters: where it is looked at.
        value: the cost there.
        low: whether it computes with fewer than 64 bits.
        traceable: whether JAX can trace it; else points are taken one by one.

    Raises:
        InputError: the cost is no single number, NaN, infinite, or not the same twice.
    """

    def __init__(self, cost: Cost, parameters: Parameters) -> None:
        self._cost, self.parameters = cost, parameters
        self.value, self.low = _called_twice(cost, parameters)
        self.traceable = self._can_be_traced()

    def traced(self, theta: Float[Array, "n"]) -> Float[Array, ""]:
        """The cost of the flat vector, inside a traced function."""
        return jnp.asarray(self._cost(self.parameters.traced(theta)), jnp.float64)

    def gradient(self) -> Flat:
        """By automatic differentiation, where the cost can be traced."""
        return np.asarray(jax.jit(jax.grad(self.traced))(self.parameters.values))

    def at_entries(
        self, entries: Int[np.ndarray, "points"], values: Float[np.ndarray, "points"]
    ) -> Float[np.ndarray, "points"]:
        """The cost with one entry of the parameters set to a value, point by point.

        Raises:
            InputError: the cost is NaN or infinite there.
        """
        theta = self.parameters.values
        if self.traceable:
            # whole batches on every device: for a rest another program would be compiled
            spare = -len(entries) % (self._batch_size * len(jax.local_devices()))
            padded = np.pad(entries, (0, spare)), np.pad(values, (0, spare), constant_values=theta[0])
            costs = np.asarray(self._entries_program(theta, *padded))[: len(entries)]
        else:
            costs = np.array([self._plain(_with(theta, *one)) for one in zip(entries.tolist(), values, strict=True)])
        bad = np.flatnonzero(~np.isfinite(costs))
        if bad.size:
            name, index = self.parameters.place(int(entries[bad[0]]))
            raise InputError(_infinite(float(costs[bad[0]]), f"from {name}{list(index) if index else ''}"))
        return costs

    def at_moves(self, move: Flat, steps: Float[np.ndarray, "steps"]) -> Float[np.ndarray, "steps"]:
        """The cost at each step along one direction.

        Raises:
            InputError: the cost is NaN or infinite there.
        """
        theta = self.parameters.values
        if self.traceable:
            costs = np.asarray(self._line_program(theta, move, steps))
        else:
            costs = np.array([self._plain(theta + step * move) for step in steps])
        bad = np.flatnonzero(~np.isfinite(costs))
        if bad.size:
            name, _ = self.parameters.place(int(np.flatnonzero(move)[0]))
            raise InputError(_infinite(float(costs[bad[0]]), f"in a random direction of {name}"))
        return costs

    def _plain(self, theta: Flat) -> float:
        return float(np.asarray(self._cost(self.parameters.given(theta))))

    def _can_be_traced(self) -> bool:
        two = jax.ShapeDtypeStruct((2, self.parameters.values.size), jnp.float64)
        try:
            jax.eval_shape(jax.vmap(self.traced), two)
        except Exception:  # with plain arrays it was called before, so whatever fails here fails for tracing alone
            return False
        return True

    @cached_property
    def _entries_program(self) -> Callable[..., Float[Array, "points"]]:
        def every_point(
            theta: Float[Array, "n"], entries: Int[Array, "points"], values: Float[Array, "points"]
        ) -> Float[Array, "points"]:
            def one(point: tuple[Int[Array, ""], Float[Array, ""]]) -> Float[Array, ""]:
                return self.traced(theta.at[point[0]].set(point[1]))

            return jax.lax.map(one, (entries, values), batch_size=self._batch_size)

        spread, whole = PartitionSpec("points"), PartitionSpec()
        sharded = jax.shard_map(
            every_point,
            mesh=Mesh(np.array(jax.local_devices()), ("points",)),
            in_specs=(whole, spread, spread),
            out_specs=spread,
            check_vma=False,
        )
        return jax.jit(sharded)

    @cached_property
    def _line_program(self) -> Callable[..., Float[Array, "steps"]]:
        return jax.jit(lambda theta, move, steps: jax.lax.map(lambda step: self.traced(theta + step * move), steps))

    @cached_property
    def _batch_size(self) -> int:
        """Points at once that fit into the memory set apart for them."""
        theta = jax.ShapeDtypeStruct(self.parameters.values.shape, jnp.float64)
        used = jax.jit(self.traced).lower(theta).compile().memory_analysis()
        each = 8 * theta.size + (used.temp_size_in_bytes if used else 0)
        return int(np.clip(_MEMORY // each, 1, _LARGEST_BATCH))


def _called_twice(cost: Cost, parameters: Parameters) -> tuple[float, bool]:
    """The cost at the parameters, and whether it computes with fewer than 64 bits.

    Raises:
        InputError: it is no single number, NaN, infinite, or not the same twice.
    """
    first, second = (called(cost, parameters) for _ in range(2))
    if isinstance(first, tuple | list | dict) or first is None:
        kind = type(first).__name__
        raise InputError(f"the cost returns a {kind} and not one number; return the cost alone")
    values = [np.asarray(value) for value in (first, second)]
    if values[0].shape != ():
        raise InputError(
            f"the cost returns an array of shape {values[0].shape} and not one number; take its mean or sum"
        )
    if values[0].dtype.kind not in "fiub" and not jnp.issubdtype(values[0].dtype, jnp.floating):
        raise InputError(f"the cost returns a value of type {values[0].dtype}; it must be a real number")
    one, two = (float(value) for value in values)
    if not math.isfinite(one):
        raise InputError(f"the cost is {one} at these parameters; it must be a finite number")
    if abs(one - two) > _SAME * abs(one) or not math.isfinite(two):
        told = f"two calls with the same parameters gave {one!r} and {two!r}"
        raise InputError(f"the cost is not deterministic: {told}; fix its mini-batch and its random numbers")
    low = values[0].dtype.kind not in "iub" and values[0].dtype.itemsize < 8
    return one, low


def _with(theta: Flat, entry: int, value: float) -> Flat:
    moved = theta.copy()
    moved[entry] = value
    return moved


def _infinite(cost: float, where: str) -> str:
    return (
        f"the cost is {cost} a step away {where}, so no difference can be taken; move the parameters or lower epsilon"
    )
