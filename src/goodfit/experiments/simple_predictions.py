"""Predictions that need no network, judged example by example: a constant guess, a linear model, naive forecasts."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Fold, Splits
from goodfit.diagnosis.paired_test import paired_test
from goodfit.experiments.linear_model import linear_outputs
from goodfit.experiments.naive_forecast import last_values, seasonal_values
from goodfit.record.measurement import constant_outputs, judge_outputs
from goodfit.wording.numbers import percent

CONSTANT = {"regression": "mean", "binary": "majority class", "classes": "majority class"}
LINEAR = {"regression": "linear regression", "binary": "logistic regression", "classes": "softmax regression"}
_AS_GOOD = 0.02  # of error more than the network's; the smallest gap that counts by default
LAST_VALUE, SEASONAL_VALUE = "last value", "last season's value"
_ACTIONS = {LAST_VALUE: "the last value as the forecast", SEASONAL_VALUE: "last season's value as the forecast"}


def simple_errors(
    splits: Splits, folds: Sequence[Fold], rows: Int[np.ndarray, "rows"]
) -> Mapping[str, Float[np.ndarray, "rows"]]:
    """Return the errors on the judged rows of each simple prediction by name, fitted on the training rows of the fold.

    Args:
        splits: the data. With a time, forecasts are among the predictions; for images there is no linear model.
        folds: of cross-validation, or one of training and dev set.
        rows: the dev rows of all folds, sorted.
    """
    outputs: dict[str, Float[np.ndarray, "rows outputs"]] = {}
    for fold in folds:
        places = np.searchsorted(rows, fold.dev)
        for name, values in _outputs(splits, fold):
            outputs.setdefault(name, np.zeros((len(rows), values.shape[1])))[places] = values
    return {name: judge_outputs(splits, values, rows).errors for name, values in outputs.items()}


def _outputs(splits: Splits, fold: Fold) -> Iterator[tuple[str, Float[np.ndarray, "dev outputs"]]]:
    schema = splits.dataset.schema
    yield CONSTANT[schema.task], constant_outputs(splits, fold.train, len(fold.dev))
    if schema.image is None:
        yield LINEAR[schema.task], linear_outputs(splits, fold.train, fold.dev)
    if splits.dataset.times is None:
        return
    last = last_values(splits, fold.train, fold.dev)
    yield LAST_VALUE, _as_outputs(splits, last)
    seasonal = seasonal_values(splits, fold.train, fold.dev)
    if seasonal is not None:
        yield SEASONAL_VALUE, _as_outputs(splits, seasonal[1])


def _as_outputs(splits: Splits, values: Float[np.ndarray, "rows"]) -> Float[np.ndarray, "rows outputs"]:
    """Return predictions as outputs; a class gets all of the probability."""
    if splits.regression:
        return values[:, None]
    return np.eye(len(splits.dataset.schema.classes))[values.astype(int)]


def simpler_sentence(
    errors: Mapping[str, Float[np.ndarray, "rows"]],
    network: Float[np.ndarray, "seeds rows"],
    groups: Int[np.ndarray, "rows"] | None,
    seed: int,
) -> str | None:
    """Return the advice to take a simple prediction that the network does not beat; None if there is none.

    A constant guess is no such advice, nor is what does not beat it: that is the verdict's concern.

    Args:
        errors: of the simple predictions on the judged rows, by name.
        network: errors of the network on the same rows.
        groups: of the rows, if whole groups were drawn.
        seed: random seed of the paired test.
    """
    rivals = {name: values for name, values in errors.items() if name not in CONSTANT.values()}
    if not rivals:
        return None
    name = min(rivals, key=lambda rival: rivals[rival].mean())
    error, network_error = float(rivals[name].mean()), float(network.mean())
    guess_error = min((float(errors[guess].mean()) for guess in CONSTANT.values() if guess in errors), default=np.inf)
    # Few examples prove no advantage of the network; that does not make a clearly higher error as good.
    if error >= guess_error or error > network_error + _AS_GOOD:
        return None
    change = paired_test(rivals[name][None], network, groups, seed)
    # Only a measurable advantage of the network, with the whole interval below 0, is worth its complexity.
    if change.high < 0:
        return None
    worth = "better" if change.low > 0 else "as good"
    figures = f"an error of {percent(error)} on dev beside {percent(network_error)}"
    return f"Prefer {_ACTIONS.get(name, f'a {name}')} ({figures}): it is {worth}, and simpler to explain and to check."
