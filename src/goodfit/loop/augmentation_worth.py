"""The worth of augmentation: the number of real examples that it stands for."""

from collections.abc import Iterable

from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.loop.recipe import WITHOUT_AUGMENTATION
from goodfit.loop.state import Experiment
from goodfit.record.learning_curve import AugmentationResult, LearningCurve
from goodfit.wording.numbers import change


def augmentation_removal(experiments: Iterable[Experiment]) -> PairedEffect | None:
    """Return the effect on the dev error of leaving augmentation out; None where that was not tried."""
    removals = (item.error for item in experiments if item.proposal.id == WITHOUT_AUGMENTATION.id)
    return next(removals, None)


def augmentation_worth(experiments: Iterable[Experiment], curve: LearningCurve | None) -> AugmentationResult | None:
    """Return the worth of augmentation, in real examples where there is a learning curve; None if it was not tested."""
    removal = augmentation_removal(experiments)
    if removal is None:
        return None
    if curve is None:
        return worth_without_curve(removal)
    return worth_by_curve(curve, removal)


def worth_by_curve(curve: LearningCurve, removal: PairedEffect) -> AugmentationResult:
    """Return the number of real examples that could be left out if augmentation is used.

    With augmentation, the remaining examples alone do as well as all of them do without it.

    Args:
        curve: learning curve of the network with augmentation.
        removal: effect of leaving augmentation out on the dev error. Its interval becomes that of the worth; the
            uncertainty of the curve's law is not included.
    """
    total = curve.sizes[-1]
    value, low, high = (_dispensable(curve, rise) for rise in (removal.effect, removal.low, removal.high))
    about, least, most = (
        f"more than {total - curve.sizes[0]:,}" if count is None else f"{count:,}" if count else "none"
        for count in (value, low, high)
    )
    worth = f"{'about ' if value else ''}{about} of the {total:,} real examples (95 % interval {least} to {most})"
    if low == 0:
        sentence = f"Augmentation is not told apart from no more examples: by the curve's law it is worth {worth}."
    else:
        law = "with it, the others alone do as well as all without it, by the curve's law"
        sentence = f"Augmentation is worth {worth}: {law}."
    return AugmentationResult(examples=value, low=low, high=high, sentence=sentence)


def worth_without_curve(removal: PairedEffect) -> AugmentationResult:
    """Return the worth of augmentation where there is no learning curve: the change of the error, but no number."""
    effect = change(removal.effect, removal.low, removal.high)
    sentence = f"Leaving augmentation out changed the dev error by {effect}; its worth in examples was not measured."
    return AugmentationResult(examples=None, low=None, high=None, sentence=sentence)


def _dispensable(curve: LearningCurve, rise: float) -> int | None:
    """Return the number of examples that may be left out until the error has risen this much; None if off the curve.

    The curve's law is a + b·m^(−c) with m = 1 for all examples, so the error has risen by r where
    b·(m^(−c) − 1) = r: at m = (1 + r/b)^(−1/c).
    """
    if rise <= 0:
        return 0
    total = curve.sizes[-1]
    # On a flat curve the error never rises so much, however few examples remain.
    remaining = 0.0 if curve.slope <= 0 else total * (1 + rise / curve.slope) ** (-1 / curve.power)
    return None if remaining < curve.sizes[0] else round(total - remaining)
