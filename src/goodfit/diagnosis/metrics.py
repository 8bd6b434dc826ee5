"""Figures that stand beside the error: log-loss, AUC and balanced accuracy; RMSE and MAE; calibration."""

from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
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
    variance: float = 1.0,
) -> dict[str, float]:
    """Every figure of one set.

    A small set may lack a class: balanced accuracy is the mean over the classes that are there, `auc` too, and it is
    left out where all examples are of one class.

    Args:
        task: of the data.
        truth: class codes, or the target's values.
        outputs: a probability for each class, or one prediction, in the target's own unit.
        variance: of the training set's target, by which `1-r2` is measured in every set.

    Returns:
        `error_rate`, `log_loss`, `auc`, `balanced_accuracy` and `ece`; for regression `1-r2`, `rmse` and `mae`.
    """
    if task == "regression":
        rmse = float(root_mean_squared_error(truth, outputs[:, 0]))
        return {"1-r2": rmse**2 / variance, "rmse": rmse, "mae": float(mean_absolute_error(truth, outputs[:, 0]))}
    probabilities = outputs.astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    present = np.unique(truth)
    figures = {
        "error_rate": float(zero_one_loss(truth, predicted)),
        "log_loss": float(log_loss(truth, probabilities, labels=np.arange(probabilities.shape[1]))),
        "balanced_accuracy": float(recall_score(truth, predicted, labels=present, average="macro")),
        "ece": expected_calibration_error(truth, probabilities),
    }
    if len(present) > 1:
        positive = [1] if probabilities.shape[1] == 2 else present
        areas = [roc_auc_score(truth == code, probabilities[:, code]) for code in positive]
        figures["auc"] = float(np.mean(areas))
    return figures


def expected_calibration_error(
    truth: Int[np.ndarray, "examples"], probabilities: Float[np.ndarray, "examples classes"], bins: int = BINS
) -> float:
    """How far the confidence is from the share of right answers, averaged over the examples (Naeini et al. 2015)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return float(np.abs(np.bincount(place, weights=right - confidence, minlength=bins)).sum() / len(truth))
