"""All findings of the doctor, one in each file, and `examine`, which looks for them.

A file has an ID and a NAME, and a function `find(observation)` that returns the finding or None. It is imported
and stands in one of the lists below.
"""

from collections.abc import Iterable
from types import ModuleType

from goodfit.diagnosis.finding import Finding, Findings, Observation
from goodfit.diagnosis.findings import (
    batch_large,
    batch_small,
    constant_outputs,
    dead,
    dev_at_chance,
    disagreement,
    divergence,
    dropout,
    duplicates,
    exploding,
    gradients_kept,
    heavy_tail,
    imbalance,
    initialization,
    inputs,
    label_noise,
    labels,
    leak,
    loss_shapes,
    missed_class,
    negative,
    no_activation,
    no_updates,
    non_finite,
    outliers,
    output,
    overfitted,
    plateau,
    rate_high,
    rate_low,
    regularization,
    saturated,
    shift,
    small_batch_norm,
    stopped_early,
    target_scale,
    vanishing,
    wrong_mode,
)
from goodfit.diagnosis.findings.explanations import arranged

# Problems of a training. What most likely causes the others comes first.
_CAUSES = (
    non_finite,
    labels,
    loss_shapes,
    output,
    no_updates,
    gradients_kept,
    divergence,
    target_scale,
    inputs,
    initialization,
    exploding,
    rate_high,
    vanishing,
    dead,
    saturated,
    regularization,
    dropout,
    small_batch_norm,
    wrong_mode,
    no_activation,
    disagreement,
    constant_outputs,
    rate_low,
    batch_large,
    batch_small,
)
# Problems of the data, whatever the training is like.
_DATA = (dev_at_chance, leak, outliers, duplicates, imbalance, missed_class, shift, heavy_tail, negative)
# Many causes look like these in the end, so they are only reported if no cause is found, and only one of them.
_SYMPTOMS = (stopped_early, plateau)
# Only a well trained network can distinguish wrong labels from its own mistakes, or learn them by heart, so these come
# after all of the others.
_TRAINED = (label_noise, overfitted)
_MODULES = (*_CAUSES, *_DATA, *_TRAINED, *_SYMPTOMS)
FINDINGS = tuple(module.find for module in _MODULES)
NAMES = {module.ID: module.NAME for module in _MODULES}  # of every finding, by its ID


def examine(observation: Observation) -> Findings:
    """Return all findings, the most severe first, each followed by those that it explains.

    Args:
        observation: the record of the training, with the plan and facts about the data if they are known; the more is
            known, the more can be found.
    """
    causes = _findings(_CAUSES, observation)
    without_cause = [] if causes else _findings(_SYMPTOMS, observation)[:1] or _findings(_TRAINED, observation)
    return arranged(causes + _findings(_DATA, observation) + without_cause)


def _findings(modules: Iterable[ModuleType], observation: Observation) -> list[Finding]:
    return [finding for module in modules if (finding := module.find(observation)) is not None]
