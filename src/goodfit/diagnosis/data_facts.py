"""Facts about the data that findings look at."""

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import DataFacts


def facts_of(splits: Splits) -> DataFacts:
    """What the verdict needs to know of the data."""
    schema, target = splits.dataset.schema, splits.dataset.target[splits.train]
    counts = tuple(np.bincount(target, minlength=len(schema.classes)).tolist()) if schema.classes else None
    return DataFacts(m=len(target), task=schema.task, class_counts=counts)
