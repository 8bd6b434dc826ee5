"""The prepared data that the jobs of one call share."""

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Splits
from goodfit.data.preparation import Preparation
from goodfit.engine.active_job import ActiveJob
from goodfit.engine.memory import MOST_SETS
from goodfit.errors import InputError


class Pool:
    """The training and dev rows of the data, prepared once for each kind of preparation and set of training rows.

    Images are not: their bytes, which may not fit the memory, stay where they are, all rows of them.
    """

    def __init__(self, splits: Splits) -> None:
        self.splits = splits
        images = splits.dataset.schema.image is not None
        self.rows = np.arange(len(splits.dataset)) if images else splits.pool
        self._prepared: dict[tuple[str, bytes], tuple[Preparation, np.ndarray, np.ndarray]] = {}

    def places(self, rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "rows"]:
        """Where these rows of the data stand among the prepared ones.

        Raises:
            InputError: a row that is in neither the training nor the dev set.
        """
        open_rows = self.splits.pool
        if not np.array_equal(open_rows[np.minimum(np.searchsorted(open_rows, rows), len(open_rows) - 1)], rows):
            raise InputError("a job has rows outside the training and dev sets; rows of the test set stay closed")
        return np.searchsorted(self.rows, rows)

    def key(self, member: ActiveJob) -> tuple[str, bytes]:
        """Two members with equal keys see the same prepared data."""
        return member.job.plan.preparation, member.train.tobytes()

    def prepared(self, member: ActiveJob) -> tuple[Preparation, np.ndarray, np.ndarray]:
        """The member's preparation, and the features and targets of the pool's rows through it."""
        key = self.key(member)
        if key not in self._prepared:
            dataset = self.splits.dataset
            preparation = Preparation.fit(member.job.plan.preparation, dataset, member.train)
            pixels = dataset.features.pixels
            if pixels is None:
                inputs = preparation.transform(dataset.features.take(self.rows))
            else:
                inputs = pixels.reshape(len(pixels), -1)
            targets = preparation.target_in(dataset.target[self.rows])
            kind = np.float32 if dataset.schema.task == "regression" else np.int32
            if len(self._prepared) == MOST_SETS:  # dozens of subsets, each with its copy, would fill the memory
                del self._prepared[next(iter(self._prepared))]
            self._prepared[key] = (preparation, inputs, targets.astype(kind))
        return self._prepared[key]
