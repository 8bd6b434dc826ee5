"""The best linear model of the data, solved to convergence: a baseline that a network must beat (scikit-learn)."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.preprocessing import StandardScaler

from goodfit.data.dataset import Dataset, Splits

_PENALTIES = np.logspace(-6, 4, 11)  # of ridge regression, chosen by leave-one-out on the training rows; 1e-6 is none
_ITERATIONS = 2_000  # of L-BFGS: on scaled columns a few hundred are enough
_MOST_NUMBERS = 5_000_000  # in the training matrix, which is about a second; a linear model needs no more rows


def linear_outputs(
    splits: Splits, train: Int[np.ndarray, "train"], rows: Int[np.ndarray, "rows"]
) -> Float[np.ndarray, "rows outputs"]:
    """Return probabilities of each class by logistic regression, or the predictions of ridge regression, of a table.

    Args:
        splits: the data.
        train: rows that the model is fitted on.
        rows: rows to predict.
    """
    dataset = splits.dataset
    width = _numbers(dataset, train[:1]).shape[1] + _levels(dataset, train[:1]).shape[1]
    most = max(1_000, _MOST_NUMBERS // max(1, width))
    train = train if len(train) <= most else np.random.default_rng(0).choice(train, most, replace=False)
    target = dataset.target[train]
    scaler = StandardScaler().fit(_numbers(dataset, train))
    # Levels stay 0 or 1: a rare one, scaled to variance 1, would escape the penalty.
    inputs, judged = (_columns(dataset, part, scaler) for part in (train, rows))
    if splits.regression:
        # Scaled, so that one grid of penalties suits a target of any unit.
        center, scale = target.mean(), target.std() or 1.0
        model: Any = RidgeCV(_PENALTIES).fit(inputs, (target - center) / scale)
        return center + scale * model.predict(judged)[:, None]
    outputs = np.zeros((len(rows), len(dataset.schema.classes)))
    present = np.unique(target)
    if len(present) == 1:
        outputs[:, present] = 1
        return outputs
    with warnings.catch_warnings():
        # Separable classes converge slowly, to the same answers.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(tol=1e-6, max_iter=_ITERATIONS).fit(inputs, target)
    outputs[:, present] = model.predict_proba(judged)
    return outputs


def _columns(
    dataset: Dataset, rows: Int[np.ndarray, "rows"], scaler: StandardScaler
) -> Float[np.ndarray, "rows width"]:
    return np.concatenate([scaler.transform(_numbers(dataset, rows)), _levels(dataset, rows)], axis=1)


def _numbers(dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> Float[np.ndarray, "rows width"]:
    """Return numbers; missing ones are 0 and marked in another column."""
    numbers = dataset.features.take(rows).numbers
    missing = np.isnan(numbers[:, [column.missing for column in dataset.schema.numbers]])
    return np.concatenate([np.nan_to_num(numbers), missing], axis=1, dtype=np.float64)


def _levels(dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> Float[np.ndarray, "rows width"]:
    """Return a column for each level of the categories."""
    codes = dataset.features.take(rows).codes.T
    levels = [
        column_codes[:, None] == np.arange(len(column.categories))
        for column_codes, column in zip(codes, dataset.schema.categories, strict=True)
    ]
    return np.concatenate([np.zeros((len(rows), 0)), *levels], axis=1)
