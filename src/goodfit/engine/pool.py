"""The prepared data that the jobs of one call share."""

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Splits
from goodfit.data.preparation import Preparation
from goodfit.engine.active_job import ActiveJob
from goodfit.engine.memory import MOST_SETS
from goodfit.errors import InputError


class Pool:
    """The training and dev rows, prepared once for each kind of preparation and set of training rows.

    Images are not prepared: their bytes, which may not fit in memory, stay where they are, with all their rows.
    """

    def __init__(self, splits: Splits) -> None:
        self.splits = splits
        images = splits.dataset.schema.image is not None
        self.rows = np.arange(len(splits.dataset)) if images else splits.pool
        self._prepared: dict[tuple[str, bytes], tuple[Preparation, np.ndarray, np.ndarray]] = {}

    def places(self, rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "rows"]:
        """Return the positions of these rows of the dataset among the prepared rows.

        Raises:
            InputError: a row is in neither the training set nor the dev set.
        """
        open_rows = self.splits.pool
        # searchsorted finds where a row would stand; it is open only if it stands there.
        if not np.array_equal(open_rows[np.minimum(np.searchsorted(open_rows, rows), len(open_rows) - 1)], rows):
            raise InputError("a job has rows outside the training and dev sets; rows of the test set stay closed")
        return np.searchsorted(self.rows, rows)

    def key(self, member: ActiveJob) -> tuple[str, bytes]:
        """Return a key that is equal for members that share prepared data."""
        plan = member.job.plan
        return f"{plan.preparation} {plan.target_transform} {plan.loss}", member.train.tobytes()

    def prepared(self, member: ActiveJob) -> tuple[Preparation, np.ndarray, np.ndarray]:
        """Return the member's preparation, and the prepared features and targets of the pool's rows."""
        key = self.key(member)
        if key not in self._prepared:
            dataset = self.splits.dataset
            preparation = Preparation.fit_plan(member.job.plan, dataset, member.train)
            pixels = dataset.features.pixels
            target = dataset.target[self.rows]
            if pixels is None:
                inputs = preparation.transform(dataset.features.take(self.rows))
                targets = preparation.target_in(target, inputs)
            else:
                inputs, targets = pixels.reshape(len(pixels), -1), preparation.target_in(target)  # no trend in pixels
            kind = np.float32 if dataset.schema.task == "regression" else np.int32
            if len(self._prepared) == MOST_SETS:  # copies of dozens of subsets would fill the memory
                del self._prepared[next(iter(self._prepared))]
            self._prepared[key] = (preparation, inputs, targets.astype(kind))
        return self._prepared[key]
