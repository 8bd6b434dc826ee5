"""Would more data help? The incumbent's plan on rising shares of the training set, all as jobs of one stack."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import Splits
from goodfit.diagnosis.learning_curve import learning_curve
from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.engine.jobs import Job, resolved_batch_size
from goodfit.experiments.laboratory import Laboratory
from goodfit.loop.recipe import WITHOUT_AUGMENTATION
from goodfit.loop.rounds import Round
from goodfit.plan import Plan
from goodfit.record.measurement import Measurement
from goodfit.wording import numbers

SHARES = (1 / 8, 1 / 5, 1 / 3, 1 / 2)  # of the training set; the whole of it is the incumbent itself
_LEAST_EXAMPLES = 32
_LEAST_WRONG = (
    2  # dev examples, of a choice of classes: below it a curve is noise (on digits up to 988 % were "expected")
)


class Inquiry(NamedTuple):
    """How much is trained for a learning curve.

    Attributes:
        shares: of the training set, rising.
        seeds: a share, at least; None for as many as the incumbent has.
        time: that it may take, as a share of what is left.
    """

    shares: tuple[float, ...]
    seeds: int | None
    time: float


OF_DATA = Inquiry(SHARES, None, 0.15)
# The fewest sizes and subsets that a curve may have; smaller subsets have more epochs, each with a look at the dev set.
OF_AUGMENTATION = Inquiry((0.3, 0.45, 0.65), 2, 0.45)


def without_augmentation(rounds: Sequence[Round]) -> PairedEffect | None:
    """What leaving augmentation out did to the dev error, where that was tried."""
    name = WITHOUT_AUGMENTATION.name
    return next((tried.error for turn in rounds for tried in turn.tried if tried.proposal.name == name), None)


def augmentation_told(
    splits: Splits, rounds: Sequence[Round], curve: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """What augmentation is worth, where it was left out: in real examples, where the curve was asked."""
    without = without_augmentation(rounds)
    if without is None:
        return None
    return (
        augmentation_worth(curve, without)
        if curve
        else augmentation_effect(numbers.change(without.effect, without.low, without.high))
    )


def augmentation_worth(curve: Mapping[str, Any], without: PairedEffect) -> dict[str, Any]:
    """How many real examples augmentation stands for: with it, the others alone do as well as all do without it.

    Args:
        curve: of the network with augmentation, as `ask` gives it.
        without: what leaving augmentation out does to the dev error, with its interval; that of the law is not in ours.

    Returns:
        `examples`, `low` and `high`, and a `sentence`; None for a figure below the smallest size that was measured.
    """
    whole = curve["sizes"][-1]
    value, low, high = (_spared(curve, change) for change in (without.effect, without.low, without.high))
    told, least, most = (
        f"more than {whole - curve['sizes'][0]:,}" if n is None else f"{n:,}" if n else "none"
        for n in (value, low, high)
    )
    worth = f"{'about ' if value else ''}{told} of the {whole:,} real examples (95 % interval {least} to {most})"
    if low == 0:
        sentence = f"Augmentation is not told apart from no more examples: by the curve's law it is worth {worth}."
    else:
        law = "with it, the others alone do as well as all without it, by the curve's law"
        sentence = f"Augmentation is worth {worth}: {law}."
    return {"examples": value, "low": low, "high": high, "sentence": sentence}


def augmentation_effect(change: str) -> dict[str, Any]:
    """The same without a curve: no number of examples, but the change of the dev error, in words with its interval."""
    sentence = f"Leaving augmentation out changed the dev error by {change}; its worth in examples was not asked."
    return {"examples": None, "low": None, "high": None, "sentence": sentence}


def _spared(curve: Mapping[str, Any], rise: float) -> int | None:
    """Examples that may be left out until the error has risen so much; at least none."""
    sizes, slope = curve["sizes"], curve["slope"]
    if rise <= 0:
        return 0
    left = 0.0 if slope <= 0 else sizes[-1] * (1 + rise / slope) ** (-1 / curve["power"])
    return None if left < sizes[0] else round(sizes[-1] - left)


def ask(laboratory: Laboratory, incumbent: Measurement, seed: int, inquiry: Inquiry) -> dict[str, Any] | None:
    """The learning curve of the incumbent's plan on the dev rows, as the report shows it.

    None where the subsets or mistakes would be too few, there is no time for them, or any training was cut short.
    """
    splits, most = laboratory.splits, len(incumbent.seeds)
    if inquiry.shares[0] * len(splits.train) < _LEAST_EXAMPLES or most < 2:
        return None
    if splits.dataset.schema.classes and incumbent.errors.sum(axis=1).mean() < _LEAST_WRONG:
        return None
    counts = range(most, (inquiry.seeds or most) - 1, -1)

    def fitting(left: float) -> int:
        for count in counts:
            if laboratory.seconds(curve_jobs(splits, incumbent, seed, inquiry.shares, count)) < inquiry.time * left:
                return count
        return 0

    count = laboratory.pace.decide("seeds of the learning curve", fitting, counts[0])
    if not count:
        return None
    jobs = curve_jobs(splits, incumbent, seed, inquiry.shares, count)
    errors = laboratory.errors_of("learning curve: would more data help?", jobs)
    return None if errors is None else _curve(splits, incumbent, errors, seed, inquiry.shares)


def curve_jobs(
    splits: Splits, incumbent: Measurement, seed: int, shares: Sequence[float] = SHARES, count: int | None = None
) -> list[Job]:
    """Jobs on random subsets: for each share, so many, or as many as the incumbent has seeds.

    All take the same number of steps: with the same epochs, small subsets would be undertrained and bend the curve
    (the interval covered 71 % in place of 90 in benchmarks/learning_curve.py).
    """
    generator = np.random.default_rng([seed, 2])
    jobs = []
    for share in shares:
        rows = round(share * len(splits.train))
        plan = incumbent.plan.with_(epochs=_epochs(incumbent.plan, len(splits.train), rows))
        for run_seed in incumbent.seeds[:count]:
            jobs.append(Job(plan, run_seed, np.sort(generator.choice(splits.train, rows, replace=False)), splits.dev))
    return jobs


def _epochs(plan: Plan, whole: int, rows: int) -> int:
    """As many epochs on `rows` examples as take the steps of the plan on the whole training set."""
    steps = plan.epochs * (whole // resolved_batch_size(plan, whole))
    return round(steps / (rows // resolved_batch_size(plan, rows)))


def _curve(
    splits: Splits, incumbent: Measurement, errors: Float[np.ndarray, "jobs rows"], seed: int, shares: Sequence[float]
) -> dict[str, Any]:
    """The learning curve from the errors of `curve_jobs` on the dev rows."""
    sizes = np.array([*(round(share * len(splits.train)) for share in shares), len(splits.train)])
    by_share = errors.mean(axis=1).reshape(len(shares), -1)
    whole = incumbent.errors.mean(axis=1)[None, : by_share.shape[1]]
    of_example = incumbent.errors.mean(axis=0)
    examples = len(of_example)
    deviation = max(float(of_example.std(ddof=1) / np.sqrt(examples)), 1 / examples)  # no mistake is not certainty
    return asdict(learning_curve(sizes, np.concatenate([by_share, whole]), deviation, seed=seed))
