"""The calibration of probabilities: a temperature, and an offset of each class."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

LEAST = 1e-12  # the smallest probability


class Calibration(NamedTuple):
    """Probabilities become p^(1/T)·e^b, normalized over the classes.

    Attributes:
        temperature: T; above 1, probabilities become less certain (Guo et al. 2017).
        offsets: b of each class, which corrects how often it is expected (Alexandari et al. 2020); empty if all are 0.
    """

    temperature: float = 1.0
    offsets: tuple[float, ...] = ()

    def apply(self, probabilities: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, "rows classes"]:
        """Return calibrated probabilities; the same array where nothing is corrected."""
        if self == UNCALIBRATED:
            return probabilities
        # A probability of exactly 0 would stay 0 at any temperature, and make the log loss of one example infinite.
        powered = np.clip(probabilities, LEAST, 1) ** (1 / self.temperature)
        if self.offsets:
            powered = powered * np.exp(self.offsets)
        return powered / powered.sum(axis=1, keepdims=True)


UNCALIBRATED = Calibration()
