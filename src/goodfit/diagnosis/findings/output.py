"""Wrong output or loss for the task: a cost that such a task cannot have, or a target read as another kind."""

import math

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.looks import looked
from goodfit.diagnosis.findings.signs import Series, series
from goodfit.wording.numbers import number, percent

ID = "wrong-output"
NAME = "wrong output or loss"
_APART = 2.0  # size of outputs whose softmax is sure of most answers
_SURE = 0.05  # train error below which the probabilities should be near 1
_FEW_VALUES = 10  # a number that takes so few is more likely a class
_MANY_CLASSES, _EACH = 20, 5.0  # so many classes of so few examples are more likely a number
_TOLD = 0.02  # train error from which its log loss is told from others
_SLACK = 0.95  # of the bound, since errors and costs may come from slightly different moments


def find(case: Observation) -> Finding | None:
    """One of: a loss below its bound, a softmax taken twice, outputs that are not one a class, a target misread."""
    found = _impossible(case) or _softmax_twice(case) or _outputs(case) or _target(case)
    if found is None:
        return None
    confidence, sentence, evidence, remedy = found
    return Finding(ID, NAME, 1, confidence, sentence, evidence, (remedy,), layer="output")


_Found = tuple[float, str, dict[str, float], Remedy]
_RIGHT = Remedy(
    "matching-loss",
    "softmax with log loss for classes, sigmoid with log loss for two, a linear output with squared error for numbers",
    "each pair has the gradient ŷ − y, and its cost is 0 only for the right answer",
    {},
)


def _impossible(case: Observation) -> _Found | None:
    """A wrong answer's log loss is at least log 2; and no usual loss is negative."""
    both = _together(case)
    if both is None or case.data is None or case.data.task == "regression":
        return None
    costs, errors = both
    bound = _SLACK * math.log(2) * errors.values
    told = errors.values > _TOLD
    below = (costs.values < 0) | ((costs.values < bound) & told)
    often = below.sum() >= max(1, told.sum()) / 2
    if not below.any() or not (often or case.plan is not None):  # with a plan both are of the same moment
        return None
    worst = int(np.argmin(costs.values - bound))
    said = (
        f"A train cost of {number(costs.values[worst], 3)} at a train error of {percent(errors.values[worst])} (epoch "
        f"{costs.epochs[worst]}) is no log loss: that would be at least "
        f"{number(math.log(2) * errors.values[worst], 3)}."
    )
    return 0.95, said, {"train_cost": float(costs.values[worst]), "train_error": float(errors.values[worst])}, _RIGHT


def _softmax_twice(case: Observation) -> _Found | None:
    """Log loss of softmax(probabilities) cannot fall below log(1 + (C − 1)/e), however right the answers are."""
    both, data = _together(case), case.data
    if both is None or data is None or data.class_counts is None or len(data.class_counts) < 2:
        return None
    costs, errors = both
    others = len(data.class_counts) - 1
    floor, ceiling = math.log(1 + others / math.e), math.log(math.e + others)
    within = 0.99 * floor < costs.values.min() and costs.values.max() < 1.01 * ceiling
    near = costs.values[-1] < floor + 2 * _SURE
    if errors.values[-1] > _SURE or not (within and near and _sure(case, others + 1)):
        return None
    said = (
        f"The train error is {percent(errors.values[-1])}, but the train cost never fell below "
        f"{number(costs.values.min(), 3)}: log loss of a softmax taken twice cannot fall below {number(floor, 3)}."
    )
    remedy = Remedy(
        "loss-before-softmax",
        "give the loss the outputs before the softmax, or a loss of probabilities",
        _RIGHT.why,
        {},
    )
    return 0.9, said, {"train_cost": float(costs.values.min()), "floor": floor}, remedy


def _sure(case: Observation, classes: int) -> bool:
    """Whether the outputs are probabilities, or so far apart that their log loss should be small; if they are known."""
    health = looked(case)
    if health is None or not np.isfinite(health.of("size")[-1, -1]):
        return True
    return bool(health.of("size")[-1, -1] > _APART or abs(health.of("mean")[-1, -1] * classes - 1) < 1e-3)


def _together(case: Observation) -> tuple[Series, Series] | None:
    """Train costs and errors of the same epochs."""
    costs, errors = series(case, "train_cost"), series(case, "train_error")
    both, at_cost, at_error = np.intersect1d(costs.epochs, errors.epochs, return_indices=True)
    if len(both) == 0:
        return None
    return Series(both, costs.values[at_cost]), Series(both, errors.values[at_error])


def _outputs(case: Observation) -> _Found | None:
    """One output for three classes or more, or several for a number."""
    data, weights = case.data, case.signals.weights
    if data is None or not weights:
        return None
    last = max((key for key in weights if key.endswith(".W")), key=lambda key: int(key.split(".")[1]), default=None)
    if last is None:
        return None
    units = int(np.shape(weights[last])[-1])
    classes = len(data.class_counts) if data.class_counts else 0
    wanted = 1 if data.task == "regression" else classes
    fits = units == wanted or (classes == 2 and units == 1) or wanted == 0
    if fits or (units > wanted > 1):
        return None
    kind = "a number" if data.task == "regression" else f"{classes} classes"
    said = f"The network has {units} output{'s' if units > 1 else ''} for {kind}; it needs {wanted}."
    return 0.9, said, {"outputs": float(units), "needed": float(wanted)}, _RIGHT


def _target(case: Observation) -> _Found | None:
    """A number of very few values, or very many classes of very few examples."""
    data = case.data
    if data is None:
        return None
    values = data.target_values
    if data.task == "regression" and values is not None and values <= _FEW_VALUES and data.m >= 20 * values:
        said = f"The target is fitted as a number, but it takes only {values} values in {data.m:,} examples."
        remedy = Remedy(
            "read-as-classes",
            "read the target as classes (task: classes)",
            "classes have no order and no distances",
            {},
        )
        return 0.95 if values == 2 else 0.7, said, {"values": float(values)}, remedy
    counts = np.asarray(data.class_counts or (), np.float64)
    counts = counts[counts > 0]
    if data.task == "classes" and len(counts) >= _MANY_CLASSES and float(np.median(counts)) < _EACH:
        said = f"The target is fitted as {len(counts)} classes of {number(float(np.median(counts)))} examples each."
        remedy = Remedy(
            "read-as-number", "read the target as a number (task: regression)", "near values then help each other", {}
        )
        return 0.9, said, {"classes": float(len(counts))}, remedy
    return None
