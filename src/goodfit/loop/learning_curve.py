"""The step that measures the value of more data: the incumbent's plan on rising shares of the training set."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import Splits
from goodfit.diagnosis.learning_curve import learning_curve
from goodfit.engine.jobs import Job, resolved_batch_size
from goodfit.experiments.laboratory import Laboratory
from goodfit.loop.state import LoopContext, LoopState
from goodfit.plan import Plan
from goodfit.record.learning_curve import LearningCurve
from goodfit.record.measurement import Measurement

_LEAST_EXAMPLES = 32
# Wrong dev examples, of a choice of classes. With fewer a curve is noise: on digits it expected errors up to 988 %.
_LEAST_WRONG = 2


class CurveDesign(NamedTuple):
    """Amount of training for a learning curve.

    Attributes:
        shares: shares of the training set, rising; all of it is the incumbent itself.
        least_seeds: fewest seeds for each share; None for as many as the incumbent has.
        time_share: share of the time left that the curve may take.
    """

    shares: tuple[float, ...]
    least_seeds: int | None
    time_share: float


DATA_CURVE = CurveDesign((1 / 8, 1 / 5, 1 / 3, 1 / 2), None, 0.15)
# The fewest sizes and subsets that a curve may have; smaller subsets have more epochs, each with a look at the dev set.
AUGMENTATION_CURVE = CurveDesign((0.3, 0.45, 0.65), 2, 0.45)


def measure_learning_curve(state: LoopState, design: CurveDesign, context: LoopContext) -> LoopState:
    """Measure the incumbent's learning curve once, unless plans are judged by folds."""
    if state.learning_curve is not None or context.settings.folds:
        return state
    curve = estimate_curve(context.laboratory, state.incumbent, context.settings.seed, design)
    if curve:
        context.journal.write("learning_curve", **asdict(curve))
    return replace(state, learning_curve=curve)


def estimate_curve(
    laboratory: Laboratory, incumbent: Measurement, seed: int, design: CurveDesign
) -> LearningCurve | None:
    """Return the learning curve of the incumbent's plan on the dev rows.

    None where there would be too few examples or mistakes, where there is no time, or a training was cut short.
    """
    splits, most = laboratory.splits, len(incumbent.seeds)
    if design.shares[0] * len(splits.train) < _LEAST_EXAMPLES or most < 2:
        return None
    if splits.dataset.schema.classes and incumbent.errors.sum(axis=1).mean() < _LEAST_WRONG:
        return None
    counts = range(most, (design.least_seeds or most) - 1, -1)

    def by_clock(seconds_left: float) -> int:
        for count in counts:
            if (
                laboratory.seconds(curve_jobs(splits, incumbent, seed, design.shares, count))
                < design.time_share * seconds_left
            ):
                return count
        return 0

    count = laboratory.clock.decide("learning-curve-seeds", by_clock, counts[0])
    if not count:
        return None
    jobs = curve_jobs(splits, incumbent, seed, design.shares, count)
    errors = laboratory.measure_errors("learning-curve", jobs, title="learning curve: would more data help?")
    return None if errors is None else _fit_curve(splits, incumbent, errors, seed, design.shares)


def curve_jobs(splits: Splits, incumbent: Measurement, seed: int, shares: Sequence[float], count: int) -> list[Job]:
    """Return jobs on random subsets, for each share as many as `count`.

    All take the same number of steps: with the same epochs, small subsets would be undertrained and bend the curve
    (the interval covered 71 % in place of 90 in benchmarks/learning_curve.py).
    """
    generator = np.random.default_rng([seed, 2])
    jobs = []
    for share in shares:
        rows = round(share * len(splits.train))
        plan = incumbent.plan.with_(epochs=_epochs(incumbent.plan, len(splits.train), rows))
        for run_seed in incumbent.seeds[:count]:
            subset = np.sort(generator.choice(splits.train, rows, replace=False))
            jobs.append(Job(plan, run_seed, subset, splits.dev))
    return jobs


def _epochs(plan: Plan, total: int, rows: int) -> int:
    """Return the epochs on `rows` examples that take the steps of the plan on all `total` examples."""
    steps = plan.epochs * (total // resolved_batch_size(plan, total))
    return round(steps / (rows // resolved_batch_size(plan, rows)))


def _fit_curve(
    splits: Splits, incumbent: Measurement, errors: Float[np.ndarray, "jobs rows"], seed: int, shares: Sequence[float]
) -> LearningCurve:
    """Return the learning curve through the errors of `curve_jobs` and those of the incumbent on all examples."""
    sizes = np.array([*(round(share * len(splits.train)) for share in shares), len(splits.train)])
    by_share = errors.mean(axis=1).reshape(len(shares), -1)
    at_full_size = incumbent.errors.mean(axis=1)[None, : by_share.shape[1]]
    example_errors = incumbent.errors.mean(axis=0)
    examples = len(example_errors)
    # Not one mistake among n examples is no certainty: 1/n is then the smallest deviation.
    deviation = max(float(example_errors.std(ddof=1) / np.sqrt(examples)), 1 / examples)
    return learning_curve(sizes, np.concatenate([by_share, at_full_size]), deviation, seed=seed)
