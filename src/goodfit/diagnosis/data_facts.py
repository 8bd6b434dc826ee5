"""The facts about the data that need no work: they are counted, not estimated."""

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import DataFacts


def basic_data_facts(splits: Splits) -> DataFacts:
    """Return the size of the training set, its task and its class counts."""
    schema, target = splits.dataset.schema, splits.dataset.target[splits.train]
    class_counts = tuple(np.bincount(target, minlength=len(schema.classes)).tolist()) if schema.classes else None
    return DataFacts(m=len(target), task=schema.task, class_counts=class_counts)
