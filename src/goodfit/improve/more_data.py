"""Would more data help? The incumbent's plan on rising shares of the training set, all as jobs of one stack."""

from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import Splits
from goodfit.improve.laboratory import Laboratory
from goodfit.improve.learning_curve import learning_curve
from goodfit.improve.measurement import Measurement
from goodfit.plan import Plan
from goodfit.train.jobs import Job, resolved_batch_size

SHARES = (1 / 8, 1 / 5, 1 / 3, 1 / 2)  # of the training set; the whole of it is the incumbent itself
_LEAST_EXAMPLES = 32


def curve_jobs(splits: Splits, incumbent: Measurement, seed: int) -> list[Job]:
    """Jobs on random subsets: for each share, as many as the incumbent has seeds.

    All take the same number of steps: with the same epochs, small subsets would be undertrained and bend the curve
    (the interval covered 71 % in place of 90 in benchmarks/learning_curve.py).
    """
    generator = np.random.default_rng([seed, 2])
    jobs = []
    for share in SHARES:
        rows = round(share * len(splits.train))
        plan = incumbent.plan.with_(epochs=_epochs(incumbent.plan, len(splits.train), rows))
        for run_seed in incumbent.seeds:
            jobs.append(Job(plan, run_seed, np.sort(generator.choice(splits.train, rows, replace=False)), splits.dev))
    return jobs


def _epochs(plan: Plan, whole: int, rows: int) -> int:
    """As many epochs on `rows` examples as take the steps of the plan on the whole training set."""
    steps = plan.epochs * (whole // resolved_batch_size(plan, whole))
    return round(steps / (rows // resolved_batch_size(plan, rows)))


def worth_asking(splits: Splits, incumbent: Measurement) -> bool:
    """Whether the smallest subset is large enough to learn from, and there are subsets to compare."""
    return SHARES[0] * len(splits.train) >= _LEAST_EXAMPLES and len(incumbent.seeds) > 1


def ask(
    laboratory: Laboratory, incumbent: Measurement, errors: Float[np.ndarray, "jobs rows"], seed: int
) -> dict[str, Any]:
    """The learning curve from the errors of `curve_jobs` on the dev rows, as the report shows it."""
    splits, seeds = laboratory.splits, len(incumbent.seeds)
    sizes = np.array([*(round(share * len(splits.train)) for share in SHARES), len(splits.train)])
    by_size = np.concatenate([errors.mean(axis=1).reshape(len(SHARES), seeds), incumbent.errors.mean(axis=1)[None]])
    of_example = incumbent.errors.mean(axis=0)
    count = len(of_example)
    deviation = max(float(of_example.std(ddof=1) / np.sqrt(count)), 1 / count)  # no mistake on dev is not certainty
    return asdict(learning_curve(sizes, by_size, deviation, seed=seed))
