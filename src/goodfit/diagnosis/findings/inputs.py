"""Inputs not normalized: the cost is a long narrow bowl, and no single learning rate suits all its directions.

The evidence is columns, as the network sees them, whose means or deviations are far from 0 and 1. The remedy is to
subtract each column's mean and divide by its deviation (course notes: normalizing inputs).
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import is_stuck
from goodfit.diagnosis.findings.layers import recorded_health
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number

ID = "inputs-not-normalized"
NAME = "inputs not normalized"
# Set on the tuning half of `benchmarks/doctor.py`.
_LARGE = 10.0  # normalized inputs have deviation 1; clipped outliers and one-hot columns stay below 3
_SMALL = 0.05  # of all columns together


def find(observation: Observation) -> Finding | None:
    """Return the finding if the inputs that the network sees are far larger or smaller than 1.

    Raw inputs are fine where the network itself scales them or looks them up first.
    """
    if observation.program is not None and observation.program.inputs.scaling is not None:
        return None
    largest, smallest = _column_sizes(observation) or _overall_sizes(observation) or (1.0, 1.0)
    if not (largest > _LARGE or smallest < _SMALL):
        return None
    size = largest if largest > _LARGE else smallest
    stuck = is_stuck(observation, 0.5)
    normalize = Remedy(
        "normalize-inputs",
        "normalize the inputs: subtract each column's mean, divide by its deviation",
        "one learning rate then suits every direction of the cost",
        {},
    )
    return Finding(
        ID,
        NAME,
        severity=1 if stuck else 2,
        confidence=0.95 if stuck or size > _LARGE**2 else 0.8,
        sentence=f"The inputs are not normalized: the network sees values of about {number(size, 3)} where 1 is usual.",
        evidence={"largest": largest, "smallest": smallest},
        remedies=(
            normalize,
            *change_plan(
                observation, "robust-preparation", "robust preparation", normalize.why, {"preparation": "robust"}
            ),
        ),
        layer="inputs",
    )


def _column_sizes(observation: Observation) -> tuple[float, float] | None:
    """Return the largest |mean| or deviation of a column, and the largest deviation; None if unknown or constant."""
    data = observation.data
    if data is None or data.column_deviations is None or not np.any(data.column_deviations > 0):
        return None
    deviation = float(np.max(data.column_deviations))
    means = np.zeros(1) if data.column_means is None else np.abs(data.column_means)
    return max(deviation, float(np.max(means))), deviation


def _overall_sizes(observation: Observation) -> tuple[float, float] | None:
    """Return root mean square and deviation of all inputs together, if the columns are unknown."""
    health = recorded_health(observation)
    if health is None or health.layers[0] != "inputs":
        return None
    size, deviation = health.of("size")[0, 0], health.of("deviation")[0, 0]
    return (float(size), float(deviation)) if np.isfinite(size) and deviation > 0 else None
