"""The network beside the best constant prediction, on the same examples."""

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits, groups_of
from goodfit.diagnosis.intervals import Interval, effective_size, unexplained_interval, wilson
from goodfit.diagnosis.resampling import enough_groups
from goodfit.diagnosis.verdict import Guess
from goodfit.record.measurement import constant_outputs, judge_outputs


def guess_beside(splits: Splits, errors: Float[np.ndarray, "seeds rows"], rows: Int[np.ndarray, "rows"]) -> Guess:
    """Return the training set's commonest class, or its mean, beside the errors of networks on these rows."""
    return Guess(*constant_guess(splits, rows), error_interval(splits, errors, rows))


def constant_guess(splits: Splits, rows: Int[np.ndarray, "rows"]) -> tuple[str, float]:
    """Return the training set's commonest class or its mean in words, and its error on these rows."""
    constant = constant_outputs(splits, splits.train, len(rows))
    classes = splits.dataset.schema.classes
    prediction = f"'{classes[int(constant[0].argmax())]}'" if classes else "the mean"
    return prediction, float(judge_outputs(splits, constant[None], rows).errors.mean())


def error_interval(splits: Splits, errors: Float[np.ndarray, "seeds rows"], rows: Int[np.ndarray, "rows"]) -> Interval:
    """Return the mean error of predictors with its interval: Wilson's for an error rate, the bootstrap for 1 − R².

    Where whole groups were drawn, both are over new groups: rows of one group err alike, and tell less than as many
    independent rows.
    """
    groups = enough_groups(groups_of(splits, rows))
    if splits.regression:
        return unexplained_interval(errors, splits.dataset.target[rows], groups)
    return wilson(float(errors.mean()), effective_size(errors, groups))
