"""Calibrated probabilities: one temperature, fitted on the dev set."""

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from goodfit.diagnosis.metrics import expected_calibration_error
from goodfit.engine.predictor import tempered
from goodfit.record.ensemble import CalibrationResult

_LEAST = 1e-12  # the smallest probability, as in `tempered`
_LOG_INVERSE_TEMPERATURES = (-3.0, 3.0)  # temperatures from 1/20 to 20
_PRIOR_DEVIATION = 0.5  # of log T; most networks' temperatures lie between 0.5 and 3


def calibrate(
    probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"], seed: int = 0
) -> CalibrationResult:
    """Fit one temperature, kept only if it lowers the log-loss of examples it was not fitted on.

    Temperature scaling: Guo et al. 2017, On calibration of modern neural networks.

    Args:
        probabilities: of each class, for the dev examples.
        truth: class codes of the dev examples.
        seed: random seed of the two halves, each judged with the temperature of the other.

    Returns:
        The temperature, 1 if none helped, and the metrics before and after.
    """
    logs = _logs(probabilities)
    before, (temperature, _) = _cost(1.0, logs, truth), cross_validated_temperature(probabilities, truth, seed)
    ece_before = expected_calibration_error(truth, probabilities)
    if temperature == 1.0:
        after, ece_after = before, ece_before
    else:
        after = _cost(1 / temperature, logs, truth)
        ece_after = expected_calibration_error(truth, tempered(probabilities, temperature))
    return CalibrationResult(
        temperature=temperature,
        log_loss_before=before,
        log_loss_after=after,
        ece_before=ece_before,
        ece_after=ece_after,
    )


def cross_validated_temperature(
    probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"], seed: int = 0
) -> tuple[float, Float[np.ndarray, "examples classes"]]:
    """Return the temperature, and probabilities that tell how well it does on new examples.

    The temperature is 1 unless one lowers the log-loss of examples it was not fitted on. The probabilities are
    cross-calibrated, or unchanged where the temperature is 1.
    """
    crossed = cross_calibrated(probabilities, truth, seed)
    if _cost(1.0, _logs(crossed), truth) < _cost(1.0, _logs(probabilities), truth):
        return fit_temperature(probabilities, truth), crossed
    return 1.0, probabilities


def cross_calibrated(
    probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"], seed: int = 0
) -> Float[np.ndarray, "examples classes"]:
    """Calibrate each half of the examples with the temperature of the other half, as new examples would be."""
    halves = np.random.default_rng(seed).permutation(len(truth)) % 2
    calibrated = probabilities.astype(np.float64)
    for half in (0, 1):
        inside = halves == half
        calibrated[inside] = tempered(calibrated[inside], fit_temperature(probabilities[~inside], truth[~inside]))
    return calibrated


def fit_temperature(probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"]) -> float:
    """Return the temperature T of the highest posterior, with a normal prior of log T around 0.

    Without the prior, a small dev set without a mistake would make every probability 0 or 1.
    """
    if len(truth) == 0:
        return 1.0
    logs = _logs(probabilities)

    # Both terms are divided by the number of examples: the log-loss is a mean, and the prior counts once.
    def cost(log_inverse: float) -> float:
        return _cost(np.exp(log_inverse), logs, truth) + (log_inverse / _PRIOR_DEVIATION) ** 2 / (2 * len(truth))

    optimum = minimize_scalar(cost, bounds=_LOG_INVERSE_TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(-optimum.x))


def _logs(probabilities: Float[np.ndarray, "examples classes"]) -> Float[np.ndarray, "examples classes"]:
    return np.log(np.clip(probabilities.astype(np.float64), _LEAST, 1))


def _cost(inverse: float, logs: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"]) -> float:
    """Return the mean log-loss at 1/T = inverse."""
    # p^(1/T), normalized, is the softmax of log p/T.
    scaled = inverse * logs
    return float(np.mean(np.asarray(logsumexp(scaled, axis=1)) - scaled[np.arange(len(truth)), truth]))
