"""Conversion of a pytree of parameters to one flat float64 vector and back; each leaf is a block with a name."""

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
    """The vector theta of the course notes (gradient checking), with the place of each block in it.

    Attributes:
        names: path of each leaf in the pytree, such as `layers.0.W`.
        shapes: of each block.
        starts: index of each block's first entry, then the length of the vector.
        structure: of the pytree.
        in_jax: True for each block that was given as a JAX array; the checked functions get it back as one.
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
        """Slice of each block in the vector."""
        return [slice(*ends) for ends in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def traced(self, flat: Float[Array, "n"]) -> Pytree:
        """Return a vector as the pytree, inside a traced function."""
        leaves = [flat[block].reshape(shape) for block, shape in zip(self.blocks, self.shapes, strict=True)]
        return jax.tree.unflatten(self.structure, leaves)

    def unflattened(self, flat: Flat) -> Pytree:
        """Return a copy of a vector as the pytree, each leaf in the library in which the parameters were given."""
        # Copies, so that a cost that writes into its parameters does not change theta.
        leaves = [flat[block].reshape(shape).copy() for block, shape in zip(self.blocks, self.shapes, strict=True)]
        converted = [jnp.asarray(leaf) if in_jax else leaf for leaf, in_jax in zip(leaves, self.in_jax, strict=True)]
        return jax.tree.unflatten(self.structure, converted)

    def place(self, index: int) -> tuple[str, tuple[int, ...]]:
        """Return the name of the block that an entry of the vector belongs to, and its index in that block."""
        block = int(np.searchsorted(self.starts, index, side="right")) - 1
        inner = np.unravel_index(index - self.starts[block], self.shapes[block])
        return self.names[block], tuple(int(i) for i in inner)


def read_parameters(params: Pytree) -> Parameters:
    """Read a pytree of floating-point arrays.

    Raises:
        InputError: it has no entries, an entry is not finite, or a leaf is not an array of floating-point numbers.
    """
    named, structure = tree_flatten_with_path(params)
    names = [_name(path) for path, _ in named]
    leaves = [_read("parameter", name, leaf) for name, (_, leaf) in zip(names, named, strict=True)]
    sizes = [leaf.size for leaf in leaves]
    if not sum(sizes):
        raise InputError("there are no parameters to check; pass a pytree of arrays, such as {'W': ..., 'b': ...}")
    return Parameters(
        names=tuple(names),
        shapes=tuple(leaf.shape for leaf in leaves),
        starts=(0, *np.cumsum(sizes).tolist()),
        structure=structure,
        in_jax=tuple(isinstance(leaf, jax.Array) for _, leaf in named),
        values=np.concatenate([leaf.reshape(-1) for leaf in leaves]),
    )


def gradients_of(grads: Pytree | Callable[[Pytree], Pytree], parameters: Parameters) -> tuple[Flat, bool]:
    """Return gradients as one vector, and True if all of them have 64 bits.

    Args:
        grads: a pytree like the parameters, or a function of the parameters that returns one.
        parameters: at which a function is called.

    Raises:
        InputError: structure or shapes differ from the parameters', an entry is not finite, or a leaf is not an array
            of floating-point numbers.
    """
    named, structure = tree_flatten_with_path(called(grads, parameters) if callable(grads) else grads)
    names = [_name(path) for path, _ in named]
    if structure != parameters.structure:
        raise InputError(
            f"the gradients' structure differs from that of the parameters{_structure_hint(names, parameters.names)}"
        )
    leaves = [_read("gradient", name, leaf) for name, (_, leaf) in zip(names, named, strict=True)]
    for name, leaf, shape in zip(names, leaves, parameters.shapes, strict=True):
        if leaf.shape != shape:
            raise InputError(
                f"the gradient of {name} has shape {leaf.shape}, but its parameter has shape {shape}; they must agree"
            )
    exact = all(np.asarray(leaf).dtype.itemsize >= 8 for _, leaf in named)
    return np.concatenate([leaf.reshape(-1) for leaf in leaves]), exact


def called(function: Callable[[Pytree], Any], parameters: Parameters) -> Any:
    """Return the value of a function at the parameters: traced anew if JAX can trace it, else called as it is.

    The lambda makes JAX trace anew: outside a compiled program, JAX 0.10 confuses constants of 32 and 64 bits once it
    has traced the same operations with 32 bits inside one.
    """
    params = parameters.unflattened(parameters.values)
    try:
        return jax.jit(lambda params: function(params))(params)
    except Exception:  # NumPy cannot compute with tracers; any other error is raised again by the plain call
        return function(params)


def _name(path: tuple[Any, ...]) -> str:
    return keystr(path, simple=True, separator=".") or "theta"  # a lone array has no path


def _read(role: str, name: str, leaf: Any) -> Float[np.ndarray, "..."]:
    """Return a leaf in float64; `role` is "parameter" or "gradient".

    Raises:
        InputError: it is not an array of floating-point numbers, or an entry is not finite.
    """
    array = np.asarray(leaf)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        integer = jnp.issubdtype(array.dtype, jnp.integer)
        remedy = "convert it to floating-point numbers" if integer else "pass an array of real numbers"
        raise InputError(f"{role} {name} has {'integer ' if integer else ''}type {array.dtype}; {remedy}")
    wide = array.astype(np.float64)
    if not np.isfinite(wide).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(wide))[0])
        raise InputError(f"{role} {name} is {wide[index]} at {list(index)}; all entries must be finite")
    return wide


def _structure_hint(names: list[str], expected: tuple[str, ...]) -> str:
    """Return the first leaf that is missing or too many, and what to do."""
    missing = [name for name in expected if name not in names]
    superfluous = [name for name in names if name not in expected]
    if missing:
        return f": {missing[0]} has no gradient; pass one array for each parameter"
    if superfluous:
        return f": {superfluous[0]} is not a parameter; pass one array for each parameter"
    return "; pass the same containers with an array for each parameter"
