"""A pytree of parameters as one flat vector of float64, and back; each leaf is a block with a name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import keystr, tree_flatten_with_path
from jaxtyping import Array, Float

from goodfit.errors import InputError

Pytree = Any
Flat = Float[np.ndarray, "n"]


@dataclass(frozen=True)
class Parameters:
    """The seed's one big vector theta, and where each block lies in it.

    Attributes:
        names: of the blocks: the path of each leaf, as `layers.0.W`.
        shapes: of the blocks.
        starts: where each begins in the vector, and the vector's length at the end.
        structure: of the pytree.
        in_jax: which blocks were given as JAX arrays; the functions to check get back what they know.
        values: theta.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]
    structure: Any
    in_jax: tuple[bool, ...]
    values: Flat

    @property
    def blocks(self) -> list[slice]:
        """Where each block lies."""
        return [slice(*ends) for ends in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def traced(self, flat: Float[Array, "n"]) -> Pytree:
        """The vector as the pytree, inside a traced function."""
        leaves = [flat[block].reshape(shape) for block, shape in zip(self.blocks, self.shapes, strict=True)]
        return jax.tree.unflatten(self.structure, leaves)

    def given(self, flat: Flat) -> Pytree:
        """A copy of the vector as the pytree, each leaf in the library it was given in."""
        leaves = [flat[block].reshape(shape).copy() for block, shape in zip(self.blocks, self.shapes, strict=True)]
        kept = [jnp.asarray(leaf) if jaxed else leaf for leaf, jaxed in zip(leaves, self.in_jax, strict=True)]
        return jax.tree.unflatten(self.structure, kept)

    def place(self, index: int) -> tuple[str, tuple[int, ...]]:
        """The block of an entry of the vector, and its index there."""
        block = int(np.searchsorted(self.starts, index, side="right")) - 1
        inner = np.unravel_index(index - self.starts[block], self.shapes[block])
        return self.names[block], tuple(int(i) for i in inner)


def read_parameters(params: Pytree) -> Parameters:
    """Take in a pytree of floating-point arrays.

    Raises:
        InputError: it is empty, holds NaN, or a leaf is no array of floating-point numbers.
    """
    named, structure = tree_flatten_with_path(params)
    names = [_name(path) for path, _ in named]
    leaves = [_read("parameter", name, leaf) for name, (_, leaf) in zip(names, named, strict=True)]
    sizes = [leaf.size for leaf in leaves]
    if not sum(sizes):
        raise InputError("there are no parameters to check; give a pytree of arrays, such as {'W': ..., 'b': ...}")
    return Parameters(
        names=tuple(names),
        shapes=tuple(leaf.shape for leaf in leaves),
        starts=(0, *np.cumsum(sizes).tolist()),
        structure=structure,
        in_jax=tuple(isinstance(leaf, jax.Array) for _, leaf in named),
        values=np.concatenate([leaf.reshape(-1) for leaf in leaves]),
    )


def gradients_of(grads: Pytree | Callable[[Pytree], Pytree], parameters: Parameters) -> tuple[Flat, bool]:
    """Gradients, given or by a function, as one vector, and whether all are of full precision.

    Raises:
        InputError: another structure or shape than the parameters, NaN, or no floating-point numbers.
    """
    named, structure = tree_flatten_with_path(called(grads, parameters) if callable(grads) else grads)
    names = [_name(path) for path, _ in named]
    if structure != parameters.structure:
        raise InputError(f"the gradients have another structure than the parameters{_apart(names, parameters.names)}")
    leaves = [_read("gradient", name, leaf) for name, (_, leaf) in zip(names, named, strict=True)]
    for name, leaf, shape in zip(names, leaves, parameters.shapes, strict=True):
        if leaf.shape != shape:
            raise InputError(f"the gradient of {name} has shape {leaf.shape}, its parameter {shape}; they must agree")
    exact = all(np.asarray(leaf).dtype.itemsize >= 8 for _, leaf in named)
    return np.concatenate([leaf.reshape(-1) for leaf in leaves]), exact


def called(function: Callable[[Pytree], Any], parameters: Parameters) -> Any:
    """What a function gives at the parameters: traced anew where JAX can trace it, else called as it is.

    JAX 0.10 confuses constants of 32 and 64 bits in operations outside a compiled program, once it has traced the same
    ones with 32 bits inside of one.
    """
    given = parameters.given(parameters.values)
    try:
        return jax.jit(lambda given: function(given))(given)
    except Exception:  # NumPy cannot compute with tracers; what is wrong otherwise raises again
        return function(given)


def layer_of(name: str) -> tuple[int, ...]:
    """The numbers in a block's name: they order layers, whatever the names around them.

    >>> layer_of("layers.10.W") > layer_of("layers.9.W"), layer_of("W2")
    (True, (2,))
    """
    return tuple(int(number) for number in re.findall(r"\d+", name))


def _name(path: tuple[Any, ...]) -> str:
    return keystr(path, simple=True, separator=".") or "theta"


def _read(what: str, name: str, leaf: Any) -> Float[np.ndarray, "..."]:
    array = np.asarray(leaf)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        kind = "integer" if jnp.issubdtype(array.dtype, jnp.integer) else "other"
        remedy = "convert it to floating-point numbers" if kind == "integer" else "give an array of real numbers"
        raise InputError(f"{what} {name} is of {kind} type {array.dtype}; {remedy}")
    wide = array.astype(np.float64)
    if not np.isfinite(wide).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(wide))[0])
        raise InputError(f"{what} {name} is {wide[where]} at {list(where)}; it must be a finite number everywhere")
    return wide


def _apart(names: list[str], wanted: tuple[str, ...]) -> str:
    lacking = [name for name in wanted if name not in names]
    needless = [name for name in names if name not in wanted]
    if lacking:
        return f": {lacking[0]} has none; give one array for each parameter"
    if needless:
        return f": {needless[0]} is no parameter; give one array for each parameter"
    return "; give the same containers with an array for each parameter"
