"""Calibrated probabilities: one temperature, fitted on the dev set."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from goodfit.diagnosis.metrics import expected_calibration_error
from goodfit.engine.predictor import tempered

_LEAST = 1e-12  # the least probability, as `tempered` has it
_LOG_INVERSE_TEMPERATURES = (-3.0, 3.0)
_PRIOR_DEVIATION = 0.5  # of log T; most networks' temperatures lie between 0.5 and 3


@dataclass(frozen=True)
class Calibration:
    """A temperature and what it changed on the dev set; 1 where it did not help.

    Attributes:
        temperature: probabilities become p^(1/T), normalized; above 1 where the network was too sure.
        log_loss_before: with the probabilities as they were.
        log_loss_after: with the temperature.
        ece_before: expected calibration error with the probabilities as they were.
        ece_after: with the temperature.
    """

    temperature: float
    log_loss_before: float
    log_loss_after: float
    ece_before: float
    ece_after: float


def calibrate(
    probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"], seed: int = 0
) -> Calibration:
    """Temperature scaling (Guo et al. 2017), kept only where it lowers the log-loss of examples it was not fitted on.

    Args:
        probabilities: of the dev examples.
        truth: their class codes.
        seed: of the two halves, each judged with the other's temperature.
    """
    logs = _logs(probabilities)
    before, (temperature, _) = _cost(1.0, logs, truth), fairly_tempered(probabilities, truth, seed)
    ece_before = expected_calibration_error(truth, probabilities)
    if temperature == 1.0:
        return Calibration(1.0, before, before, ece_before, ece_before)
    ece_after = expected_calibration_error(truth, tempered(probabilities, temperature))
    return Calibration(temperature, before, _cost(1 / temperature, logs, truth), ece_before, ece_after)


def fairly_tempered(
    probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"], seed: int = 0
) -> tuple[float, Float[np.ndarray, "examples classes"]]:
    """The temperature, 1 unless one lowers the log-loss of examples it was not fitted on; and the outputs to judge by.

    These are what it gives on new examples: cross-calibrated, or the probabilities as they were.
    """
    crossed = cross_calibrated(probabilities, truth, seed)
    if _cost(1.0, _logs(crossed), truth) < _cost(1.0, _logs(probabilities), truth):
        return fit_temperature(probabilities, truth), crossed
    return 1.0, probabilities


def cross_calibrated(
    probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"], seed: int = 0
) -> Float[np.ndarray, "examples classes"]:
    """Each half of the examples with the temperature of the other half: what calibration gives on new examples."""
    halves = np.random.default_rng(seed).permutation(len(truth)) % 2
    calibrated = probabilities.astype(np.float64)
    for half in (0, 1):
        own = halves == half
        calibrated[own] = tempered(calibrated[own], fit_temperature(probabilities[~own], truth[~own]))
    return calibrated


def fit_temperature(probabilities: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"]) -> float:
    """The temperature of the highest posterior: log-likelihood, and log T normal around 0.

    Without the prior, a small dev set without a mistake would make every probability 0 or 1.
    """
    if len(truth) == 0:
        return 1.0
    logs = _logs(probabilities)

    def cost(log_inverse: float) -> float:
        return _cost(np.exp(log_inverse), logs, truth) + (log_inverse / _PRIOR_DEVIATION) ** 2 / (2 * len(truth))

    found = minimize_scalar(cost, bounds=_LOG_INVERSE_TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(-found.x))


def _logs(probabilities: Float[np.ndarray, "examples classes"]) -> Float[np.ndarray, "examples classes"]:
    return np.log(np.clip(probabilities.astype(np.float64), _LEAST, 1))


def _cost(inverse: float, logs: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"]) -> float:
    """Mean log-loss with 1/T = inverse."""
    scaled = inverse * logs
    return float(np.mean(np.asarray(logsumexp(scaled, axis=1)) - scaled[np.arange(len(truth)), truth]))
