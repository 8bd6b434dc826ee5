"""Inputs not normalized (notes: normalizing inputs): the cost is a long narrow bowl, and no one rate fits all of it."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.looks import looked
from goodfit.diagnosis.findings.remedies import changed
from goodfit.diagnosis.findings.signs import stuck
from goodfit.wording.numbers import number

ID = "inputs-not-normalized"
NAME = "inputs not normalized"
_LARGE = 10.0  # normalized inputs have deviation 1; what is left after clipping and one-hot columns stays below 3
_SMALL = 0.05  # of all columns together


def find(case: Observation) -> Finding | None:
    """Columns, as the network sees them, with means or deviations far from 0 and 1."""
    largest, smallest = _by_column(case) or _together(case) or (1.0, 1.0)
    if not (largest > _LARGE or smallest < _SMALL):
        return None
    size = largest if largest > _LARGE else smallest
    normalize = Remedy(
        "normalize-inputs",
        "normalize the inputs: subtract each column's mean, divide by its deviation",
        "then one learning rate fits every direction of the cost",
        {},
    )
    return Finding(
        ID,
        NAME,
        severity=1 if stuck(case, 0.5) else 2,
        confidence=0.95 if stuck(case, 0.5) or size > _LARGE**2 else 0.8,
        sentence=f"The inputs are not normalized: the network sees values of about {number(size, 3)} where 1 is usual.",
        evidence={"largest": largest, "smallest": smallest},
        remedies=(
            normalize,
            *changed(case, "robust-preparation", "robust preparation", normalize.why, {"preparation": "robust"}),
        ),
        layer="inputs",
    )


def _by_column(case: Observation) -> tuple[float, float] | None:
    """The largest mean or deviation of a column, and the largest deviation; constant columns say nothing."""
    data = case.data
    if data is None or data.column_deviations is None or not np.any(data.column_deviations > 0):
        return None
    deviation = float(np.max(data.column_deviations))
    means = np.zeros(1) if data.column_means is None else np.abs(data.column_means)
    return max(deviation, float(np.max(means))), deviation


def _together(case: Observation) -> tuple[float, float] | None:
    """The same of the probe's inputs as a whole, where the columns are unknown."""
    health = looked(case)
    if health is None or health.layers[0] != "inputs":
        return None
    size, deviation = health.of("size")[0, 0], health.of("deviation")[0, 0]
    return (float(size), float(deviation)) if np.isfinite(size) and deviation > 0 else None
