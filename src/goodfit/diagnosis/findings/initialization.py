"""Bad first weights (course notes: weight initialization): all zero, all units alike, or far too large or small."""

import math

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings import inputs, regularization
from goodfit.diagnosis.findings.looks import largest, looked, sensible_rate, weights_by_he, widths
from goodfit.diagnosis.findings.remedies import reset
from goodfit.diagnosis.findings.signs import cost_left, cost_words, stuck
from goodfit.wording.numbers import percent, times

ID = "bad-initialization"
NAME = "bad initialization"
_ALIKE = 0.9  # of a layer's columns that equal another one; units that were drawn never do
_NOTHING = 1e-30  # weights that L1 or decay took all away are alike for that reason
_SAME = 1e-5  # of the usual column
_STEPS = 200  # of the first epoch, in which sensible rates hardly change a norm: healthy ones stay within 0.6 to 1.1
_TOO_LARGE = 2.0  # times He's norm
_TOO_SMALL = 0.6  # times the smallest usual norm
_PYTORCH = math.sqrt(1 / 6)  # its linear layers' default over He's, variance 1/(3n) over 2/n
_FEWEST = 32  # weights whose norm is near its mean
_LEFT = 0.05  # of the constant guess's cost


def find(case: Observation) -> Finding | None:
    """Weights that are zero or alike, or far from the size that any usual initialization gives."""
    found = _zero(case) or _alike(case) or _size(case)
    if found is None:
        return None
    sentence, evidence, layer = found
    fresh = Remedy(
        "random-weights",
        "draw the weights at random with variance 2/n (He) for ReLUs, 1/n (Xavier) for tanh",
        "random weights tell the units apart, and that variance keeps the signal's size from layer to layer",
        {},
    )
    return Finding(ID, NAME, 1, 0.95, sentence, evidence, (fresh, *reset(case)), layer=layer, epoch=1)


def _zero(case: Observation) -> tuple[str, dict[str, float], str] | None:
    """A hidden layer whose weights are still zero after the first epoch; a penalty does that only later."""
    health = looked(case)
    if health is None or len(health.layers) < 3:
        return None
    zero = np.flatnonzero(health.of("weight")[0, 1:-1] == 0)
    if len(zero) == 0:
        return None
    layer = health.layers[1 + zero[0]]
    said = f"All weights of {layer} are zero at epoch {health.epochs[0]}: its units are all the same and stay so."
    return said, {"zero_layers": float(len(zero))}, layer


def _alike(case: Observation) -> tuple[str, dict[str, float], str] | None:
    """A hidden layer whose columns are equal: the units compute the same and get the same gradient."""
    weights, health = case.signals.weights, looked(case)
    if not weights:
        return None
    hidden = sorted((key for key in weights if key.endswith(".W")), key=lambda key: int(key.split(".")[1]))[:-1]
    for place, key in enumerate(hidden):
        share = _share_alike(np.asarray(weights[key], np.float64))
        if share >= _ALIKE:
            layer = health.layers[1 + place] if health else f"layer {place + 1}"
            said = f"{percent(share)} of the units of {layer} have the weights of another one: they learn the same."
            return said, {"alike": share}, layer
    return None


def _share_alike(weights: np.ndarray) -> float:
    """Of the columns that are not zero, the share that equals another one."""
    columns = weights.reshape(-1, weights.shape[-1]).T
    sizes = np.abs(columns).max(axis=1)
    alive = sizes > _NOTHING
    if not np.isfinite(sizes).all() or alive.sum() < 2:
        return 0.0
    columns = columns[alive]
    step = np.median(sizes[alive]) * _SAME
    _, counts = np.unique(np.round(columns / step), axis=0, return_counts=True)
    return float(counts[counts > 1].sum() / len(columns))


def _size(case: Observation) -> tuple[str, dict[str, float], str] | None:
    """First weights of another size than any usual initialization gives."""
    health, sizes, units = looked(case), weights_by_he(case), widths(case)
    if health is None or sizes is None or units is None:
        return None
    before = health.epochs[0] == 0
    if not before and (not sensible_rate(case) or inputs.find(case) is not None or _steps(case) > _STEPS):
        return None  # each of these changes weights much within an epoch
    size, place = largest(sizes[0]), int(np.nan_to_num(sizes[0], posinf=0).argmax())
    if not size > _TOO_LARGE:
        found = _small(case, sizes[0], units)
        if found is None:
            return None
        size, place = found
    layer, when = health.layers[1 + place], "before training" if before else f"after epoch {health.epochs[0]}"
    said = f"The weights of {layer} are {times(size)} He's initialization {when}, and {cost_words(case)}."
    return said, {"weights_by_he": size, "cost_left": cost_left(case) or np.nan}, layer


def _small(case: Observation, sizes: Float[np.ndarray, "layers"], units: list[int]) -> tuple[float, int] | None:
    """The smallest hidden layer, if it is below what PyTorch's and Glorot's draws give, and something is left to learn.

    Batch norm undoes the size of the weights before it, and a strong penalty shrinks them at once.
    """
    undone = case.plan is not None and (case.plan.batch_norm == "before" or regularization.strong(case))
    if undone or not stuck(case, _LEFT):
        return None
    inside, outside = np.array(units[:-2], np.float64), np.array(units[1:-1], np.float64)
    usual = np.minimum(_PYTORCH, np.sqrt(inside / (inside + outside)))
    low = (sizes[:-1] < _TOO_SMALL * usual) & (inside * outside >= _FEWEST)
    if not low.any():
        return None
    place = int(np.where(low, sizes[:-1], np.inf).argmin())
    return float(sizes[place]), place


def _steps(case: Observation) -> float:
    """Steps of the first epoch; none where nobody counted them."""
    steps = np.asarray(case.signals.history.get("step", ()), np.float64)
    return float(steps[0]) if len(steps) else 0.0
