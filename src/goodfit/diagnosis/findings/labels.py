"""Labels that cannot be learned from: all of one class, cut to whole numbers by the loss, or beyond the outputs.

The evidence is the targets that entered the loss, as a hook counted them. They are usually scaled like the inputs, or
numbered from 1. The remedy is to leave labels unscaled and to number the classes from 0.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.symptom import Symptom
from goodfit.diagnosis.program_facts import ProgramFacts
from goodfit.wording.numbers import number

ID = "unusable-labels"
NAME = "labels that cannot be learned from"
_FEWEST = 16  # examples that are hardly all of one class by chance
_CLASS_LOSSES = ("cross_entropy", "negative_log_likelihood")
_IGNORED = (-100, -1)  # the numbers that losses leave out: PyTorch's own, and what Keras programs take
_SCALED = 0.5  # a label of two classes that is below it even for the second class was scaled

_UNSCALED = Remedy(
    "unscaled-labels",
    "leave the labels as they are: scale the inputs only, and number the classes from 0",
    "the loss reads a label as the number of a class",
    {},
)


def find(observation: Observation) -> Finding | None:
    """Return the finding if the labels do not tell classes apart, or name classes that have no output."""
    program = observation.program
    if program is None:
        return None
    symptom = _one_class(program) or _no_whole_numbers(program) or _beyond_outputs(program)
    if symptom is None:
        return None
    return Finding(
        ID, NAME, symptom.severity, symptom.confidence, symptom.sentence, symptom.evidence, (symptom.remedy,)
    )


def _one_class(program: ProgramFacts) -> Symptom | None:
    """Return labels that are all equal."""
    targets, loss = program.targets, program.loss.name
    if loss not in (*_CLASS_LOSSES, "binary_cross_entropy", "hinge") or not targets.counts:
        return None
    present = [value for value, count in targets.counts.items() if count]
    is_label = targets.columns == 1 or targets.row_sums == (1, 1)
    if len(present) != 1 or not is_label or (targets.examples or 0) < _FEWEST:
        return None
    sentence = (
        f"All {number(targets.examples or 0)} labels are {number(present[0], 3)}, so there is nothing to tell apart."
    )
    name = "check how the labels were read, scaled and split; each class needs examples in the training set"
    remedy = Remedy("check-labels", name, "a constant answers labels that are all equal", {})
    return Symptom(0.95, sentence, {"label": present[0]}, remedy)


def _no_whole_numbers(program: ProgramFacts) -> Symptom | None:
    """Return labels that were scaled as if they were inputs."""
    targets, is_binary = program.targets, program.loss.name == "binary_cross_entropy"
    if targets.columns != 1 or targets.lowest is None or targets.highest is None or targets.is_whole:
        return None
    ends = f"from {number(targets.lowest, 3)} to {number(targets.highest, 3)}"
    evidence = {"lowest": targets.lowest, "highest": targets.highest}
    if program.loss.name in _CLASS_LOSSES and (program.outputs.units or 1) > 1:
        sentence = (
            f"The labels go {ends}, but the loss takes whole numbers of classes: it cuts off what is behind the point"
        )
        sentence += ", so that all of them are class 0." if targets.lowest >= 0 and targets.highest < 1 else "."
        return Symptom(0.97, sentence, evidence, _UNSCALED)
    if is_binary and targets.lowest == 0 and targets.highest < _SCALED and len(targets.counts or ()) == 2:
        sentence = f"The two labels are 0 and {number(targets.highest, 3)}, where the loss takes 0 and 1."
        return Symptom(0.95, sentence, evidence, _UNSCALED)
    return None


def _beyond_outputs(program: ProgramFacts) -> Symptom | None:
    """Return numbers of classes that have no output."""
    targets, units = program.targets, program.outputs.units or 1
    if program.loss.name not in _CLASS_LOSSES or targets.columns != 1 or not targets.is_whole or units < 2:
        return None
    lowest, highest = targets.lowest, targets.highest
    if lowest is None or highest is None or (highest < units and (lowest >= 0 or lowest in _IGNORED)):
        return None
    sentence = (
        f"The labels go from {number(lowest)} to {number(highest)}, but the {units} outputs are of the classes 0 to "
        f"{units - 1}."
    )
    name = "number the classes from 0" if lowest == 1 and highest == units else "give each class an output"
    remedy = Remedy(
        "labels-from-0", name, "a class without an output has no probability, and its cost is undefined", {}
    )
    return Symptom(0.97, sentence, {"lowest": lowest, "highest": highest, "outputs": float(units)}, remedy)
