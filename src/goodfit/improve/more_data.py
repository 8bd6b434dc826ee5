"""Would more data help? The incumbent's plan on rising shares of the training set, all as jobs of one stack."""

from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.improve.experiment import Laboratory, Measurement
from goodfit.improve.learning_curve import learning_curve
from goodfit.train.jobs import Job

SHARES = (1 / 8, 1 / 5, 1 / 3, 1 / 2)  # of the training set; the whole of it is the incumbent itself
_LEAST_EXAMPLES = 32


def curve_jobs(splits: Splits, incumbent: Measurement, seed: int) -> list[Job]:
    """Jobs on random subsets: for each share, as many as the incumbent has seeds."""
    generator = np.random.default_rng([seed, 2])
    return [
        Job(incumbent.plan, incumbent.seeds[subset], _subset(splits, share, generator), splits.dev)
        for share in SHARES
        for subset in range(len(incumbent.seeds))
    ]


def worth_asking(splits: Splits, incumbent: Measurement) -> bool:
    """Whether the smallest subset is large enough to learn from, and there are subsets to compare."""
    return SHARES[0] * len(splits.train) >= _LEAST_EXAMPLES and len(incumbent.seeds) > 1


def _subset(splits: Splits, share: float, generator: np.random.Generator) -> Int[np.ndarray, "subset"]:
    return np.sort(generator.choice(splits.train, round(share * len(splits.train)), replace=False))


def ask(
    laboratory: Laboratory, incumbent: Measurement, errors: Float[np.ndarray, "jobs rows"], seed: int
) -> dict[str, Any]:
    """The learning curve from the errors of `curve_jobs` on the dev rows, as the report shows it."""
    splits, seeds = laboratory.splits, len(incumbent.seeds)
    sizes = np.array([*(round(share * len(splits.train)) for share in SHARES), len(splits.train)])
    by_size = np.concatenate([errors.mean(axis=1).reshape(len(SHARES), seeds), incumbent.errors.mean(axis=1)[None]])
    of_example = incumbent.errors.mean(axis=0)
    deviation = float(of_example.std(ddof=1) / np.sqrt(len(of_example)))
    return asdict(learning_curve(sizes, by_size, deviation, seed=seed))
