"""The ensemble and the calibration of its probabilities, as values."""

from dataclasses import dataclass

from goodfit.record.plain import PlainData
from goodfit.record.values import EffectEstimate


@dataclass(frozen=True, kw_only=True)
class EnsemblePart(PlainData):
    """A plan in the ensemble.

    Attributes:
        name: of the experiment.
        weight: share in the mean.
        networks: number of its trained networks.
    """

    name: str
    weight: float
    networks: int


@dataclass(frozen=True, kw_only=True)
class EnsembleResult(PlainData):
    """The ensemble, and its effect on the dev error and cost.

    Attributes:
        adopted: True if the final model is the ensemble, False if it is the single network.
        models: number of networks in the final model.
        single_dev_error: of one network of the best plan.
        dev_error: of the ensemble.
        error_effect: the ensemble's change of the dev error; negative is better.
        cost_effect: the ensemble's change of the calibrated dev cost, which decides; negative is better.
        parts: the plans in it, with their weights.
        sentence: what was kept and why; it claims a lower error only where the interval of the change excludes zero.
    """

    adopted: bool
    models: int
    single_dev_error: float
    dev_error: float
    error_effect: EffectEstimate
    cost_effect: EffectEstimate
    parts: tuple[EnsemblePart, ...]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class CalibrationResult(PlainData):
    """The calibration of the probabilities, and its effect on the dev set.

    Attributes:
        temperature: probabilities become p^(1/T)·e^b, normalized; 1 changes nothing.
        offsets: b of each class, which corrects how often it is expected; empty if nothing is calibrated.
        log_loss_before: with the probabilities as they were.
        log_loss_after: with the calibration.
        ece_before: expected calibration error before.
        ece_after: expected calibration error after.
    """

    temperature: float
    offsets: tuple[float, ...] = ()
    log_loss_before: float
    log_loss_after: float
    ece_before: float
    ece_after: float
