"""Weights of an ensemble: greedy forward selection of outputs on the dev set.

Source: Caruana et al. 2004, Ensemble selection from libraries of models.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.metrics import Task

_LEAST = 1e-12  # the smallest probability, as in calibration
_STEPS = 30  # most candidates in an ensemble, counted with repetition
_HALVES = 20  # random halves of the examples whose choices are averaged
_START = 5  # most candidates that the ensemble starts from
_MOST_EXAMPLES = 10_000  # enough to tell the costs of candidates apart


@dataclass(frozen=True)
class Selection:
    """Weights of the candidates.

    Attributes:
        weights: one for each candidate, summing to 1.
        path: mean dev cost of the best candidate alone, then after each addition on all dev examples.
    """

    weights: Float[np.ndarray, "candidates"]
    path: tuple[float, ...]


def select(
    candidates: Float[np.ndarray, "candidates examples outputs"],
    truth: Int[np.ndarray, "examples"] | Float[np.ndarray, "examples"],
    task: Task,
    seed: int = 0,
) -> Selection:
    """Choose weights that lower the mean dev cost: log-loss, or squared error for a regression.

    The ensemble starts from the best few candidates; others are added with replacement while that lowers the cost.
    Against overfitting of the dev set this is done on random halves of its examples, and the counts are averaged. In
    simulations that was better on new examples than one choice on all of them, than Caruana's random halves of the
    candidates, and than the mean of all candidates.

    Args:
        candidates: probabilities of each class, or predictions, of every candidate on the dev examples.
        truth: class codes, or the target's values.
        task: of the data.
        seed: random seed of the halves.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(truth))[:_MOST_EXAMPLES]
    columns = 0 if task == "regression" else truth[rows].astype(int)  # only the true class's probability counts
    outputs = candidates[:, rows, columns].astype(np.float64)
    target = truth[rows].astype(np.float64) if task == "regression" else None
    counts, path = _climb(outputs, target)
    shares = [counts / counts.sum()]
    for _ in range(_HALVES if len(outputs) > 1 and len(rows) > 1 else 0):
        half = rng.permutation(len(rows))[: len(rows) // 2]
        counts, _ = _climb(outputs[:, half], None if target is None else target[half])
        shares.append(counts / counts.sum())
    return Selection(np.mean(shares, axis=0), path)


def cross_select(
    candidates: Float[np.ndarray, "candidates examples outputs"],
    truth: Int[np.ndarray, "examples"] | Float[np.ndarray, "examples"],
    task: Task,
    seed: int = 0,
    groups: Int[np.ndarray, "examples"] | None = None,
) -> Float[np.ndarray, "examples outputs"]:
    """Return the ensemble's outputs, each half of the examples with weights chosen on the other half.

    They are as good as on new examples, since no weight was chosen on the examples that it is applied to.

    Args:
        candidates: as for `select`.
        truth: as for `select`.
        task: of the data.
        seed: random seed of the halves.
        groups: group of each example; a group stays in one half.
    """
    # Halves are drawn of groups, not rows: related rows in both would make the weights look better than they are.
    unit = np.arange(len(truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    half = np.random.default_rng(seed).permutation(unit.max() + 1)[unit] % 2
    outputs = np.empty(candidates.shape[1:])
    for side in (0, 1):
        inside = half == side
        outside = ~inside if not inside.all() else inside  # a single group has no second half
        weights = select(candidates[:, outside], truth[outside], task, seed).weights
        outputs[inside] = np.tensordot(weights, candidates[:, inside], 1)
    return outputs


def _climb(
    outputs: Float[np.ndarray, "candidates examples"], target: Float[np.ndarray, "examples"] | None
) -> tuple[Int[np.ndarray, "candidates"], tuple[float, ...]]:
    """Return how often each candidate was added, and the cost after each addition."""
    single_costs = _costs(outputs, target)
    order = np.argsort(single_costs, kind="stable")
    counts = np.zeros(len(outputs), dtype=int)
    # Start from as many of the best candidates as have the lowest cost together.
    sums = np.cumsum(outputs[order[:_START]], axis=0)
    start_costs = [_costs((total / (place + 1))[None], target)[0] for place, total in enumerate(sums)]
    best = int(np.argmin(start_costs))
    counts[order[: best + 1]] = 1
    path, total = [float(single_costs[order[0]]), float(start_costs[best])], sums[best]
    # Then add the candidate that lowers the cost most, until none does; a candidate may be added again.
    for size in range(best + 1, _STEPS):
        costs = _costs((total + outputs) / (size + 1), target)
        winner = int(np.argmin(costs))
        if costs[winner] >= path[-1]:
            break
        counts[winner] += 1
        total = total + outputs[winner]
        path.append(float(costs[winner]))
    return counts, tuple(path)


def _costs(
    outputs: Float[np.ndarray, "candidates examples"], target: Float[np.ndarray, "examples"] | None
) -> Float[np.ndarray, "candidates"]:
    """Return the mean squared error, or without a target the log-loss of the true classes' probabilities."""
    if target is None:
        return -np.log(np.maximum(outputs, _LEAST)).mean(axis=1)
    return np.square(outputs - target).mean(axis=1)
