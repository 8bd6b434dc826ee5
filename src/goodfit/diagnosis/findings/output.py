"""Wrong output or loss for the task: a cost that such a task cannot have, or a target read as another kind.

The evidence is a log loss below its bound, a softmax taken twice, a number of outputs that does not fit the task, or a
target whose values look like the other task's. The remedy is the loss that belongs to the task (course notes: softmax
regression).
"""

import math

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import Series, series
from goodfit.diagnosis.findings.layers import recorded_health
from goodfit.diagnosis.findings.output_of_program import program_symptom
from goodfit.diagnosis.findings.symptom import Symptom
from goodfit.wording.numbers import number, percent

ID = "wrong-output"
NAME = "wrong output or loss"
# Set on the tuning half of `benchmarks/doctor.py`.
_FAR_APART = 2.0  # size of outputs whose softmax is sure of most answers
_SURE = 0.05  # train error below which the probabilities should be close to 1
_FEW_VALUES = 10  # a number with so few distinct values is more likely a class
_MANY_CLASSES, _FEW_EXAMPLES = 20, 5.0  # so many classes with so few examples each are more likely a number
_MEASURABLE = 0.02  # train error above which its bound on the log loss is far enough from 0
_SLACK = 0.95  # of the bound, since errors and costs may come from slightly different moments


def find(observation: Observation) -> Finding | None:
    """Return the finding if the loss, the number of outputs or the kind of target does not fit the task."""
    symptom = (
        program_symptom(observation)
        or _impossible_loss(observation)
        or _double_softmax(observation)
        or _wrong_outputs(observation)
        or _misread_target(observation)
    )
    if symptom is None:
        return None
    return Finding(
        ID,
        NAME,
        symptom.severity,
        symptom.confidence,
        symptom.sentence,
        symptom.evidence,
        (symptom.remedy,),
        layer="output",
    )


_MATCHING_LOSS = Remedy(
    "matching-loss",
    "softmax with log loss for classes, sigmoid with log loss for two classes, a linear output with squared error for "
    "numbers",
    "with each of these pairs the gradient is ŷ − y, and the cost is 0 only for the right answer",
    {},
)


def _impossible_loss(observation: Observation) -> Symptom | None:
    """Return a train cost that cannot be a log loss: each wrong answer adds at least log 2, and none is negative."""
    measured = _costs_and_errors(observation)
    if measured is None or observation.data is None or observation.data.task == "regression":
        return None
    costs, errors = measured
    bound = _SLACK * math.log(2) * errors.values
    measurable = errors.values > _MEASURABLE
    below = (costs.values < 0) | ((costs.values < bound) & measurable)
    often = below.sum() >= max(1, measurable.sum()) / 2
    # With a plan, costs and errors are of the same moment, so that once is enough.
    if not below.any() or not (often or observation.plan is not None):
        return None
    worst = int(np.argmin(costs.values - bound))
    cost, error = float(costs.values[worst]), float(errors.values[worst])
    sentence = (
        f"A train cost of {number(cost, 3)} at a train error of {percent(error)} (epoch {costs.epochs[worst]}) is not "
        f"a log loss, which would be at least {number(math.log(2) * error, 3)}."
    )
    return Symptom(0.95, sentence, {"train_cost": cost, "train_error": error}, _MATCHING_LOSS)


def _double_softmax(observation: Observation) -> Symptom | None:
    """Return a train cost that stays at the floor of a softmax of probabilities, although the answers are right.

    Probabilities are between 0 and 1, so the log loss of their softmax lies between log(1 + (C − 1)/e) and
    log(e + C − 1), however right the answers are.
    """
    measured, data = _costs_and_errors(observation), observation.data
    if measured is None or data is None or data.class_counts is None or len(data.class_counts) < 2:
        return None
    costs, errors = measured
    other_classes = len(data.class_counts) - 1
    floor, ceiling = math.log(1 + other_classes / math.e), math.log(math.e + other_classes)
    within = 0.99 * floor < costs.values.min() and costs.values.max() < 1.01 * ceiling
    near_floor = costs.values[-1] < floor + 2 * _SURE
    if errors.values[-1] > _SURE or not (within and near_floor and _is_sure(observation, other_classes + 1)):
        return None
    lowest = float(costs.values.min())
    sentence = (
        f"The train error is {percent(errors.values[-1])}, but the train cost never fell below {number(lowest, 3)}: "
        f"the log loss of a softmax taken twice cannot fall below {number(floor, 3)}."
    )
    name = "give the loss the outputs before the softmax, or take a loss of probabilities"
    remedy = Remedy("loss-before-softmax", name, _MATCHING_LOSS.why, {})
    return Symptom(0.9, sentence, {"train_cost": lowest, "floor": floor}, remedy)


def _is_sure(observation: Observation, classes: int) -> bool:
    """Return True if the outputs are probabilities, or so far apart that their log loss should be small, or unknown."""
    health = recorded_health(observation)
    if health is None or not np.isfinite(health.of("size")[-1, -1]):
        return True
    probabilities = abs(health.of("mean")[-1, -1] * classes - 1) < 1e-3  # they sum to 1
    return bool(health.of("size")[-1, -1] > _FAR_APART or probabilities)


def _costs_and_errors(observation: Observation) -> tuple[Series, Series] | None:
    """Return train costs and errors of the epochs that have both."""
    costs, errors = series(observation, "train_cost"), series(observation, "train_error")
    epochs, at_cost, at_error = np.intersect1d(costs.epochs, errors.epochs, return_indices=True)
    if len(epochs) == 0:
        return None
    return Series(epochs, costs.values[at_cost]), Series(epochs, errors.values[at_error])


def _wrong_outputs(observation: Observation) -> Symptom | None:
    """Return a number of outputs that does not fit: one for three classes or more, or several for a number."""
    data, weights = observation.data, observation.signals.weights
    if data is None or not weights:
        return None
    matrices = (key for key in weights if key.endswith(".W"))
    last = max(matrices, key=lambda key: int(key.split(".")[1]), default=None)
    if last is None:
        return None
    units = int(np.shape(weights[last])[-1])
    classes = len(data.class_counts) if data.class_counts else 0
    needed = 1 if data.task == "regression" else classes
    fits = units == needed or (classes == 2 and units == 1) or needed == 0
    if fits or (units > needed > 1):
        return None
    kind = "a number" if data.task == "regression" else f"{classes} classes"
    sentence = f"The network has {units} output{'s' if units > 1 else ''} for {kind}; it needs {needed}."
    return Symptom(0.9, sentence, {"outputs": float(units), "needed": float(needed)}, _MATCHING_LOSS)


def _misread_target(observation: Observation) -> Symptom | None:
    """Return a target read as the wrong kind: a number of very few values, or many classes of very few examples."""
    data = observation.data
    if data is None:
        return None
    values = data.target_values
    if data.task == "regression" and values is not None and values <= _FEW_VALUES and data.m >= 20 * values:
        sentence = f"The target is fitted as a number, but it takes only {values} values in {number(data.m)} examples."
        name, why = "read the target as classes (task: classes)", "classes have no order and no distances"
        remedy = Remedy("read-as-classes", name, why, {})
        return Symptom(0.95 if values == 2 else 0.7, sentence, {"values": float(values)}, remedy)
    counts = np.asarray(data.class_counts or (), np.float64)
    counts = counts[counts > 0]
    if data.task == "classes" and len(counts) >= _MANY_CLASSES and float(np.median(counts)) < _FEW_EXAMPLES:
        sentence = f"The target is fitted as {len(counts)} classes of {number(float(np.median(counts)))} examples each."
        name, why = "read the target as a number (task: regression)", "close values then help each other"
        return Symptom(0.9, sentence, {"classes": float(len(counts))}, Remedy("read-as-number", name, why, {}))
    return None
