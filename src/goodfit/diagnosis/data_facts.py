"""The facts about the data that need no work: they are counted, not estimated."""

import numpy as np
from scipy.special import huber

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import DataFacts


def basic_data_facts(splits: Splits) -> DataFacts:
    """Return the size of the training set, its task, its class counts, and what a guess costs in a regression."""
    schema, target = splits.dataset.schema, splits.dataset.target[splits.train]
    class_counts = tuple(np.bincount(target, minlength=len(schema.classes)).tolist()) if schema.classes else None
    guess = huber_guess = None
    if splits.spread is not None:  # the median, on the scale on which Huber's loss is fitted
        guess = 0.5  # half the variance of a target that is scaled to variance 1
        huber_guess = float(huber(1.0, (target - np.median(target)) / splits.spread).mean())
    return DataFacts(len(target), schema.task, class_counts, guess_cost=guess, huber_guess_cost=huber_guess)
