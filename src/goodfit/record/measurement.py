"""The measurement of a plan: its costs, errors and misses, example by example. Plain NumPy."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits, target_variance
from goodfit.plan import Plan
from goodfit.record.run import Outcome, Run

MOST_TRAIN_ROWS = 5_000  # training examples that a train error is measured on


class Entry(NamedTuple):
    """A plan to be measured; its fields are those of `Measurement`."""

    name: str
    plan: Plan
    seeds: tuple[int, ...]
    round: int = 0
    untouched_since: int | None = None


@dataclass(frozen=True)
class Measurement:
    """A plan's performance, example by example.

    Attributes:
        name: as in the journal.
        plan: the settings.
        seeds: of the trainings.
        runs: by seed, then by fold (one, the split itself, or K).
        rows: the judged rows.
        outputs: on the judged rows, by networks that did not train on them.
        costs: log-loss after calibration on other rows, or the squared miss, as `Judgment` has them.
        errors: as `Judgment` has them.
        misses: as `Judgment` has them.
        train_rows: (a fixed sample of) the training rows.
        train_errors: on those.
        train_misses: on those.
        seconds: of its share of the training.
        snapshots: outputs of the parameters kept on the way, by moment, each as `outputs`.
        round: of the loop; 0 for the baselines, -1 for the ensemble's members.
        untouched_since: epoch of the nudge that these copies of a model did not get; None for others.
    """

    name: str
    plan: Plan
    seeds: tuple[int, ...]
    runs: tuple[tuple[Run, ...], ...]
    rows: Int[np.ndarray, "rows"]
    outputs: Float[np.ndarray, "seeds rows outputs"]
    costs: Float[np.ndarray, "seeds rows"]
    errors: Float[np.ndarray, "seeds rows"]
    misses: Float[np.ndarray, "seeds rows"]
    train_rows: Int[np.ndarray, "train"]
    train_errors: Float[np.ndarray, "seeds train"]
    train_misses: Float[np.ndarray, "seeds train"]
    seconds: float
    snapshots: tuple[Float[np.ndarray, "seeds rows outputs"], ...] = ()
    round: int = 0
    untouched_since: int | None = None

    @property
    def dev_error(self) -> float:
        """Mean over seeds and judged rows."""
        return float(self.errors.mean())

    @property
    def dev_cost(self) -> float:
        """Mean over seeds and judged rows."""
        return float(self.costs.mean())

    @property
    def train_error(self) -> float:
        """Mean over seeds and training rows."""
        return float(self.train_errors.mean())

    @property
    def fit_share(self) -> float:
        """The lowest train error on the curves as a share of that of the kept epochs; 1 if those are the lowest."""
        pairs = [fit for runs in self.runs for run in runs if (fit := _fit(run)) is not None]
        kept_error, lowest = np.mean(pairs, axis=0) if pairs else (0.0, 0.0)
        return float(lowest / kept_error) if kept_error > 0 else 1.0

    @property
    def is_complete(self) -> bool:
        """True if every training came to its own end with a usable network."""
        ends = (Outcome.FINISHED, Outcome.STOPPED_EARLY)
        return all(run.outcome in ends and run.usable for runs in self.runs for run in runs)

    @property
    def cut_short(self) -> bool:
        """True if the budget or Ctrl-C ended any of its trainings: half-trained networks prove nothing."""
        ends = (Outcome.STOPPED, Outcome.INTERRUPTED)
        return any(run.outcome in ends for runs in self.runs for run in runs)


def _fit(run: Run) -> tuple[float, float] | None:
    """Return the train error of the kept epoch and the lowest of all epochs; None where nothing was measured."""
    errors = np.asarray(run.history.get("train_error", ()), np.float64)
    if not 1 <= run.best_epoch <= len(errors) or not np.isfinite(errors[run.best_epoch - 1]):
        return None
    return float(errors[run.best_epoch - 1]), float(np.nanmin(errors))


def pooled(first: Measurement, second: Measurement) -> Measurement:
    """Return two measurements of one plan as one with the seeds of both."""
    arrays = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("outputs", "costs", "errors", "misses", "train_errors", "train_misses")
    }
    snapshots = tuple(np.concatenate(pair) for pair in zip(first.snapshots, second.snapshots, strict=True))
    seeds, runs = first.seeds + second.seeds, first.runs + second.runs
    return replace(first, seeds=seeds, runs=runs, seconds=first.seconds + second.seconds, snapshots=snapshots, **arrays)


class Judgment(NamedTuple):
    """The judgment on each example of a set, by one or more networks.

    Attributes:
        costs: log-loss; of a regression the same as the misses.
        errors: 1 for a wrong answer, else 0; of a regression its part of 1 − R². Their mean is the error of the set.
        misses: the same as the errors; of a regression the squared miss over the squared spread of the target, which is
            one scale for all sets. Gaps between sets are measured in them.
    """

    costs: Float[np.ndarray, "*networks rows"]
    errors: Float[np.ndarray, "*networks rows"]
    misses: Float[np.ndarray, "*networks rows"]


def judge_outputs(
    splits: Splits, outputs: Float[np.ndarray, "*networks rows outputs"], rows: Int[np.ndarray, "rows"]
) -> Judgment:
    """Return the judgment on each of these rows."""
    truth = splits.dataset.target[rows]
    if splits.spread is not None:
        misses = ((outputs[..., 0] - truth) / splits.spread) ** 2
        return Judgment(misses, errors_of(splits, misses, rows), misses)
    picked = np.take_along_axis(outputs, np.broadcast_to(truth[:, None], (*outputs.shape[:-1], 1)), axis=-1)[..., 0]
    wrong = (outputs.argmax(axis=-1) != truth).astype(np.float64)
    # Clipped, because a single probability of 0 would make the mean cost infinite.
    return Judgment(-np.log(np.clip(picked, 1e-12, 1)), wrong, wrong)


def errors_of(
    splits: Splits, misses: Float[np.ndarray, "*networks rows"], rows: Int[np.ndarray, "rows"]
) -> Float[np.ndarray, "*networks rows"]:
    """Return the errors of misses on these rows; those of a regression average to 1 − R², as scikit-learn has it.

    If all targets are equal, R² is not defined, and scikit-learn's is 1 for perfect predictions, else 0.
    """
    if splits.spread is None:
        return misses
    if share := target_variance(splits.dataset.target[rows] / splits.spread):
        return misses / share
    mean = misses.mean(axis=-1, keepdims=True)
    return misses / np.where(mean > 0, mean, 1)


def constant_outputs(splits: Splits, train: Int[np.ndarray, "train"], count: int) -> Float[np.ndarray, "count outputs"]:
    """Return the simplest baseline's outputs: class frequencies or the mean, for every row."""
    target = splits.dataset.target[train]
    classes = len(splits.dataset.schema.classes)
    if not classes:
        return np.full((count, 1), target.mean())
    return np.tile(np.bincount(target, minlength=classes) / len(target), (count, 1))


def sample(rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "sample"]:
    """Return at most MOST_TRAIN_ROWS of the rows, the same for every seed."""
    if len(rows) <= MOST_TRAIN_ROWS:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, MOST_TRAIN_ROWS, replace=False))
