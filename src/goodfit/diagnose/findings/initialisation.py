"""Bad first weights (seed: weight initialisation): all zero, all units alike, or far too large."""

import numpy as np

from goodfit.diagnose.finding import Case, Finding, Remedy
from goodfit.diagnose.findings import inputs
from goodfit.diagnose.findings.looks import largest, looked, sensible_rate, weights_by_he
from goodfit.diagnose.findings.remedies import reset
from goodfit.diagnose.findings.signs import cost_left, guess_cost, series
from goodfit.diagnose.words import percent

NAME = "bad initialisation"
_ALIKE = 0.9  # of a layer's columns that equal another one; units that were drawn never do
_SAME = 1e-5  # of the usual column
_TOO_LARGE = 4.0  # times He's deviation after the first epoch; sensible rates hardly move the norm in one
_THROWN = 2.0  # times the constant guess's cost after the first epoch
_THROWN_ON = 10.0  # times that; a cost that rises further does so by the learning rate


def find(case: Case) -> Finding | None:
    """Weights that are zero or alike, or so large that the first costs are far above a constant guess's."""
    found = _zero(case) or _alike(case) or _large(case)
    if found is None:
        return None
    sentence, evidence, layer = found
    fresh = Remedy(
        "draw the weights at random with variance 2/n (He) for ReLUs, 1/n (Xavier) for tanh",
        "random weights tell the units apart, and that variance keeps the signal's size from layer to layer",
        {},
    )
    return Finding(NAME, 1, 0.95, sentence, evidence, (fresh, *reset(case)), layer=layer, epoch=1)


def _zero(case: Case) -> tuple[str, dict[str, float], str] | None:
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


def _alike(case: Case) -> tuple[str, dict[str, float], str] | None:
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
    if not np.isfinite(sizes).all() or (sizes > 0).sum() < 2:
        return 0.0
    columns = columns[sizes > 0]
    step = np.median(sizes) * _SAME
    _, counts = np.unique(np.round(columns / step), axis=0, return_counts=True)
    return float(counts[counts > 1].sum() / len(columns))


def _large(case: Case) -> tuple[str, dict[str, float], str] | None:
    """Weights several times those of He, and first costs far above a constant guess's that only fall."""
    health, sizes = looked(case), weights_by_he(case)
    costs, guess = series(case, "train_cost").values, guess_cost(case.data)
    if health is None or sizes is None or guess is None or len(costs) == 0:
        return None
    before = health.epochs[0] == 0
    if not before and (not sensible_rate(case) or inputs.find(case) is not None):
        return None  # either makes weights large within an epoch
    size = largest(sizes[0])
    if not size > _TOO_LARGE or costs[0] < _THROWN * guess or costs.max() > _THROWN_ON * costs[0]:
        return None
    layer = health.layers[1 + int(np.flatnonzero(sizes[0] == size)[0])]
    when = "before training" if before else f"after epoch {health.epochs[0]}"
    said = (
        f"The weights of {layer} are {size:.3g} times as large as He's initialisation {when}, and the first train cost "
        f"is {costs[0] / guess:.3g} times a constant guess's."
    )
    return said, {"weights_by_he": size, "cost_left": cost_left(case) or np.nan}, layer
