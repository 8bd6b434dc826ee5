"""Predictions and targets of different shapes: the loss compares each prediction with the targets of other examples.

The evidence is the two shapes as they entered the loss. Array libraries repeat the smaller one (broadcasting), so that
predictions of shape (n, 1) against targets of shape (n,) become n × n differences. The remedy is one shape for both.
"""

import math

from goodfit.diagnosis.finding import Finding, Observation, Remedy

ID = "loss-shapes"
NAME = "shapes that differ in the loss"
_BY_ELEMENT = ("squared_error", "absolute_error", "huber", "binary_cross_entropy", "hinge", "poisson")


def find(observation: Observation) -> Finding | None:
    """Return the finding if predictions and targets were broadcast in a loss that compares them one by one."""
    loss = observation.program.loss if observation.program else None
    if loss is None or loss.name not in _BY_ELEMENT or loss.outputs_shape is None or loss.targets_shape is None:
        return None
    sizes = math.prod(loss.outputs_shape), math.prod(loss.targets_shape)
    # Ones and orders of axes that change no size are harmless; so is one number as the target of all.
    is_broadcast = loss.outputs_shape != loss.targets_shape and len(loss.outputs_shape) * len(loss.targets_shape) > 0
    pairs = _broadcast_size(loss.outputs_shape, loss.targets_shape)
    if not is_broadcast or min(sizes) == 1 or pairs is None or pairs == sizes[0] == sizes[1]:
        return None
    is_torch = observation.program is not None and observation.program.framework == "torch"
    name = "bring both to one shape" + (" (outputs.squeeze(1), or targets.unsqueeze(1))" if is_torch else "")
    if sizes[0] > sizes[1] and pairs == sizes[0]:
        name = "give the loss a target for each output: one-hot labels, or a loss that takes numbers of classes"
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.97,
        sentence=f"The predictions have the shape {loss.outputs_shape} and the targets {loss.targets_shape}: the loss "
        f"repeats them to {pairs} differences, in which predictions meet targets that are not theirs.",
        evidence={"predictions": float(sizes[0]), "targets": float(sizes[1]), "differences": float(pairs)},
        remedies=(Remedy("one-shape", name, "each prediction is then compared with its own target only", {}),),
        layer="output",
    )


def _broadcast_size(first: tuple[int, ...], second: tuple[int, ...]) -> int | None:
    """Return the number of elements of two shapes that are broadcast; None if they do not fit."""
    length = max(len(first), len(second))
    padded = zip(*((1,) * (length - len(shape)) + shape for shape in (first, second)), strict=True)
    lengths = [set(pair) - {1} for pair in padded]
    if any(len(distinct) > 1 for distinct in lengths):
        return None
    return math.prod(distinct.pop() if distinct else 1 for distinct in lengths)
