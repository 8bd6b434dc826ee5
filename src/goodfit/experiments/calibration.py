"""Calibrated probabilities: one temperature and an offset of each class, fitted on the dev set."""

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize
from scipy.special import logsumexp

from goodfit.data.dataset import Splits
from goodfit.diagnosis.metrics import expected_calibration_error
from goodfit.record.calibration import LEAST, UNCALIBRATED, Calibration
from goodfit.record.ensemble import CalibrationResult

_LOG_INVERSE_TEMPERATURES = (-3.0, 3.0)  # T from 0.05 to 20; by its logarithm it stays positive, and 0 changes nothing
_PRIOR_DEVIATION = 0.5  # of log T and of each offset; most networks' temperatures lie between 0.5 and 3

_Probabilities = Float[np.ndarray, "examples classes"]
_Truth = Int[np.ndarray, "examples"]


def calibrate(
    splits: Splits, outputs: _Probabilities, rows: _Truth, seed: int = 0
) -> tuple[Calibration, _Probabilities]:
    """Return the calibration of outputs on judged rows, and the outputs as new examples would have them.

    For a regression nothing is calibrated.

    Args:
        splits: the data.
        outputs: on the judged rows.
        rows: the judged rows.
        seed: random seed of the two halves, each judged with the calibration of the other.
    """
    if splits.regression:
        return UNCALIBRATED, outputs
    return cross_validated_calibration(outputs, splits.dataset.target[rows], seed)


def calibration_result(calibration: Calibration, probabilities: _Probabilities, truth: _Truth) -> CalibrationResult:
    """Return a calibration with the log-loss and the calibration error before and after it."""
    after = calibration.apply(probabilities)
    return CalibrationResult(
        temperature=calibration.temperature,
        offsets=calibration.offsets,
        log_loss_before=_log_loss(probabilities, truth),
        log_loss_after=_log_loss(after, truth),
        ece_before=expected_calibration_error(truth, probabilities),
        ece_after=expected_calibration_error(truth, after),
    )


def cross_validated_calibration(
    probabilities: _Probabilities, truth: _Truth, seed: int = 0
) -> tuple[Calibration, _Probabilities]:
    """Return the calibration, and probabilities that tell how well it does on new examples.

    Nothing is calibrated unless that lowers the log-loss of examples that it was not fitted on. The probabilities are
    cross-calibrated, or unchanged where nothing is.
    """
    crossed = cross_calibrated(probabilities, truth, seed)
    if _log_loss(crossed, truth) < _log_loss(probabilities, truth):
        return fit_calibration(probabilities, truth), crossed
    return UNCALIBRATED, probabilities


def cross_calibrated(probabilities: _Probabilities, truth: _Truth, seed: int = 0) -> _Probabilities:
    """Calibrate each half of the examples as the other half says, as new examples would be."""
    halves = np.random.default_rng(seed).permutation(len(truth)) % 2
    calibrated = probabilities.astype(np.float64)
    for half in (0, 1):
        inside = halves == half
        calibrated[inside] = fit_calibration(probabilities[~inside], truth[~inside]).apply(calibrated[inside])
    return calibrated


def fit_calibration(probabilities: _Probabilities, truth: _Truth) -> Calibration:
    """Return the temperature T and the offsets of the highest posterior, with normal priors of log T and each offset.

    Without the priors, a small dev set without a mistake would make every probability 0 or 1. Bias-corrected
    temperature scaling: Alexandari, Kundaje and Shrikumar 2020, Maximum likelihood with bias-corrected calibration.

    Args:
        probabilities: of each class.
        truth: class codes.
    """
    count, places = len(truth), np.arange(len(truth))
    if count == 0:
        return UNCALIBRATED
    logs = _logs(probabilities)

    # All terms are divided by the number of examples: the log-loss is a mean, and each prior counts once.
    def cost(values: Float[np.ndarray, "values"]) -> tuple[float, Float[np.ndarray, "values"]]:
        inverse = np.exp(values[0])
        scaled = inverse * logs + values[1:]
        log_sums = np.asarray(logsumexp(scaled, axis=1))
        residuals = np.exp(scaled - log_sums[:, None])  # ŷ − y, the gradient by the logits
        residuals[places, truth] -= 1
        loss = np.mean(log_sums - scaled[places, truth]) + np.square(values).sum() / (2 * _PRIOR_DEVIATION**2 * count)
        gradient = np.concatenate([[inverse * (residuals * logs).sum()], residuals.sum(axis=0)])
        return float(loss), (gradient + values / _PRIOR_DEVIATION**2) / count

    classes = logs.shape[1]
    bounds = [_LOG_INVERSE_TEMPERATURES] + [(None, None)] * classes
    options = {"ftol": 1e-12, "gtol": 1e-7}
    optimum = minimize(cost, np.zeros(1 + classes), jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return Calibration(float(np.exp(-optimum[0])), tuple(map(float, optimum[1:])))


def _logs(probabilities: _Probabilities) -> _Probabilities:
    return np.log(np.clip(probabilities.astype(np.float64), LEAST, 1))


def _log_loss(probabilities: _Probabilities, truth: _Truth) -> float:
    logs = _logs(probabilities / probabilities.sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(truth)), truth].mean())
