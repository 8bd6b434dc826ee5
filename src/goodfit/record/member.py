"""One network of a predictor, in plain NumPy."""

from dataclasses import dataclass

from goodfit.data.preparation import Preparation
from goodfit.plan import Structure
from goodfit.record.calibration import UNCALIBRATED, Calibration
from goodfit.record.run import Weights


@dataclass(frozen=True)
class MemberData:
    """One network of a predictor.

    Attributes:
        name: name of its plan.
        structure: structure of the network.
        weights: parameters and running averages.
        preparation: preparation of its inputs.
        weight: weight in the average.
        calibration: of its own probabilities, before they are averaged.
        residuals: of its training, which correct the bias of a target's transform; empty without one.
    """

    name: str
    structure: Structure
    weights: Weights
    preparation: Preparation
    weight: float = 1.0
    calibration: Calibration = UNCALIBRATED
    residuals: tuple[float, ...] = ()
