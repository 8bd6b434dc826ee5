"""The ensemble: greedy forward selection of outputs on the dev set (Caruana et al. 2004, Ensemble selection)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.metrics import Task

_LEAST = 1e-12  # the least probability, as in calibration
_STEPS = 30
_HALVES = 20
_START = 5  # at most so many of the best begin together
_MOST_EXAMPLES = 10_000  # enough to tell the costs of candidates apart


@dataclass(frozen=True)
class Selection:
    """How much each candidate counts.

    Attributes:
        weights: of each candidate, summing to 1.
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
    """Choose weights that lower the mean dev cost: log-loss, or squared error for regression.

    From the best few, candidates are added with replacement while that lowers the cost. Against overfitting of the dev
    set this is done on random halves of its examples, and the counts are averaged: simulated, that was the best on new
    examples, before one choice on all of them, Caruana's random halves of the candidates, and the mean of all.

    Args:
        candidates: probabilities of each class, or predictions, of every candidate on the dev examples.
        truth: class codes, or the target's values.
        task: of the data.
        seed: of the halves.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(truth))[:_MOST_EXAMPLES]
    of_truth = 0 if task == "regression" else truth[rows].astype(int)
    outputs = candidates[:, rows, of_truth].astype(np.float64)
    target = truth[rows].astype(np.float64) if task == "regression" else None
    counts, path = _climb(outputs, target)
    shares = [counts / counts.sum()]
    for _ in range(_HALVES if len(outputs) > 1 and len(rows) > 1 else 0):
        half = rng.permutation(len(rows))[: len(rows) // 2]
        counts, _ = _climb(outputs[:, half], None if target is None else target[half])
        shares.append(counts / counts.sum())
    return Selection(np.mean(shares, axis=0), path)


def crossed(
    candidates: Float[np.ndarray, "candidates examples outputs"],
    truth: Int[np.ndarray, "examples"] | Float[np.ndarray, "examples"],
    task: Task,
    seed: int = 0,
    groups: Int[np.ndarray, "examples"] | None = None,
) -> Float[np.ndarray, "examples outputs"]:
    """The ensemble's outputs, each half of the examples with the weights chosen on the other: as on new examples.

    Args:
        candidates: as for `select`.
        truth: as for `select`.
        task: of the data.
        seed: of the halves.
        groups: of the examples; whole groups go into one half.
    """
    unit = np.arange(len(truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    half = np.random.default_rng(seed).permutation(unit.max() + 1)[unit] % 2
    outputs = np.empty(candidates.shape[1:])
    for side in (0, 1):
        own = half == side
        others = ~own if not own.all() else own  # one group alone has no other half
        weights = select(candidates[:, others], truth[others], task, seed).weights
        outputs[own] = np.tensordot(weights, candidates[:, own], 1)
    return outputs


def _climb(
    outputs: Float[np.ndarray, "candidates examples"], target: Float[np.ndarray, "examples"] | None
) -> tuple[Int[np.ndarray, "candidates"], tuple[float, ...]]:
    """How often each candidate was added, and the cost on the way."""
    alone = _costs(outputs, target)
    order = np.argsort(alone, kind="stable")
    counts = np.zeros(len(outputs), dtype=int)
    started = np.cumsum(outputs[order[:_START]], axis=0)
    together = [_costs((total / (place + 1))[None], target)[0] for place, total in enumerate(started)]
    best = int(np.argmin(together))
    counts[order[: best + 1]] = 1
    path, total = [float(alone[order[0]]), float(together[best])], started[best]
    for size in range(best + 1, _STEPS):
        costs = _costs((total + outputs) / (size + 1), target)
        chosen = int(np.argmin(costs))
        if costs[chosen] >= path[-1]:
            break
        counts[chosen] += 1
        total = total + outputs[chosen]
        path.append(float(costs[chosen]))
    return counts, tuple(path)


def _costs(
    outputs: Float[np.ndarray, "candidates examples"], target: Float[np.ndarray, "examples"] | None
) -> Float[np.ndarray, "candidates"]:
    """Mean squared error from the target, or log-loss where the outputs are the probabilities of the true classes."""
    if target is None:
        return -np.log(np.maximum(outputs, _LEAST)).mean(axis=1)
    return np.square(outputs - target).mean(axis=1)
