"""The facts about the data that need no work: they are counted, not estimated."""

import numpy as np
from scipy.special import huber

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import DataFacts


def basic_data_facts(splits: Splits) -> DataFacts:
    """Return the size of the training set, its task, its class counts, and what a guess costs by Huber's loss."""
    schema, target = splits.dataset.schema, splits.dataset.target[splits.train]
    class_counts = tuple(np.bincount(target, minlength=len(schema.classes)).tolist()) if schema.classes else None
    guess = None
    if splits.spread is not None:  # the median, on the scale on which Huber's loss is fitted
        guess = float(huber(1.0, (target - np.median(target)) / splits.spread).mean())
    return DataFacts(m=len(target), task=schema.task, class_counts=class_counts, huber_guess_cost=guess)
