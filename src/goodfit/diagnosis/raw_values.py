"""Numbers and arrays of other frameworks, read and checked."""

from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.program_facts import NonFinite
from goodfit.errors import InputError

LayerArrays = dict[str, dict[str, np.ndarray]]  # by kind, then by layer
MOST_PLACES = 10  # rows and columns of values that are not finite
_FEWEST_EXAMPLES = 16  # a column's mean and deviation are judged from so many on


def read_array(array: Any, description: str) -> Float[np.ndarray, "..."]:
    """Return an array-like in float64.

    Args:
        array: of NumPy, JAX, PyTorch, or nested sequences of numbers.
        description: names the array in errors.

    Raises:
        InputError: it holds no numbers, or is a single number.
    """
    try:
        values = np.asarray(array)
        values = values.astype(np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise InputError(
            f"{description} cannot be read as numbers; give a NumPy array "
            "(for a PyTorch tensor: tensor.detach().cpu().numpy())"
        ) from None
    if values.size == 0 or values.ndim == 0:
        raise InputError(
            f"{description} is empty or a single number (shape {values.shape}); give the layer's whole array"
        )
    return values


def read_number(name: str, value: Any) -> float:
    """Return a number in float: NaN if it is missing, infinite if it is undefined.

    Raises:
        InputError: `float` cannot read it.
    """
    if value is None:
        return np.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is {value!r}; it must be a number") from None
    return number if np.isfinite(number) else np.inf


def fits_earlier(kind: str, shape: tuple[int, ...], earlier: tuple[int, ...]) -> bool:
    """Return True if an array may be of the same layer as an earlier one of another shape.

    Args:
        kind: "activations", "weights" or "gradients".
        shape: of activations without the batch; sequences may be of any length and images of any size.
        earlier: the shape of the earlier array.
    """
    return shape == earlier or (kind == "activations" and len(shape) == len(earlier) > 1)


def merged_layers(layers: list[str], arrays: LayerArrays) -> list[str]:
    """Return the layers in network order; a new one goes right behind the layer that precedes it in its mapping."""
    merged = list(layers)
    for by_layer in arrays.values():
        place = 0
        for layer in by_layer:
            if layer == "inputs":
                continue
            if layer not in merged:
                merged.insert(place, layer)
            place = merged.index(layer) + 1
    return merged


def column_moments(inputs: Float[np.ndarray, "batch ..."]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return mean and deviation of each column; None if there are too few examples, or not all are finite."""
    if inputs.ndim != 2 or len(inputs) < _FEWEST_EXAMPLES or not np.isfinite(inputs).all():
        return None
    return inputs.mean(axis=0), inputs.std(axis=0)


def non_finite(inputs: Float[np.ndarray, "batch ..."]) -> NonFinite | None:
    """Return the number and the places of the values that are not finite numbers; None if all are."""
    places = np.argwhere(~np.isfinite(inputs))
    if not len(places):
        return None
    columns = np.unique(places[:, 1])[:MOST_PLACES].tolist() if inputs.ndim == 2 else []
    return NonFinite(len(places), tuple(np.unique(places[:, 0])[:MOST_PLACES].tolist()), tuple(columns))
