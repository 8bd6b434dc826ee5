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
_MOST_TIMES = 10  # the data: a law is not followed further


def augmentation_worth(curve: Mapping[str, Any], effect: Paired) -> dict[str, Any]:
    """How many more real examples would have lowered the dev error as augmentation did, by the curve's law.

    Args:
        curve: of the network without augmentation, as `ask` gives it.
        effect: of augmentation on its dev error, with its interval; that of the law itself is not in the result's.

    Returns:
        `examples`, `low` and `high`: examples; None where the law, or ten times the data, does not come so far down.
    """
    whole = curve["sizes"][-1]
    value, low, high = (_as_examples(curve, whole, change) for change in (effect.effect, effect.high, effect.low))
    if effect.high >= 0 or low is None:
        sentence = "Augmentation did not lower the dev error beyond doubt, so its worth in examples is not known"
        if effect.high < 0:
            sentence = f"Augmentation is worth more than {_MOST_TIMES - 1} times the {whole:,} real examples"
    else:
        most = "more than can be told" if high is None else f"{high:,}"
        about = f"more than {(_MOST_TIMES - 1) * whole:,}" if value is None else f"about {value:,}"
        sentence = (
            f"Augmentation is worth {about} more real examples (95 % interval {low:,} to {most}), by the curve's law"
        )
    return {"examples": value, "low": low, "high": high, "sentence": f"{sentence}."}


def _as_examples(curve: Mapping[str, Any], whole: int, change: float) -> int | None:
    """Examples beyond those that there are whose error differs by so much; at least none."""
    target = curve["floor"] + curve["slope"] + change  # the law at the whole training set is floor + slope
    if target <= curve["floor"] or curve["slope"] <= 0:
        return None
    times = ((target - curve["floor"]) / curve["slope"]) ** (-1 / curve["power"])
    return None if times > _MOST_TIMES else max(0, round((times - 1) * whole))


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
