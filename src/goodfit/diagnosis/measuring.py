"""From a layer's raw arrays to the numbers of SEEN, as `train/health.py` takes them of the engine's own networks."""

from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.errors import InputError
from goodfit.record.run import SEEN

# The same limits as in `train/health.py`.
_ENDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
_NEAR = 0.01
_SAME = 1e-6


def read_array(given: Any, what: str) -> Float[np.ndarray, "..."]:
    """The values in float64.

    Raises:
        InputError: no numbers, or none at all.
    """
    try:
        values = np.asarray(given)
        values = values.astype(np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise InputError(
            f"{what} cannot be read as numbers; give a NumPy array (of a PyTorch tensor: tensor.detach().cpu().numpy())"
        ) from None
    if values.size == 0 or values.ndim == 0:
        raise InputError(f"{what} is empty or a single number (shape {values.shape}); give the layer's whole array")
    return values


def seen(
    outputs: Float[np.ndarray, "batch ..."] | None,
    gradient: Float[np.ndarray, "..."] | None,
    weights: Float[np.ndarray, "..."] | None,
    update: float | None,
    activation: str | None,
) -> Float[np.ndarray, "seen"]:
    """The numbers of SEEN; NaN where an array is missing, infinite where it holds anything that is no number.

    Args:
        outputs: of the layer, examples in rows.
        gradient: dJ/dW.
        weights: W.
        update: norm of the change of W in a step.
        activation: of the layer; None for the inputs, the output and where it is unknown.
    """
    row = dict.fromkeys(SEEN, np.nan)
    if outputs is not None:
        row |= _signal(outputs.reshape(len(outputs), -1), activation)
    norms = {"gradient": gradient, "weight": weights}
    row |= {name: _norm(values) for name, values in norms.items() if values is not None}
    row["update"] = np.nan if update is None else update
    return np.array([row[name] for name in SEEN])


def _signal(a: Float[np.ndarray, "batch units"], activation: str | None) -> dict[str, float]:
    if not np.isfinite(a).all():
        return dict.fromkeys(("mean", "deviation", "size", "dead", "saturated"), np.inf)
    dead = (np.ptp(a, axis=0) <= _SAME * np.abs(a).max(axis=0)).mean()
    saturated = 0.0
    if activation in _ENDS:
        low, high = _ENDS[activation]
        near = _NEAR * (high - low)
        saturated = ((a < low + near) | (a > high - near)).mean()
    size = float(np.sqrt(np.square(a).mean()))
    return {
        "mean": float(a.mean()),
        "deviation": float(a.std()),
        "size": size,
        "dead": float(dead),
        "saturated": float(saturated),
    }


def _norm(values: Float[np.ndarray, "..."]) -> float:
    norm = float(np.sqrt(np.square(values).sum()))
    return norm if np.isfinite(norm) else np.inf
