"""The outputs of a network on some examples, as facts."""

import math

import numpy as np
from jaxtyping import Shaped

from goodfit.diagnosis.program_facts import ActivationName, OutputFacts


def output_facts(
    outputs: Shaped[np.ndarray, "batch ..."],
    activation: ActivationName | None,
    softmax_axis: int | None,
    unit_axis: int = -1,
) -> OutputFacts:
    """Return the facts about the outputs of a network.

    Args:
        outputs: on some examples.
        activation: the last one.
        softmax_axis: axis of the last softmax, counted from the end.
        unit_axis: axis with one output for each class.
    """
    values = outputs.astype(np.float64)
    rows = values.reshape(len(values), math.prod(values.shape[1:]))
    units = values.shape[unit_axis] if values.ndim > 1 else 1
    if rows.size == 0 or not np.isfinite(rows).all():
        return OutputFacts(activation, softmax_axis, units, len(rows))
    sums = values.sum(axis=unit_axis) if values.ndim > 1 else values
    return OutputFacts(
        activation=activation,
        softmax_axis=softmax_axis,
        units=units,
        examples=len(rows),
        lowest=float(rows.min()),
        highest=float(rows.max()),
        row_sums=(float(sums.min()), float(sums.max())),
        difference=float(np.ptp(rows, axis=0).max()) if len(rows) > 1 else None,
    )
