"""Calibrated probabilities: one temperature, fitted on the dev set."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from goodfit.diagnose.metrics import expected_calibration_error
from goodfit.train.predictor import tempered

_LEAST = 1e-12  # the least probability, as `tempered` has it
_INVERSE_TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True)
class Calibration:
    """A temperature and what it changed on the dev set; 1 where it did not help.

    Attributes:
        temperature: probabilities become p^(1/T), normalised; above 1 where the network was too sure.
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
    logs = np.log(np.clip(probabilities.astype(np.float64), _LEAST, 1))
    halves = np.random.default_rng(seed).permutation(len(truth)) % 2
    crossed = 0.0
    for judged in (halves == 0, halves == 1):
        if judged.any():
            fitted = fit_temperature(logs[~judged], truth[~judged])
            crossed += _cost(1 / fitted, logs[judged], truth[judged]) * float(judged.mean())
    before = _cost(1.0, logs, truth)
    temperature = fit_temperature(logs, truth) if crossed < before else 1.0
    ece_before = expected_calibration_error(truth, probabilities)
    if temperature == 1.0:
        return Calibration(1.0, before, before, ece_before, ece_before)
    ece_after = expected_calibration_error(truth, tempered(probabilities, temperature))
    return Calibration(temperature, before, _cost(1 / temperature, logs, truth), ece_before, ece_after)


def fit_temperature(logs: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"]) -> float:
    """The temperature of the lowest log-loss; the log-loss is convex in 1/T, so that a bounded search finds it."""
    if len(truth) == 0:
        return 1.0
    options = {"xatol": 1e-6}
    found = minimize_scalar(_cost, args=(logs, truth), bounds=_INVERSE_TEMPERATURES, method="bounded", options=options)
    return float(1 / found.x)


def _cost(inverse: float, logs: Float[np.ndarray, "examples classes"], truth: Int[np.ndarray, "examples"]) -> float:
    """Mean log-loss with 1/T = inverse."""
    scaled = inverse * logs
    return float(np.mean(np.asarray(logsumexp(scaled, axis=1)) - scaled[np.arange(len(truth)), truth]))
