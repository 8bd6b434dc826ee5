"""The inputs and targets of training, gathered batch by batch into facts."""

import math

import numpy as np
from jaxtyping import Float, Shaped
from scipy.optimize import brentq
from scipy.special import entr, huber, xlogy

from goodfit.diagnosis.program_facts import InputFacts, LossName, NonFinite, Scaling, TargetFacts
from goodfit.diagnosis.raw_values import MOST_PLACES, non_finite

_MOST_VALUES = 4_000_000  # of targets that are held: 32 MB in float64
_MOST_DISTINCT = 1000


class NonFiniteSeen:
    """Counts values that are not finite, and notes the first rows and columns that have one."""

    def __init__(self) -> None:
        self.count = self.examples = 0
        self.rows: list[int] = []
        self.columns: set[int] = set()

    def add(self, values: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "values"]:
        """Take note of a batch, and return its finite values."""
        batch = non_finite(values)
        if batch is not None:
            self.count += batch.count
            self.rows += [self.examples + row for row in batch.rows]
            self.columns |= set(batch.columns)
        self.examples += len(values)
        return values[np.isfinite(values)]

    def facts(self) -> NonFinite | None:
        """Return what was noted; None if all values are finite."""
        if not self.count:
            return None
        return NonFinite(self.count, tuple(self.rows[:MOST_PLACES]), tuple(sorted(self.columns)[:MOST_PLACES]))


class InputsSeen:
    """Moments and range of the inputs."""

    def __init__(self) -> None:
        self.non_finite = NonFiniteSeen()
        self.dtype: str | None = None
        self.values = 0
        self.lowest, self.highest = math.inf, -math.inf
        self.shift = self.total = self.squares = 0.0

    def add(self, batch: Shaped[np.ndarray, "batch ..."], dtype: str | None = None) -> None:
        """Take note of a batch."""
        self.dtype = dtype or batch.dtype.name
        finite = self.non_finite.add(batch.astype(np.float64))
        if len(finite) == 0:
            return
        if self.values == 0:
            self.shift = float(finite.mean())  # sums of squares around it lose no digits
        self.values += len(finite)
        self.lowest, self.highest = min(self.lowest, float(finite.min())), max(self.highest, float(finite.max()))
        self.total += float((finite - self.shift).sum())
        self.squares += float(np.square(finite - self.shift).sum())

    def facts(self, scaling: Scaling | None = None) -> InputFacts:
        """Return the facts about all batches so far."""
        if self.values == 0:
            return InputFacts(dtype=self.dtype, scaling=scaling, non_finite=self.non_finite.facts())
        mean = self.total / self.values
        return InputFacts(
            dtype=self.dtype,
            lowest=self.lowest,
            highest=self.highest,
            mean=self.shift + mean,
            deviation=math.sqrt(max(0.0, self.squares / self.values - mean**2)),
            scaling=scaling,
            non_finite=self.non_finite.facts(),
        )


class TargetsSeen:
    """The targets themselves, as long as they are not too many."""

    def __init__(self) -> None:
        self.batches: list[np.ndarray] = []
        self.dtype: str | None = None
        self.size = 0

    def add(self, batch: Shaped[np.ndarray, "batch ..."], dtype: str | None = None) -> None:
        """Take note of a batch."""
        self.dtype = dtype or batch.dtype.name
        if self.size + batch.size <= _MOST_VALUES:
            self.size += batch.size
            self.batches.append(np.array(batch))  # a copy: programs may use the memory of a batch again

    def facts(self, loss: LossName | None) -> TargetFacts:
        """Return the facts about all batches so far.

        Args:
            loss: of the program, for the cost of the best constant guess; None if it is not known or not a plain mean.
        """
        if self.size == 0:
            return TargetFacts(dtype=self.dtype)
        non_finite = NonFiniteSeen()
        values = _table(self.batches)
        finite = non_finite.add(values)
        rows = values[np.isfinite(values).all(axis=1)]
        columns = values.shape[1]
        sums = rows.sum(axis=1) if columns > 1 and len(rows) else None
        return TargetFacts(
            dtype=self.dtype,
            columns=columns,
            examples=len(values),
            lowest=float(finite.min()) if len(finite) else None,
            highest=float(finite.max()) if len(finite) else None,
            mean=float(finite.mean()) if len(finite) else None,
            deviation=float(np.sqrt(rows.var(axis=0).mean())) if len(rows) else None,
            is_whole=bool((finite == np.round(finite)).all()) if len(finite) else None,
            counts=_counts(rows),
            row_sums=None if sums is None else (float(sums.min()), float(sums.max())),
            guess_cost=guess_cost(loss, rows),
            non_finite=non_finite.facts(),
        )


def guess_cost(loss: LossName | None, targets: Float[np.ndarray, "examples columns"]) -> float | None:
    """Return the mean loss of the best constant guess; None if there is no closed form, or the targets do not fit.

    It is the entropy of the classes' shares for log losses, the variance for the squared error, the mean distance from
    the median for the absolute one.
    """
    if len(targets) == 0:
        return None
    means = targets.mean(axis=0)
    if loss in ("cross_entropy", "negative_log_likelihood"):
        if targets.min() < 0:
            return None
        if targets.shape[1] == 1:  # numbers of classes, whose fractions the frameworks cut off
            means = np.unique(np.trunc(targets), return_counts=True)[1] / len(targets)
        # −Σ m·log q is smallest for q = m/Σm.
        return float((entr(means) + xlogy(means, means.sum())).sum())
    if loss == "binary_cross_entropy":
        within = targets.min() >= 0 and targets.max() <= 1
        return float((entr(means) + entr(1 - means)).mean()) if within else None
    if loss == "squared_error":
        return float(targets.var(axis=0).mean())
    if loss == "absolute_error":
        return float(np.abs(targets - np.median(targets, axis=0)).mean())
    if loss == "huber":  # with the frameworks' usual threshold of 1
        return float(np.mean([_huber_guess(column) for column in targets.T]))
    if loss == "poisson":
        return float((means - xlogy(means, means)).mean()) if targets.min() >= 0 else None
    return None


def _huber_guess(column: Float[np.ndarray, "examples"]) -> float:
    lowest, highest = float(column.min()), float(column.max())
    if lowest == highest:
        return 0.0

    def slope(guess: float) -> float:
        return float(np.clip(guess - column, -1, 1).mean())

    return float(huber(1.0, column - brentq(slope, lowest, highest)).mean())


def _table(batches: list[np.ndarray]) -> Float[np.ndarray, "examples columns"]:
    """Return the targets by example and column; those of images and sequences in one column."""
    widths = {batch.shape[1] if batch.ndim == 2 else 1 for batch in batches}
    width = widths.pop() if len(widths) == 1 and all(batch.ndim <= 2 for batch in batches) else 1
    return np.concatenate([batch.reshape(-1, width) for batch in batches]).astype(np.float64)


def _counts(rows: Float[np.ndarray, "examples columns"]) -> dict[float, int] | None:
    if rows.shape[1] > 1:
        is_binary = bool(((rows == 0) | (rows == 1)).all())
        return {float(column): int(ones) for column, ones in enumerate(rows.sum(axis=0))} if is_binary else None
    values, counts = np.unique(rows, return_counts=True)
    if len(values) > _MOST_DISTINCT:
        return None
    return {float(value): int(count) for value, count in zip(values, counts, strict=True)}
