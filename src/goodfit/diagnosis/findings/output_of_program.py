"""The last activation, the loss and the targets of a program elsewhere, where they do not belong together.

A log loss takes either probabilities or the numbers before them (logits), and each loss and each activation belongs to
a kind of target (course notes: softmax regression). A hook sees all three, so nothing is concluded from costs.
"""

import math
from collections.abc import Callable

from goodfit.diagnosis.finding import Observation, Remedy
from goodfit.diagnosis.findings.costs import cost_clause, is_stuck
from goodfit.diagnosis.findings.symptom import Symptom
from goodfit.diagnosis.program_facts import ActivationName, LossName, OutputFacts, ProgramFacts, TargetFacts
from goodfit.wording.numbers import number, percent

_RANGES: dict[ActivationName | None, tuple[float, float]] = {
    "softmax": (0, 1),
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, math.inf),
}
_DISTANCES: tuple[LossName, ...] = ("squared_error", "absolute_error", "huber")
_BEYOND = 0.05  # of the targets' range: less than that is lost at the edges without much harm
_STUCK = 0.8  # of the constant guess's cost, for a loss that is unusual, but can learn
_ROUNDING = 1e-4  # of probabilities in half precision

_SOFTMAX = {
    "keras": "a softmax output with (sparse_)categorical_crossentropy",
    "torch": "outputs without activation with nn.CrossEntropyLoss, which takes the softmax itself",
}
_SIGMOID = {
    "keras": "a sigmoid output with binary_crossentropy",
    "torch": "outputs without activation with nn.BCEWithLogitsLoss, which takes the sigmoid itself",
}
_LINEAR = {
    "keras": "a last layer without activation with a squared error (Dense(1), loss='mse')",
    "torch": "a last nn.Linear without activation with nn.MSELoss",
}
_LOGITS = {
    "keras": "leave the activation out of the last layer, or set from_logits=False",
    "torch": "leave the activation out: the loss takes it itself",
}
_MOVING = "the probabilities then go from 0 to 1 with the inputs"
_PROBABILITIES = {
    "keras": "set from_logits=True in the loss, or give the last layer its softmax or sigmoid",
    "torch": "take nn.BCEWithLogitsLoss, which takes the sigmoid itself, or put a sigmoid before nn.BCELoss",
}


def program_symptom(observation: Observation) -> Symptom | None:
    """Return the first pair of an output and a loss, or of an output and targets, that do not belong together."""
    program = observation.program
    if program is None or program.loss.name is None:
        return None
    rules: tuple[Callable[[ProgramFacts], Symptom | None], ...] = (
        _softmax_of_one,
        _softmax_over_examples,
        _several_labels,
        _activation_twice,
        _no_log_probabilities,
        _no_probabilities,
        _targets_of_sigmoid,
        _beyond_range,
    )
    certain = next((symptom for rule in rules if (symptom := rule(program)) is not None), None)
    return certain or _distance_for_classes(observation, program) or _unusual_loss(program)


def _softmax_of_one(program: ProgramFacts) -> Symptom | None:
    """Return a softmax over one unit, which is always 1; log losses of classes take one themselves."""
    is_softmax = program.outputs.activation in ("softmax", "log_softmax") or _is_for_classes(program)
    if program.outputs.units != 1 or not is_softmax:
        return None
    sentence = "The output is a softmax over a single unit, which is 1 whatever the inputs are."
    remedy = Remedy("sigmoid-output", f"for two classes {_SIGMOID[program.framework]}", _MOVING, {})
    return Symptom(0.99, sentence, {"units": 1.0}, remedy)


def _softmax_over_examples(program: ProgramFacts) -> Symptom | None:
    """Return a softmax whose probabilities sum to 1 over the batch."""
    outputs = program.outputs
    if outputs.softmax_axis in (None, -1) or (outputs.units or 1) < 2:
        return None
    sums = "" if outputs.row_sums is None else f" (they sum to {_range(*outputs.row_sums)} for an example)"
    sentence = f"The softmax is taken over the examples of a batch, not over the classes of an example{sums}."
    remedy = Remedy(
        "softmax-over-classes",
        f"take the softmax over the last axis ({'dim' if program.framework == 'torch' else 'axis'}=-1)",
        "the probabilities of one example's classes then sum to 1, whatever else is in the batch",
        {},
    )
    return Symptom(0.97, sentence, {"axis": float(outputs.softmax_axis or 0)}, remedy)


def _several_labels(program: ProgramFacts) -> Symptom | None:
    """Return a softmax for targets that may have several labels at once, or none."""
    targets = program.targets
    is_softmax = program.outputs.activation == "softmax" or _is_for_classes(program)
    if not is_softmax or not _is_table_of_ones(targets) or targets.row_sums in (None, (1, 1)):
        return None
    sentence = (
        f"The targets have {_range(*targets.row_sums)} labels an example, but a softmax gives probabilities that sum "
        "to 1, as for one label."
    )
    remedy = Remedy("sigmoid-for-each-label", _SIGMOID[program.framework], "each label then has its own answer", {})
    return Symptom(0.95, sentence, {"most_labels": targets.row_sums[1]}, remedy)


def _activation_twice(program: ProgramFacts) -> Symptom | None:
    """Return an activation before a loss that takes softmax or sigmoid itself."""
    activation, units = program.outputs.activation, program.outputs.units or 1
    if not program.loss.from_logits or activation not in _RANGES:
        return None
    taken = "sigmoid" if program.loss.name == "binary_cross_entropy" else "softmax"
    low, high = _RANGES[activation]
    others = 0 if taken == "sigmoid" else units - 1
    # Of the best logits that the activation lets through.
    best = 1 / (1 + math.exp(-high)) if taken == "sigmoid" else 1 / (1 + others * math.exp(low - high))
    least = 1 / (1 + math.exp(-low)) if taken == "sigmoid" else 0.0
    sentence = f"The loss takes the {taken} itself, but its inputs are outputs of a {_name(activation)}"
    if math.isfinite(high):
        sentence += f": no probability gets above {percent(best)}"
        sentence += f" or below {percent(least)}." if taken == "sigmoid" else "."
    else:
        sentence += ", which never are below 0" + (": no probability gets below 50 %." if least == 0.5 else ".")
    remedy = Remedy("loss-before-softmax", _LOGITS[program.framework], f"the {taken} is then taken once", {})
    return Symptom(0.97, sentence, {"highest_probability": best}, remedy)


def _no_log_probabilities(program: ProgramFacts) -> Symptom | None:
    """Return outputs that are no log probabilities, before the loss that takes those."""
    outputs = program.outputs
    if program.loss.name != "negative_log_likelihood" or outputs.activation == "log_softmax":
        return None
    if outputs.activation is None and (outputs.highest or 0.0) <= _ROUNDING:
        return None
    sentence = f"NLLLoss takes log probabilities, which are never above 0; the outputs are {_outputs(outputs)}."
    remedy = Remedy(
        "log-softmax",
        "take nn.CrossEntropyLoss without activation, or a log-softmax",
        "both give log probabilities",
        {},
    )
    return Symptom(0.97, sentence, {"highest": outputs.highest or math.nan}, remedy)


def _no_probabilities(program: ProgramFacts) -> Symptom | None:
    """Return outputs that are no probabilities, before a log loss that takes those."""
    outputs = program.outputs
    if program.loss.from_logits is not False or outputs.activation in ("sigmoid", "softmax"):
        return None
    if outputs.activation is None and not _leaves(outputs, 0, 1):
        return None
    sentence = f"The loss takes the logarithm of probabilities from 0 to 1, but the outputs are {_outputs(outputs)}."
    evidence = {"lowest": outputs.lowest or 0.0, "highest": outputs.highest or 0.0}
    remedy = Remedy("probabilities", _PROBABILITIES[program.framework], _MOVING, {})
    return Symptom(0.97, sentence, evidence, remedy)


def _targets_of_sigmoid(program: ProgramFacts) -> Symptom | None:
    """Return targets beyond 0 and 1 for the log loss of two classes."""
    targets = program.targets
    if program.loss.name != "binary_cross_entropy" or targets.lowest is None or targets.highest is None:
        return None
    if targets.lowest >= 0 and targets.highest <= 1:
        return None
    found = f"The log loss of two classes takes targets of 0 and 1, but the targets go {_range(*_ends(targets))}"
    if targets.is_whole and targets.lowest >= 0 and targets.class_counts:
        classes = len([count for count in targets.class_counts if count])
        if classes > 2:
            found += f" ({classes} classes, for {program.outputs.units or 1} output)"
            name = f"one output for each class: {_SOFTMAX[program.framework]}"
        else:
            name = "number the classes 0 and 1"
    elif targets.counts and len(targets.counts) == 2:
        name = "number the classes 0 and 1"
    else:
        name = f"for a number {_LINEAR[program.framework]}"
    remedy = Remedy("matching-loss", name, "the loss has no least value for other targets", {})
    return Symptom(0.97, found + ".", {"lowest": targets.lowest, "highest": targets.highest}, remedy)


def _beyond_range(program: ProgramFacts) -> Symptom | None:
    """Return a target that goes beyond what the last activation can reach."""
    targets, activation = program.targets, program.outputs.activation
    if program.loss.name not in _DISTANCES or activation not in _RANGES:
        return None
    if targets.lowest is None or targets.highest is None:
        return None
    low, high = _RANGES[activation]
    slack = _BEYOND * (targets.highest - targets.lowest)
    if targets.highest <= high + slack and targets.lowest >= low - slack:
        return None
    reach = f"at least {number(low)}" if math.isinf(high) else _range(low, high)
    target = _range(targets.lowest, targets.highest)
    sentence = f"The outputs of a {_name(activation)} are {reach}, but the target goes {target}."
    remedy = Remedy("linear-output", f"for a number {_LINEAR[program.framework]}", "it reaches every value", {})
    return Symptom(0.97, sentence, {"lowest": targets.lowest, "highest": targets.highest}, remedy)


def _distance_for_classes(observation: Observation, program: ProgramFacts) -> Symptom | None:
    """Return a distance as the loss of probabilities for classes, with which hardly anything was learned."""
    activation, targets = program.outputs.activation, program.targets
    if (
        program.loss.name not in _DISTANCES
        or activation not in ("softmax", "sigmoid")
        or not is_stuck(observation, _STUCK)
    ):
        return None
    is_one_label = targets.columns == 1 and targets.counts is not None and set(targets.counts) == {0.0, 1.0}
    if not is_one_label and not _is_table_of_ones(targets):
        return None
    loss = "squared" if program.loss.name == "squared_error" else "absolute"
    sentence = (
        f"The targets are classes, and the loss is the {loss} distance from a {activation}'s probabilities, whose "
        f"gradient vanishes where they are most wrong; {cost_clause(observation)}."
    )
    name = _SOFTMAX if activation == "softmax" else _SIGMOID
    why = "the gradient of the log loss is ŷ − y, largest where the answer is most wrong"
    return Symptom(0.75, sentence, {}, Remedy("log-loss", name[program.framework], why, {}))


def _unusual_loss(program: ProgramFacts) -> Symptom | None:
    """Return the log loss of two classes for a softmax over more."""
    units, is_one_label = program.outputs.units or 1, program.targets.row_sums == (1, 1)
    if program.loss.name != "binary_cross_entropy" or program.outputs.activation != "softmax":
        return None
    if units < 3 or not is_one_label or not _is_table_of_ones(program.targets):
        return None
    sentence = f"Each example has one of {units} classes, but the loss of its softmax is that of two classes."
    remedy = Remedy("matching-loss", _SOFTMAX[program.framework], "the two belong together for one label", {})
    return Symptom(0.7, sentence, {"units": float(units)}, remedy, severity=2)


def _is_for_classes(program: ProgramFacts) -> bool:
    return program.loss.name in ("cross_entropy", "negative_log_likelihood")


def _is_table_of_ones(targets: TargetFacts) -> bool:
    """Return True for targets of several columns that only hold zeros and ones."""
    return (targets.columns or 1) > 1 and targets.counts is not None and targets.row_sums is not None


def _leaves(outputs: OutputFacts, low: float, high: float) -> bool:
    if outputs.lowest is None or outputs.highest is None:
        return False
    return outputs.lowest < low - _ROUNDING or outputs.highest > high + _ROUNDING


def _ends(targets: TargetFacts) -> tuple[float, float]:
    return targets.lowest or 0.0, targets.highest or 0.0


def _outputs(outputs: OutputFacts) -> str:
    """Return a clause on the last activation and the range of the outputs."""
    kind = {None: "no probabilities", "linear": "those of a linear layer"}.get(
        outputs.activation, f"those of a {_name(outputs.activation)}"
    )
    if outputs.lowest is None or outputs.highest is None:
        return kind
    return f"{kind} ({_range(outputs.lowest, outputs.highest)})"


def _name(activation: ActivationName | None) -> str:
    return {"relu": "ReLU", "leaky_relu": "leaky ReLU", None: ""}.get(activation, str(activation).replace("_", "-"))


def _range(low: float, high: float) -> str:
    return f"from {number(low, 3)} to {number(high, 3)}"
