"""Would more data help? The incumbent's plan on rising shares of the training set, all as jobs of one stack."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import Splits
from goodfit.improve.laboratory import Laboratory
from goodfit.improve.learning_curve import learning_curve
from goodfit.improve.measurement import Measurement
from goodfit.improve.verify import Paired
from goodfit.plan import Plan
from goodfit.train.jobs import Job, resolved_batch_size

SHARES = (1 / 8, 1 / 5, 1 / 3, 1 / 2)  # of the training set; the whole of it is the incumbent itself
_LEAST_EXAMPLES = 32


def augmentation_worth(curve: Mapping[str, Any], without: Paired) -> dict[str, Any]:
    """How many real examples augmentation stands for: with it, the others alone do as well as all do without it.

    Args:
        curve: of the network with augmentation, as `ask` gives it.
        without: what leaving augmentation out does to the dev error, with its interval; that of the law is not in ours.

    Returns:
        `examples`, `low` and `high`, and a `sentence`; None for a figure below the smallest size that was measured.
    """
    whole = curve["sizes"][-1]
    value, low, high = (_spared(curve, change) for change in (without.effect, without.low, without.high))
    if low == 0:
        sentence = "Leaving augmentation out did not raise the dev error beyond doubt, so its worth is not known"
    else:
        told, least, most = (
            f"more than {whole - curve['sizes'][0]:,}" if n is None else f"{n:,}" for n in (value, low, high)
        )
        about = told if value is None else f"about {told}"
        sentence = (
            f"Augmentation is worth {about} of the {whole:,} real examples (95 % interval {least} to {most}): with it, "
            "the others alone do as well as all without it, by the curve's law"
        )
    return {"examples": value, "low": low, "high": high, "sentence": f"{sentence}."}


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
