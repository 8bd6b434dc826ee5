"""Bad initialization: first weights that are all zero, equal between units, or far too large or small.

The evidence is a layer of zero weights, units that equal each other, or a norm far from that of the usual draws. The
remedy is random weights with variance 2/n for ReLU (He et al. 2015) or 1/n for tanh (Glorot & Bengio 2010; course
notes: weight initialization).
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings import inputs, regularization
from goodfit.diagnosis.findings.costs import cost_clause, cost_share, has_learned
from goodfit.diagnosis.findings.layers import (
    is_rate_sensible,
    largest,
    layer_widths,
    recorded_health,
    weights_over_he,
)
from goodfit.diagnosis.findings.remedies import default_network
from goodfit.wording.numbers import percent, times

ID = "bad-initialization"
NAME = "bad initialization"
# Set on the tuning half of `benchmarks/doctor.py`, unless another origin is named.
_ALIKE = 0.9  # share of a layer's units that equal another one; random units never do
_NOTHING = 1e-30  # weights that L1 or decay took away are equal for that reason
_TOLERANCE = 1e-5  # of the largest weight of a usual unit
_FIRST_STEPS = 200  # sensible rates hardly change a norm in so few: healthy ones stay within 0.6 to 1.1 of the first
_TOO_LARGE = 2.0  # times He's norm
_TOO_SMALL = 0.6  # times the smallest usual norm
_PYTORCH = math.sqrt(1 / 6)  # default of PyTorch's linear layers over He's: variance 1/(3n) over 2/n
_FEWEST_WEIGHTS = 32  # so that a layer's norm is close to its expectation


class _Symptom(NamedTuple):
    """A sentence on the first weights, its numbers, and the layer."""

    sentence: str
    evidence: dict[str, float]
    layer: str


def find(observation: Observation) -> Finding | None:
    """Return the finding if first weights are zero or equal, or of a size that no usual initialization gives."""
    symptom = _zero_weights(observation) or _equal_units(observation) or _unusual_size(observation)
    if symptom is None:
        return None
    random_weights = Remedy(
        "random-weights",
        "draw the weights at random with variance 2/n (He) for ReLU, 1/n (Xavier) for tanh",
        "random weights make units differ, and that variance keeps the size of the signal from layer to layer",
        {},
    )
    remedies = (random_weights, *default_network(observation))
    return Finding(ID, NAME, 1, 0.95, symptom.sentence, symptom.evidence, remedies, layer=symptom.layer, epoch=1)


def _zero_weights(observation: Observation) -> _Symptom | None:
    """Return the first hidden layer whose weights are zero at the first look; a penalty needs longer for that."""
    health = recorded_health(observation)
    if health is None or len(health.layers) < 3:
        return None
    zero = np.flatnonzero(health.of("weight")[0, 1:-1] == 0)
    if len(zero) == 0:
        return None
    layer = health.layers[1 + zero[0]]
    sentence = f"All weights of {layer} are zero at epoch {health.epochs[0]}: its units are equal and stay so."
    return _Symptom(sentence, {"zero_layers": float(len(zero))}, layer)


def _equal_units(observation: Observation) -> _Symptom | None:
    """Return the first hidden layer with equal units: they compute the same and get the same gradient."""
    weights, health = observation.signals.weights, recorded_health(observation)
    if not weights:
        return None
    hidden = sorted((key for key in weights if key.endswith(".W")), key=lambda key: int(key.split(".")[1]))[:-1]
    for place, key in enumerate(hidden):
        share = _share_alike(np.asarray(weights[key], np.float64))
        if share >= _ALIKE:
            layer = health.layers[1 + place] if health else f"layer {place + 1}"
            sentence = (
                f"{percent(share)} of the units of {layer} have the same weights as another unit: they learn the same."
            )
            return _Symptom(sentence, {"alike": share}, layer)
    return None


def _share_alike(weights: np.ndarray) -> float:
    """Return the share of the nonzero columns that equal another column."""
    columns = weights.reshape(-1, weights.shape[-1]).T
    sizes = np.abs(columns).max(axis=1)
    alive = sizes > _NOTHING
    if not np.isfinite(sizes).all() or alive.sum() < 2:
        return 0.0
    columns = columns[alive]
    step = np.median(sizes[alive]) * _TOLERANCE
    _, counts = np.unique(np.round(columns / step), axis=0, return_counts=True)
    return float(counts[counts > 1].sum() / len(columns))


def _unusual_size(observation: Observation) -> _Symptom | None:
    """Return the layer whose first weights are larger or smaller than any usual initialization makes them."""
    health, sizes, widths = recorded_health(observation), weights_over_he(observation), layer_widths(observation)
    learned_elsewhere = observation.plan is None and has_learned(observation)
    if health is None or sizes is None or widths is None or learned_elsewhere:
        return None
    if observation.program is not None and observation.program.inputs.scaling == "embedding":
        # A table of vectors to look up, and an output that shares it, which He's initialization is not for.
        norms = health.of("weight")[:, 1:]
        sizes = np.where(np.isclose(norms, norms[:, :1], rtol=1e-6, equal_nan=True).all(axis=0), np.nan, sizes)
    untrained = health.epochs[0] == 0
    if not untrained and _changed_since(observation):
        return None
    size, place = largest(sizes[0]), int(np.nan_to_num(sizes[0], posinf=0).argmax())
    if not size > _TOO_LARGE:
        smallest = _smallest_layer(observation, sizes[0], widths)
        if smallest is None:
            return None
        size, place = smallest
    layer, when = health.layers[1 + place], "before training" if untrained else f"after epoch {health.epochs[0]}"
    sentence = f"The weights of {layer} are {times(size)} He's initialization {when}, and {cost_clause(observation)}."
    return _Symptom(sentence, {"weights_over_he": size, "cost_share": cost_share(observation) or np.nan}, layer)


def _changed_since(observation: Observation) -> bool:
    """Return True if the weights of the first look may be far from the initial ones."""
    return (
        not is_rate_sensible(observation)
        or inputs.find(observation) is not None
        or _steps_in_first_epoch(observation) > _FIRST_STEPS
    )


def _smallest_layer(
    observation: Observation, sizes: Float[np.ndarray, "layers"], widths: list[int]
) -> tuple[float, int] | None:
    """Return size and index of the smallest hidden layer, if PyTorch's and Glorot's draws are never so small.

    None if nothing is left to learn, or if the size does not matter: batch norm cancels the size of the weights before
    it, and a strong penalty shrinks them at once.
    """
    plan = observation.plan
    canceled = plan is not None and (plan.batch_norm == "before" or regularization.is_strong(observation))
    if canceled or has_learned(observation):
        return None
    fan_in, fan_out = np.array(widths[:-2], np.float64), np.array(widths[1:-1], np.float64)
    # Glorot's variance 2/(n + units) over He's 2/n.
    usual = np.minimum(_PYTORCH, np.sqrt(fan_in / (fan_in + fan_out)))
    low = (sizes[:-1] < _TOO_SMALL * usual) & (fan_in * fan_out >= _FEWEST_WEIGHTS)
    if not low.any():
        return None
    place = int(np.where(low, sizes[:-1], np.inf).argmin())
    return float(sizes[place]), place


def _steps_in_first_epoch(observation: Observation) -> float:
    """Return the number of steps at the first look; 0 if they were not counted."""
    steps = np.asarray(observation.signals.history.get("step", ()), np.float64)
    return float(steps[0]) if len(steps) else 0.0
