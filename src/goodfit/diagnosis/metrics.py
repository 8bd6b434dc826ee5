"""Metrics of a set: error rate, log loss, AUC, balanced accuracy and calibration; of a regression 1 − R², RMSE, MAE."""

from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    r2_score,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
    zero_one_loss,
)

Task = Literal["binary", "classes", "regression"]
BINS = 15  # Guo et al. 2017, On Calibration of Modern Neural Networks


def metrics(
    task: Task,
    truth: Int[np.ndarray, "examples"] | Float[np.ndarray, "examples"],
    outputs: Float[np.ndarray, "examples outputs"],
) -> dict[str, float]:
    """Return the metrics of one set by name.

    A small set may lack a class: balanced accuracy and AUC are means over the classes that occur, and the AUC is left
    out if all examples are of one class.

    Args:
        task: of the data.
        truth: class codes, or the values of the target.
        outputs: a probability for each class, or one prediction, in the unit of the target.

    Returns:
        `error_rate`, `log_loss`, `auc`, `balanced_accuracy` and `ece`; for regression `1-r2`, `rmse` and `mae`.
    """
    if task == "regression":
        predictions = outputs[:, 0]
        # Equal targets less their value are exactly 0; the rounding of their mean could pass for variance.
        offset = truth[0] if np.ptp(truth) == 0 else 0.0
        return {
            "1-r2": 1 - float(r2_score(truth - offset, predictions - offset)),
            "rmse": float(root_mean_squared_error(truth, predictions)),
            "mae": float(mean_absolute_error(truth, predictions)),
        }
    probabilities = outputs.astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predictions = probabilities.argmax(axis=1)
    classes = np.unique(truth)
    values = {
        "error_rate": float(zero_one_loss(truth, predictions)),
        "log_loss": float(log_loss(truth, probabilities, labels=np.arange(probabilities.shape[1]))),
        "balanced_accuracy": float(recall_score(truth, predictions, labels=classes, average="macro")),
        "ece": expected_calibration_error(truth, probabilities),
    }
    if len(classes) > 1:
        # Two classes have one AUC; more have one each, against the rest.
        positive = [1] if probabilities.shape[1] == 2 else classes
        areas = [roc_auc_score(truth == code, probabilities[:, code]) for code in positive]
        values["auc"] = float(np.mean(areas))
    return values


def expected_calibration_error(
    truth: Int[np.ndarray, "examples"], probabilities: Float[np.ndarray, "examples classes"], bins: int = BINS
) -> float:
    """Return the expected calibration error (Naeini et al. 2015): Σ over bins of (n_bin/n)·|accuracy − confidence|.

    Args:
        truth: class codes.
        probabilities: of each class.
        bins: number of bins of the confidence, equally wide; a bin includes its upper end.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    # Summing right − confidence over a bin gives n_bin·(accuracy − confidence) at once.
    return float(np.abs(np.bincount(place, weights=right - confidence, minlength=bins)).sum() / len(truth))
