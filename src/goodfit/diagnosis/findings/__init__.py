"""Every symptom the doctor knows, one a file; examine() asks them all."""

from collections.abc import Iterable
from types import ModuleType

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings import (
    batch_large,
    batch_small,
    dead,
    disagreement,
    divergence,
    dropout,
    duplicates,
    exploding,
    imbalance,
    initialization,
    inputs,
    label_noise,
    leak,
    output,
    plateau,
    rate_high,
    rate_low,
    regularization,
    saturated,
    shift,
    small_batch_norm,
    stopped_early,
    vanishing,
)

# One line each, what most likely causes the others first; each has an ID, a NAME and a find().
_CAUSES = (
    divergence,
    initialization,
    inputs,
    output,
    exploding,
    rate_high,
    vanishing,
    dead,
    saturated,
    regularization,
    dropout,
    small_batch_norm,
    disagreement,
    rate_low,
    batch_large,
    batch_small,
)
_DATA = (leak, duplicates, imbalance, shift)
_OTHERWISE = (stopped_early, plateau)  # what many causes look like in the end; told where none of them is found
_TRAINED = (label_noise,)  # only a network that was trained well tells wrong labels from its own mistakes
_SYMPTOMS = (*_CAUSES, *_DATA, *_TRAINED, *_OTHERWISE)
FINDINGS = tuple(symptom.find for symptom in _SYMPTOMS)
NAMES = {symptom.ID: symptom.NAME for symptom in _SYMPTOMS}  # of every finding, by its ID


def examine(case: Observation) -> list[Finding]:
    """All that is wrong with this training, the most severe first; among equals what most likely causes the others.

    Args:
        case: what was recorded, and what is known of the plan and the data; more is found where more is known.
    """
    causes = _found(_CAUSES, case)
    others = [] if causes else _found(_OTHERWISE, case)[:1] or _found(_TRAINED, case)
    return sorted(causes + _found(_DATA, case) + others, key=lambda each: each.severity)


def _found(symptoms: Iterable[ModuleType], case: Observation) -> list[Finding]:
    return [finding for symptom in symptoms if (finding := symptom.find(case)) is not None]
