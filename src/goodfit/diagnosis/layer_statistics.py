"""The statistics of a layer from its arrays, as `engine/health.py` takes them inside the engine's own networks."""

import numpy as np
from jaxtyping import Float

from goodfit.record.run import LAYER_STATISTICS

# The same limits as in `engine/health.py`.
_RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
_NEAR_END = 0.01  # share of the range that counts as its end
_FEWEST_EXAMPLES = 8  # of fewer, a unit that fires seldom looks dead
_TOLERANCE = 1e-6  # outputs that differ by less than this share of the largest count as equal


def layer_statistics(
    outputs: Float[np.ndarray, "batch ..."] | None,
    gradient: Float[np.ndarray, "..."] | None,
    weights: Float[np.ndarray, "..."] | None,
    update: float | None,
    activation: str | None,
) -> Float[np.ndarray, "statistics"]:
    """Return the LAYER_STATISTICS of one layer.

    Args:
        outputs: of the layer, examples in rows.
        gradient: dJ/dW.
        weights: W.
        update: norm of the change of W in one step.
        activation: of the layer; None for the inputs and the output layer, and if it is unknown.

    Returns:
        One number for each name of LAYER_STATISTICS: NaN if its array is missing, infinite if the array is not finite
        everywhere.
    """
    statistics = dict.fromkeys(LAYER_STATISTICS, np.nan)
    if outputs is not None:
        statistics |= _output_statistics(outputs.reshape(len(outputs), -1), activation)
    norms = {"gradient": gradient, "weight": weights}
    statistics |= {name: _norm(values) for name, values in norms.items() if values is not None}
    statistics["update"] = np.nan if update is None else update
    return np.array([statistics[name] for name in LAYER_STATISTICS])


def _output_statistics(a: Float[np.ndarray, "batch units"], activation: str | None) -> dict[str, float]:
    if not np.isfinite(a).all():
        return dict.fromkeys(("mean", "deviation", "size", "dead", "saturated"), np.inf)
    # A dead unit gives the same output for every example, whatever that output is.
    dead = (np.ptp(a, axis=0) <= _TOLERANCE * np.abs(a).max(axis=0)).mean()
    saturated = 0.0
    if activation in _RANGES:
        low, high = _RANGES[activation]
        margin = _NEAR_END * (high - low)
        saturated = ((a < low + margin) | (a > high - margin)).mean()
    return {
        "mean": float(a.mean()),
        "deviation": float(a.std()),
        "size": float(np.sqrt(np.square(a).mean())),
        "dead": float(dead) if len(a) >= _FEWEST_EXAMPLES else np.nan,
        "saturated": float(saturated),
    }


def _norm(values: Float[np.ndarray, "..."]) -> float:
    norm = float(np.sqrt(np.square(values).sum()))
    return norm if np.isfinite(norm) else np.inf
